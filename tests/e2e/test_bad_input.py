"""What no client should send: each gets a clear answer where one is due, is counted, and harms nobody else."""
import socket
import unittest
from urllib.parse import urlparse

import harness
from harness import Daemon, batch, event, reasons
from vsm.v1 import event_pb2


def varint(n):
    out = b""
    while n > 0x7f:
        out += bytes([n & 0x7f | 0x80])
        n >>= 7
    return out + bytes([n])


def field(number, content):
    """A length-delimited field."""
    return varint(number << 3 | 2) + varint(len(content)) + content


class BadFrames(unittest.TestCase):
    def refused(self, d, frame, reason, events=1):
        before = d.ingest()
        ack = d.client().submit(frame)
        self.assertEqual((ack.accepted, ack.rejected, reasons(ack)), (0, events, [(0, reason)]))
        after = d.ingest()
        self.assertEqual(after.received - before.received, events)
        self.assertEqual(after.rejected - before.rejected, events)
        self.assertEqual(d.client().submit(batch(event())).accepted, 1)

    def test_garbage(self):
        with Daemon() as d:
            for frame in (b"\xff" * 100, b"\x0a", b"GET / HTTP/1.1\r\n\r\n", b"\x1b\x1c", field(3, b"\xff\xff\xff")):
                self.refused(d, frame, "bad_frame")

    def test_empty_frame(self):
        with Daemon() as d:
            self.refused(d, b"", "bad_source", events=0)

    def test_deep_nesting(self):
        with Daemon() as d:
            nest = b""
            while len(nest) < 100_000:
                nest = field(3, nest)
            ack = d.client().submit(nest)
            self.assertEqual((ack.accepted, ack.rejected), (0, 1))
            self.assertEqual(d.client().submit(batch(event())).accepted, 1)

    def test_frame_beyond_4_mib_is_answered(self):
        with Daemon() as d:
            big = batch(*(event(note="x" * 60_000) for _ in range(80)))
            self.assertGreater(len(big.SerializeToString()), 4 << 20)
            self.refused(d, big, "frame_too_large", events=80)

    def test_frame_of_4_mib_is_taken(self):
        with Daemon() as d:
            frame = batch(*(event(note="x" * 60_000) for _ in range(69))).SerializeToString()
            header = 1 + 3  # of an unknown field that fills it up
            frame += field(15, b"x" * ((4 << 20) - len(frame) - header))
            self.assertEqual(len(frame), 4 << 20)
            self.assertEqual(d.client().submit(frame).accepted, 69)

    def test_message_beyond_16_mib_drops_its_connection_alone(self):
        with Daemon() as d:
            other = d.client()
            d.client().send(b"x" * ((16 << 20) + 1))
            d.log.wait(r"^event=disconnected socket=submit")
            self.assertEqual(other.submit(batch(event())).accepted, 1)

    def test_too_many_events(self):
        with Daemon() as d:
            self.refused(d, field(1, b"crm") + field(3, b"") * 65_537, "batch_too_large", events=65_537)
            ack = d.client().submit(field(1, b"crm") + field(3, b"") * 65_536)
            self.assertEqual((ack.accepted, ack.rejected), (0, 65_536))
            self.assertEqual(reasons(ack), [(i, "no_type") for i in range(16)])

    def test_wrong_frames_are_dropped_and_counted(self):
        good = batch(event()).SerializeToString()
        wrong = [[good], [b"id"], [b"", good], [b"x" * 1025, good], [b"", b"", good], [b"id", good, b"more"],
                 [b"id", b"", good], [b"", b"id", good, b"more"], [b"x"] * 1000]
        with Daemon() as d:
            c = d.client()
            for n, frames in enumerate(wrong, 1):
                c.socket.send_multipart(frames)
                self.assertEqual(c.submit(batch(source="crm")).accepted, 0)  # its ack is the next thing to come
                counts = d.ingest()
                self.assertEqual((counts.received, counts.rejected), (n, n), frames)
            self.assertEqual(d.status().bad_frames, len(wrong))
            rows = d.ask(rejected={}).rejected.rejected
            self.assertEqual([(r.reason, r.count) for r in rows], [("bad_frame", len(wrong))])

    def test_bytes_that_are_not_zmtp(self):
        with Daemon() as d:
            connections = []
            for name in ("submit", "subscribe", "publish", "query"):
                at = urlparse(d.endpoint(name))
                connections.append(socket.create_connection((at.hostname, at.port), harness.DEADLINE))
                connections[-1].sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" * 100)
            for c in connections:
                with c:
                    while c.recv(1000):
                        pass
            self.assertEqual(d.client().submit(batch(event())).accepted, 1)


class BadEvents(unittest.TestCase):
    def test_each_reason(self):
        raw = event().SerializeToString()
        cases = [
            (event("first.done", note="x" * 70_000).SerializeToString(), "event_too_large"),
            (event("first.done", **{f"k{i}": "" for i in range(257)}).SerializeToString(), "too_many_attributes"),
            (raw + field(4, b"\xc3\x28"), "bad_utf8"),
            (raw + field(4, b"a\0b"), "bad_utf8"),
            (raw + field(7, field(1, b"k") + field(2, b"\xed\xa0\x80")), "bad_utf8"),
            (event(source="a b").SerializeToString(), "bad_source"),
            (event(source="x" * 129).SerializeToString(), "bad_source"),
            (event("").SerializeToString(), "no_type"),
            (event(at=None).SerializeToString(), "no_time"),
            (event_pb2.Event(type="first.done", subject="1", time_unix_nano=4102444800 * 10**9).SerializeToString(),
             "time_out_of_range"),
            (event_pb2.Event(type="first.done", subject="1", time_unix_nano=2**64 - 1).SerializeToString(),
             "time_out_of_range"),
            (event(at=3651 * 86400).SerializeToString(), "time_in_future"),
            (event(subject="x" * 300).SerializeToString(), "key_too_long"),
            (event("ordered").SerializeToString(), "missing_field"),
        ]
        with Daemon() as d:
            c = d.client()
            self.assertEqual(c.submit(batch(event())).accepted, 1)
            frame = field(1, b"crm") + b"".join(field(3, e) for e, _ in cases) + field(3, raw)
            ack = c.submit(frame)
            self.assertEqual(reasons(ack), [(i, reason) for i, (_, reason) in enumerate(cases)])
            self.assertEqual((ack.accepted, ack.rejected), (1, len(cases)))
            self.assertTrue(all(e.detail for e in ack.errors))
            counts = d.ingest()
            self.assertEqual((counts.received, counts.rejected), (len(cases) + 2, len(cases)))
            rows = d.ask(rejected={}).rejected.rejected
            self.assertEqual(sum(r.count for r in rows), len(cases))
            self.assertEqual({r.reason for r in rows}, {reason for _, reason in cases})

    def test_ahead_of_the_wall_clock(self):
        with Daemon(harness.config(clock="wall")) as d:
            far = event_pb2.Event(type="first.done", subject="1", time_unix_nano=4_000_000_000 * 10**9)
            self.assertEqual(reasons(d.client().submit(batch(far))), [(0, "time_in_future")])

    def test_epoch_out_of_range(self):
        with Daemon() as d:
            self.assertEqual(reasons(d.client().submit(batch(event(), epoch=2**53))), [(0, "bad_frame")])


harness.main()
