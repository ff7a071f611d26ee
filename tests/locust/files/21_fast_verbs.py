"""The same requests by the fast client."""

from locust import FastHttpUser, task
from locust.exception import StopUser


class FastVerbUser(FastHttpUser):
    default_headers = {"X-Default": "d"}

    @task
    def send(self):
        self.client.get("/fast")
        self.client.post("/fast", data="text")
        self.client.post("/fast", json={"a": [1, "ü"]})
        self.client.post("/fast/form", data={"a": "1 2", "b": "ü"})
        self.client.put("/fast", data=b"bytes")
        self.client.patch("/fast", data="p")
        self.client.delete("/fast")
        self.client.head("/fast")
        self.client.options("/fast")
        self.client.get("/fast/1", name="/fast/[id]", headers={"X-One": "1"})
        self.client.get("/basic/ann/secret", auth=("ann", "secret"))
        self.client.get("/set-cookie?fast=1")
        self.client.get("/cookie/kept")
        self.client.get("/redirect/2")
        away = self.client.get("/redirect/1", allow_redirects=False)
        self.client.get(f"/seen?status={away.status_code}&to={away.headers['Location']}", name="/seen")
        document = self.client.get("/document").json()
        self.client.get(f"/seen?title={document['title']}", name="/seen")
        raise StopUser()
