"""Task sets into which the guest leads its user, not the host: from sets that pick in their own way, and by `run()`.

Upstream: `wload_app`. Downstream: `locust.user.task`. The host stays where it is and calls on; what it runs then is a
step of the innermost set, so that it still waits between tasks and counts their exceptions.
Invariant: the stack of sets is the root, then those that the host knows, each followed by those that it does not.
"""

import logging
from collections.abc import Callable
from typing import Any, NoReturn

from locust.exception import InterruptTaskSet, RescheduleTask, RescheduleTaskImmediately
from locust.user.task import EnterTaskSet

Stack = list[Any]


def guided(sets: Stack, call: Callable[..., Any], *given: Any) -> None:
    """Runs the author's code; where it enters or leaves a set of the guest, the user goes on there."""
    try:
        call(*given)
    except EnterTaskSet as step:
        try:
            sets += begun(step.entered)
        except InterruptTaskSet as left:
            _go_on(left)
        raise RescheduleTaskImmediately from None
    except InterruptTaskSet as left:
        if not sets[-1]._is_inner:
            raise
        _stop(sets.pop())
        _go_on(left)


def begun(entered: Any) -> Stack:
    """Starts a set (or a user): it, and the sets that its `on_start` has led into."""
    try:
        entered.on_start()
    except EnterTaskSet as step:
        return [entered, *begun(step.entered)]
    return [entered]


def _go_on(left: InterruptTaskSet) -> NoReturn:
    raise (RescheduleTaskImmediately if left.reschedule else RescheduleTask) from None


def fall_out() -> NoReturn:
    """The task of a set that is broken."""
    raise InterruptTaskSet


def _stop(left: Any) -> None:
    if left._is_broken:
        return
    try:
        left.on_stop()
    except InterruptTaskSet:
        pass
    except Exception as error:
        logging.error("on_stop of %s: %s", type(left).__name__, error, exc_info=True)


def leave_all(sets: Stack) -> None:
    """The user stops, or the host leaves the set around: first those inside."""
    inner = []
    while sets and sets[-1]._is_inner:
        inner.append(sets.pop())
    for each in inner:
        _stop(each)
