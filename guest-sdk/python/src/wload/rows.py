"""`Rows`: a list of plain rows that lie packed until they are touched.

Upstream: `saving.py` for what users hold, `state.py` for the globals of modules. Downstream: `packing.py`.
A row that was asked for is a row of this list alone, and stays what it is until the list is packed again. Whatever is
more than looking at single rows, or taking rows away, unpacks the list, and from then on it is a list like any other.
Invariants: pages never change; the list below is empty as long as `_runs` is not None.
"""

import copy
import functools
import heapq
import operator
from collections.abc import Callable
from typing import Any

from wload import packing

# Reads a page by what stands for it.
Reader = Callable[[Any], bytes]


class Rows(list):
    """A list; see the module."""

    __slots__ = ("pages", "_read", "full_count", "_runs", "_touched", "_snapshot")

    def __init__(self, pages: list[Any], count: int, read: Reader = bytes) -> None:
        super().__init__()
        self.pages = pages
        self._read = read
        self.full_count = count
        self.put_back()

    def put_back(self) -> None:
        """As it was made: forgets what was done with it."""
        super().clear()
        self._runs: list[range] | None = [range(self.full_count)]
        self._touched: dict[int, Any] = {}
        self._snapshot: Any = None

    @property
    def is_packed(self) -> bool:
        """Whether rows may still lie in the pages."""
        return self._runs is not None

    @property
    def is_whole(self) -> bool:
        """No row was taken away while it was packed."""
        return self._runs is None or self._runs == [range(self.full_count)]

    @property
    def is_untouched(self) -> bool:
        """Nobody has asked for a row since it was made."""
        return self._runs is not None and not self._touched and self.is_whole

    @property
    def is_as_in_pages(self) -> bool:
        """It was unpacked, but is known to have the rows of its pages still."""
        return self._snapshot is not None and packing.is_same(self._snapshot, self)

    def runs(self) -> list[tuple[int, int]]:
        """The numbers of the rows that are left; of an unpacked list those of all that it had."""
        left = [range(self.full_count)] if self._runs is None else self._runs
        return [(run.start, run.stop) for run in left]

    def own_rows(self) -> dict[int, Any]:
        """Rows that are not as in the pages, or that somebody else holds; the others are let go."""
        counts = dict(zip(self._touched, packing.reference_counts(self._touched.values())))
        self._touched = {number: row for number, row in self._touched.items() if
                         counts[number] > packing.ALONE or packing.has_held_parts(row) or
                         packing.pack_row(row) != self._packed(number)}
        return self._touched

    def resume(self, runs: list[tuple[int, int]], own: dict[int, Any]) -> None:
        """Goes on where `runs` and `own_rows` left off."""
        self._runs = [range(*run) for run in runs]
        self._touched = own

    def unpack(self) -> None:
        """From now on it is a plain list, with the same rows."""
        if self._runs is None:
            return
        touched = self._touched
        rows: list[Any] = []
        for page in self.pages:
            rows += packing.load_page(self._read(page))
        for number, row in touched.items():
            rows[number] = row
        is_whole = self.is_untouched
        runs, self._runs, self._touched = self._runs, None, {}
        for run in runs:
            super().extend(rows[run.start:run.stop])
        self._snapshot = packing.snapshot(rows) if is_whole else None

    def _packed(self, number: int) -> bytes:
        page, place = divmod(number, packing.PAGE_ROWS)
        return packing.packed_row(self._read(self.pages[page]), place)

    def _row(self, number: int) -> Any:
        if number not in self._touched:
            self._touched[number] = packing.load_row(self._packed(number))
        return self._touched[number]

    def _index(self, index: int, complaint: str) -> tuple[int, int]:
        """Which run a row is in, and where there."""
        at = index + len(self) if index < 0 else index
        for which, run in enumerate(self._runs if at >= 0 else ()):
            if at < len(run):
                return which, at
            at -= len(run)
        raise IndexError(complaint)

    def __len__(self) -> int:
        return super().__len__() if self._runs is None else sum(map(len, self._runs))

    def __getitem__(self, index: Any) -> Any:
        runs = self._runs
        if runs is None:
            return super().__getitem__(index)
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(len(self)))]
        if not hasattr(index, "__index__"):
            raise TypeError(f"list indices must be integers or slices, not {type(index).__name__}")
        which, at = self._index(operator.index(index), "list index out of range")
        return self._row(runs[which][at])

    def pop(self, index: Any = -1) -> Any:
        """Takes a row away."""
        if self._runs is None:
            return super().pop(index)
        if not len(self):
            raise IndexError("pop from empty list")
        which, at = self._index(operator.index(index), "pop index out of range")
        run = self._runs[which]
        row = self._row(run[at])
        del self._touched[run[at]]
        self._runs[which:which + 1] = [part for part in (run[:at], run[at + 1:]) if part]
        return row

    def __delitem__(self, index: Any) -> None:
        if self._runs is None or isinstance(index, slice):
            self.unpack()
            super().__delitem__(index)
        else:
            self._index(operator.index(index), "list assignment index out of range")
            self.pop(index)

    def __setstate__(self, state: Any) -> None:
        self.resume(*state)

    def __add__(self, other: Any) -> Any:
        return list(self) + other

    def __radd__(self, other: Any) -> Any:
        return other + list(self)

    def __copy__(self) -> Any:
        return list(self)

    def __deepcopy__(self, memo: Any) -> Any:
        return copy.deepcopy(list(self), memo)

    def __reduce_ex__(self, protocol: Any) -> Any:
        return list, (list(self),)


def _unpacked(name: str) -> Any:
    """A list's method that needs all of it."""
    method = getattr(list, name)

    @functools.wraps(method)
    def call(self: Rows, *given: Any, **named: Any) -> Any:
        self.unpack()
        return method(self, *given, **named)
    return call


for _name in ("__iter__", "__reversed__", "__contains__", "__setitem__", "__iadd__", "__imul__", "__mul__", "__rmul__",
              "__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__", "__repr__", "append", "clear", "copy",
              "count", "extend", "index", "insert", "remove", "reverse", "sort"):
    setattr(Rows, _name, _unpacked(_name))


def takes_packed(module: Any, *names: str) -> None:
    """Functions in C that look into their first argument without asking it: they get an unpacked list."""
    for name in names:
        function = getattr(module, name)

        def call(first: Any, *given: Any, function: Any = function, **named: Any) -> Any:
            if isinstance(first, Rows):
                first.unpack()
            return function(first, *given, **named)
        setattr(module, name, functools.update_wrapper(call, function))


takes_packed(heapq, *(name for name in vars(heapq) if name.startswith(("heapify", "heappush", "heappop", "heapreplace"))))
