"""What of gevent works in a user that runs alone: `sleep`. The rest says so at its first use."""

import time
from typing import Any


class GreenletExit(BaseException):
    """The user is being stopped."""


def sleep(seconds: float = 0, ref: bool = True) -> None:
    """Suspends this user and no other."""
    time.sleep(seconds)


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    raise NotImplementedError(
        f"gevent.{name} does not work here: a user runs alone, without greenlets. Use tasks and more users instead; "
        "gevent.sleep works")
