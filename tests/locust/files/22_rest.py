"""JSON APIs with `rest`: bodies, assertions, texts that are no JSON."""

from locust import FastHttpUser, task
from locust.exception import StopUser


class RestUser(FastHttpUser):
    @task
    def call(self):
        with self.rest("GET", "/document") as response:
            assert response.js["title"] == "The title"
        with self.rest("POST", "/echo", json={"foo": 1}) as response:
            if response.js["json"]["foo"] != 1:
                response.failure("not what was sent")
        with self.rest("GET", "/document", name="/assertion") as response:
            assert response.js["title"] == "another", "the title is wrong"
        with self.rest("GET", "/document", name="/own failure") as response:
            response.failure("own words")
        with self.rest("GET", "/status/404", name="/not there") as response:
            pass
        with self.rest_("GET", "/document") as response:
            pass
        raise StopUser()
