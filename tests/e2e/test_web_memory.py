"""What the gateway has been asked, told and refused leaves nothing behind: after eight of each the bytes in use are
what they were. Told by the allocator, in a build with sanitizers to the byte; what the process holds beyond that is the
allocator's own. The gateway says it at a signal (counted.c)."""
import signal
import time
import unittest

from harness import Daemon, batch, event
from test_web import SEGMENTED
from web_rig import Stream, Web, token_file

TIMES = 8
MOST_BYTES = TIMES - 1  # less than the least that could be left behind each time
TRIES = 6  # every five seconds a status is kept for readers that come back
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}
EVENT = ('{"specversion": "1.0", "id": "1", "source": "crm", "type": "first.started", "subject": "7",'
         ' "time": "2025-01-01T00:07:00Z"}')

ASKED = [
    "/", "/healthz", "/readyz", "/login", "/metrics", "/metrics?segments=true", "/api/v1/openapi.json", "/api/v1/snapshot", "/api/v1/snapshot?segments=true",
    "/api/v1/series?stream=S", "/api/v1/items", "/api/v1/items", "/api/v1/items?stream=S&segment=region%3Dnorth", "/api/v1/items/S:1", "/api/v1/visits?stream=S",
    "/api/v1/edges?stream=S", "/api/v1/bottleneck", "/api/v1/forecast?stream=S", "/api/v1/alerts", "/api/v1/alerts?history=true", "/api/v1/sources",
    "/api/v1/unmapped", "/api/v1/rejected", "/api/v1/status",
    "/nothing", "/api/v1/items?limit=many", "/api/v1/items/nobody", "/api/v1/edges?stream=nowhere", "/api/v1/stream?events=gossip",
]
POSTED = [
    ("/api/v1/events", EVENT, {"Content-Type": "application/cloudevents+json"}, 202),
    ("/api/v1/events", "{", {"Content-Type": "application/cloudevents+json"}, 400),
    ("/api/v1/alerts/nobody/ack", '{"by": "me", "why": "so"}', JSON, 404),
    ("/api/v1/alerts/nobody/silence", "[]", JSON, 400),
    ("/login", "token=x", FORM, 303),
]


class Memory(unittest.TestCase):
    def in_use(self, web):
        n = len(web.log.lines)
        web.process.send_signal(signal.SIGUSR1)
        return int(web.log.wait(r"^event=in_use bytes=(\d+)$", n).group(1))

    def settled(self, web, seconds):
        """What is in use, once it has been the least for so long: an answer that was read is freed a moment later, and
        connections that were left are seen to be over within 250 ms."""
        least, end = self.in_use(web), time.monotonic() + seconds
        while time.monotonic() < end:
            used = self.in_use(web)
            if used < least:
                least, end = used, time.monotonic() + seconds
        return least

    def leaves_nothing(self, web, name, each, seconds=0.4):
        for _ in range(3):  # what is made once
            each()
        grew = []
        for _ in range(TRIES):
            before = self.settled(web, seconds)
            for _ in range(TIMES):
                each()
            grew.append(self.settled(web, seconds) - before)
            if grew[-1] <= MOST_BYTES:
                return
        self.fail(f"{name}: {TIMES} times, and {grew} bytes more are in use")

    def test_questions_and_orders(self):
        with Daemon(SEGMENTED) as daemon, Web(daemon, program="vsm_web_counted") as web:
            daemon.client().submit(batch(*(event("first.started", str(i), at=i * 60, region=("north", "south")[i % 2]) for i in range(20)),
                                         event("unheard.of", "1", at=1), event("first.done", "", at=2)))
            connection = web.connect()

            def ask(method, path, body=None, headers=None):
                connection.request(method, path, body, headers or {})
                answer = connection.getresponse()
                answer.read()
                return answer.status

            for i, path in enumerate(ASKED):
                headers = {"Accept": "text/csv", "Accept-Encoding": "gzip"} if i % 2 else {}
                self.leaves_nothing(web, f"GET {path} {headers}", lambda path=path, headers=headers: ask("GET", path, headers=headers), 0.05)
            for path, body, headers, status in POSTED:
                self.assertEqual(ask("POST", path, body, headers), status, path)
                self.leaves_nothing(web, f"POST {path} {body}", lambda path=path, body=body, headers=headers: ask("POST", path, body, headers), 0.05)
            connection.close()

    def test_readers_and_connections_that_come_and_go(self):
        with Daemon(SEGMENTED) as daemon, Web(daemon, program="vsm_web_counted") as web, Stream(web, events="transition") as one:
            one.next()
            _, last, _ = one.next()

            def come_and_go(**query):
                with Stream(web, **query) as reader:
                    reader.next()

            for query in ({}, {"last": last}, {"last": "1-1"}, {"stream": "T", "events": "metric"}):
                self.leaves_nothing(web, f"a reader {query}", lambda query=query: come_and_go(**query))
            self.leaves_nothing(web, "a connection", lambda: web.get("/healthz"))

    def test_tokens_right_and_wrong(self):
        with Daemon() as daemon, Web(daemon, "--token-file", token_file(daemon), program="vsm_web_counted") as web:
            for name, ask in (
                    ("a log-in", lambda: web.request("POST", "/login", "token=correct+horse+battery", FORM)),
                    ("a token", lambda: web.get("/api/v1/status", {"Authorization": "Bearer correct horse battery"})),
                    ("no token", lambda: web.get("/api/v1/status")),
                    ("a wrong token", lambda: web.get("/api/v1/status", {"Authorization": "Bearer wrong horse battery"})),
                    ("a wrong log-in", lambda: web.request("POST", "/login", "token=wrong", FORM))):
                self.leaves_nothing(web, name, ask)


if __name__ == "__main__":
    unittest.main()
