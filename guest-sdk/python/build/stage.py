"""Gathers what a locustfile needs into one folder, and says what it found as JSON on stdout.

Upstream: `wload run locustfile.py`, with the Python of wload's own tool folder. Downstream: componentize-py, which
imports everything in the folder when it builds the component.

Invariant: the folder's content depends on nothing but the author's files, so that it can be a key of the cache.
"""

import argparse
import ast
import glob
import hashlib
import json
import os
import shutil
import sys
from pathlib import Path

FILES_MAX = 2_000
DATA_BYTES_MAX = 32 << 20
SOURCE_BYTES_MAX = 8 << 20
NAME_BYTES_MAX = 512
FOLDERS_MAX = 100


class Refused(Exception):
    """What the author is told."""


class Stage:
    """The author's modules and data files, as they are found from the locustfiles on."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.modules: dict[str, Path] = {}
        self.data: dict[str, Path] = {}
        self.trees: list[tuple[Path, ast.Module]] = []

    def add_module(self, name: str, path: Path) -> None:
        """A file and, by its imports, all of the author's own that it needs."""
        if name in self.modules:
            return
        if len(self.modules) >= FILES_MAX:
            raise Refused(f"the locustfile imports more than {FILES_MAX} files of its folder")
        if path.stat().st_size > SOURCE_BYTES_MAX:
            raise Refused(f"`{path}` is larger than {SOURCE_BYTES_MAX >> 20} MiB, too large for a source")
        self.modules[name] = path
        try:
            tree = ast.parse(path.read_bytes(), filename=str(path))
        except SyntaxError:
            return  # The guest's own Python, which is newer, decides and says so.
        self.trees.append((path, tree))
        package = os.path.dirname(name)
        for target in imports(tree, package):
            self.follow(target)
        self.add_literals(tree)

    def follow(self, target: str) -> None:
        """Adds a module or package of the author's; what is not there is somebody else's."""
        parts = target.split(".")
        for count in range(1, len(parts) + 1):
            place = "/".join(parts[:count])
            base = self.folder / place
            if base.with_suffix(".py").is_file():
                self.add_module(place + ".py", base.with_suffix(".py"))
            elif (base / "__init__.py").is_file():
                self.add_module(place + "/__init__.py", base / "__init__.py")
            elif not base.is_dir():
                return

    def add_literals(self, tree: ast.Module) -> None:
        """Files that a text in the source names."""
        texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
        names = {text for text in texts if isinstance(text, str) and is_name(text)}
        # `Path(__file__).parent / "data" / "users.csv"` and `join("data", "users.csv")` name folders alone.
        folders = [""]
        for folder in folders:
            for name in names:
                place = os.path.join(folder, name)
                if self.add_data(place) or place in folders or len(folders) > FOLDERS_MAX:
                    continue
                if is_below(place) and (self.folder / place).is_dir():
                    folders.append(place)

    def add_data(self, text: str) -> bool:
        """A file below the folder, when there is one of this name."""
        name = os.path.normpath(text)
        path = self.folder / name
        if not is_below(name) or not path.is_file():
            return False
        if not name.endswith(".py"):
            self.data[name.replace(os.sep, "/")] = path
        return True

    def include(self, pattern: str) -> None:
        """Files that `--include` names."""
        found = [
            Path(path).relative_to(self.folder).as_posix()
            for path in sorted(glob.glob(str(self.folder / pattern), recursive=True))
            if os.path.isfile(path)
        ]
        if not found:
            raise Refused(f"`--include {pattern}` names no file in `{self.folder}`")
        for name in found:
            if name.endswith(".py"):
                self.add_module(name, self.folder / name)
            else:
                self.data[name] = self.folder / name

    def sources(self, shown: dict[str, str]) -> dict[str, str]:
        """The author's names of all modules."""
        return {name: shown.get(name, as_typed(path)) for name, path in sorted(self.modules.items())}

    def write(self, out: Path, locustfiles: list[str], shown: dict[str, str]) -> str:
        """Makes the folder; the digest of its content."""
        size = sum(path.stat().st_size for path in self.data.values())
        if size > DATA_BYTES_MAX:
            largest = max(self.data, key=lambda name: self.data[name].stat().st_size)
            raise Refused(
                f"the files that the locustfile names have {size >> 20} MiB together, the largest is `{largest}`; at "
                f"most {DATA_BYTES_MAX >> 20} MiB go into a component: use a data table (`wload.table`) instead"
            )
        digest = hashlib.sha256()
        for name, path in sorted(self.modules.items()):
            target = out / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
            digest.update(f"{name}\0{shown.get(name, name)}\0".encode() + path.read_bytes() + b"\0")
        sources = self.sources(shown)
        files = {name: path.read_bytes() for name, path in sorted(self.data.items())}
        text = (
            '"""Made by wload: what was gathered for this component."""\n\n'
            f"LOCUSTFILES = {locustfiles!r}\nSOURCES = {sources!r}\nFILES = {files!r}\nOPTIONS = {{}}\n"
        )
        (out / "wload_stage.py").write_text(text, encoding="utf-8")
        digest.update(text.encode())
        return digest.hexdigest()


