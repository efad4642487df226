"""The submit socket: batches in, acks out."""
import unittest

import zmq

import harness
from harness import Daemon, batch, event, reasons
from vsm.v1 import event_pb2


class Submit(unittest.TestCase):
    def test_ack_and_figures(self):
        with Daemon() as d:
            ack = d.client().submit(batch(event("first.started"), event("first.done", at=60)))
            self.assertEqual((ack.accepted, ack.rejected, len(ack.errors), ack.durable), (2, 0, 0, False))
            s = d.snapshot().value_streams[0]
            self.assertEqual((s.id, s.wip, s.stages[0].wip, s.stages[1].wip), ("S", 1, 0, 1))
            cycle = s.stages[0].windows[0].cycle_time
            self.assertEqual((cycle.count, cycle.mean), (1, 60))

    def test_req_client(self):
        with Daemon() as d:
            s = d.socket(zmq.REQ, "submit")
            for i in range(3):
                s.send_multipart([b"id%d" % i, batch(event(subject=str(i))).SerializeToString()])
                id, ack = s.recv_multipart()
                self.assertEqual(id, b"id%d" % i)
                self.assertEqual(event_pb2.Ack.FromString(ack).accepted, 1)

    def test_acks_in_the_order_of_requests(self):
        with Daemon() as d:
            c = d.client()
            ids = [c.send(batch(event(subject=str(i)))) for i in range(2000)]
            self.assertEqual([c.receive()[0] for _ in ids], ids)
            self.assertEqual(d.ingest().applied, 2000)

    def test_long_and_binary_ids(self):
        with Daemon() as d:
            c = d.client()
            for id in (b"\0", b"\xff" * 1024):
                c.send(batch(event()), id=id)
                self.assertEqual(c.receive()[0], id)

    def test_every_outcome_is_counted(self):
        with Daemon() as d:
            c = d.client()
            ack = c.submit(batch(event(), event(), event("unknown.type"), event("ordered")))
            self.assertEqual((ack.accepted, ack.rejected), (3, 1))
            self.assertEqual(reasons(ack), [(3, "missing_field")])
            self.assertIn("data.order", ack.errors[0].detail)
            n = d.ingest()
            self.assertEqual((n.received, n.applied, n.duplicates, n.unmapped, n.ignored, n.rejected),
                             (4, 1, 1, 1, 0, 1))

    def test_repeating_a_batch_is_safe(self):
        with Daemon() as d:
            c = d.client()
            b = batch(*(event(subject=str(i)) for i in range(10)))
            for _ in range(3):
                self.assertEqual(c.submit(b).accepted, 10)
            n = d.ingest()
            self.assertEqual((n.applied, n.duplicates), (10, 20))
            self.assertEqual(d.snapshot().value_streams[0].wip, 10)

    def test_errors_are_the_first_16_in_order_and_good_events_count(self):
        with Daemon() as d:
            events = [event("" if i % 2 else "first.done", subject=str(i)) for i in range(100)]
            ack = d.client().submit(batch(*events))
            self.assertEqual((ack.accepted, ack.rejected), (50, 50))
            self.assertEqual(reasons(ack), [(i, "no_type") for i in range(1, 33, 2)])
            self.assertEqual(d.snapshot().value_streams[0].wip, 50)

    def test_sign_of_life(self):
        with Daemon() as d:
            c = d.client()
            ack = c.submit(batch(source="quiet"))
            self.assertEqual((ack.accepted, ack.rejected), (0, 0))
            sources = d.ask(sources={}).sources.sources
            self.assertEqual([(s.source, s.received) for s in sources], [("quiet", 0)])
            self.assertGreater(sources[0].last_unix_nano, 0)
            ack = c.submit(batch(source=""))
            self.assertEqual((ack.accepted, ack.rejected, reasons(ack)), (0, 0, [(0, "bad_source")]))
            status = d.status()
            self.assertEqual((status.ingest.received, status.bad_frames), (0, 0))

    def test_wall_clock_takes_events_without_time(self):
        with Daemon(harness.config(clock="wall")) as d:
            ack = d.client().submit(batch(event(at=None)))
            self.assertEqual(ack.accepted, 1)
            self.assertEqual(d.status().clock, "wall")

    def test_clock_option(self):
        with Daemon(harness.config(clock="wall"), "--clock", "event") as d:
            self.assertEqual(reasons(d.client().submit(batch(event(at=None)))), [(0, "no_time")])
            self.assertEqual(d.status().clock, "event")


harness.main()
