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
        self._parse: Any = None
        self._parsed_options: Any = None
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
    def parsed_options(self) -> Any:
        """The values of all arguments; None while the component is built. A user that goes on seldom asks for them again."""
        if self._parsed_options is None:
            self.read_options()
        return self._parsed_options

    @parsed_options.setter
    def parsed_options(self, values: Any) -> None:
        self._parsed_options = values

    def use_options(self, parse: Any) -> None:
        """How they are made, or None; what was made before is forgotten."""
        self._parse, self._parsed_options = parse, None

    def read_options(self) -> None:
        """Makes them: a value that cannot be is an error now."""
        if self._parse is not None:
            self._parsed_options = self._parse()

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
