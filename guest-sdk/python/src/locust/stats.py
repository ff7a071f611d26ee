"""`environment.stats`: the host's statistics under Locust's names.

Downstream: the contract's `run`, which only hooks and the shape may ask.
"""

from typing import Any

from wit_world.imports import run


def _ms(value: int | None) -> float | None:
    return None if value is None else value / 1e6


class StatsEntry:
    """One row."""

    def __init__(self, row: Any, is_total: bool = False) -> None:
        self.name, self.method = row.name, row.request_type
        self._key = (None, None) if is_total else (row.request_type, row.name)
        self.num_requests, self.num_failures = row.requests, row.failures
        self.num_none_requests = row.untimed
        self.avg_response_time = _ms(row.mean) or 0
        self.min_response_time = _ms(row.min)
        self.max_response_time = _ms(row.max) or 0
        self.median_response_time = _ms(row.median) or 0
        self.total_rps, self.total_fail_per_sec = row.requests_per_second, row.failures_per_second
        self.current_rps, self.current_fail_per_sec = (
            row.current_requests_per_second, row.current_failures_per_second)
        self.avg_content_length = row.mean_length

    @property
    def fail_ratio(self) -> float:
        """Failures over requests."""
        return self.num_failures / self.num_requests if self.num_requests else 0.0

    def get_response_time_percentile(self, percent: float) -> float:
        """Milliseconds; `percent` is from 0 to 1."""
        return _ms(run.percentile(*self._key, percent)) or 0

    def get_current_response_time_percentile(self, percent: float) -> float | None:
        """The same over about the last ten seconds."""
        return _ms(run.current_percentile(*self._key, percent))


class RequestStats:
    """All rows."""

    @property
    def total(self) -> StatsEntry:
        """All requests together."""
        return StatsEntry(run.total(), is_total=True)

    @property
    def entries(self) -> dict[tuple[str, str], StatsEntry]:
        """Rows by name and method."""
        return {(row.name, row.request_type): StatsEntry(row) for row in run.entries()}

    @property
    def errors(self) -> dict[tuple[str, str, str], Any]:
        """Failures by method, name and text."""
        return {(row.request_type, row.name, row.message): row for row in run.errors()}

    @property
    def num_requests(self) -> int:
        """Of all rows."""
        return self.total.num_requests

    @property
    def num_failures(self) -> int:
        """Of all rows."""
        return self.total.num_failures

    def get(self, name: str, method: str) -> StatsEntry:
        """One row; one without requests when there is no such row."""
        found = self.entries.get((name, method))
        if found is None:
            found = StatsEntry(run.Entry(method, name, 0, 0, 0, None, None, None, None, 0.0, 0.0, 0.0, 0.0, 0.0, 0,
                                         None))
        return found
