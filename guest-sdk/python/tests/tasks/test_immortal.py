"""What the build is told to make immortal: all that lasts, and nothing that somebody waits to see go."""

import gc
import sys
import types
import unittest
import weakref
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src"))

from wload import immortal


class Plain:
    """Nobody hears of its end."""


class Finalized:
    """Does something at its end."""

    def __del__(self):
        pass


def reached(*roots):
    return {id(each) for each in immortal._reached(list(roots))}


class Reached(unittest.TestCase):
    def test_what_is_inside_of_containers_and_instances_lasts_to_any_depth(self):
        inner = Plain()
        inner.names = {"key-of-a-dictionary": ["a text in a list", 12345678]}
        found = reached((1, inner))
        for each in (inner, inner.names, *inner.names, *inner.names.values(), *inner.names["key-of-a-dictionary"]):
            self.assertIn(id(each), found)

    def test_what_code_refers_to_lasts_although_the_collector_does_not_know_of_it(self):
        def outer(argument):
            def inner():
                return argument, "a constant of an inner function"
            return inner
        code = outer.__code__
        inner = next(each for each in code.co_consts if isinstance(each, types.CodeType))
        self.assertNotIn(code.co_consts, gc.get_referents(code))
        found = reached(outer)
        for each in (code, code.co_consts, code.co_names, code.co_name, inner, inner.co_consts, *inner.co_consts,
                     *inner.co_freevars):
            self.assertIn(id(each), found)

    def test_what_runs_does_not_last_and_what_only_it_refers_to_is_left_alone(self):
        def produce():
            local = Plain()
            seen.append(id(local))
            yield local
        seen = []
        generator = produce()
        next(generator)
        found = reached([generator, sys._getframe()])
        self.assertTrue(found.isdisjoint({id(generator), id(sys._getframe()), *seen}))

    def test_what_has_a_finalizer_or_a_weak_reference_goes_as_ever_and_its_content_lasts(self):
        finalized, watched = Finalized(), Plain()
        finalized.content, watched.content = ["first content"], ["second content"]
        reference = weakref.ref(watched)
        found = reached([finalized, watched, reference])
        self.assertTrue(found.isdisjoint({id(finalized), id(watched)}))
        self.assertLessEqual({id(finalized.content), id(watched.content), id(reference)}, found)

    def test_classes_and_functions_last_although_weak_references_to_them_are_common(self):
        references = [weakref.ref(Plain), weakref.ref(reached)]
        self.assertLessEqual({id(Plain), id(reached)}, reached(Plain, reached))
        self.assertIsNotNone(references)

    def test_each_object_is_there_once(self):
        both = Plain()
        circle = [both, both]
        circle.append(circle)
        found = [id(each) for each in immortal._reached([circle, both])]
        self.assertEqual(len(found), len(set(found)))


if __name__ == "__main__":
    unittest.main()
