"""The user that ends the run, and the count of users it sees."""

import time

from locust import HttpUser, events, task


@events.test_stop.add_listener
def on_test_stop(environment, **kwargs):
    print("SEEN test_stop", flush=True)


class QuitUser(HttpUser):
    @task
    def page(self):
        time.sleep(0.6)
        self.client.get(f"/quit?users={self.environment.runner.user_count}")
        time.sleep(1.6)
        self.environment.runner.quit()
        time.sleep(5)
        self.client.get("/quit/never")
