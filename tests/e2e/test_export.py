"""vsm export: what a state directory holds, for other programs. Formats are checked against schemas (tests/e2e/schemas,
written for these tests), and what can be read again is read again into an empty daemon, which must say the same."""
import collections
import csv
import io
import json
import os
import re
import shutil
import sqlite3
import subprocess
import time
import unittest
import xml.etree.ElementTree

import jsonschema

import harness
from harness import DEADLINE, Daemon, batch, event
from state import config, directory, make_checkpoint

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
VSM = os.path.join(os.path.dirname(harness.VSMD), "vsm")
LINK = """\
  - { source: "*", type: named, stage: S/first, lifecycle: start, item: "S:{subject}", links: ["order:{data.order}"] }
  - { source: "*", type: shipped, stage: S/second, lifecycle: complete, item: "order:{data.order}" }
  - { source: "*", type: odd, stage: S/second, lifecycle: suspend, item: "S:{subject}", reason: "{data.the reason}" }
  - { source: "*", type: activity, when: [ { field: "data.lifecycle:transition", in: [complete] } ], stage: S/second,
      lifecycle: start, item: "S:{data.concept:name}" }
  - { source: "*", type: noise, ignore: true }
"""


def vsm(*args, status=0):
    """Returns standard output and standard error."""
    done = subprocess.run([VSM, *args], capture_output=True, timeout=2 * DEADLINE, check=False)
    out, said = (text.decode("utf-8") for text in (done.stdout, done.stderr))  # line ends as they are
    assert done.returncode == status, (args, done.returncode, said[-2000:])
    return out, said


def export(d, format, *args, status=0):
    return vsm("export", "--state", directory(d), "--format", format, *args, status=status)[0]


def value_streams(d):
    s = d.snapshot()
    for stream in s.value_streams:
        stream.sequence = 0
        for stage in stream.stages:
            stage.sequence = 0
    return [str(stream) for stream in s.value_streams]


def named_as_columns():
    """Data under the names that an export has for the event's own."""
    e = event("noise", "1", at=3, id="its own")
    for key in ("source", "id", "type", "subject", "time", "vsm:data:type", "vsm:data:a, b", "vsm:data:"):
        e.data.add(key=key, value="data of " + key)
    return e


def story():
    """Events of each kind: late, repeated, of two streams, linked, refused, ignored, unmapped, with odd texts."""
    yield batch(*(event("first.started", str(i), at=100.0 * i, id=f"a{i}") for i in range(20)))
    yield batch(event("shipped", at=5000, order="9"), event("named", "3", at=10.000001, order="9"))
    yield batch(*(event("first.done", str(i), at=100.0 * i + 50) for i in range(0, 20, 2)), source="late")
    yield batch(*(event("first.done", str(i), at=100.0 * i + 50) for i in range(0, 20, 2)), source="late")
    yield batch(event("nobody.knows", 'quote " comma, <tag> & \n line', at=7, **{"a key": "x", "_x20_": "y", "": "z"}))
    yield batch(event("odd", "4", at=900, **{"the reason": "é ☃ <&>\"'\t\r\n end", "vsm:id": "mine"}))
    yield batch(event("activity", "5", at=950, **{"lifecycle:transition": "complete", "concept:name": "5"}))
    yield batch(named_as_columns(), event("ordered", "1", at=4), event("second.done", "2", at=3000, source="b.2"))
    yield batch(event("cancelled", "6", at=990), event("first.started", "late", at=None))


def told(rules=LINK, streams=("S", "T"), **options):
    text = config(streams=streams, **options) + rules
    return Daemon(text), text


