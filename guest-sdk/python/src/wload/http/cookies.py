"""Cookies: those of the session, which the host keeps, and those of one response.

Upstream: sessions and responses. Downstream: `http.cookies`, `http.set-cookie`, `http.clear-cookies`. Invariant: a
session's jar holds nothing itself, so that a saved user finds its cookies again in any instance. All sessions of a
user share one jar.
"""

from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

from wit_world.imports import http
from wload.http.urls import host_and_port


class SessionCookies(MutableMapping):
    """The cookies of this user as `name: value`. Where a name is in several domains, the last one shows."""

    __slots__ = ("_session",)

    def __init__(self, session: Any) -> None:
        self._session = session

    def __getitem__(self, name: str) -> str:
        for cookie in reversed(http.cookies()):
            if cookie.name == name:
                return cookie.value
        raise KeyError(name)

    def __setitem__(self, name: str, value: str | None) -> None:
        if value is None:
            self.pop(name, None)
        else:
            self.set(name, value)

    def set(self, name: str, value: str, domain: str = "", path: str = "/", **_: Any) -> None:
        """Sets a cookie; without a domain it is for the host of the base URL."""
        if not domain:
            domain = host_and_port(self._session.base_url or "")[1]
        http.set_cookie(http.Cookie(name, value, domain, path))

    def get(self, name: str, default: Any = None, domain: str | None = None, path: str | None = None) -> Any:
        """A cookie's value; `domain` and `path` narrow it."""
        for cookie in reversed(http.cookies()):
            if cookie.name == name and domain in (None, cookie.domain) and path in (None, cookie.path):
                return cookie.value
        return default

    def __delitem__(self, name: str) -> None:
        kept = http.cookies()
        if all(cookie.name != name for cookie in kept):
            raise KeyError(name)
        http.clear_cookies()
        for cookie in kept:
            if cookie.name != name:
                http.set_cookie(cookie)

    def clear(self, domain: str | None = None, path: str | None = None, name: str | None = None) -> None:
        """Forgets all cookies, or those that match."""
        wanted = (domain, path, name)
        kept = http.cookies()
        http.clear_cookies()
        for cookie in kept if any(wanted) else ():
            found = (cookie.domain, cookie.path, cookie.name)
            if any(want is not None and want != have for want, have in zip(wanted, found)):
                http.set_cookie(cookie)

    def get_dict(self, domain: str | None = None, path: str | None = None) -> dict[str, str]:
        """The cookies as a plain dictionary."""
        found = http.cookies()
        return {each.name: each.value for each in found if domain in (None, each.domain) and path in (None, each.path)}

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(cookie.name for cookie in http.cookies()))

    def __len__(self) -> int:
        return len(self.get_dict())

    def __repr__(self) -> str:
        return f"<SessionCookies {self.get_dict()!r}>"


def request_header(session_cookies: SessionCookies, cookies: Any) -> str:
    """The header `Cookie` of one request: the session's cookies, and over them those of `cookies=`."""
    given = dict(cookies) if isinstance(cookies, Mapping) else {each.name: each.value for each in cookies}
    return "; ".join(f"{name}={value}" for name, value in {**session_cookies.get_dict(), **given}.items())


def of_response(fields: list[tuple[str, bytes]]) -> dict[str, str]:
    """What a response set."""
    found = {}
    for name, value in fields:
        if name.lower() == "set-cookie":
            cookie = value.decode("latin-1").partition(";")[0]
            key, _, content = cookie.partition("=")
            found[key.strip()] = content.strip().strip('"')
    return found
