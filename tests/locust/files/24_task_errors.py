"""Exceptions in tasks: their message, the author's lines, how often."""

from locust import HttpUser, SequentialTaskSet, constant, task
from locust.exception import StopUser


class OutOfStock(Exception):
    pass


def price_of(product):
    return product["price"]


class Broken(SequentialTaskSet):
    rounds = 0

    @task
    def missing_key(self):
        self.rounds += 1
        if self.rounds > 2:
            raise StopUser()
        price_of({"name": "lamp"})

    @task
    def own(self):
        raise OutOfStock("no lamps, \"sorry\"")

    @task
    def chained(self):
        try:
            int("seven")
        except ValueError as error:
            raise RuntimeError("no number") from error

    @task
    def fine(self):
        self.client.get("/after-errors")


class BrokenUser(HttpUser):
    wait_time = constant(0)
    tasks = [Broken]
