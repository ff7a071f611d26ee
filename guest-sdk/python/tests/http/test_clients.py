"""What HttpSession and FastHttpSession send, record and give back, against a host that writes it down.

Upstream: `python3 -m unittest discover -s guest-sdk/python/tests/http`. Downstream: `src/locust/clients.py`,
`src/locust/contrib/fasthttp.py`, `src/wload/http`.
"""

import gc
import pickle
import subprocess
import sys
import unittest
from pathlib import Path

from fake_host import ERRORS, Answer, Hook, User, http, new_host

import requests
from locust.clients import HttpSession
from locust.contrib.fasthttp import FastHttpSession, LocustBadStatusCode
from requests.auth import HTTPBasicAuth
from wload.http import release
from wload.http.changing import CHANGING, NAMES_MAX, SEEN_MAX
from wload.http.rest import RestMixin
from wload.http.templates import CACHE, GENERATION_MAX

BASE = "http://target:80/base"


class WithClients(unittest.TestCase):
    """A host and both clients for each test."""

    def setUp(self):
        release()
        CHANGING.clear()
        gc.collect()
        self.host = new_host()
        self.hook = Hook()
        self.http = HttpSession(BASE, self.hook, User(None))
        self.fast = FastHttpSession(BASE, self.hook, User(None))

    def sent_headers(self):
        return {name.lower(): value for name, value in self.host.sent[-1][0].headers}


