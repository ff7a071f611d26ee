"""`FastHttpUser`, its client and its responses: the ways in which they differ from HttpUser, as in Locust.

Upstream: `locust` itself and authors. Downstream: `wload.http`, which sends for both clients; here a row is named
after the URL as it was written, other statuses count as failures, and they have other texts.
"""

from collections.abc import Iterator
from typing import Any

from locust.exception import LocustError
from locust.user.users import User
from wload.http import bodies, exceptions, failures, tls, urls
from wload.http.headers import CaseInsensitiveDict
from wload.http.response import BaseResponse
from wload.http.rest import RestMixin
from wload.http.session import BaseSession, json_body

VALID_STATUSES = frozenset((200, 201, 202, 203, 204, 205, 206, 207, 208, 226, 301, 302, 303, 304, 307, 308))
JSON_FIELDS = (("Content-Type", b"application/json"), ("Accept", b"application/json"))
NO_FIELDS: tuple[tuple[str, bytes], ...] = ()
# Locust's own; the host's limits are lower or the same, so only another value is said to the host.
TIMEOUT_DEFAULT = 60.0


class ConnectionError(Exception):
    """A failure of this client; `url` is not part of its text in the tables."""

    def __init__(self, url: str | None, text: str = "", **details: Any) -> None:
        super().__init__(url, text)
        self.url = url
        self.text = ", ".join([text] * bool(text) + [f"{key}={value}" for key, value in details.items()])
        self.__dict__.update(details)

    def __str__(self) -> str:
        return f"URL {self.url}: {self.text}" if self.text else f"URL {self.url}"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.text})"


class LocustBadStatusCode(ConnectionError):
    """The status is not one of those that count as a success; `code` is the status."""

    code = 0


class RetriesExceeded(ConnectionError):
    """There were too many redirects."""


class HTTPConnectionClosed(Exception):
    """The server closed the connection before the response was complete."""


class FastResponse(BaseResponse):
    """A response of FastHttpUser."""

    @property
    def headers(self) -> CaseInsensitiveDict | None:
        """The fields of the response's header; None when there was no response."""
        return super().headers if self.status_code else None

    @property
    def text(self) -> str | None:
        """The body as text; None when there was no response."""
        return None if self.content is None else self._decoded()

    @property
    def url(self) -> str:
        """The URL of the request: redirects do not change it, as in Locust."""
        return self._url or self._prepared.url

    @url.setter
    def url(self, url: str) -> None:
        self._url = url

    @property
    def ok(self) -> bool:
        """Whether there is a response with a status below 400."""
        return 0 < self.status_code < 400

    def json(self) -> Any:
        """The body, parsed."""
        return self._parsed({})

    def raise_for_status(self) -> None:
        """Raises what `failure()` was called with, else what makes this response a failure."""
        if isinstance(self._manual_result, Exception):
            raise self._manual_result
        if self._manual_result is None and (error := self._automatic()) is not None:
            raise error

    def _automatic(self) -> Exception | None:
        if self.error is None and self.status_code not in VALID_STATUSES:
            self.error = LocustBadStatusCode(self._prepared.url, code=self.status_code)
        return self.error

    def _meta_url(self) -> str:
        return self._prepared.url

    def iter_content(self, chunk_size: int = 1024, decode_content: bool = True) -> Iterator[Any]:
        """The body in pieces, as text where they are text."""
        for piece in self._pieces(chunk_size):
            yield _text_or_bytes(piece) if decode_content else piece

    def __repr__(self) -> str:
        return f"<FastResponse [{self.status_code}]>"


def _text_or_bytes(piece: bytes) -> str | bytes:
    try:
        return piece.decode("utf-8")
    except UnicodeDecodeError:
        return piece


class ResponseContextManager(FastResponse):
    """A response in a `with` block that judges it."""


class RestResponseContextManager(ResponseContextManager):
    """A response of `rest()`; `js` is the parsed body."""

    js: Any = None


class ErrorResponse(FastResponse):
    """The name that Locust has for a response that never came: here its status is 0."""


