"""Wait functions. Each carries `wload_wait`, what it is to the host, which then waits without asking the guest."""

import random
import time
from collections.abc import Callable
from typing import Any


def between(min_wait: float, max_wait: float) -> Callable[[Any], float]:
    """A random time between the two."""
    def wait_time(_: Any) -> float:
        return random.uniform(min_wait, max_wait)
    wait_time.wload_wait = ("between", min_wait, max_wait)
    return wait_time


def constant(wait_time: float) -> Callable[[Any], float]:
    """Always the same time."""
    def constant_time(_: Any) -> float:
        return wait_time
    constant_time.wload_wait = ("constant", wait_time)
    return constant_time


def constant_pacing(wait_time: float) -> Callable[[Any], float]:
    """As long as is needed that tasks start this far apart."""
    def pacing(waiting: Any) -> float:
        now = time.perf_counter()
        # At most the whole time: a user that was saved may come back where the clock began elsewhere.
        starts = min(max(waiting._began + wait_time, now), now + wait_time)
        waiting._began = starts
        return starts - now
    pacing.wload_wait = ("pacing", wait_time)
    return pacing


def constant_throughput(task_runs_per_second: float) -> Callable[[Any], float]:
    """The inverse of `constant_pacing`."""
    return constant_pacing(1 / _positive(task_runs_per_second, "constant_throughput"))


def poisson(rate: float) -> Callable[[Any], float]:
    """Exponentially distributed times, so many tasks a second on average."""
    _positive(rate, "poisson")
    return lambda _: random.expovariate(rate)


def _positive(rate: float, name: str) -> float:
    if rate > 0:
        return rate
    raise ValueError(f"{name}() requires a positive rate, got: {rate}")
