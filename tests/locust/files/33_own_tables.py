"""Tables that each user reads itself: it looks at them, takes from them, changes them, and waits in between."""

import csv
import random
from pathlib import Path

from locust import HttpUser, SequentialTaskSet, constant, task
from locust.exception import StopUser

DATA = Path(__file__).parent / "test_data"
TURNS = 5


def members():
    with open(DATA / "members.csv", newline="") as file:
        return list(csv.DictReader(file))


EVERYBODY = members()


class Visits(SequentialTaskSet):
    def on_start(self):
        self.guests = [(row["name"], [row["city"]]) for row in self.user.members]

    @task
    def take(self):
        user = self.user
        user.turn += 1
        first, last, middle = user.members.pop(0), user.members.pop(), user.members.pop(180)
        user.me["turns"] = user.turn
        me = user.members[7 - user.turn]
        self.client.get(f"/tables/{first['name']}/{last['name']}/{middle['name']}/{len(user.members)}/{me['turns']}")

    @task
    def change(self):
        row, (name, cities) = self.user.members[50], self.guests[self.user.turn]
        row["word"] += "x"
        cities.append("Paris")
        places = "-".join(cities)
        self.client.get(f"/tables/{row['name']}/{row['word']}/{name}/{places}/{EVERYBODY[self.user.turn]['name']}")

    @task
    def look(self):
        one = random.choice(self.user.members)
        known = {row["name"] for row in self.user.members}
        self.client.get(f"/tables/known/{one['name'] in known}/{len(known)}/{len(EVERYBODY)}/{len(self.guests)}")

    @task
    def end(self):
        if self.user.turn == TURNS:
            rows = [",".join(map(str, row.values())) for row in self.user.members]
            self.client.post("/tables/rest", json={"rows": rows, "guests": self.guests})
            raise StopUser()


class TableUser(HttpUser):
    wait_time = constant(0.01)
    tasks = [Visits]

    def on_start(self):
        self.members = members()
        self.me = self.members[7]
        self.turn = 0
