"""What an exception in an author's wait function does: rows, the second try, and the sets that the user falls out of.

Upstream: `python3 -m unittest discover -s guest-sdk/python/tests/tasks`. Downstream: `src/wload/waiting.py`; what it
needs of a host and of `locust` is a stand-in for the time of its import.
"""

import importlib
import sys
import types
import unittest
from pathlib import Path
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src"))
ROWS = []


class Heard:
    """`events.user_error`."""

    @staticmethod
    def notify(user_instance, exception, tb):
        ROWS.append(f"{user_instance.name} hears {exception!r}")


def _load():
    exceptions = {name: type(name, (Exception,), {}) for name in ("StopTest", "StopUser")}
    host = types.SimpleNamespace(exception=lambda place, message, trace: ROWS.append(f"{place}: {message}"))
    modules = {
        "locust": types.SimpleNamespace(events=types.SimpleNamespace(user_error=Heard)),
        "locust.exception": types.SimpleNamespace(**exceptions),
        "wit_world": types.SimpleNamespace(), "wit_world.imports": types.SimpleNamespace(events=host),
    }
    with patch.dict(sys.modules, modules):
        sys.modules.pop("wload.waiting", None)
        return importlib.import_module("wload.waiting"), exceptions["StopUser"]


waiting, StopUser = _load()


class Waits:
    """A set whose wait function answers by a script: seconds, or an exception."""

    user = None
    _is_broken = False

    def __init__(self, name, *answers):
        self.name, self.answers = name, list(answers)

    def wait_time(self):
        answer = self.answers.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        return answer


class Pauses(unittest.TestCase):
    def setUp(self):
        ROWS.clear()

    def check(self, sets, expected, rows, broken=""):
        with self.assertLogs() if rows or expected is None else self.assertNoLogs():
            if expected is None:
                self.assertRaises(Exception, waiting.pause, sets)
            else:
                self.assertEqual(waiting.pause(sets), expected)
        self.assertEqual(ROWS, rows)
        self.assertEqual("".join(each.name for each in sets if each._is_broken), broken)

    def test_seconds_become_nanoseconds_and_none_is_negative(self):
        self.check([Waits("r", 1.5)], 1_500_000_000, [])
        self.check([Waits("r", -1)], 0, [])

    def test_after_an_exception_the_set_waits_once_more(self):
        rows = ["Waits wait_time: no", "r hears ValueError('no')"]
        self.check([Waits("r", ValueError("no"), 2)], 2_000_000_000, rows)

    def test_a_second_exception_throws_the_user_out_of_the_set(self):
        rows = ["Waits wait_time: 1", "i hears KeyError(1)", "Waits wait_time: 2", "r hears KeyError(2)"]
        self.check([Waits("r", 3), Waits("i", KeyError(1), KeyError(2))], 3_000_000_000, rows, "i")

    def test_out_of_the_last_set_the_user_ends(self):
        rows = ["Waits wait_time: 1", "i hears KeyError(1)", "Waits wait_time: 2", "r hears KeyError(2)"]
        self.check([Waits("r", KeyError(3)), Waits("i", KeyError(1), KeyError(2))], None, rows, "ri")

    def test_who_stops_there_is_no_exception(self):
        with self.assertLogs():
            for answers in ([StopUser()], [ValueError("no"), StopUser()]):
                with self.assertRaises(StopUser):
                    waiting.pause([Waits("r", *answers)])
        self.assertEqual(len(ROWS), 2)


if __name__ == "__main__":
    unittest.main()
