"""Accounts from a file beside this one, read once and read by each user."""

import csv
import json
from pathlib import Path

from locust import HttpUser, task
from locust.exception import StopUser

HERE = Path(__file__).parent
with open(HERE / "test_data" / "accounts.csv", newline="") as file:
    ACCOUNTS = list(csv.DictReader(file))


class DataUser(HttpUser):
    def on_start(self):
        path = HERE / "test_data/products.json"
        self.products = json.loads(path.read_text())

    @task
    def shop(self):
        for account in ACCOUNTS:
            self.client.post("/data/login", json=account)
        for product in self.products:
            self.client.get(f"/data/{product}")
        raise StopUser()
