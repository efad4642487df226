"""vsm backup: a copy made beside a running daemon is whole or not there, and a daemon started on it says the same."""
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import threading
import time
import unittest

import harness
from harness import DEADLINE, Daemon, batch, event, poll, read_lines
from state import Program, checkpoints, config, directory, files_with, item, make_checkpoint, snapshot, some_batches

VSM = os.path.join(os.path.dirname(harness.VSMD), "vsm")
VSM_FAILING = os.path.join(os.path.dirname(harness.VSMD), "vsm_failing")


def backup(d, to="copy", status=0, state=None, program=VSM, env=None):
    """Into a directory beside the state. Returns what it said."""
    done = subprocess.run([program, "backup", os.path.join(d.directory, to), "--state", state or directory(d), "--json"],
                          capture_output=True, text=True, timeout=2 * DEADLINE, env={**os.environ, **(env or {})}, check=False)
    assert done.returncode == status, (done.returncode, done.stdout, done.stderr)
    return json.loads(done.stdout) if status == 0 else done.stderr


def stopped_backup(test, d, point):
    """One that stands still at a point of its code."""
    process = subprocess.Popen([VSM_FAILING, "backup", os.path.join(d.directory, "copy"), "--state", directory(d)],
                               env={**os.environ, "VSM_FAILPOINT": point}, stdout=subprocess.PIPE, text=True)
    test.addCleanup(process.kill)
    os.waitid(os.P_PID, process.pid, os.WSTOPPED)
    return process


def go_on(process):
    """Until it is stopped again, or ends; returns what it said."""
    while process.poll() is None:
        process.send_signal(signal.SIGCONT)
        os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
    said, _ = process.communicate()
    assert process.returncode == 0, said
    return said


def submit(d, n):
    c = d.client()
    for b in some_batches(n, first=d.ingest().received):
        assert c.submit(b).durable


class restored:
    """Another daemon, of the same configuration, on the copy."""

    def __init__(self, d, to="copy"):
        with open(d.path, encoding="utf-8") as f:
            self.daemon = Daemon(f.read())
        self.copy = os.path.join(d.directory, to)

    def __enter__(self):
        d = self.daemon
        d.end()
        shutil.rmtree(directory(d), ignore_errors=True)
        shutil.move(self.copy, directory(d))
        d.start_again()
        return d

    def __exit__(self, *what):
        return self.daemon.__exit__(*what)


class AtRest(unittest.TestCase):
    def check(self, d, checkpoint):
        with restored(d) as r:
            self.assertEqual(int(r.log.wait(r"^event=recovered checkpoint=(\d+) ").group(1)), checkpoint)
            self.assertNotIn("set_aside", r.log.text())
            self.assertEqual(snapshot(r), snapshot(d))
            self.assertEqual(item(r, "S:1"), item(d, "S:1"))

    def test_a_journal_alone(self):
        with Daemon(config()) as d:
            submit(d, 20)
            said = backup(d)
            self.assertEqual((said["begins"], said["checkpoints"], said["history"]), (1, [], False))
            self.assertEqual(sorted(os.listdir(os.path.join(d.directory, "copy"))), ["journal.db"])
            self.check(d, 0)

    def test_what_was_ordered(self):
        with Daemon(config()) as d:
            submit(d, 2)
            self.assertEqual(d.ask(reload={}).error, "")
            read_lines(os.path.join(directory(d), "audit.log"), 1)
            backup(d)
            with open(os.path.join(d.directory, "copy", "audit.log"), encoding="utf-8") as f:
                self.assertRegex(f.read(), 'order="reload" .*outcome="done"\n$')

    def test_with_checkpoints_and_history(self):
        with Daemon(config()) as d:
            for _ in range(3):
                submit(d, 5)
                make_checkpoint(d)
            submit(d, 5)
            said = backup(d)
            names = sorted(os.listdir(os.path.join(d.directory, "copy")))
            self.assertEqual(names, sorted(["journal.db", "history.db"] + [f"checkpoint.{n}" for n in said["checkpoints"]]))
            self.assertEqual(len(said["checkpoints"]), 2)
            self.assertEqual(said["bytes"], sum(os.path.getsize(os.path.join(d.directory, "copy", n)) for n in names))
            count = lambda path: sqlite3.connect(path).execute("SELECT count(*), sum(fingerprint % 1000) FROM item").fetchall()
            self.assertEqual(count(os.path.join(d.directory, "copy", "history.db")), count(os.path.join(directory(d), "history.db")))
            self.check(d, said["checkpoints"][0])

    def test_of_a_daemon_that_was_killed(self):
        with Daemon(config()) as d:
            submit(d, 20)
            before = snapshot(d)
            d.end()
            position = backup(d)["position"]
            with restored(d) as r:
                self.assertEqual(snapshot(r), before)
            self.assertGreater(position, 20)
            d.start_again()

    def test_a_bad_checkpoint_stays_behind(self):
        with Daemon(config()) as d:
            submit(d, 5)
            make_checkpoint(d)
            submit(d, 5)
            make_checkpoint(d)
            newest = max(int(n[11:]) for n in os.listdir(directory(d)) if re.fullmatch(r"checkpoint\.\d+", n))
            os.truncate(os.path.join(directory(d), f"checkpoint.{newest}"), 100)
            said = backup(d)
            self.assertEqual(len(said["checkpoints"]), 1)
            self.assertLess(said["checkpoints"][0], newest)
            self.check(d, said["checkpoints"][0])

    def test_what_was_given_up_is_in_it(self):
        with Daemon(config()) as d:
            submit(d, 5)
            d.end(signal.SIGTERM)
            db = sqlite3.connect(os.path.join(directory(d), "journal.db"))
            first, = db.execute("SELECT first FROM groups ORDER BY first LIMIT 1 OFFSET 3").fetchone()
            db.execute("DELETE FROM groups WHERE first = ?", (first,))
            db.commit()
            db.close()
            d.start_again("--salvage")
            backup(d)
            self.check(d, 0)


