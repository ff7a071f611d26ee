"""The names of `requests` that locustfiles use: exceptions, authentication, types of responses.

Upstream: authors. Sending by `requests` itself is not possible in a scenario: nothing of it would be measured, and
there are no sockets. What tries says so, and what to use.
"""

from requests import adapters, auth, cookies, exceptions, models, sessions, structures, utils
from requests.exceptions import (
    ConnectionError, ConnectTimeout, HTTPError, JSONDecodeError, ReadTimeout, RequestException, Timeout,
    TooManyRedirects, URLRequired,
)
from requests.models import PreparedRequest, Request, Response
from requests.sessions import Session, refuse, session
from requests.status_codes import codes

__all__ = [
    "ConnectTimeout", "ConnectionError", "HTTPError", "JSONDecodeError", "PreparedRequest", "ReadTimeout", "Request",
    "RequestException", "Response", "Session", "Timeout", "TooManyRedirects", "URLRequired", "adapters", "auth",
    "codes", "cookies", "delete", "exceptions", "get", "head", "models", "options", "patch", "post", "put", "request",
    "session", "sessions", "structures", "utils",
]

__version__ = "2.32.0"


def request(method: str, url: str, **_: object) -> Response:
    """Cannot send."""
    refuse(f"requests.request({method!r}, ...)")


def get(url: str, *_: object, **__: object) -> Response:
    """Cannot send."""
    refuse("requests.get()")


def options(url: str, **_: object) -> Response:
    """Cannot send."""
    refuse("requests.options()")


def head(url: str, **_: object) -> Response:
    """Cannot send."""
    refuse("requests.head()")


def post(url: str, *_: object, **__: object) -> Response:
    """Cannot send."""
    refuse("requests.post()")


def put(url: str, *_: object, **__: object) -> Response:
    """Cannot send."""
    refuse("requests.put()")


def patch(url: str, *_: object, **__: object) -> Response:
    """Cannot send."""
    refuse("requests.patch()")


def delete(url: str, **_: object) -> Response:
    """Cannot send."""
    refuse("requests.delete()")
