"""Another configuration: stages that come, move, go, return and get other names keep their histories, through restarts
and checkpoints; and what-if says beforehand what a reload, or a rebuild, makes of the figures."""
import contextlib
import hashlib
import json
import os
import sqlite3
import subprocess
import unittest

import harness
from harness import DEADLINE, Daemon, batch, event
from state import checkpoint_file, checkpoints, directory, make_checkpoint, snapshot, some_batches

VSM = os.path.join(os.path.dirname(harness.VSMD), "vsm")

STAGES = """\
      - { id: first, name: First }
      - { id: second, name: Second }
"""
HELD = """\
  - { source: "*", type: first.held, stage: S/first, lifecycle: suspend, item: "S:{subject}", reason: easement, party: third-party }
"""


def drawn(*stages):
    """The small configuration with other stages: lines of a list, each with an id."""
    text = harness.config(state="state").replace(STAGES, "".join(f"      - {{ {s} }}\n" for s in stages)) + HELD
    ids = [s.split(",")[0].removeprefix("id: ") for s in stages]
    keep = lambda line: "stage: S/" not in line or any(f"stage: S/{i}," in line for i in ids)
    return "".join(line for line in text.splitlines(True) if keep(line))


PLAIN = drawn("id: first, name: First", "id: second, name: Second")
CHANGES = {
    "inserted": drawn("id: first, name: First", "id: review, name: Review", "id: second, name: Second"),
    "moved": drawn("id: second, name: Second", "id: first, name: First"),
    "renamed": drawn("id: intake, was: first, name: Intake", "id: second, name: Second"),
    "vanished": drawn("id: first, name: First"),
    "another next": drawn("id: first, name: First, next: [second, outcome]", "id: second, name: Second"),
}
WRONG = PLAIN.replace("type: second.done, stage: S/second, lifecycle: complete", "type: second.done, stage: S/first, lifecycle: start")


def submit(d, n):
    c, first = d.client(), d.ingest().received
    for b in some_batches(n, first=first):
        assert c.submit(b).durable
    assert c.submit(batch(event("first.started", "held", at=60.0 * (first + n)),
                          event("first.held", "held", at=60.0 * (first + n) + 1))).durable


def vsm(d, *words, status=0):
    r = subprocess.run([VSM, *words], capture_output=True, text=True, cwd=d.directory, timeout=DEADLINE)
    assert r.returncode == status, (r.returncode, r.stdout, r.stderr)
    return r.stdout, r.stderr


def tried(d, text):
    """A file beside the one in force."""
    path = os.path.join(d.directory, "new.yaml")
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    return path


def figures(snapshot):
    """Of a snapshot in JSON, all but what a process gives itself."""
    snapshot.pop("epoch")
    for stream in snapshot["value_streams"]:
        stream.pop("sequence")
        for stage in stream["stages"]:
            stage.pop("sequence")
    return snapshot


def what_if(d, *words):
    said = json.loads(vsm(d, "what-if", "--config", "new.yaml", "--state", "state", "--json", *words)[0])
    return figures(said["today"]), figures(said["then"]), said["renamed"]


def asked(d):
    return figures(json.loads(vsm(d, "snapshot", "--json", "--query", d.endpoint("query"))[0]))


def fingerprint(d):
    """Of every file but the shared memory of readers: name, size, content. The journal's is what it says, as the daemon
    moves pages from its log into it when it has nothing else to do."""
    files = {}
    with contextlib.closing(sqlite3.connect(f"file:{directory(d)}/journal.db?mode=ro", uri=True)) as db:
        files["journal.db"] = "".join(db.iterdump())
    for name in os.listdir(directory(d)):
        if not name.endswith("-shm") and not name.startswith("journal.db"):
            with open(os.path.join(directory(d), name), "rb") as f:
                files[name] = hashlib.sha256(f.read()).hexdigest()
    return files


class Histories(unittest.TestCase):
    def check(self, text):
        """Reload, restarts from the journal and from checkpoints on either side, and back."""
        with Daemon(PLAIN) as d:
            submit(d, 12)
            before = snapshot(d)
            make_checkpoint(d)
            d.write(text)
            self.assertEqual(d.ask(reload={}).error, "")
            changed = snapshot(d)
            self.assertNotEqual(changed, before)
            d.end()
            d.start_again()  # from the checkpoint before the change
            d.log.wait(r"^event=recovered checkpoint=[1-9]")
            self.assertEqual(snapshot(d), changed)
            make_checkpoint(d)
            d.end()
            d.start_again()  # from the one behind it
            self.assertEqual(snapshot(d), changed)
            d.end()
            for position in checkpoints(d):
                os.remove(checkpoint_file(d, position))
            d.start_again()  # from the journal alone
            d.log.wait(r"^event=recovered checkpoint=0 ")
            self.assertEqual(snapshot(d), changed)
            d.end()
            back = PLAIN.replace("id: first, name", "id: first, was: intake, name") if "intake" in text else PLAIN
            d.write(back)
            d.start_again()  # under another file than before
            self.assertEqual(snapshot(d), before)
            make_checkpoint(d)
            d.end()
            d.start_again()
            self.assertEqual(snapshot(d), before)

    def test_each_change(self):
        for name, text in CHANGES.items():
            with self.subTest(name):
                self.check(text)

    def test_a_vanished_stage_keeps_what_it_waited_for(self):
        with Daemon(PLAIN) as d:
            submit(d, 3)
            waits = str(d.snapshot().value_streams[0].stages[0].waits)
            self.assertIn("easement", waits)
            d.write(drawn("id: second, name: Second"))
            self.assertEqual(d.ask(reload={}).error, "")
            self.assertEqual([s.id for s in d.snapshot().value_streams[0].stages], ["second"])
            make_checkpoint(d)
            d.end()
            d.write(PLAIN)
            d.start_again()
            self.assertEqual(str(d.snapshot().value_streams[0].stages[0].waits), waits)


