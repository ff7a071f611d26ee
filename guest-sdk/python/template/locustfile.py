"""A scenario to begin with: visitors of the demo shop, some of whom log in and buy. Real Locust's API throughout.

    wload demo-target                                     a shop to test against
    wload check --host http://127.0.0.1:8080              what this scenario is, each task once
    wload run --host http://127.0.0.1:8080 --users 10 --run-time 30s
"""

import random

from locust import HttpUser, between, events, tag, task
from wload import table

# The host reads the file once for all users; `next("unique")` gives each row to one user only.
ACCOUNTS = table("accounts.csv")


@events.init_command_line_parser.add_listener
def _(parser):
    parser.add_argument("--page-size", type=int, default=20, help="Products on a page")


class Visitor(HttpUser):
    """Three of four users look around."""

    weight = 3
    wait_time = between(1, 3)

    def on_start(self):
        """Each user starts with it."""
        self.products = []
        self.browse()

    @tag("read")
    @task(3)
    def browse(self):
        """Three of four times this is the next task."""
        size = self.environment.parsed_options.page_size
        with self.client.get("/products", params={"limit": size}, name="/products", catch_response=True) as page:
            if not page.ok:
                return
            self.products = [product["id"] for product in page.json()["products"]]
            if not self.products:
                page.failure("the shop is empty")

    @tag("read")
    @task
    def view(self):
        """The name keeps all products in one row of the report."""
        if self.products:
            self.client.get(f"/products/{random.choice(self.products)}", name="/products/[id]")


class Buyer(HttpUser):
    """One of four logs in with an account of its own and buys."""

    weight = 1
    wait_time = between(1, 3)

    def on_start(self):
        """The token goes with every later request of this user."""
        account = ACCOUNTS.next("sequential")
        login = self.client.post("/login", json={"username": account["username"], "password": account["password"]})
        self.client.headers["Authorization"] = f"Bearer {login.json()['token']}"

    @task
    def buy(self):
        """Two requests; the second one is judged here."""
        item = {"product_id": random.randint(1, 100), "quantity": 1}
        if not self.client.post("/cart", json=item).ok:
            return
        with self.client.post("/orders", catch_response=True) as order:
            if order.status_code == 409:
                order.success()  # Out of stock is an answer like any other.
