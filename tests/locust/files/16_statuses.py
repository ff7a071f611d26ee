"""Statuses as failures, in one row per name; a request that nobody answers."""

from locust import HttpUser, task
from locust.exception import StopUser
from requests.exceptions import HTTPError


class StatusUser(HttpUser):
    @task
    def statuses(self):
        for status in (200, 201, 204, 304, 400, 401, 403, 404, 418, 429, 500, 503):
            response = self.client.get(f"/status/{status}")
            assert response.status_code == status and response.ok == (status < 400)
        for number in range(3):
            self.client.get(f"/status/503?{number}", name="/grouped")
        try:
            self.client.get("/status/404", name="/raised").raise_for_status()
        except HTTPError as error:
            self.client.post("/status/200", data=str(error).split(" for url")[0])
        dropped = self.client.get("/drop")
        self.client.get(f"/dropped?status={dropped.status_code}&content={dropped.content}")
        raise StopUser()
