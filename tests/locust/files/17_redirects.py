"""Redirects: followed as one request, counted, refused, and what becomes of a POST."""

from locust import HttpUser, task
from locust.exception import StopUser


class RedirectUser(HttpUser):
    @task
    def follow(self):
        response = self.client.get("/redirect/3")
        path = response.url.removeprefix(self.host)
        self.client.get(f"/seen?url={path}&history={len(response.history)}")
        self.client.post("/redirect/1", data="becomes a GET")
        self.client.post("/redirect/1?code=307", json={"stays": "a POST"})
        stopped = self.client.get("/redirect/2", allow_redirects=False, name="/not followed")
        self.client.get(f"/seen?status={stopped.status_code}&to={stopped.headers['Location']}")
        self.client.head("/redirect/1")
        self.client.get("/redirect/1?to=/status/404", name="/to nowhere")
        raise StopUser()