class Sending(WithClients):
    def test_the_first_request_is_sent_as_it_is_and_the_second_makes_a_template(self):
        for expected in (0, 1, 1):
            self.http.get("/a")
            self.assertEqual(self.host.templates, expected)

    def test_requests_that_differ_have_templates_of_their_own(self):
        for _ in range(3):
            self.http.get("/a")
            self.http.get("/a", headers={"X": "1"})
            self.http.get("/a", allow_redirects=False)
            self.http.get("/a", name="other")
        self.assertEqual(self.host.templates, 4)

    def test_no_empty_list_is_passed_with_a_template_and_the_url_stays(self):
        for url in ("/a", "/a?b={c}", "http://other:1?x=1", "http://other:1/"):
            for _ in range(2):
                self.http.get(url)
            first, second = self.host.sent[-2:]
            self.assertEqual(second[0].url, first[0].url)
            self.assertEqual(self.host.values[-1], [""])

    def test_a_template_for_a_url_without_a_path_has_no_places(self):
        for _ in range(2):
            self.fast.get("http://other:1")
        self.assertEqual(self.host.sent[-1][0].url, "http://other:1")
        self.assertEqual(self.host.values[-1], [])

    def test_a_request_that_never_comes_again_is_not_kept(self):
        for number in range(5 * GENERATION_MAX):
            self.http.get(f"/{number}")
        self.assertFalse(CACHE.recent or CACHE.older)
        self.assertLessEqual(len(CACHE.seen) + len(CACHE.seen_before), 2 * GENERATION_MAX)

    def test_templates_are_bounded_and_given_back(self):
        for number in range(5 * GENERATION_MAX):
            self.http.get(f"/{number}")
            self.http.get(f"/{number}")
            self.assertLessEqual(self.host.templates_open, 2 * GENERATION_MAX)
        release()
        self.assertEqual(self.host.templates_open, 0)

    def test_a_header_of_the_session_holds_from_then_on(self):
        self.http.get("/a")
        self.http.headers["authorization"] = "Bearer 1"
        self.http.get("/a")
        self.assertEqual(self.sent_headers()["authorization"], b"Bearer 1")
        self.http.get("/a", headers={"Authorization": None})
        self.assertNotIn("authorization", self.sent_headers())

    def test_a_header_that_changes_is_a_value_of_one_template(self):
        for number in range(SEEN_MAX + 5):
            headers = {"Authorization": f"Bearer {number}", "X-Braces": "{}"}
            response = self.http.get("/a", headers=headers)
            self.assertEqual(self.sent_headers()["authorization"], f"Bearer {number}".encode())
            self.assertEqual(self.sent_headers()["x-braces"], b"{}")
            self.assertEqual(response.request.headers["authorization"], f"Bearer {number}")
        self.assertEqual(self.host.templates, 1)
        self.assertEqual(self.host.values[-1], ["", f"Bearer {SEEN_MAX + 4}"])

    def test_sessions_that_differ_in_a_token_share_a_template_and_each_sends_its_own(self):
        sessions = [HttpSession(BASE, self.hook, User(None)) for _ in range(SEEN_MAX + 8)]
        for number, session in enumerate(sessions):
            session.headers.update({"Authorization": f"Bearer {number}", "X-Same": "1"})
        for _ in range(2):
            for number, session in enumerate(sessions):
                session.get("/a", headers={"X-Id": str(number)})
                sent = self.sent_headers()
                self.assertEqual((sent["authorization"], sent["x-id"], sent["x-same"]),
                                 (f"Bearer {number}".encode(), str(number).encode(), b"1"))
        self.assertLessEqual(self.host.templates, SEEN_MAX + 1)

    def test_settings_that_differ_are_not_mixed_up(self):
        clients = [HttpSession(BASE, self.hook, User(None)) for _ in range(4)]
        clients[1].auth = ("u", "p")
        clients[2].headers["X"] = "1"
        clients.append(HttpSession(f"{BASE}/other", self.hook, User(None)))
        for _ in range(3):
            sent = []
            for client in clients:
                client.get("/a")
                spec = self.host.sent[-1][0]
                sent.append((spec.url, tuple(spec.headers)))
            self.assertEqual(sent[0], sent[3])
            self.assertEqual(len(set(sent)), 4)
        self.assertEqual(self.host.templates, 4)

    def test_a_changing_header_that_is_not_plain_text_is_sent_as_ever(self):
        for value in [*map(str, range(SEEN_MAX + 2)), "caf\u00e9", b"\xff", None, "plain"]:
            self.fast.get("/a", headers={"X": value})
            expected = value.encode("latin-1") if isinstance(value, str) else value
            self.assertEqual(self.sent_headers().get("x"), expected)

    def test_names_of_headers_are_bounded(self):
        for number in range(3 * NAMES_MAX):
            self.http.get("/a", headers={f"X-{number}": "1"})
        self.assertLessEqual(len(CHANGING.seen) + len(CHANGING.names), NAMES_MAX)

    def test_bodies_are_those_of_requests(self):
        cases = [
            ({"json": {"a": 1}}, b'{"a": 1}', b"application/json"),
            ({"data": {"a": [1, 2], "b": None}}, b"a=1&a=2", b"application/x-www-form-urlencoded"),
            ({"data": [("a", "x y")]}, b"a=x+y", b"application/x-www-form-urlencoded"),
            ({"data": "t\u00e9xt"}, "t\u00e9xt".encode(), None),
            ({"data": b"raw"}, b"raw", None),
            ({}, None, None),
        ]
        for given, body, kind in cases:
            self.http.post("/a", **given)
            self.assertEqual(self.host.sent[-1][1], body)
            self.assertEqual(self.sent_headers().get("content-type"), kind)

    def test_a_file_is_sent_as_multipart(self):
        self.http.post("/a", files={"f": ("a.txt", b"hello", "text/plain")}, data={"x": "1"})
        body, kind = self.host.sent[-1][1], self.sent_headers()["content-type"]
        self.assertTrue(kind.startswith(b"multipart/form-data; boundary="))
        self.assertIn(b'name="f"; filename="a.txt"\r\nContent-Type: text/plain\r\n\r\nhello\r\n', body)
        self.assertIn(b'name="x"\r\n\r\n1\r\n', body)

    def test_authentication_is_in_a_header(self):
        for auth in (("u", "p"), HTTPBasicAuth("u", "p")):
            self.http.get("/a", auth=auth)
            self.assertEqual(self.sent_headers()["authorization"], b"Basic dTpw")
        HttpSession("http://u:p@target/", self.hook, None).get("/a")
        self.assertEqual(self.sent_headers()["authorization"], b"Basic dTpw")

    def test_timeouts_are_those_of_connecting_and_of_reading(self):
        self.http.get("/a", timeout=(1, 2.5))
        given = self.host.timeouts[-1]
        self.assertEqual((given.connect, given.first_byte, given.between_bytes), (10**9, 25 * 10**8, 25 * 10**8))

    def test_cookies_of_one_request_come_over_those_of_the_session(self):
        self.http.cookies.set("a", "1")
        self.http.cookies.set("b", "2")
        self.http.get("/a", cookies={"b": "3"})
        self.assertEqual(self.sent_headers()["cookie"], b"a=1; b=3")
        self.assertEqual(dict(self.http.cookies), {"a": "1", "b": "2"})

    def test_requests_itself_cannot_send_and_says_what_can(self):
        for send in (lambda: requests.get("http://x"), lambda: requests.Session().post("http://x")):
            with self.assertRaisesRegex(RuntimeError, "use self.client"):
                send()


