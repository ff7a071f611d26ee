"""A host for tests of the HTTP clients in plain CPython: it answers by a function and writes down what it was told.

Upstream: the tests here, which import this first. It stands in for the generated bindings (`wit_world`) and for the
few names of the SDK's other half that the clients use, so that they are tested alone. Invariant: what the fake
records follows `wit/http.wit`: one row for each exchange, unless it is silent or discarded.
"""

import enum
import re
import sys
import types
from collections import namedtuple
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src"))


class Recording(enum.Enum):
    """`http.recording`."""

    AUTOMATIC = 0
    JUDGED = 1
    SILENT = 2


@dataclass
class RequestSpec:
    """`http.request-spec`."""

    method: str
    url: str
    name: str | None
    headers: list[tuple[str, bytes]]
    recording: Recording
    redirects: int | None
    timeout: int | None
    keep_body: bool


@dataclass
class Answer:
    """What the target says."""

    status: int = 200
    body: bytes = b"ok"
    headers: list[tuple[str, bytes]] = field(default_factory=list)
    error: Any = None
    hops: list[Any] = field(default_factory=list)


class Host:
    """What the clients did, and what the target answers."""

    def __init__(self) -> None:
        self.answer: Any = Answer()
        self.sent: list[tuple[RequestSpec, bytes | None]] = []
        self.rows: list[tuple[str, str, str | None]] = []
        self.values: list[list[str]] = []
        self.templates = 0
        self.templates_open = 0
        self.timeouts: list[Any] = []
        self.reads = 0
        self.jar: list[Any] = []
        # Each with the number of requests that had been sent before.
        self.tls: list[tuple[int, Any]] = []
        self.tls_mistake: str | None = None

    def set_tls(self, settings: Any) -> None:
        """`http.set-tls`."""
        if self.tls_mistake:
            raise sys.modules["componentize_py_types"].Err(self.tls_mistake)
        self.tls.append((len(self.sent), settings))

    def send(self, spec: RequestSpec, body: bytes | None) -> Any:
        """One exchange."""
        self.sent.append((spec, body))
        answer = self.answer(spec) if callable(self.answer) else self.answer
        exchange = Exchange(spec, answer)
        return types.SimpleNamespace(status=answer.status, failed=not 0 < answer.status < 400, exchange=exchange)


HOST = Host()


def new_host() -> Host:
    """Forgets everything: for `setUp`."""
    HOST.__init__()
    return HOST


class Exchange:
    """`http.exchange`; it is recorded when it is dropped."""

    def __init__(self, spec: RequestSpec, answer: Answer) -> None:
        self.spec, self.answer, self.verdict = spec, answer, "automatic"
        self.chunks = [answer.body[:1], answer.body[1:]]

    def body(self) -> bytes:
        HOST.reads += 1
        return self.answer.body

    def read_chunk(self) -> bytes | None:
        return self.chunks.pop(0) if self.chunks else None

    def body_size(self) -> int:
        return len(self.answer.body)

    def headers(self) -> list[tuple[str, bytes]]:
        return self.answer.headers

    def header(self, name: str) -> bytes | None:
        return next((value for found, value in self.answer.headers if found.lower() == name), None)

    def error(self) -> Any:
        return self.answer.error

    def url(self) -> str:
        return self.spec.url

    def history(self) -> list[Any]:
        return self.answer.hops

    def timings(self) -> Any:
        return types.SimpleNamespace(dns=0, connect=0, tls=0, send=1000, first_byte=2000, body=0, total=5_000_000)

    def success(self) -> None:
        self.verdict = None

    def failure_text(self, text: str) -> None:
        self.verdict = text

    def discard(self) -> None:
        self.verdict = "discarded"

    def __del__(self) -> None:
        if self.spec.recording is Recording.SILENT or self.verdict == "discarded":
            return
        status = self.answer.status
        automatic = None if 0 < status < 400 else f"host: {status}"
        verdict = automatic if self.verdict == "automatic" else self.verdict
        HOST.rows.append((self.spec.method, self.spec.name, verdict))


