"""`LoadTestShape`. Upstream: authors. Downstream: `wload_app.Shape` calls `tick`."""

from typing import Any

from wit_world.imports import clock


class LoadTestShape:
    """Decides once a second how many users there are."""

    abstract = True
    use_common_options = False
    runner: Any = None

    def __init_subclass__(cls, **more: Any) -> None:
        super().__init_subclass__(**more)
        cls.abstract = bool(cls.__dict__.get("abstract"))

    def __init__(self) -> None:
        self._started = 0.0

    def reset_time(self) -> None:
        """`get_run_time` counts from now."""
        self._started = clock.elapsed() / 1e9

    def get_run_time(self) -> float:
        """Seconds since the run started."""
        return clock.elapsed() / 1e9 - self.__dict__.get("_started", 0.0)

    def get_current_user_count(self) -> int:
        """Users that are running."""
        return self.runner.user_count

    def tick(self) -> Any:
        """`(users, spawn_rate)`, `(users, spawn_rate, [classes])`, or None to end the run."""
        raise NotImplementedError(f"{type(self).__name__} has no tick()")