class Rows(WithClients):
    def test_names_are_paths_for_http_user_and_urls_as_written_for_fast_http_user(self):
        for client in (self.http, self.fast):
            client.get("/a b", params={"q": "1"})
            client.get("http://other/x")
        expected = ["/base/a%20b?q=1", "/x", "/a b", "http://other/x"]
        self.assertEqual([name for _, name, _ in self.host.rows], expected)

    def test_a_method_in_lower_case_is_sent_in_upper_case_and_keeps_its_row(self):
        for _ in range(2):
            self.http.request("get", "/a")
        self.assertEqual([spec.method for spec, _ in self.host.sent], ["GET", "GET"])
        self.assertEqual(self.host.rows, [("get", "/base/a", None)] * 2)

    def test_each_client_has_its_own_text_for_a_status(self):
        self.host.answer = Answer(status=404)
        self.http.get("/a")
        self.fast.get("/a")
        self.assertEqual([text for *_, text in self.host.rows], ["host: 404", "LocustBadStatusCode(code=404)"])

    def test_fast_http_user_fails_statuses_that_http_user_accepts(self):
        self.host.answer = Answer(status=300)
        self.http.get("/a")
        self.fast.get("/a")
        self.assertEqual([text for *_, text in self.host.rows], [None, "LocustBadStatusCode(code=300)"])

    def test_a_refused_connection_is_a_failure_and_raises_nothing(self):
        self.host.answer = Answer(status=0, error=http.ErrorCode_ConnectError("connection refused"))
        for client in (self.http, self.fast):
            response = client.get("/a")
            self.assertEqual((response.status_code, response.content), (0, None))
            self.assertFalse(response.ok)
            del response
            self.assertEqual(self.host.rows[-1][2], "ConnectionRefusedError(111, 'Connection refused')")

    def test_a_malformed_url_is_raised_and_no_row(self):
        self.host.answer = Answer(status=0, error=http.ErrorCode_InvalidRequest("no host"))
        with self.assertRaisesRegex(requests.exceptions.InvalidURL, "no host"):
            self.http.get("/a")

    def test_nothing_is_kept_by_a_circle_of_references(self):
        gc.disable()
        try:
            self.hook._handlers.append(lambda **meta: None)
            self.http.get("/a")
            self.assertEqual(len(self.host.rows), 1)
        finally:
            gc.enable()

    def test_listeners_get_what_locust_gives_them(self):
        seen = []
        self.hook._handlers.append(lambda **meta: seen.append(meta))
        self.host.answer = Answer(status=500, body=b"abc")
        self.http.get("/a", context={"my": 1})
        meta = seen[0]
        self.assertEqual(meta["context"], {"of": "user", "my": 1})
        self.assertEqual((meta["request_type"], meta["name"], meta["response_length"]), ("GET", "/base/a", 3))
        self.assertEqual(meta["response_time"], 5.0)
        text = "HTTPError('500 Server Error: Internal Server Error for url: /base/a')"
        self.assertEqual(repr(meta["exception"]), text)

    def test_a_stream_is_recorded_when_its_head_is_here(self):
        self.host.answer = Answer(body=b"a\nb", headers=[("content-length", b"3")])
        response = self.http.get("/a", stream=True)
        self.assertEqual(len(self.host.rows), 1)
        self.assertEqual(list(response.iter_lines()), [b"a", b"b"])


