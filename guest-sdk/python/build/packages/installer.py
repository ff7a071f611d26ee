"""Installs pure Python by pip: what CPython would get is resolved first, then each package is had as pure Python.

Upstream: `__main__.py`. Downstream: pip of the tool folder, and what it talks to.

1. Resolve as for CPython on Linux. So the versions are those that people have, and not older ones that happen to be
   pure: pip would go back to these in silence.
2. What is native there is looked for as a pure wheel of the same version, or built from its source without compilers:
   many packages have native code only for speed.
3. Install these versions, pure wheels only.
Invariant: nothing native is ever in the folder.
"""

import contextlib
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import native
from refused import Refused
from requirements import OWN, PYTHON, Listed, normal

SOURCES_MAX = 50
BUILD_SECONDS_MAX = 180
FETCH_SECONDS_MAX = 1_800
LINES_SHOWN = 6
# pip judges markers by the Python that it runs in, and not by the guest's.
GUEST = {
    "python_version": PYTHON, "python_full_version": f"{PYTHON}.0", "implementation_version": f"{PYTHON}.0",
    "sys_platform": "wasi", "platform_system": "wasi", "platform_machine": "wasm32", "os_name": "posix",
}
START = f"""
import sys
import pip
from pip._vendor.packaging import markers
if tuple(int(part) for part in pip.__version__.split(".")[:2]) < (22, 2):
    sys.exit(f"ERROR: pip {{pip.__version__}} is too old, 22.2 or newer is needed")
own = markers.default_environment
markers.default_environment = lambda: {{**own(), **{GUEST!r}}}
from pip._internal.cli.main import main
sys.exit(main())
"""
COMMON = ("--disable-pip-version-check", "--no-input", "--no-color", "--quiet")
PURE = ("--only-binary", ":all:", "--python-version", PYTHON, "--implementation", "py", "--abi", "none",
        "--platform", "any")
MANYLINUX = (5, 12, 17, 24, 26, 27, 28, 31, 34, 35, 36, 38, 39)
CPYTHON = ("--only-binary", ":all:", "--python-version", PYTHON, "--implementation", "cp",
           *(word for minor in MANYLINUX for word in ("--platform", f"manylinux_2_{minor}_x86_64")))
# Says to setup scripts that no native code is wanted; without compilers it could not be had anyway.
PURE_BUILD = {
    "CC": "false", "CXX": "false", "RUSTC": "false", "CARGO": "false", "MATURIN_NO_INSTALL_RUST": "1",
    "MSGPACK_PUREPYTHON": "1", "WRAPT_DISABLE_EXTENSIONS": "true", "PYYAML_FORCE_LIBYAML": "0", "SKIP_CYTHON": "1",
    "DISABLE_SQLALCHEMY_CEXT": "1", "FROZENLIST_NO_EXTENSIONS": "1", "MULTIDICT_NO_EXTENSIONS": "1",
    "PROPCACHE_NO_EXTENSIONS": "1", "YARL_NO_EXTENSIONS": "1", "CHARSET_NORMALIZER_USE_MYPYC": "0",
}
NOTHING = re.compile(r"No matching distribution found for ([^\s;(]+)")
UNREACHED = "WARNING: Retrying ("
VERSIONS = re.compile(r"\(from versions: ([^)]*)\)")
INDEX = re.compile(r"^(?:-i|--index-url|--extra-index-url)[\s=]+(\S+)")
# A name and a password in an address, which no log should have.
SECRET = re.compile(r"(?<=://)[^/@\s]*@")
VERSIONS_SHOWN = 5


@contextlib.contextmanager
def scratch(folder: Path) -> Iterator[Path]:
    """A folder beside that one, which is gone afterwards."""
    work = folder.with_name(f"{folder.name}.unfinished-{os.getpid()}")
    work.mkdir()
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def install(listed: Listed, place: Path, work: Path) -> dict:
    """Fills `done` in the work folder; names and versions, and what was built from source."""
    return Installer(listed, place, work).run()


