"""A file with a slip of the pen; the text is kept in a string so that tools can read this one."""

from locust import HttpUser, task

exec(compile("def broken(:\n    pass\n", __file__, "exec"))


class SlipUser(HttpUser):
    @task
    def page(self):
        self.client.get("/never")
