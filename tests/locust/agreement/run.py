"""One run of one case by one of the two programs, with a target of its own.

Upstream: __main__.py. Downstream: compare.py. Both get the same words after the program's name.
"""

import csv
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from cases import Case, files_of
from target import Received, Target

FILES = Path(__file__).resolve().parent.parent / "files"
# A build of a component on a busy machine, and a run.
TIME_MAX = 400
# Of the environment: Locust would read a configuration at home, wload has its tools and its cache there.
KEPT = {"locust": ("PATH",), "wload": ("PATH", "HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME")}
TABLES = ("stats", "failures", "exceptions")
MARK = re.compile(r"SEEN .*")
AUTHORS_LINE = re.compile(r'File "[^"]*?(\w+\.py)", line (\d+), in (\w+)')


@dataclass
class Run:
    """What a program did, as its target, its files and its output show it."""

    requests: list[Received]
    tables: dict[str, list[dict[str, str]]]
    code: int | None
    output: str

    def seen(self) -> list[str]:
        """The lines that the locustfile itself wrote."""
        return [line.rstrip() for line in MARK.findall(self.output)]


def words_of(case: Case, url: str, prefix: Path, patience: int) -> list[str]:
    """What both are told."""
    files = ",".join(str(FILES / f"{name}.py") for name in files_of(case))
    time = ["-t", f"{case.run_time * patience}s"] if case.run_time else []
    # `--tags` takes words until the next flag, so classes come before it.
    return ["-f", files, *case.classes, "--headless", "-u", str(case.users), "-r", "100", *time,
            "--host", url, "--csv", str(prefix), "--only-summary", *case.flags]


def run(program: str, wload: str, case: Case, folder: Path, patience: int) -> Run:
    """Runs the case to its end; with more patience the run's time is longer."""
    folder.mkdir(parents=True, exist_ok=True)
    prefix = folder / "run"
    target = Target(case.is_secure)
    start = [sys.executable, "-m", "locust"] if program == "locust" else [wload, "run"]
    kept = {name: os.environ[name] for name in KEPT[program] if name in os.environ}
    environment = {"HOME": str(folder)} | kept | {"PYTHONDONTWRITEBYTECODE": "1"} | case.environment
    try:
        ended = subprocess.run([*start, *words_of(case, target.url, prefix, patience)], cwd=folder, env=environment,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               timeout=TIME_MAX)
        code, output = ended.returncode, ended.stdout.decode("utf-8", "replace")
    except subprocess.TimeoutExpired as late:
        code, output = None, (late.stdout or b"").decode("utf-8", "replace")
    finally:
        target.close()
    (folder / "output.txt").write_text(output)
    tables = {name: read(Path(f"{prefix}_{name}.csv")) for name in TABLES}
    run = Run(list(target.requests), tables, code, output.replace(target.url, f"{target.scheme}://target"))
    lines = "\n".join(f"{request.visitor} {request.line()}" for request in run.requests)
    (folder / "requests.txt").write_text(lines + "\n")
    return run


def read(path: Path) -> list[dict[str, str]]:
    """The rows of a file; none when the program wrote none."""
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def authors_lines(traceback: str) -> list[str]:
    """The frames in the author's own files, which is what both have to show."""
    names = {path.name for path in FILES.glob("*.py")}
    return [f"{name}:{line} {function}" for name, line, function in AUTHORS_LINE.findall(traceback) if name in names]
