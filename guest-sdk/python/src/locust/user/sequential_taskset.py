"""`SequentialTaskSet` under Locust's module name."""

from locust.user.task import SequentialTaskSet

__all__ = ["SequentialTaskSet"]