def rendered(spec: RequestSpec, values: list[str]) -> RequestSpec:
    """The request of a template with these values in its places."""
    left = list(values)

    def fill(text: str) -> str:
        parts = re.split(r"(\{\{|\}\}|\{[^{}]+\})", text)
        return "".join(part[0] if part in ("{{", "}}") else left.pop(0) if part.startswith("{") else part
                       for part in parts)

    url = fill(spec.url)
    headers = [(name, fill(value.decode("latin-1")).encode("latin-1")) for name, value in spec.headers]
    assert not left, f"{spec} has fewer places than {values}"
    return replace(spec, url=url, headers=headers)


class RequestTemplate:
    """`http.request-template`."""

    def __init__(self, spec: RequestSpec) -> None:
        self.spec = spec
        HOST.templates += 1
        HOST.templates_open += 1

    @classmethod
    def create(cls, spec: RequestSpec) -> "RequestTemplate":
        return cls(spec)

    def set_timeouts(self, timeouts: Any) -> None:
        HOST.timeouts.append(timeouts)

    def send(self, values: list[str], body: bytes | None) -> Any:
        HOST.values.append(values)
        return HOST.send(rendered(self.spec, values), body)

    open = send

    def __del__(self) -> None:
        HOST.templates_open -= 1


class Hook:
    """`events.request`."""

    def __init__(self) -> None:
        self._handlers: list[Any] = []

    def notify(self, **meta: Any) -> None:
        for handler in self._handlers:
            handler(**meta)

    def fire(self, request_type: str, name: str, exception: Any = None, **meta: Any) -> None:
        HOST.rows.append((request_type, name, None if exception is None else repr(exception)))
        self.notify(request_type=request_type, name=name, exception=exception, **meta)


class User:
    """`locust.User`, as far as clients look at it."""

    host: str | None = None
    _tls_told: Any = None

    def __init__(self, environment: Any) -> None:
        self.environment = environment

    def context(self) -> dict[str, Any]:
        return {"of": "user"}


def _module(name: str, **content: Any) -> types.ModuleType:
    module = types.ModuleType(name)
    module.__dict__.update(content)
    sys.modules[name] = module
    return module


def _record(name: str, *fields: str) -> type:
    def init(self: Any, *values: Any) -> None:
        self.__dict__.update(zip(fields, values, strict=True))

    return type(name, (), {"__init__": init})


CASES = "InvalidRequest Denied DnsError ConnectError TlsError Timeout ConnectionClosed ProtocolError " \
        "TooManyRedirects BodyTooLarge Other"
http = _module(
    "wit_world.imports.http", Recording=Recording, RequestSpec=RequestSpec, RequestTemplate=RequestTemplate,
    Exchange=Exchange, Reply=_record("Reply", "status", "failed", "exchange"),
    Hop=_record("Hop", "status", "url", "location"),
    Timeouts=_record("Timeouts", "connect", "first_byte", "between_bytes"),
    TlsSettings=namedtuple("TlsSettings", "verify authorities certificate"),
    set_tls=lambda settings: HOST.set_tls(settings),
    Cookie=_record("Cookie", "name", "value", "domain", "path"),
    ErrorCode_Stopping=_record("ErrorCode_Stopping"),
    send=lambda spec, body: HOST.send(spec, body), cookies=lambda: list(HOST.jar),
    set_cookie=lambda cookie: HOST.jar.append(cookie), clear_cookies=lambda: HOST.jar.clear(),
    **{f"ErrorCode_{case}": _record(f"ErrorCode_{case}", "value") for case in CASES.split()},
)
_module("wit_world", imports=_module("wit_world.imports", http=http))
_module("componentize_py_types", Err=type("Err", (Exception,), {"value": property(lambda error: error.args[0])}))
_module("gevent", GreenletExit=type("GreenletExit", (BaseException,), {}))
ERRORS = {name: type(name, (Exception,), {}) for name in
          ("LocustError", "ResponseError", "CatchResponseError", "StopTest")}
_module("locust", __path__=[str(Path(sys.path[0]) / "locust")])
_module("locust.exception", **ERRORS)
_module("locust.user", __path__=[])
_module("locust.user.users", User=User)
