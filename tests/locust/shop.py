"""A visit to the demo shop as a locustfile; tests/guests/locust-shop is the same visit for wload.

Upstream: main.rs starts it with the real Locust. Downstream: the demo target, which counts. A visit sends
the same requests whoever makes it and whenever: only so can two runs be compared. `-i` is that of
locust-plugins.
"""

import gevent
from locust import HttpUser, events, task
from locust.exception import StopUser


@events.init_command_line_parser.add_listener
def add_iterations(parser):
    parser.add_argument("-i", "--iterations", type=int, required=True, help="Stop after so many visits")


class Visits:
    """How many visits have begun and ended, of all users."""

    begun = 0
    ended = 0


def end_of_run(runner):
    # Locust does not write its CSV files a last time: let it have its next interval of a second.
    gevent.sleep(1.5)
    runner.quit()


class Shopper(HttpUser):
    @task
    def visit(self):
        wanted = self.environment.parsed_options.iterations
        if Visits.begun == wanted:
            raise StopUser()
        Visits.begun += 1
        try:
            self.walk()
        finally:
            Visits.ended += 1
            if Visits.ended == wanted:
                gevent.spawn(end_of_run, self.environment.runner)

    def walk(self):
        login = self.client.post("/login", json={"username": "ann", "password": "secret"}).json()
        bearer = {"Authorization": f"Bearer {login['token']}"}
        listed = self.client.get("/products?category=books&limit=5").json()
        product = listed["products"][0]["id"]
        self.client.get(f"/products/{product}", name="/products/{id}")
        self.client.post("/cart", json={"product_id": product, "quantity": 2}, headers=bearer)
        order = self.client.post("/orders", headers=bearer).json()

        self.client.get("/redirect/2")
        self.client.get("/gzip")
        # Failures: two statuses, one of them in a row of its own name, and one that the visit finds.
        self.client.get("/products/9999", name="/products/{id}")
        self.client.get("/fail/503")
        with self.client.get("/search?q=lamp", catch_response=True) as response:
            found = len(response.json()["products"])
            response.failure(f"it isn't \"4\" but {found} lamps")
        # And the contrary: a status that is right here.
        with self.client.get("/status/404", catch_response=True) as response:
            response.success()

        # The target numbers its orders, so the number of exceptions does not depend on who comes first.
        if order["order_id"] % 5 == 0:
            raise ValueError("the number of the order, can be divided by \"five\"")
