"""Tasks that are functions beside the class, with weights in a dict."""

from locust import HttpUser, constant
from locust.exception import StopUser


def index(user):
    user.count()
    user.client.get("/dict/index")


def about(user):
    user.count()
    user.client.get("/dict/about")


class DictUser(HttpUser):
    wait_time = constant(0)
    tasks = {index: 3, about: 1}
    rounds = 0

    def count(self):
        self.rounds += 1
        if self.rounds > 100:
            raise StopUser()
