"""What scripts use of Python itself."""

import base64
import datetime
import hashlib
import hmac
import itertools
import json
import logging
import re
import time
import uuid
from collections import Counter
from urllib.parse import quote, urlencode

import gevent
from locust import HttpUser, task
from locust.exception import StopUser


class LibraryUser(HttpUser):
    @task
    def use(self):
        began = time.monotonic()
        time.sleep(0.02)
        gevent.sleep(0.02)
        facts = {
            "slept": time.monotonic() - began >= 0.04,
            "today": datetime.datetime.now(datetime.UTC).year >= 2024,
            "sha": hashlib.sha256(b"body").hexdigest(),
            "md5": hashlib.md5(b"body").hexdigest(),
            "hmac": hmac.new(b"key", b"body", "sha1").hexdigest(),
            "base64": base64.b64encode("ü".encode()).decode(),
            "uuid": (len(str(uuid.uuid4())), uuid.uuid4() != uuid.uuid4()),
            "pairs": list(itertools.pairwise("abc")),
            "found": re.findall(r"id=(\d+)", "id=1 id=22"),
            "count": Counter("hello").most_common(1),
            "json": json.dumps({"b": 1, "a": [1.5]}, sort_keys=True),
            "query": urlencode({"q": "a b"}) + quote("/ü"),
        }
        logging.getLogger("author").info("SEEN a line of the log")
        print("SEEN a printed line", flush=True)
        self.client.post("/library", json=facts)
        raise StopUser()
