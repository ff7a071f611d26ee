"""Task sets, and how classes collect their tasks.

Upstream: authors, `users.py`. Downstream: `wload/tree.py` tells the host what is here. The host picks tasks and waits;
`run()` does both inside the guest, for sets that a set with its own way of picking enters.
"""

import logging
import random
import traceback
from collections import deque
from itertools import cycle
from time import perf_counter, sleep, time
from typing import Any

from locust.exception import (InterruptTaskSet, LocustError, MissingWaitTimeError, RescheduleTask,
                              RescheduleTaskImmediately, StopTest, StopUser)


def task(weight: Any = 1) -> Any:
    """Marks a method or an inner class as a task, `@task` or `@task(weight)`."""
    def mark(target: Any) -> Any:
        if target.__name__ == "run":
            raise Exception("run() is used by the user itself: give the task another name")
        target.locust_task_weight = 1 if callable(weight) else weight
        return target
    return mark(weight) if callable(weight) else mark


def tag(*tags: str) -> Any:
    """Marks a task for `--tags` and `--exclude-tags`."""
    if not tags or callable(tags[0]):
        raise ValueError("No tag name was supplied")

    def mark(target: Any) -> Any:
        if hasattr(target, "tasks"):
            target.tasks = [mark(each) for each in target.tasks]
        else:
            target.locust_tag_set = set(target.__dict__.get("locust_tag_set", ())) | set(tags)
        return target
    return mark


def _spread(tasks: Any) -> list[Any]:
    """`{task: weight}`, `[(task, weight)]` or `[task]`, as a list with repeats."""
    spread = []
    for item in tasks.items() if isinstance(tasks, dict) else tasks:
        each, count = item if isinstance(item, tuple) else (item, 1)
        spread += [each] * count
    return spread


def collect_tasks(bases: Any, body: dict[str, Any]) -> list[Any]:
    """Tasks of the bases, of `tasks`, and of the decorated members, in this order."""
    found = [each for base in bases for each in getattr(base, "tasks", None) or ()]
    found += _spread(body.get("tasks") or ())
    for item in body.values():
        found += [item] * getattr(item, "locust_task_weight", 0)
    return found


class TaskSetMeta(type):
    """Collects the tasks of a set."""

    def __new__(mcs, name: str, bases: Any, body: dict[str, Any]) -> Any:
        body["tasks"] = collect_tasks(bases, body)
        return type.__new__(mcs, name, bases, body)


class TaskSet(metaclass=TaskSetMeta):
    """Tasks that a user runs until it leaves the set by `interrupt()`."""

    tasks: list[Any] = []
    min_wait: float | None = None
    max_wait: float | None = None
    wait_function: Any = None

    def __init__(self, parent: Any) -> None:
        self._task_queue: deque[Any] = deque()
        self._time_start = time()
        self._user = parent.user if isinstance(parent, TaskSet) else parent
        self._parent = parent
        self._cp_last_run = perf_counter()
        self._cp_last_wait_time = 0.0

    @property
    def user(self) -> Any:
        """The user that is in this set."""
        return self._user

    @property
    def parent(self) -> Any:
        """The set around this one, or the user."""
        return self._parent

    @property
    def client(self) -> Any:
        """The user's client."""
        return self.user.client

    def on_start(self) -> None:
        """Called when a user enters the set."""

    def on_stop(self) -> None:
        """Called when a user leaves the set."""

    def interrupt(self, reschedule: bool = True) -> None:
        """Leaves the set."""
        raise InterruptTaskSet(reschedule)

    def schedule_task(self, task_callable: Any, first: bool = False) -> None:
        """Puts a task before those that are picked."""
        (self._task_queue.appendleft if first else self._task_queue.append)(task_callable)

    def get_next_task(self) -> Any:
        """Picks a task; a set that overrides this picks in its own way."""
        if not self.tasks:
            hint = ", but you have set a 'task' attribute - maybe you meant to set 'tasks'?" if getattr(
                self, "task", None) else "."
            raise Exception(f"No tasks defined on {type(self).__name__}{hint} use the @task decorator or set the "
                            "'tasks' attribute of the TaskSet")
        return random.choice(self.tasks)

    def execute_next_task(self) -> None:
        """Runs the first task of the queue."""
        self.execute_task(self._task_queue.popleft())

    def execute_task(self, task: Any) -> None:
        """Runs a task: a function, a method of this set, or a set."""
        if getattr(task, "__self__", None) is self:
            task()
        elif isinstance(task, type) and issubclass(task, TaskSet):
            task(self).run()
        else:
            task(self)

    def wait_time(self) -> float:
        """Seconds to wait after a task."""
        if self.user.wait_time:
            return self.user.wait_time()
        if self.min_wait is not None and self.max_wait is not None:
            return random.randint(self.min_wait, self.max_wait) / 1000.0
        raise MissingWaitTimeError(f"There is no wait_time in {type(self.user).__name__} nor {type(self).__name__}")

    def wait(self) -> None:
        """Waits inside the task, as after one."""
        sleep(self.wait_time())

    def _step(self) -> None:
        """One task, picked here."""
        if not self._task_queue:
            self.schedule_task(self.get_next_task())
        self.execute_next_task()

    def run(self) -> None:
        """Runs the set inside the guest until it is left."""
        try:
            self.on_start()
        except InterruptTaskSet as left:
            raise (RescheduleTaskImmediately if left.reschedule else RescheduleTask)() from left
        while True:
            try:
                self._step()
            except RescheduleTaskImmediately:
                continue
            except RescheduleTask:
                pass
            except InterruptTaskSet as left:
                self.on_stop()
                raise (RescheduleTaskImmediately if left.reschedule else RescheduleTask)() from left
            except (StopUser, StopTest):
                self.on_stop()
                raise
            except Exception as error:
                self.user.environment.events.user_error.fire(
                    user_instance=self, exception=error, tb=error.__traceback__)
                logging.error("%s\n%s", error, traceback.format_exc())
            self.wait()


