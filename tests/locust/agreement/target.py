"""The target of a comparison: answers anything, and keeps what it received in order.

Upstream: run.py starts one per run. Downstream: compare.py reads `requests`. Each new visitor gets a cookie, so that
the requests of one user are known without the locustfile's help.
"""

import gzip
import itertools
import json
import re
import ssl
import threading
import time
from base64 import b64encode
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

HERE = Path(__file__).resolve().parent

VISITOR = "visitor"
# Headers that an author sets, or that change what a target answers.
HEADERS_KEPT = ("accept", "authorization", "content-type")


@dataclass(frozen=True)
class Received:
    """One request as it arrived."""

    visitor: str
    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: str

    def line(self) -> str:
        """For people, and to compare."""
        headers = " ".join(f"{name}={value!r}" for name, value in self.headers)
        return f"{self.method} {self.path} [{headers}] {self.body!r}"


class Target(ThreadingHTTPServer):
    """A server on a free port of the loopback interface."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, is_secure: bool = False):
        super().__init__(("127.0.0.1", 0), Handler)
        self.scheme = "https" if is_secure else "http"
        if is_secure:
            # The handshake is the first read, so that it holds up nobody else.
            self.socket = context().wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.requests: list[Received] = []
        self.lock = threading.Lock()
        self.visitors = itertools.count(1)
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.server_address[1]}"

    def close(self):
        self.shutdown()
        self.server_close()

    def handle_error(self, request, client_address):
        """A client that goes away is no news."""


def context() -> ssl.SSLContext:
    """TLS with the certificate beside this file; who shows one of the same authority is known by it."""
    secured = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    secured.load_cert_chain(HERE / "target.pem", HERE / "target.key")
    secured.load_verify_locations(HERE.parent / "files/test_data/authority.pem")
    secured.verify_mode = ssl.CERT_OPTIONAL
    return secured


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        """Silent: the log is `requests`."""

    def __getattr__(self, name):
        # Any method at all: `do_PURGE` is `answer`.
        if name.startswith("do_"):
            return self.answer
        raise AttributeError(name)

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        cookies = self.cookies()
        visitor = cookies.pop(VISITOR, "")
        is_new = not visitor
        visitor = visitor or str(next(self.server.visitors))
        received = Received(visitor, self.command, self.path, self.kept_headers(cookies), self.readable(body))
        with self.server.lock:
            self.server.requests.append(received)
        self.route(body, [f"{VISITOR}={visitor}; Path=/"] if is_new else [])

    def cookies(self) -> dict[str, str]:
        pairs = (part.strip().partition("=") for part in self.headers.get("Cookie", "").split(";"))
        return {name: value for name, _, value in pairs if name}

    def kept_headers(self, cookies):
        kept = {name.lower(): value for name, value in self.headers.items()}
        kept = {name: value for name, value in kept.items() if name in HEADERS_KEPT or name.startswith("x-")}
        if cookies:
            kept["cookie"] = "; ".join(f"{name}={value}" for name, value in sorted(cookies.items()))
        if isinstance(self.connection, ssl.SSLSocket) and (certificate := self.connection.getpeercert()):
            kept["certificate"] = dict(pair for part in certificate["subject"] for pair in part)["commonName"]
        if "boundary=" in kept.get("content-type", ""):
            kept["content-type"] = kept["content-type"].partition("boundary=")[0] + "boundary=.."
        return tuple(sorted(kept.items()))

    def readable(self, body: bytes) -> str:
        text = body.decode("utf-8", "backslashreplace")
        boundary = re.search(r"boundary=\"?([^\";]+)", self.headers.get("Content-Type", ""))
        return text.replace(boundary[1], "..") if boundary else text

    def route(self, body: bytes, cookies: list[str]):
        url = urlsplit(self.path)
        first, *rest = url.path.strip("/").split("/")
        query = parse_qs(url.query)
        route = getattr(self, "route_" + first.replace("-", "_"), None)
        status, headers, content = route(rest, query, body) if route else (200, {}, b"ok\n")
        if status is not None:
            self.reply(status, headers, content, cookies)

    def reply(self, status: int, headers: dict[str, str], content: bytes, cookies: list[str]):
        self.send_response(status)
        for cookie in cookies:
            self.send_header("Set-Cookie", cookie)
        for name, value in ({"Content-Type": "text/plain; charset=utf-8"} | headers).items():
            self.send_header(name, value)
        has_body = status not in (204, 304)
        if has_body:
            self.send_header("Content-Length", str(len(content)))
        if has_body and self.command != "HEAD":
            self._headers_buffer.append(b"\r\n" + content)
            self.flush_headers()
        else:
            self.end_headers()

    def route_status(self, rest, query, body):
        return int(rest[0]), {}, f"status {rest[0]}\n".encode()

    def route_redirect(self, rest, query, body):
        left = int(rest[0]) - 1
        to = f"/redirect/{left}" if left else query.get("to", ["/landed"])[0]
        return int(query.get("code", ["302"])[0]), {"Location": to}, b""

    def route_set_cookie(self, rest, query, body):
        pairs = "; ".join(f"{name}={values[0]}" for name, values in query.items())
        return 200, {"Set-Cookie": f"{pairs}; Path=/"}, b"set\n"

    def route_document(self, rest, query, body):
        return 200, {"Content-Type": "application/json"}, json.dumps({"title": "The title", "x": "ü"}).encode()

    def route_token(self, rest, query, body):
        return 200, {"Content-Type": "application/json"}, json.dumps({"token": f"t-{rest[0]}"}).encode()

    def route_echo(self, rest, query, body):
        told = {"method": self.command, "json": json.loads(body or b"null")}
        return 200, {"Content-Type": "application/json"}, json.dumps(told).encode()

    def route_gzip(self, rest, query, body):
        return 200, {"Content-Encoding": "gzip"}, gzip.compress(b"packed text " * 20, mtime=0)

    def route_lines(self, rest, query, body):
        return 200, {}, b"one\ntwo\nthree\n"

    def route_basic(self, rest, query, body):
        wanted = "Basic " + b64encode(":".join(rest).encode()).decode()
        if self.headers.get("Authorization") == wanted:
            return 200, {}, b"welcome\n"
        return 401, {"WWW-Authenticate": 'Basic realm="target"'}, b"who are you?\n"

    def route_slow(self, rest, query, body):
        time.sleep(int(rest[0]) / 1000)
        return 200, {}, b"late\n"

    def route_drop(self, rest, query, body):
        self.close_connection = True
        return None, {}, b""
