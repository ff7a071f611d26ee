"""`open`, and what lists folders and looks at files, over the files that the build embedded.

Invariant: a real file comes first; what is embedded is read-only.
"""

import builtins
import io
import os
import posixpath
import re
import stat
from collections.abc import Iterator
from typing import Any

FILES: dict[str, bytes] = {}
# Folders that are there besides those of files.
FOLDERS: set[str] = set()
_open = real_open = builtins.open
_stat, _lstat, _listdir, _scandir = os.stat, os.lstat, os.listdir, os.scandir
PLACE = re.compile(r"^/\d+/")


def name_of(path: Any) -> str:
    """The name under which a file is embedded."""
    return PLACE.sub("", posixpath.normpath(os.fsdecode(path)))


def embedded(name: Any) -> bytes | None:
    """The content of an embedded file."""
    if isinstance(name, int):
        return None
    return FILES.get(name_of(name))


def _inside(path: Any) -> set[str]:
    """What an embedded folder holds."""
    prefix = name_of(path) + "/"
    return {name[len(prefix):].partition("/")[0] for name in FILES if name.startswith(prefix)}


def _status(real: Any) -> Any:
    def status(path: Any, *given: Any, **named: Any) -> os.stat_result:
        try:
            return real(path, *given, **named)
        except OSError:
            content = embedded(path)
            if content is not None:
                return os.stat_result((stat.S_IFREG | 0o444, 0, 0, 1, 0, 0, len(content), 0, 0, 0))
            if isinstance(path, int) or not (name_of(path) in FOLDERS or _inside(path)):
                raise
            return os.stat_result((stat.S_IFDIR | 0o555, 0, 0, 1, 0, 0, 0, 0, 0, 0))
    return status


def list_folder(path: Any = ".") -> list[str]:
    """`os.listdir`."""
    try:
        return _listdir(path)
    except OSError:
        found = set() if isinstance(path, int) else _inside(path)
        if not found:
            raise
        return sorted(found)


class Entry:
    """An entry of `os.scandir`."""

    def __init__(self, folder: str, name: str) -> None:
        self.name, self.path = name, posixpath.join(folder, name)

    def __fspath__(self) -> str:
        return self.path

    def is_file(self, *, follow_symlinks: bool = True) -> bool:
        """Whether it is a file."""
        return embedded(self.path) is not None

    def is_dir(self, *, follow_symlinks: bool = True) -> bool:
        """Whether it is a folder."""
        return not self.is_file()

    def is_symlink(self) -> bool:
        """There are no links."""
        return False

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
        """As `os.stat`."""
        return os.stat(self.path)

    def inode(self) -> int:
        """Nothing is known of it."""
        return 0


class Scan:
    """The answer of `os.scandir`: an iterator that can be closed."""

    def __init__(self, entries: Iterator[Entry]) -> None:
        self._entries = entries

    def __iter__(self) -> "Scan":
        return self

    def __next__(self) -> Entry:
        return next(self._entries)

    def __enter__(self) -> "Scan":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def close(self) -> None:
        """There is nothing to close."""


def scan_folder(path: Any = ".") -> Any:
    """`os.scandir`."""
    try:
        return _scandir(path)
    except OSError:
        found = set() if isinstance(path, int) else _inside(path)
        if not found:
            raise
        return Scan(Entry(os.fsdecode(path), name) for name in sorted(found))


def open_file(file: Any, mode: str = "r", buffering: int = -1, encoding: str | None = None,
              errors: str | None = None, newline: str | None = None, closefd: bool = True, opener: Any = None) -> Any:
    """`open`; a miss says how a file gets into the component."""
    try:
        return _open(file, mode, buffering, encoding, errors, newline, closefd, opener)
    except OSError as error:
        content = embedded(file)
        if content is None or set(mode) & set("wax+"):
            error.add_note(f"{os.fsdecode(file)!r} is not in the component: name it with --include when it is built, "
                           "or grant a folder with --dir")
            raise
    raw = io.BytesIO(content)
    return raw if "b" in mode else io.TextIOWrapper(raw, encoding or "utf-8", errors, newline)


def install(files: dict[str, bytes]) -> None:
    """From now on they are found."""
    FILES.update(files)
    builtins.open = io.open = open_file
    os.stat, os.lstat = _status(_stat), _status(_lstat)
    os.listdir, os.scandir = list_folder, scan_folder
