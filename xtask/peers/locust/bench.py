"""What Locust does in `cargo xtask bench`: one user class per kind of load.

Upstream: Locust, as any locustfile. Downstream: `xtask/src/bench/tools/locust.rs`, which chooses the class
and, by `--bench-client`, Locust's fast client or its usual one. Invariant: each class does, request by
request, what the class of the same name does in `tests/guests/bench`.
"""

import sys

from locust import FastHttpUser, HttpUser, constant, events, task

# The classes below are made before Locust has read its command line.
IS_FAST = "--bench-client=usual" not in sys.argv
Base = FastHttpUser if IS_FAST else HttpUser


@events.init_command_line_parser.add_listener
def _(parser):
    parser.add_argument("--bench-client", choices=["fast", "usual"], help="Locust's HTTP client")


class BenchUser(Base):
    abstract = True

    def on_start(self):
        if not IS_FAST:
            # FastHttpUser does not verify certificates unless told to.
            self.client.verify = False


class Getter(BenchUser):
    @task
    def get(self):
        self.client.get("/ok")


class Reader(BenchUser):
    @task
    def read(self):
        self.client.get("/bytes/102400")


class Waiter(BenchUser):
    wait_time = constant(10)

    @task
    def get(self):
        self.client.get("/ok")


class Shopper(BenchUser):
    @task
    def buy(self):
        credentials = {"username": "shopper", "password": "secret"}
        login = self.client.post("/login", json=credentials)
        headers = {"Authorization": f"Bearer {login.json()['token']}"}
        path = "/products?category=electronics&limit=20"
        products = self.client.get(path, headers=headers, name="/products").json()["products"]
        product_id = products[0]["id"]
        self.client.get(f"/products/{product_id}", headers=headers, name="/products/{id}")
        item = {"product_id": product_id, "quantity": 1}
        self.client.post("/cart", json=item, headers=headers)
        self.client.post("/orders", headers=headers)
