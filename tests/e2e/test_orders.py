"""What people ask for that changes the state: withdraw, clock accept. It is done when it is answered, and stays done."""
import os
import signal
import time
import subprocess
import unittest

import zmq

import harness
from harness import Daemon, batch, event
from state import Program, config, item, snapshot
from vsm.v1 import query_pb2

VSM = os.path.join(os.path.dirname(harness.VSMD), "vsm")


def vsm(d, *args):
    return subprocess.run([VSM, *args, "--query", d.endpoint("query")], capture_output=True, text=True,
                          timeout=harness.DEADLINE, check=False)


def figures(d):
    s = d.snapshot().value_streams[0]
    return s.wip, s.windows[0].withdrawn, [stage.windows[0].withdrawn for stage in s.stages]


class Withdraw(unittest.TestCase):
    def tell(self, d):
        ack = d.client().submit(batch(event("first.started", "1", at=0), event("first.started", "2", at=60)))
        self.assertEqual(ack.accepted, 2)

    def check_withdrawn(self, d):
        wip, withdrawn, stages = figures(d)
        self.assertEqual((wip, withdrawn, stages[0]), (1, 1, 1))
        story = d.ask(item={"key": "S:1"}).item
        self.assertEqual(story.state, "withdrawn")
        last = story.transitions[-1]
        self.assertEqual((last.lifecycle, last.source, last.type), ("withdraw", "vsm", "withdraw"))

    def test_it_ends_the_item(self):
        with Daemon() as d:
            self.tell(d)
            done = vsm(d, "withdraw", "S:1")
            self.assertEqual((done.returncode, done.stdout), (0, "withdrawn: S:1\n"))
            self.check_withdrawn(d)

    def test_what_cannot_be_withdrawn(self):
        with Daemon() as d:
            self.tell(d)
            self.assertEqual(vsm(d, "withdraw", "S:1", "--json").returncode, 0)
            again = vsm(d, "withdraw", "S:1")
            self.assertEqual(again.returncode, 1)
            self.assertIn("not in progress", again.stderr)
            unknown = vsm(d, "withdraw", "S:9")
            self.assertEqual(unknown.returncode, 1)
            self.assertIn('no item has the key "S:9"', unknown.stderr)
            self.assertEqual(vsm(d, "withdraw").returncode, 2)
            self.assertIn("no value stream", vsm(d, "withdraw", "S:1", "--stream", "X").stderr)
            self.check_withdrawn(d)

    def test_it_is_published(self):
        with Daemon() as d:
            self.tell(d)
            s = d.subscriber("v1/transition/", "v1/metric/S/")
            s.until(lambda topic, _: topic == "v1/metric/S/")  # so the subscription is known there
            self.assertEqual(vsm(d, "withdraw", "S:2").returncode, 0)
            topic, p = s.until(lambda topic, _: topic.startswith("v1/transition/"))
            self.assertEqual((topic, p.transition.lifecycle, p.transition.item), ("v1/transition/S/", "withdraw", "S:2"))

    def test_it_outlives_a_kill(self):
        with Daemon(config()) as d:
            self.tell(d)
            self.assertEqual(vsm(d, "withdraw", "S:1").returncode, 0)
            before, story = snapshot(d), item(d, "S:1")
            d.end(signal.SIGKILL)
            d.start_again()
            self.check_withdrawn(d)
            self.assertEqual((snapshot(d), item(d, "S:1")), (before, story))

    def test_with_the_wall_clock_its_time_is_the_record_s(self):
        with Daemon(config(clock="wall")) as d:
            self.tell(d)
            self.assertEqual(vsm(d, "withdraw", "S:1").returncode, 0)
            story = item(d, "S:1")
            d.end(signal.SIGKILL)
            d.start_again()
            self.assertEqual(item(d, "S:1"), story)

    def test_no_answer_before_it_is_on_disk(self):
        with Program("VSMD_FAILING"), Daemon(config()) as d:
            self.tell(d)
            d.process.send_signal(signal.SIGXFSZ)  # the disk is full from now on
            s = d.socket(zmq.DEALER, "query")
            s.send_multipart([b"w", query_pb2.Request(withdraw={"key": "S:1"}).SerializeToString()])
            d.log.wait("the disk is full")
            s.send_multipart([b"q", query_pb2.Request(status={}).SerializeToString()])
            self.assertEqual(s.recv_multipart()[0], b"q")  # what was asked first still waits
            d.process.send_signal(signal.SIGTTOU)
            id, reply = s.recv_multipart()
            self.assertEqual(id, b"w")
            self.assertEqual(query_pb2.Reply.FromString(reply).done.item, "S:1")
            self.check_withdrawn(d)

    def test_no_more_orders_than_may_wait(self):
        """Nothing is received then, but orders come by another socket."""
        with Program("VSMD_FAILING"), Daemon(config(clock="wall")) as d:
            self.tell(d)
            d.process.send_signal(signal.SIGXFSZ)
            s, replies, n = d.socket(zmq.DEALER, "query"), {}, 0
            until = (int(time.time()) + 86400) * 10**9
            order = query_pb2.Request(silence={"stream": "S", "until_unix_nano": until, "why": "x" * 60000, "by": "a"})
            for n in range(600):  # 36 MB; what waits has no answer
                s.send_multipart([b"o%d" % n, order.SerializeToString()])
                s.send_multipart([b"e%d" % n, query_pb2.Request(silence={"end": n + 1}).SerializeToString()])
            s.send_multipart([b"r", query_pb2.Request(reload={}).SerializeToString()])
            while b"r" not in replies:
                id, reply = s.recv_multipart()
                replies[id] = query_pb2.Reply.FromString(reply)
            self.assertIn("16 MiB wait for the disk already", replies[b"o599"].error)
            self.assertIn("16 MiB wait for the disk already", replies[b"r"].error)
            self.assertLess(d.status().waiting_bytes, 17 << 20)
            d.process.send_signal(signal.SIGTTOU)
            while b"o0" not in replies:  # these were taken
                id, reply = s.recv_multipart()
                replies[id] = query_pb2.Reply.FromString(reply)
            self.assertEqual(replies[b"o0"].error, "")
            self.assertEqual(d.ask(reload={}).error, "")

    def test_nothing_is_ordered_that_can_never_be_on_disk(self):
        with Program("VSMD_FAILING"), Daemon(config()) as d:
            self.tell(d)
            before = snapshot(d)
            d.process.send_signal(signal.SIGTTIN)  # the next sync fails
            d.client().send(batch(event("first.started", "lost")))
            d.log.wait('^event=trouble what="acks stand still until a restart')
            told = snapshot(d)
            for request in ({"reload": {}}, {"withdraw": {"key": "S:1"}}, {"forget": {"key": "S:1"}}):
                self.assertIn("acks stand still until a restart", d.ask(**request).error)
            self.assertEqual(snapshot(d), told)
            d.end()
            d.start_again()
            self.assertIn(snapshot(d), (before, told))  # what was not synced may be there


harness.main()
