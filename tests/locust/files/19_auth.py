"""Basic authentication, for a request and for a session."""

from locust import HttpUser, task
from locust.exception import StopUser
from requests.auth import HTTPBasicAuth


class AuthUser(HttpUser):
    @task
    def authenticate(self):
        self.client.get("/basic/ann/secret")
        self.client.get("/basic/ann/secret", auth=("ann", "secret"))
        self.client.get("/basic/ann/secret", auth=HTTPBasicAuth("ann", "wrong"))
        self.client.auth = ("ann", "secret")
        self.client.get("/basic/ann/secret", name="/session")
        raise StopUser()
