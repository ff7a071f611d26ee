"""Which users there are: weights, and a class of which there is always one."""

from locust import HttpUser, task
from locust.exception import StopUser


class Once(HttpUser):
    abstract = True

    @task
    def page(self):
        self.client.get(f"/class/{type(self).__name__}")
        raise StopUser()


class WeightOneUser(Once):
    weight = 1


class WeightThreeUser(Once):
    weight = 3


class FixedUser(Once):
    fixed_count = 1
