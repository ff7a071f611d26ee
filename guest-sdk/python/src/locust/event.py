"""Event hooks. Upstream: `locust.events`. Downstream: the contract's `events.request` for requests that authors fire.

Invariant: a hook of `locust.events` pickles as itself, so that a saved user finds the same listeners.
"""

import logging
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from locust.exception import InterruptTaskSet, RescheduleTask, RescheduleTaskImmediately, StopTest, StopUser
from wit_world.imports import events as host_events
from wload import tracebacks

STEERING = (StopUser, StopTest, RescheduleTask, RescheduleTaskImmediately, InterruptTaskSet)


def _hook(name: str) -> "EventHook":
    import locust
    return getattr(locust.events, name)


def _call(listener: Callable[..., Any], arguments: dict[str, Any]) -> None:
    import locust.env
    try:
        listener(**arguments)
    except Exception as error:
        if isinstance(error, STEERING):
            raise
        logging.error("Uncaught exception in event handler: \n%s", traceback.format_exc())
        locust.env.ENVIRONMENT.note_broken()


class EventHook:
    """Calls its listeners in the order in which they were added."""

    def __init__(self, name: str | None = None) -> None:
        self._handlers: list[Callable[..., Any]] = []
        self._name = name

    def __reduce__(self) -> Any:
        return (_hook, (self._name,)) if self._name else super().__reduce__()

    def add_listener(self, handler: Callable[..., Any]) -> Callable[..., Any]:
        """Also usable as a decorator."""
        self._handlers.append(handler)
        return handler

    def remove_listener(self, handler: Callable[..., Any]) -> None:
        """Takes a listener away."""
        self._handlers.remove(handler)

    def notify(self, *, reverse: bool = False, **arguments: Any) -> None:
        """Calls all listeners; what they raise is logged, unless it steers the user."""
        for listener in tuple(self._handlers)[::-1 if reverse else 1]:
            _call(listener, arguments)

    def fire(self, *, reverse: bool = False, **arguments: Any) -> None:
        """Calls all listeners."""
        self.notify(reverse=reverse, **arguments)

    @contextmanager
    def measure(self, request_type: str, name: str, response_length: int = 0, context: Any = None) -> Iterator[dict]:
        """Fires with the time of the block; what the block raises is the failure."""
        meta = {"request_type": request_type, "name": name, "response_length": response_length,
                "context": context or {}, "exception": None, "start_time": time.time()}
        started = time.perf_counter()
        try:
            yield meta
        except Exception as error:
            meta["exception"] = error
        finally:
            meta.setdefault("response_time", (time.perf_counter() - started) * 1000)
            self.fire(**meta)


class RequestHook(EventHook):
    """`events.request`: what an author fires is recorded by the host."""

    def fire(self, *, reverse: bool = False, **arguments: Any) -> None:
        """Records one request and calls the listeners."""
        error = arguments.get("exception")
        if error is not None and not isinstance(error, str):
            error = repr(error)
        taken = arguments.get("response_time")
        nanoseconds = None if taken is None else max(int(taken * 1e6), 0)
        host_events.request(host_events.RequestEvent(
            str(arguments["request_type"]), str(arguments["name"]), nanoseconds,
            int(arguments.get("response_length") or 0), error or None))
        if self._handlers:
            self.notify(reverse=reverse, **arguments)


class UserErrorHook(EventHook):
    """`events.user_error`: what an author fires is counted by the host. What raises by itself is counted already, and
    listeners are notified of it."""

    def fire(self, *, reverse: bool = False, **arguments: Any) -> None:
        """Counts an exception and calls the listeners."""
        error = arguments["exception"]
        trace = tracebacks.trace_of(error, arguments.get("tb"))
        host_events.exception("user_error", str(error) or type(error).__name__, trace)
        self.notify(reverse=reverse, **arguments)


NAMES = ("report_to_master", "worker_report", "worker_connect", "spawning_complete", "quitting", "quit",
         "init", "init_command_line_parser", "test_start", "test_stopping", "test_stop", "reset_stats", "cpu_warning",
         "heartbeat_sent", "heartbeat_received", "usage_monitor")


class Events:
    """All hooks that Locust has. Those that belong to its workers and its web page exist and are never fired."""

    def __init__(self) -> None:
        self.request = RequestHook("request")
        self.user_error = UserErrorHook("user_error")
        for name in NAMES:
            setattr(self, name, EventHook(name))
