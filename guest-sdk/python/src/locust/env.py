"""`Environment`: there is one in an instance, and it pickles as itself."""

from typing import Any

import locust
from locust.runners import LocalRunner
from locust.stats import RequestStats
from wit_world.imports import control, options
from wload import sleeping

# What a process ends with when a listener or a shape of the author's failed.
BROKEN_CODE = 2


def _environment() -> "Environment":
    return ENVIRONMENT


class Environment:
    """What a locustfile sees of the run around it."""

    def __init__(self) -> None:
        self.events = locust.events
        self.runner = LocalRunner(self)
        self.stats = RequestStats()
        self.user_classes: list[Any] = []
        self.shape_class: Any = None
        self.web_ui = None
        self.catch_exceptions = True
        self.parsed_options: Any = None
        self._host: str | None = None
        self._exit_code: int | None = None

    def __reduce__(self) -> Any:
        return _environment, ()

    @property
    def host(self) -> str | None:
        """The base URL of the run."""
        return self._host or options.target_host()

    @host.setter
    def host(self, url: str | None) -> None:
        self._host = url

    @property
    def process_exit_code(self) -> int | None:
        """What the process ends with; None leaves it to the verdict."""
        return self._exit_code

    @process_exit_code.setter
    def process_exit_code(self, code: int | None) -> None:
        self._exit_code = code
        control.set_exit_code(code)

    def note_broken(self) -> None:
        """The author's listener or shape failed: the exit code says so, unless the author chose another."""
        if self._exit_code is None and sleeping.is_live():
            control.set_exit_code(BROKEN_CODE)


ENVIRONMENT = Environment()
