"""Exceptions by which an author's code steers its user, under Locust's names."""


class LocustError(Exception):
    """What the SDK itself objects to."""


class ResponseError(Exception):
    """A response that does not count as a success."""


class CatchResponseError(Exception):
    """The text given to `response.failure()`."""


class MissingWaitTimeError(LocustError):
    """There is no `wait_time`."""


class InterruptTaskSet(Exception):
    """Leaves the task set; with `reschedule` its parent goes on at once."""

    def __init__(self, reschedule: bool = True) -> None:
        super().__init__(reschedule)
        self.reschedule = reschedule


class StopTest(Exception):
    """Stops the whole run."""


class StopUser(Exception):
    """Stops this user."""


class RescheduleTask(Exception):
    """Ends the task; the user waits and goes on."""


class RescheduleTaskImmediately(Exception):
    """Ends the task; the user goes on without waiting."""


class RPCError(Exception):
    """Never raised here: workers are the host's."""


class RunnerAlreadyExistsError(Exception):
    """Never raised here: there is one run."""
