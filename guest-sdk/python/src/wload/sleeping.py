"""`time.sleep` asks the host, which suspends this user and no other.

Upstream: `wload_app`, which imports this before all that keeps a `sleep` of its own. Downstream: the contract's `clock`.
Invariant: at build time, before `go_live`, nothing is asked of the host.
"""

import time

from gevent import GreenletExit
from wit_world.imports import clock

_sleep_at_build = time.sleep
_is_live = False


def go_live() -> None:
    """From now on there is a run."""
    global _is_live
    _is_live = True


def end() -> None:
    """There was none: it was a rehearsal."""
    global _is_live
    _is_live = False


def is_live() -> bool:
    """Whether there is a run, and the host may be asked."""
    return _is_live


def sleep(seconds: float) -> None:
    """Suspends the user; ends it when the user is stopped meanwhile."""
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    if not _is_live:
        _sleep_at_build(seconds)
    elif seconds > 0 and not clock.sleep(int(seconds * 1e9)):
        raise GreenletExit


time.sleep = sleep
