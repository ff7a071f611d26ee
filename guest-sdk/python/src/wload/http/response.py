"""What came back, read only as far as somebody asks, and how a `with` block judges it.

Upstream: `session.py` makes them; `locust/clients.py` and `locust/contrib/fasthttp.py` give them their two faces.
Downstream: the contract's `exchange`. Invariants: headers and body stay in the host until they are asked for; a
request is reported once, by the host or, when the author changed its meta data, by `events.request`.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator
from datetime import timedelta
from time import time
from typing import Any

from locust.exception import CatchResponseError, LocustError, ResponseError
from wit_world.imports import http
from wload.http import charsets, cookies, failures, headers
from wload.http.request import PreparedRequest

UNREAD: Any = object()


class BaseResponse(ABC):
    """A response, or the reason why there is none (`error`, with status 0)."""

    # The host's rule gives the same result and the same text for a status, with the server's own reason in it.
    HOST_KNOWS_STATUSES = False

    # Of what has not been asked for. An instance has only what it needs.
    error: Exception | None = None
    encoding: str | None = None
    _content: Any = UNREAD
    _headers: Any = None
    _history: Any = None
    _meta: dict[str, Any] | None = None
    _meta_sent: Any = None
    _started = 0.0
    _context: dict[str, Any] | None = None
    _is_stream = False
    _head_ms: float | None = None
    _catch_response = False
    _entered = False
    _manual_result: bool | Exception | None = None
    _row_name: str | None = None
    # Of a request with headers that change.
    _values: list[str] | None = None
    _url: str | None = None

    def __init__(self, session: Any, prepared: Any, exchange: http.Exchange, status: int, body: bytes | None) -> None:
        self._session = session
        self._prepared = prepared
        self._exchange = exchange
        self.status_code = status
        self._body = body

    @property
    def content(self) -> bytes | None:
        """The body; None when there was no response."""
        if self._content is UNREAD:
            if self.status_code == 0:
                self._content = None
            elif self._is_stream:
                self._content = b"".join(self._chunks())
            else:
                self._content = self._exchange.body()
        return self._content

    @property
    def headers(self) -> headers.CaseInsensitiveDict:
        """The fields of the response's header."""
        if self._headers is None:
            self._headers = headers.of_response(self._exchange.headers())
        return self._headers

    @property
    def url(self) -> str:
        """The URL that answered."""
        if self._url is None:
            self._url = self._exchange.url() or self._prepared.url
        return self._url

    @url.setter
    def url(self, url: str) -> None:
        self._url = url

    @property
    def reason(self) -> str:
        """The usual phrase for the status."""
        return failures.REASONS.get(self.status_code, "")

    @property
    def elapsed(self) -> timedelta:
        """From the start of the last request to the first byte of its response."""
        parts = self._exchange.timings()
        return timedelta(microseconds=(parts.dns + parts.connect + parts.tls + parts.send + parts.first_byte) / 1000)

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies that this response set."""
        return cookies.of_response(self._exchange.headers())

    @property
    def history(self) -> list["Hop"]:
        """The redirects that were followed, the first one first."""
        if self._history is None:
            self._history = [Hop(hop) for hop in self._exchange.history()]
        return self._history

    @property
    def request(self) -> PreparedRequest:
        """What was sent."""
        spec = self._prepared.spec
        sent = spec.headers if self._values is None else self._prepared.fields(self._values)
        fields = [(name, value.decode("latin-1")) for name, value in sent]
        return PreparedRequest(spec.method, self._prepared.url, fields, self._body)

    def _charset(self) -> str | None:
        """What the header `Content-Type` says of the encoding."""
        value = self.headers.get("content-type", "").lower() if self._headers is not None else self._content_type()
        kind, _, parameters = value.partition(";")
        _, found, charset = parameters.partition("charset=")
        if found:
            return charset.partition(";")[0].strip(" \"'")
        if kind.strip() == "application/json":
            return "utf-8"
        return "ISO-8859-1" if kind.startswith("text") else None

    def _content_type(self) -> str:
        return (self._exchange.header("content-type") or b"").decode("latin-1").lower()

    def _decoded(self) -> str:
        content = self.content or b""
        if self.encoding is None:
            self.encoding = self._charset() or self.apparent_encoding
        return charsets.decoded(content, self.encoding)

    @property
    def apparent_encoding(self) -> str:
        """What the body looks like: UTF-8, else Latin-1."""
        try:
            (self.content or b"").decode("utf-8")
        except UnicodeDecodeError:
            return "ISO-8859-1"
        return "utf-8"

    def _parsed(self, options: dict[str, Any]) -> Any:
        content = self.content
        if options or self.encoding is not None:
            return json.loads(self._decoded(), **options)
        try:
            return json.loads(str(content or b"", "utf-8"))
        except UnicodeDecodeError:
            return json.loads(self._decoded())

    def _chunks(self) -> Iterator[bytes]:
        while (chunk := self._exchange.read_chunk()) is not None:
            yield chunk

    def _pieces(self, size: int | None) -> Iterator[bytes]:
        """The body in pieces of this size; as they come without one."""
        if not self._is_stream or self._content is not UNREAD:
            content = self.content or b""
            size = size or len(content) or 1
            yield from (content[at:at + size] for at in range(0, len(content), size))
            return
        self._content = b""
        rest = b""
        for chunk in self._chunks():
            if size is None:
                yield chunk
                continue
            rest += chunk
            whole = len(rest) - len(rest) % size
            yield from (rest[at:at + size] for at in range(0, whole, size))
            rest = rest[whole:]
        if rest:
            yield rest

    def close(self) -> None:
        """For code that closes responses: the host does it when the response is forgotten."""

    # How it is judged. The rules are Locust's; `__exit__` says which apply when.

    @abstractmethod
    def _automatic(self) -> Exception | None:
        """The failure by the automatic rule of this client."""

    @property
    def request_meta(self) -> dict[str, Any]:
        """What listeners of `events.request` are given. A `with` block may change it."""
        if self._meta is None:
            meta = self._meta = self._facts()
            self._meta_sent = (meta["name"], meta["response_time"], meta["response_length"], meta["request_type"])
        return self._meta

    def _facts(self) -> dict[str, Any]:
        """The meta data as it is. Nobody keeps it but its reader: it refers to this response, and a circle would
        hold the exchange until the garbage collector comes."""
        prepared, timings = self._prepared, self._exchange.timings()
        return {
            "request_type": prepared.method,
            "response_time": timings.total / 1e6 if self._head_ms is None else self._head_ms,
            "name": prepared.name,
            "context": self._full_context(),
            "response": self,
            "exception": None,
            "start_time": self._started or time() - timings.total / 1e9,
            "url": self._meta_url(),
            "response_length": self._announced_length() if self._is_stream else self._exchange.body_size(),
        }

    def _meta_url(self) -> str:
        asked = self._prepared.url
        if self._exchange.url() == asked:
            return asked
        history = self._exchange.history()
        return history[0].url if history else asked

    def _full_context(self) -> dict[str, Any]:
        user = self._session.user
        common = user.context() if user is not None else {}
        return {**common, **(self._context or {})}

    def _announced_length(self) -> int:
        length = self._exchange.header("content-length")
        return int(length) if length and length.isdigit() else 0

    def _report(self, exception: Exception | None, is_automatic: bool = False) -> None:
        """The request is over and judged; by the author, or by this client's own rule."""
        event, meta = self._session.request_event, self._meta
        recording = self._prepared.spec.recording
        if recording is http.Recording.SILENT or meta is not None and self._is_meta_changed(meta):
            self._discard()
            event.fire(**{**(meta or self._facts()), "exception": exception})
            return
        if is_automatic and self.HOST_KNOWS_STATUSES and self.status_code:
            pass
        elif exception is not None:
            self._exchange.failure_text(failures.table_text(exception))
        elif not 0 < self.status_code < 400:
            # With another status the host finds the same without a verdict.
            self._exchange.success()
        if event._handlers:
            event.notify(**{**(meta or self._facts()), "exception": exception})

    def _is_meta_changed(self, meta: dict[str, Any]) -> bool:
        found = (meta["name"], meta["response_time"], meta["response_length"], meta["request_type"])
        return found != self._meta_sent

    def __enter__(self) -> Any:
        if not self._catch_response:
            raise LocustError("a with block around a request needs catch_response=True")
        self._entered = True
        return self

    def __exit__(self, kind: Any, value: Any, traceback: Any) -> bool:
        if self._manual_result is not None:
            self._report(None if self._manual_result is True else self._manual_result)
            return kind is None
        if kind is None:
            self._report(self._automatic(), is_automatic=True)
            return True
        if isinstance(value, ResponseError):
            self._report(value)
            return True
        self._discard()
        return False

    def _discard(self) -> None:
        """The host shall not record it."""
        if self._prepared.spec.recording is http.Recording.JUDGED:
            self._exchange.discard()

    def success(self) -> None:
        """It was a success, whatever the status. Only in a `with` block."""
        if not self._entered:
            failures.outside_with()
        self._manual_result = True

    def failure(self, exc: Any) -> None:
        """It was a failure, for this reason. Only in a `with` block."""
        if not self._entered:
            failures.outside_with()
        if not isinstance(exc, Exception):
            exc = CatchResponseError(exc)
        self._manual_result = exc

    def __getstate__(self) -> dict[str, Any]:
        """A response that a user keeps: what it says, without what the host has."""
        return {"status_code": self.status_code, "_content": self.content, "_url": self.url, "error": self.error,
                "_headers": self.headers, "_history": [], "encoding": self.encoding or self._charset()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)


class Hop:
    """A response that redirected, in `response.history`."""

    __slots__ = ("headers", "status_code", "url")

    def __init__(self, hop: http.Hop) -> None:
        self.status_code = hop.status
        self.url = hop.url
        self.headers = headers.CaseInsensitiveDict({"location": hop.location})

    @property
    def reason(self) -> str:
        """The usual phrase for the status."""
        return failures.REASONS.get(self.status_code, "")

    is_redirect = ok = True

    def __repr__(self) -> str:
        return f"<Response [{self.status_code}]>"
