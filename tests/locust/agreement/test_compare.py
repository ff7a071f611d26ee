"""The comparison finds what it has to find, and nothing else: `python -m unittest` in this folder.

Upstream: `cargo xtask agreement`, before it compares anything.
"""

import unittest

from cases import CASES, Case, files_of
from compare import compare
from run import FILES, Run, authors_lines
from target import Received

CASE = Case("20_response", "anything")
DICE = Case("31_random_choice", "anything", is_random=True)
ROW = {"Type": "GET", "Name": "/a", "Request Count": "2", "Failure Count": "0", "Average Content Size": "3.0"}


def made(*paths, code=0, output="", visitor="1", **tables):
    requests = [Received(visitor, "GET", path, (), "") for path in paths]
    return Run(requests, {"stats": [], "failures": [], "exceptions": []} | tables, code, output)


def aspects(left, right, case=CASE):
    return [difference.aspect for difference in compare(case, left, right)[1]]


class Comparison(unittest.TestCase):
    def test_equal_runs_agree_whoever_comes_first(self):
        self.assertEqual(aspects(made("/a", "/b"), made("/a", "/b", visitor="7")), [])

    def test_the_order_of_a_users_requests_matters(self):
        self.assertEqual(aspects(made("/a", "/b"), made("/b", "/a")), ["requests"])

    def test_a_request_less_is_found(self):
        self.assertEqual(aspects(made("/a", "/b"), made("/a")), ["requests"])

    def test_exit_codes_and_rows_and_lines_are_compared(self):
        self.assertEqual(aspects(made(), made(code=1)), ["exit code"])
        self.assertEqual(aspects(made(stats=[ROW]), made(stats=[ROW | {"Request Count": "3"}])), ["stats"])
        self.assertEqual(aspects(made(output="x SEEN a\n"), made(output="SEEN b\n")), ["lines seen"])

    def test_ports_and_addresses_are_no_difference(self):
        row = {"Method": "GET", "Name": "/", "Occurrences": "1"}
        left = row | {"Error": "<a object at 0x7f0000001>, port=1, http://127.0.0.1:1"}
        right = row | {"Error": "<a object at 0x7fffffff2>, port=2, http://127.0.0.1:2"}
        self.assertEqual(aspects(made(failures=[left]), made(failures=[right])), [])

    def test_shares_differ_only_beyond_chance(self):
        half = made(*["/a", "/b"] * 200)
        self.assertEqual(aspects(half, made(*["/a"] * 210, *["/b"] * 190), DICE), [])
        self.assertEqual(aspects(half, made(*["/a"] * 300, *["/b"] * 100), DICE), ["shares"])
        self.assertEqual(aspects(half, made("/a"), DICE), ["shares"])

    def test_a_traceback_is_the_lines_of_the_author(self):
        text = 'File "/x/locust/user/task.py", line 5, in run\n  File "here/24_task_errors.py", line 9, in own\n'
        self.assertEqual(authors_lines(text), ["24_task_errors.py:9 own"])


class Cases(unittest.TestCase):
    def test_every_locustfile_has_a_case_and_every_case_a_locustfile(self):
        files = {path.stem for path in FILES.glob("*.py") if not path.name.startswith("_")}
        self.assertEqual(files, {case.file for case in CASES})

    def test_names_are_unique_and_builds_few(self):
        self.assertEqual(len({case.name for case in CASES}), len(CASES))
        self.assertLessEqual(len({tuple(files_of(case)) for case in CASES}), 12)


if __name__ == "__main__":
    unittest.main()
