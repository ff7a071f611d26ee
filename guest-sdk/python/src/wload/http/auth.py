"""`auth=`: from what an author gives to headers.

Upstream: `session.py`. A tuple is Basic; a callable gets the request and may set its headers, as in requests.
"""

from base64 import b64encode
from typing import Any


def basic(user: str | bytes, password: str | bytes) -> str:
    """The header `Authorization` of HTTP Basic."""
    parts = [part.encode("latin-1") if isinstance(part, str) else bytes(part) for part in (user, password)]
    return "Basic " + b64encode(b":".join(parts)).decode("ascii")


def is_pair(auth: Any) -> bool:
    """Whether it is `(user, password)`."""
    return isinstance(auth, (tuple, list)) and len(auth) == 2
