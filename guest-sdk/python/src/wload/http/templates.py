"""Requests that were sent before, so that they need not be described to the host again.

Upstream: `session.py`. Downstream: `http.request-template`. A request that is seen for the first time is sent as it
is, because most URLs with an id in them never come again, and only its hash is kept; the second time it becomes a
template, which halves its cost. Two generations of a dictionary bound how many are kept, with nothing to keep in order
on a hit.
Invariants: at most `2 * GENERATION_MAX` templates exist in an instance (the host's limit is 1,000), and `release()`
gives all of them back.
"""

from itertools import count
from typing import Any

from componentize_py_types import Err
from wit_world.imports import http
from wload.http import urls
from wload.http.failures import raise_refusal

# With two generations 800: the host's limit `templates` of 1,000 leaves room for those of an author.
GENERATION_MAX = 400

NO_VALUES: list[str] = []
# The bindings of componentize-py 0.25.1 lose 16 bytes for each empty list that they pass. So a template has a place at
# its end, and each time nothing is put there.
NOTHING = [""]
END = "{end}"
_numbers = count(1)
VALUE = b"{value}"


class Place:
    """A header with a value that changes: where it stands among those of the request, and where its value does."""

    __slots__ = ("at", "is_of_session", "name")

    def __init__(self, name: Any, is_of_session: bool) -> None:
        self.name = name
        self.is_of_session = is_of_session
        self.at = 0


class Prepared:
    """One request without its body: everything that is the same each time it is sent."""

    __slots__ = ("method", "name", "phases", "places", "redirects_max", "spec", "template", "url", "values")

    def __init__(self, spec: http.RequestSpec, phases: tuple[float | None, float | None] | None,
                 method: str, places: list[Place]) -> None:
        # With the values of the first time.
        self.spec = spec
        self.places = places
        # Of the row, where that is not the one that is sent.
        self.method = method
        self.url = spec.url
        self.name = spec.name
        self.phases = phases
        self.redirects_max = spec.redirects
        self.template: http.RequestTemplate | None = None
        self.values = NOTHING if urls.has_path(spec.url) else NO_VALUES

    def values_of(self, given: Any, of_session: Any) -> list[str]:
        """What its template is sent with: headers of the request and of the session have some of it."""
        if not self.places:
            return self.values
        return self.values + [(of_session if place.is_of_session else given)[place.name] for place in self.places]

    def fields(self, values: list[str]) -> list[tuple[str, bytes]]:
        """The headers as they were sent."""
        fields = list(self.spec.headers)
        for place, value in zip(self.places, values[len(self.values):], strict=True):
            fields[place.at] = (fields[place.at][0], value.encode("ascii"))
        return fields

    def send_once(self, values: list[str], body: bytes | None) -> http.Reply:
        """Sends it for the first time, and without making a template, where that can be said."""
        if self.phases is None:
            return http.send(self.spec, body)
        return self.send(values, body)

    def send(self, values: list[str], body: bytes | None) -> http.Reply:
        """Sends it by its template."""
        return (self.template or self.make_template()).send(values, body)

    def open(self, values: list[str], body: bytes | None) -> http.Reply:
        """Sends it and comes back with the head of the response."""
        return (self.template or self.make_template()).open(values, body)

    def make_template(self) -> http.RequestTemplate:
        """Makes the template. What the host says to a malformed request becomes an `InvalidURL`."""
        spec = self.spec
        escaped = spec.url.replace("{", "{{").replace("}", "}}") + END * len(self.values)
        headers = [(name, value.replace(b"{", b"{{").replace(b"}", b"}}")) for name, value in spec.headers]
        for place in self.places:
            headers[place.at] = (headers[place.at][0], VALUE)
        prepared = http.RequestSpec(spec.method, escaped, spec.name, headers, spec.recording, spec.redirects,
                                    spec.timeout, spec.keep_body)
        try:
            template = http.RequestTemplate.create(prepared)
        except Err as error:
            raise_refusal(error.value, spec.url)
            raise
        if self.phases is not None:
            connect, read = (None if time is None else max(int(time * 1e9), 1) for time in self.phases)
            template.set_timeouts(http.Timeouts(connect, read, read))
        self.template = template
        return template


class Cache:
    """What was prepared lately, by everything that it depends on."""

    __slots__ = ("older", "recent", "seen", "seen_before", "settings")

    def __init__(self) -> None:
        self.settings: dict[Any, int] = {}
        self.recent: dict[Any, Prepared] = {}
        self.older: dict[Any, Prepared] = {}
        self.seen: set[int] = set()
        self.seen_before: set[int] = set()

    def find_older(self, key: Any) -> Prepared | None:
        """What is not in `recent`, and will be from now on."""
        prepared = self.older.pop(key, None)
        if prepared is not None:
            self._keep(key, prepared)
        return prepared

    def add(self, key: Any, prepared: Prepared) -> bool:
        """Keeps what comes for the second time, and the hash of what comes for the first; says whether it was kept."""
        mark = hash(key)
        if mark in self.seen or mark in self.seen_before:
            self._keep(key, prepared)
            return True
        if len(self.seen) >= GENERATION_MAX:
            self.seen_before, self.seen = self.seen, set()
        self.seen.add(mark)
        return False

    def number_of(self, settings: Any) -> int:
        """A number for the settings of a session: equal ones have the same."""
        try:
            number = self.settings.get(settings)
        except TypeError:
            # A value that cannot be sent: whoever makes the request says so.
            return next(_numbers)
        if number is None:
            if len(self.settings) >= GENERATION_MAX:
                self.settings.clear()
            number = self.settings[settings] = next(_numbers)
        return number

    def _keep(self, key: Any, prepared: Prepared) -> None:
        """The generation before the last is forgotten."""
        if len(self.recent) >= GENERATION_MAX:
            self.older = self.recent.copy()
            self.recent.clear()
        self.recent[key] = prepared

    def clear(self) -> None:
        """Forgets everything."""
        for kept in (self.recent, self.older, self.seen, self.seen_before, self.settings):
            kept.clear()


CACHE = Cache()


def release() -> None:
    """Forgets everything that was prepared: the instance goes to another user."""
    CACHE.clear()
