"""Imports at build time what would be imported while a user runs: by then the component has no files to import from.

Upstream: `wload_app`, with the author's modules. Invariant: a module that is imported inside a function is there as if
it had been imported at the top; what cannot be found at all is reported where it is used, as ever.
"""

import ast
import importlib.util
import linecache
import re
import sys
from collections.abc import Iterable
from types import ModuleType
from typing import Any

from wload import sleeping

# What the standard library itself imports only when a function is called, or a codec asked for; and what the SDK
# imports, so that nothing of the standard library lies among what users run.
STANDARD = (
    "_pylong", "_strptime", "argparse", "ast", "base64", "bisect", "calendar", "copy", "csv", "dataclasses",
    "datetime", "decimal", "difflib", "email.utils", "encodings.ascii", "encodings.cp1252", "encodings.idna",
    "encodings.latin_1", "encodings.utf_16", "encodings.utf_8_sig", "enum", "fractions", "hashlib", "heapq",
    "html.entities", "http", "importlib.readers", "importlib.resources._adapters", "inspect", "ipaddress", "json",
    "locale", "logging", "mimetypes", "numbers", "pickle", "pprint", "random", "secrets", "statistics",
    "stringprep", "tempfile", "textwrap", "tokenize", "traceback", "typing", "unicodedata", "urllib.parse", "uuid",
)
# Nothing that runs in a sandbox, and an import that does more than to import.
UNWANTED = {"antigravity", "idlelib", "test", "this", "tkinter", "turtle", "turtledemo", "unittest", "venv"}
INNER_IMPORT = re.compile(rb"^[ \t]+(?:import|from)[ \t]+([A-Za-z_][\w.]*)", re.MULTILINE)


class _Refuser:
    """The last finder: says that a run is too late for an import."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> None:
        """Finds nothing."""
        if not sleeping.is_live():
            return
        raise ModuleNotFoundError(
            f"No module named {name!r} in the component: nothing can be imported while a user runs; import it at the "
            "top of the locustfile", name=name)


def _names(module: ModuleType) -> set[str]:
    """What a source imports anywhere."""
    lines = linecache.getlines(module.__file__ or "")
    found: set[str] = set()
    for node in ast.walk(ast.parse("".join(lines))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            found.add(base)
            found.update(f"{base}.{alias.name}" if node.module else f"{base}{alias.name}" for alias in node.names)
    return found


def _import(name: str, package: str | None) -> None:
    try:
        full_name = importlib.util.resolve_name(name, package) if name.startswith(".") else name
        if full_name not in sys.modules:
            importlib.import_module(full_name)
    except Exception:  # An import that may fail: whoever runs into it is told there.
        return


def standard_library() -> None:
    """What any author may come to need."""
    for name in STANDARD:
        _import(name, None)


def close() -> None:
    """From here on, what cannot be found is told that it comes too late."""
    sys.meta_path.append(_Refuser)


def of_modules(modules: Iterable[ModuleType]) -> None:
    """What functions of these modules import."""
    for module in modules:
        for name in sorted(_names(module)):
            _import(name, module.__package__)


def of_packages(modules: Iterable[ModuleType]) -> None:
    """What functions of these packages import of the standard library; their own modules are found later, too."""
    wanted: set[str] = set()
    for module in modules:
        # No syntax tree: those of large packages would stay in the component as free memory.
        with open(module.__file__ or "", "rb") as file:
            wanted.update(name.decode() for name in INNER_IMPORT.findall(file.read()))
    for name in sorted(wanted):
        if name.partition(".")[0] in sys.stdlib_module_names - UNWANTED:
            _import(name, None)
