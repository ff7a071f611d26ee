"""A checkout in order of declaration, with a step that is repeated, an inner set, and its end."""

from locust import HttpUser, SequentialTaskSet, TaskSet, constant, task
from locust.exception import StopUser


class Checkout(SequentialTaskSet):
    turn = 0

    @task
    def cart(self):
        self.turn += 1
        if self.turn > 3:
            raise StopUser()
        self.client.get(f"/checkout/cart?turn={self.turn}")

    @task(2)
    def item(self):
        self.client.post("/checkout/item")

    @task
    class Payment(TaskSet):
        @task
        def pay(self):
            self.client.post("/checkout/pay")
            self.interrupt()

    @task
    def done(self):
        self.client.get("/checkout/done")


class CheckoutUser(HttpUser):
    wait_time = constant(0)
    tasks = [Checkout]
