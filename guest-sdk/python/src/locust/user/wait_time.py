"""Wait functions. Each carries `wload_wait`, what it is to the host, which then waits without asking the guest."""

import random
from collections.abc import Callable
from time import perf_counter
from typing import Any


def between(min_wait: float, max_wait: float) -> Callable[[Any], float]:
    """A random time between the two."""
    def wait_time(instance: Any) -> float:
        return min_wait + random.random() * (max_wait - min_wait)
    wait_time.wload_wait = ("between", min_wait, max_wait)
    return wait_time


def constant(wait_time: float) -> Callable[[Any], float]:
    """Always the same time."""
    def constant_time(instance: Any) -> float:
        return wait_time
    constant_time.wload_wait = ("constant", wait_time)
    return constant_time


def constant_pacing(wait_time: float) -> Callable[[Any], float]:
    """As long as is needed that tasks start this far apart."""
    def pacing(self: Any) -> float:
        run_time = perf_counter() - self._cp_last_run - self._cp_last_wait_time
        self._cp_last_wait_time = max(0, wait_time - run_time)
        self._cp_last_run = perf_counter()
        return self._cp_last_wait_time
    pacing.wload_wait = ("pacing", wait_time)
    return pacing


def constant_throughput(task_runs_per_second: float) -> Callable[[Any], float]:
    """The inverse of `constant_pacing`."""
    return constant_pacing(1 / task_runs_per_second)


def poisson(rate: float) -> Callable[[Any], float]:
    """Exponentially distributed times, so many tasks a second on average."""
    return lambda instance: random.expovariate(rate)
