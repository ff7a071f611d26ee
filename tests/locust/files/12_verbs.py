"""Every verb of the client."""

from locust import HttpUser, task
from locust.exception import StopUser


class VerbUser(HttpUser):
    @task
    def all_of_them(self):
        self.client.get("/verb")
        self.client.post("/verb", "a body")
        self.client.put("/verb", data="another")
        self.client.patch("/verb", data=b"\x00\x01bytes")
        self.client.delete("/verb")
        self.client.head("/verb")
        self.client.options("/verb")
        self.client.request("PURGE", "/verb", name="/verb of a cache")
        self.client.request(method="get", url="/verb/small")
        raise StopUser()
