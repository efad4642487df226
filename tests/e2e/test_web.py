"""vsm-web: every question over HTTP answers what the command line prints, and what is wrong is said with its status."""
import gzip
import socket
import unittest

from harness import DEADLINE, Daemon, batch, config, event
from web_rig import Stream, Web, vsm

# What depends on when one asks.
PASSING = {"uptime_seconds", "memory_bytes", "sequence"}


def lasting(answer):
    if isinstance(answer, dict):
        return {key: lasting(value) for key, value in answer.items() if key not in PASSING}
    return [lasting(value) for value in answer] if isinstance(answer, list) else answer


class Questions(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(config(("S", "T")))
        cls.daemon.__enter__()
        events = [event("first.started", str(i), at=i * 60) for i in range(40)]
        events += [event("first.done", str(i), at=4000 + i * 90) for i in range(0, 40, 2)]
        events += [event("second.done", str(i), at=9000 + i * 90) for i in range(0, 40, 4)]
        events += [event("unheard.of", "1", at=1), event("first.done", "", at=2), event("cancelled", "3", at=9500)]
        cls.daemon.client().submit(batch(*events))
        cls.web = Web(cls.daemon)
        cls.web.__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.web.__exit__(None, None, None)
        cls.daemon.__exit__(None, None, None)

    def same(self, path, command, *args, **query):
        answer = self.web.get("/api/v1/" + path, **query)
        self.assertEqual((answer.status, answer.type), (200, "application/json"), answer.body)
        self.assertEqual(lasting(answer.json()), lasting(vsm(self.daemon, command, *args)))
        return answer.json()

    def problem(self, status, path, detail="", method="GET", headers=None, **query):
        answer = self.web.request(method, path, headers=headers, **query)
        self.assertEqual((answer.status, answer.type), (status, "application/problem+json"), answer.body)
        said = answer.json()
        self.assertEqual((said["status"], said["type"]), (status, "about:blank"))
        self.assertIn(detail, said["detail"])
        return answer

    def test_every_question_answers_as_the_command_line_does(self):
        self.assertEqual(len(self.same("snapshot", "snapshot")["value_streams"]), 2)
        self.same("snapshot", "snapshot", "--stream", "T", stream="T")
        self.assertEqual(len(self.same("items", "items")["items"]), 58)
        self.same("items", "items", "--stream", "S", "--stage", "second", "--sort", "pace", stream="S", stage="second", sort="pace")
        self.same("items", "items", "--state", "active", "--limit", "3", state="active", limit=3)
        self.same("items/S:1", "item", "S:1")
        self.same("edges", "edges", "S", stream="S")
        self.same("edges", "edges", "S", "--window", "all", stream="S", window="all")
        self.same("bottleneck", "bottleneck")
        self.same("bottleneck", "bottleneck", "S", "--window", "24h", stream="S", window="24h")
        self.same("forecast", "forecast", "S", stream="S")
        self.same("forecast", "forecast", "S", "--items", "5", "--seed", "7", stream="S", items=5, seed=7)
        self.same("alerts", "alerts")
        self.same("alerts", "alerts", "--history", history="true")
        self.assertEqual(len(self.same("sources", "sources")["sources"]), 1)
        self.assertEqual(len(self.same("unmapped", "unmapped")["unmapped"]), 1)
        self.same("rejected", "rejected")
        self.same("status", "status")

    def test_a_cursor_goes_on_where_the_page_before_ended(self):
        seen, cursor = [], ""
        while True:
            page = self.web.get("/api/v1/items", limit=7, cursor=cursor).json()
            seen += [(row["value_stream"], row["item"], row["stage"]) for row in page["items"]]
            cursor = page["cursor"]
            if not cursor:
                break
        whole = self.web.get("/api/v1/items", limit=1000).json()["items"]
        self.assertEqual(seen, [(row["value_stream"], row["item"], row["stage"]) for row in whole])

    def test_what_is_wrong_is_a_problem_that_says_what_is_allowed(self):
        self.problem(404, "/api/v1/items/nobody", "nobody")
        self.problem(404, "/api/v1/edges", "S, T", stream="nowhere")
        self.problem(404, "/api/v1/nothing")
        self.problem(404, "/../etc/passwd")
        self.problem(400, "/api/v1/items", "whole number", limit="many")
        self.problem(400, "/api/v1/items", "allowed: stream stage", colour="red")
        self.problem(400, "/api/v1/items", "region=north", stream="S", segment="north")
        self.problem(400, "/api/v1/items?stream=%00", "percent-encoded")
        self.problem(400, "/api/v1/items?stream=%ff", "percent-encoded")
        self.problem(414, "/" + "a" * 3000)
        refused = self.problem(405, "/api/v1/items", "GET, HEAD", method="DELETE")
        self.assertEqual(refused.headers["Allow"], "GET, HEAD")

    def test_what_is_known_already_is_not_sent_again(self):
        first = self.web.get("/api/v1/snapshot")
        again = self.web.get("/api/v1/snapshot", {"If-None-Match": first.headers["ETag"]})
        self.assertEqual((again.status, again.body), (304, b""))
        self.assertEqual(again.headers["ETag"], first.headers["ETag"])

    def test_gzip_is_the_same_text(self):
        plain, packed = self.web.get("/api/v1/snapshot"), self.web.get("/api/v1/snapshot", {"Accept-Encoding": "gzip"})
        self.assertEqual(packed.headers["Content-Encoding"], "gzip")
        self.assertEqual(gzip.decompress(packed.body), plain.body)
        self.assertLess(len(packed.body) * 3, len(plain.body))
        self.assertNotEqual(packed.headers["ETag"], plain.headers["ETag"])
        self.assertNotIn("Content-Encoding", self.web.get("/api/v1/snapshot", {"Accept-Encoding": "gzip;q=0"}).headers)

    def test_head_is_get_without_its_body(self):
        head, get = self.web.request("HEAD", "/api/v1/snapshot"), self.web.get("/api/v1/snapshot")
        self.assertEqual((head.status, head.body), (200, b""))
        self.assertEqual(head.headers["Content-Length"], get.headers["Content-Length"])

    def test_health_and_the_page(self):
        self.assertEqual(self.web.get("/healthz").status, 200)
        self.assertEqual(self.web.get("/readyz").status, 200)
        page = self.web.get("/")
        self.assertEqual((page.status, page.type), (200, "text/html"))
        self.assertTrue(page.headers["Content-Security-Policy"].startswith("default-src 'self'"))


def moved(stream, subject):
    """Is it the transition of this item?"""
    return lambda name, data: name == "transition" and (data["transition"]["value_stream"], data["transition"]["item"]) == (stream, f"{stream}:{subject}")


class Following(unittest.TestCase):
    def setUp(self):
        self.daemon = self.enterContext(Daemon(config(("S", "T"))))
        self.web = self.enterContext(Web(self.daemon))
        self.client = self.daemon.client()
        self.told = 0

    def tell(self, *types):
        self.told += 1
        self.client.submit(batch(*[event(type, str(self.told), at=self.told * 60) for type in types]))
        return str(self.told)

    def follow(self, stream, name="S"):
        """Tells events until one of them comes: only then is the subscription known to have reached the daemon."""
        subject = None
        while True:
            subject = self.tell("first.started")
            event = stream.until(lambda name_, data: name_ in ("transition", "status"))
            if event[0] == "transition":
                return subject

    def test_transitions_and_metrics_come_as_they_happen(self):
        with Stream(self.web) as stream:
            name, _, status = stream.next()
            self.assertEqual((name, status["reset"], status["stale_since_unix_nano"]), ("status", True, 0))
            stream.until(lambda name, data: name == "status" and data["status"]["version"])
            self.tell("first.started")
            _, id, metric = stream.until(lambda name, data: name == "metric" and data["metric"]["value_stream"] == "S" and data["metric"].get("stage", {}).get("id") == "first" and data["metric"]["stage"]["wip"] == self.told)
            self.assertRegex(id, r"^\d+-\d+$")
            self.assertEqual(int(id.partition("-")[0]), self.daemon.status().epoch)
            self.assertEqual(metric["metric"]["stage"]["active"], self.told)
            subject = self.tell("first.done")
            stream.until(moved("S", subject))

    def test_a_reader_goes_on_where_it_was(self):
        with Stream(self.web, events="metric,alert") as stream:
            stream.next()
            self.tell("first.started")
            _, last, _ = stream.until(lambda name, data: name == "metric")
        with Stream(self.web) as keeper:
            self.tell("first.started")
            keeper.until(lambda name, data: name == "metric" and data["metric"].get("stream", {}).get("wip") == 2)
            with Stream(self.web, last=last) as stream:
                name, _, status = stream.next()
                self.assertEqual((name, status["reset"]), ("status", False))
                stream.until(lambda name, data: name == "metric" and data["metric"].get("stream", {}).get("wip") == 2)
        for unknown in ("1-1", "x", last.partition("-")[0] + "-99999999999999999"):
            with Stream(self.web, last=unknown) as stream:
                self.assertTrue(stream.next()[2]["reset"], unknown)

    def test_a_reader_may_choose(self):
        with Stream(self.web, stream="T", events="metric") as stream:
            stream.next()
            self.tell("first.started")
            seen = [stream.until(lambda name, data: name == "metric")[2]["metric"]["value_stream"] for _ in range(3)]
            self.assertEqual(set(seen), {"T"})
        self.assertEqual(self.web.get("/api/v1/stream", events="gossip").status, 400)

    def test_a_restart_of_the_daemon_is_told(self):
        with Stream(self.web, events="status") as stream:
            stream.until(lambda name, data: data["status"]["version"])
            epoch = self.daemon.status().epoch
            ports = {name: self.daemon.endpoint(name) for name in ("subscribe", "submit", "publish", "query")}
            self.daemon.end()
            _, _, lost = stream.until(lambda name, data: data["stale_since_unix_nano"])
            self.assertFalse(lost["reset"])
            self.assertEqual(self.web.get("/readyz").status, 503)
            gone = self.web.get("/api/v1/snapshot")
            self.assertEqual((gone.status, gone.type), (503, "application/problem+json"))
            self.assertEqual(gone.json()["stale_since_unix_nano"], lost["stale_since_unix_nano"])
            text = config(("S", "T"))
            for name, endpoint in ports.items():
                old = f'{name}: {{ bind: ["tcp://127.0.0.1:*"] }}' if name == "subscribe" else f'{name}: "tcp://127.0.0.1:*"'
                assert old in text
                text = text.replace(old, old.replace("tcp://127.0.0.1:*", endpoint))
            self.daemon.write(text)
            self.daemon.start_again()
            stream.until(lambda name, data: data["reset"])
            _, id, back = stream.until(lambda name, data: data["status"]["version"] and not data["stale_since_unix_nano"])
            self.assertGreater(back["status"]["epoch"], epoch)
            self.assertEqual(int(id.partition("-")[0]), back["status"]["epoch"])
            self.assertEqual(self.web.get("/api/v1/snapshot").status, 200)

    def test_who_never_reads_is_closed(self):
        slow = socket.create_connection(self.web.address.split(":"), DEADLINE)
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.sendall(b"GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
        with Stream(self.web) as reader:
            self.follow(reader)
            while not any("event=reader_closed" in line for line in self.web.log.lines):
                self.tell(*["first.started", "first.done"] * 500)
            self.assertIsNotNone(reader.until(moved("S", self.told)))
        queued = int(self.web.log.wait(r"event=reader_closed queued=(\d+)").group(1))
        self.assertLessEqual(queued, 1 << 20)
        slow.close()


if __name__ == "__main__":
    unittest.main()
