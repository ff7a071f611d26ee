"""`gevent.pool`: can be imported; its use says what to do instead."""

from typing import Any

from gevent import ADVICE
from wload.absent import Absent


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    return Absent(f"gevent.pool.{name}", ADVICE)
