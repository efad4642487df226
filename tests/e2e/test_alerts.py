"""Alerts from the core to a person: published at once and in order, asked for, silenced, acknowledged, over; and all of
it again after a kill."""
import json
import os
import signal
import subprocess
import time
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

    def test_a_date_at_the_beginning_of_time_is_none(self):
        text = config().replace("{ id: first, name: First }", "{ id: first, name: First, expected: { within: 1h } }")
        text = text.replace("stage: S/first, lifecycle: start,", 'stage: S/first, lifecycle: start, due: "{data.due}",')
        self.assertIn("data.due", text)
        with Daemon(text) as d:
            d.client().submit(batch(event("first.started", "1", at=0, due="1970-01-01T00:00:00.0000001Z")))
            starts(d, "2", at=120 * MINUTE)
            self.assertEqual([(a.state, a.count) for a in alerts(d).values()], [("firing", 1)])
            d.client().submit(batch(event("first.done", "1", at=121 * MINUTE), event("first.done", "2", at=122 * MINUTE)))
            starts(d, "3", at=123 * MINUTE)
            self.assertEqual([a.id for a in alerts(d).values() if a.state == "firing"], [])

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

    def listen(self, d, at=0):
        """Of changes of alerts, from here on; an item is begun at that time, so that the subscription is known."""
        s = d.subscriber("v1/alert/", "v1/metric/S/")
        starts(d, f"at {at}", at=at)
        s.until(lambda topic, _: topic == "v1/metric/S/")
        return lambda: s.until(lambda topic, _: topic.startswith("v1/alert/"))

    def test_who_joins_is_announced(self):
        with Daemon(watched().replace("wip_limit: 2, ", "")) as d:
            receive = self.listen(d)
            starts(d, "2", "3", at=30)
            starts(d, "4", at=MINUTE)
            starts(d, "later", at=10 * MINUTE + 10)
            _, first = receive()
            self.assertEqual((first.alert.id, first.alert.change, first.alert.count), (self.STALLED, "firing", 1))
            # 2 and 3 came to it within the minute in which nothing more is announced, 4 at its end; then 3 leaves
            d.client().submit(batch(event("first.done", "3", at=10 * MINUTE + 40)))
            starts(d, "last", at=11 * MINUTE + 1)
            topic, then = receive()
            self.assertEqual((topic, then.sequence), ("v1/alert/S/first/", first.sequence + 1))
            self.assertEqual((then.alert.change, then.alert.count, list(then.alert.joined), list(then.alert.left)),
                             ("joined", 3, ["S:2", "S:4"], []))
            self.assertEqual(then.alert.joined_count, 2)
            self.assertIn("3 items not moved", then.alert.reason)
            self.assertEqual(then.alert.since_unix_nano, first.alert.since_unix_nano)

    def test_each_has_a_topic_of_its_own(self):
        """By stream, stage and source; and each topic its own numbers."""
        text = watched().replace("    outcome: Done\n", "    outcome: Done\n    stall_after: 12m\n")
        with Daemon(text) as d:
            receive = self.listen(d)
            c = d.client()
            c.submit(batch(event("first.done", "at 0", at=1, sequence=1)))
            c.submit(batch(event("first.started", "9", at=2, sequence=4)))
            c.submit(batch(event("first.started", "later", at=13 * MINUTE, sequence=5)))
            got = [receive() for _ in range(3)]
            self.assertEqual([(topic, p.alert.id, p.alert.change, p.sequence) for topic, p in got],
                             [("v1/alert/source/crm/", "source_gap:crm", "firing", 1),
                              ("v1/alert/S/first/", "item_stalled:S/first", "firing", 1),
                              ("v1/alert/S/", "item_stalled:S", "firing", 1)])

    def everything(self, d):
        """But for what grows with time."""
        live, past = (d.ask(alerts={"history": h}).alerts.alerts for h in (False, True))
        return ([(a.id, a.state, a.change, a.number, a.since_unix_nano, a.count, [i.item for i in a.items], a.unacknowledged,
                  str(a.acknowledgement)) for a in live], [str(a) for a in past])

    def test_a_rebuild_and_a_what_if_tell_nothing_again(self):
        for clock in "event", "wall":
            with self.subTest(clock=clock), Daemon(watched().replace("clock: event", f"clock: {clock}")) as d:
                base = 0 if clock == "event" else time.time() - harness.T0 - 30 * MINUTE
                receive = self.listen(d, at=base)
                starts(d, "1", "2", at=base)
                starts(d, "3", at=base + 11 * MINUTE)
                self.assertEqual(vsm(d, "ack", self.STALLED, "--why", "on it", "--by", "ann").returncode, 0)
                d.client().submit(batch(*[event("first.done", s, at=base + 12 * MINUTE) for s in ("2", "3")]))
                told = []
                while not told or (told[-1].id, told[-1].change) != (self.LIMIT, "resolved"):
                    told.append(receive()[1].alert)
                before = self.everything(d)
                self.assertEqual([a[0] for a in before[0]], [self.STALLED])
                self.assertEqual(len(before[1]), 1)
                new = d.path.replace("vsmd.yaml", "new.yaml")
                with open(new, "w", encoding="utf-8") as f:
                    f.write(open(d.path, encoding="utf-8").read().replace("stall_after: 10m", "stall_after: 1m"))
                what_if = subprocess.run([VSM, "what-if", "--config", "new.yaml", "--state", "state"], capture_output=True,
                                         text=True, cwd=d.directory, timeout=harness.DEADLINE, check=False)
                self.assertEqual(what_if.returncode, 0, what_if.stderr)
                self.assertEqual(self.everything(d), before)
                rebuilt = vsm(d, "rebuild")
                self.assertEqual(rebuilt.returncode, 0, rebuilt.stderr)
                self.assertEqual(self.everything(d), before)
                # the next that is told is the next that happens
                self.assertEqual(vsm(d, "ack", self.STALLED, "--why", "still", "--by", "bob").returncode, 0)
                after = receive()[1].alert
                self.assertEqual((after.id, after.change, after.number), (self.STALLED, "marked", told[-1].number + 1))

    def test_the_history_of_a_stream_that_is_no_more(self):
        def of(*streams):
            return harness.config(streams=streams, state="state").replace("{ id: first, name: First }",
                                                                          "{ id: first, name: First, wip_limit: 1 }")
        with Daemon(of("S", "T")) as d:
            starts(d, "1", "2", at=0)
            self.assertEqual(set(alerts(d)), {"wip_limit:S/first", "wip_limit:T/first"})
            d.write(of("S"))
            self.assertEqual(d.ask(reload={}).error, "")
            self.assertEqual(set(alerts(d)), {"wip_limit:S/first"})
            for words in ((), ("--stage", "first")):
                history = vsm(d, "alerts", "--history", "--stream", "T", *words, "--json")
                self.assertEqual(history.returncode, 0, history.stderr)
                self.assertEqual([a["id"] for a in json.loads(history.stdout)["alerts"]], ["wip_limit:T/first"])
            for words, text in ((("--stream", "T"), 'no value stream "T"'), (("--history", "--stream", "X"), 'no value stream "X"'),
                                (("--history", "--stream", "S", "--stage", "x"), "no stage")):
                r = vsm(d, "alerts", *words)
                self.assertEqual((r.returncode, text in r.stderr), (1, True), (words, r.stderr))


harness.main()
