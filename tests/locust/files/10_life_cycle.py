"""What runs before the first task and after the last, of the user and of its set."""

from locust import HttpUser, TaskSet, constant, task
from locust.exception import StopUser


class Session(TaskSet):
    def on_start(self):
        self.client.get("/life/set/start")

    def on_stop(self):
        self.client.get("/life/set/stop")

    @task
    def work(self):
        self.client.get("/life/work", headers={"X-Token": self.user.token})
        self.user.left -= 1
        if not self.user.left:
            raise StopUser()


class LifeUser(HttpUser):
    wait_time = constant(0)
    tasks = [Session]

    def on_start(self):
        self.left = 3
        self.token = self.client.post("/token/ann").json()["token"]

    def on_stop(self):
        self.client.post("/life/logout", headers={"X-Token": self.token})
