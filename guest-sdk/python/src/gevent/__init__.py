"""What of gevent works in a user that runs alone: `sleep`. The rest can be imported, and says so when it is used."""

import sys
import time
from collections.abc import Callable
from types import ModuleType
from typing import Any

from wload.absent import Absent

ADVICE = "a user runs alone, without greenlets; use tasks and more users instead (gevent.sleep works)"
SUBMODULES = ("event", "greenlet", "local", "lock", "pool", "queue", "subprocess", "threadpool", "timeout")


class GreenletExit(BaseException):
    """The user is being stopped."""


def sleep(seconds: float = 0, ref: bool = True) -> None:
    """Suspends this user and no other."""
    time.sleep(seconds)


def _absent_from(module: str) -> Callable[[str], Absent]:
    def absent(name: str) -> Absent:
        if name.startswith("__"):
            raise AttributeError(name)
        return Absent(f"{module}.{name}", ADVICE)
    return absent


def _submodule(name: str) -> ModuleType:
    full_name = f"gevent.{name}"
    made = sys.modules[full_name] = ModuleType(full_name, "Can be imported; its use says what to do instead.")
    made.__getattr__ = _absent_from(full_name)
    return made


globals().update({name: _submodule(name) for name in SUBMODULES})
import gevent.monkey  # Before `__getattr__`, which would answer for it.

__getattr__: Any = _absent_from("gevent")
