"""`requests.Response` and its relatives.

Upstream: `locust/clients.py`, whose responses are these. Downstream: `wload.http.response`, which reads.
"""

from codecs import getincrementaldecoder
from collections.abc import Iterator
from typing import Any

from requests import exceptions
from requests.utils import parse_header_links
from wload.http.failures import status_text
from wload.http.request import PreparedRequest
from wload.http.response import BaseResponse

__all__ = ["PreparedRequest", "Request", "Response"]


class Request(PreparedRequest):
    """A request as it is described before it is sent."""

    def __init__(self, method: str, url: str, headers: Any = None, data: Any = None) -> None:
        super().__init__(method, url, headers or {}, data)


class Response(BaseResponse):
    """What came back, as `requests` shows it."""

    @property
    def text(self) -> str:
        """The body as text."""
        return self._decoded() if self.content else ""

    def json(self, **options: Any) -> Any:
        """The body, parsed."""
        try:
            return self._parsed(options)
        except ValueError as error:
            position = getattr(error, "pos", 0)
            raise exceptions.JSONDecodeError(
                getattr(error, "msg", str(error)), getattr(error, "doc", ""), position) from None

    @property
    def ok(self) -> bool:
        """Whether there is a response with a status below 400."""
        return 0 < self.status_code < 400

    def __bool__(self) -> bool:
        return self.ok

    @property
    def is_redirect(self) -> bool:
        """Whether it points somewhere else."""
        return self.status_code in (301, 302, 303, 307, 308) and "location" in self.headers

    @property
    def is_permanent_redirect(self) -> bool:
        """Whether it points somewhere else for good."""
        return self.status_code in (301, 308) and "location" in self.headers

    @property
    def links(self) -> dict[str, dict[str, str]]:
        """The header `Link`, by relation."""
        return {link.get("rel") or link["url"]: link for link in parse_header_links(self.headers.get("link", ""))}

    def raise_for_status(self) -> None:
        """Raises `HTTPError` for a status of 400 and more."""
        if self.status_code >= 400:
            raise exceptions.HTTPError(status_text(self.status_code, self.reason, self.url), response=self)

    def iter_content(self, chunk_size: int | None = 1, decode_unicode: bool = False) -> Iterator[Any]:
        """The body in pieces of this size."""
        pieces = self._pieces(chunk_size)
        if not decode_unicode:
            return pieces
        encoding = self.encoding or self._charset() or "utf-8"
        return _decoded_pieces(pieces, encoding)

    def iter_lines(self, chunk_size: int = 512, decode_unicode: bool = False, delimiter: Any = None) -> Iterator[Any]:
        """The lines of the body, without their ends. Of a stream, each as soon as it is complete."""
        if isinstance(delimiter, str):
            delimiter = delimiter.encode("utf-8")
        pieces = self._pieces(None if self._is_stream else chunk_size)
        for line in _lines(pieces, delimiter):
            yield line.decode(self.encoding or self._charset() or "utf-8", "replace") if decode_unicode else line

    def __iter__(self) -> Iterator[bytes]:
        return self.iter_content(128)

    def __enter__(self) -> Any:
        return super().__enter__()

    def __repr__(self) -> str:
        return f"<Response [{self.status_code}]>"


def _decoded_pieces(pieces: Iterator[bytes], encoding: str) -> Iterator[str]:
    decoder = getincrementaldecoder(encoding)("replace")
    for piece in pieces:
        if text := decoder.decode(piece):
            yield text
    if rest := decoder.decode(b"", final=True):
        yield rest


def _lines(pieces: Iterator[bytes], delimiter: bytes | None) -> Iterator[bytes]:
    pending = b""
    for piece in pieces:
        pending += piece
        if delimiter:
            *lines, pending = pending.split(delimiter)
        else:
            lines = pending.splitlines()
            # A `\r` at the end may be half of an end of line.
            pending = lines.pop() if lines and not pending.endswith(b"\n") else b""
        yield from lines
    if pending:
        yield pending.removesuffix(b"\r") if delimiter is None else pending
