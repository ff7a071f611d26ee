"""A value that is made once before the test and seen by every user."""

from locust import HttpUser, events, task
from locust.exception import StopUser

settings = {}
token = None


@events.test_start.add_listener
def prepare(environment, **kwargs):
    global token
    token = "t-" + str(len(environment.host) > 0)
    settings["version"] = 3


class TokenUser(HttpUser):
    @task
    def page(self):
        self.client.get(f"/token-page?v={settings['version']}", headers={"X-Token": token})
        raise StopUser()
