"""A module that nobody has installed."""

import no_such_module_anywhere
from locust import HttpUser, task


class MissingUser(HttpUser):
    @task
    def page(self):
        self.client.get(no_such_module_anywhere.path)
