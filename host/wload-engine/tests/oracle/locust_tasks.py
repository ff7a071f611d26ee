"""Runs users under Locust's own task sets and prints in which order things happen.

Reads JSON from stdin: a list of cases. A case has `nodes`, each with `kind` ("task", "weighted",
"sequential"), `weight`, `children` (indices) and `wait` (a set's own wait time in milliseconds, or
null); node 0 is the root, a weighted set, and stands for the user class. `ends` says how the calls
of tasks and on_start end, in the order in which they happen; after the last one the user stops.
Prints one line per case: `+set` entered, `-set` left, `.ms` waited, and tasks by their number.
"""

import json
import logging
import random
import sys

from locust import SequentialTaskSet, TaskSet, User
from locust.env import Environment
from locust.exception import (
    InterruptTaskSet,
    RescheduleTask,
    RescheduleTaskImmediately,
    StopUser,
)

USER_WAIT_MS = 1


class Case:
    def __init__(self, case):
        self.nodes = case["nodes"]
        self.ends = iter(case["ends"])
        self.shown = []

    def end(self):
        end = next(self.ends, "stop")
        if end == "reschedule":
            raise RescheduleTaskImmediately()
        if end == "interrupt":
            raise InterruptTaskSet(reschedule=True)
        if end == "interrupt-and-wait":
            raise InterruptTaskSet(reschedule=False)
        if end == "exception":
            raise ValueError("as the case says")
        if end == "stop":
            raise StopUser()

    def children(self, index):
        tasks = []
        for child in self.nodes[index]["children"]:
            tasks += [self.build(child)] * self.nodes[child]["weight"]
        return tasks

    def build(self, index):
        node = self.nodes[index]
        if node["kind"] == "task":

            def task(_holder):
                self.shown.append(str(index))
                self.end()

            return task

        def on_start(_set):
            self.shown.append(f"+{index}")
            self.end()

        base = SequentialTaskSet if node["kind"] == "sequential" else TaskSet
        attributes = {
            "tasks": self.children(index),
            "on_start": on_start,
            "on_stop": lambda _set: self.shown.append(f"-{index}"),
        }
        if node["wait"] is not None:
            attributes["wait_time"] = lambda _set: node["wait"] / 1000
        return type(base)(f"Set{index}", (base,), attributes)

    def run(self):
        attributes = {
            "abstract": False,
            "tasks": self.children(0),
            "wait_time": lambda _user: USER_WAIT_MS / 1000,
        }
        user_class = type(User)("OracleUser", (User,), attributes)
        environment = Environment(user_classes=[user_class])
        try:
            user_class(environment).run()
        except (RescheduleTask, RescheduleTaskImmediately):
            pass  # An interrupt outside of any set ends the user.
        return " ".join(self.shown)


def main():
    logging.disable(logging.CRITICAL)
    random.seed(0)
    for description in json.load(sys.stdin):
        case = Case(description)
        TaskSet._sleep = lambda _set, seconds, case=case: case.shown.append(
            f".{round(seconds * 1000)}"
        )
        print(case.run())


main()
