"""The exceptions of `requests`, in its hierarchy, so that `except` clauses of locustfiles catch what they mean.

Upstream: `failures.py`, which makes them, and authors, who know them as `requests.exceptions`. They are here so that
this package needs nothing of `requests`, whose responses need this package.
"""

import json
from typing import Any


class RequestException(IOError):
    """Something went wrong with a request; `response` and `request` where there are any."""

    def __init__(self, *args: Any, response: Any = None, request: Any = None) -> None:
        super().__init__(*args)
        self.response = response
        self.request = request if request is not None or response is None else getattr(response, "request", None)


class InvalidJSONError(RequestException):
    """What should be JSON is not."""


class JSONDecodeError(InvalidJSONError, json.JSONDecodeError):
    """The body of a response is not JSON."""

    def __init__(self, msg: str, doc: str, pos: int) -> None:
        json.JSONDecodeError.__init__(self, msg, doc, pos)
        InvalidJSONError.__init__(self, *self.args)

    def __reduce__(self) -> Any:
        return json.JSONDecodeError.__reduce__(self)


class HTTPError(RequestException):
    """A status of 400 and more."""


class ConnectionError(RequestException):
    """There was no connection, or it broke."""


class ProxyError(ConnectionError):
    """The proxy did not do what it should."""


class SSLError(ConnectionError):
    """No TLS session could be made."""


class Timeout(RequestException):
    """The time was over."""


class ConnectTimeout(ConnectionError, Timeout):
    """The time was over while connecting."""


class ReadTimeout(Timeout):
    """The time was over while waiting for the response."""


class URLRequired(RequestException):
    """There is no URL."""


class TooManyRedirects(RequestException):
    """The chain of redirects is too long."""


class MissingSchema(RequestException, ValueError):
    """The URL has no `http://`."""


class InvalidSchema(RequestException, ValueError):
    """The URL is neither `http` nor `https`."""


class InvalidURL(RequestException, ValueError):
    """The URL, the method or a header cannot be sent."""


class InvalidHeader(RequestException, ValueError):
    """A header field has a value that is neither text nor bytes."""


class InvalidProxyURL(InvalidURL):
    """The URL of a proxy is malformed."""


class ChunkedEncodingError(RequestException):
    """A chunked body broke off."""


class ContentDecodingError(RequestException):
    """A body could not be decoded."""


class StreamConsumedError(RequestException, TypeError):
    """The body was read before."""


class RetryError(RequestException):
    """All attempts failed."""


class UnrewindableBodyError(RequestException):
    """A body cannot be sent again."""


# In tracebacks and pickles they have the name that authors import.
for _each in list(globals().values()):
    if isinstance(_each, type) and _each.__module__ == __name__:
        _each.__module__ = "requests.exceptions"
