"""Sets within sets: parents, own wait times, and interrupting with and without rescheduling."""

from locust import HttpUser, TaskSet, constant, task
from locust.exception import StopUser


class Forum(TaskSet):
    wait_time = constant(0)

    def on_start(self):
        self.client.get("/forum/enter")

    def on_stop(self):
        self.client.get("/forum/leave")

    @task
    class Thread(TaskSet):
        def on_start(self):
            self.posts = 0

        @task
        def read(self):
            self.posts += 1
            assert isinstance(self.parent, Forum) and self.parent.parent is self.user
            self.client.get(f"/forum/thread/{self.posts}")
            if self.posts == 2:
                self.user.visits += 1
                if self.user.visits == 3:
                    raise StopUser()
                self.interrupt(reschedule=self.user.visits == 1)


class ForumUser(HttpUser):
    wait_time = constant(0.01)
    tasks = [Forum]
    visits = 0
