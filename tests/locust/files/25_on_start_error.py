"""A user whose login fails: it never works, and nobody counts it as an exception of a task."""

from locust import HttpUser, constant, task
from locust.exception import StopUser


class LockedOutUser(HttpUser):
    fixed_count = 1

    def on_start(self):
        self.client.get("/locked/door")
        raise PermissionError("the door is locked")

    def on_stop(self):
        self.client.get("/locked/never")

    @task
    def never(self):
        self.client.get("/locked/never")


class LetInUser(HttpUser):
    wait_time = constant(0)

    @task
    def page(self):
        self.client.get("/let-in")
        raise StopUser()
