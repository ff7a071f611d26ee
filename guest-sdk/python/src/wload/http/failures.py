"""Why a request failed: from the contract's `error-code` to the exceptions that Locust's users know.

Upstream: `response.py` and the sessions. The texts are those of Locust's failures table, so that readers of its CSV
files find what they look for: `ConnectionRefusedError(111, 'Connection refused')`. Invariant: equal causes give
equal texts.
"""

from http import HTTPStatus
from typing import Any, NoReturn

from gevent import GreenletExit
from locust.exception import LocustError
from wit_world.imports import http
from wload.http import exceptions
from wload.http.urls import host_and_port

REASONS = {status.value: status.phrase for status in HTTPStatus}

# By what the host says of a connection that was not made, or that broke.
OS_ERRORS = {
    "connection refused": (ConnectionRefusedError, 111, "Connection refused"),
    "connection reset by peer": (ConnectionResetError, 104, "Connection reset by peer"),
    "no route to host": (OSError, 113, "No route to host"),
    "network is unreachable": (OSError, 101, "Network is unreachable"),
    "too many open files": (OSError, 24, "Too many open files"),
    "no local port is free for another connection": (OSError, 99, "Cannot assign requested address"),
}


class gaierror(OSError):  # noqa: N801 - the name that people search for
    """The name of a host could not be resolved."""


class RemoteDisconnected(ConnectionResetError):
    """The server closed the connection without a response."""


class SSLError(OSError):
    """No TLS session could be made."""


class ProtocolError(Exception):
    """What came back is not HTTP, or broke off."""


class ReadTimeoutError(Exception):
    """The inner half of `requests.exceptions.ReadTimeout`."""


def raise_refusal(error: Any, url: str) -> None:
    """Raises for what never left: a malformed request, or a user that is being stopped."""
    if isinstance(error, http.ErrorCode_Stopping):
        raise GreenletExit()
    if isinstance(error, http.ErrorCode_InvalidRequest):
        raise exceptions.InvalidURL(f"{error.value} (in a request to {url!r})")


def cause_of(error: Any) -> Exception:
    """The innermost exception, which names the failure in Locust's tables."""
    text = getattr(error, "value", None)
    if isinstance(text, str) and text in OS_ERRORS:
        kind, number, message = OS_ERRORS[text]
        return kind(number, message)
    match error:
        case http.ErrorCode_DnsError():
            return gaierror(-2, "Name or service not known")
        case http.ErrorCode_TlsError():
            return SSLError(text)
        case http.ErrorCode_Timeout():
            return TimeoutError("timed out")
        case http.ErrorCode_ConnectionClosed() if "without a response" in text:
            return RemoteDisconnected("Remote end closed connection without response")
        case http.ErrorCode_TooManyRedirects():
            return exceptions.TooManyRedirects(f"Exceeded {error.value} redirects.")
        case http.ErrorCode_BodyTooLarge():
            return ProtocolError(f"response body larger than the limit of {error.value} bytes (`--limit body-size`)")
        case http.ErrorCode_ConnectionClosed() | http.ErrorCode_ProtocolError():
            return ProtocolError(text)
    return OSError(text or "no response")


def as_requests_error(error: Any, url: str, phases: Any) -> Exception:
    """What `requests` would have raised; its cause is what Locust shows in the failures table."""
    cause = cause_of(error)
    if isinstance(cause, exceptions.TooManyRedirects):
        return cause
    text = getattr(error, "value", "")
    if isinstance(cause, TimeoutError) and "connecting" not in text:
        scheme, host, port = host_and_port(url)
        pool = f"{scheme.upper()}ConnectionPool(host={host!r}, port={port})"
        limit = f" (read timeout={phases[1]})" if phases and phases[1] is not None else ""
        return exceptions.ReadTimeout(ReadTimeoutError(f"{pool}: Read timed out.{limit}"))
    kinds = {TimeoutError: exceptions.ConnectTimeout, SSLError: exceptions.SSLError}
    outer = kinds.get(type(cause), exceptions.ConnectionError)(cause)
    outer.__context__ = cause
    return outer


def innermost(error: Exception) -> Exception:
    """What Locust shows for a connection that failed: not `requests`' wrapping of it."""
    while isinstance(error, exceptions.ConnectionError) and error.__context__ is not None:
        error = error.__context__
    return error


def status_text(status: int, reason: str, url: str) -> str:
    """`404 Client Error: Not Found for url: /x`; empty for a status below 400."""
    if status < 400:
        return ""
    return f"{status} {'Client' if status < 500 else 'Server'} Error: {reason} for url: {url}"


def table_text(exception: Any) -> str:
    """An exception's text in the failures table. Addresses in memory are left out, so that equal failures count as
    one."""
    text = exception if isinstance(exception, str) else repr(exception)
    start = text.find(" object at 0x")
    end = text.find(">", start)
    return f"{text[:start]} object at 0x....{text[end:]}" if 0 <= start < end else text


def outside_with() -> NoReturn:
    """For `success()` and `failure()` without `catch_response=True`."""
    raise LocustError(
        "success() and failure() need catch_response=True and a with block: "
        "`with self.client.get(..., catch_response=True) as response:`"
    )
