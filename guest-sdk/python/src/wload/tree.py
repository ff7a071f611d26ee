"""What the author's classes are to the host: the task tree.

Upstream: `wload_app.describe`. Downstream: classes of `locust.user`. A set that picks in its own way, or whose code
touches its tasks or its queue, is one node whose task picks inside the guest. Invariant: the same classes give the
same indices each time.
"""

from types import FunctionType
from typing import Any

from locust.user.task import DefaultTaskSet, MarkovTaskSet, SequentialTaskSet, TaskSet
from locust.user.users import User
from wit_world.exports import users

PICKING = ("get_next_task", "execute_next_task", "schedule_task", "run")
TOUCHING = frozenset(("tasks", "schedule_task", "run"))


def _functions(cls: type) -> list[FunctionType]:
    return [item for base in cls.__mro__ if not base.__module__.startswith("locust.")
            for item in vars(base).values() if isinstance(item, FunctionType)]


def _names(cls: type) -> set[str]:
    return {name for function in _functions(cls) for name in function.__code__.co_names}


def _all_names(cls: type) -> set[str]:
    found = _names(cls)
    for each in cls.tasks:
        if isinstance(each, FunctionType):
            found.update(each.__code__.co_names)
    return found


def picks_itself(cls: type) -> bool:
    """Whether the host cannot pick for this class."""
    if not cls.tasks or issubclass(cls, MarkovTaskSet) or TOUCHING & _all_names(cls):
        return True
    known = SequentialTaskSet if issubclass(cls, SequentialTaskSet) else TaskSet
    return issubclass(cls, TaskSet) and any(getattr(cls, name) is not getattr(known, name) for name in PICKING)


def may_lead_elsewhere(cls: type) -> bool:
    """Whether the guest leads users from here into sets that the host does not see, which wait as they say."""
    only_functions = issubclass(cls, MarkovTaskSet) and not any(
        isinstance(item, type) and hasattr(item, "transitions") for item in vars(cls).values())
    return picks_itself(cls) and not only_functions


def _ns(seconds: float) -> int:
    return max(int(seconds * 1e9), 0)


def wait_of(cls: type) -> Any:
    """How the class waits; None: as what is around it."""
    raw = next(vars(base)["wait_time"] for base in cls.__mro__ if "wait_time" in vars(base))
    if raw is vars(TaskSet)["wait_time"]:
        return users.WaitTime_Custom() if may_lead_elsewhere(cls) else None
    kind, *values = getattr(raw, "wload_wait", ("custom",))
    if kind == "custom" or "wait_time" in _names(cls) or may_lead_elsewhere(cls):
        return users.WaitTime_Custom()
    if kind == "constant":
        return users.WaitTime_Constant(_ns(values[0])) if values[0] > 0 else users.WaitTime_None_()
    if kind == "pacing":
        return users.WaitTime_Pacing(_ns(values[0])) if values[0] > 0 else users.WaitTime_None_()
    low, high = map(_ns, values)
    return users.WaitTime_Between((low, high)) if low < high else users.WaitTime_Constant(low)


def name_of(target: Any) -> str:
    """How a task is called in reports."""
    return getattr(target, "__name__", None) or type(target).__name__


class Tree:
    """The nodes, and what each is: a set's class, a task, or None where the guest picks."""

    def __init__(self, classes: list[type]) -> None:
        self.nodes: list[Any] = []
        self.targets: list[Any] = []
        self.classes = classes
        self.roots = [self._set(cls, 1, ()) for cls in classes]

    def _add(self, target: Any, node: Any) -> int:
        self.nodes.append(node)
        self.targets.append(target)
        return len(self.nodes) - 1

    def _task(self, target: Any, name: str, weight: int, tags: list[str]) -> int:
        return self._add(target, users.Node(name, users.NodeKind.TASK, weight, tags, [], None, False))

    def _set(self, cls: type, weight: int, above: tuple[type, ...]) -> int:
        is_root = issubclass(cls, User)
        is_sequential = issubclass(cls, SequentialTaskSet)
        if picks_itself(cls):
            tags = {tag for each in cls.tasks for tag in getattr(each, "locust_tag_set", ())}
            children = [self._task(None, cls.__name__, 1, sorted(tags))]
        else:
            children = [self._child(each, count, (*above, cls)) for each, count in _grouped(cls, is_sequential)]
        kind = users.NodeKind.SEQUENTIAL_SET if is_sequential else users.NodeKind.WEIGHTED_SET
        wait = None if is_root else wait_of(cls)
        if wait is None and any(wait_of(each) for each in above[1:]):
            # The host would wait as the set around this one does; Locust waits as the user does.
            wait = wait_of(above[0])
        return self._add(cls, users.Node(cls.__name__, kind, weight, [], children, wait, not is_root))

    def _child(self, target: Any, count: int, above: tuple[type, ...]) -> int:
        if isinstance(target, type) and issubclass(target, TaskSet) and target not in above:
            return self._set(target, count, above)
        return self._task(target, name_of(target), count, sorted(getattr(target, "locust_tag_set", ())))


def _grouped(cls: type, is_sequential: bool) -> list[tuple[Any, int]]:
    """Tasks with how often each is there: neighbours in a sequence, all in a weighted set."""
    groups: list[tuple[Any, int]] = []
    for each in cls.tasks:
        places = range(len(groups) - 1, len(groups)) if is_sequential else range(len(groups))
        place = next((i for i in places if i >= 0 and groups[i][0] == each), None)
        if place is None:
            groups.append((each, 1))
        else:
            groups[place] = (each, groups[place][1] + 1)
    return groups


def user_class(cls: type, root: int) -> Any:
    """The class as the host sees it."""
    share = users.Share_FixedCount(cls.fixed_count) if cls.fixed_count > 0 else users.Share_Weight(float(cls.weight))
    return users.UserClass(cls.__name__, share, cls.host, wait_of(cls), root, True)


__all__ = ["DefaultTaskSet", "Tree", "picks_itself", "user_class", "wait_of"]
