"""A protocol of the author's own: requests that the events report."""

from locust import User, task
from locust.exception import StopUser


class CustomUser(User):
    @task
    def send(self):
        fire = self.environment.events.request.fire
        for length in (10, 20):
            fire(request_type="RPC", name="call", response_time=12.5, response_length=length, exception=None)
        fire(request_type="RPC", name="broken", response_time=3, response_length=0, exception=OSError("gone"))
        fire(request_type="RPC", name="text", response_time=3, response_length=0, exception="just a text")
        fire(request_type="RPC", name="no time", response_time=None, response_length=1, exception=None)
        with self.environment.events.request.measure("RPC", "measured") as meta:
            meta["response_length"] = 7
        with self.environment.events.request.measure("RPC", "measured badly"):
            raise ValueError("bad measure")
        raise StopUser()
