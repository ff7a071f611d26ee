"""State of the author's modules: what listeners leave for the users, and what a user must not leave for the next.

Upstream: `wload_app`. Watched are globals of the author's modules and attributes of the author's classes. Not watched
are closures, default arguments and what packages keep for themselves. Invariant: `is_reset` is true only when all that
is watched is as the build left it.
"""

import io
import operator
import pickle
import types
from typing import Any

from wload import hosts, randomness, saving
from wload.rows import Rows

FIXED = (type(None), bool, int, float, complex, str, bytes, type, types.FunctionType, types.ModuleType,
         types.BuiltinFunctionType, property, staticmethod, classmethod, hosts.Host)
MISSING = object()
# Larger containers are compared by what they are pickled to.
PLAIN_MAX = 1_000


class Watch:
    """Namespaces as they were when the component was built."""

    def __init__(self, modules: list[Any]) -> None:
        self.spaces: list[tuple[str, str, Any]] = [(module.__name__, "", module) for module in modules]
        names = {module.__name__ for module in modules}
        for module in modules:
            self.spaces += [(module.__name__, item.__qualname__, item) for item in vars(module).values()
                            if isinstance(item, type) and item.__module__ in names]
        saving.share_globals(space for *_, space in self.spaces)
        self.names = [self._own(space) for *_, space in self.spaces]
        # All names, and what each of them is.
        self.looks = [_look(space) for *_, space in self.spaces]
        self.pickles = [{name: _content(value) for name, value in own.items()
                         if not isinstance(value, (*FIXED, Rows))}
                        for own in self.names]
        # Of containers whose items cannot change: looking at each is faster than pickling all.
        self.plain = [{name: items for name in pickles if (items := _fixed_items(own[name])) is not None}
                      for own, pickles in zip(self.names, self.pickles)]

    @staticmethod
    def _own(space: Any) -> dict[str, Any]:
        return {name: value for name, value in vars(space).items()
                if not (name.startswith("__") or name.startswith("_abc_"))}

    def changes(self) -> list[tuple[int, str, Any]]:
        """What is other than at build time: space, name, value (or MISSING)."""
        found = []
        for index, (_, _, space) in enumerate(self.spaces):
            then, pickles, plain = self.names[index], self.pickles[index], self.plain[index]
            if _looks_same(space, self.looks[index]):
                # Usually. Whatever is the same object can still have other content.
                now, names = then, pickles.keys()
            else:
                now = self._own(space)
                names = now.keys() | then.keys()
            before = len(found)
            for name in names:
                value = now.get(name, MISSING)
                if value is not then.get(name, MISSING):
                    found.append((index, name, value))
                elif name in plain:
                    if not _is_same(_items(value), plain[name]):
                        found.append((index, name, value))
                elif _has_changed(value, pickles.get(name, MISSING)):
                    found.append((index, name, value))
            if now is not then and len(found) == before:
                # What Python itself keeps there.
                self.looks[index] = _look(space)
        return found

    def reset(self) -> bool:
        """Puts everything back but tables, which `saving.release` does; False when something cannot be."""
        changes = self.changes()
        for index, name, _ in changes:
            space, then, pickles = self.spaces[index][2], self.names[index], self.pickles[index]
            if name not in then:
                delattr(space, name)
            elif name not in pickles:
                setattr(space, name, then[name])
            elif pickles[name] is None:
                return False
            else:
                then[name] = _put_back(then[name], pickle.loads(pickles[name]))
                setattr(space, name, then[name])
                if name in self.plain[index]:
                    self.plain[index][name] = _items(then[name])
        for index in {index for index, *_ in changes}:
            self.looks[index] = _look(self.spaces[index][2])
        return all(value is not None for each in self.pickles for value in each.values())

    def export(self) -> bytes:
        """What listeners changed, for the users; what cannot be pickled stays behind."""
        kept = []
        for index, name, value in self.changes():
            table = saving.packed(value)
            if value is not MISSING and not _is_closed_file(value) and (data := _pickled(table or value)) is not None:
                kept.append((index, name, table is not None, data))
        return pickle.dumps(kept) if kept else b""

    def apply(self, data: bytes) -> None:
        """Takes over what `export` said."""
        for index, name, is_table, pickled in pickle.loads(data):
            value = pickle.loads(pickled)
            setattr(self.spaces[index][2], name, Rows(*value) if is_table else value)


def _look(space: Any) -> tuple[list[str], list[Any]]:
    names = vars(space)
    return list(names), list(names.values())


def _looks_same(space: Any, look: tuple[list[str], list[Any]]) -> bool:
    """Whether all names are there, in the same order, and each is the same object: without a step of Python for each."""
    names, (then_names, then_values) = vars(space), look
    return (len(names) == len(then_names) and all(map(operator.eq, names, then_names))
            and all(map(operator.is_, names.values(), then_values)))


def _items(value: Any) -> tuple[Any, ...]:
    """What is in a container."""
    return (*value.keys(), *value.values()) if type(value) is dict else tuple(value)


def _fixed_items(value: Any) -> tuple[Any, ...] | None:
    """The same, where nothing of it can change but by another item; else None."""
    if type(value) not in (list, tuple, set, frozenset, dict) or len(value) > PLAIN_MAX:
        return None
    items = _items(value)
    return items if all(isinstance(item, FIXED) for item in items) else None


def _is_same(items: tuple[Any, ...], then: tuple[Any, ...]) -> bool:
    return len(items) == len(then) and all(map(operator.is_, items, then))


def _has_changed(value: Any, then: Any) -> bool:
    """Whether what is the same object has other content than when it was pickled or packed."""
    if type(value) is Rows:
        return not value.is_untouched and saving.packed(value) != (value.pages, value.full_count)
    return then is not MISSING and _content(value) != then


def _is_closed_file(value: Any) -> bool:
    """What `with open(...) as file` leaves at the top of a module: only its attributes can change."""
    return isinstance(value, io.IOBase) and value.closed


def _content(value: Any) -> bytes | None:
    return _pickled(vars(value) if _is_closed_file(value) else value)


def _put_back(then: Any, content: Any) -> Any:
    """A value with the content that it had."""
    if not _is_closed_file(then):
        return content
    vars(then).clear()
    vars(then).update(content)
    return then


def _pickled(value: Any) -> bytes | None:
    out = io.BytesIO()
    pickler = pickle.Pickler(out)
    pickler.dispatch_table = randomness.dispatch_table()
    try:
        pickler.dump(value)
    except Exception:
        return None
    return out.getvalue()


def blame(user: Any, error: Exception) -> str:
    """Names the attribute that cannot be pickled."""
    for name, value in vars(user).items():
        if _pickled(value) is None:
            return f"{type(user).__name__}.{name} is a {type(value).__qualname__}, which cannot be pickled: {error}"
    return f"{type(user).__name__} cannot be pickled: {error}"
