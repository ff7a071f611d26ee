"""Exceptions in wait functions: once, again and again, in a set."""

from locust import HttpUser, TaskSet, constant, events, task
from locust.exception import StopUser


@events.user_error.add_listener
def on_user_error(user_instance, exception, **kwargs):
    print(f"SEEN {type(user_instance).__name__} {exception!r}", flush=True)


class OnceUser(HttpUser):
    asked = 0

    def wait_time(self):
        self.asked += 1
        if self.asked == 1:
            raise ValueError("not the first time")
        return 0

    @task
    def page(self):
        self.client.get(f"/wait/once/{self.asked}")
        if self.asked > 2:
            raise StopUser()


class NeverUser(HttpUser):
    def wait_time(self):
        return {}["seconds"]

    def on_stop(self):
        self.client.get("/wait/never/stop")

    @task
    def page(self):
        self.client.get("/wait/never")


class InnerUser(HttpUser):
    wait_time = constant(0)

    @task
    class Inner(TaskSet):
        def wait_time(self):
            raise LookupError("nobody knows")

        def on_stop(self):
            self.client.get("/wait/inner/stop")

        @task
        def page(self):
            self.client.get("/wait/inner")
            if hasattr(self.user, "was_here"):
                raise StopUser()
            self.user.was_here = True


class NothingUser(HttpUser):
    def wait_time(self):
        return None

    @task
    def page(self):
        self.client.get("/wait/nothing")


class TiredUser(HttpUser):
    def wait_time(self):
        raise StopUser()

    def on_stop(self):
        self.client.get("/wait/tired/stop")

    @task
    def page(self):
        self.client.get("/wait/tired")