def is_name(text: str) -> bool:
    """Whether it may be the name of a file."""
    return text.strip() not in {"", ".", "/"} and len(text) < NAME_BYTES_MAX and text.isprintable()


def is_below(name: str) -> bool:
    """Whether it is a place below a folder, and not the folder itself."""
    place = os.path.normpath(name)
    return not os.path.isabs(place) and place != "." and not place.startswith("..")


def imports(tree: ast.Module, package: str) -> list[str]:
    """The modules that a source imports, by their full names."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split("/")[: len(package.split("/")) - node.level + 1] if package else []
                base = ".".join([*filter(None, above), *filter(None, [node.module])])
            prefix = base + "." if base else ""
            found += [prefix + alias.name for alias in node.names if alias.name != "*"]
            if base:
                found.append(base)
    return found


MUTATORS = {"append", "extend", "insert", "pop", "popleft", "remove", "clear", "update", "add", "discard", "setdefault"}


def shared_state(path: Path, tree: ast.Module) -> list[dict]:
    """Module globals that functions change: users of Locust share them, isolated users do not."""
    made = {}
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if isinstance(node, (ast.Assign, ast.AnnAssign)):
            made |= {target.id: node for target in targets if isinstance(target, ast.Name)}
    notes = {}
    for user in (node for node in tree.body if isinstance(node, ast.ClassDef)):
        for node in ast.walk(user):
            name = changed_global(node, made)
            if name and name not in notes:
                notes[name] = {"path": as_typed(path), "line": node.lineno, "name": name, "advice": advice(node)}
    return list(notes.values())


def changed_global(node: ast.AST, made: dict) -> str | None:
    """The module's name that this changes in place or by `global`."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        base = node.func.value
        if node.func.attr in MUTATORS and isinstance(base, ast.Name) and base.id in made:
            return base.id
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "next" and node.args:
        base = node.args[0]
        return base.id if isinstance(base, ast.Name) and base.id in made else None
    if isinstance(node, ast.Global):
        return next((name for name in node.names if name in made), None)
    if isinstance(node, (ast.Assign, ast.AugAssign)):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for target in targets:
            if isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name) and target.value.id in made:
                return target.value.id
    return None


def advice(node: ast.AST) -> str:
    """The one line that does the same for isolated users."""
    takes = isinstance(node, ast.Call) and (
        isinstance(node.func, ast.Name) or node.func.attr in {"pop", "popleft", "remove"}
    )
    if takes:
        return "each row once in the whole run: `from wload import table`, then `table(\"NAME.csv\").next(\"unique\")`"
    return "a number of the whole run: `from wload import counter`, then `counter(\"NAME\").add(1)`"


def locustfiles(typed: list[str]) -> list[Path]:
    """Files and folders, as Locust's `-f a.py,b.py` and `-f folder`."""
    found = []
    for name in typed:
        path = Path(name)
        if path.is_dir():
            inside = sorted(p for p in path.rglob("*.py") if not p.name.startswith("_"))
            if not inside:
                raise Refused(f"there is no `.py` file in `{name}`")
            found += inside
        elif path.is_file():
            found.append(path)
        else:
            raise Refused(f"there is no `{name}`")
    return found


def common_folder(paths: list[Path]) -> Path:
    """Where imports and data files are looked for: the locustfiles' folder."""
    return Path(os.path.commonpath([path.resolve().parent for path in paths]))


def as_typed(path: Path) -> str:
    """A path as a person here would type it."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative


def main() -> dict:
    """Stages what the command line names."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--stage", type=Path, required=True)
    parser.add_argument("--include", action="append", default=[])
    parser.add_argument("locustfiles", nargs="+")
    args = parser.parse_args()
    paths = locustfiles(args.locustfiles)
    stage = Stage(common_folder(paths))
    names, shown = [], {}
    for path in paths:
        name = path.resolve().relative_to(stage.folder).as_posix()
        module = name.removesuffix(".py").replace("/", ".")
        if "." in path.stem:
            raise Refused(f"`{path}` cannot be imported, because of the dot in its name; rename the file")
        shown[name] = str(path)
        stage.add_module(name, path)
        names.append(module)
    for pattern in args.include:
        stage.include(pattern)
    key = stage.write(args.stage, names, shown)
    notes = [note for path, tree in stage.trees for note in shared_state(path, tree)]
    return {
        "key": key,
        "folder": str(stage.folder),
        "sources": stage.sources(shown),
        "data": sorted(stage.data),
        "shared": notes,
    }


if __name__ == "__main__":
    try:
        answer = main()
    except Refused as refused:
        answer = {"refused": str(refused)}
    json.dump(answer, sys.stdout)
