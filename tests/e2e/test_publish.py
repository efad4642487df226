"""The publish socket: topics, numbers, and the way from a snapshot to what follows it."""
import socket
import struct
import time
import unittest

import harness
from harness import Daemon, batch, event
from vsm.v1 import event_pb2


def transition(publication):
    t = publication.transition
    return (t.value_stream, t.stage, t.lifecycle, t.item, t.source, t.type)


class RawSubscriber:
    """ZMTP by hand: it sends what a SUB never would."""

    def __init__(self, endpoint):
        host, port = endpoint.removeprefix("tcp://").rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), timeout=harness.DEADLINE)
        ready = b"\x05READY\x0bSocket-Type" + struct.pack(">I", 3) + b"SUB"
        self.socket.sendall(b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"NULL".ljust(52, b"\0"))
        self.socket.sendall(b"\x04" + bytes([len(ready)]) + ready)
        self._read(64)
        self._read(self._read(2)[1])

    def _read(self, n):
        return self.socket.recv(n, socket.MSG_WAITALL)

    def send(self, how, prefix):
        self.socket.sendall(bytes([0, 1 + len(prefix), how]) + prefix.encode())

    def hear(self):
        self._read(1)


def await_subscriptions(daemon, n):
    harness.poll(f"{n} subscriptions", lambda: harness.subscriptions(daemon.status()) == n)


class Subscriptions(unittest.TestCase):
    def test_nobody_ends_what_is_anothers(self):
        with Daemon() as d:
            c, s = d.client(), d.subscriber("v1/metric/S/first/")
            c.submit(batch(event("first.started")))
            s.until(lambda topic, p: p.metric.stage.wip == 1)
            raw = RawSubscriber(d.endpoint("publish"))
            raw.send(0, "v1/metric/S/first/")
            raw.send(2, "v1/metric/S/first/")  # neither a beginning nor an end
            raw.socket.sendall(bytes(2))  # an empty frame
            raw.send(1, "v1/metric/S/second/")
            raw.hear()  # so both were taken
            c.submit(batch(event("first.done", at=60)))
            s.until(lambda topic, p: p.metric.stage.wip == 0)
            await_subscriptions(d, 2)
            raw.socket.close()
            await_subscriptions(d, 1)

    def test_each_connection_has_its_own(self):
        with Daemon() as d:
            c, one, other = d.client(), d.subscriber("v1/metric/", "v1/metric/"), d.subscriber("v1/metric/")
            await_subscriptions(d, 2)
            other.socket.unsubscribe("v1/metric/")
            await_subscriptions(d, 1)
            c.submit(batch(event("first.started")))
            one.until(lambda topic, p: p.metric.stage.wip == 1)
            one.socket.close()
            await_subscriptions(d, 0)


