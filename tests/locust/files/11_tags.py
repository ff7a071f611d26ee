"""Tags on tasks and on a set: the command line says which of them run."""

from locust import HttpUser, SequentialTaskSet, constant, tag, task
from locust.exception import StopUser


class Tagged(SequentialTaskSet):
    rounds = 0

    @tag("read", "fast")
    @task
    def read(self):
        self.again("read")

    @tag("write")
    @task
    def write(self):
        self.again("write")

    @task
    def untagged(self):
        self.again("untagged")

    @tag("read")
    @task
    class Inner(SequentialTaskSet):
        @task
        def page(self):
            self.parent.again("inner")
            self.interrupt()

    def again(self, page):
        self.rounds += 1
        if self.rounds > 8:
            raise StopUser()
        self.client.get(f"/tag/{page}")


class TaggedUser(HttpUser):
    wait_time = constant(0)
    tasks = [Tagged]