class UnderLoad(unittest.TestCase):
    BATCHES = 400

    def test_it_is_a_moment_of_the_daemon(self):
        """Of each copy the first so many batches are there, those that were acked before it began among them, and it
        says what a daemon says that was sent these alone. Checkpoints are made and the journal is trimmed meanwhile."""
        text = config().replace("  state: state", "  state: state\n  journal: { max: 1MiB }")
        with Program("VSMD_FAILING"), Daemon(text) as d:
            d.end()
            d._start(env={"VSM_CHECKPOINT_EVENTS": "200"})
            d.log.wait(r"^event=ready ")
            sent = list(some_batches(self.BATCHES))
            for b in sent:
                b.events[0].data.add(key="text", value="x" * 10000)
            acked, failures, trimmed = [0], [], threading.Event()

            def load():
                try:
                    c = d.client()
                    for i, b in enumerate(sent):
                        if i in (self.BATCHES // 4, self.BATCHES // 2):  # one covers no more than came before it
                            poll("another checkpoint", lambda n=4 * i // self.BATCHES: len(checkpoints(d)) >= n)
                        if i == self.BATCHES * 3 // 4:
                            trimmed.wait(DEADLINE)
                        assert c.submit(b).durable
                        acked[0] += 1
                except Exception as e:  # pylint: disable=broad-except
                    failures.append(e)

            thread = threading.Thread(target=load)
            thread.start()
            copies = []
            while thread.is_alive():
                before = acked[0]
                said = backup(d, f"copy{len(copies)}")
                copies.append((before, said))
                if said["begins"] > 1:
                    trimmed.set()
            thread.join()
            self.assertEqual(failures, [])
            self.assertGreater(len(copies), 3)
            self.assertGreater(max(said["begins"] for _, said in copies), 1, "nothing was trimmed")
            for i in sorted({0, len(copies) // 2, len(copies) - 1}):
                before, said = copies[i]
                with restored(d, f"copy{i}") as r, Daemon(config().replace("  state: state\n", "")) as reference:
                    got = r.ingest().received // 5
                    self.assertGreaterEqual(got, before)
                    client = reference.client()
                    for b in sent[:got]:
                        client.submit(b)
                    self.assertEqual([str(s) for s in r.snapshot().value_streams], [str(s) for s in reference.snapshot().value_streams])
                    self.assertEqual(r.ingest(), reference.ingest())
                    self.assertNotIn("set_aside", r.log.text())

    def test_the_journal_is_trimmed_past_the_copy(self):
        text = config().replace("  state: state", "  state: state\n  journal: { max: 1MiB }")
        big = lambda i: batch(*(event("first.done", f"{i}.{k}", at=i, text="x" * 60000) for k in range(60)))
        with Program("VSMD_FAILING"), Daemon(text) as d:
            c = d.client()
            for i in range(6):  # 3.6 MB each, of which a transaction takes 4 MiB
                c.submit(big(i))
            process = stopped_backup(self, d, "backup_step")
            d.end()
            d.start_again(env={"VSM_CHECKPOINT_EVENTS": "60"})  # makes checkpoints of its own, and trims
            c = d.client()
            db = sqlite3.connect(f"file:{directory(d)}/journal.db?mode=ro", uri=True)
            end = time.monotonic() + DEADLINE
            while db.execute("SELECT min(first) FROM groups").fetchone()[0] < 9:
                c.submit(big(9))
                self.assertLess(time.monotonic(), end, "nothing was trimmed")
            db.close()
            said = go_on(process)
            self.assertRegex(said, r"records ([1-9]\d+|9) to \d+, [12] checkpoints?, history.db")
            with restored(d) as r:
                self.assertEqual(snapshot(r), snapshot(d))


class Overtaken(unittest.TestCase):
    """Before anything of the journal is copied, but with the checkpoints opened, the daemon goes on."""

    def test_trimmed_past_its_checkpoints(self):
        text = config().replace("  state: state", "  state: state\n  journal: { max: 1MiB }")
        with Daemon(text) as d:
            big = lambda i: batch(*(event("first.done", f"{i}.{k}", at=i, text="x" * 60000) for k in range(60)))
            for i in range(2):
                d.client().submit(big(i))
                make_checkpoint(d)
            opened = checkpoints(d)
            process = stopped_backup(self, d, "backup_history")
            d.end()
            with Program("VSMD_FAILING"):
                d.start_again(env={"VSM_CHECKPOINT_EVENTS": "60"})
            db = sqlite3.connect(f"file:{directory(d)}/journal.db?mode=ro", uri=True)
            end = time.monotonic() + DEADLINE
            while db.execute("SELECT min(first) FROM groups").fetchone()[0] <= opened[0] + 1:
                d.client().submit(big(9))
                self.assertLess(time.monotonic(), end, "nothing was trimmed")
            db.close()
            self.assertRegex(go_on(process), "records [0-9]+ to [0-9]+, [12] checkpoints?, history.db")
            with restored(d) as r:
                self.assertEqual(snapshot(r), snapshot(d))

    def test_an_item_is_forgotten(self):
        with Daemon(config()) as d:
            d.client().submit(batch(event("first.started", "SECRET", at=1)))
            submit(d, 5)
            make_checkpoint(d)
            d.client().submit(batch(event("first.done", "SECRET", at=2)))
            process = stopped_backup(self, d, "backup_history")
            with d.log.expect("^event=forgotten "):
                self.assertEqual(d.ask(forget={"key": "S:SECRET"}).error, "")
            go_on(process)
            self.assertEqual(files_with(os.path.join(d.directory, "copy"), b"SECRET"), [])
            with restored(d) as r:
                self.assertEqual(snapshot(r), snapshot(d))

    def test_something_is_being_forgotten(self):
        with Program("VSMD_FAILING"), Daemon(config()) as d:
            d.client().submit(batch(event("first.started", "SECRET", at=1), event("first.started", "x")))
            d.end()
            d.start_again(env={"VSM_FAILPOINT": "checkpoint_read"})  # of which the process stands still then
            self.assertEqual(d.ask(forget={"key": "S:SECRET"}).error, "")
            backup(d)
            self.assertIn(("journal.db", b"SECRET"), files_with(os.path.join(d.directory, "copy"), b"SECRET"))
            with restored(d) as r:
                r.log.wait("^event=forgotten ")
                self.assertEqual(files_with(directory(r), b"SECRET"), [])


class Killed(unittest.TestCase):
    def test_it_is_not_there(self):
        with Daemon(config()) as d:
            submit(d, 5)
            for point in ("backup_step", "backup_rename"):
                backup(d, status=-9, program=VSM_FAILING, env={"VSM_FAILPOINT": f"{point}:1"})
                self.assertFalse(os.path.exists(os.path.join(d.directory, "copy")))
                said = backup(d, status=1)
                self.assertIn("copy.new: an earlier backup was not finished, or runs; remove it when none does", said)
                shutil.rmtree(os.path.join(d.directory, "copy.new"))
            backup(d)
            self.assertFalse(os.path.exists(os.path.join(d.directory, "copy.new")))


class Refused(unittest.TestCase):
    def refused(self, d, why, **options):
        before = sorted(os.listdir(d.directory))
        self.assertIn(why, backup(d, status=1, **options))
        self.assertEqual(sorted(os.listdir(d.directory)), before)  # nothing is left

    def test_a_directory_that_is_there(self):
        with Daemon(config()) as d:
            os.mkdir(os.path.join(d.directory, "copy"))
            self.refused(d, "copy: it is there already; a backup makes a directory of its own")

    def test_a_place_that_is_none(self):
        with Daemon(config()) as d:
            self.refused(d, "No such file or directory", to="no/such/place")

    def test_no_state_directory(self):
        with Daemon(config()) as d:
            self.refused(d, "there is no such directory", state="/nowhere")
            self.refused(d, "there is no journal", state=d.directory)

    def test_a_damaged_journal(self):
        with Daemon(config()) as d:
            submit(d, 5)
            d.end(signal.SIGTERM)
            path = os.path.join(directory(d), "journal.db")
            shutil.copyfile(path, path + ".good")
            for sql, why in (("UPDATE groups SET body = zeroblob(length(body)) WHERE first = ?", "a checksum is wrong"),
                             ("DELETE FROM groups WHERE first = ?", "records are missing")):
                db = sqlite3.connect(path)
                first, = db.execute("SELECT first FROM groups ORDER BY first LIMIT 1 OFFSET 3").fetchone()
                db.execute(sql, (first,))
                db.commit()
                db.close()
                self.refused(d, f"journal.db: damaged: {why} (positions {first} to {first})")
                shutil.copyfile(path + ".good", path)
            os.remove(path + ".good")
            db = sqlite3.connect(path)
            db.execute("PRAGMA user_version = 9")
            db.close()
            self.refused(d, "of format version 9")
            db = sqlite3.connect(path)
            db.execute("PRAGMA user_version = 1")
            db.close()
            d.start_again()

    def test_wrong_usage(self):
        for args in (["backup"], ["backup", "x"], ["backup", "x", "y", "--state", "z"]):
            done = subprocess.run([VSM, *args], capture_output=True, text=True, timeout=DEADLINE, check=False)
            self.assertEqual(done.returncode, 2, done.stderr)


if __name__ == "__main__":
    harness.main()
