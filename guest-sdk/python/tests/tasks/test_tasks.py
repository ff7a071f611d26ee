"""How classes come by their tasks, and how a user goes through the sets that the guest leads it into.

Upstream: `python3 -m unittest discover -s guest-sdk/python/tests/tasks`. Downstream: `src/locust/user/task.py`,
`src/locust/user/wait_time.py`, `src/wload/nesting.py`; `locust` itself, which needs a host, is not imported.
"""

import pickle
import sys
import types
import unittest
from pathlib import Path
from unittest.mock import patch

SOURCE = Path(__file__).resolve().parents[2] / "src"
sys.path.insert(0, str(SOURCE))
for _name in ("locust", "locust.user"):
    _package = types.ModuleType(_name)
    _package.__path__ = [str(SOURCE / _name.replace(".", "/"))]
    sys.modules[_name] = _package

from locust.exception import InterruptTaskSet, RescheduleTask, RescheduleTaskImmediately, StopUser
from locust.user import task as tasks
from locust.user.task import MarkovTaskSet, SequentialTaskSet, TaskSet, tag, task, transition, transitions
from locust.user.wait_time import constant_pacing, constant_throughput, poisson
from wload import nesting


class Somebody:
    """What a task set needs of a user."""

    wait_time = None
    min_wait = max_wait = None

    def __init__(self):
        self.said = []


class Inner(TaskSet):
    """Stops with the user's words."""

    def on_start(self):
        self.user.said.append("start")

    def on_stop(self):
        self.user.said.append("stop")

    @task
    def out(self):
        self.interrupt(reschedule=False)


class Refusing(TaskSet):
    def on_start(self):
        self.interrupt()


class Leading(TaskSet):
    def on_start(self):
        Inner(self).run()


def first(self):
    """A task."""


def second(self):
    """Another one."""


class Collection(unittest.TestCase):
    def test_weights_repeat_a_task_and_what_is_inherited_comes_first(self):
        class Base(TaskSet):
            tasks = {first: 2}

        class Below(Base):
            @task(3)
            def third(self):
                pass
            tasks = [second, (first, 1)]
        self.assertEqual(Below.tasks, [first, first, second, first, *[Below.third] * 3])
        self.assertEqual(Base.tasks, [first, first])

    def test_a_sequence_keeps_the_order_of_the_text(self):
        class Base(SequentialTaskSet):
            tasks = [first]

        class Below(Base):
            @task(2)
            def third(self):
                pass
            tasks = [second]

            @task
            def fourth(self):
                pass
        self.assertEqual(Below.tasks, [first, Below.third, Below.third, second, Below.fourth])
        going = Below(Somebody())
        self.assertEqual([going.get_next_task() for _ in range(6)], [*Below.tasks, first])

    def test_tags_add_up_and_those_of_a_set_are_for_its_tasks(self):
        @tag("a")
        class Tagged(TaskSet):
            @tag("b")
            @task
            def it(self):
                pass
        self.assertEqual(Tagged.it.locust_tag_set, {"a", "b"})
        self.assertRaisesRegex(ValueError, "No tag name", tag)
        self.assertRaisesRegex(ValueError, "No tag name", tag, first)

    def test_a_set_without_tasks_says_what_may_be_wrong(self):
        class Empty(TaskSet):
            task = [first]
        with self.assertRaisesRegex(Exception, "No tasks defined on Empty, but you have set a 'task' attribute"):
            Empty(Somebody()).get_next_task()


