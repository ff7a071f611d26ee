"""The component: the exports of the contract over the author's locustfiles.

Upstream: componentize-py, which imports this module at build time and keeps the interpreter as it then is.
Downstream: `locust`, `wload`. Invariants: importing makes no call to the host; one user at a time is in an instance.
"""

import logging
import sys
from typing import Any

from wload import sleeping  # First: others keep what `time.sleep` is when they are imported.
from wload import memory, preload

preload.standard_library()
memory.pack()  # What follows is what users run.

from wload import records  # Before all that makes them.

import locust
import wload
import wload.http
from componentize_py_types import Err
from gevent import GreenletExit
from wit_world.exports import shape, users
from wit_world.imports import control, log, options
from wit_world.imports import random as host_random
from wload import (absent, arguments, files, handles, hosts, nesting, packages, randomness, rehearsal, saving,
                   state, tracebacks, tree, waiting)

import wload_stage


INSTANCE: dict[str, Any] = {"is_live": False, "is_ready": False}
LEVELS = ((logging.ERROR, log.Level.ERROR), (logging.WARNING, log.Level.WARN), (logging.INFO, log.Level.INFO),
          (0, log.Level.DEBUG))
NEXT, STOP_USER = users.Outcome_Next(), users.Outcome_StopUser()


class HostHandler(logging.Handler):
    """Log records go to the host; those of the build to standard error."""

    def emit(self, record: logging.LogRecord) -> None:
        text = self.format(record)
        if not INSTANCE["is_live"]:
            print(text, file=sys.stderr)
            return
        log.log(next(level for least, level in LEVELS if record.levelno >= least), text)


files.install(wload_stage.FILES)
logging.getLogger().addHandler(HostHandler())
logging.getLogger().setLevel(logging.INFO)
_before = set(sys.modules)
randomness.watch()
for _name in wload_stage.LOCUSTFILES:
    __import__(_name)  # Unlike importlib's function this leaves no frames in the traceback of an author's error.
LOCUSTFILES = [sys.modules[name] for name in wload_stage.LOCUSTFILES]

from locust.env import ENVIRONMENT
from locust.exception import InterruptTaskSet, RescheduleTask, RescheduleTaskImmediately, StopTest, StopUser
from locust.shape import LoadTestShape
from locust.user.task import TaskSet
from locust.user.users import User


def _concrete(base: type) -> list[type]:
    found: dict[type, None] = {}
    for module in LOCUSTFILES:
        for item in vars(module).values():
            if isinstance(item, type) and issubclass(item, base) and item is not base and not item.abstract:
                found[item] = None
    return list(found)


_sources = set(wload_stage.SOURCES)


def _authors() -> list[Any]:
    return [module for name, module in list(sys.modules.items()) if name not in _before and
            tracebacks.PLACE.sub("", getattr(module, "__file__", None) or "") in _sources]


_scanned: set[str] = set()
while _fresh := [module for module in _authors() if module.__name__ not in _scanned]:
    _scanned.update(module.__name__ for module in _fresh)
    preload.of_modules(_fresh)
preload.of_packages(packages.modules())
packages.keep()
preload.close()
randomness.unwatch()
AUTHORS = _authors() or LOCUSTFILES
absent.guard_standard_library()
tracebacks.remember(AUTHORS, wload_stage.SOURCES)
CLASSES = [cls for cls in _concrete(User) if cls.weight > 0 or cls.fixed_count > 0]
SHAPES = _concrete(LoadTestShape)
TREE = tree.Tree(CLASSES)
PARSER = arguments.LocustArgumentParser(add_help=False, allow_abbrev=False)
locust.events.init_command_line_parser.fire(parser=PARSER)
for _cls in CLASSES:
    hosts.watch(_cls)
WATCH = state.Watch(AUTHORS)
ENVIRONMENT.user_classes = CLASSES


def _ready() -> None:
    """What is known only when the run is there."""
    INSTANCE["is_live"] = True
    sleeping.go_live()
    if not INSTANCE["is_ready"]:
        INSTANCE["is_ready"] = True
        randomness.reseed(host_random.get_u64())
        ENVIRONMENT.use_options(lambda: arguments.parsed(PARSER))


def _steered(call: Any, *given: Any) -> Any:
    """Runs the author's code; the exceptions that steer become outcomes, the others pass."""
    try:
        call(*given)
        return NEXT
    except InterruptTaskSet as left:
        return users.Outcome_Interrupt(bool(left.reschedule))
    except RescheduleTaskImmediately:
        return users.Outcome_Reschedule()
    except RescheduleTask:
        return NEXT
    except (StopUser, GreenletExit):
        return STOP_USER
    except StopTest as error:
        if str(error):
            logging.error("%s", error)
        return users.Outcome_StopRun(ENVIRONMENT._exit_code)


