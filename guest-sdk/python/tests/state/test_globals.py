"""Globals of the author's: whatever a user does to them, the next user finds them as the build left them."""

import types
import unittest

import test_tables  # The host that stands in, and where the sources are.

from wload import state


def content():
    """One of each kind that is looked at in its own way."""
    return {
        "NUMBERS": [1, 2.5, "three"], "NAMES": {"a", "b"}, "PAIRS": {"one": 1, "two": 2}, "FIXED": (1, "x"),
        "NESTED": {"deep": [1]}, "LONG": dict.fromkeys(range(state.PLAIN_MAX + 1)), "EMPTY": [], "NONE": None,
    }


CHANGES = {
    "an item is replaced": lambda module: module.NUMBERS.__setitem__(0, 2),
    "an item is added": lambda module: module.EMPTY.append(1),
    "an item is gone": lambda module: module.NAMES.discard("a"),
    "one is put for another": lambda module: module.NAMES.__ixor__({"a", "c"}),
    "a value of a key": lambda module: module.PAIRS.__setitem__("one", 3),
    "a key": lambda module: module.PAIRS.pop("two"),
    "deep inside": lambda module: module.NESTED["deep"].append(2),
    "in a large dictionary": lambda module: module.LONG.__setitem__(5, 0),
    "another object": lambda module: setattr(module, "FIXED", (1, "y")),
    "a new name": lambda module: setattr(module, "NEW", 1),
    "a name that is gone": lambda module: delattr(module, "NONE"),
}


class Globals(unittest.TestCase):
    def test_each_change_is_seen_and_put_back_time_and_again(self):
        test_tables.HOST.move_in({})
        module = types.ModuleType("locustfile")
        vars(module).update(content())
        watch = state.Watch([module])
        self.assertEqual(watch.changes(), [])
        for _ in range(2):
            for what, change in CHANGES.items():
                with self.subTest(what):
                    change(module)
                    self.assertEqual(len(watch.changes()), 1)
                    self.assertTrue(watch.reset())
                    self.assertEqual(watch.changes(), [])
                    found = {name: value for name, value in vars(module).items() if not name.startswith("__")}
                    self.assertEqual(found, content())

    def test_what_python_keeps_in_a_module_is_no_change_and_hides_none(self):
        test_tables.HOST.move_in({})
        module = types.ModuleType("locustfile")
        vars(module).update(content())
        watch = state.Watch([module])
        module.__warningregistry__ = {"version": 1}
        self.assertEqual(watch.changes(), [])
        module.FIXED = (1, "y")
        self.assertEqual([name for _, name, _ in watch.changes()], ["FIXED"])
        self.assertTrue(watch.reset())
        self.assertEqual(watch.changes(), [])

    def test_the_same_objects_by_other_names_are_changes(self):
        test_tables.HOST.move_in({})
        module = types.ModuleType("locustfile")
        module.FIRST, module.LAST = 1, None
        watch = state.Watch([module])
        module.OTHER = vars(module).pop("LAST")
        self.assertEqual({name for _, name, _ in watch.changes()}, {"LAST", "OTHER"})
        self.assertTrue(watch.reset())
        self.assertEqual((module.FIRST, module.LAST, hasattr(module, "OTHER")), (1, None, False))


if __name__ == "__main__":
    unittest.main()
