"""A load shape that fails after its first second."""

from locust import HttpUser, LoadTestShape, constant, task


class ShapedUser(HttpUser):
    wait_time = constant(60)

    @task
    def page(self):
        self.client.get("/shaped")


class Broken(LoadTestShape):
    def tick(self):
        if self.get_run_time() < 1:
            return 2, 10
        raise ArithmeticError("the shape is broken")
