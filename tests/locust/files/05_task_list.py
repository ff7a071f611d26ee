"""A list of tasks, and a base class whose tasks come first."""

from locust import HttpUser, SequentialTaskSet, constant, task
from locust.exception import StopUser


def last(task_set):
    task_set.client.get("/list/last")
    raise StopUser()


class Opening(SequentialTaskSet):
    @task
    def first(self):
        self.client.get("/list/first")


class Whole(Opening):
    @task
    def second(self):
        self.client.get("/list/second")

    tasks = [last]


class ListUser(HttpUser):
    wait_time = constant(0)
    tasks = [Whole]
