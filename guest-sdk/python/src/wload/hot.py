"""Code that runs in every user, side by side: an instance that writes to it writes to few pages.

Upstream: `rehearsal.py`. Invariant: a function does what it did; only the place of its code is another one.
"""

import gc
import types
from collections.abc import Iterator


def _functions() -> list[types.FunctionType]:
    return [each for each in gc.get_objects() if type(each) is types.FunctionType]


def _with_inner(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for each in code.co_consts:
        if type(each) is types.CodeType:
            yield from _with_inner(each)


def look() -> dict[int, int]:
    """How each piece of code is adapted, by its place."""
    return {id(code): hash(code._co_code_adaptive)
            for function in _functions() for code in _with_inner(function.__code__)}


def gather(before: dict[int, int]) -> None:
    """Moves what has been adapted since, that is, what has run."""
    now = look()
    hot = {place for place, adapted in now.items() if before.get(place) != adapted}
    moved: dict[int, types.CodeType] = {}
    # Until all have moved: nobody is to take the place of one that has.
    former = []
    for function in _functions():
        if id(function.__code__) in hot:
            former.append(function.__code__)
            function.__code__ = _moved(function.__code__, hot, moved)


def _moved(code: types.CodeType, hot: set[int], moved: dict[int, types.CodeType]) -> types.CodeType:
    if id(code) not in moved:
        consts = tuple(_moved(each, hot, moved) if type(each) is types.CodeType and id(each) in hot else each
                       for each in code.co_consts)
        moved[id(code)] = code.replace(co_consts=consts)
    return moved[id(code)]
