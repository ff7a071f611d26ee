"""Failures as the fast client words them."""

from locust import FastHttpUser, task
from locust.exception import StopUser


class FastFailureUser(FastHttpUser):
    network_timeout = 0.3

    @task
    def fail(self):
        for status in (200, 204, 304, 400, 404, 500):
            self.client.get(f"/status/{status}")
        with self.client.get("/status/404", name="/right", catch_response=True) as response:
            response.success()
        with self.client.get("/fast/wrong", catch_response=True) as response:
            response.failure("wrong")
        dropped = self.client.get("/drop")
        self.client.get(f"/dropped?status={dropped.status_code}")
        slow = self.client.get("/slow/900")
        self.client.get(f"/slow-was?status={slow.status_code}")
        raise StopUser()
