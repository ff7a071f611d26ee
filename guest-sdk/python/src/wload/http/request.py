"""What was sent, for those who ask a response for its request.

Upstream: `response.request`, and `auth=` callables, which change its headers before it is sent.
"""

from typing import Any

from wload.http.headers import CaseInsensitiveDict
from wload.http.urls import path_and_query


class PreparedRequest:
    """A request as it is sent: `method`, `url`, `headers`, `body`, `path_url`."""

    __slots__ = ("body", "headers", "method", "url")

    def __init__(self, method: str, url: str, headers: Any, body: Any) -> None:
        self.method = method
        self.url = url
        self.headers = CaseInsensitiveDict(headers)
        self.body = body

    @property
    def path_url(self) -> str:
        """Path and query of the URL."""
        return path_and_query(self.url)

    @property
    def payload(self) -> Any:
        """The body; FastHttpUser's name for it."""
        return self.body

    def __repr__(self) -> str:
        return f"<PreparedRequest [{self.method}]>"
