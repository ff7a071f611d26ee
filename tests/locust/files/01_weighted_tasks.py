"""A catalogue where most visitors look around and few buy: shares of weighted tasks, drawn at random."""

from locust import HttpUser, constant, task
from locust.exception import StopUser


class WeightedVisitor(HttpUser):
    wait_time = constant(0)
    rounds = 0

    def count(self):
        self.rounds += 1
        if self.rounds > 100:
            raise StopUser()

    @task(6)
    def look(self):
        self.count()
        self.client.get("/weighted/look")

    @task(3)
    def search(self):
        self.count()
        self.client.get("/weighted/search")

    @task
    def buy(self):
        self.count()
        self.client.post("/weighted/buy")
