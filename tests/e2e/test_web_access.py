"""Who may ask vsm-web: Host and Origin, tokens of programs, log-ins of people, and how often a wrong one may be tried."""
import http.client
import os
import subprocess
import unittest

from harness import DEADLINE, Daemon
from web_rig import BIN, Web, token_file


class Access(unittest.TestCase):
    def test_only_pages_of_this_server_may_ask(self):
        with Daemon() as daemon, Web(daemon, "--host", "flow.example") as web:
            for host in ("localhost", "localhost:1234", "127.0.0.1", "[::1]:80", "flow.example", "FLOW.example:443"):
                self.assertEqual(web.get("/healthz", {"Host": host}).status, 200, host)
            for host in ("evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "flow.example:x", ""):
                self.assertIn(web.get("/healthz", {"Host": host}).status, (400, 421), host)
            strange = web.get("/healthz", {"Host": b"caf\xe9.example"})
            self.assertIn("caf?.example", strange.json()["detail"])
            for origin in ("http://" + web.address, "https://" + web.address):
                self.assertEqual(web.get("/api/v1/status", {"Origin": origin}).status, 200, origin)
            for origin in ("null", "http://evil.example", "http://" + web.address + ".evil.example", web.address):
                self.assertEqual(web.get("/api/v1/status", {"Origin": origin}).status, 403, origin)
            refused = web.request("POST", "/api/v1/alerts/x/ack", "{}", {"Content-Type": "application/json", "Sec-Fetch-Site": "cross-site"})
            self.assertEqual(refused.status, 403)

    def test_with_a_token_nobody_asks_without(self):
        with Daemon() as daemon:
            token = token_file(daemon)
            with Web(daemon, "--token-file", token) as web:
                self.assertEqual(web.get("/healthz").status, 200)
                asked = web.get("/api/v1/snapshot")
                self.assertEqual((asked.status, asked.headers["WWW-Authenticate"]), (401, 'Bearer realm="vsm"'))
                for said in ("Bearer correct horse batterz", "Bearer", "Basic correct horse battery", "Bearer correct horse battery2"):
                    self.assertEqual(web.get("/api/v1/snapshot", {"Authorization": said}).status, 401, said)
                self.assertEqual(web.get("/api/v1/snapshot", {"Authorization": "Bearer correct horse battery"}).status, 200)
                sent = web.get("/", {"Accept": "text/html"})
                self.assertEqual((sent.status, sent.headers["Location"]), (303, "/login"))
                self.assertIn(b"<form method=\"post\"", web.get("/login").body)
                form = {"Content-Type": "application/x-www-form-urlencoded"}
                self.assertEqual(web.request("POST", "/login", "token=wrong", form).status, 403)
                known = web.request("POST", "/login", "token=correct+horse%20battery", form)
                self.assertEqual((known.status, known.headers["Location"]), (303, "/"))
                cookie, _, attributes = known.headers["Set-Cookie"].partition("; ")
                self.assertIn("HttpOnly; SameSite=Strict", attributes)
                self.assertEqual(web.get("/api/v1/snapshot", {"Cookie": "a=b; " + cookie}).status, 200)
                self.assertEqual(web.get("/api/v1/snapshot", {"Cookie": cookie[:-1] + "x"}).status, 401)
                web.request("POST", "/logout", "", {"Cookie": cookie})
                self.assertEqual(web.get("/api/v1/snapshot", {"Cookie": cookie}).status, 401)

    def test_wrong_tokens_may_be_tried_so_often_a_minute(self):
        with Daemon() as daemon:
            token = token_file(daemon)
            form = {"Content-Type": "application/x-www-form-urlencoded"}
            said = {"Authorization": "Bearer correct horse battery"}

            def refused(web, reason):
                line = f'vsm_logins_refused_total{{reason="{reason}"}} '
                return int(web.get("/metrics", said).body.decode().split(line)[1].split()[0])

            with Web(daemon, "--token-file", token) as web:
                self.assertEqual(web.request("POST", "/login", "token=correct+horse+battery", form).status, 303)
                for _ in range(10):
                    self.assertEqual(web.request("POST", "/login", "token=wrong", form).status, 403)
                for text in ("token=wrong", "token=correct+horse+battery"):
                    late = web.request("POST", "/login", text, form)
                    self.assertEqual((late.status, late.type), (429, "application/problem+json"))
                    self.assertIn(int(late.headers["Retry-After"]), range(1, 61))
                self.assertEqual((refused(web, "token"), refused(web, "too_many")), (10, 2))
                self.assertEqual(web.get("/api/v1/status", said).status, 200, "who has logged in, and programs, go on")

    def test_wrong_tokens_of_programs_are_bounded_and_the_right_one_is_let_in(self):
        with Daemon() as daemon, Web(daemon, "--token-file", token_file(daemon)) as web:
            wrong, right = ({"Authorization": "Bearer " + token} for token in ("wrong horse battery", "correct horse battery"))
            for _ in range(10):
                self.assertEqual(web.get("/api/v1/status", wrong).status, 401)
            late = web.get("/api/v1/status", {**wrong, "Accept": "text/html"})
            self.assertEqual((late.status, late.type), (429, "application/problem+json"))
            self.assertIn(int(late.headers["Retry-After"]), range(1, 61))
            page = web.get("/metrics", right)
            self.assertEqual(page.status, 200)
            for reason, n in (("token", 10), ("too_many", 1)):
                self.assertIn(f'vsm_tokens_refused_total{{reason="{reason}"}} {n}\n', page.body.decode())
            self.assertEqual(web.get("/api/v1/status").status, 401, "without a token nobody guesses")
            form = {"Content-Type": "application/x-www-form-urlencoded"}
            self.assertEqual(web.request("POST", "/login", "token=correct+horse+battery", form).status, 303, "log-ins are counted apart")
            self.assertEqual(len([line for line in web.log.lines if "event=token_refused" in line]), 10)

    def test_all_addresses_together_may_try_so_often(self):
        with Daemon() as daemon, Web(daemon, "--token-file", token_file(daemon)) as web:
            def log_in(address, token):
                connection = http.client.HTTPConnection(web.address, timeout=DEADLINE, source_address=(address, 0))
                connection.request("POST", "/login", "token=" + token, {"Content-Type": "application/x-www-form-urlencoded"})
                status = connection.getresponse().status
                connection.close()
                return status

            for i in range(100):
                self.assertEqual(log_in(f"127.0.0.{2 + i // 9}", "wrong"), 403, i)
            self.assertEqual(log_in("127.0.0.99", "correct+horse+battery"), 429, "who has not tried yet waits, too")
            self.assertEqual(web.get("/api/v1/status", {"Authorization": "Bearer correct horse battery"}).status, 200)

    def test_beyond_loopback_a_token_is_needed(self):
        with Daemon() as daemon:
            for words, why in ((("--listen", "0.0.0.0:0"), "--token-file"), (("--listen", "localhost"), "127.0.0.1:8080"),
                               (("--token-file", daemon.path), "may be read")):
                os.chmod(daemon.path, 0o644)
                done = subprocess.run([f"{BIN}/vsm-web", "--listen", "127.0.0.1:0", *words], capture_output=True, text=True, timeout=DEADLINE)
                self.assertEqual(done.returncode, 1)
                self.assertIn(why, done.stderr)


if __name__ == "__main__":
    unittest.main()
