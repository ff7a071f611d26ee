"""Code that has run is put at other places, and does there what it did."""

import sys
import types
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src"))

from wload import hot

# More than any version of CPython needs to adapt code.
OFTEN = 100


def adds(first, second=1):
    """Adapts to numbers."""
    return first + second


def counts(upto):
    """Has code inside, which runs with it."""
    return sum(number + 1 for number in range(upto))


def counter():
    """Has a variable that its inner function keeps."""
    count = 0

    def up():
        nonlocal count
        count = count + 1
        return count

    return up


def rests():
    """Does not run."""
    return adds(1)


class Hot(unittest.TestCase):
    def gathered(self, run):
        before = hot.look()
        for _ in range(OFTEN):
            run()
        hot.gather(before)

    def test_only_what_has_run_is_moved(self):
        codes = adds.__code__, rests.__code__
        self.gathered(lambda: adds(1))
        self.assertIsNot(adds.__code__, codes[0])
        self.assertEqual(adds.__code__, codes[0])
        self.assertIs(rests.__code__, codes[1])

    def test_what_was_moved_does_what_it_did(self):
        up = counter()
        self.gathered(lambda: (adds(1), counts(5), up()))
        self.assertEqual((adds(1), adds(1, second=2), counts(5), up()), (2, 3, 15, OFTEN + 1))
        self.assertEqual(rests(), 2)

    def test_code_inside_of_code_moves_with_it(self):
        def inner():
            return next(each for each in counts.__code__.co_consts if isinstance(each, types.CodeType))
        was = inner()
        self.gathered(lambda: counts(5))
        self.assertIsNot(inner(), was)
        self.assertEqual(counts(5), 15)

    def test_functions_that_share_code_share_it_still(self):
        made = [counter(), counter()]
        self.gathered(lambda: [up() for up in made])
        self.assertIs(made[0].__code__, made[1].__code__)


if __name__ == "__main__":
    unittest.main()
