"""`host` of the author's user classes: the run's when it has one, else what the author wrote.

Upstream: `wload_app`. To set the attribute of a class in each instance would make CPython forget all that it has looked
up there. Invariant: who reads `host` of a class or of a user gets what Locust would have set.
"""

from typing import Any


class MISSING:
    """Nothing was written. A class, so that it pickles as itself."""


_of_run: dict[str, str | None] = {"host": None}


class Host:
    """In the place of the attribute."""

    __slots__ = ("own",)

    def __init__(self, own: Any) -> None:
        self.own = own

    def __get__(self, user: Any, cls: type) -> Any:
        host = _of_run["host"]
        return _own(cls) if host is None else host


def _own(cls: type) -> Any:
    """What the class, or the next one that says something, was written with."""
    for base in cls.__mro__:
        found = vars(base).get("host", MISSING)
        if type(found) is Host:
            found = found.own
        if found is not MISSING:
            return found
    return None


def watch(cls: type) -> None:
    """Stands in for a host that is a plain value."""
    own = vars(cls).get("host", MISSING)
    if own is MISSING or not hasattr(type(own), "__get__"):
        setattr(cls, "host", Host(own))


def use(host: str | None, cls: type) -> None:
    """The run's host, for this user. What the author has put in place of ours since is put right, as ever."""
    _of_run["host"] = host
    if host and type(vars(cls).get("host")) is not Host:
        setattr(cls, "host", host)


def forget() -> None:
    """The user has gone."""
    _of_run["host"] = None