class Judging(WithClients):
    def rows_of(self, judge, status=200, client=None):
        self.host.answer = Answer(status=status)
        with (client or self.http).get("/a", catch_response=True) as response:
            judge(response)
        del response
        return self.host.rows

    def test_the_author_has_the_last_word(self):
        self.assertEqual(self.rows_of(lambda r: r.success(), 404)[-1][2], None)
        self.assertEqual(self.rows_of(lambda r: r.failure("bad"))[-1][2], "CatchResponseError('bad')")
        self.assertEqual(self.rows_of(lambda r: r.failure(ValueError("x")))[-1][2], "ValueError('x')")
        self.assertEqual(self.rows_of(lambda r: (r.failure("bad"), r.success()))[-1][2], None)

    def test_without_a_verdict_the_status_decides(self):
        self.assertEqual(self.rows_of(lambda r: None, 404, self.fast)[-1][2], "LocustBadStatusCode(code=404)")
        self.assertEqual(self.rows_of(lambda r: None)[-1][2], None)

    def test_a_response_error_is_the_failure_and_stays_inside(self):
        def judge(response):
            raise ERRORS["ResponseError"]("no")

        self.assertEqual(self.rows_of(judge)[-1][2], "ResponseError('no')")

    def test_another_exception_goes_on_and_nothing_is_recorded(self):
        with self.assertRaises(KeyError):
            self.rows_of(lambda r: {}["x"])
        gc.collect()
        self.assertEqual(self.host.rows, [])

    def test_a_name_given_in_the_block_is_the_one_that_is_recorded(self):
        self.rows_of(lambda r: r.request_meta.update(name="other"))
        gc.collect()
        self.assertEqual([name for _, name, _ in self.host.rows], ["other"])

    def test_a_verdict_without_a_block_is_refused(self):
        response = self.http.get("/a")
        for judge in (response.success, lambda: response.failure("x")):
            with self.assertRaisesRegex(ERRORS["LocustError"], "catch_response=True"):
                judge()
        with self.assertRaisesRegex(ERRORS["LocustError"], "catch_response=True"), response:
            pass

    def test_what_fails_in_a_rest_block_is_the_failure_of_its_request(self):
        user = RestMixin()
        user.client = self.fast
        self.host.answer = Answer(body=b'{"a": 1}')
        with user.rest("GET", "/a") as response:
            self.assertEqual(response.js, {"a": 1})
            assert response.js["a"] == 2, "not two"
        with user.rest("GET", "/a") as response:
            response.js["b"]
        self.host.answer = Answer(body=b"<html>")
        with user.rest_("GET", "/a") as response:
            self.assertIsNone(response.js)
        del response
        gc.collect()
        names = [name for _, name, _ in self.host.rows]
        self.assertEqual(names, ["/a", "/a", "/a?_=..."])
        parts = ["not two", "KeyError: ", "Could not parse response as JSON. <html>, response code 200"]
        for (*_, text), part in zip(self.host.rows, parts, strict=True):
            self.assertTrue(text.startswith("CatchResponseError(") and part in text, text)


class Importing(unittest.TestCase):
    def test_every_module_can_be_the_first(self):
        here = str(Path(__file__).parent)
        for name in ("requests", "requests.models", "requests.exceptions", "locust.contrib.fasthttp", "locust.clients",
                     "wload.http", "wload.http.failures", "wload.http.session"):
            code = f"import fake_host, {name}"
            found = subprocess.run([sys.executable, "-c", code], cwd=here, capture_output=True, text=True, check=False)
            self.assertEqual((name, found.stderr), (name, ""))


class Responses(WithClients):
    def test_the_body_is_read_when_it_is_asked_for_and_once(self):
        response = self.http.get("/a")
        self.assertEqual(self.host.reads, 0)
        self.assertEqual((response.content, response.text), (b"ok", "ok"))
        self.assertEqual(self.host.reads, 1)

    def test_text_is_decoded_as_the_server_says(self):
        cases = [(b"text/plain; charset=cp1251", "\u0434".encode("cp1251"), "\u0434"),
                 (b"text/html", b"\xe9", "\u00e9"),
                 (b"application/json", "\u00e9".encode(), "\u00e9"), (b"", "\u00e9".encode(), "\u00e9"),
                 (b"text/plain; charset=none-such", b"a", "a")]
        for kind, body, text in cases:
            self.host.answer = Answer(body=body, headers=[("Content-Type", kind)])
            self.assertEqual(self.http.get("/a").text, text)

    def test_a_body_that_is_not_json_raises_what_requests_raises(self):
        with self.assertRaises(requests.exceptions.JSONDecodeError):
            self.http.get("/a").json()

    def test_a_status_is_raised_with_the_url(self):
        self.host.answer = Answer(status=404)
        with self.assertRaisesRegex(requests.HTTPError, "404 Client Error: Not Found for url: http://target:80/base/a"):
            self.http.get("/a").raise_for_status()
        with self.assertRaises(LocustBadStatusCode):
            self.fast.get("/a").raise_for_status()

    def test_a_response_that_a_user_keeps_can_be_pickled(self):
        self.host.answer = Answer(body=b"kept", headers=[("X-A", b"1")])
        response = pickle.loads(pickle.dumps(self.http.get("/a")))
        self.assertEqual((response.text, response.headers["x-a"], response.status_code), ("kept", "1", 200))

    def test_a_session_is_pickled_with_its_settings_and_no_handles(self):
        client = HttpSession(BASE, None, None)
        client.headers["A"] = "1"
        client.auth = ("u", "p")
        again = pickle.loads(pickle.dumps(client))
        self.assertEqual((dict(again.headers), again.auth, again.base_url), ({"A": "1"}, ("u", "p"), BASE))


if __name__ == "__main__":
    unittest.main()
