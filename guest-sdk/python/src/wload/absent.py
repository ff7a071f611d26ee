"""What a user that runs alone in its sandbox does not have: each says so when it is used, not when it is imported.

Upstream: `gevent`, and `wload_app` once the author's modules are imported. Invariant: an import never fails for these.
"""

import sys
from typing import Any, NoReturn

THREADS = "a user runs alone, without threads; more users do more at a time"
# Module, class or None, function, and why with what to do instead.
STANDARD = (
    ("threading", "Thread", "start", THREADS),
    ("threading", "Timer", "start", THREADS),
    ("multiprocessing.process", "BaseProcess", "start", "a user runs in a sandbox without processes"),
    ("subprocess", "Popen", "__init__", "a user runs in a sandbox without processes; run the command before the test "
     "and give its result by --option or a file"),
    ("os", None, "system", "a user runs in a sandbox without processes"),
    ("asyncio", None, "run", "a user runs alone, without an event loop; call `self.client` without `await`"),
    ("socket", "socket", "connect", "a user has no sockets; speak HTTP by `self.client`"),
    ("socket", None, "create_connection", "a user has no sockets; speak HTTP by `self.client`"),
    ("socket", None, "getaddrinfo", "a user has no sockets; names are looked up by `self.client`"),
)


class Absent:
    """Stands for a class or function; any use says what to do instead."""

    def __init__(self, name: str, advice: str) -> None:
        self.__dict__.update(_name=name, _advice=advice)

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise NotImplementedError(f"{self._name} does not work here: {self._advice}")

    __call__ = __enter__ = __mro_entries__ = __iter__ = _refuse

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Absent(f"{self._name}.{name}", self._advice)


def guard_standard_library() -> None:
    """Replaces what the author's modules have imported of the standard library and cannot work."""
    for module, owner, name, advice in STANDARD:
        space = sys.modules.get(module)
        space = getattr(space, owner, None) if owner else space
        if space is not None and hasattr(space, name):
            said = ".".join(filter(None, (module, owner, None if name == "__init__" else name)))
            setattr(space, name, _refusing(Absent(said, advice)))


def _refusing(absent: Absent) -> Any:
    """A plain function, which becomes a method where it is put into a class."""
    def refuse(*_: Any, **__: Any) -> NoReturn:
        absent._refuse()
    return refuse
