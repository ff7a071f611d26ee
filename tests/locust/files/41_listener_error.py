"""A listener that fails does not keep the others from being called, and the exit code says so."""

from locust import HttpUser, events, task
from locust.exception import StopUser


@events.test_start.add_listener
def broken(environment, **kwargs):
    raise LookupError("the listener is broken")


@events.test_start.add_listener
def sound(environment, **kwargs):
    print("SEEN the second listener", flush=True)


class ListenedUser(HttpUser):
    @task
    def page(self):
        self.client.get("/listened")
        raise StopUser()
