"""What wload offers beyond Locust: data tables and metrics. `from wload import table, counter, gauge, trend`.

Downstream: the contract's `data` and `events`. Invariant: handles are made at first use and given back by `release`.
"""

from typing import Any

TABLES: dict[str, tuple[str, bool]] = {}
_handles: dict[Any, Any] = {}


class Table:
    """A CSV file that the host loads once for all users. Pickles as its name."""

    def __init__(self, name: str) -> None:
        self.name = name

    def _handle(self) -> Any:
        from wit_world.imports import data
        if self.name not in _handles:
            _handles[self.name] = data.Table.open(self.name)
        return _handles[self.name]

    def next(self, order: str = "sequential") -> dict[str, str]:
        """The next row: `sequential`, `random` or `unique`."""
        from wit_world.imports import data
        handle = self._handle()
        return dict(zip(handle.columns(), handle.next(data.Order[order.upper()])))

    def __len__(self) -> int:
        return self._handle().size()

    def __getitem__(self, index: int) -> dict[str, str]:
        handle = self._handle()
        row = handle.row(index)
        if row is None:
            raise IndexError(f"table {self.name!r} has {handle.size()} rows; row {index} was asked for")
        return dict(zip(handle.columns(), row))


class Metric:
    """A metric of the run. Pickles as its name and kind."""

    def __init__(self, name: str, kind: str) -> None:
        self.name, self.kind = name, kind

    def add(self, value: float = 1.0) -> None:
        """Adds a value."""
        from wit_world.imports import events
        key = (self.name, self.kind)
        if key not in _handles:
            _handles[key] = events.Metric(self.name, events.MetricKind[self.kind])
        _handles[key].add(float(value))


def table(path: str, name: str | None = None, has_header: bool = True) -> Table:
    """Declares a table; call it at the top of the locustfile."""
    name = name or path
    TABLES[name] = (path, has_header)
    return Table(name)


def counter(name: str) -> Metric:
    """Values are summed."""
    return Metric(name, "COUNTER")


def gauge(name: str) -> Metric:
    """The last value, with the smallest and the largest."""
    return Metric(name, "GAUGE")


def trend(name: str) -> Metric:
    """Values become a distribution."""
    return Metric(name, "TREND")


def release() -> None:
    """Gives all handles back."""
    _handles.clear()
