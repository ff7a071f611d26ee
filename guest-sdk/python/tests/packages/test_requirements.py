"""Which packages a requirements file names, and when two files mean the same.

Upstream: `python3 -m unittest discover -s guest-sdk/python/tests/packages`. Downstream: `build/packages`. Nothing is
fetched.
"""

import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "build" / "packages"))

import native
import requirements
from refused import Refused


class Requirements(unittest.TestCase):
    """Files in a folder of their own."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name).resolve()

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def read(self, text: str) -> requirements.Listed:
        return requirements.read(self.write("requirements.txt", text))

    def test_comments_go_and_continued_lines_are_one(self) -> None:
        listed = self.read("\ufeff# all\nfaker >= 3 \\\n  , < 99   # people\n\npkg[extra]==1 ; python_version > '3.9'\n")
        self.assertEqual(listed.lines, ["faker >= 3    , < 99", "pkg[extra]==1 ; python_version > '3.9'"])
        self.assertEqual(listed.names(), ["faker", "pkg"])

    def test_a_fragment_of_an_address_is_no_comment(self) -> None:
        line = "pkg @ https://host/pkg.whl#sha256=abc"
        self.assertEqual(self.read(line).lines, [line])

    def test_what_wload_has_itself_and_what_only_locust_needs_is_passed_over(self) -> None:
        listed = self.read("locust==2.31.1\nRequests[socks]>=2\nzope.event\nfaker\nlocust-plugins==4\ngevent ; x\n")
        self.assertEqual(listed.lines, ["faker", "locust-plugins==4"])
        self.assertEqual(listed.passed_over, {"locust", "requests", "zope-event", "gevent"})

    def test_included_files_count_once_from_their_own_folders_and_constraints_stay_constraints(self) -> None:
        self.write("sub/base.txt", "jinja2\n-r ../requirements.txt\n")
        self.write("sub/pins.txt", "jinja2==3.1\nlocust==2\n")
        listed = self.read("-r sub/base.txt\n--requirement=sub/base.txt\n-csub/pins.txt\nfaker\n")
        self.assertEqual(listed.lines, ["jinja2", "faker"])
        self.assertEqual(listed.constraints, ["jinja2==3.1"])

    def test_relative_places_become_absolute_and_an_editable_project_a_plain_one(self) -> None:
        project = self.write("own/pyproject.toml", "").parent
        self.write("wheels/a-1-py3-none-any.whl", "")
        listed = self.read("-e ./own[x] ; a\n-f wheels\n./wheels/a-1-py3-none-any.whl\n")
        wheels = self.folder / "wheels"
        self.assertEqual(listed.lines, [f"{project}[x] ; a", f"--find-links {wheels}",
                                        f"{wheels}/a-1-py3-none-any.whl"])
        self.assertEqual(listed.names(), ["own[x]", "a-1-py3-none-any.whl"])

    def test_what_cannot_be_read_is_named(self) -> None:
        for text, part in (("-r gone.txt", "gone.txt`: No such file"), ("./gone", "there is no `./gone`"),
                           ("-f gone", "there is no `gone`")):
            with self.assertRaisesRegex(Refused, part):
                self.read(text)
        (self.folder / "bad.txt").write_bytes(b"\xff")
        with self.assertRaisesRegex(Refused, "bad.txt` are not UTF-8"):
            self.read("-r bad.txt")

    def test_the_key_changes_with_what_would_be_installed_and_not_with_comments(self) -> None:
        module = self.write("own/own.py", "A = 1\n")
        self.write("pins.txt", "faker==1\n")
        text = "./own\n-c pins.txt\nfaker\n"
        first = requirements.key(self.read(text))
        self.assertEqual(requirements.key(self.read(f"# note\n\n{text}")), first)
        keys = {first, requirements.key(self.read(text + "jinja2\n"))}
        self.write("pins.txt", "faker==2\n")
        keys.add(requirements.key(self.read(text)))
        module.write_text("A = 2\n", encoding="utf-8")
        keys.add(requirements.key(self.read(text)))
        self.assertEqual(len(keys), 4)


class Refusals(unittest.TestCase):
    """The one sentence."""

    def test_it_names_the_package_who_needs_it_and_what_to_use_instead(self) -> None:
        refused = native.refusal([("pydantic_core", "2.1", "`pydantic`"), ("fast", "1", "")], [])
        self.assertEqual(refused.sentence, "package `pydantic_core` 2.1, which `pydantic` needs, has native code, and a "
                         "user runs in a sandbox that loads only Python; the same is true of `fast`")
        self.assertEqual(refused.hint, "use `dataclasses` and `json` instead of `pydantic`")


if __name__ == "__main__":
    unittest.main()