class FastHttpSession(BaseSession):
    """Sends requests and measures each. URLs without a host are behind `base_url`."""

    RESPONSE = FastResponse
    CATCHING_RESPONSE = ResponseContextManager

    def __init__(self, base_url: str | None, request_event: Any, user: Any, insecure: bool = True,
                 client_pool: Any = None, ssl_context_factory: Any = None, *, headers: Any = None,
                 network_timeout: float = TIMEOUT_DEFAULT, connection_timeout: float = TIMEOUT_DEFAULT,
                 max_redirects: int = 30, **_: Any) -> None:
        super().__init__(base_url, request_event, user)
        if headers:
            self.headers = headers
        self._redirects_max = max_redirects
        given = (connection_timeout, network_timeout)
        self._tls = False if insecure else None
        if ssl_context_factory is not None:
            raise LocustError(tls.CONTEXT)
        self._phases = None if given == (TIMEOUT_DEFAULT, TIMEOUT_DEFAULT) else given

    @property
    def cookiejar(self) -> Any:
        """This user's cookies."""
        return self.cookies

    def request(self, method: str, url: str, name: str | None = None, data: Any = None, catch_response: bool = False,
                stream: bool = False, headers: Any = None, auth: Any = None, json: Any = None,
                allow_redirects: bool = True, context: Any = None, *, params: Any = None, files: Any = None,
                max_redirects: int | None = None, max_retries: int | None = None, **more: Any) -> FastResponse:
        """Sends a request and waits for its response."""
        if more:
            raise TypeError(f"unknown arguments of a FastHttpUser's request: {', '.join(more)} (HttpUser has more)")
        body, fields = None, NO_FIELDS
        if files:
            body, kind = bodies.of_fast_files(files, data)
            fields = (("Content-Type", kind.encode()),)
        elif data:
            body, kind = bodies.of_fast_data(data)
            fields = (("Content-Type", kind.encode()),)
        elif json is not None:
            body, fields = json_body(json), JSON_FIELDS
        if auth is not None:
            headers = self._authorized(auth, method, url, headers, body)
        final = urls.with_params(url, params) if params else None
        if self._tls is not (self.user or tls.present())._tls_told:
            self._secure(self._tls)
        redirects = max_redirects if allow_redirects else 0
        return self._send(method, url, name, headers, fields, body, redirects, self._phases, catch_response, stream,
                          final, context)

    def get(self, url: str, **more: Any) -> FastResponse:
        """Sends a GET request."""
        return self.request("GET", url, **more)

    def head(self, url: str, **more: Any) -> FastResponse:
        """Sends a HEAD request."""
        return self.request("HEAD", url, **more)

    def options(self, url: str, **more: Any) -> FastResponse:
        """Sends an OPTIONS request."""
        return self.request("OPTIONS", url, **more)

    def delete(self, url: str, **more: Any) -> FastResponse:
        """Sends a DELETE request."""
        return self.request("DELETE", url, **more)

    def post(self, url: str, data: Any = None, json: Any = None, **more: Any) -> FastResponse:
        """Sends a POST request."""
        return self.request("POST", url, data=data, json=json, **more)

    def put(self, url: str, data: Any = None, **more: Any) -> FastResponse:
        """Sends a PUT request."""
        return self.request("PUT", url, data=data, **more)

    def patch(self, url: str, data: Any = None, **more: Any) -> FastResponse:
        """Sends a PATCH request."""
        return self.request("PATCH", url, data=data, **more)

    def iter_lines(self, url: str, method: str = "GET", **more: Any) -> Iterator[str]:
        """The lines of a response as they arrive."""
        response = self.request(method, url, stream=True, **more)
        response.raise_for_status()
        pending = b""
        for piece in response._pieces(None):
            *lines, pending = (pending + piece).split(b"\n")
            yield from (line.decode("utf-8", "replace") for line in lines)
        if pending:
            yield pending.decode("utf-8", "replace")

    def _row_name(self, url: str, sent_url: str) -> str:
        return url

    def _error(self, error: Any, prepared: Any) -> Exception:
        cause = failures.cause_of(error)
        if isinstance(cause, failures.RemoteDisconnected):
            return HTTPConnectionClosed("connection closed.")
        if isinstance(cause, exceptions.TooManyRedirects):
            return RetriesExceeded(prepared.url, f"Redirection limit of {prepared.redirects_max} exceeded")
        return cause


class FastHttpUser(User, RestMixin):
    """A user whose `client` is a `FastHttpSession`. Set these attributes in the class."""

    abstract = True

    network_timeout: float = TIMEOUT_DEFAULT
    connection_timeout: float = TIMEOUT_DEFAULT
    max_redirects: int = 30
    max_retries: int = 0
    insecure: bool = True
    default_headers: dict[str, str] | None = None
    concurrency: int = 10
    proxy_host: str | None = None
    proxy_port: int | None = None
    client_pool: Any = None
    ssl_context_factory: Any = None

    def __init__(self, environment: Any) -> None:
        super().__init__(environment)
        base_url = urls.required_base(self.host)
        if self.max_retries:
            raise LocustError(f"max_retries is {self.max_retries}, but wload repeats no request: send it anew yourself")
        if self.proxy_host:
            tls.refuse_proxies("proxy_host")
        self.client = FastHttpSession(
            base_url, self.environment.events.request, self, self.insecure,
            ssl_context_factory=self.ssl_context_factory, headers=self.default_headers,
            network_timeout=self.network_timeout, connection_timeout=self.connection_timeout,
            max_redirects=self.max_redirects)


FastHttpLocust = FastHttpUser
