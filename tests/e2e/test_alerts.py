"""Alerts from the core to a person: published at once and in order, asked for, silenced, acknowledged, over; and all of
it again after a kill."""
import json
import os
import signal
import subprocess
import unittest

import harness
from harness import Daemon, batch, event
from state import config

VSM = os.path.join(os.path.dirname(harness.VSMD), "vsm")
MINUTE = 60


def watched():
    """Of the stage first: nothing may stand for 10 minutes, and 2 at once are enough."""
    text = config()
    assert "{ id: first, name: First }" in text
    return text.replace("{ id: first, name: First }", "{ id: first, name: First, wip_limit: 2, stall_after: 10m, owner: Ops, "
                        "alerts: { item_stalled: { announce_interval: 1m, severity: error } } }")


def vsm(d, *args):
    return subprocess.run([VSM, *args, "--query", d.endpoint("query")], capture_output=True, text=True,
                          timeout=harness.DEADLINE, check=False)


def starts(d, *subjects, at):
    assert d.client().submit(batch(*[event("first.started", s, at=at) for s in subjects])).accepted == len(subjects)


def alerts(d, **which):
    return {a.id: a for a in d.ask(alerts=which).alerts.alerts}


class Alerts(unittest.TestCase):
    STALLED, LIMIT = "item_stalled:S/first", "wip_limit:S/first"

    def take(self, s, *changes):
        """Publications of alerts, in this order, numbered without holes."""
        got = [s.receive() for _ in changes]
        self.assertEqual([(topic, p.alert.id, p.alert.change) for topic, p in got],
                         [("v1/alert/S/first/", id, change) for id, change in changes])
        numbers = [p.sequence for _, p in got]
        self.assertEqual(numbers, list(range(numbers[0], numbers[0] + len(numbers))))
        rising = [p.alert.number for _, p in got]
        self.assertEqual(rising, sorted(set(rising)))
        return [p.alert for _, p in got]

    def test_a_life(self):
        with Daemon(watched()) as d:
            s = d.subscriber("v1/alert/", "v1/metric/S/")
            starts(d, "1", at=0)
            s.until(lambda topic, _: topic == "v1/metric/S/")  # so the subscription is known there
            s = d.subscriber("v1/alert/", "v1/transition/S/first/")
            starts(d, "0", at=1)
            s.until(lambda topic, _: topic.startswith("v1/transition/"))
            # transitions are left aside from here on
            def receive():
                return s.until(lambda topic, _: topic.startswith("v1/alert/"))
            quiet = type("Quiet", (), {"receive": staticmethod(receive)})
            starts(d, "3", at=2)
            limit, = self.take(quiet, (self.LIMIT, "firing"))
            self.assertEqual((limit.state, limit.count, limit.threshold, limit.owner), ("firing", 3, 2, "Ops"))
            self.assertIn("3 items at once (limit 2)", limit.reason)
            starts(d, "4", at=10 * MINUTE + 1.5)  # time passes by events
            stalled, = self.take(quiet, (self.STALLED, "firing"))
            self.assertEqual((stalled.severity, stalled.threshold_seconds), ("error", 600))
            self.assertEqual(stalled.items[0].item, "S:1")
            self.assertEqual(stalled.look, "vsm items --stream S --stage first --sort last")
            look = vsm(d, *stalled.look.split()[1:])
            self.assertEqual((look.returncode, "S:1" in look.stdout), (0, True))
            self.assertEqual(d.status().alerts.error, 1)
            self.assertEqual(d.status().alerts.warning, 1)
            # a person says something
            ack = vsm(d, "ack", self.STALLED, "--why", "on it", "--by", "ann")
            self.assertEqual((ack.returncode, ack.stdout), (0, "acknowledged\n"))
            marked, = self.take(quiet, (self.STALLED, "marked"))
            self.assertEqual((marked.acknowledged, marked.acknowledgement.by), ("ann: on it", "ann"))
            silence = vsm(d, "silence", "--kind", "wip_limit", "--for", "1h", "--why", "storm", "--by", "bob")
            self.assertEqual(silence.returncode, 0, silence.stderr)
            silenced, = self.take(quiet, (self.LIMIT, "marked"))
            self.assertEqual((silenced.silence.by, silenced.silence.why), ("bob", "storm"))
            self.assertEqual(d.status().alerts.silenced, 1)
            # all of it stays
            before = d.ask(alerts={}).alerts
            d.end(signal.SIGKILL)
            d.start_again()
            after = d.ask(alerts={}).alerts
            self.assertEqual([a.id for a in after.alerts], [a.id for a in before.alerts])
            self.assertEqual([(a.silenced, a.acknowledged, a.state) for a in after.alerts],
                             [(a.silenced, a.acknowledged, a.state) for a in before.alerts])
            self.assertEqual(list(after.silences), list(before.silences))
            # and is over
            ended = vsm(d, "silence", "--end", str(after.silences[0].id))
            self.assertEqual((ended.returncode, ended.stdout), (0, "the silence is over\n"))
            done = batch(*[event("first.done", s, at=11 * MINUTE) for s in "0134"])
            self.assertEqual(d.client().submit(done).accepted, 4)
            self.assertEqual(alerts(d), {})
            past = alerts(d, history=True)
            self.assertEqual(set(past), {self.STALLED, self.LIMIT})
            self.assertEqual(past[self.STALLED].state, "resolved")
            self.assertIn("the items moved on", past[self.STALLED].ends_when)
            self.assertEqual(vsm(d, "alerts").stdout, "All is well: no alert is pending or fires.\n")
            history = json.loads(vsm(d, "alerts", "--history", "--json").stdout)
            self.assertEqual({a["id"] for a in history["alerts"]}, set(past))

    def test_the_command_line(self):
        with Daemon(watched()) as d:
            starts(d, "1", "2", "3", at=0)
            table = vsm(d, "alerts", "--stream", "S", "--stage", "first")
            self.assertEqual(table.returncode, 0)
            self.assertIn("S First: 3 items at once (limit 2)", table.stdout)
            one = vsm(d, "alerts", self.LIMIT)
            self.assertIn("ends when    no more than 2 are there", one.stdout)
            self.assertEqual(json.loads(vsm(d, "alerts", self.LIMIT, "--json").stdout)["id"], self.LIMIT)
            self.assertIn("No silence is in force.", vsm(d, "silence", "--list").stdout)
            for args, status, text in (
                    (("alerts", "--kind", "nonsense"), 1, "known: item_stalled"),
                    (("alerts", "no:such"), 1, 'no alert "no:such"'),
                    (("alerts", "--stage", "first"), 2, "without --stream"),
                    (("alerts", "--stream", "X"), 1, "no value stream"),
                    (("ack", "no:such"), 1, 'no alert "no:such"'),
                    (("ack",), 2, "--lost SOURCE"),
                    (("ack", "--lost", "crm"), 1, "source_gap:crm"),
                    (("silence", "--for", "1h"), 2, "at least one of"),
                    (("silence", "--stream", "S"), 2, "needs an end"),
                    (("silence", "--stream", "S", "--for", "5wd"), 2, "allowed: a duration"),
                    (("silence", "--stream", "S", "--until", "1970-01-02T00:00:00Z"), 1, "later than now"),
                    (("silence", "--stream", "S", "--stage", "x", "--for", "1h"), 1, "no stage"),
                    (("silence", "--end", "77"), 1, "no silence 77")):
                r = vsm(d, *args)
                self.assertEqual((r.returncode, text in r.stderr), (status, True), (args, r.stderr))

    def test_what_is_lost_is_given_up(self):
        with Daemon(watched()) as d:
            c = d.client()
            c.submit(batch(event("first.started", "1", at=0, sequence=1)))
            c.submit(batch(event("first.started", "2", at=1, sequence=5)))
            gap = alerts(d)["source_gap:crm"]
            self.assertEqual(gap.count, 3)
            given_up = vsm(d, "ack", "--lost", "crm")
            self.assertEqual((given_up.returncode, given_up.stdout), (0, "given up: what is missing will not come\n"))
            self.assertEqual(alerts(d), {})
            self.assertIn("given up as lost", alerts(d, history=True)["source_gap:crm"].ends_when)


harness.main()
