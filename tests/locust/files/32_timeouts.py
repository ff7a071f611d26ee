"""A target that is slow, and how long a request may take."""

from locust import HttpUser, task
from locust.exception import StopUser


class TimeoutUser(HttpUser):
    @task
    def wait_for_it(self):
        late = self.client.get("/slow/900", timeout=0.3)
        self.client.get(f"/late?status={late.status_code}")
        self.client.get("/slow/50", timeout=5)
        with self.client.get("/slow/900", timeout=0.3, catch_response=True, name="/caught") as response:
            if response.status_code == 0:
                response.success()
        raise StopUser()
