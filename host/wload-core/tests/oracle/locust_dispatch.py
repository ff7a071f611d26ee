"""Drives Locust's own UsersDispatcher and prints what it hands out.

Reads JSON from stdin: a list of cases. A case has `classes`, each with `name` and `weight` or
`fixed_count`; `cores`, which become workers; and `ticks`, each with `users`, `classes` (names) and
`steps`: how many iterations are taken before the next tick, -1 for all. The spawn rate is one user
per second, so that an iteration is one user. Prints one line per iteration: the users of each core
and class, cores in order, classes by name; and one line `--` after each case.
"""

import json
import sys

import gevent

from locust import User
from locust.dispatch import UsersDispatcher


class Worker:
    def __init__(self, index):
        self.id = f"core_{index:05}"


def user_class(description):
    attributes = {"abstract": False, "tasks": []}
    if "fixed_count" in description:
        attributes["fixed_count"] = description["fixed_count"]
    else:
        attributes["weight"] = description["weight"]
    return type(User)(description["name"], (User,), attributes)


def run(case):
    classes = {description["name"]: user_class(description) for description in case["classes"]}
    workers = [Worker(index) for index in range(case["cores"])]
    dispatcher = UsersDispatcher(workers, list(classes.values()))
    for tick in case["ticks"]:
        allowed = [classes[name] for name in tick["classes"]]
        dispatcher.new_dispatch(tick["users"], 1, allowed)
        steps = tick["steps"]
        while steps != 0:
            steps -= 1
            users = next(dispatcher, None)
            if users is None:
                break
            counts = [str(users[worker.id][name]) for worker in workers for name in sorted(classes)]
            print(" ".join(counts))
    print("--")


def main():
    gevent.sleep = lambda seconds=0: None
    for case in json.load(sys.stdin):
        run(case)


main()
