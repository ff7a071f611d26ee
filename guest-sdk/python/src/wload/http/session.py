"""What both clients do to send a request: settings of the session, what is prepared, and who records it.

Upstream: `locust/clients.py` and `locust/contrib/fasthttp.py`. Downstream: `templates.py` for the host's `http`.
Invariants: a session makes no host call before its first request and holds no handle, so that a user can be pickled
with it; a request whose texts were seen before costs one dictionary look-up beside the host's work. Everything that
a prepared request depends on is in its key, but for values of headers that change each time; settings of the session
are there as `_settings`, a number that sessions with the same settings have in common.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from json import dumps
from time import perf_counter, time
from typing import Any

from wit_world.imports import http
from wload.http import auth as authentication
from wload.http import bodies, cookies, failures, tls, urls
from wload.http.changing import CHANGES, CHANGING, Marked
from wload.http.headers import CaseInsensitiveDict, to_field
from wload.http.request import PreparedRequest
from wload.http.response import BaseResponse
from wload.http.templates import CACHE, Place, Prepared

JUDGED, SILENT = http.Recording.JUDGED, http.Recording.SILENT


class BaseSession(ABC):
    """Settings that hold for all requests of a client, and the way they are sent."""

    RESPONSE = BaseResponse
    CATCHING_RESPONSE = BaseResponse
    # How its TLS connections are made, as far as that is not what wload does by itself.
    _tls: tls.Wanted = None

    def __init__(self, base_url: str | None, request_event: Any, user: Any) -> None:
        self.user = user
        self.request_event = request_event
        self.request_name: str | None = None
        base_url, credentials = urls.split_credentials(base_url) if base_url else (base_url, None)
        self._base_url = base_url
        self._auth: Any = credentials
        self._headers = CaseInsensitiveDict()
        self._redirects_max = 30
        self._forget_settings()

    def _forget_settings(self) -> None:
        """They change: the next request looks for their number."""
        self._settings = 0
        self._headers_seen = -1
        self._marked: Marked = ()

    def _look_at_settings(self) -> None:
        self._headers_seen = self._headers.version
        fields = list(self._headers.items())
        CHANGING.note(fields)
        self._marked = CHANGING.mark(fields)
        auth = self._auth if authentication.is_pair(self._auth) else None
        key = (type(self), self._base_url, auth and tuple(auth), self._redirects_max, self._marked)
        self._settings = CACHE.number_of(key)

    @property
    def base_url(self) -> str | None:
        """What stands before URLs that are not absolute."""
        return self._base_url

    @base_url.setter
    def base_url(self, url: str | None) -> None:
        self._base_url = url
        self._forget_settings()

    @property
    def headers(self) -> CaseInsensitiveDict:
        """Fields that are sent with every request."""
        return self._headers

    @headers.setter
    def headers(self, headers: Any) -> None:
        self._headers = CaseInsensitiveDict(headers)
        self._forget_settings()

    @property
    def auth(self) -> Any:
        """For all requests that have no `auth=` of their own."""
        return self._auth

    @auth.setter
    def auth(self, auth: Any) -> None:
        self._auth = auth
        self._forget_settings()

    def _secure(self, wanted: tls.Wanted) -> None:
        """The user's TLS connections are made so from now on. Sessions of a user share its connections, so what the
        host was told last is kept with the user."""
        tls.tell(wanted)
        (self.user or tls.present())._tls_told = wanted

    def __getstate__(self) -> dict[str, Any]:
        state = self.__dict__.copy()
        del state["_settings"], state["_headers_seen"], state["_marked"]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._forget_settings()

    @contextmanager
    def rename_request(self, name: str) -> Iterator[None]:
        """Requests in the `with` block have this name in the statistics."""
        self.request_name = name
        try:
            yield
        finally:
            self.request_name = None

    def _build_url(self, path: str) -> str:
        if path[:1] != "/" and urls.is_absolute(path):
            return path
        return f"{self._base_url or ''}{path}"

    def _sent_method(self, method: str) -> str:
        """The method as it is sent; its row has it as it was written."""
        return method

    @abstractmethod
    def _row_name(self, url: str, sent_url: str) -> str:
        """The name in the statistics of a request that was given none."""

    def _send(self, method: str, url: str, name: str | None, given: Any, fields: tuple[tuple[str, bytes], ...],
              body: bytes | None, redirects: int | None, phases: Any, catch: bool, stream: bool, final: str | None,
              context: Any) -> BaseResponse:
        """Sends one request; the response of it is reported already, unless a `with` block judges it.

        `given` are the author's headers, `fields` those that belong to the body. `final` is the URL with its query
        when that is not `url`.
        """
        if self._headers.version != self._headers_seen:
            self._look_at_settings()
        key = (self._settings, method, final or url, name or self.request_name, stream, redirects, phases, fields,
               CHANGING.mark(given.items()) if given else None)
        event = self.request_event
        started = time() if catch or stream or event._handlers else 0.0
        prepared = CACHE.recent.get(key) or CACHE.find_older(key)
        is_new = prepared is None
        if is_new:
            prepared = self._prepare(key, url, given)
            is_new = not CACHE.add(key, prepared)
            if given:
                CHANGING.note(given.items())
        values = prepared.values_of(given, self._headers)
        if stream:
            begun = perf_counter()
            reply = prepared.open(values, body)
            head_ms = (perf_counter() - begun) * 1e3
        elif is_new:
            reply = prepared.send_once(values, body)
        else:
            reply = prepared.send(values, body)
        make = self.CATCHING_RESPONSE if catch else self.RESPONSE
        response = make(self, prepared, reply.exchange, reply.status, body)
        if prepared.places:
            response._values = values
        if started:
            response._started = started
            response._context = context
        if stream:
            response._is_stream = True
            response._head_ms = head_ms
        if reply.status == 0:
            self._fail(response, prepared)
        if catch:
            response._catch_response = True
        else:
            self._report(response, reply.failed, event)
        return response

    def _report(self, response: BaseResponse, failed: bool, event: Any) -> None:
        """What the host does not find by itself: its rule is requests', without Locust's texts. A stream is recorded
        when its head is here, as in Locust."""
        is_silent = response._prepared.spec.recording is SILENT
        if failed or is_silent or event._handlers or not 200 <= response.status_code < 300:
            response._report(response._automatic(), is_automatic=True)

    def _fail(self, response: BaseResponse, prepared: Prepared) -> None:
        """There is no response: the reason is put into it. What never left is raised."""
        error = response._exchange.error()
        failures.raise_refusal(error, prepared.url)
        response.error = self._error(error, prepared)

    @abstractmethod
    def _error(self, error: Any, prepared: Prepared) -> Exception:
        """The exception of this client for a request without a response."""

    def _prepare(self, key: tuple[Any, ...], url: str, given: Any) -> Prepared:
        """The request in full."""
        _, method, final, name, stream, redirects, phases, fields, marked = key
        sent_url = urls.requote(self._build_url(final))
        row = name or self._row_name(url, sent_url)
        headers, places = self._merged(marked or (), fields, given)
        sent_method = self._sent_method(method)
        # What the host would call otherwise, or time otherwise, is recorded by `events.request`.
        recording = SILENT if stream or sent_method != method else JUDGED
        limit = self._redirects_max if redirects is None else redirects
        spec = http.RequestSpec(sent_method, sent_url, row, headers, recording, limit, None, True)
        return Prepared(spec, phases, method, places)

    def _merged(self, marked: Marked, fields: Any, given: Any) -> tuple[list[tuple[str, bytes]], list[Place]]:
        """The fields that are sent: the session's, over them those of the body where nobody gave them, over them the
        request's. None takes a field away. And the places of those whose values change."""
        merged = {name.lower(): (name, value) for name, value in fields}
        for name, value in self._marked:
            merged[name.lower()] = (name, Place(name, is_of_session=True) if value is CHANGES else value)
        if authentication.is_pair(self._auth):
            merged["authorization"] = ("Authorization", authentication.basic(*self._auth))
        for name, value in marked:
            text = name.decode("latin-1") if isinstance(name, bytes) else name
            merged[text.lower()] = (text, Place(name, is_of_session=False) if value is CHANGES else value)
        headers: list[tuple[str, bytes]] = []
        places = []
        for name, value in merged.values():
            if isinstance(value, Place):
                value.at = len(headers)
                places.append(value)
                value = (self._headers if value.is_of_session else given)[value.name]
            if value is not None:
                headers.append(to_field(name, value))
        return headers, places

    def _authorized(self, auth: Any, method: str, url: str, given: Any, body: bytes | None) -> Any:
        """The headers of a request with `auth=`."""
        headers = CaseInsensitiveDict(given)
        if authentication.is_pair(auth):
            headers["Authorization"] = authentication.basic(*auth)
            return headers
        if not callable(auth):
            raise TypeError(f"auth= is {auth!r}; give (user, password) or a callable that changes the request")
        request = PreparedRequest(method, self._build_url(url), {**self._headers, **headers}, body)
        changed = auth(request) or request
        return changed.headers

    def _with_cookies(self, given: Any, wanted: Any) -> Any:
        """The headers of a request with `cookies=`."""
        headers = CaseInsensitiveDict(given)
        headers["Cookie"] = cookies.request_header(self.cookies, wanted)
        return headers

    @property
    def cookies(self) -> cookies.SessionCookies:
        """This user's cookies."""
        return cookies.SessionCookies(self)

    @cookies.setter
    def cookies(self, wanted: Any) -> None:
        jar = cookies.SessionCookies(self)
        jar.clear()
        jar.update(wanted)


def json_body(value: Any, **options: Any) -> bytes:
    """`json=` as bytes."""
    return dumps(value, **options).encode("utf-8")


def body_of_data(data: Any) -> tuple[bytes, tuple[tuple[str, bytes], ...]]:
    """`data=` of HttpUser and the fields that belong to it."""
    body, kind = bodies.of_data(data)
    return body, (("Content-Type", kind.encode()),) if kind else ()
