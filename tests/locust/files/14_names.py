"""The name in the statistics: by argument, for a part of a flow, for a session."""

from locust import HttpUser, task
from locust.exception import StopUser


class NameUser(HttpUser):
    @task
    def rename(self):
        for number in range(4):
            self.client.get(f"/name/{number}", name="/name/[id]")
        with self.client.rename_request("/group/[any]"):
            self.client.get("/name/a")
            self.client.post("/name/b")
            self.client.get("/name/c", name="own name wins")
        self.client.request_name = "/session"
        self.client.get("/name/d")
        self.client.request_name = None
        self.client.get("/name/e?page=1")
        self.client.get(self.host + "/name/absolute")
        self.client.get("/status/404?secret=1", name="/lost, \"quoted\"")
        raise StopUser()
