"""What the clients tell the host about TLS, and when: once, for the user whose connections they are.

Upstream: `python3 -m unittest discover -s guest-sdk/python/tests/http`. Downstream: `src/wload/http/tls.py` and both
clients.
"""

import pickle
import sys
import tempfile
import types
import unittest
from pathlib import Path
from unittest.mock import patch

from fake_host import ERRORS, Hook, User, http, new_host

from locust.clients import HttpSession
from locust.contrib.fasthttp import FastHttpSession, FastHttpUser
from wload.http import release

BASE = "https://target"
OURS, CARELESS = http.TlsSettings(True, b"", None), http.TlsSettings(False, b"", None)


class Tls(unittest.TestCase):
    def setUp(self):
        release()
        self.host = new_host()
        self.user = User(None)
        self.http = HttpSession(BASE, Hook(), self.user)

    def fast(self, **given):
        return FastHttpSession(BASE, Hook(), self.user, **given)

    def test_who_wants_nothing_tells_nothing(self):
        for given in ({}, {"verify": True}, {"verify": None, "proxies": {}}, {"proxies": {"https": None}}):
            self.http.get("/a", **given)
        self.fast(insecure=False).get("/a")
        self.assertEqual(self.host.tls, [])

    def test_what_one_request_wants_holds_for_that_request(self):
        self.http.get("/a", verify=False)
        self.http.get("/b", verify=False)
        self.http.get("/c")
        self.assertEqual(self.host.tls, [(0, CARELESS), (2, OURS)])

    def test_a_setting_of_the_session_holds_until_it_changes_and_goes_with_the_user(self):
        self.http.verify = False
        self.http.get("/a")
        user, session = pickle.loads(pickle.dumps((self.user, self.http)))
        session.user = user
        session.get("/b")
        self.assertIs(session.verify, False)
        session.get("/c", verify=True)
        session.verify = True
        session.get("/d")
        self.assertEqual(self.host.tls, [(0, CARELESS), (2, OURS)])

    def test_the_fast_client_verifies_nothing_unless_it_is_told_to(self):
        fast = self.fast()
        for _ in range(3):
            fast.get("/a")
        self.http.get("/b")
        fast.get("/c")
        self.assertEqual(self.host.tls, [(0, CARELESS), (3, OURS), (4, CARELESS)])

    def test_files_are_read_and_given_as_they_are(self):
        with tempfile.TemporaryDirectory() as folder:
            paths = {name: str(Path(folder, name)) for name in ("authority", "chain", "key")}
            for name, path in paths.items():
                Path(path).write_text(name)
            self.http.get("/a", verify=paths["authority"], cert=(paths["chain"], paths["key"]))
            self.http.cert = paths["chain"]
            self.http.get("/b")
        told = [settings for _, settings in self.host.tls]
        self.assertEqual(told, [http.TlsSettings(True, b"authority", (b"chain", b"key")),
                                http.TlsSettings(True, b"", (b"chain", b"chain"))])

    def test_a_file_that_is_none_is_an_error_of_the_request_and_is_told_again(self):
        self.host.tls_mistake = "authorities: no `BEGIN CERTIFICATE` in the PEM text"
        for _ in range(2):
            with self.assertRaisesRegex(OSError, "verify='.*test_tls.py', cert=None: authorities: no"):
                self.http.get("/a", verify=__file__)
        with self.assertRaises(FileNotFoundError):
            self.http.get("/a", verify="/nowhere/authority.pem")
        self.assertEqual(self.host.sent, [])

    def test_a_session_without_user_tells_it_for_the_user_of_the_instance(self):
        alone = HttpSession(BASE, Hook(), None)
        app = types.SimpleNamespace(INSTANCE={"user": self.user})
        with patch.dict(sys.modules, wload_app=app):
            alone.get("/a", verify=False)
            self.http.get("/b")
        alone.get("/c", verify=False)
        alone.get("/d")
        self.assertEqual(self.host.tls, [(0, CARELESS), (1, OURS), (2, CARELESS), (3, OURS)])

    def test_what_cannot_be_chosen_is_refused_with_what_to_use_instead(self):
        for given in ({"proxies": {"https": "http://proxy:3128"}},):
            with self.assertRaisesRegex(ERRORS["LocustError"], "--proxy"):
                self.http.get("/a", **given)
        self.http.proxies = {"http": "http://proxy:3128"}
        with self.assertRaisesRegex(ERRORS["LocustError"], "proxies= out of the locustfile"):
            self.http.get("/a")
        with self.assertRaisesRegex(ERRORS["LocustError"], "ssl_context_factory"):
            self.fast(ssl_context_factory=object)
        self.assertEqual(self.host.sent, [])
        self.assertTrue(FastHttpUser.insecure)


if __name__ == "__main__":
    unittest.main()
