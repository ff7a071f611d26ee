"""Wait times of every kind; an own one counts how often it is asked, also after a task that failed."""

from locust import HttpUser, SequentialTaskSet, between, constant_pacing, constant_throughput, task
from locust.exception import StopUser


class OwnWaitUser(HttpUser):
    waits = 0
    rounds = 0

    def wait_time(self):
        self.waits += 1
        return 0.01

    @task
    def page(self):
        self.rounds += 1
        if self.rounds > 5:
            raise StopUser()
        self.client.get(f"/wait/own?waits={self.waits}")
        if self.rounds == 2:
            raise ValueError("the second page is broken")


class Rounds(SequentialTaskSet):
    rounds = 0

    @task
    def page(self):
        self.rounds += 1
        if self.rounds > 4:
            raise StopUser()
        self.client.get(f"/wait/{type(self.user).__name__}")


class BetweenUser(HttpUser):
    wait_time = between(0.01, 0.03)
    tasks = [Rounds]


class PacingUser(HttpUser):
    wait_time = constant_pacing(0.05)
    tasks = [Rounds]


class ThroughputUser(HttpUser):
    wait_time = constant_throughput(20)
    tasks = [Rounds]
