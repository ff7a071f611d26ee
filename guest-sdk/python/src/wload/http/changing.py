"""Headers whose values change from request to request, a token for instance: values of a template, and no part of it.

Upstream: `session.py`, which marks them in what it looks requests up by. Downstream: `templates.py`, which has a place
for each. A header counts as one that changes when it has been seen with more than `SEEN_MAX` values in requests that
were not prepared yet. Invariants: of values only hashes are kept; names are bounded by `NAMES_MAX`.
"""

from collections.abc import Iterable
from typing import Any

# So many values of a header each have templates of their own.
SEEN_MAX = 3
NAMES_MAX = 100


class _Changes:
    """Stands for a value that changes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "CHANGES"


CHANGES = _Changes()

Marked = tuple[tuple[Any, Any], ...]


class ChangingHeaders:
    """What is known of the headers of this instance."""

    __slots__ = ("names", "seen")

    def __init__(self) -> None:
        self.names: set[Any] = set()
        self.seen: dict[Any, set[int]] = {}

    def mark(self, fields: Iterable[tuple[Any, Any]]) -> Marked:
        """The fields, with `CHANGES` for values that do."""
        names = self.names
        if not names:
            return tuple(fields)
        return tuple([(name, CHANGES if name in names and is_plain(value) else value) for name, value in fields])

    def note(self, fields: Iterable[tuple[Any, Any]]) -> None:
        """A request with these fields was not found."""
        for name, value in fields:
            if name in self.names or not is_plain(value):
                continue
            seen = self.seen.get(name)
            if seen is None:
                if len(self.seen) + len(self.names) >= NAMES_MAX:
                    continue
                seen = self.seen[name] = set()
            seen.add(hash(value))
            if len(seen) > SEEN_MAX:
                del self.seen[name]
                self.names.add(name)

    def clear(self) -> None:
        """Forgets what is known."""
        self.names.clear()
        self.seen.clear()


def is_plain(value: Any) -> bool:
    """Whether it is sent as it would be without a template: other texts are sent as Latin-1 where they can be."""
    return type(value) is str and value.isascii()


CHANGING = ChangingHeaders()
