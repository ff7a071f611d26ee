"""`open` over the files that the build embedded. Invariant: a real file comes first; what is embedded is read-only."""

import builtins
import io
import os
import posixpath
import re
from typing import Any

FILES: dict[str, bytes] = {}
_open = builtins.open
PLACE = re.compile(r"^/\d+/")


def embedded(name: Any) -> bytes | None:
    """The content of an embedded file."""
    if isinstance(name, int):
        return None
    return FILES.get(PLACE.sub("", posixpath.normpath(os.fsdecode(name))))


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
    """From now on `open` finds them."""
    FILES.update(files)
    builtins.open = io.open = open_file
