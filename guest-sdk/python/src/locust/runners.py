"""`environment.runner`: what a locustfile may ask of the run and do to it. Downstream: the contract's `run`, `control`."""

from typing import Any

from wit_world.imports import control, run
from wload.absent import Absent

MESSAGES = ("there are no messages between Locust's workers here; what `test_start` leaves in globals reaches all "
            "users, `wload.table` gives each row to one user, and `wload.counter` adds up over all")
GREENLETS = "listeners run without greenlets, one after the other; a LoadTestShape looks at the run each second"

STATE_INIT, STATE_SPAWNING, STATE_RUNNING, STATE_STOPPING, STATE_STOPPED = (
    "ready", "spawning", "running", "stopping", "stopped")
STATE_CLEANUP, STATE_MISSING = "cleanup", "missing"
STATES = {"STARTING": STATE_INIT, "SPAWNING": STATE_SPAWNING, "RUNNING": STATE_RUNNING, "STOPPING": STATE_STOPPING,
          "STOPPED": STATE_STOPPED}


class Runner:
    """The run."""

    def __init__(self, environment: Any) -> None:
        self.environment = environment
        self.register_message = Absent("runner.register_message", MESSAGES)
        self.send_message = Absent("runner.send_message", MESSAGES)
        self.greenlet = Absent("runner.greenlet", GREENLETS)

    @property
    def state(self) -> str:
        """In Locust's words."""
        return STATES[run.phase().name]

    @property
    def user_count(self) -> int:
        """Users of the whole run."""
        return run.user_count()

    @property
    def target_user_count(self) -> int:
        """Where the number of users is going."""
        return run.target_user_count()

    @property
    def stats(self) -> Any:
        """The statistics."""
        return self.environment.stats

    def quit(self) -> None:
        """Ends the run."""
        control.stop_run(self.environment.process_exit_code)

    def stop(self) -> None:
        """Ends the run."""
        self.quit()


class LocalRunner(Runner):
    """A run is one run here, however many machines it has."""


class MasterRunner(Runner):
    """For `isinstance`: nothing is one."""


class WorkerRunner(Runner):
    """For `isinstance`: nothing is one."""
