"""POST /api/v1/events: CloudEvents in their three forms, answered after the daemon's ack, with an error for each event that was refused."""
import http.client
import json
import os
import re
import signal
import tempfile
import threading
import unittest

import zmq

from harness import DEADLINE, Daemon, T0, config
from web_rig import Web

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
STRUCTURED = {"Content-Type": "application/cloudevents+json"}
BATCHED = {"Content-Type": "application/cloudevents-batch+json; charset=utf-8"}
TIME = "2023-11-14T22:13:20Z"  # T0


def cloud_event(subject="1", type="first.done", **more):
    return {"specversion": "1.0", "source": "crm", "id": "x", "type": type, "subject": subject, "time": TIME} | more


class Base(unittest.TestCase):
    def post(self, body, headers, status, web=None):
        text = body if isinstance(body, (bytes, str)) else json.dumps(body)
        answer = (web or self.web).request("POST", "/api/v1/events", text, headers)
        self.assertEqual(answer.status, status, answer.body)
        self.assertEqual(answer.type, "application/json" if status in (200, 202) else "application/problem+json")
        return answer.json()


class InMemory(Base):
    @classmethod
    def setUpClass(cls):
        cls.daemon = cls.enterClassContext(Daemon(config()))
        cls.web = cls.enterClassContext(Web(cls.daemon))

    def item(self, key):
        return self.web.get("/api/v1/items/S:" + key).json()

    def test_a_structured_one(self):
        self.assertEqual(self.post(cloud_event("structured"), STRUCTURED, 202),
                         {"accepted": 1, "rejected": 0, "errors": [], "durable": False})
        transition, = self.item("structured")["transitions"]
        self.assertEqual((transition["source"], transition["type"], transition["time_unix_nano"]), ("crm", "first.done", T0 * 10**9))

    def test_the_example_of_the_page(self):
        with open(os.path.join(ROOT, "docs", "web.md"), encoding="utf-8") as f:
            kind, path, body = re.search(r"^curl -H 'Content-Type: (\S+)' http://127\.0\.0\.1:8080(\S+) -d \\\n +'(.*)'$", f.read(), re.M).groups()
        answer = self.web.request("POST", path, body, {"Content-Type": kind})
        self.assertEqual((answer.status, answer.json()["accepted"]), (202, 1))

    def test_a_binary_one(self):
        headers = {"Content-Type": "application/json", "ce-specversion": "1.0", "ce-source": "crm", "ce-id": "1", "ce-type": "ordered",
                   "ce-subject": "binary", "ce-time": TIME}
        self.post({"order": "caf%C3%A9"}, headers, 202)
        self.assertEqual(len(self.item("caf%25C3%25A9")["transitions"]), 1)
        self.post(b"", headers | {"ce-type": "first.done", "ce-subject": "caf%C3%A9"}, 202)
        self.assertEqual(len(self.item("caf%C3%A9")["transitions"]), 1)

    def test_a_batch(self):
        events = [cloud_event(f"batch-{i}", data={"a": i}) for i in range(50)]
        self.assertEqual(self.post(events, BATCHED, 202)["accepted"], 50)
        self.assertEqual(self.post(events, BATCHED, 202)["accepted"], 50)  # again: nothing is counted twice
        self.assertEqual(len(self.item("batch-49")["transitions"]), 1)
        self.assertEqual(self.post([], BATCHED, 202)["accepted"], 0)

    def test_each_refused_event_is_named(self):
        """Whoever refuses it: the gateway, what the batch format demands, or the daemon; however many there are."""
        events = [cloud_event(f"mixed-{i}") for i in range(200)]
        bad = {3: ("source", "a b", "bad_source"), 4: ("time", "soon", "time_out_of_range"), 5: ("type", "", "no_type"),
               6: ("subject", "k" * 300, "key_too_long"), 7: ("data", {str(i): i for i in range(257)}, "too_many_attributes"),
               8: ("data", {"a": "x" * 70000}, "event_too_large"), 9: ("data", "text", "malformed")}
        for i in range(100, 160):
            bad[i] = ("source", "", "bad_source")
        for i, (field, value, _) in bad.items():
            events[i][field] = value
        said = self.post(events, BATCHED, 422)
        self.assertEqual((said["accepted"], said["rejected"]), (200 - len(bad), len(bad)))
        self.assertEqual([(e["index"], e["reason"]) for e in said["errors"]], [(i, bad[i][2]) for i in sorted(bad)])
        self.assertTrue(all(e["detail"] for e in said["errors"]))
        self.assertEqual(len(self.item("mixed-0")["transitions"]), 1)

    def test_the_daemon_names_more_than_an_ack_has_room_for(self):
        events = [cloud_event("k" * 300 if i % 2 else f"many-{i}") for i in range(200)]
        said = self.post(events, BATCHED, 422)
        self.assertEqual([(e["index"], e["reason"]) for e in said["errors"]], [(i, "key_too_long") for i in range(1, 200, 2)])

    def test_what_is_no_request(self):
        self.assertIn("no JSON", self.post("{", STRUCTURED, 400)["detail"])
        self.assertIn("array", self.post({}, BATCHED, 400)["detail"])
        self.assertIn("application/cloudevents+json", self.post({}, {"Content-Type": "application/json"}, 415)["detail"])
        self.assertIn("application/cloudevents+json", self.post("a=b", {"Content-Type": "application/x-www-form-urlencoded"}, 415)["detail"])
        self.assertIn("utf-8", self.post({}, {"Content-Type": "application/cloudevents+json; charset=latin1"}, 415)["detail"])
        self.assertIn("65536", self.post([1] * 65537, BATCHED, 413)["detail"])
        self.post(cloud_event("dup")["source"], STRUCTURED, 400)
        answer = self.web.request("GET", "/api/v1/events")
        self.assertEqual((answer.status, answer.headers["Allow"]), (405, "POST"))

    def test_many_at_once(self):
        wrong = []

        def post(number):
            try:
                for i in range(10):
                    events = [cloud_event(f"at-once-{number}-{i}-{k}" if k % 5 else "k" * 300) for k in range(40)]
                    said = self.post(events, BATCHED, 422)
                    if [e["index"] for e in said["errors"]] != list(range(0, 40, 5)):
                        wrong.append(said)
            except AssertionError as e:
                wrong.append(e)
        threads = [threading.Thread(target=post, args=(n,)) for n in range(8)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(wrong, [])
        self.assertEqual(self.web.get("/api/v1/items/S:at-once-7-9-39").status, 200)


class OnDisk(Base):
    def test_200_is_on_disk(self):
        with tempfile.TemporaryDirectory() as directory, Daemon(config(state=os.path.join(directory, "state"))) as daemon, Web(daemon) as web:
            self.assertEqual(self.post([cloud_event(str(i)) for i in range(40)], BATCHED, 200, web),
                             {"accepted": 40, "rejected": 0, "errors": [], "durable": True})
            daemon.end(signal.SIGKILL)
            daemon.start_again()
            self.assertEqual(len(daemon.snapshot().value_streams), 1)
            self.assertEqual(daemon.ingest().applied, 40)


class Mute:
    """Answers status questions, and nothing else: a daemon whose disk stands still. Looks like harness.Daemon to web_rig.Web."""

    def __init__(self):
        from vsm.v1 import metric_pb2, query_pb2
        self.context = zmq.Context()
        self.sockets = {name: self.context.socket(kind) for name, kind in
                        (("query", zmq.ROUTER), ("publish", zmq.XPUB), ("submit", zmq.ROUTER))}
        self.endpoints = {}
        for name, s in self.sockets.items():
            s.linger = 0
            s.bind("tcp://127.0.0.1:*")
            self.endpoints[name] = s.last_endpoint.decode()
        self.reply = query_pb2.Reply(status=metric_pb2.Status(version="0")).SerializeToString()
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def endpoint(self, name):
        return self.endpoints[name]

    def run(self):
        query = self.sockets["query"]
        while not self.ending.is_set():
            if query.poll(100):
                frames = query.recv_multipart()
                query.send_multipart([*frames[:-1], self.reply])

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ending.set()
        self.thread.join(DEADLINE)
        self.context.destroy(linger=0)


class NoAck(Base):
    def test_without_an_ack_in_time(self):
        with Mute() as daemon, Web(daemon) as web:
            said = self.post(cloud_event(), STRUCTURED, 503, web)
            self.assertIn("not acked within 5 s", said["detail"])
            # It is sent on; when the ack comes at last, nobody waits for it, and nothing is upset.
            submit = daemon.sockets["submit"]
            from vsm.v1 import event_pb2
            self.assertTrue(submit.poll(DEADLINE * 1000))
            client, id, frame = submit.recv_multipart()
            self.assertEqual(len(event_pb2.EventBatch.FromString(frame).events), 1)
            submit.send_multipart([client, id, event_pb2.Ack(accepted=1).SerializeToString()])
            self.assertEqual(web.get("/healthz").status, 200)

    def test_what_waits_is_bounded(self):
        with Mute() as daemon, Web(daemon) as web:
            # Short as JSON, and some 13 MB with the names of all attributes: five of them fit into 64 MiB.
            events = [cloud_event(str(i), data={"x" * 200: {str(k): k for k in range(250)}}) for i in range(200)]
            statuses, threads = [], []

            def post():
                try:
                    answer = web.request("POST", "/api/v1/events", json.dumps(events), BATCHED)
                except (ConnectionError, http.client.HTTPException):
                    return
                statuses.append((answer.status, "none of these was taken" in answer.json()["detail"]))
            for _ in range(8):
                threads.append(threading.Thread(target=post))
                threads[-1].start()
            for t in threads:
                t.join()
            # On a machine that is busy one may not have arrived within its 10 s: it has no answer then.
            self.assertEqual(set(statuses), {(503, False), (503, True)})
            self.assertLessEqual(statuses.count((503, False)), 5)

    def test_it_ends_while_somebody_waits(self):
        with Mute() as daemon:
            with Web(daemon) as web:
                connection = web.connect()
                connection.request("POST", "/api/v1/events", json.dumps(cloud_event()), STRUCTURED)
                self.assertTrue(daemon.sockets["submit"].poll(DEADLINE * 1000))  # so it has been taken
            connection.close()

    def test_without_a_daemon(self):
        with Daemon(config()) as daemon, Web(daemon) as web:
            daemon.end(signal.SIGTERM)
            web.get("/api/v1/status")  # which finds it out
            said = self.post(cloud_event(), STRUCTURED, 503, web)
            self.assertIn("stale_since_unix_nano", said)
            daemon.start_again()


if __name__ == "__main__":
    unittest.main()
