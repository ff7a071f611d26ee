"""Task sets, and how classes come by their tasks.

Upstream: authors, `users.py`. Downstream: `wload/tree.py` tells the host what is here, `wload_app` runs it. The host
picks tasks and waits. Invariant: a task set never loops: `run()` only says that its user goes on in it.
"""

import logging
import random
import time
from collections import deque
from typing import Any

from locust.exception import InterruptTaskSet, LocustError, MissingWaitTimeError


class EnterTaskSet(Exception):
    """The user goes on in this set, until an interrupt leads back to the one it comes from."""

    def __init__(self, entered: "TaskSet") -> None:
        super().__init__(type(entered).__name__)
        self.entered = entered


def task(weight: Any = 1) -> Any:
    """Marks a method or an inner class as a task, `@task` or `@task(weight)`."""
    if callable(weight):
        return task(1)(weight)

    def mark(target: Any) -> Any:
        match target.__name__:
            case "run":
                raise Exception("run() is used by the user itself: give the task another name")
            case "on_start" | "on_stop" as hook:
                logging.warning("%s is marked with @task: it is called as a task too, not only when a user %s",
                                hook, "starts" if hook == "on_start" else "stops")
        target.locust_task_weight = weight
        return target
    return mark


def tag(*tags: str) -> Any:
    """Marks a task for `--tags` and `--exclude-tags`; on a task set all tasks that it has."""
    if not tags or callable(tags[0]):
        raise ValueError("No tag name was supplied")

    def mark(target: Any) -> Any:
        for each in target.tasks if hasattr(target, "tasks") else [target]:
            each.locust_tag_set = {*vars(each).get("locust_tag_set", ()), *tags}
        return target
    return mark


def spread(weighted: Any) -> list[Any]:
    """`{task: weight}`, `[(task, weight)]` or `[task]`, as a list with repeats."""
    pairs = weighted.items() if isinstance(weighted, dict) else (
        item if isinstance(item, tuple) else (item, 1) for item in weighted or ())
    return [each for each, weight in pairs for _ in range(weight)]


def tasks_of(cls: type, in_order: bool = False) -> list[Any]:
    """What a new class has as `tasks`: what it inherits, its own `tasks`, its marked members; or the latter two in
    the order in which they were written."""
    own = {name: spread(item) if name == "tasks" else [item] * getattr(item, "locust_task_weight", 0)
           for name, item in vars(cls).items()}
    names = list(own) if in_order else sorted(own, key="tasks".__ne__)
    inherited = [each for base in cls.__bases__ for each in getattr(base, "tasks", None) or ()]
    return inherited + [each for name in names for each in own[name]]


class TaskSet:
    """Tasks that a user runs until it leaves the set by `interrupt()`."""

    tasks: list[Any] = []
    min_wait: float | None = None
    max_wait: float | None = None
    wait_function: Any = None
    # The guest, not the host, led the user into this set.
    _is_inner = False
    # The user falls out of it by an exception, which calls no `on_stop`.
    _is_broken = False

    def __init_subclass__(cls, **more: Any) -> None:
        super().__init_subclass__(**more)
        cls.tasks = tasks_of(cls)

    def __init__(self, parent: Any) -> None:
        self._parent = parent
        self._queued: deque[Any] = deque()
        self._began = time.perf_counter()

    @property
    def parent(self) -> Any:
        """The set around this one, or the user."""
        return self._parent

    @property
    def user(self) -> Any:
        """The user that is in this set."""
        around = self._parent
        return around.user if isinstance(around, TaskSet) else around

    @property
    def client(self) -> Any:
        """The user's client."""
        return self.user.client

    @property
    def _owner(self) -> Any:
        """Whose tasks these are, and what they are called with."""
        return self

    def on_start(self) -> None:
        """Called when a user enters the set."""

    def on_stop(self) -> None:
        """Called when a user leaves the set."""

    def interrupt(self, reschedule: bool = True) -> None:
        """Leaves the set."""
        raise InterruptTaskSet(reschedule)

    def schedule_task(self, task_callable: Any, first: bool = False) -> None:
        """Puts a task before those that are picked."""
        self._queued.insert(0 if first else len(self._queued), task_callable)

    def get_next_task(self) -> Any:
        """Picks a task; a set that overrides this picks in its own way."""
        return random.choice(self._owner.tasks or self._complain())

    def _complain(self) -> Any:
        has_task = bool(getattr(self, "task", None))
        hint = ", but you have set a 'task' attribute - maybe you meant to set 'tasks'?" if has_task else "."
        raise Exception(f"No tasks defined on {type(self).__name__}{hint} use the @task decorator or set the 'tasks' "
                        "attribute of the TaskSet")

    def execute_next_task(self) -> None:
        """Runs the first task of the queue."""
        self.execute_task(self._queued.popleft())

    def execute_task(self, task: Any) -> None:
        """Runs a task: a function, a method of this set, or a set."""
        owner = self._owner
        if isinstance(task, type) and issubclass(task, TaskSet):
            task(owner).run()
        given = () if getattr(task, "__self__", None) is owner else (owner,)
        task(*given)

    def wait_time(self) -> float:
        """Seconds to wait after a task."""
        of_user = self.user.wait_time
        if of_user is not None:
            return of_user()
        for bounds in ((self.min_wait, self.max_wait), (self.user.min_wait, self.user.max_wait)):
            if None not in bounds:
                return random.randint(*bounds) / 1000
        raise MissingWaitTimeError(f"You must define a wait_time method on either the {type(self.user).__name__} or "
                                   f"{type(self).__name__} class")

    def wait(self) -> None:
        """Waits inside the task, as after one."""
        time.sleep(self.wait_time())

    def run(self) -> None:
        """The user goes on in this set; nothing after the call is reached."""
        self._is_inner = True
        raise EnterTaskSet(self)

    def _step(self) -> None:
        """One task, picked here."""
        if not self._queued:
            self.schedule_task(self.get_next_task())
        self.execute_next_task()


