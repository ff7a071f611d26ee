"""The author's own wait functions, and what an exception in one of them does.

Upstream: `wload_app.get_wait_time`. Downstream: `events.exception`, because the contract's call returns a time and
nothing else. As in Locust: the exception is a row, and the set waits once more; when that raises, too, the user falls
out of the set, which is an exception of the set around it, after which that one waits; out of the last one it ends.
"""

import logging
from typing import Any

from locust import events
from locust.exception import StopTest, StopUser
from wit_world.imports import events as host_events
from wload import tracebacks

STOPPING = (StopUser, StopTest)


def pause(sets: list[Any]) -> int:
    """Nanoseconds that the user waits in the innermost set from which it does not fall; raises what ends it."""
    try:
        return _asked(sets[-1])
    except STOPPING:
        raise
    except Exception as error:
        _tell(error, sets[-1])
    for around, fallen in zip([*sets[-2::-1], None], reversed(sets)):
        try:
            return _asked(fallen)
        except STOPPING:
            raise
        except Exception as error:
            fallen._is_broken = True
            if around is None:
                logging.error("%s ends\n%s", type(fallen.user).__name__, tracebacks.full_text(error))
                raise
            _tell(error, around)
    raise AssertionError("the outermost set has returned or raised")


def _asked(waiting: Any) -> int:
    seconds = waiting.wait_time()
    return 0 if seconds <= 0 else int(seconds * 1e9)


def _tell(error: Exception, where: Any) -> None:
    """A row, the log, and listeners."""
    text = str(error) or type(error).__name__
    host_events.exception(f"{type(where).__name__} wait_time", text, tracebacks.trace_of(error))
    logging.error("%s\n%s", error, tracebacks.full_text(error))
    events.user_error.notify(user_instance=where, exception=error, tb=error.__traceback__)
