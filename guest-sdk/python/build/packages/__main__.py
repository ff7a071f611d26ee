"""Packages of a requirements file, for `wload`: what there is to install, and installing it; answers JSON on stdout.

Upstream: `wload run locustfile.py`, with the Python of wload's own tool folder. Downstream: a folder of packages, which
componentize-py takes as the guest's `site-packages`.

`key FILE` reads the file and fetches nothing; `install FILE FOLDER` fills FOLDER.
Invariant: a folder in its place is complete, because it was moved there.
"""

import json
import os
import sys
from pathlib import Path

import installer
import requirements
from refused import Refused


def key(path: Path) -> dict:
    """What stands in the file, and a name for its content."""
    listed = requirements.read(path)
    return {"key": requirements.key(listed), "names": listed.names(), "passed_over": sorted(listed.passed_over)}


def install(path: Path, folder: Path) -> dict:
    """Fills the folder; what became of the packages."""
    listed = requirements.read(path)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with installer.scratch(folder) as work:
        done = installer.install(listed, path.resolve().parent, work)
        try:
            os.rename(work / "done", folder)
        except OSError:
            if not folder.is_dir():  # Otherwise another wload was faster.
                raise
    return done


def main(words: list[str]) -> dict:
    """Does what the first word says."""
    try:
        if words[0] == "key":
            return key(Path(words[1]))
        return install(Path(words[1]), Path(words[2]))
    except Refused as refused:
        return {"refused": refused.sentence, "details": refused.details, "hint": refused.hint}


if __name__ == "__main__":
    json.dump(main(sys.argv[1:]), sys.stdout)
