"""`rest()` and `rest_()` of HttpUser and FastHttpUser.

Upstream: the two user classes. Downstream: their `client`. Invariant: nothing that the block raises leaves it; it
becomes the failure of the request.
"""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from time import time
from typing import Any

SHOWN_CHARS = 200
SHOWN_CHARS_NOT_JSON = 250


class RestMixin:
    """For users that have a `client`."""

    client: Any

    @contextmanager
    def rest(self, method: str, url: str, headers: Any = None, **more: Any) -> Iterator[Any]:
        """A request whose response has its JSON in `js`, and whose block may assert."""
        headers = dict(headers) if headers else {}
        given = {name.lower() for name in headers}
        for name in ("Content-Type", "Accept"):
            if name.lower() not in given:
                headers[name] = "application/json"
        with self.client.request(method, url, catch_response=True, headers=headers, **more) as response:
            _parse(response)
            try:
                yield response
            except AssertionError as error:
                response.failure(_assertion_text(error, response))
            except Exception as error:
                places = ", ".join(_places(error))
                response.failure(
                    f"{type(error).__name__}: {error} at {places}. Response was {_shown(response)}")

    @contextmanager
    def rest_(self, method: str, url: str, name: str | None = None, **more: Any) -> Iterator[Any]:
        """The same with the time in the query, so that no cache answers."""
        separator = "&" if "?" in url else "?"
        name = name or f"{url}{separator}_=..."
        with self.rest(method, f"{url}{separator}_={int(time() * 1000)}", name=name, **more) as response:
            yield response


def _parse(response: Any) -> None:
    response.js = None
    if response.content is None:
        response.failure(str(response.error))
    elif response.text:
        try:
            response.js = response.json()
        except ValueError as error:
            start = response.text[:SHOWN_CHARS_NOT_JSON]
            response.failure(
                f"Could not parse response as JSON. {start}, response code {response.status_code}, error {error}")


def _shown(response: Any) -> str | None:
    return response.text[:SHOWN_CHARS] if response.text else response.text


def _assertion_text(error: AssertionError, response: Any) -> str:
    if not error.args:
        return "Assertion failed"
    text = str(error.args[0])
    return f"{text[:-1]}, response was {_shown(response)}" if text.endswith(",") else text


def _places(error: Exception) -> Iterator[str]:
    """Where it was raised, in the author's files."""
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.filename != __file__ and not frame.filename.endswith("contextlib.py"):
            yield f"{frame.filename}:{frame.lineno}, in {frame.name}"
