"""Objects of the image that are to be immortal, so that a run does not count references to them.

Upstream: `memory.settle`. Downstream: wload's build, which finds `_NOTE` in the memory of the finished component, sets
the reference counts of all objects in `_LASTING`, and clears both. CPython leaves the count of an immortal object
alone, so the pages on which these objects lie stay those that all instances share. Invariant: what is in `_LASTING` is
never freed, because `_LASTING` holds it until it is immortal. Not in it: what runs, what has a finalizer, and what
somebody watches by a weak reference; these die as ever.
"""

import gc
import opcode
import struct
import types
import weakref
from collections.abc import Iterable
from typing import Any

# Backwards, because the literal lies in the memory, too.
MAGIC = bytes(reversed(b"1v dnif ot daolw"))
# `Py_TPFLAGS_HEAPTYPE`: classes that are made by code, not by the interpreter.
HEAP_TYPE = 1 << 9
RUNNING = (types.FrameType, types.GeneratorType, types.CoroutineType, types.AsyncGeneratorType, types.TracebackType)
# Instructions that rewrite themselves when they run first, as they are when what they refer to is immortal.
REWRITTEN = {"LOAD_CONST": "LOAD_CONST_IMMORTAL", "LOAD_CONST_MORTAL": "LOAD_CONST_IMMORTAL", "RESUME": "RESUME_CHECK",
             "JUMP_BACKWARD": "JUMP_BACKWARD_NO_JIT"}

_LASTING: tuple[Any, ...] = ()
_NOTE = b""


def note() -> None:
    """Leaves word of everything that is there now."""
    global _LASTING, _NOTE
    _LASTING = tuple(_reached(gc.get_objects()))
    layout = (id(tuple), tuple.__basicsize__, id(types.CodeType), types.CodeType.__basicsize__)
    # At once: a part of it that was made before could still be found in memory that is free.
    _NOTE = b"".join((MAGIC, struct.pack("<6I", id(_LASTING), len(_LASTING), *layout), _instructions()))


def _reached(todo: list[Any]) -> list[Any]:
    """These objects and all that they refer to, as far as they last.

    Types are compared and not asked, here and below: CPython remembers where it has looked up which name, and has to
    remember what a run needs.
    """
    known = {id(todo)}
    found = []
    while todo:
        inner: list[Any] = []
        known.add(id(inner))
        for each in todo:
            if id(each) in known or type(each) in RUNNING:
                continue
            known.add(id(each))
            if not _is_watched(each):
                found.append(each)
            inner.extend(_parts(each))
        todo = inner
    return found


def _parts(each: Any) -> Iterable[Any]:
    """What an object refers to, with what the collector does not ask for."""
    if type(each) is types.CodeType:
        return (each.co_consts, each.co_names, each.co_filename, each.co_name, each.co_qualname, each.co_linetable,
                each.co_exceptiontable, *each.co_varnames, *each.co_cellvars, *each.co_freevars)
    parts = gc.get_referents(each)
    if issubclass(type(each), dict):
        parts += dict.keys(each)  # When all are texts, the collector leaves them out.
    elif issubclass(type(each), type) and each.__flags__ & HEAP_TYPE:
        parts += each.__name__, each.__qualname__
    return parts


def _is_watched(each: Any) -> bool:
    """Whether somebody hears of the end of this object."""
    kind = type(each)
    if issubclass(kind, type) or not kind.__flags__ & HEAP_TYPE:
        return False
    return weakref.getweakrefcount(each) > 0 or any("__del__" in base.__dict__ for base in kind.__mro__)


def _instructions() -> bytes:
    """For each instruction, how many units of cache follow it; and then, what it is to be."""
    import _opcode_metadata  # Here, because only CPython 3.13 and newer have it, and tests run with others.
    numbers = opcode.opmap | _opcode_metadata._specialized_opmap
    caches, becomes = bytearray(256), bytearray(range(256))
    for general, count in opcode._inline_cache_entries.items():
        for name in (general, *_opcode_metadata._specializations.get(general, ())):
            caches[numbers[name]] = count
    for name, other in REWRITTEN.items():
        becomes[numbers[name]] = numbers[other]
    return bytes(caches + becomes)
