"""`requests.structures`: the dictionary of header fields.

Upstream: authors. Downstream: `wload.http.headers`.
"""

from wload.http.headers import CaseInsensitiveDict

__all__ = ["CaseInsensitiveDict"]
