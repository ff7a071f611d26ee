"""Reads a requirements file, with all that it includes, to one list without what wload has itself.

Upstream: `__main__.py`. Downstream: pip, which reads versions, markers, extras and hashes; here only what a line is.
Invariant: relative places are absolute afterwards, so that the list means the same from every folder.
"""

import hashlib
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from refused import Refused

# The guest's Python, which componentize-py brings.
PYTHON = "3.14"
# Changes when the same file would be installed otherwise.
FORMAT = "1"
FILES_MAX = 100
BYTES_MAX = 1 << 20
TREE_FILES_MAX = 5_000

# What the SDK offers under these names, as the version that it behaves like.
OWN = {"locust": "2.47.0", "requests": "2.32.5", "gevent": "25.9.1", "geventhttpclient": "2.3.9"}
# What only Locust's own process needs; all of it is native.
LOCUSTS = {"brotli", "greenlet", "locust-cloud", "psutil", "pytest-locust", "pyzmq", "zope-event", "zope-interface"}

INCLUDE = re.compile(r"^(?:-r\s*|--requirement[\s=]\s*)(.+)$")
CONSTRAIN = re.compile(r"^(?:-c\s*|--constraint[\s=]\s*)(.+)$")
EDITABLE = re.compile(r"^(?:-e\s*|--editable[\s=]\s*)(.+)$")
LINKS = re.compile(r"^(?:-f\s*|--find-links[\s=]\s*)(.+)$")
NAME = re.compile(r"^([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:$|[\[<>=!~;@\s])")
COMMENT = re.compile(r"(?:^|\s+)#.*$")
ARCHIVES = (".whl", ".zip", ".tar.gz", ".tar.bz2", ".tgz")
LEFT_OUT = {".git", ".hg", ".tox", ".venv", "__pycache__", "build", "dist", "node_modules"}


@dataclass
class Listed:
    """What is left of the files."""

    lines: list[str] = field(default_factory=list)
    constraints: list[str] = field(default_factory=list)
    passed_over: set[str] = field(default_factory=set)
    # Projects, archives and folders of archives on this machine.
    places: list[Path] = field(default_factory=list)
    # Read already, and for which of the two lists.
    files: set[tuple[Path, int]] = field(default_factory=set)

    def names(self) -> list[str]:
        """What there is to install, for people."""
        found = []
        for line in self.lines:
            name = NAME.match(line)
            if name:
                found.append(name[1])
            elif not line.startswith("-"):
                found.append(line.split()[0].rpartition("/")[2])
        return found

    @property
    def has_hashes(self) -> bool:
        """pip then wants one for every package."""
        return any("--hash" in line for line in self.lines)


def normal(name: str) -> str:
    """A package's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def read(path: Path) -> Listed:
    """The file and what it includes."""
    listed = Listed()
    _read(path, listed, listed.lines)
    return listed


def _read(path: Path, listed: Listed, into: list[str]) -> None:
    path = path.resolve()
    if (path, id(into)) in listed.files:
        return
    if len(listed.files) >= FILES_MAX:
        raise Refused(f"requirements include more than {FILES_MAX} files, the last is `{path}`")
    listed.files.add((path, id(into)))
    for line in _lines(path):
        if included := INCLUDE.match(line) or CONSTRAIN.match(line):
            target = included[1].strip("\"'")
            if "://" in target:
                into.append(line)  # pip fetches it.
                continue
            _read(path.parent / target, listed, listed.constraints if CONSTRAIN.match(line) else into)
        elif kept := _kept(line, path.parent, listed):
            into.append(kept)


def _lines(path: Path) -> list[str]:
    """Without comments, with continued lines in one."""
    try:
        if path.stat().st_size > BYTES_MAX:
            raise Refused(f"`{path}` is larger than {BYTES_MAX >> 20} MiB, too large for a requirements file")
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise Refused(f"failed to read the requirements `{path}`: {error.strerror}") from None
    except UnicodeDecodeError:
        raise Refused(f"the requirements `{path}` are not UTF-8") from None
    joined = re.sub(r"\\\r?\n", " ", text)
    return [line for raw in joined.splitlines() if (line := COMMENT.sub("", raw).strip())]


def _kept(line: str, folder: Path, listed: Listed) -> str | None:
    """The line as pip gets it; none when wload has this package."""
    if editable := EDITABLE.match(line):
        line = editable[1]  # A component holds a copy in any case.
    if links := LINKS.match(line):
        return f"--find-links {_place(links[1].strip(), folder, listed)}"
    if line.startswith("-"):
        return line
    first = line.split()[0]
    if "://" not in line and (first.startswith((".", "/", "~")) or first.endswith(ARCHIVES)):
        path, extras = re.match(r"^(.*?)(\[[^\]]*\])?$", first).groups()
        return _place(path, folder, listed) + (extras or "") + line[len(first):]
    name = NAME.match(line)
    if name and normal(name[1]) in OWN.keys() | LOCUSTS:
        listed.passed_over.add(normal(name[1]))
        return None
    return line


def _place(text: str, folder: Path, listed: Listed) -> str:
    """A place on this machine: as pip finds it from here, else beside the file."""
    if "://" in text:
        return text
    typed = Path(os.path.expanduser(text))
    place = typed if typed.exists() else folder / typed
    if not place.exists():
        raise Refused(f"there is no `{text}`, which the requirements in `{folder}` name")
    listed.places.append(place.resolve())
    return str(place.resolve())


def key(listed: Listed) -> str:
    """A name for everything that decides what is installed."""
    digest = hashlib.sha256()
    for part in (FORMAT, PYTHON, *listed.lines, "-c", *listed.constraints):
        digest.update(part.encode() + b"\0")
    for place in listed.places:
        for name, content in _tree(place):
            digest.update(name.encode() + b"\0" + content + b"\0")
    return digest.hexdigest()


def _tree(place: Path) -> list[tuple[str, bytes]]:
    """The content of a project or an archive; of archives in a folder only names and sizes."""
    if place.is_file():
        return [(place.name, place.read_bytes())]
    found = []
    for folder, folders, names in os.walk(place):
        folders[:] = sorted(name for name in folders if name not in LEFT_OUT and not name.endswith(".egg-info"))
        for name in sorted(names):
            path = Path(folder, name)
            is_archive = name.endswith(ARCHIVES)
            content = str(path.stat().st_size).encode() if is_archive else path.read_bytes()
            found.append((str(path.relative_to(place)), content))
            if len(found) > TREE_FILES_MAX:
                raise Refused(f"`{place}` has more than {TREE_FILES_MAX} files, too many for a package")
    return found