class DefaultTaskSet(TaskSet):
    """The root: the user's own tasks, which are called with the user."""

    @property
    def _owner(self) -> Any:
        return self._parent

    def _complain(self) -> Any:
        hint = "."
        if getattr(self.user, "task", None):
            hint = ", but you have set a 'task' attribute on your class - maybe you meant to set 'tasks'?"
        raise Exception(f"No tasks defined on {type(self.user).__name__}{hint} Use the @task decorator or set the "
                        "'tasks' attribute of the User (or mark it as abstract = True if you only intend to subclass "
                        "it)")


class SequentialTaskSet(TaskSet):
    """Runs its tasks in order, again and again."""

    _place = -1

    def __init_subclass__(cls, **more: Any) -> None:
        own = tasks_of(cls, in_order=True)
        super().__init_subclass__(**more)
        cls.tasks = own

    def get_next_task(self) -> Any:
        """The one after the last."""
        self._place += 1
        return self.tasks[self._place % len(self.tasks)] if self.tasks else self._complain()

    def _complain(self) -> Any:
        raise LocustError("No tasks defined. Use the @task decorator or set the 'tasks' attribute of the "
                          "SequentialTaskSet")


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
    given = weights.items() if isinstance(weights, dict) else (
        item if isinstance(item, tuple) else (item, 1) for item in weights)
    ways = dict(given)

    def mark(target: Any) -> Any:
        target.transitions = getattr(target, "transitions", {}) | ways
        return target
    return mark


class MarkovTaskSet(TaskSet):
    """Each task says which may come next."""

    abstract = True
    current: Any = None

    def __init_subclass__(cls, **more: Any) -> None:
        super().__init_subclass__(**more)
        cls.abstract = bool(vars(cls).get("abstract"))
        if cls.abstract:
            return
        steps = [item for item in vars(cls).values() if hasattr(item, "transitions")]
        if not steps:
            raise NoMarkovTasksError(f"No Markov tasks defined in class {cls.__name__}. Use the @transition(s) "
                                     "decorators to define some.")
        for step in steps:
            _check_step(cls, step)
        if lost := [step.__name__ for step in steps if step not in _reached(cls, steps[0])]:
            logging.warning("no transition leads to these tasks of %s: %s", cls.__name__, ", ".join(lost))
        cls.current = steps[0]

    def get_next_task(self) -> Any:
        """Where the last task led; from there the next one is drawn."""
        step = self.current
        ways = step.transitions
        self.current = getattr(type(self), *random.choices(list(ways), list(ways.values())))
        return step


def _check_step(cls: type, step: Any) -> None:
    name = cls.__name__
    if hasattr(step, "locust_tag_set"):
        raise MarkovTaskTagError(f"Tags are unsupported for MarkovTaskSet; {name}.{step.__name__} has "
                                 f"{step.locust_tag_set}")
    for target in step.transitions:
        if target not in vars(cls):
            raise InvalidTransitionError(f"Transition to {target} from {step.__name__} is invalid since no such "
                                         f"element exists on class {name}")
        if not hasattr(vars(cls)[target], "transitions"):
            raise NonMarkovTaskTransitionError(f"{name}.{target} cannot be used as a target for a transition since "
                                               "it does not define any transitions of its own.")


def _reached(cls: type, first: Any) -> list[Any]:
    """Steps to which transitions lead that are ever taken, the first included."""
    found = [first]
    for step in found:
        ways = (vars(cls)[name] for name, weight in step.transitions.items() if weight > 0)
        found += [each for each in dict.fromkeys(ways) if each not in found]
    return found
