"""A user as bytes: a pickle, and beside it the tables that it has read, which the host keeps once for all users.

Upstream: `wload_app`, and `state.py` for the globals of modules. Downstream: the contract's `keeping`, `rows.py`.
A long list of plain rows that only attributes of the user and of its task sets hold, or small dictionaries in them,
becomes `Rows` when the user is saved. From then on its pages are the host's, and what is saved is which rows are left
and which were changed. Invariant: the numbers in `_kept` are those of the user that is here.
"""

import copyreg
import functools
import io
import pickle
import sys
from collections.abc import Iterable
from typing import Any

from componentize_py_types import Err
from wit_world.imports import keeping
from wload import packing
from wload.rows import Rows

# Larger dictionaries are data, and no places for tables.
PLACES_MAX = 64

# Tables in globals of modules, in the order in which the build found them.
MODULE_TABLES: list[Rows] = []
_kept: set[int] = set()
_host = {"is_full": False}


def dumps(user: Any, sets: list[Any]) -> bytes:
    """The state of a user."""
    _replace(_user_places(user, sets), _kept_rows)
    if not _kept and not MODULE_TABLES:
        return pickle.dumps((user, sets), pickle.HIGHEST_PROTOCOL)
    used: set[int] = set()
    out = io.BytesIO()
    pickler = pickle.Pickler(out, pickle.HIGHEST_PROTOCOL)
    pickler.dispatch_table = copyreg.dispatch_table | {Rows: functools.partial(_reduced, used)}
    pickler.dump((user, sets))
    for number in _kept - used:
        keeping.forget(number)
    _kept.intersection_update(used)
    return out.getvalue()


def loads(saved: bytes) -> Any:
    """The user, and its sets."""
    return pickle.loads(saved)


def release() -> None:
    """Another user comes."""
    _kept.clear()
    _host["is_full"] = False
    for table in MODULE_TABLES:
        table.put_back()


def share_globals(spaces: Iterable[Any]) -> None:
    """Long tables of modules and classes become `Rows` with pages of their own, which cost nothing to put back."""
    places = [(space, name) for space in spaces for name in vars(space)]
    MODULE_TABLES.extend(_replace(places, _own_rows))


def packed(value: Any) -> tuple[list[bytes], int] | None:
    """A long table as what `Rows` takes; None for everything else."""
    if type(value) not in (list, Rows) or len(value) < packing.LEAST_ROWS:
        return None
    pages = packing.pack(list(value))
    return None if pages is None else (pages, len(value))


def _user_places(user: Any, sets: list[Any]) -> list[tuple[Any, str]]:
    spaces = [vars(each) for each in (user, *sets)]
    inner = {id(value): value for space in spaces for value in space.values()
             if type(value) is dict and len(value) <= PLACES_MAX}
    return [(space, name) for space in (*spaces, *inner.values()) for name in space]


def _get(space: Any, name: Any) -> Any:
    return space[name] if type(space) is dict else vars(space)[name]


def _set(space: Any, name: Any, value: Any) -> None:
    if type(space) is dict:
        space[name] = value
    else:
        setattr(space, name, value)


def _count(space: Any, name: Any) -> int:
    """References to a value; comparable only with what this function says of others."""
    return sys.getrefcount(_get(space, name))


# References to what is at no place at all.
_NOWHERE = _count({"probe": []}, "probe") - 1


def _replace(places: list[tuple[Any, Any]], make: Any) -> list[Rows]:
    """Makes `Rows` of long lists that these places hold, and nothing else does."""
    found: dict[int, list[tuple[Any, Any]]] = {}
    for space, name in places:
        value = _get(space, name)
        if type(value) is list and len(value) >= packing.LEAST_ROWS:
            found.setdefault(id(value), []).append((space, name))
    value = None
    made = []
    for same in found.values():
        rows = make(_get(*same[0])) if _count(*same[0]) == _NOWHERE + len(same) else None
        if rows is not None:
            made.append(rows)
            for space, name in same:
                _set(space, name, rows)
    return made


def _own_rows(rows: list[Any]) -> Rows | None:
    """For a global. The last row may be what a loop's variable still holds: it is a row of its own from now on."""
    pages = packing.pack(rows) if packing.held_rows(rows).keys() <= {len(rows) - 1} else None
    return None if pages is None else Rows(pages, len(rows))


def _kept_rows(rows: list[Any]) -> Rows | None:
    """For a user."""
    if _host["is_full"] or (pages := packing.pack(rows)) is None or (numbers := _keep(pages)) is None:
        return None
    made = Rows(numbers, len(rows), keeping.read)
    made.resume(made.runs(), packing.held_rows(rows))
    return made


def _keep(pages: list[bytes]) -> Any:
    """The numbers of pages that the host has taken; None when it has no room for all."""
    numbers: list[int] = []
    try:
        for page in pages:
            numbers.append(keeping.keep(page))
    except Err:
        _host["is_full"] = True
        for number in numbers:
            keeping.forget(number)
        return None
    _kept.update(numbers)
    in_a_row = range(numbers[0], numbers[0] + len(numbers))
    return in_a_row if numbers == list(in_a_row) else numbers


def _reduced(used: set[int], rows: Rows) -> Any:
    """How `Rows` are pickled in the state of a user."""
    if not rows.is_packed and not rows.is_as_in_pages:
        shared = _kept_rows(rows) if len(rows) >= packing.LEAST_ROWS else None
        return _as_list(rows) if shared is None else _reduced_pages(used, shared, shared.pages, shared.own_rows())
    own = rows.own_rows() if rows.is_packed else packing.held_rows(rows)
    which = next((at for at, table in enumerate(MODULE_TABLES) if table is rows), None)
    if which is not None and not own and rows.is_whole:
        return _module_table, (which,)
    numbers = rows.pages if rows.pages and isinstance(rows.pages[0], int) else _keep(rows.pages)
    return _as_list(rows) if numbers is None else _reduced_pages(used, rows, numbers, own)


def _as_list(rows: Rows) -> Any:
    return list, (), None, iter(list(rows))


def _reduced_pages(used: set[int], rows: Rows, numbers: Any, own: dict[int, Any]) -> Any:
    used.update(numbers)
    state = () if rows.is_whole and not own else ((rows.runs(), own),)
    return _restored, (numbers, rows.full_count), *state


def _restored(numbers: Any, count: int) -> Rows:
    _kept.update(numbers)
    return Rows(numbers, count, keeping.read)


def _module_table(which: int) -> Rows:
    return MODULE_TABLES[which]
