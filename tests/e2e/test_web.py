"""vsm-web: every question over HTTP answers what the command line prints, and what is wrong is said with its status."""
import contextlib
import csv
import gzip
import io
import json
import select
import socket
import time
import unittest
import urllib.parse

from harness import DEADLINE, Daemon, batch, config, event
from web_rig import Stream, Web, vsm

# What depends on when one asks.
PASSING = {"uptime_seconds", "memory_bytes", "sequence", "received_per_second", "commit_worst_seconds", "disk_free_bytes"}

SEGMENTED = config(("S", "T")).replace("name: Stream S", "name: Stream S\n    segments: [region]\n    stall_after: 1h")

# What has no answer that a command prints: the events have no end, and the description is of this program.
NO_QUESTION = {"/api/v1/stream", "/api/v1/openapi.json"}


def lasting(answer):
    if isinstance(answer, dict):
        passing = PASSING | ({"now"} if "beyond" in answer else set())  # of a bound: connections come and go
        return {key: lasting(value) for key, value in answer.items() if key not in passing}
    return [lasting(value) for value in answer] if isinstance(answer, list) else answer


class Questions(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = cls.enterClassContext(Daemon(SEGMENTED))
        events = [event("first.started", str(i), at=i * 60, region=("north", "south")[i % 2]) for i in range(40)]
        events += [event("first.done", str(i), at=4000 + i * 90) for i in range(0, 40, 2)]
        events += [event("second.done", str(i), at=9000 + i * 90) for i in range(0, 40, 4)]
        events += [event("unheard.of", "1", at=1), event("first.done", "", at=2), event("cancelled", "3", at=9500)]
        cls.daemon.client().submit(batch(*events))
        cls.web = cls.enterClassContext(Web(cls.daemon))

    def described(self):
        """Of each question the description of its GET, by its path below /api/v1/."""
        paths = self.web.get("/api/v1/openapi.json").json()["paths"]
        return {path[len("/api/v1/"):]: item["get"] for path, item in paths.items()
                if path.startswith("/api/v1/") and "get" in item and path not in NO_QUESTION}

    @staticmethod
    def template(path):
        return "items/{key}" if path.startswith("items/") else path

    def same(self, path, command, *args, **query):
        self.asked.setdefault(self.template(path), set()).update(query)
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
        self.asked = {}  # the parameters of each
        self.assertEqual(len(self.same("snapshot", "snapshot")["value_streams"]), 2)
        self.same("snapshot", "snapshot", "--stream", "T", stream="T")
        self.assertEqual(len(self.same("items", "items")["items"]), 58)
        self.same("items", "items", "--stream", "S", "--stage", "second", "--sort", "pace", stream="S", stage="second", sort="pace")
        self.same("items", "items", "--state", "active", "--limit", "3", state="active", limit=3)
        self.same("items/S:1", "item", "S:1")
        self.same("items/S:1", "item", "S:1", "--stream", "S", stream="S")
        first = self.web.get("/api/v1/items", limit=7).json()
        self.same("items", "items", "--limit", "7", "--cursor", first["cursor"], limit=7, cursor=first["cursor"])
        self.same("series", "series", "S", stream="S")
        self.same("series", "series", "S", "--stage", "first", "--window", "24h", "--last", "5", stream="S", stage="first", window="24h", last=5)
        self.same("series", "series", "S", "--by", "hour", "--zone", "America/Chicago", "--last", "7", stream="S", by="hour", zone="America/Chicago", last=7)
        segmented = self.same("snapshot", "snapshot", "--segments", segments="true")
        self.assertEqual({s["value"]: s["wip"] for s in segmented["value_streams"][0]["segments"]}, {"north": 10, "south": 19})
        self.same("snapshot", "snapshot", "--segment", "region=north", segment="region=north")
        self.same("items", "items", "--stream", "S", "--segment", "region=north", stream="S", segment="region=north")
        self.assertEqual([row["item"] for row in self.same("visits", "visits", "S", "--stage", "first", "--limit", "3", stream="S", stage="first", limit=3)["visits"]],
                         ["S:38", "S:36", "S:34"])
        self.same("visits", "visits", "S", "--window", "all", "--segment", "region=north", stream="S", window="all", segment="region=north")
        self.same("edges", "edges", "S", stream="S")
        self.same("edges", "edges", "S", "--window", "all", stream="S", window="all")
        self.same("bottleneck", "bottleneck")
        self.same("bottleneck", "bottleneck", "S", "--window", "24h", stream="S", window="24h")
        self.same("forecast", "forecast", "S", stream="S")
        self.same("forecast", "forecast", "S", "--items", "5", "--seed", "7", stream="S", items=5, seed=7)
        self.same("forecast", "forecast", "S", "--by", "2025-03-01", stream="S", by="2025-03-01")
        self.same("forecast", "forecast", "S", "--item", "S:1", stream="S", item="S:1")
        self.assertEqual([a["kind"] for a in self.same("alerts", "alerts")["alerts"]], ["item_stalled", "source_refused"])
        self.assertEqual(len(self.same("alerts", "alerts", "--stream", "S", "--kind", "item_stalled", "--limit", "1", stream="S", kind="item_stalled", limit=1)["alerts"]), 1)
        self.same("alerts", "alerts", "--stream", "S", "--stage", "first", stream="S", stage="first")
        self.same("alerts", "alerts", "--source", "crm", source="crm")
        self.same("alerts", "alerts", "--history", history="true")
        self.assertEqual(len(self.same("sources", "sources")["sources"]), 1)
        self.assertEqual(len(self.same("unmapped", "unmapped")["unmapped"]), 1)
        self.same("rejected", "rejected")
        self.same("status", "status")
        self.assertEqual(self.asked, {path: {p["name"] for p in of["parameters"] if p["in"] == "query"} for path, of in self.described().items()})

    def table(self, path, **query):
        self.tabled.add(self.template(path))
        answer = self.web.get("/api/v1/" + path, {"Accept": "text/csv"}, **query)
        self.assertEqual((answer.status, answer.type), (200, "text/csv"), answer.body)
        return list(csv.DictReader(io.StringIO(answer.body.decode(), newline="")))

    def test_tables_are_csv_with_the_same_figures(self):
        self.tabled = set()
        for path, rows, query in (("items", "items", {}), ("sources", "sources", {}), ("unmapped", "unmapped", {}), ("rejected", "rejected", {}),
                                  ("alerts", "alerts", {}), ("edges", "edges", {"stream": "S"}), ("visits", "visits", {"stream": "S", "stage": "first"}), ("items/S:1", "visits", {}), ("forecast", "chances", {"stream": "S", "item": "S:1"})):
            told, answer = self.table(path, **query), self.web.get("/api/v1/" + path, **query).json()
            self.assertEqual(len(told), len(answer[rows]), path)
            self.assertTrue(told or path == "forecast", path)  # of hours nothing is foretold
            for cells, row in zip(told, answer[rows]):
                for name, value in row.items():
                    if isinstance(value, str):
                        self.assertEqual(cells[name], value, (path, name))
                    elif isinstance(value, (int, float)) and name not in ("in_stage_seconds", "age_seconds"):
                        self.assertEqual(json.loads(cells[name]), value, (path, name))
        stage = self.web.get("/api/v1/snapshot").json()["value_streams"][0]["stages"][0]
        for cells, window in zip(self.table("snapshot"), stage["windows"]):
            self.assertEqual((cells["value_streams.id"], cells["stages.id"], cells["window"]), ("S", "first", window["window"]))
            self.assertEqual((int(cells["stages.wip"]), float(cells["cycle_time.p50"])), (stage["wip"], window["cycle_time"]["p50"]))
        panes = self.web.get("/api/v1/series", stream="S").json()["panes"]
        told = self.table("series", stream="S")
        self.assertEqual([(int(row["start_unix_nano"]), row["stage"], int(row["wip"])) for row in told],
                         [(pane["start_unix_nano"], stage, wip) for pane in panes for stage, wip in [("", pane["wip"])] + [(s["id"], s["wip"]) for s in pane["stages"]]])
        held = self.web.get("/api/v1/bottleneck").json()["value_streams"]
        self.assertEqual([(row["value_streams.value_stream"], row["stage"], json.loads(row["score"])) for row in self.table("bottleneck")],
                         [(stream["value_stream"], stage["stage"], stage["score"]) for stream in held for stage in stream["stages"]])
        self.assertEqual(self.table("status")[0]["ingest.received"], str(self.web.get("/api/v1/status").json()["ingest"]["received"]))
        self.assertEqual(self.tabled, {path for path, of in self.described().items() if "text/csv" in of["responses"]["200"]["content"]})
        self.assertEqual(self.tabled, set(self.described()), "each question has a table")
        self.assertEqual(self.web.get("/api/v1/items", {"Accept": "application/json, text/csv;q=0"}).type, "application/json")

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
        self.problem(400, "/api/v1/items", "at most 1000", limit=1001)
        self.problem(400, "/api/v1/items", "age, pace, last", sort="colour")
        self.problem(400, "/api/v1/items", "without stream", stage="first")
        self.problem(404, "/api/v1/snapshot", "colour", segment="colour=red")
        self.problem(400, "/api/v1/visits", "without a value stream", stage="first")
        self.problem(400, "/api/v1/visits", "at most 2000", stream="S", limit=2001)
        self.problem(404, "/api/v1/visits", "all, 1h", stream="S", window="2h")
        self.problem(404, "/api/v1/visits", "first, second", stream="S", stage="third")
        self.problem(400, "/api/v1/series", "stream=ID")
        self.problem(400, "/api/v1/series", "one of them", stream="S", window="24h", by="day")
        self.problem(404, "/api/v1/series", "first, second", stream="S", stage="third")
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
        self.assertEqual((page.status, page.headers["Content-Type"]), (200, "text/html; charset=utf-8"))
        self.assertTrue(page.headers["Content-Security-Policy"].startswith("default-src 'self'"))


class Spreadsheet(unittest.TestCase):
    def test_a_table_runs_no_formula(self):
        with Daemon() as daemon, Web(daemon) as web:
            daemon.client().submit(batch(event("=1+1", "x"), event('a "b", c', "x")))
            answer = web.get("/api/v1/unmapped", {"Accept": "text/csv"})
            rows = list(csv.DictReader(io.StringIO(answer.body.decode(), newline="")))
            self.assertEqual({row["type"] for row in rows}, {"'=1+1", 'a "b", c'})


class Bounds(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = cls.enterClassContext(Daemon())
        cls.web = cls.enterClassContext(Web(cls.daemon))

    def raw(self, *parts):
        """What is answered to these bytes until the connection ends."""
        with socket.create_connection(self.web.address.split(":"), DEADLINE) as s:
            for part in parts:
                s.sendall(part)
            return self.rest(s)

    def rest(self, s):
        answer = b""
        try:
            while True:
                got = s.recv(65536)
                if not got:
                    return answer
                answer += got
        except ConnectionResetError:
            return answer

    def test_what_two_readers_could_understand_in_two_ways_is_refused(self):
        for headers in ("Content-Length: 4\r\nTransfer-Encoding: chunked", "Content-Length: 4\r\nContent-Length: 4", "Content-Length: +4",
                        "Transfer-Encoding: gzip, chunked", "Host: localhost", "Content-Length : 4", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"):
            request = f"POST /api/v1/alerts/x/ack HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
            answer = self.raw(request.encode())
            self.assertTrue(not answer or answer.startswith(b"HTTP/1.1 400"), (headers, answer))
            self.assertNotIn(b"200 OK", answer, headers)

    def refused(self, status, answer):
        """What libevent refuses by itself is a problem, too."""
        head, _, body = answer.partition(b"\r\n\r\n")
        self.assertRegex(head, b"^HTTP/1.1 %d [^<]*\r\nContent-Type: application/problem\\+json\r\n" % status, answer)
        said = json.loads(body)
        self.assertEqual((said["status"], said["type"], said["detail"] > ""), (status, "about:blank", True))
        self.assertIn(b"Content-Length: %d\r\n" % len(body), head)

    def test_what_is_no_request_is_refused_as_a_problem(self):
        for sent in (b"nonsense\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/x\r\n\r\n", b"GET / HTTP/1.1\r\nno colon\r\n\r\n"):
            self.refused(400, self.raw(sent))
        self.refused(400, self.raw(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\nnonsense\r\n\r\n").partition(b"ok\n")[2])
        self.refused(417, self.raw(b"POST /api/v1/events HTTP/1.1\r\nHost: localhost\r\nExpect: 200-what\r\nContent-Length: 1\r\n\r\nx"))

    def test_headers_and_bodies_are_bounded(self):
        large = self.raw(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + b"X: " + b"a" * 20000 + b"\r\n\r\n")
        self.refused(400, large)
        with socket.create_connection(self.web.address.split(":"), DEADLINE) as s:
            s.sendall(b"POST /api/v1/alerts/x/ack HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000000\r\n\r\n")
            self.refused(413, s.recv(65536))

    def test_a_request_that_trickles_is_ended(self):
        began = time.monotonic()
        with socket.create_connection(self.web.address.split(":"), 0.2) as s:
            s.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: ")
            while time.monotonic() - began < DEADLINE:
                try:
                    s.sendall(b"a")
                    if not s.recv(1):
                        break
                except TimeoutError:
                    continue
                except OSError:
                    break
        self.assertGreater(time.monotonic() - began, 9)
        self.assertLess(time.monotonic() - began, DEADLINE)

    def test_further_connections_wait(self):
        request = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
        with contextlib.ExitStack() as stack:
            there = [stack.enter_context(socket.create_connection(self.web.address.split(":"), DEADLINE)) for _ in range(256)]
            for s in there:
                s.sendall(request)
            for s in there:
                self.assertTrue(s.recv(65536).startswith(b"HTTP/1.1 200"))
            further = stack.enter_context(socket.create_connection(self.web.address.split(":"), DEADLINE))
            further.sendall(request)
            self.assertEqual(select.select([further], [], [], 1)[0], [])
            there[0].close()
            self.assertTrue(further.recv(65536).startswith(b"HTTP/1.1 200"))


class Marks(unittest.TestCase):
    def test_alerts_are_silenced_and_acknowledged(self):
        text = config().replace("name: Stream S", "name: Stream S\n    stall_after: 1h")
        with Daemon(text) as daemon, Web(daemon) as web:
            daemon.client().submit(batch(event("first.started", "1"), event("first.started", "2", at=7200)))
            alert = web.get("/api/v1/alerts").json()["alerts"][0]
            path = "/api/v1/alerts/" + urllib.parse.quote(alert["id"], safe="")
            self.assertEqual((alert["kind"], alert["silenced"]), ("item_stalled", ""))

            def order(what, **body):
                return web.request("POST", f"{path}/{what}", json.dumps(body), {"Content-Type": "application/json"})

            done = order("silence", by="anna", why="storm", for_seconds=3600)
            self.assertEqual((done.status, done.json()["id"]), (200, 1), done.body)
            alerts = vsm(daemon, "alerts")
            self.assertEqual(alerts["alerts"][0]["silence"]["by"], "anna")
            self.assertEqual(alerts["silences"][0]["mark"]["until_unix_nano"] - alerts["time_unix_nano"], 3600 * 10**9)
            self.assertEqual(web.request("DELETE", "/api/v1/silences/1").status, 200)
            self.assertEqual(web.request("DELETE", "/api/v1/silences/1").status, 404)
            self.assertEqual(vsm(daemon, "alerts")["silences"], [])
            self.assertEqual(order("ack", by="ben", why="on it").status, 200)
            self.assertEqual(vsm(daemon, "alerts")["alerts"][0]["acknowledgement"]["by"], "ben")
            for wrong in ({}, {"for_seconds": -1}, {"for_seconds": 1, "until_unix_nano": 1}, {"for_seconds": "1h"}, {"for": 1},
                          {"for_seconds": 1, "by": 7}):
                self.assertEqual(order("silence", **wrong).status, 400, wrong)
            self.assertEqual(web.request("POST", f"{path}/ack", "{}").status, 415)
            self.assertEqual(web.request("POST", f"{path}/ack", "[", {"Content-Type": "application/json"}).status, 400)
            self.assertEqual(web.request("POST", "/api/v1/alerts/none/silence", '{"for_seconds": 1}', {"Content-Type": "application/json"}).status, 404)
            self.assertEqual(web.request("POST", "/api/v1/alerts/none/ack", "{}", {"Content-Type": "application/json"}).status, 404)
            self.assertEqual(web.get(path + "/ack").status, 405)


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
            self.daemon.keep_endpoints()
            self.daemon.end()
            _, _, lost = stream.until(lambda name, data: data["stale_since_unix_nano"])
            self.assertFalse(lost["reset"])
            self.assertEqual(self.web.get("/readyz").status, 503)
            gone = self.web.get("/api/v1/snapshot")
            self.assertEqual((gone.status, gone.type), (503, "application/problem+json"))
            self.assertEqual(gone.json()["stale_since_unix_nano"], lost["stale_since_unix_nano"])
            self.daemon.start_again()
            stream.until(lambda name, data: data["reset"])
            _, id, back = stream.until(lambda name, data: data["status"]["epoch"] > epoch)
            self.assertEqual((int(id.partition("-")[0]), back["stale_since_unix_nano"]), (back["status"]["epoch"], 0))
            self.assertEqual(self.web.get("/api/v1/snapshot").status, 200)

    def test_who_never_reads_is_closed(self):
        slow = socket.create_connection(self.web.address.split(":"), DEADLINE)
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.sendall(b"GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
        with Stream(self.web) as reader:
            self.follow(reader)
            while not any("event=reader_closed" in line for line in self.web.log.lines):
                self.tell(*["first.started", "first.done"] * 500)
                self.assertIsNotNone(reader.until(moved("S", self.told)))  # it reads meanwhile, and goes on
        queued = int(self.web.log.wait(r"event=reader_closed queued=(\d+)").group(1))
        self.assertLessEqual(queued, 1 << 20)
        slow.close()


if __name__ == "__main__":
    unittest.main()