def _tell(error: Exception, where: Any) -> None:
    """Listeners hear of an exception; where a user cannot even be made there is nobody to tell of."""
    if where is not None:
        locust.events.user_error.notify(user_instance=where, exception=error, tb=error.__traceback__)


def _guarded(call: Any, *given: Any, where: Any = None) -> Any:
    """Runs the author's code; an exception becomes a row, unless a listener that hears of it steers the user."""
    memory.tidy()
    if "woken" in INSTANCE:
        _wake()
    try:
        return _steered(call, *given)
    except Exception as error:
        outcome = _steered(_tell, error, where or INSTANCE.get("user"))
        logging.error("%s\n%s", error, tracebacks.full_text(error))
        if outcome is not NEXT:
            return outcome
        failure = Err(users.TaskError(str(error) or type(error).__name__, tracebacks.trace_of(error)))
    raise failure


def _logged(call: Any) -> Any:
    """Runs an `on_stop`; an exception is no row."""
    memory.tidy()
    try:
        return _steered(call)
    except Exception as error:
        logging.error("Uncaught exception in on_stop: \n%s", tracebacks.full_text(error))
        return NEXT


def _wake() -> None:
    """What `restore` may not ask the host for."""
    _ready()
    index = INSTANCE.pop("woken")
    if changed := options.run_state():
        WATCH.apply(changed)
    hosts.use(options.target_host(), CLASSES[index])


def _begin_user(index: int) -> None:
    INSTANCE.pop("woken", None)
    saving.release()
    _ready()
    ENVIRONMENT.read_options()
    if changed := options.run_state():
        WATCH.apply(changed)
    cls = CLASSES[index]
    hosts.use(options.target_host(), cls)
    user = cls(ENVIRONMENT)
    INSTANCE["user"], INSTANCE["sets"] = user, [user._root_set]
    INSTANCE["sets"] += nesting.begun(user)[1:]


def _enter(index: int) -> None:
    sets = INSTANCE["sets"]
    parent = sets[-1] if len(sets) > 1 else INSTANCE["user"]
    # Where this fails the host leaves the set without `on_stop`.
    sets += nesting.begun(TREE.targets[index](parent))


class Users:
    """The export `users`."""

    def describe(self) -> Any:
        """The scenario."""
        if not CLASSES:
            names = ", ".join(tracebacks.SOURCES.values()) or ", ".join(wload_stage.LOCUSTFILES)
            raise Err(f"no user class found in {names}: a class of User, HttpUser or FastHttpUser is needed that is "
                      "not abstract")
        classes = [tree.user_class(cls, root) for cls, root in zip(CLASSES, TREE.roots)]
        tables = [users.TableSpec(name, *spec) for name, spec in wload.TABLES.items()]
        return users.ScenarioInfo(classes, TREE.nodes, arguments.specs(PARSER), tables, bool(SHAPES), _has_hooks())

    def on_start(self, scope: Any) -> Any:
        """A user starts, or enters a set."""
        if isinstance(scope, users.Scope_User):
            return _guarded(_begin_user, scope.value)
        return _guarded(_enter, scope.value, where=INSTANCE["sets"][-1])

    def run_task(self, node: int) -> Any:
        """Runs a task."""
        sets = INSTANCE["sets"]
        owner: TaskSet = sets[-1]
        target = TREE.targets[node]
        if owner._is_broken:
            return _guarded(nesting.guided, sets, nesting.fall_out, where=owner)
        if target is None or owner._is_inner:
            return _guarded(nesting.guided, sets, owner._step, where=owner)
        if owner._queued:
            return _guarded(nesting.guided, sets, owner.execute_next_task, where=owner)
        return _guarded(nesting.guided, sets, owner.execute_task, target, where=owner)

    def on_stop(self, scope: Any) -> Any:
        """A user stops, or leaves a set; an exception is logged and no row, as in Locust."""
        if "woken" in INSTANCE:
            _wake()
        user = INSTANCE.get("user")
        if user is None or user._is_broken:
            return NEXT
        sets = INSTANCE["sets"]
        nesting.leave_all(sets)
        if isinstance(scope, users.Scope_User):
            return _logged(user.on_stop)
        left = sets.pop() if len(sets) > 1 else sets[0]
        return NEXT if left._is_broken else _logged(left.on_stop)

    def get_wait_time(self, node: int | None) -> int:
        """Asks the author's own wait function."""
        if "woken" in INSTANCE:
            _wake()
        try:
            return waiting.pause(INSTANCE["sets"])
        except (StopUser, StopTest, GreenletExit):
            control.stop_user()
        except Exception:
            INSTANCE["user"]._is_broken = True
            control.stop_user()
        return 0


