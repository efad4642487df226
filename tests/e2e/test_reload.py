"""A new configuration: taken whole or not at all."""
import os
import resource
import signal
import unittest

import harness
from harness import Daemon, batch, event
from vsm.v1 import query_pb2


class Reload(unittest.TestCase):
    def reload(self, d, text):
        d.write(text)
        return d.ask(reload={})

    def hang_up(self, d, text, expected):
        """By signal; returns the lines of the log since then, up to the expected one."""
        start = len(d.log.lines)
        d.write(text)
        d.process.send_signal(signal.SIGHUP)
        d.log.wait(expected, after=start)
        return "\n".join(d.log.lines[start:])

    def streams(self, d):
        return [(s.id, s.wip) for s in d.snapshot().value_streams]

    def test_by_query(self):
        with Daemon() as d:
            c = d.client()
            c.submit(batch(event()))
            reply = self.reload(d, harness.config(("T", "S")))
            self.assertEqual((reply.error, reply.reload.configuration), ("", d.path))
            self.assertEqual(self.streams(d), [("T", 0), ("S", 1)])  # what was held was folded anew
            c.submit(batch(event(subject="2")))
            self.assertEqual(self.streams(d), [("T", 1), ("S", 2)])

    def test_without_memory_for_it(self):
        """It is refused in words, before anything changed; the daemon goes on, and takes it when there is memory."""
        def refused(text, why):
            error = self.reload(d, text).error
            self.assertRegex(error, rf"there may not be memory for it: \d+ MB are taken, it may take \d+ MB more, and .*{why}.*stays")
            d.log.wait(r"^event=reload_refused ")
            c.submit(batch(event(subject=error)))
            self.assertEqual([s for s, _ in self.streams(d)], ["S"])

        with Daemon() as d:
            c, pid = d.client(), d.process.pid
            both = harness.config(("S", "T"))
            with open(f"/proc/{pid}/statm", encoding="ascii") as f:
                takes = int(f.read().split()[0]) * resource.getpagesize()
            before = resource.prlimit(pid, resource.RLIMIT_AS, (takes + (8 << 20), resource.RLIM_INFINITY))
            refused(both, "the system does not give them")
            resource.prlimit(pid, resource.RLIMIT_AS, before)
            self.assertEqual(self.reload(d, both.replace("daemon:\n", "daemon:\n  limits: { memory: 2GiB }\n", 1)).error, "")
            self.assertEqual([s for s, _ in self.streams(d)], ["S", "T"])
        few = "daemon:\n  limits: { memory: 16MiB }\n"
        with Daemon(harness.config().replace("daemon:\n", few, 1)) as d:
            c = d.client()
            for i in range(20):  # so that half as much again is not there
                c.submit(batch(*(event(subject=f"{i}-{k}") for k in range(500))))
            refused(both.replace("daemon:\n", few, 1), "twice limits.memory")
            self.assertEqual(self.reload(d, both.replace("daemon:\n", "daemon:\n  limits: { memory: 2GiB }\n", 1)).error, "")

    def test_by_signal(self):
        with Daemon() as d:
            self.hang_up(d, harness.config(("S", "T")), r"^event=reloaded ")
            self.assertEqual([s for s, _ in self.streams(d)], ["S", "T"])

    def test_a_bad_file_is_refused_whole_with_every_mistake(self):
        bad = harness.config(("T",)).replace("lifecycle: start", "lifecycle: begin").replace("outcome: Done", "out: Done")
        with Daemon() as d:
            d.client().submit(batch(event()))
            before = d.status()
            error = self.reload(d, bad).error
            self.assertRegex(error, r"vsmd\.yaml:\d+:\d+: .*out")
            self.assertRegex(error, r"vsmd\.yaml:\d+:\d+: .*begin")
            self.assertEqual(self.streams(d), [("S", 1)])
            said = self.hang_up(d, bad, r"^event=reload_refused ")
            d.log.wait(r"vsmd\.yaml:\d+:\d+: .*begin")
            self.assertEqual(self.streams(d), [("S", 1)])
            self.assertEqual(d.status().configured_unix_nano, before.configured_unix_nano, said)
            self.assertEqual(d.client().submit(batch(event(subject="2"))).accepted, 1)

    def test_a_file_that_is_gone(self):
        with Daemon() as d:
            os.unlink(d.path)
            self.assertIn("vsmd.yaml", d.ask(reload={}).error)
            self.assertEqual(self.streams(d), [("S", 0)])

    def test_what_needs_a_restart(self):
        with Daemon() as d:
            old = harness.config()
            changes = {"daemon.clock": old.replace("clock: event", "clock: wall"),
                       "daemon.submit": old.replace('submit: "tcp://127.0.0.1:*"', "submit: none"),
                       "daemon.publish": old.replace('publish: "tcp://127.0.0.1:*"', "publish: ipc:///tmp/vsmd-e2e"),
                       "daemon.query": old.replace('query: "tcp://127.0.0.1:*"', "query: tcp://127.0.0.1:5999"),
                       "daemon.subscribe": old.replace('["tcp://127.0.0.1:*"]', '["tcp://127.0.0.1:*", "tcp://127.0.0.1:5998"]')}
            for key, text in changes.items():
                self.assertNotEqual(text, old)
                error = self.reload(d, text).error
                self.assertIn(key, error)
                self.assertIn("restart", error)
            both = self.reload(d, changes["daemon.clock"].replace('submit: "tcp://127.0.0.1:*"', "submit: none")).error
            self.assertIn("daemon.clock", both)
            self.assertIn("daemon.submit", both)
            error = self.reload(d, old.replace("daemon:\n", "daemon:\n  state: state\n")).error
            self.assertIn("state", error)
            self.assertEqual(self.reload(d, old).error, "")

    def test_the_clock_of_the_command_line_is_no_change(self):
        with Daemon(harness.config(clock="wall"), "--clock", "event") as d:
            self.assertEqual(self.reload(d, harness.config(("T",), clock="wall")).error, "")
            self.assertEqual(d.status().clock, "event")

    def test_a_stream_that_is_removed_and_returns(self):
        with Daemon(harness.config(("S", "T"))) as d:
            c = d.client()
            c.submit(batch(event()))
            self.assertEqual(self.reload(d, harness.config(("T",))).error, "")
            self.assertEqual(self.streams(d), [("T", 1)])
            for request in ({"snapshot": {"stream": "S"}}, {"items": {"stream": "S"}},
                            {"item": {"stream": "S", "key": "S:1"}}):
                error = d.ask(**request).error
                self.assertIn('"S"', error)
                self.assertIn("T", error)
            self.assertIn("S:1", d.ask(item=query_pb2.ItemRequest(key="S:1")).error)
            c.submit(batch(event(subject="2")))
            self.assertEqual(self.reload(d, harness.config(("S", "T"))).error, "")
            self.assertEqual(self.streams(d), [("S", 1), ("T", 2)])  # its rules were not there for "2"

    def test_a_renamed_stage(self):
        with Daemon() as d:
            d.client().submit(batch(event("first.started")))
            text = harness.config().replace("id: first,", "id: intake, was: first,").replace("S/first", "S/intake")
            self.assertEqual(self.reload(d, text).error, "")
            self.assertEqual([(s.id, s.active) for s in d.snapshot().value_streams[0].stages],
                             [("intake", 1), ("second", 0)])

    def test_the_status_says_that_acks_may_wait(self):
        with Daemon() as d:
            s = d.subscriber("v1/status/")
            s.receive()
            self.assertEqual(self.reload(d, harness.config(("T",))).error, "")
            _, during = s.until(lambda topic, p: p.status.trouble)
            self.assertIn("folded anew", during.status.trouble)
            _, after = s.receive()
            self.assertEqual((after.status.trouble, after.sequence), ("", during.sequence + 1))
            self.assertGreater(after.status.configured_unix_nano, during.status.configured_unix_nano)

    def test_publications_go_on(self):
        with Daemon() as d:
            c, s = d.client(), d.subscriber("v1/metric/S/first/", "v1/transition/T/")
            c.submit(batch(event("first.started")))
            _, before = s.until(lambda topic, p: p.metric.stage.wip == 1)
            self.assertEqual(self.reload(d, harness.config(("T",))).error, "")
            c.submit(batch(event("first.started", subject="2", at=1)))
            topic, p = s.until(lambda topic, p: topic.startswith("v1/transition/"))
            self.assertEqual((topic, p.transition.item), ("v1/transition/T/first/", "T:2"))
            self.assertEqual(self.reload(d, harness.config(("S",))).error, "")
            c.submit(batch(event("first.started", subject="3", at=2)))
            _, after = s.until(lambda topic, p: p.metric.stage.wip == 2)
            self.assertGreater(after.sequence, before.sequence)
            self.assertEqual(after.epoch, before.epoch)


harness.main()
