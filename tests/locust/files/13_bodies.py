"""What can be sent: JSON, forms, queries, headers, files."""

from io import BytesIO

from locust import HttpUser, task
from locust.exception import StopUser


class BodyUser(HttpUser):
    @task
    def send(self):
        self.client.post("/body/json", json={"name": "Zoë", "list": [1, 2.5, None, True]})
        self.client.post("/body/form", data={"a": "1 & 2", "b": ["x", "y"], "c": "ü"})
        self.client.post("/body/pairs", data=[("k", "v"), ("k", "w")])
        self.client.post("/body/text", data="plain ü".encode(), headers={"Content-Type": "text/plain"})
        self.client.get("/body/query", params={"q": "a b&c", "page": 2, "none": None, "many": [1, 2]})
        self.client.get("/body/query?x=1", params=[("y", "2"), ("y", "3")])
        self.client.get("/body/headers", headers={"X-Trace": "t-1", "Accept": "text/html"})
        self.client.post("/body/files", files={"doc": ("note.txt", BytesIO(b"hello"), "text/plain")}, data={"t": "n"})
        self.client.get("/body/a path/ü")
        raise StopUser()
