"""Handles of the host's are given back with the objects that stand for them.

Upstream: the bindings, which ask for `weakref.finalize` once, when the build has imported `wload_app`, and call it for
each resource: once a request. That class is written in Python and keeps a registry of its own; this one does what the
bindings need of it. Invariant: `weakref.finalize` is the standard library's before the build has ended and in a run.
"""

import weakref
from collections.abc import Callable
from typing import Any

_standard = weakref.finalize


class Finalizer:
    """Gives the handle back when the object around it, its only owner, goes."""

    __slots__ = ("_call",)

    def __init__(self, _: Any, drop: Callable[[int, int], None], kind: int, handle: int) -> None:
        self._call: Any = (drop, kind, handle)

    def detach(self) -> Any:
        """The handle goes elsewhere. The answer is that of `weakref.finalize`, without the object."""
        call, self._call = self._call, None
        return call and (None, call[0], call[1:], {})

    def __del__(self) -> None:
        if self._call is not None:
            drop, kind, handle = self._call
            drop(kind, handle)


def install() -> None:
    """The last step of the build: what the bindings find when they ask."""
    weakref.finalize = Finalizer


def restore() -> None:
    """The first step of a run."""
    weakref.finalize = _standard
