"""`requests.cookies`: jars are plain dictionaries here; the host keeps a user's cookies.

Upstream: authors, in `cookies=`.
"""

from collections.abc import Mapping


class RequestsCookieJar(dict):
    """Cookies by name."""

    def set(self, name: str, value: str, **_: object) -> None:
        """Sets a cookie."""
        self[name] = value

    def get_dict(self, domain: str | None = None, path: str | None = None) -> dict[str, str]:
        """The cookies as a plain dictionary."""
        return dict(self)


def cookiejar_from_dict(cookie_dict: Mapping[str, str] | None, *_: object, **__: object) -> RequestsCookieJar:
    """A jar with these cookies."""
    return RequestsCookieJar(cookie_dict or {})


def dict_from_cookiejar(jar: Mapping[str, str]) -> dict[str, str]:
    """The cookies of a jar."""
    return dict(jar)
