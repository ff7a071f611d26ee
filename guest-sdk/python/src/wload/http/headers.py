"""Header fields of a session and of a response.

Upstream: `session.py`, `response.py` and authors, who use them as dictionaries. Invariants: names compare without
case and keep the case they were set with; a session notices every change by `version`.
"""

from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from typing import Any

from wload.http.exceptions import InvalidHeader


class CaseInsensitiveDict(MutableMapping):
    """A dictionary of header fields whose names compare without case."""

    __slots__ = ("_fields", "version")

    def __init__(self, data: Any = None, **more: Any) -> None:
        self._fields: dict[str, tuple[str, Any]] = {}
        self.version = 0
        self.update(data or {}, **more)

    def __setitem__(self, name: str, value: Any) -> None:
        self._fields[name.lower()] = (name, value)
        self.version += 1

    def __getitem__(self, name: str) -> Any:
        return self._fields[name.lower()][1]

    def __delitem__(self, name: str) -> None:
        del self._fields[name.lower()]
        self.version += 1

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._fields

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self._fields.values())

    def __len__(self) -> int:
        return len(self._fields)

    def lower_items(self) -> Iterator[tuple[str, Any]]:
        """The fields with their names in lower case."""
        return ((name, value) for name, (_, value) in self._fields.items())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Mapping):
            return NotImplemented
        return dict(self.lower_items()) == dict(CaseInsensitiveDict(other).lower_items())

    def copy(self) -> "CaseInsensitiveDict":
        """Another dictionary with the same fields."""
        return CaseInsensitiveDict(self)

    def __repr__(self) -> str:
        return repr(dict(self.items()))

    def __getstate__(self) -> dict[str, tuple[str, Any]]:
        return self._fields

    def __setstate__(self, fields: dict[str, tuple[str, Any]]) -> None:
        self._fields = fields
        self.version = 0


def of_response(fields: Iterable[tuple[str, bytes]]) -> CaseInsensitiveDict:
    """What a server sent. Fields that came more than once are joined, as in requests."""
    headers = CaseInsensitiveDict()
    for name, value in fields:
        text = value.decode("latin-1")
        headers[name] = f"{headers[name]}, {text}" if name in headers else text
    return headers


def to_field(name: Any, value: Any) -> tuple[str, bytes]:
    """One field as the contract wants it."""
    if isinstance(name, bytes):
        name = name.decode("latin-1")
    if isinstance(value, str):
        try:
            return name, value.encode("latin-1")
        except UnicodeEncodeError:
            return name, value.encode("utf-8")
    if isinstance(value, bytes):
        return name, value
    raise InvalidHeader(f"header {name!r} is {value!r}, a {type(value).__name__}; it must be str or bytes")
