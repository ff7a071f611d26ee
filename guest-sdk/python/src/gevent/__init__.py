"""What of gevent works in a user that runs alone: `sleep`. The rest can be imported, and says so when it is used."""

import time
from typing import Any

from wload.absent import Absent

ADVICE = "a user runs alone, without greenlets; use tasks and more users instead (gevent.sleep works)"


class GreenletExit(BaseException):
    """The user is being stopped."""


def sleep(seconds: float = 0, ref: bool = True) -> None:
    """Suspends this user and no other."""
    time.sleep(seconds)


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    return Absent(f"gevent.{name}", ADVICE)
