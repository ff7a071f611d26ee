"""A base class of the company, with a login and a host that the command line replaces."""

from locust import HttpUser, constant, task
from locust.exception import StopUser


class CompanyUser(HttpUser):
    abstract = True
    host = "http://replaced.invalid"
    wait_time = constant(0)
    section = "none"

    def on_start(self):
        self.client.post("/company/login", json={"section": self.section})

    @task
    def page(self):
        self.client.get(f"/company/{self.section}")
        raise StopUser()


class SalesUser(CompanyUser):
    section = "sales"


class StaffUser(CompanyUser):
    section = "staff"

    def on_start(self):
        super().on_start()
        self.client.get("/company/rota")
