"""`HttpSession`, the client of HttpUser, and its responses: requests' way of speaking.

Upstream: `HttpUser.client` and authors who make sessions of their own. Downstream: `wload.http`, which sends.
Names of rows, texts of failures and the rules of `with` blocks are Locust's.
"""

from typing import Any

from locust.exception import LocustError
from requests import exceptions
from requests.models import Response
from wit_world.imports import http
from wload.http import bodies, failures, tls, urls
from wload.http.session import BaseSession, body_of_data, json_body

__all__ = ["HttpSession", "LocustError", "ResponseContextManager"]

JSON_FIELDS = (("Content-Type", b"application/json"),)
NO_FIELDS: tuple[tuple[str, bytes], ...] = ()


class ResponseContextManager(Response):
    """A response of HttpUser; with `catch_response=True` it is used in a `with` block that judges it."""

    HOST_KNOWS_STATUSES = True

    def raise_for_status(self) -> None:
        """Raises what `failure()` was called with, else for a status of 400 and more or a missing response."""
        if isinstance(self._manual_result, Exception):
            raise self._manual_result
        if self._manual_result is None:
            if self.error is not None:
                raise self.error
            super().raise_for_status()

    def _automatic(self) -> Exception | None:
        if self.error is not None:
            return failures.innermost(self.error)
        if self.status_code < 400:
            return None
        name = self._meta["name"] if self._meta is not None else self._prepared.name
        return exceptions.HTTPError(failures.status_text(self.status_code, self.reason, name), response=self)


class HttpSession(BaseSession):
    """Sends requests as `requests.Session` does, and measures each. URLs without a host are behind `base_url`."""

    RESPONSE = CATCHING_RESPONSE = ResponseContextManager

    def __init__(self, base_url: str | None, request_event: Any, user: Any, *_: Any, pool_manager: Any = None) -> None:
        super().__init__(base_url, request_event, user)
        self.params: Any = {}
        self.trust_env = False
        self.proxies: dict[str, str] = {}
        self.hooks: dict[str, list[Any]] = {"response": []}
        self.stream = False
        self._verify: Any = True
        self._cert: Any = None

    @property
    def verify(self) -> Any:
        """Whether certificates of servers are verified; a path names the only authorities that are trusted."""
        return self._verify

    @verify.setter
    def verify(self, verify: Any) -> None:
        self._verify = verify
        self._tls = tls.wanted(verify, self._cert)

    @property
    def cert(self) -> Any:
        """Our own certificate: a path, or those of the certificate and its key."""
        return self._cert

    @cert.setter
    def cert(self, cert: Any) -> None:
        self._cert = cert
        self._tls = tls.wanted(self._verify, cert)

    @property
    def max_redirects(self) -> int:
        """How many redirects are followed."""
        return self._redirects_max

    @max_redirects.setter
    def max_redirects(self, limit: int) -> None:
        self._redirects_max = limit
        self.headers = self.headers

    def request(self, method: str, url: str, name: str | None = None, catch_response: bool = False,
                context: Any = None, *, data: Any = None, json: Any = None, params: Any = None, headers: Any = None,
                cookies: Any = None, files: Any = None, auth: Any = None, timeout: Any = None,
                allow_redirects: bool = True, proxies: Any = None, hooks: Any = None, stream: bool | None = None,
                verify: Any = None, cert: Any = None) -> ResponseContextManager:
        """Sends a request and waits for its response. The arguments are those of `requests`, and `name`,
        `catch_response` and `context` are Locust's."""
        if isinstance(url, bytes):
            url = url.decode("utf-8")
        if type(method) is not str:
            method = method.decode("ascii")
        body, fields = None, NO_FIELDS
        if data is None and files is None:
            if json is not None:
                body, fields = json_body(json), JSON_FIELDS
        else:
            body, fields = self._body(data, json, files)
        final = None
        if params or self.params:
            final = urls.with_params(url, params)
            if self.params:
                final = urls.with_params(final, self.params)
        if auth is not None or callable(self._auth):
            headers = self._authorized(auth or self._auth, method, final or url, headers, body)
        if cookies:
            headers = self._with_cookies(headers, cookies)
        if timeout is not None:
            timeout = tuple(timeout) if isinstance(timeout, (tuple, list)) else (timeout, timeout)
        if proxies or self.proxies:
            self._look_at_proxies(proxies)
        secured = self._tls
        if verify is not None or cert is not None:
            secured = tls.wanted(self._verify if verify is None else verify, cert or self._cert)
        if secured != (self.user or tls.present())._tls_told:
            self._secure(secured)
        response = self._send(
            method, url, name, headers, fields, body, None if allow_redirects else 0, timeout, catch_response,
            self.stream if stream is None else stream, final, context)
        if hooks or self.hooks["response"]:
            self._call_hooks(hooks, response)
        return response

    def _look_at_proxies(self, given: Any) -> None:
        if any({**self.proxies, **(given or {})}.values()):
            tls.refuse_proxies("proxies=")

    def _body(self, data: Any, json: Any, files: Any) -> tuple[bytes | None, tuple[tuple[str, bytes], ...]]:
        if files:
            body, kind = bodies.multipart(files, data)
            return body, (("Content-Type", kind.encode()),)
        if data:
            return body_of_data(data)
        return (json_body(json), JSON_FIELDS) if json is not None else (None, NO_FIELDS)

    def _call_hooks(self, hooks: Any, response: ResponseContextManager) -> None:
        for given in ((hooks or {}).get("response"), self.hooks["response"]):
            for hook in [given] if callable(given) else given or ():
                hook(response)

    def get(self, url: str, **more: Any) -> ResponseContextManager:
        """Sends a GET request."""
        return self.request("GET", url, **more)

    def options(self, url: str, **more: Any) -> ResponseContextManager:
        """Sends an OPTIONS request."""
        return self.request("OPTIONS", url, **more)

    def head(self, url: str, *, allow_redirects: bool = False, **more: Any) -> ResponseContextManager:
        """Sends a HEAD request; redirects are not followed unless asked for."""
        return self.request("HEAD", url, allow_redirects=allow_redirects, **more)

    def post(self, url: str, data: Any = None, json: Any = None, **more: Any) -> ResponseContextManager:
        """Sends a POST request."""
        return self.request("POST", url, data=data, json=json, **more)

    def put(self, url: str, data: Any = None, **more: Any) -> ResponseContextManager:
        """Sends a PUT request."""
        return self.request("PUT", url, data=data, **more)

    def patch(self, url: str, data: Any = None, **more: Any) -> ResponseContextManager:
        """Sends a PATCH request."""
        return self.request("PATCH", url, data=data, **more)

    def delete(self, url: str, **more: Any) -> ResponseContextManager:
        """Sends a DELETE request."""
        return self.request("DELETE", url, **more)

    def mount(self, prefix: str, adapter: Any) -> None:
        """Adapters are not used here: connections are the host's."""
        raise LocustError("client.mount() has no meaning here: connections, pools and TLS are wload's own")

    def close(self) -> None:
        """The next request opens a new connection."""
        http.close_connections()

    def __enter__(self) -> "HttpSession":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def _sent_method(self, method: str) -> str:
        return method.upper()

    def _row_name(self, url: str, sent_url: str) -> str:
        return urls.path_and_query(sent_url)

    def _error(self, error: Any, prepared: Any) -> Exception:
        return failures.as_requests_error(error, prepared.url, prepared.phases)