class Publish(unittest.TestCase):
    def test_changed_figures(self):
        with Daemon() as d:
            c, s = d.client(), d.subscriber("v1/metric/S/first/")
            c.submit(batch(event("first.started")))
            topic, p = s.until(lambda topic, p: p.metric.stage.wip == 1)
            self.assertEqual(topic, "v1/metric/S/first/")
            self.assertEqual((p.metric.value_stream, p.metric.stage.id, p.metric.stage.active), ("S", "first", 1))
            self.assertEqual(p.time_unix_nano, harness.T0 * 10**9)
            self.assertEqual(p.epoch, d.snapshot().epoch)
            c.submit(batch(event("first.done", at=60)))
            _, q = s.until(lambda topic, p: p.metric.stage.wip == 0)
            self.assertGreater(q.sequence, p.sequence)

    def test_stream_without_its_stages(self):
        with Daemon() as d:
            s = d.subscriber("v1/metric/S/")
            d.client().submit(batch(event()))
            _, p = s.until(lambda topic, p: topic == "v1/metric/S/" and p.metric.stream.wip == 1)
            self.assertEqual((p.metric.value_stream, p.metric.stream.id, len(p.metric.stream.stages)), ("S", "S", 0))
            self.assertEqual(p.metric.WhichOneof("node"), "stream")

    def test_numbers_have_no_holes(self):
        with Daemon() as d:
            c, s = d.client(), d.subscriber("v1/metric/")
            numbers = {}
            for i in range(20):
                c.submit(batch(event(subject=str(i), at=i)))
                _, p = s.until(lambda topic, p: numbers.setdefault(topic, []).append(p.sequence) or
                               topic == "v1/metric/S/" and p.metric.stream.wip == i + 1)
            for topic, seen in numbers.items():
                self.assertEqual(seen, list(range(1, len(seen) + 1)), topic)
            self.assertEqual(set(numbers), {"v1/metric/S/", "v1/metric/S/first/", "v1/metric/S/second/"})

    def test_snapshot_then_changes(self):
        """Subscribe, ask for a snapshot, drop what is not above its numbers: then nothing is missing or twice."""
        with Daemon() as d:
            c, s = d.client(), d.subscriber("v1/metric/S/first/")
            c.submit(batch(event("first.started", subject="1")))
            s.until(lambda topic, p: p.metric.stage.wip == 1)
            c.submit(batch(event("first.started", subject="2", at=1)))
            stage = d.snapshot().value_streams[0].stages[0]
            self.assertEqual((stage.id, stage.wip), ("first", 2))
            last = stage.sequence
            self.assertGreater(last, 0)
            c.submit(batch(event("first.started", subject="3", at=2)))
            wips = []
            while not wips or wips[-1] < 3:
                _, p = s.receive()
                if p.sequence > last:
                    self.assertEqual(p.sequence, last + len(wips) + 1)
                    wips.append(p.metric.stage.wip)
            self.assertTrue(all(w >= stage.wip for w in wips), wips)

    def test_everything_and_status_every_5_s(self):
        with Daemon() as d:
            s = d.subscriber("v1/status/", "v1/metric/")
            topics = set()
            _, p = s.until(lambda topic, p: topics.add(topic) or topic == "v1/status/")
            self.assertEqual((p.status.clock, p.status.durable, p.status.trouble), ("event", False, ""))
            self.assertEqual(p.status.epoch, p.epoch)
            self.assertEqual(topics, {"v1/status/", "v1/metric/S/", "v1/metric/S/first/", "v1/metric/S/second/"})

    def test_transitions_at_once_while_somebody_subscribes(self):
        with Daemon() as d:
            c = d.client()
            c.submit(batch(event("first.started", subject="before")))
            # Subscriptions of one connection are taken in order: with a metric there, the transition's is known.
            s = d.subscriber("v1/transition/S/first/", "v1/metric/S/first/")
            s.until(lambda topic, p: topic == "v1/metric/S/first/")
            c.submit(batch(event("first.started", subject="k", at=1), event("first.done", subject="k", at=2),
                           event("second.done", subject="k", at=3)))
            seen = [s.until(lambda topic, p: topic == "v1/transition/S/first/") for _ in range(2)]
            self.assertEqual([p.sequence for _, p in seen], [1, 2])  # "before" was published to nobody
            self.assertEqual([transition(p) for _, p in seen],
                             [("S", "first", "start", "S:k", "crm", "first.started"),
                              ("S", "first", "complete", "S:k", "crm", "first.done")])
            self.assertEqual(seen[0][1].transition.time_unix_nano, (harness.T0 + 1) * 10**9)

    def test_a_repeated_event_is_no_transition(self):
        with Daemon() as d:
            c, s = d.client(), d.subscriber("v1/transition/", "v1/metric/S/first/")
            c.submit(batch(event("first.started")))
            s.until(lambda topic, p: topic == "v1/metric/S/first/")
            c.submit(batch(event("first.started")))
            c.submit(batch(event("first.done", at=1)))
            _, p = s.until(lambda topic, p: topic.startswith("v1/transition/") and p.transition.lifecycle != "start")
            self.assertEqual(transition(p)[:3], ("S", "first", "complete"))

    def test_withdraw_goes_to_the_stream(self):
        with Daemon() as d:
            c, s = d.client(), d.subscriber("v1/transition/S/", "v1/metric/S/first/")
            c.submit(batch(event("first.started")))
            s.until(lambda topic, p: topic == "v1/metric/S/first/")
            c.submit(batch(event("cancelled", at=1)))
            topic, p = s.until(lambda topic, p: p.transition.lifecycle == "withdraw")
            self.assertEqual((topic, p.transition.stage), ("v1/transition/S/", ""))

    def test_time_passes_without_events(self):
        """With the wall clock what happened leaves a window by itself, and that is published."""
        with Daemon(harness.config(clock="wall").replace("daemon:\n", "daemon:\n  windows: [1m]\n")) as d:
            s = d.subscriber("v1/metric/S/first/")

            def arrivals(p):
                return [(w.window, w.arrivals) for w in p.metric.stage.windows]

            happened = event_pb2.Event(type="first.started", subject="1", time_unix_nano=time.time_ns() - 54 * 10**9)
            self.assertEqual(d.client().submit(batch(happened)).accepted, 1)
            s.until(lambda topic, p: arrivals(p) == [("all", 1), ("1m", 1)])
            s.until(lambda topic, p: arrivals(p) == [("all", 1), ("1m", 0)])

    def test_topics_are_whole(self):
        """A stream whose id begins with another's does not show under it."""
        with Daemon(harness.config(("S", "S2"))) as d:
            s = d.subscriber("v1/metric/S/")
            d.client().submit(batch(event()))
            topics = set()
            while len(topics) < 3:
                topics.add(s.receive()[0])
            self.assertEqual(topics, {"v1/metric/S/", "v1/metric/S/first/", "v1/metric/S/second/"})

    def test_long_subscriptions_drop_their_connection(self):
        with Daemon() as d:
            other = d.subscriber("v1/metric/S/first/")
            d.subscriber("x" * 2000)
            d.log.wait(r"^event=disconnected socket=publish")
            d.client().submit(batch(event("first.started")))
            other.until(lambda topic, p: p.metric.stage.wip == 1)


harness.main()
