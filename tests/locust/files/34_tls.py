"""Certificates: verified or not, an authority of one's own, a certificate for the server."""

from pathlib import Path

from locust import FastHttpUser, HttpUser, constant, task
from locust.exception import StopUser

FILES = Path(__file__).parent / "test_data"
AUTHORITY = str(FILES / "authority.pem")
OWN = (str(FILES / "client.pem"), str(FILES / "client.key"))


class TlsUser(HttpUser):
    wait_time = constant(0)

    def try_it(self, name, **given):
        with self.client.get(f"/tls/{name}", catch_response=True, **given) as response:
            if response.error is not None:
                response.failure(type(response.error).__name__)

    @task
    def visit(self):
        self.try_it("default")
        self.try_it("off", verify=False)
        self.try_it("default-again")
        self.try_it("authority", verify=AUTHORITY)
        self.try_it("certificate", verify=AUTHORITY, cert=OWN)
        self.try_it("certificate-in-vain", cert=OWN)
        self.client.verify = False
        self.try_it("session")
        self.try_it("session-but-not-this", verify=True)
        self.client.cert = OWN
        self.try_it("session-with-certificate")
        raise StopUser()


class CarelessUser(FastHttpUser):
    wait_time = constant(0.05)
    rounds = 0

    @task
    def visit(self):
        self.rounds += 1
        self.client.get(f"/tls/fast/{self.rounds}", headers={"Accept": "*/*"})
        if self.rounds == 3:
            raise StopUser()


class StrictUser(FastHttpUser):
    insecure = False

    @task
    def visit(self):
        with self.client.get("/tls/strict", catch_response=True) as response:
            response.failure("refused" if response.status_code == 0 else "came through")
        raise StopUser()
