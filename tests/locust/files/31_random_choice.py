"""The author's own dice."""

import random

from locust import HttpUser, constant, task
from locust.exception import StopUser


class DiceUser(HttpUser):
    wait_time = constant(0)
    rounds = 0

    @task
    def roll(self):
        self.rounds += 1
        if self.rounds > 100:
            raise StopUser()
        self.client.get("/dice/" + random.choices(["a", "b", "c"], weights=[5, 4, 1])[0])
