"""The subscribe socket: fire and forget, holes seen by sequence."""
import unittest

import zmq

import harness
from harness import Daemon, batch, event


def publish(source, *events, name="meter", epoch=1):
    source.send_multipart([f"v1/event/{name}/".encode(),
                           batch(*events, source=name, epoch=epoch).SerializeToString()])


class Subscribe(unittest.TestCase):
    def test_events_and_gaps(self):
        with Daemon() as d:
            s = d.source()
            for n in (1, 2, 5, 6):
                publish(s, event(subject=str(n), sequence=n))
            self.assertEqual(d.await_ingest(received=4).gaps, 2)
            publish(s, event(subject="4", sequence=4))
            self.assertEqual(d.await_ingest(received=5).gaps, 1)
            publish(s, event(subject="3", sequence=3))
            self.assertEqual(d.await_ingest(received=6).gaps, 0)
            row = d.ask(sources={}).sources.sources[0]
            self.assertEqual((row.source, row.received, row.applied, row.gaps), ("meter", 6, 6, 0))

    def test_a_new_epoch_begins_anew_and_an_old_one_counts_nothing(self):
        with Daemon() as d:
            s = d.source()
            publish(s, event(subject="1", sequence=10), epoch=1)
            publish(s, event(subject="2", sequence=100), epoch=2)
            publish(s, event(subject="3", sequence=50), epoch=1)
            publish(s, event(subject="4", sequence=102), epoch=2)
            self.assertEqual(d.await_ingest(received=4).gaps, 1)

    def test_acked_and_published_events_share_a_sequence(self):
        with Daemon() as d:
            s = d.source()
            publish(s, event(subject="1", sequence=1))
            publish(s, event(subject="3", sequence=3))
            self.assertEqual(d.await_ingest(received=2).gaps, 1)
            d.client().submit(batch(event(subject="2", sequence=2), source="meter", epoch=1))
            self.assertEqual(d.ingest().gaps, 0)

    def test_wrong_frames_and_garbage(self):
        with Daemon() as d:
            s = d.source()
            s.send_multipart([b"v1/event/meter/"])
            s.send_multipart([b"v1/event/meter/", batch(event(), source="meter").SerializeToString(), b"more"])
            s.send_multipart([b"v1/event/meter/", b"\xff\xff"])
            s.send_multipart([b"v1/other/meter/", b"filtered out before it is sent"])
            publish(s, event())
            n = d.await_ingest(received=4)
            self.assertEqual((n.applied, n.rejected), (1, 3))
            self.assertEqual(d.status().bad_frames, 3)

    def test_many_publishers(self):
        with Daemon() as d:
            sources = [d.source() for _ in range(10)]
            for n in range(1, 51):
                for i, s in enumerate(sources):
                    publish(s, event(subject=f"{i}-{n}", sequence=n), name=f"source-{i}")
            counts = d.await_ingest(received=500)
            self.assertEqual((counts.applied, counts.gaps), (500, 0))

    def test_a_source_that_the_daemon_connects_to(self):
        context = zmq.Context()
        pub = context.socket(zmq.XPUB)
        pub.linger = 0
        pub.rcvtimeo = int(harness.DEADLINE * 1000)
        pub.bind("tcp://127.0.0.1:*")
        endpoint = pub.last_endpoint.decode()
        text = harness.config(sources=f"sources: [ {{ id: scada, connect: '{endpoint}' }} ]")
        with Daemon(text) as d:
            self.assertEqual(pub.recv(), b"\x01v1/event/scada/")
            d.log.wait(r"^event=connected socket=scada")
            publish(pub, event(sequence=1), name="scada")
            publish(pub, event(), name="other")
            self.assertEqual(d.await_ingest(received=1).applied, 1)
            d.write(harness.config())
            self.assertEqual(d.ask(reload={}).error, "")
            d.log.wait(r"^event=reloaded ")
        context.destroy(linger=0)


harness.main()
