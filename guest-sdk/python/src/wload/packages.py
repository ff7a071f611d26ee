"""Packages from a requirements file: in the component are the modules that a user may still import, and their data.

Upstream: `wload_app`, while it is built: then the packages are files below `PLACE`, as componentize-py's third `-p` or
the environment that it is told. Downstream: imports while a user runs, and `files`. Invariant: only packages of which
the author's modules have imported something are kept, so that what is listed and not used costs nothing.
"""

import contextlib
import importlib
import importlib._bootstrap_external as external
import importlib.util
import os
import posixpath
import sys
import zlib
from collections.abc import Iterator
from importlib import resources
from importlib.machinery import ModuleSpec, SourceFileLoader
from typing import Any

from wload import files

PLACE = "/2"
# Imported only by name at run time, by the standard library.
BY_NAME = ("tzdata",)
LEFT_OUT = ("__pycache__",)
COMPILED = (".pyc", ".pyi", ".c", ".h", ".pyx")
SOURCES: dict[str, bytes] = {}


class Folder:
    """An entry of a path, below `PLACE`: what the import system and `pkgutil` ask for modules."""

    def __init__(self, path: str) -> None:
        if path != PLACE and not path.startswith(f"{PLACE}/"):
            raise ImportError(f"`{path}` is no folder of packages")
        self.path, self._below = path, path[len(PLACE) + 1:]

    def find_spec(self, name: str, target: Any = None) -> ModuleSpec | None:
        """A module or a package in this folder."""
        base = f"{self._below}/{name.rpartition('.')[2]}".lstrip("/")
        for place, folders in ((f"{base}/__init__.py", [f"{PLACE}/{base}"]), (f"{base}.py", None)):
            if place in SOURCES:
                full = f"{PLACE}/{place}"
                return importlib.util.spec_from_file_location(
                    name, full, loader=SourceFileLoader(name, full), submodule_search_locations=folders)
        return None

    def iter_modules(self, prefix: str = "") -> Iterator[tuple[str, bool]]:
        """The names in this folder, and which of them are packages."""
        start = f"{self._below}/".lstrip("/")
        inner = {name[len(start):] for name in SOURCES if name.startswith(start)}
        for name in sorted(inner):
            if name.endswith("/__init__.py") and name.count("/") == 1:
                yield prefix + name.partition("/")[0], True
            elif "/" not in name and name != "__init__.py":
                yield prefix + name.removesuffix(".py"), False


def _used() -> set[str]:
    """The packages of which something was imported."""
    tops = {name.partition(".")[0] for name, module in list(sys.modules.items())
            if (getattr(module, "__file__", None) or "").startswith(f"{PLACE}/")}
    return {*tops, *BY_NAME}


def keep() -> None:
    """Reads what is needed later, as long as it can be read."""
    tops = _used()
    for folder, folders, names in os.walk(PLACE):
        below = folder[len(PLACE) + 1:]
        if not below:
            folders[:] = [name for name in folders if name in tops]
            names = [name for name in names if name.removesuffix(".py") in tops]
        folders[:] = [name for name in folders if name not in LEFT_OUT]
        for name in names:
            if not name.endswith(COMPILED):
                _keep(os.path.join(folder, name), os.path.join(below, name))
    for top in sorted(tops):
        # The first use imports modules of the standard library.
        with contextlib.suppress(Exception), resources.as_file(resources.files(top).joinpath("")):
            pass
    files.FOLDERS.update(posixpath.dirname(name) for name in SOURCES)
    if SOURCES:
        sys.path_hooks.insert(0, Folder)
        for path in [path for path in sys.path_importer_cache if path.startswith(PLACE)]:
            del sys.path_importer_cache[path]
        external.FileLoader.get_data = _get_data


def _keep(path: str, name: str) -> None:
    with files.real_open(path, "rb") as file:
        content = file.read()
    if name.endswith(".py"):
        SOURCES[name] = zlib.compress(content, 6)
    else:
        files.FILES.setdefault(name, content)


def _get_data(self: Any, path: str) -> bytes:
    """A loader's reading of a file; of one that is in the component otherwise."""
    name = files.name_of(path)
    if name in SOURCES:
        return zlib.decompress(SOURCES[name])
    with files.open_file(path, "rb") as file:
        return file.read()


def modules() -> list[Any]:
    """What is imported of them."""
    return [module for module in list(sys.modules.values())
            if (getattr(module, "__file__", None) or "").startswith(f"{PLACE}/")]
