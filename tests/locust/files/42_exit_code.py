"""The author's own verdict about a run, in the exit code; the answer is wrong on purpose."""

from locust import HttpUser, events, task
from locust.exception import StopUser


@events.quitting.add_listener
def verdict(environment, **kwargs):
    total = environment.stats.total
    if total.fail_ratio > 0.4:
        environment.process_exit_code = 7
    elif total.get_response_time_percentile(0.95) > 5000 or total.avg_response_time > 5000:
        environment.process_exit_code = 8
    else:
        environment.process_exit_code = 0
    print(f"SEEN {total.fail_ratio} {total.num_requests} {len(environment.stats.errors)}", flush=True)


class JudgedUser(HttpUser):
    @task
    def page(self):
        self.client.get("/judged")
        self.client.get("/status/500")
        raise StopUser()
