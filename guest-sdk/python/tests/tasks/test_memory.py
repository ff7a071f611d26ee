"""What is left in circles is collected between tasks, and handles are given back once."""

import gc
import sys
import unittest
import weakref
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src"))

from wload import handles, memory


class Node:
    """Refers to itself."""

    alive = 0

    def __init__(self):
        self.me = self
        Node.alive += 1

    def __del__(self):
        Node.alive -= 1


class Rubbish(unittest.TestCase):
    def setUp(self):
        was = gc.get_threshold()
        self.addCleanup(gc.set_threshold, *was)
        gc.set_threshold(memory.RUBBISH_MAX)
        Node.alive = 0

    def test_circles_of_many_tasks_are_bounded(self):
        for _ in range(200):
            for _ in range(100):
                Node()
            memory.tidy()
            self.assertLessEqual(Node.alive, memory.YOUNG_MAX)

    def test_circles_that_outlive_a_look_at_the_young_are_collected_later(self):
        kept = [Node() for _ in range(memory.YOUNG_MAX)]
        memory.tidy()
        kept.clear()
        for _ in range(memory.ROUNDS_PER_FULL):
            filling = [[] for _ in range(2 * memory.YOUNG_MAX)]
            memory.tidy()
            filling.clear()
        self.assertEqual(Node.alive, 0)

    def test_a_task_that_makes_little_is_not_held_up(self):
        gc.collect()
        Node()
        memory.tidy()
        self.assertEqual(Node.alive, 1)


class Handles(unittest.TestCase):
    def setUp(self):
        self.dropped = []
        self.ends = []
        self.addCleanup(handles.restore)

    def resource(self):
        owner = Node()
        owner.me = None
        owner.finalizer = handles.Finalizer(owner, lambda *given: self.dropped.append(given), 7, 3)
        return owner

    def test_a_handle_is_given_back_when_its_object_goes(self):
        owner = self.resource()
        self.assertEqual(self.dropped, [])
        del owner
        self.assertEqual(self.dropped, [(7, 3)])

    def test_a_handle_that_was_given_away_is_not_given_back(self):
        owner = self.resource()
        _, _, given, named = owner.finalizer.detach()
        self.assertEqual((given, named), ((7, 3), {}))
        self.assertIsNone(owner.finalizer.detach())
        del owner
        self.assertEqual(self.dropped, [])

    def test_who_asks_first_gets_ours_and_ends_the_build_and_all_others_get_the_standard_librarys(self):
        standard = weakref.finalize
        handles.install(lambda: self.ends.append(weakref.finalize))
        self.assertEqual(self.ends, [])
        self.assertIs(weakref.finalize, handles.Finalizer)
        self.assertEqual(self.ends, [standard], "at the end of the build the module is as it was")
        self.assertIs(weakref.finalize, standard)
        self.assertEqual(len(self.ends), 1)

    def test_other_names_that_weakref_does_not_have_are_as_absent_as_ever(self):
        handles.install(lambda: self.ends.append("end"))
        with self.assertRaisesRegex(AttributeError, "module 'weakref' has no attribute 'finalise'"):
            weakref.finalise
        self.assertEqual(self.ends, [])


if __name__ == "__main__":
    unittest.main()
