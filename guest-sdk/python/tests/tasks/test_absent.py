"""What does not work in a sandbox says so in one sentence, when it is used.

Upstream: `python3 -m unittest discover -s guest-sdk/python/tests/tasks`. Downstream: `src/wload/absent.py`.
"""

import sys
import types
import unittest
from pathlib import Path
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src"))

from wload import absent


class Absences(unittest.TestCase):
    """Each use, and none at import."""

    def test_any_use_names_what_it_was_and_what_to_do_instead(self) -> None:
        pool = absent.Absent("gevent.pool", "use more users")
        for use in (lambda: pool.Pool(3), lambda: list(pool), lambda: pool.__enter__()):
            with self.assertRaisesRegex(NotImplementedError, "gevent.pool.*does not work here: use more users"):
                use()

    def test_the_standard_library_refuses_what_a_sandbox_cannot_do(self) -> None:
        class Thread:
            def start(self) -> None:
                """Never reached."""

        threading = types.SimpleNamespace(Thread=Thread)
        with patch.dict(sys.modules, {"threading": threading}), patch.object(
                absent, "STANDARD", (("threading", "Thread", "start", absent.THREADS),)):
            absent.guard_standard_library()
        with self.assertRaisesRegex(NotImplementedError, "threading.Thread.start does not work here: a user"):
            Thread().start()


if __name__ == "__main__":
    unittest.main()
