"""A load shape, for `wload run locustfile.py,_stages.py`: it says how many users there are, instead of --users.

A folder that is run as a whole (`wload run .`) leaves out files that begin with `_`, as Locust does.
"""

from locust import LoadTestShape

# Up to this second, so many users, by so many per second.
STAGES = [(10, 5, 5), (40, 20, 5), (60, 5, 5)]


class Stages(LoadTestShape):
    """Warms up, holds, cools down, ends."""

    def tick(self):
        """Asked about once a second; `None` ends the run."""
        run_time = self.get_run_time()
        return next(((users, rate) for end, users, rate in STAGES if run_time < end), None)
