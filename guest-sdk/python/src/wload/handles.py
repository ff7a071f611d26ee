"""Handles of the host's are given back with the objects that stand for them.

Upstream: the bindings, which ask for `weakref.finalize` once, when the build has imported `wload_app`, and call it for
each resource: once a request. That class is written in Python and keeps a registry of its own; this one does what the
bindings need of it. Invariant: whoever else asks for `weakref.finalize`, before or after, gets the standard library's.
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


def install(then: Callable[[], None]) -> None:
    """The last step of the import: who asks next are the bindings. That is the end of the build: `then` is called."""
    def missing(name: str) -> Any:
        if name != "finalize":
            raise AttributeError(f"module 'weakref' has no attribute {name!r}", name=name, obj=weakref)
        restore()
        then()
        return Finalizer

    del weakref.finalize
    weakref.__getattr__ = missing


def restore() -> None:
    """The standard library's is in its place again."""
    weakref.__dict__.pop("__getattr__", None)
    weakref.finalize = _standard
