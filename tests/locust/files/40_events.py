"""Every listener says when it is called."""

import itertools

from locust import HttpUser, events, task
from locust.exception import StopUser


def say(text):
    print(f"SEEN {text}", flush=True)


@events.init.add_listener
def on_init(environment, **kwargs):
    say("init")


@events.test_start.add_listener
def on_test_start(environment, **kwargs):
    say(f"test_start {len(environment.user_classes)} {environment.host.startswith('http')}")


@events.test_stop.add_listener
def on_test_stop(environment, **kwargs):
    say("test_stop")


@events.spawning_complete.add_listener
def on_spawning_complete(user_count, **kwargs):
    say(f"spawning_complete {user_count}")


@events.quitting.add_listener
def on_quitting(environment, **kwargs):
    total = environment.stats.total
    say(f"quitting {total.num_requests} {total.num_failures} {environment.stats.get('/event/1', 'GET').num_requests}")


@events.request.add_listener
def on_request(request_type, name, response_time, response_length, exception, context, **kwargs):
    say(f"request {request_type} {name} {response_time >= 0} {response_length} {exception!r} {context}")


@events.test_stopping.add_listener
def on_test_stopping(environment, **kwargs):
    say("test_stopping")


@events.quit.add_listener
def on_quit(exit_code, **kwargs):
    say("quit")


@events.report_to_master.add_listener
def on_report(client_id, data):
    say(f"report_to_master {client_id}")


@events.worker_report.add_listener
def on_worker_report(client_id, data):
    say(f"worker_report {client_id}")


@events.user_error.add_listener
def on_user_error(user_instance, exception, tb, **kwargs):
    say(f"user_error {type(user_instance).__name__} {exception!r} {tb is not None}")


class EventUser(HttpUser):
    def context(self):
        return {"user": "ann"}

    def on_start(self):
        self.numbers = itertools.count(1)

    @task
    def page(self):
        number = next(self.numbers)
        if number == 2:
            raise ValueError("not this one")
        self.client.get(f"/event/{number}")
        if number == 3:
            self.client.get("/status/500", context={"page": 3})
            raise StopUser()