class Installer:
    """One installation."""

    def __init__(self, listed: Listed, place: Path, work: Path) -> None:
        self.place, self.work, self.wheels = place, work, work / "wheels"
        self.built: list[str] = []
        self.wheels.mkdir()
        own = [_empty_wheel(self.wheels, name, version) for name, version in OWN.items()]
        self.options = [line for line in listed.lines if line.startswith("-")]
        self.asked = [*listed.lines, *(own if listed.has_hashes else [])]
        self.constraints = [line for line in listed.constraints if "--hash" not in line]
        self.constraints += [f"{name}=={version}" for name, version in OWN.items()]

    def run(self) -> dict:
        """All three steps."""
        items = self._resolve()
        natives = [item for item in items if self._is_native(item)]
        refused = [item for item in natives if not self._become_pure(item)]
        if refused:
            raise native.refusal([(item["metadata"]["name"], item["metadata"]["version"], _chain(item, items))
                                  for item in refused], [])
        self.constraints += [f"{item['metadata']['name']}=={item['metadata']['version']}" for item in items
                             if not item.get("is_direct") and normal(item["metadata"]["name"]) not in OWN]
        site = self.work / "done"
        site.mkdir()
        done = self._pip("install", *PURE, "--no-compile", "--target", str(site), *self._wanted())
        if done.returncode:
            raise self._refusal(done)
        _tidy(site)
        names = [(item["metadata"]["name"], item["metadata"]["version"]) for item in items]
        return {"packages": [pair for pair in names if normal(pair[0]) not in OWN], "built": self.built}

    def _resolve(self) -> list[dict]:
        """What CPython would get. What has no wheels at all is built, and asked for again."""
        for _ in range(SOURCES_MAX):
            done = self._pip("install", *CPYTHON, "--dry-run", "--ignore-installed", "--report", "-", "--target",
                             str(self.work / "none"), *self._wanted())
            if not done.returncode:
                return json.loads(done.stdout)["install"]
            missing = NOTHING.search(done.stderr)
            if not missing:
                raise self._refusal(done)
            failed = self._build(missing[1])
            if failed is not None:
                raise self._missing(missing[1], done, failed)
        raise Refused(f"more than {SOURCES_MAX} packages would have to be built from their sources")

    def _is_native(self, item: dict) -> bool:
        """Whether CPython would load libraries of it; a project's folder is built later, and looked at then."""
        url = item["download_info"]["url"]
        return url.endswith(".whl") and not url.endswith("-none-any.whl")

    def _become_pure(self, item: dict) -> bool:
        """Puts a pure wheel of this version among the wheels."""
        name, version = item["metadata"]["name"], item["metadata"]["version"]
        exact = f"{name}=={version}"
        if not item.get("is_direct"):
            fetched = self._pip("download", *PURE, "--no-deps", "--dest", str(self.wheels), *self._where(), exact)
            if not fetched.returncode:
                return True
        return normal(name) not in native.INSTEAD and self._build(exact) is None

    def _build(self, requirement: str) -> subprocess.CompletedProcess | None:
        """A pure wheel of a source; none when there is one, else what pip said."""
        name = re.split(r"[\[<>=!~;@\s]", requirement, maxsplit=1)[0]
        made = self.work / f"built-{normal(name)}"
        path = os.pathsep.join([os.path.dirname(sys.executable), "/nowhere"])
        done = self._pip("wheel", "--no-deps", "--no-cache-dir", "--no-binary", name, "--wheel-dir", str(made),
                         *self._where(), requirement, seconds=BUILD_SECONDS_MAX, env={**PURE_BUILD, "PATH": path})
        wheel = next(iter(made.glob("*.whl")), None)
        if done.returncode or wheel is None:
            return done
        with zipfile.ZipFile(wheel) as inside:
            if any(entry.endswith(native.SUFFIXES) for entry in inside.namelist()):
                return done
        # Setup scripts name the machine although nothing of it is inside.
        package, version = wheel.name.split("-")[:2]
        shutil.move(wheel, self.wheels / f"{package}-{version}-py3-none-any.whl")
        self.built.append(f"{package} {version}")
        return None

    def _where(self) -> list[str]:
        """The words that name where packages are looked for, as the author's file says it."""
        options = self.work / "options.txt"
        options.write_text("\n".join(self.options) + "\n", encoding="utf-8")
        return ["-r", str(options)]

    def _wanted(self) -> list[str]:
        """The words that name what to install."""
        asked, constraints = self.work / "requirements.txt", self.work / "constraints.txt"
        asked.write_text("\n".join(self.asked) + "\n", encoding="utf-8")
        constraints.write_text("\n".join(self.constraints) + "\n", encoding="utf-8")
        return ["--find-links", str(self.wheels), "-r", str(asked), "-c", str(constraints)]

    def _pip(self, command: str, *words: str, seconds: int = FETCH_SECONDS_MAX,
             env: dict[str, str] | None = None) -> subprocess.CompletedProcess:
        """Runs pip to its end; one that takes too long has failed."""
        with subprocess.Popen([sys.executable, "-I", "-c", START, command, *COMMON, *words], cwd=self.place, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              encoding="utf-8", errors="replace", start_new_session=True,
                              env={**os.environ, "PIP_USER": "0", **(env or {})}) as process:
            try:
                out, said = process.communicate(timeout=seconds)
                code = process.returncode
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                out, said, code = "", f"ERROR: it took longer than {seconds} s", 1
        return subprocess.CompletedProcess(command, code, out, said)

    def _missing(self, requirement: str, asked: subprocess.CompletedProcess,
                 built: subprocess.CompletedProcess) -> Refused:
        """There is no wheel, and no source that becomes one."""
        if NOTHING.search(built.stderr):
            return self._refusal(asked)
        name = re.split(r"[\[<>=!~;@\s]", requirement, maxsplit=1)[0]
        details = [] if normal(name) in native.INSTEAD else _important(built.stderr)
        return native.refusal([(name, requirement[len(name):].lstrip("="), "")], details)

    def _refusal(self, done: subprocess.CompletedProcess) -> Refused:
        """pip's own reason."""
        if UNREACHED in done.stderr:
            places = "".join(f" {place}" for place in self._indexes())
            return Refused(f"pip could not reach its index{places}", _important(done.stderr),
                           "look at the network, and at pip's settings for a proxy or an index")
        missing, versions = NOTHING.search(done.stderr), VERSIONS.search(done.stderr)
        if missing and versions:
            there = versions[1].split(", ")
            if there == ["none"]:
                return Refused(f"pip found no package `{missing[1]}`", _important(done.stderr),
                               "look at its spelling, and at pip's settings for a proxy or an index")
            newest = ", ".join(there[-VERSIONS_SHOWN:])
            return Refused(f"pip found no `{missing[1]}`; the newest versions that it found: {newest}")
        return Refused("pip could not install the requirements", _important(done.stderr))

    def _indexes(self) -> list[str]:
        """Those that the author's file names, or else the environment; pip's own settings are not looked through."""
        named = [found[1] for line in self.options if (found := INDEX.match(line))]
        named = named or os.environ.get("PIP_INDEX_URL", "").split()
        return [SECRET.sub("", place) for place in named]


