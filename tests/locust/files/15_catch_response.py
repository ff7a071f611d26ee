"""What the author judges: right, wrong, both, neither, and exceptions on the way."""

from locust import HttpUser, task
from locust.exception import LocustError, ResponseError, StopUser


class CatchUser(HttpUser):
    @task
    def judge(self):
        with self.client.get("/catch/wrong", catch_response=True) as response:
            response.failure("wrong text")
        with self.client.get("/catch/error", catch_response=True) as response:
            response.failure(ValueError("an exception object"))
        with self.client.get("/status/404", catch_response=True) as response:
            if response.status_code == 404:
                response.success()
        with self.client.get("/catch/last", catch_response=True) as response:
            response.failure("not this")
            response.success()
        with self.client.get("/status/500", name="/catch/by-status", catch_response=True):
            pass
        with self.client.get("/catch/raised", catch_response=True):
            raise ResponseError("raised inside")
        try:
            with self.client.get("/catch/unrecorded", catch_response=True):
                raise KeyError("dropped")
        except KeyError:
            self.client.get("/catch/after-drop")
        try:
            with self.client.get("/catch/judged-first", catch_response=True) as response:
                response.failure("judged")
                raise KeyError("later")
        except KeyError:
            pass
        try:
            with self.client.get("/catch/plain"):
                pass
        except LocustError:
            self.client.get("/catch/needs-the-argument")
        raise StopUser()
