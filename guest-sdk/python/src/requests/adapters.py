"""`requests.adapters`: the class exists for code that names it; connections are the host's.

Upstream: authors who configure pools and retries. Locust's client has no retries by default, and this one has none.
"""

from typing import Any


class BaseAdapter:
    """What authors derive adapters from."""


class HTTPAdapter(BaseAdapter):
    """Takes its settings and uses none: `client.mount()` says so."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        self.settings = settings