class DefaultTaskSet(TaskSet):
    """The root: runs the user's own tasks with the user as their argument."""

    def get_next_task(self) -> Any:
        if not self.user.tasks:
            raise Exception(f"No tasks defined on {type(self.user).__name__}. Use the @task decorator or set the "
                            "'tasks' attribute of the User (or mark it as abstract = True if you only intend to "
                            "subclass it)")
        return random.choice(self.user.tasks)

    def execute_task(self, task: Any) -> None:
        if isinstance(task, type) and issubclass(task, TaskSet):
            task(self.user).run()
        else:
            task(self.user)


class SequentialTaskSetMeta(TaskSetMeta):
    """Keeps the order in which tasks are declared, `tasks` in its place among the methods."""

    def __new__(mcs, name: str, bases: Any, body: dict[str, Any]) -> Any:
        found = [each for base in bases for each in getattr(base, "tasks", None) or ()]
        for key, item in body.items():
            if key == "tasks":
                found += _spread(item)
            found += [item] * getattr(item, "locust_task_weight", 0)
        body["tasks"] = found
        return type.__new__(mcs, name, bases, body)


class SequentialTaskSet(TaskSet, metaclass=SequentialTaskSetMeta):
    """Runs its tasks in order, again and again."""

    def get_next_task(self) -> Any:
        if not self.tasks:
            raise LocustError("No tasks defined. Use the @task decorator or set the 'tasks' attribute of the "
                              "SequentialTaskSet")
        place = self.__dict__.get("_place", 0)
        self._place = place + 1
        return self.tasks[place % len(self.tasks)]


class MarkovTaskSetMeta(TaskSetMeta):
    """Checks that transitions lead somewhere."""

    def __new__(mcs, name: str, bases: Any, body: dict[str, Any]) -> Any:
        if body.setdefault("abstract", False):
            return type.__new__(mcs, name, bases, body)
        steps = [item for item in body.values() if hasattr(item, "transitions")]
        if not steps:
            raise NoMarkovTasksError(f"No Markov tasks defined in class {name}. Use the @transition(s) decorators to "
                                     "define some.")
        for step in steps:
            _check_step(name, step, body)
            step.transitions = _spread(step.transitions)
        body["current"] = steps[0]
        return type.__new__(mcs, name, bases, body)


def _check_step(name: str, step: Any, body: dict[str, Any]) -> None:
    if hasattr(step, "locust_tag_set"):
        raise MarkovTaskTagError(f"Tags are unsupported for MarkovTaskSet; {name}.{step.__name__} has "
                                 f"{step.locust_tag_set}")
    for target in step.transitions:
        if target not in body:
            raise InvalidTransitionError(f"Transition to {target} from {step.__name__} is invalid since no such "
                                         f"element exists on class {name}")
        if not hasattr(body[target], "transitions"):
            raise NonMarkovTaskTransitionError(f"{name}.{target} cannot be used as a target for a transition since "
                                               "it does not define any transitions of its own.")


class NoMarkovTasksError(LocustError):
    """A MarkovTaskSet without tasks."""


class InvalidTransitionError(LocustError):
    """A transition to nothing."""


class NonMarkovTaskTransitionError(LocustError):
    """A transition to something that has none."""


class MarkovTaskTagError(LocustError):
    """Tags in a MarkovTaskSet."""


def transition(func_name: str, weight: int = 1) -> Any:
    """One way on from this task."""
    return transitions({func_name: weight})


def transitions(weights: Any) -> Any:
    """The ways on from this task, `{name: weight}` or `[name, (name, weight)]`."""
    given = weights if isinstance(weights, dict) else dict(
        item if isinstance(item, tuple) else (item, 1) for item in weights)

    def mark(target: Any) -> Any:
        target.transitions = {**getattr(target, "transitions", {}), **given}
        return target
    return mark


class MarkovTaskSet(TaskSet, metaclass=MarkovTaskSetMeta):
    """Each task says which may come next."""

    abstract = True

    def get_next_task(self) -> Any:
        step = self.current
        self.current = getattr(self, random.choice(step.transitions))
        return step
