"""User classes, task sets and wait functions, under Locust's module names."""

from locust.user.task import TaskSet, tag, task
from locust.user.users import HttpUser, User

__all__ = ["HttpUser", "TaskSet", "User", "tag", "task"]
