"""Exceptions where users and sets start and stop, and those that the author reports."""

import sys

from locust import HttpUser, TaskSet, constant, events, task
from locust.exception import StopUser


@events.user_error.add_listener
def on_user_error(user_instance, exception, tb, **kwargs):
    print(f"SEEN {type(user_instance).__name__} {exception!r} {tb is not None}", flush=True)


class RefusedUser(HttpUser):
    def on_start(self):
        raise PermissionError("closed")

    def on_stop(self):
        self.client.get("/stop/refused")

    @task
    def page(self):
        self.client.get("/refused")


class ClumsyUser(HttpUser):
    def on_stop(self):
        self.client.get("/stop/clumsy")
        raise RuntimeError("fell at the door")

    @task
    def page(self):
        self.client.get("/clumsy")
        raise StopUser()


class LeavingUser(HttpUser):
    wait_time = constant(0)
    rooms = 0

    @task
    class Room(TaskSet):
        def on_start(self):
            self.user.rooms += 1
            if self.user.rooms == 2:
                raise OSError("the room is locked")

        def on_stop(self):
            self.client.get("/stop/room")
            raise RuntimeError("fell in the room")

        @task
        def page(self):
            self.client.get("/room")
            if self.user.rooms > 2:
                raise StopUser()
            self.interrupt()


class ReportingUser(HttpUser):
    @task
    def page(self):
        self.client.get("/reporting")
        try:
            int("nine")
        except ValueError as error:
            events.user_error.fire(user_instance=self, exception=error, tb=sys.exc_info()[2])
        raise StopUser()