class Chains(unittest.TestCase):
    def test_a_chain_goes_where_weights_let_it_and_names_what_they_never_reach(self):
        with self.assertLogs(level="WARNING") as logs:
            class Chain(MarkovTaskSet):
                @transitions({"there": 1, "never": 0})
                def here(self):
                    pass

                @transition("here")
                def there(self):
                    pass

                @transition("here")
                def never(self):
                    pass
        self.assertIn("these tasks of Chain: never", logs.output[0])
        going = Chain(Somebody())
        names = [going.get_next_task().__name__ for _ in range(6)]
        self.assertEqual(names, ["here", "there"] * 3)

    def test_a_transition_to_nothing_or_to_a_plain_function_is_refused(self):
        with self.assertRaisesRegex(tasks.InvalidTransitionError, "Transition to nowhere from here"):
            class Nowhere(MarkovTaskSet):
                @transition("nowhere")
                def here(self):
                    pass
        with self.assertRaisesRegex(tasks.NonMarkovTaskTransitionError, "cannot be used as a target"):
            class Plain(MarkovTaskSet):
                @transition("plain")
                def here(self):
                    pass

                def plain(self):
                    pass
        with self.assertRaises(tasks.NoMarkovTasksError):
            class Bare(MarkovTaskSet):
                pass


class Nesting(unittest.TestCase):
    def setUp(self):
        self.user = Somebody()
        self.outer = TaskSet(self.user)
        self.sets = [self.outer]

    def enter(self, entered):
        nesting.guided(self.sets, self.outer.execute_task, entered)

    def test_a_set_is_entered_at_once_and_its_interrupt_leads_back(self):
        self.assertRaises(RescheduleTaskImmediately, self.enter, Inner)
        self.assertEqual([type(each) for each in self.sets], [TaskSet, Inner])
        self.assertIs(self.sets[1].parent, self.outer)
        self.assertRaises(RescheduleTask, nesting.guided, self.sets, self.sets[-1]._step)
        self.assertEqual((self.sets, self.user.said), ([self.outer], ["start", "stop"]))

    def test_an_interrupt_in_on_start_enters_nothing(self):
        self.assertRaises(RescheduleTaskImmediately, self.enter, Refusing)
        self.assertEqual(self.sets, [self.outer])

    def test_on_start_may_lead_further_in_and_a_stop_leaves_from_the_inside_out(self):
        self.assertRaises(RescheduleTaskImmediately, self.enter, Leading)
        self.assertEqual([type(each) for each in self.sets], [TaskSet, Leading, Inner])
        nesting.leave_all(self.sets)
        self.assertEqual((self.sets, self.user.said), ([self.outer], ["start", "stop"]))

    def test_an_interrupt_of_a_set_that_the_host_knows_is_for_the_host(self):
        self.assertRaises(InterruptTaskSet, nesting.guided, self.sets, self.outer.interrupt)

    def test_other_exceptions_leave_the_user_where_it_is(self):
        self.assertRaises(RescheduleTaskImmediately, self.enter, Inner)

        def stop():
            raise StopUser
        self.assertRaises(StopUser, nesting.guided, self.sets, stop)
        self.assertEqual(len(self.sets), 2)

    def test_the_stack_is_saved_with_its_place_and_its_queue(self):
        self.assertRaises(RescheduleTaskImmediately, self.enter, Inner)
        self.sets[-1].schedule_task(first)
        user, sets = pickle.loads(pickle.dumps((self.user, self.sets)))
        self.assertIs(sets[1].user, user)
        self.assertTrue(sets[1]._is_inner)
        self.assertEqual(list(sets[1]._queued), [first])


class Pacing(unittest.TestCase):
    def waits(self, *moments):
        waiting = TaskSet(Somebody())
        waiting._began = 100.0
        wait = constant_pacing(2)
        with patch("time.perf_counter", side_effect=moments):
            return [wait(waiting) for _ in moments]

    def test_tasks_start_so_far_apart_and_a_late_one_is_not_made_up_for(self):
        self.assertEqual(self.waits(100.5, 102.25, 107.0, 107.5), [1.5, 1.75, 0.0, 1.5])

    def test_a_clock_that_began_later_does_not_prolong_a_wait(self):
        self.assertEqual(self.waits(3.0), [2.0])

    def test_a_rate_that_is_not_positive_is_refused(self):
        for made in (constant_throughput, poisson):
            with self.assertRaisesRegex(ValueError, f"{made.__name__}.. requires a positive rate, got: 0"):
                made(0)


if __name__ == "__main__":
    unittest.main()
