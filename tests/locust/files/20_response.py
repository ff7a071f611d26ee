"""What a response says: each of its attributes goes back to the target, so that it can be compared."""

from locust import HttpUser, task
from locust.exception import StopUser


class ResponseUser(HttpUser):
    @task
    def read(self):
        response = self.client.get("/document?x=1", headers={"X-Sent": "1"})
        document = response.json()
        self.tell(status=response.status_code, reason=response.reason, ok=response.ok, title=document["title"])
        self.tell(length=len(response.content), text=response.text, encoding=response.encoding)
        self.tell(type=response.headers["content-type"], missing=response.headers.get("X-Missing"))
        self.tell(elapsed=response.elapsed.total_seconds() >= 0, truth=bool(response))
        request = response.request
        self.tell(method=request.method, path=request.path_url, sent=request.headers["x-sent"])
        packed = self.client.get("/gzip")
        self.tell(text=packed.text, lines=list(self.client.get("/lines").iter_lines()))
        try:
            self.client.get("/lines").json()
        except ValueError as error:
            self.tell(error=type(error).__name__)
        raise StopUser()

    def tell(self, **facts):
        self.client.post("/tell", json={name: repr(value) for name, value in facts.items()}, name="/tell")
