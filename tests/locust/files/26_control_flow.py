"""Exceptions that steer: again at once, again later, out of the set, the end of a user."""

from locust import HttpUser, SequentialTaskSet, TaskSet, task
from locust.exception import InterruptTaskSet, RescheduleTask, RescheduleTaskImmediately, StopUser


class Steered(SequentialTaskSet):
    def on_start(self):
        self.waits_at_start = self.user.waits

    @task
    def at_once(self):
        self.client.get(f"/steer/at-once?waits={self.user.waits}")
        raise RescheduleTaskImmediately()

    @task
    def later(self):
        self.client.get(f"/steer/later?waits={self.user.waits}")
        raise RescheduleTask()

    @task
    class Inner(TaskSet):
        @task
        def out(self):
            self.client.get(f"/steer/out?waits={self.user.waits}")
            raise InterruptTaskSet(reschedule=False)

    @task
    def scheduled(self):
        self.client.get(f"/steer/scheduled?waits={self.user.waits}")
        self.schedule_task(self.extra, first=True)

    @task
    def end(self):
        self.client.get(f"/steer/end?waits={self.user.waits}")
        raise StopUser()

    def extra(self):
        self.client.get(f"/steer/extra?waits={self.user.waits}")


class SteeredUser(HttpUser):
    tasks = [Steered]
    waits = 0

    def wait_time(self):
        self.waits += 1
        return 0