class Events(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        daemon, cls.text = told()
        cls.daemon = cls.enterClassContext(daemon)
        client = cls.daemon.client()
        for b in story():
            assert client.submit(b).durable
        cls.accepted = sum(len(b.events) for b in story()) - 1  # one has no time

    def again(self, name, text, *command):
        """Sends an export into an empty daemon, and compares what that says."""
        with Daemon(self.text) as d:
            path = os.path.join(d.directory, name)
            with open(path, "w", encoding="utf-8", newline="") as f:
                f.write(text)
            _, said = vsm(*command, path, "--submit", d.endpoint("submit"), status=1)  # as one is refused by its rule
            self.assertEqual(len(re.findall("refused:", said)), 1, said)
            self.assertEqual(value_streams(d), value_streams(self.daemon))
            self.assertEqual(d.ingest().received, self.accepted)
            return [[(e.source, e.id, e.type, e.subject, e.time_unix_nano, sorted((a.key, a.value) for a in e.data if a.key))
                     for e in harness.event_pb2.EventBatch.FromString(payload).events] for payload in batches(d)]

    def sent(self):
        return [(e.source or b.source, e.id, e.type, e.subject, e.time_unix_nano,
                 sorted((a.key, a.value) for a in e.data if a.key)) for b in story() for e in b.events if e.time_unix_nano]

    def check_events(self, got):
        self.assertEqual(sorted(e for events in got for e in events), sorted(self.sent()))

    def test_csv(self):
        text = export(self.daemon, "csv")
        rows = list(csv.DictReader(io.StringIO(text, newline="")))
        self.assertEqual(len(rows), self.accepted)
        self.assertEqual(rows[0]["time"], "2023-11-14T22:13:20Z")
        self.check_events(self.again("log.csv", text, "replay"))

    def test_jsonl(self):
        text = export(self.daemon, "jsonl")
        for line in text.splitlines():
            e = json.loads(line)
            self.assertEqual(e["specversion"], "1.0")
        self.check_events(self.again("log.jsonl", text, "emit", "--jsonl"))

    def test_xes(self):
        text = export(self.daemon, "xes")
        self.check_events(self.again("log.xes", text, "replay"))

    def test_xes_is_valid(self):
        for what in ("events", "visits"):
            text = export(self.daemon, "xes", "--what", what)
            check = lambda text: subprocess.run(
                ["xmllint", "--noout", "--schema", os.path.join(HERE, "schemas", "xes.xsd"), "-"], input=text,
                capture_output=True, text=True, timeout=DEADLINE, check=False)
            self.assertEqual(check(text).returncode, 0, check(text).stderr)
            self.assertNotEqual(check(text.replace("<event>", "<evt>").replace("</event>", "</evt>")).returncode, 0)
            self.assertNotEqual(check(text.replace('key="vsm:', 'key="1 ')).returncode, 0)

    def test_traces(self):
        log = xml.etree.ElementTree.fromstring(export(self.daemon, "xes"))
        attributes = lambda element: {a.get("key"): a.get("value") for a in element if a.get("key")}
        traces = {(attributes(t)["vsm:value_stream"], attributes(t)["concept:name"]):
                  [attributes(e) for e in t.findall("event")] for t in log.findall("trace")}
        self.assertEqual({stream for stream, _ in traces}, {"S"})  # of two streams the first
        linked = traces["S", "S:3"]
        self.assertEqual([e["vsm:type"] for e in linked], ["named", "first.started", "shipped"])
        self.assertEqual([e["concept:name"] for e in linked], ["first", "first", "second"])
        self.assertEqual([e["lifecycle:transition"] for e in linked], ["start", "start", "complete"])
        loose = [attributes(e)["vsm:type"] for e in log.findall("event")]
        self.assertEqual(sorted(loose), ["nobody.knows", "noise", "ordered"])
        for events in traces.values():
            self.assertEqual([e["time:timestamp"] for e in events], sorted(e["time:timestamp"] for e in events))

    def test_ocel(self):
        with open(os.path.join(HERE, "schemas", "ocel2.json"), encoding="utf-8") as f:
            schema = json.load(f)
        for what in ("events", "visits"):
            log = json.loads(export(self.daemon, "ocel2", "--what", what))
            jsonschema.validate(log, schema)
            with self.assertRaises(jsonschema.ValidationError):
                jsonschema.validate({**log, "events": [{"id": 1}]}, schema)
            ids = [e["id"] for e in log["events"]]
            self.assertEqual(len(ids), len(set(ids)))
            objects = {o["id"]: o["type"] for o in log["objects"]}
            self.assertEqual(len(objects), len(log["objects"]))
            related = {r["objectId"] for e in log["events"] for r in e["relationships"]}
            self.assertLessEqual(related, set(objects))
            types = {t["name"]: {a["name"] for a in t["attributes"]} for t in log["eventTypes"]}
            self.assertEqual(len(types), len(log["eventTypes"]))
            for e in log["events"]:
                self.assertLessEqual({a["name"] for a in e["attributes"]}, types[e["type"]])
            self.assertLessEqual(set(objects.values()), {t["name"] for t in log["objectTypes"]})

    def test_ocel_has_every_item_of_an_event(self):
        log = json.loads(export(self.daemon, "ocel2"))
        self.assertEqual(len(log["events"]), self.accepted)
        started = next(e for e in log["events"] if e["type"] == "first.started")
        self.assertEqual(started["relationships"], [{"objectId": "S/S:0", "qualifier": "first start"},
                                                    {"objectId": "T/T:0", "qualifier": "first start"}])
        shipped = next(e for e in log["events"] if e["type"] == "shipped")
        self.assertEqual(shipped["relationships"], [{"objectId": "S/S:3", "qualifier": "second complete"}])

    def test_visits(self):
        rows = list(csv.DictReader(io.StringIO(export(self.daemon, "csv", "--what", "visits"), newline="")))
        lines = [json.loads(line) for line in export(self.daemon, "jsonl", "--what", "visits").splitlines()]
        self.assertEqual([(r["item"], r["stage"], r["left"], float(r["queue_seconds"])) for r in rows],
                         [(l["item"], l["stage"], l["left"], l["queue_seconds"]) for l in lines])
        left = collections.Counter((r["value_stream"], r["stage"]) for r in rows)
        seconds = collections.Counter()
        for l in lines:
            seconds[l["value_stream"], l["stage"]] += l["queue_seconds"] + l["active_seconds"] + l["suspended_seconds"]
        for stream in self.daemon.snapshot().value_streams:
            for stage in stream.stages:
                w = stage.windows[0]
                self.assertEqual(left[stream.id, stage.id], w.departures)
                times = [l for l in lines if (l["value_stream"], l["stage"], l["how"]) == (stream.id, stage.id, "completed")]
                total = sum(l["queue_seconds"] + l["active_seconds"] + l["suspended_seconds"] for l in times)
                self.assertAlmostEqual(total, w.cycle_time.mean * w.cycle_time.count, places=3)

    def test_the_same_from_a_checkpoint_and_nothing_is_written(self):
        before = {format: export(self.daemon, format) for format in ("xes", "ocel2", "csv", "jsonl")}
        make_checkpoint(self.daemon)
        name, = [n for n in os.listdir(directory(self.daemon)) if n.startswith("checkpoint.") and n[11:].isdigit()]
        self.assertEqual({format: export(self.daemon, format) for format in before}, before)
        with open(os.path.join(directory(self.daemon), name), "r+b") as f:
            f.seek(200)
            f.write(b"\xff\xff")
        _, said = vsm("export", "--state", directory(self.daemon), "--format", "xes")
        self.assertIn("event=checkpoint_passed_over", said)
        self.assertTrue(os.path.exists(os.path.join(directory(self.daemon), name)))
        os.remove(os.path.join(directory(self.daemon), name))

    def test_a_journal_that_was_trimmed(self):
        """What is left of it, mapped by the configuration that a checkpoint has: the journal's own record of it went."""
        copy = os.path.join(self.daemon.directory, "trimmed")
        vsm("backup", copy, "--state", directory(self.daemon))
        make_checkpoint(self.daemon, of=copy)
        db = sqlite3.connect(os.path.join(copy, "journal.db"))
        begins, = db.execute("SELECT first FROM groups ORDER BY first LIMIT 1 OFFSET 5").fetchone()
        db.execute("DELETE FROM groups WHERE first < ?", (begins,))
        db.commit()
        db.close()
        path = os.path.join(self.daemon.directory, "trimmed.jsonl")
        for format in ("jsonl", "xes"):
            out, said = vsm("export", "--state", copy, "--format", format, "-o", path, "--json")
            self.assertEqual(json.loads(out)["begins"], begins)
            self.assertEqual(json.loads(out)["refused"], 1)  # of the event clock, which has no time
            self.assertLess(0, json.loads(out)["written"])
            self.assertLess(json.loads(out)["written"], self.accepted)
            self.assertIn(f"the journal begins at position {begins}: what lay before was trimmed", said)

    def test_a_file_is_whole_or_not_there(self):
        path = os.path.join(self.daemon.directory, "out.jsonl")
        out, said = vsm("export", "--state", directory(self.daemon), "--format", "jsonl", "-o", path, "--json")
        self.assertEqual(json.loads(out)["written"], self.accepted)
        self.assertEqual(json.loads(out)["refused"], 1)
        self.assertIn("left out: 1 events that were refused", said)
        with open(path, encoding="utf-8") as f:
            self.assertEqual(f.read(), export(self.daemon, "jsonl"))
        nowhere = os.path.join(self.daemon.directory, "no", "out")
        _, said = vsm("export", "--state", directory(self.daemon), "--format", "csv", "--output", nowhere, status=1)
        self.assertIn("No such file or directory", said)


def batches(d):
    """Payloads of the batches in a daemon's journal, as the documented format has them."""
    db = sqlite3.connect(f"file:{directory(d)}/journal.db?mode=ro", uri=True)
    try:
        for body, in db.execute("SELECT body FROM groups ORDER BY first"):
            at = 0
            while at < len(body):
                n, kind, name = int.from_bytes(body[at:at + 4], "little"), body[at + 4], body[at + 6]
                if kind == 1:
                    yield body[at + 16 + name:at + 16 + name + n]
                at += 16 + name + n
    finally:
        db.close()


class WallClock(unittest.TestCase):
    def test_an_event_without_a_time_has_that_of_its_receipt(self):
        daemon, _ = told("", streams=("S",), clock="wall")
        with daemon as d:
            d.client().submit(batch(event(at=None)))
            line, = export(d, "jsonl").splitlines()
            seconds = d.ask(item={"key": "S:1"}).item.transitions[0].time_unix_nano / 1e9
            self.assertRegex(json.loads(line)["time"], r"^20\d\d-\d\d-\d\dT.*Z$")
            self.assertEqual(json.loads(line)["time"][:19], time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)))


