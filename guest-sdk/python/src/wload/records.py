"""Records that are passed to the host often, as classes of which CPython remembers no look-ups.

Upstream: `wload_app`, before all that makes such records. The bindings ask for each field by a new text, and the
interpreter keeps up to 4,096 texts with which a class was asked: 32 bytes each, all over the memory. Invariant: a
record is one of the class that the bindings know.
"""

from typing import Any

from wit_world.imports import events, http


class Unremembered(type):
    """Classes that say themselves where names are looked up: CPython then assumes nothing."""

    def mro(cls) -> list[type]:
        """As ever."""
        return super().mro()


def _replace(module: Any, name: str) -> None:
    known = getattr(module, name)
    setattr(module, name, Unremembered(name, (known,), {"__module__": known.__module__, "__slots__": ()}))


for _module, _name in ((http, "RequestSpec"), (http, "Timeouts"), (http, "Cookie"), (events, "RequestEvent")):
    _replace(_module, _name)
