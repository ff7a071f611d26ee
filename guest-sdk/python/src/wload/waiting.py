"""The author's own wait functions, and what an exception in one of them does.

Upstream: `wload_app.get_wait_time`. Downstream: `events.exception`, because the contract's call returns a time and
nothing else. As in Locust: the exception is a row, and the set waits once more; when that raises, too, the user falls
out of each set around it, with a row for each, and ends.
"""

import logging
from typing import Any

from locust import events
from locust.exception import StopTest, StopUser
from wit_world.imports import events as host_events
from wload import tracebacks


def pause(sets: list[Any]) -> int:
    """Nanoseconds that the user waits in the innermost set; raises what ends it."""
    try:
        return _asked(sets[-1])
    except (StopUser, StopTest):
        raise
    except Exception as error:
        _tell(error, sets[-1])
    try:
        return _asked(sets[-1])
    except (StopUser, StopTest):
        raise
    except Exception as error:
        for around in reversed(sets[:-1]):
            _tell(error, around)
        logging.error("%s ends: its wait_time raised twice\n%s", type(sets[0].user).__name__,
                      tracebacks.full_text(error))
        raise


def _asked(waiting: Any) -> int:
    return max(int(waiting.wait_time() * 1e9), 0)


def _tell(error: Exception, where: Any) -> None:
    """A row, the log, and listeners."""
    text = str(error) or type(error).__name__
    host_events.exception(f"{type(where).__name__} wait_time", text, tracebacks.trace_of(error))
    logging.error("%s\n%s", error, tracebacks.full_text(error))
    events.user_error.notify(user_instance=where, exception=error, tb=error.__traceback__)