class Simulated(unittest.TestCase):
    """The shipped configuration, all its rules, links, calendars and faults."""

    def test_xes_read_again_says_the_same(self):
        with open(os.path.join(ROOT, "config", "quantum-energy.yaml"), encoding="utf-8") as f:
            text = re.sub(r"tcp://127\.0\.0\.1:\d+", "tcp://127.0.0.1:*", f.read())
        text = text.replace("diagram: ", f"diagram: {os.path.join(ROOT, 'config')}/").replace(
            "bind: [tcp://127.0.0.1:*]", 'bind: ["tcp://127.0.0.1:*"]')
        with Daemon(text.replace("daemon:\n", "daemon:\n  state: state\n", 1), "--clock", "event") as d:
            vsm("simulate", "--config", os.path.join(ROOT, "config", "quantum-energy.yaml"), "--items", "400", "--seed",
                "5", "--submit", d.endpoint("submit"))
            path = os.path.join(d.directory, "log.xes")
            vsm("export", "--state", directory(d), "--format", "xes", "-o", path)
            with Daemon(text, "--clock", "event") as again:
                vsm("replay", path, "--submit", again.endpoint("submit"))
                self.assertEqual(value_streams(again), value_streams(d))
                self.assertGreater(again.ingest().received, 3000)


class Errors(unittest.TestCase):
    def test_no_state_directory(self):
        with Daemon(config()) as d:
            for path, why in ((os.path.join(d.directory, "none"), "there is no such directory"),
                              (d.path, "no directory"), (d.directory, "there is no journal")):
                _, said = vsm("export", "--state", path, "--format", "csv", status=1)
                self.assertIn(why, said)
                self.assertIn("--state names the directory of daemon.state", said)

    def test_wrong_usage(self):
        for args, why in (((), "--state DIR is needed"), (("--state", "x"), "--format is one of csv, xes, ocel2, jsonl"),
                          (("--state", "x", "--format", "xml"), "--format is one of"),
                          (("--state", "x", "--format", "csv", "--what", "items"), "--what is events or visits")):
            _, said = vsm("export", *args, status=2)
            self.assertIn(why, said)

    def test_a_foreign_journal(self):
        with Daemon(config()) as d:
            path = os.path.join(d.directory, "foreign")
            os.mkdir(path)
            db = sqlite3.connect(os.path.join(path, "journal.db"))
            db.execute("CREATE TABLE t(x)")
            db.commit()
            db.close()
            _, said = vsm("export", "--state", path, "--format", "csv", status=1)
            self.assertIn("no journal of vsmd; nothing was changed", said)

    def test_a_damaged_journal(self):
        with Daemon(config()) as d:
            client = d.client()
            for i in range(5):
                client.submit(batch(event(subject=str(i), at=i)))
            copy = os.path.join(d.directory, "copy")
            shutil.copytree(directory(d), copy)
            db = sqlite3.connect(os.path.join(copy, "journal.db"))
            first, = db.execute("SELECT first FROM groups ORDER BY first LIMIT 1 OFFSET 3").fetchone()
            db.execute("UPDATE groups SET body = zeroblob(length(body)) WHERE first = ?", (first,))
            db.commit()
            db.close()
            out, said = vsm("export", "--state", copy, "--format", "jsonl", status=1)
            self.assertRegex(said, rf"the journal is damaged: positions {first} to {first} are gone")
            self.assertEqual(len(out.splitlines()), 4)
            out, said = vsm("export", "--state", copy, "--format", "xes", status=1)
            self.assertIn("event=journal_damaged", said)
            self.assertEqual(out, "")


if __name__ == "__main__":
    harness.main()