def _empty_wheel(folder: Path, name: str, version: str) -> str:
    """Stands for a package of the SDK, so that packages which need it find it; the line that names it."""
    info, file = f"{name}-{version}.dist-info", folder / f"{name}-{version}-py3-none-any.whl"
    texts = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: wload\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},,\n" for path in (*texts, f"{info}/RECORD"))
    with zipfile.ZipFile(file, "w") as archive:
        for path, text in (*texts.items(), (f"{info}/RECORD", record)):
            archive.writestr(zipfile.ZipInfo(path), text)
    return f"{name}=={version} --hash=sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}"


def _chain(item: dict, items: list[dict]) -> str:
    """Who needs it, up to what the file names."""
    names = []
    while not item.get("requested"):
        wanted = normal(item["metadata"]["name"])
        needing = [other for other in items if wanted in _needs(other)]
        if not needing or needing[0]["metadata"]["name"] in names:
            break
        item = needing[0]
        names.append(item["metadata"]["name"])
    return f"`{names[-1]}`" if names else ""


def _needs(item: dict) -> set[str]:
    lines = item["metadata"].get("requires_dist", [])
    return {normal(re.split(r"[\[<>=!~;@\s(]", line, maxsplit=1)[0]) for line in lines}


def _tidy(site: Path) -> None:
    """Takes away what no guest needs; refuses what it could not load."""
    for name in OWN:
        for left in site.glob(f"{name}-*.dist-info"):
            shutil.rmtree(left)
    shutil.rmtree(site / "bin", ignore_errors=True)
    found = sorted(path.relative_to(site).as_posix() for path in site.rglob("*") if path.suffix in native.SUFFIXES)
    if found:
        raise native.refusal([(found[0].split("/")[0], "", "")], found[:LINES_SHOWN])


def _important(said: str) -> list[str]:
    """The few lines of pip's that hold the reason."""
    lines = [line.rstrip() for line in VERSIONS.sub("", said).splitlines() if line.strip()]
    errors = [line for line in lines if re.match(r"(ERROR|WARNING: Retrying|The conflict|  )", line)]
    return list(dict.fromkeys(errors or lines))[-LINES_SHOWN:]
