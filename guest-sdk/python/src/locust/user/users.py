"""`User` and `HttpUser`. Upstream: authors. Downstream: `task.py` and the client."""

import time
from typing import Any

from locust.clients import HttpSession
from locust.user.task import DefaultTaskSet, TaskSet, tasks_of
from locust.user.wait_time import constant
from wload.http import urls
from wload.http.rest import RestMixin


class User:
    """A kind of simulated user."""

    abstract = True
    host: str | None = None
    min_wait: float | None = None
    max_wait: float | None = None
    wait_function: Any = None
    wait_time: Any = constant(0)
    tasks: list[Any] = []
    weight: float = 1
    fixed_count: int = 0
    # How the host makes this user's TLS connections; None: as wload is told.
    _tls_told: Any = None
    # It ends by an exception, which calls no `on_stop`.
    _is_broken = False

    def __init_subclass__(cls, **more: Any) -> None:
        super().__init_subclass__(**more)
        cls.tasks = tasks_of(cls)
        cls.abstract = bool(vars(cls).get("abstract"))

    def __init__(self, environment: Any) -> None:
        self.environment = environment
        self._root_set: TaskSet = DefaultTaskSet(self)
        self._began = time.perf_counter()
        super().__init__()

    def on_start(self) -> None:
        """Called when the user starts."""

    def on_stop(self) -> None:
        """Called when the user stops."""

    def wait(self) -> None:
        """Waits inside a task, as after one."""
        self._root_set.wait()

    def stop(self, force: bool = False) -> bool:
        """Stops this user when its task returns."""
        from wit_world.imports import control
        control.stop_user()
        return False

    def context(self) -> dict[str, Any]:
        """What listeners of requests get as `context`."""
        return {}

    @classmethod
    def fullname(cls) -> str:
        """Module and name of the class."""
        return f"{cls.__module__}.{cls.__qualname__}".replace(".<locals>", "")


class HttpUser(User, RestMixin):
    """A user whose `client` is an `HttpSession`."""

    abstract = True
    pool_manager: Any = None

    def __init__(self, environment: Any) -> None:
        super().__init__(environment)
        self.client = HttpSession(urls.required_base(self.host), self.environment.events.request, self)