def _has_hooks() -> bool:
    hooks = locust.events
    return any(hook._handlers for hook in (hooks.init, hooks.test_start, hooks.test_stop, hooks.spawning_complete,
                                           hooks.quitting, hooks.quit, hooks.test_stopping))


class Hooks:
    """The export `hooks`: listeners of the run, on an instance of their own."""

    def init(self) -> None:
        """Before everything."""
        _ready()
        self._call(locust.events.init, environment=ENVIRONMENT, runner=ENVIRONMENT.runner, web_ui=None)

    def test_start(self) -> None:
        """Before the first user; what listeners left in globals goes to all users."""
        _ready()
        self._call(locust.events.test_start, environment=ENVIRONMENT)
        if changed := WATCH.export():
            control.set_run_state(changed)

    def spawning_complete(self, user_count: int) -> None:
        """All users are there."""
        self._call(locust.events.spawning_complete, user_count=user_count)

    def test_stop(self) -> None:
        """The last user has left."""
        self._call(locust.events.test_stopping, environment=ENVIRONMENT)
        self._call(locust.events.test_stop, environment=ENVIRONMENT)

    def quitting(self) -> None:
        """The statistics are final."""
        self._call(locust.events.quitting, environment=ENVIRONMENT, reverse=True)
        self._call(locust.events.quit, exit_code=ENVIRONMENT._exit_code)

    @staticmethod
    def _call(hook: Any, **given: Any) -> None:
        try:
            hook.fire(**given)
        except StopTest as error:
            logging.error("%s", error)
            control.stop_run(ENVIRONMENT._exit_code)
        except (StopUser, GreenletExit):
            pass


class Shape:
    """The export `shape`."""

    def tick(self, state: Any) -> Any:
        """The next step; an exception ends the run."""
        _ready()
        made = INSTANCE.get("shape")
        if made is None:
            if changed := options.run_state():
                WATCH.apply(changed)
            made = INSTANCE["shape"] = SHAPES[0]()
            made.runner = ENVIRONMENT.runner
            ENVIRONMENT.shape_class = made
        try:
            step = made.tick()
        except Exception as error:
            logging.error("%s\n%s", error, tracebacks.full_text(error))
            ENVIRONMENT.note_broken()
            return None
        if step is None:
            return None
        count, rate, *classes = step
        names = [cls.__name__ for cls in (classes[0] if classes else None) or ()]
        return shape.Step(int(count), float(rate), names)


class Hibernation:
    """The export `hibernation`: users are pickled between two tasks."""

    def can_save(self, class_: int) -> None:
        """Every class may be; what a user keeps decides later."""

    def save(self) -> bytes:
        """The user with its task sets, one graph; nothing when it has not started yet."""
        user = INSTANCE.get("user")
        if user is None:
            return b""
        try:
            return saving.dumps(user, INSTANCE["sets"])
        except Exception as error:
            reason = state.blame(user, error)
        raise Err(reason)

    def restore(self, class_: int, saved: bytes) -> None:
        """Goes on with a saved user; one that has not started yet begins by its `on_start`."""
        if not saved:
            return
        INSTANCE["woken"] = class_
        try:
            INSTANCE["user"], INSTANCE["sets"] = saving.loads(saved)
        except Exception as error:
            reason = f"{CLASSES[class_].__name__} cannot be restored: {error}"
        else:
            return
        raise Err(reason)

    def reset(self) -> bool:
        """Forgets the user."""
        # A user and its sets refer to each other: their memory is free at once when they are taken apart.
        if "user" in INSTANCE:
            for each in (INSTANCE["user"], *INSTANCE["sets"]):
                vars(each).clear()
        hosts.forget()
        wload.http.release()
        wload.release()
        saving.release()
        INSTANCE.clear()
        INSTANCE.update(is_live=False, is_ready=False)
        ENVIRONMENT.use_options(None)
        ENVIRONMENT._host = ENVIRONMENT._exit_code = None
        return WATCH.reset()


rehearsal.run(sys.modules[__name__])
handles.install(memory.settle)
