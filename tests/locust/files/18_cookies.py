"""Cookies and headers of a session."""

from locust import HttpUser, task
from locust.exception import StopUser


class CookieUser(HttpUser):
    @task
    def session(self):
        self.client.headers.update({"X-Session": "s-1"})
        self.client.get("/set-cookie?basket=42")
        self.client.get("/cookie/kept")
        self.client.get("/cookie/more", cookies={"once": "1"})
        self.client.get("/cookie/after", headers={"X-Session": "s-2"})
        self.client.cookies.set("own", "yes")
        self.client.get(f"/cookie/own?basket={self.client.cookies.get('basket')}")
        self.client.cookies.clear()
        del self.client.headers["X-Session"]
        raise StopUser()
