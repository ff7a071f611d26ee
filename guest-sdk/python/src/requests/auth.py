"""`requests.auth`: Basic works; Digest needs a conversation that this client does not have.

Upstream: authors, in `auth=` and `client.auth`.
"""

from typing import Any

from wload.http.auth import basic as _basic_auth_str  # requests' name for it, which people import

__all__ = ["AuthBase", "HTTPBasicAuth", "HTTPDigestAuth", "HTTPProxyAuth", "_basic_auth_str"]


class AuthBase:
    """What authors derive their own authentication from: a callable that changes the request."""

    def __call__(self, r: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} is to change the request in a `__call__` of its own")


class HTTPBasicAuth(AuthBase):
    """User and password in the header `Authorization`."""

    HEADER = "Authorization"

    def __init__(self, username: str | bytes, password: str | bytes) -> None:
        self.username = username
        self.password = password

    def __eq__(self, other: object) -> bool:
        return isinstance(other, HTTPBasicAuth) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash((self.username, self.password))

    def __call__(self, r: Any) -> Any:
        r.headers[self.HEADER] = _basic_auth_str(self.username, self.password)
        return r


class HTTPProxyAuth(HTTPBasicAuth):
    """The same for a proxy."""

    HEADER = "Proxy-Authorization"


class HTTPDigestAuth(AuthBase):
    """Not offered."""

    def __init__(self, username: str, password: str) -> None:
        raise NotImplementedError(
            "HTTPDigestAuth is not offered by wload: it needs a second request for each challenge; use HTTPBasicAuth, "
            "a token in the headers, or answer the 401 in the task itself"
        )
