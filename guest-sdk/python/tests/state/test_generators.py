"""Random generators in the author's globals: the next user of an instance has the ones that are seeded for it."""

import random
import types
import unittest

import test_tables  # The host that stands in, and where the sources are.

from wload import randomness, state


class Generators(unittest.TestCase):
    def setUp(self):
        test_tables.HOST.move_in({})
        self.addCleanup(randomness.UNSEEDED.clear)
        self.module = types.ModuleType("locustfile")
        randomness.watch()
        self.addCleanup(randomness.unwatch)
        self.module.OWN = random.Random()
        self.module.INSIDE = {"deep": [random.Random()], "left": 3}
        self.module.FIXED = random.Random(7)
        randomness.unwatch()
        self.watch = state.Watch([self.module])

    def begin(self, seed):
        """A user: what it draws first."""
        randomness.reseed(seed)
        return [each.random() for each in (self.module.OWN, self.module.INSIDE["deep"][0], self.module.FIXED)]

    def test_the_second_user_of_an_instance_draws_for_itself_too_and_a_seed_that_was_given_stays(self):
        first = self.begin(1)
        self.module.INSIDE["left"] = 2
        self.assertTrue(self.watch.reset())
        second = self.begin(2)
        self.assertEqual(first[2], second[2])
        self.assertNotEqual(first[:2], second[:2])
        self.assertTrue(self.watch.reset())
        self.assertEqual(self.begin(1), first, "the same seed gives the same draws")

    def test_what_stands_beside_a_generator_is_put_back(self):
        self.module.INSIDE["left"] = 2
        self.assertTrue(self.watch.reset())
        self.assertEqual(self.module.INSIDE["left"], 3)

    def test_that_an_unseeded_generator_was_used_is_no_change_for_users(self):
        self.module.OWN.random()
        self.assertEqual(self.watch.export(), b"")


if __name__ == "__main__":
    unittest.main()
