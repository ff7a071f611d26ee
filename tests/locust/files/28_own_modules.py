"""Pages described in a module of the author, beside this file."""

from locust import HttpUser, task
from locust.exception import StopUser

from _pages import Page, pages


class ModuleUser(HttpUser):
    @task
    def visit(self):
        for page in pages():
            assert isinstance(page, Page)
            self.client.get(page.path, name=page.name)
        raise StopUser()
