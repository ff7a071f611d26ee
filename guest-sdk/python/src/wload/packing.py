"""Tables of plain rows as pages of bytes, and back, row by row.

Upstream: `rows.py`. Invariants: what is packed comes back equal in type, value and order; equal rows give equal pages,
so that whoever has pages of others finds his own among them.
"""

import marshal
import operator
import struct
import sys
from collections.abc import Collection, Iterable
from itertools import accumulate, chain
from typing import Any

# Rows of a page: one that has changed costs its page, one that is read costs finding it.
PAGE_ROWS = 64
# Shorter lists cost less in the state than as pages.
LEAST_ROWS = 256
# Deeper rows are no table.
DEPTH_MAX = 16

SCALARS = frozenset((str, int, float, bool, bytes, type(None)))
MUTABLE = frozenset((dict, list))
CONTAINERS = MUTABLE | {tuple}
KINDS = SCALARS | CONTAINERS
# Kinds of rows whose parts can be looked at all at once.
FLAT = ({dict}, {list}, {tuple})
# The last format of marshal that depends on nothing but the value.
FORMAT = 2
INDEX_BYTES = 4
# What marshal writes before the number of a list's items and the items.
LIST = b"["


def pack(rows: list[Any]) -> list[bytes] | None:
    """The pages of these rows; None when they are more than plain data, or one object is at two places."""
    if not _are_plain(rows):
        return None
    try:
        return [_page(rows[start:start + PAGE_ROWS]) for start in range(0, len(rows), PAGE_ROWS)]
    except ValueError:
        return None


def pack_row(row: Any) -> bytes | None:
    """A row, as it stands in a page; None when it is more than plain data."""
    if not _are_plain([row]):
        return None
    try:
        return marshal.dumps(row, FORMAT)
    except ValueError:
        return None


def packed_row(page: bytes, place: int) -> bytes:
    """The bytes of one row of a page."""
    at = INDEX_BYTES * place
    return page[_number(page, at):_number(page, at + INDEX_BYTES)]


def load_row(packed: bytes) -> Any:
    """A new row."""
    return marshal.loads(packed)


def load_page(page: bytes) -> list[Any]:
    """New rows, all of a page."""
    first = _number(page, 0)
    return marshal.loads(LIST + (first // INDEX_BYTES - 1).to_bytes(INDEX_BYTES, "little") + page[first:])


def reference_counts(values: Iterable[Any]) -> list[int]:
    """How often each is referred to; comparable only with what this function says of others."""
    return list(map(sys.getrefcount, values))


# Of what is in one container and nowhere else.
ALONE = reference_counts([{}])[0]


def snapshot(rows: list[Any]) -> tuple[Any, ...] | None:
    """What makes rows of scalars what they are, for `is_same`; None for other rows."""
    kinds = set(map(type, rows))
    if not (kinds in FLAT or kinds <= SCALARS):
        return None
    values = list(_values(rows, kinds))
    return (kinds, *_form(rows, kinds), values) if SCALARS.issuperset(map(type, values)) else None


def is_same(then: tuple[Any, ...], rows: list[Any]) -> bool:
    """Whether rows have the very same values in the same places as those of a snapshot."""
    kinds = set(map(type, rows))
    if (kinds, *_form(rows, kinds)) != then[:-1]:
        return False
    return all(map(operator.is_, then[-1], _values(rows, kinds)))


def _form(rows: list[Any], kinds: set[type]) -> tuple[list[int], list[Any]]:
    """How long rows are, and the keys of all."""
    lengths = list(map(len, rows)) if kinds in FLAT else [len(rows)]
    return lengths, list(chain.from_iterable(rows)) if kinds == {dict} else []


def _values(rows: list[Any], kinds: set[type]) -> Iterable[Any]:
    """The values of flat rows, one after the other."""
    if kinds == {dict}:
        return chain.from_iterable(map(dict.values, rows))
    return chain.from_iterable(rows) if kinds in FLAT else rows


def held_rows(rows: list[Any]) -> dict[int, Any]:
    """Rows that are, or have parts that are, referred to from elsewhere as well, by their places."""
    kinds = set(map(type, rows))
    held = {}
    counts = reference_counts(rows) if kinds & MUTABLE else []
    if max(counts, default=0) > ALONE:
        held = {place: row for place, (row, count) in enumerate(zip(rows, counts))
                if count > ALONE and type(row) in MUTABLE}
    if kinds <= SCALARS or (kinds in FLAT and SCALARS.issuperset(map(type, _values(rows, kinds)))):
        return held
    return held | {place: row for place, row in enumerate(rows) if has_held_parts(row)}


def has_held_parts(row: Any) -> bool:
    """Whether something inside, which can change, is referred to from outside as well."""
    if type(row) not in CONTAINERS:
        return False
    values: Collection[Any] = row.values() if type(row) is dict else row
    if SCALARS.issuperset(map(type, values)):
        return False
    return any((type(value) in MUTABLE and count > ALONE) or has_held_parts(value)
               for value, count in zip(values, reference_counts(values)))


def _number(page: bytes, at: int) -> int:
    return int.from_bytes(page[at:at + INDEX_BYTES], "little")


def _page(rows: list[Any]) -> bytes:
    """Where each row begins and the last one ends, then the rows."""
    packed = [marshal.dumps(row, FORMAT) for row in rows]
    ends = accumulate(map(len, packed), initial=INDEX_BYTES * (len(rows) + 1))
    return struct.pack(f"<{len(rows) + 1}I", *ends) + b"".join(packed)


def _are_plain(rows: list[Any]) -> bool:
    """Level by level: nothing but exact scalars and containers, each container that can change at one place only."""
    level: list[Any] = [rows]
    found: list[int] = []
    for _ in range(DEPTH_MAX):
        dicts = [value for value in level if type(value) is dict]
        if not SCALARS.issuperset(map(type, chain.from_iterable(set(map(tuple, dicts))))):
            return False
        kinds = set(map(type, _parts(level, dicts)))
        if not kinds <= KINDS:
            return False
        if kinds <= SCALARS:
            return len(found) == len(set(found))
        level = [value for value in _parts(level, dicts) if type(value) in CONTAINERS]
        found += [id(value) for value in level if type(value) in MUTABLE]
    return False


def _parts(level: list[Any], dicts: list[Any]) -> Iterable[Any]:
    """What is in these containers."""
    others = [value for value in level if type(value) is not dict] if len(dicts) < len(level) else ()
    return chain(chain.from_iterable(map(dict.values, dicts)), chain.from_iterable(others))
