"""Locust's API over the wload contract: what a locustfile imports.

Upstream: authors. Downstream: the modules beside this one, and `wload`. Module names are Locust's.
"""

from locust.event import Events

events = Events()

from locust.user import wait_time
from locust.user.users import HttpUser, User
from locust.contrib.fasthttp import FastHttpUser
from locust.debug import run_single_user
from locust.shape import LoadTestShape
from locust.user.task import (MarkovTaskSet, SequentialTaskSet, TaskSet, tag, task, transition, transitions)
from locust.user.wait_time import between, constant, constant_pacing, constant_throughput, poisson

__version__ = "2.47.0"

__all__ = ["FastHttpUser", "HttpUser", "LoadTestShape", "MarkovTaskSet", "SequentialTaskSet", "TaskSet", "User",
           "between", "constant", "constant_pacing", "constant_throughput", "events", "poisson", "run_single_user",
           "tag", "task", "transition", "transitions", "wait_time"]
