"""A load shape in stages: first one class, then the other as well, then the end."""

from locust import HttpUser, LoadTestShape, constant, task


class EarlyUser(HttpUser):
    wait_time = constant(60)

    @task
    def page(self):
        self.client.get("/shape/early")


class LateUser(HttpUser):
    wait_time = constant(60)

    @task
    def page(self):
        self.client.get("/shape/late")


class Stages(LoadTestShape):
    def tick(self):
        run_time = self.get_run_time()
        if run_time < 1.5:
            return 2, 10, [EarlyUser]
        if run_time < 3.5:
            return 5, 10, [LateUser]
        if run_time < 4.5:
            assert self.get_current_user_count() == 5
            return 5, 10
        return None
