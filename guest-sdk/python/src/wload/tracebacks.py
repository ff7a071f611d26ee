"""Tracebacks of the author's code: the author's file names and lines, without the SDK's frames.

Upstream: `wload_app`. Invariant: `remember` runs at build time, when the sources can still be read.
"""

import linecache
import re
import traceback
from typing import Any

PLACE = re.compile(r"^/\d+/")
OWN = re.compile(r"(^|/)(locust|wload|gevent|requests)/|(^|/)wload_app\.py$|^wit_world/|componentize_py")
# Exceptions that are shown of a chain, counted from the last.
CHAIN_MAX = 8
SOURCES: dict[str, str] = {}


def remember(modules: list[Any], sources: dict[str, str]) -> None:
    """Keeps the lines of the author's modules."""
    SOURCES.update(sources)
    for module in modules:
        name = getattr(module, "__file__", None)
        if name and (lines := linecache.getlines(name)):
            linecache.cache[name] = (sum(map(len, lines)), None, lines, name)


def _frame(frame: Any) -> Any:
    name = PLACE.sub("", frame.filename)
    return traceback.FrameSummary(SOURCES.get(name, name), frame.lineno, frame.name, lookup_line=False,
                                  line=linecache.getline(frame.filename, frame.lineno or 0).strip() or None)


def trace_of(error: BaseException, tb: Any = None) -> str:
    """The frames of the author's code; all when there is none of them."""
    frames = traceback.extract_tb(tb or error.__traceback__)
    shown = [frame for frame in frames if not OWN.search(PLACE.sub("", frame.filename))] or list(frames)
    return "".join(traceback.format_list([_frame(frame) for frame in shown]))


def _before(error: BaseException) -> tuple[BaseException | None, str]:
    """What led to an exception, and how."""
    if error.__cause__ is not None:
        return error.__cause__, "The above exception was the direct cause of the following exception:"
    context = None if error.__suppress_context__ else error.__context__
    return context, "During handling of the above exception, another exception occurred:"


def full_text(error: BaseException) -> str:
    """As an interpreter prints it, with the exceptions that led to it."""
    parts: list[str] = []
    current: BaseException | None = error
    for _ in range(CHAIN_MAX):
        text = "".join(traceback.format_exception_only(current))
        parts.insert(0, f"Traceback (most recent call last):\n{trace_of(current)}{text}")
        current, relation = _before(current)
        if current is None:
            break
        parts.insert(0, f"\n{relation}\n\n")
    return "".join(parts if parts[0].startswith("Traceback") else parts[1:])