class WhatIf(unittest.TestCase):
    def test_the_same_as_a_reload(self):
        for name, text in {**CHANGES, "rules": WRONG}.items():
            with self.subTest(name), Daemon(PLAIN) as d:
                submit(d, 8)
                make_checkpoint(d)
                submit(d, 8)
                tried(d, text)
                before = asked(d)
                today, then, renamed = what_if(d)
                self.assertEqual(today, before)
                self.assertEqual(renamed, [{"value_stream": "S", "stage": "intake", "was": "first"}]
                                 if name == "renamed" else [])
                d.write(text)
                self.assertEqual(d.ask(reload={}).error, "")
                self.assertEqual(asked(d), then)
                self.assertEqual(today == then, name == "rules")  # they act on events from then on

    def test_as_rebuilt_the_same_as_a_daemon_that_had_it_from_the_beginning(self):
        with Daemon(WRONG) as d, Daemon(PLAIN) as fresh:
            for daemon in (d, fresh):
                submit(daemon, 10)
            make_checkpoint(d)
            d.write(CHANGES["renamed"])
            self.assertEqual(d.ask(reload={}).error, "")
            for daemon in (d, fresh):  # an ack says that the configuration is on disk, where what-if reads it
                submit(daemon, 1)
            tried(d, PLAIN)
            today, then, _ = what_if(d, "--rebuild")
            self.assertEqual(today, asked(d))
            self.assertEqual(then, asked(fresh))
            self.assertNotEqual(today["value_streams"], then["value_streams"])
            self.assertNotEqual(what_if(d)[1]["value_streams"], then["value_streams"])

    def test_nothing_is_changed(self):
        with Daemon(PLAIN) as d:
            submit(d, 8)
            make_checkpoint(d)
            submit(d, 2)
            before = fingerprint(d), snapshot(d)
            tried(d, CHANGES["vanished"])
            for words in ((), ("--rebuild",)):
                what_if(d, *words)
                self.assertEqual((fingerprint(d), snapshot(d)), before)
            position, = checkpoints(d)
            os.truncate(checkpoint_file(d, position), 100)  # a bad one is passed over, and stays
            spoilt = fingerprint(d)
            today, _, _ = what_if(d)
            self.assertEqual(today, asked(d))
            self.assertEqual(fingerprint(d), spoilt)
            with open(checkpoint_file(d, position), "wb"):
                pass

    def test_the_clock_stays_the_daemons(self):
        with Daemon(PLAIN.replace("clock: event", "clock: wall"), "--clock", "event") as d:
            submit(d, 4)
            tried(d, PLAIN.replace("clock: event", "clock: wall"))
            today, then, _ = what_if(d)
            self.assertEqual(today, asked(d))
            self.assertEqual(then, today)

    def test_what_is_shown(self):
        with Daemon(PLAIN) as d:
            submit(d, 6)
            text = PLAIN.replace(STAGES, '      - { id: intake, was: first, name: Intake }\n'
                                         '      - { id: review, name: Review }\n').replace("S/first", "S/intake")
            tried(d, "".join(line for line in text.splitlines(True) if "S/second" not in line))
            out, err = vsm(d, "what-if", "--config", "new.yaml")  # new.yaml names the state directory
            self.assertEqual(err, "")
            self.assertRegex(out, r"(?m)^First +today +\d")
            self.assertRegex(out, r"(?m)^Intake +then")
            self.assertRegex(out, r"(?m)^Review +new +\d")
            self.assertRegex(out, r"(?m)^Second +gone +\d")
            self.assertRegex(out, r"(?m)^\(the stream\) +today")
            tried(d, harness.config(("T",), state="state"))
            out, _ = vsm(d, "what-if", "--config", "new.yaml")
            self.assertRegex(out, r"(?m)^T Stream T, all: a new value stream")
            self.assertRegex(out, r"(?m)^S Stream S: gone, with \d+ in progress")
            tried(d, PLAIN)
            out, _ = vsm(d, "what-if", "--config", "new.yaml", "--window", "24h")
            self.assertRegex(out, r"(?m)^S Stream S, 24h$")
            self.assertNotRegex(out, r"(?m) then +\d")  # nothing differs

    def test_what_is_refused(self):
        with Daemon(PLAIN) as d:
            submit(d, 1)
            tried(d, PLAIN.replace("lifecycle: start", "lifecycle: begin"))
            out, err = vsm(d, "what-if", "--config", "new.yaml", "--state", "state", status=1)
            self.assertEqual(out, "")
            self.assertRegex(err, r'(?m)^new\.yaml:\d+:\d+: "begin" is no value of lifecycle; allowed: ')
            self.assertEqual(err, subprocess.run([harness.VSMD, "--config", "new.yaml", "--check"], cwd=d.directory,
                                                 capture_output=True, text=True, timeout=DEADLINE).stderr)
            tried(d, PLAIN)
            self.assertIn("no such directory", vsm(d, "what-if", "--config", "new.yaml", "--state", "nowhere", status=1)[1])
            self.assertIn("no window", vsm(d, "what-if", "--config", "new.yaml", "--window", "2h", status=1)[1])
            tried(d, harness.config())
            self.assertIn("--state DIR", vsm(d, "what-if", "--config", "new.yaml", status=2)[1])
            vsm(d, "what-if", status=2)


if __name__ == "__main__":
    harness.main()
