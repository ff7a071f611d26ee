"""A chain of pages that always goes round, and one that branches by weight."""

from locust import HttpUser, MarkovTaskSet, constant, transition, transitions
from locust.exception import StopUser


class Round(MarkovTaskSet):
    @transition("second")
    def first(self):
        self.client.get("/markov/first")

    @transition("third")
    def second(self):
        self.client.get("/markov/second")

    @transition("first")
    def third(self):
        self.client.get("/markov/third")
        self.user.rounds += 1
        if self.user.rounds == 3:
            raise StopUser()


class MarkovRoundUser(HttpUser):
    wait_time = constant(0)
    tasks = [Round]
    rounds = 0


class Branch(MarkovTaskSet):
    @transitions({"home": 1, "detail": 3})
    def home(self):
        self.visit("home")

    @transitions(["home", ("detail", 1)])
    def detail(self):
        self.visit("detail")

    def visit(self, page):
        self.user.rounds += 1
        if self.user.rounds > 150:
            raise StopUser()
        self.client.get(f"/branch/{page}")


class MarkovBranchUser(HttpUser):
    wait_time = constant(0)
    tasks = [Branch]
    rounds = 0
