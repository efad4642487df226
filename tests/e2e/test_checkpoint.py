"""Checkpoints: a start from one says what a start from the whole journal says; one that cannot be used is set aside."""
import contextlib
import ctypes
import fcntl
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import time
import unittest

import harness
from harness import DEADLINE, SHIPPED, Daemon, batch, children, event, poll, shipped
from state import (Program, checkpoint_file, checkpoints, config, directory, item, make_checkpoint, snapshot,
                   some_batches)

VSM = os.path.join(os.path.dirname(harness.VSMD), "vsm")


def submit(d, n):
    c = d.client()
    for b in some_batches(n, first=d.ingest().received):
        assert c.submit(b).durable


class Restart(unittest.TestCase):
    def restart(self, d, expected):
        """Ends it and starts it again; it must have loaded the checkpoint at this position (0: none)."""
        before, story = snapshot(d), item(d, "S:1")
        d.end()
        d.start_again()
        self.assertEqual(int(d.log.wait(r"^event=recovered checkpoint=(\d+) ").group(1)), expected)
        self.assertEqual(snapshot(d), before)
        self.assertEqual(item(d, "S:1"), story)

    def test_the_same_as_from_the_journal_alone(self):
        with Daemon(config()) as d:
            submit(d, 20)
            self.assertRegex(make_checkpoint(d), r"event=checkpoint position=\d+ bytes=\d+ events=100 ")
            at, = checkpoints(d)
            self.restart(d, at)  # behind it lie two starts
            submit(d, 20)
            self.restart(d, at)
            os.remove(checkpoint_file(d, at))
            self.restart(d, 0)

    def test_the_last_two_are_kept(self):
        with Daemon(config()) as d:
            made = []
            for _ in range(4):
                submit(d, 3)
                make_checkpoint(d)
                made = (checkpoints(d)[:1] + made)[:2]
                self.assertEqual(checkpoints(d), made)
            make_checkpoint(d)  # nothing came
            self.assertEqual(checkpoints(d), made)
            self.restart(d, made[0])

    def test_the_same_events_give_the_same_bytes(self):
        with Daemon(config()) as d:
            submit(d, 10)
            make_checkpoint(d)
            submit(d, 10)
            make_checkpoint(d)
            at = checkpoints(d)[0]
            with open(checkpoint_file(d, at), "rb") as f:
                bytes = f.read()
            for position in checkpoints(d):
                os.remove(checkpoint_file(d, position))
            make_checkpoint(d)  # from the journal alone
            with open(checkpoint_file(d, at), "rb") as f:
                self.assertEqual(f.read(), bytes)

    def test_a_reload_and_a_vanished_stream(self):
        with Daemon(config(streams=("S", "T"))) as d:
            submit(d, 5)
            both = snapshot(d)
            d.write(config().replace("id: first,", "id: intake, was: first,").replace("S/first", "S/intake"))
            self.assertEqual(d.ask(reload={}).error, "")
            make_checkpoint(d)
            self.restart(d, checkpoints(d)[0])
            d.write(config(streams=("S", "T")).replace("id: first,", "id: first, was: intake,"))
            self.assertEqual(d.ask(reload={}).error, "")
            self.assertEqual(snapshot(d), both)

    def test_the_shipped_configuration(self):
        text = shipped().replace("daemon:\n", "daemon:\n  state: state\n", 1)
        with Daemon(text, "--clock", "event") as d:
            def simulate(seed):
                subprocess.run([VSM, "simulate", "--config", SHIPPED, "--items", "200", "--rate", "max", "--seed",
                                str(seed), "--submit", d.endpoint("submit")], check=True, capture_output=True,
                               timeout=DEADLINE * 4)
            simulate(1)
            make_checkpoint(d)
            simulate(2)
            before = snapshot(d)
            d.end()
            d.start_again("--clock", "event")
            d.log.wait(r"^event=checkpoint_loaded ")
            self.assertEqual(snapshot(d), before)


class Unusable(unittest.TestCase):
    def check(self, spoil, why):
        """Of two checkpoints the newer is spoilt: it is set aside, and the older one used."""
        with Daemon(config()) as d:
            submit(d, 5)
            make_checkpoint(d)
            submit(d, 5)
            make_checkpoint(d)
            newer, older = checkpoints(d)
            before = snapshot(d)
            d.end()
            spoil(d, newer)
            d.start_again()
            self.assertRegex(d.log.text(), rf'event=checkpoint_set_aside position={newer} why=".*{why}')
            d.log.wait(rf"^event=recovered checkpoint={older} ")
            self.assertEqual(snapshot(d), before)
            self.assertEqual(checkpoints(d), [older])
            self.assertTrue(os.path.exists(checkpoint_file(d, newer) + ".bad"))
            d.end()
            spoil(d, older)
            d.start_again()
            d.log.wait(r"^event=recovered checkpoint=0 ")
            self.assertEqual(snapshot(d), before)

    @staticmethod
    def write(path, offset, bytes):
        with open(path, "r+b") as f:
            f.seek(offset)
            f.write(bytes)

    @staticmethod
    def sign(path):
        xxh3 = ctypes.CDLL("libxxhash.so.0").XXH3_64bits
        xxh3.restype, xxh3.argtypes = ctypes.c_uint64, (ctypes.c_char_p, ctypes.c_size_t)
        with open(path, "r+b") as f:
            bytes = f.read()[:-8]
            f.seek(-8, os.SEEK_END)
            f.write(xxh3(bytes, len(bytes)).to_bytes(8, "little"))

    def test_a_byte_that_changed(self):
        self.check(lambda d, at: self.write(checkpoint_file(d, at), 100, b"\xff"), "its checksum is wrong")

    def test_one_that_was_cut(self):
        self.check(lambda d, at: os.truncate(checkpoint_file(d, at), os.path.getsize(checkpoint_file(d, at)) - 1), "its checksum is wrong")

    def test_an_empty_file(self):
        self.check(lambda d, at: os.truncate(checkpoint_file(d, at), 0), "no checkpoint of vsmd")

    def test_another_name(self):
        def spoil(d, at):
            if len(checkpoints(d)) > 1:
                older = checkpoints(d)[1]
                shutil.copyfile(checkpoint_file(d, older), checkpoint_file(d, at))
            else:
                os.truncate(checkpoint_file(d, at), 0)
        self.check(spoil, "not what its name says")

    def test_of_another_journal(self):
        with Daemon(config()) as other:
            for _ in range(2):
                submit(other, 5)
                make_checkpoint(other)
            def spoil(d, at):
                same = dict(zip(checkpoints(other), checkpoints(other)))
                self.assertIn(at, same)
                shutil.copyfile(checkpoint_file(other, at), checkpoint_file(d, at))
            self.check(spoil, "of another journal")

    def test_a_journal_that_ends_before_it(self):
        with Daemon(config()) as d:
            submit(d, 5)
            d.end()
            copy = shutil.copytree(directory(d), directory(d) + ".copy")
            d.start_again()
            before = snapshot(d)
            submit(d, 5)
            make_checkpoint(d)
            at, = checkpoints(d)
            d.end()
            for name in os.listdir(copy):
                shutil.copyfile(os.path.join(copy, name), os.path.join(directory(d), name))
            d.start_again()
            self.assertRegex(d.log.text(), rf'event=checkpoint_set_aside position={at} why="it is of another journal')
            self.assertEqual(snapshot(d), before)

    def test_another_format_changes_nothing(self):
        with Daemon(config()) as d:
            submit(d, 5)
            make_checkpoint(d)
            at, = checkpoints(d)
            before = snapshot(d)
            d.end()
            kept = checkpoint_file(d, at) + ".kept"
            shutil.copyfile(checkpoint_file(d, at), kept)
            self.write(checkpoint_file(d, at), 8, b"\x05")
            self.sign(checkpoint_file(d, at))
            r = subprocess.run([harness.VSMD, "--config", d.path], capture_output=True, text=True, cwd=d.directory,
                               timeout=DEADLINE)
            self.assertEqual(r.returncode, 1)
            self.assertIn("of format version 5; this vsmd reads versions 1 to 4; nothing was changed", r.stderr)
            self.assertEqual(checkpoints(d), [at])
            os.replace(kept, checkpoint_file(d, at))
            d.start_again()
            self.assertEqual(snapshot(d), before)


class Child(unittest.TestCase):
    ENV = {"VSM_CHECKPOINT_EVENTS": "50"}

    def test_the_daemon_makes_them(self):
        with Program("VSMD_FAILING"), Daemon(config(), env=self.ENV) as d:
            for _ in range(3):
                with d.log.expect(r"^event=checkpoint position="):
                    submit(d, 20)
            self.assertEqual(d.status().trouble, "")
            before = snapshot(d)
            d.end()
            d.start_again(env=self.ENV)
            d.log.wait(r"^event=checkpoint_loaded ")
            self.assertEqual(snapshot(d), before)

    def test_killed_at_any_point(self):
        for point in ("read", "write", "sync", "rename", "renamed", "remove"):
            with self.subTest(point), Program("VSMD_FAILING"), \
                    Daemon(config(), env={**self.ENV, "VSM_FAILPOINT": f"checkpoint_{point}:1"}) as d:
                submit(d, 20)
                d.log.wait(r'^event=checkpoint_failed why="the process that makes it failed"')
                self.assertRegex(d.log.wait(r'^event=trouble what="(.*)"').group(1), "^the last checkpoint in .* failed")
                self.assertTrue(d.status().durable)
                self.assertEqual(len(checkpoints(d)), point in ("renamed", "remove"))
                submit(d, 5)
                before = snapshot(d)
                d.end()
                d.start_again(env=self.ENV)
                self.assertEqual(snapshot(d), before)
                with d.log.expect(r"^event=checkpoint position="):
                    submit(d, 20)

    def test_a_disk_that_fails(self):
        for how in ("write", "short", "fsync", "rename"):
            with self.subTest(how), Program("VSMD_FAILING"), \
                    Daemon(config(), env={**self.ENV, "VSM_CHECKPOINT_FAILS": how}) as d:
                submit(d, 20)
                d.log.wait(r'^event=checkpoint_failed position=.* why=".*checkpoint.*: (No space|Input/output)')
                d.log.wait(r'^event=trouble what="the last checkpoint in .* failed')
                self.assertTrue(d.status().durable)
                self.assertEqual(checkpoints(d), [])
                self.assertFalse(os.path.exists(os.path.join(directory(d), "checkpoint.new")))
                submit(d, 5)
                before = snapshot(d)
                d.end()
                d.start_again(env=self.ENV)
                self.assertEqual(snapshot(d), before)
                with d.log.expect(r"^event=checkpoint position="):
                    submit(d, 20)

    def test_it_ends_with_the_daemon(self):
        for point in ("read", "rename"):  # at which it stands still: it would not end by itself
            for number, status in ((signal.SIGTERM, 0), (signal.SIGKILL, -signal.SIGKILL)):
                with self.subTest(point=point, number=number), Program("VSMD_FAILING"), \
                        Daemon(config(), env={**self.ENV, "VSM_FAILPOINT": f"checkpoint_{point}"}) as d:
                    submit(d, 20)
                    self.await_child_that_stands(d.process.pid)
                    self.assertEqual(d.end(number), status)
                    self.assertTrue(d.log.ended)  # which it does when the last process that can write it did
                    d.start_again()

    def test_without_idle_time_it_is_begun_anew(self):
        env = {**self.ENV, "VSM_CHECKPOINT_STARVES": "1", "VSM_FAILPOINT": "checkpoint_read"}
        with Program("VSMD_FAILING"), Daemon(config(), env=env) as d:
            submit(d, 20)  # the process stands still, as one does that never has its turn
            d.log.wait(r"^event=checkpoint_starves ")
            child = self.await_child_that_stands(d.process.pid)
            self.assertEqual(os.sched_getscheduler(child), os.SCHED_OTHER)
            os.kill(child, signal.SIGCONT)
            d.log.wait(r"^event=checkpoint position=")

    def test_it_gets_idle_time(self):
        with Program("VSMD_FAILING"), Daemon(config(), env={**self.ENV, "VSM_FAILPOINT": "checkpoint_read"}) as d:
            submit(d, 20)
            child = self.await_child_that_stands(d.process.pid)
            self.assertEqual(os.sched_getscheduler(child), os.SCHED_IDLE)
            os.kill(child, signal.SIGCONT)
            d.log.wait(r"^event=checkpoint position=")
            self.assertEqual(os.sched_getscheduler(d.process.pid), os.SCHED_OTHER)

    def test_it_stands_still_while_there_is_more_to_read(self):
        with Program("VSMD_FAILING"), Daemon(config(), env={**self.ENV, "VSM_FAILPOINT": "checkpoint_read"}) as d:
            submit(d, 20)
            child = self.await_child_that_stands(d.process.pid)
            c, first = d.client(), d.ingest().received
            batches = [batch(*(event("first.started", f"more-{i}-{k}", at=first + i) for k in range(1000))) for i in range(50)]
            for b in batches:
                c.send(b)
            self.assertTrue(c.receive()[1].durable)  # so there is more to read for some time
            with contextlib.suppress(PermissionError):  # or on a busy machine it has its turn when there is nothing more to read
                os.sched_setscheduler(child, os.SCHED_OTHER, os.sched_param(0))
            os.kill(child, signal.SIGCONT)
            self.await_child_that_waits(child)
            for _ in batches[1:]:
                self.assertTrue(c.receive()[1].durable)
            d.log.wait(r"^event=checkpoint position=")

    @staticmethod
    def waits(child):
        """In the handler of that signal, and not in a statement of the journal, which waits for nobody."""
        with open(f"/proc/{child}/status") as f:
            text = f.read()
        blocked = int(re.search(r"^SigBlk:\s*([0-9a-f]+)", text, re.M)[1], 16)
        return bool(blocked >> (signal.SIGURG - 1) & 1) and re.search(r"^State:\s*S", text, re.M) is not None

    def await_child_that_waits(self, child):
        end, seen = time.monotonic() + DEADLINE, 0
        while seen < 20:
            self.assertLess(time.monotonic(), end, "it goes on all the time")
            seen = seen + 1 if self.waits(child) else 0

    def await_child_that_stands(self, daemon):
        return poll("a child of it that stands still", lambda: next((c for c, state in children(daemon) if state == "T"), None))

    def test_one_at_a_time(self):
        with Daemon(config()) as d:
            submit(d, 5)
            with open(os.path.join(directory(d), "checkpoint.lock"), "w") as f:
                fcntl.flock(f, fcntl.LOCK_EX)
                self.assertIn("another process makes one", make_checkpoint(d, status=1))
            make_checkpoint(d)

    def test_a_directory_without_a_journal(self):
        with Daemon(harness.config()) as d:
            os.mkdir(directory(d))
            self.assertIn("there is no journal", make_checkpoint(d, status=1))


class Trimming(unittest.TestCase):
    ENV = {"VSM_CHECKPOINT_EVENTS": "20"}
    TEXT = config().replace("daemon:\n", "daemon:\n  journal: { max: 1MiB }\n", 1)

    @staticmethod
    def oldest(d):
        with contextlib.closing(sqlite3.connect(f"file:{directory(d)}/journal.db?mode=ro", uri=True)) as db:
            return db.execute("SELECT coalesce(min(first), 1) FROM groups").fetchone()[0]

    def fill(self, d):
        """Until the journal was trimmed."""
        c, i, end = d.client(), 0, time.monotonic() + DEADLINE
        while self.oldest(d) == 1:
            self.assertLess(time.monotonic(), end, "the journal was not trimmed")
            self.assertTrue(c.submit(batch(event("first.started", str(i), at=i, id="x" * 60000))).durable)
            i += 1

    def test_what_two_checkpoints_cover_goes(self):
        with Program("VSMD_FAILING"), Daemon(self.TEXT, env=self.ENV) as d:
            self.fill(d)
            self.assertLessEqual(self.oldest(d), checkpoints(d)[1])
            before = snapshot(d)
            d.end()
            newer, older, *rest = checkpoints(d)
            self.assertLessEqual(self.oldest(d), older)
            for position in rest:  # the daemon was killed while one was to be removed
                os.remove(checkpoint_file(d, position))
            for spoilt in (newer, None):  # the newest alone, and the older one alone, are enough
                d.start_again()
                self.assertEqual(snapshot(d), before)
                d.end()
                if spoilt:
                    os.truncate(checkpoint_file(d, spoilt), 0)
            os.remove(checkpoint_file(d, older))
            r = subprocess.run([harness.VSMD, "--config", d.path], capture_output=True, text=True, cwd=d.directory,
                               timeout=DEADLINE)
            self.assertEqual(r.returncode, 1)
            self.assertRegex(r.stderr, 'event=journal_damaged first=1 last=[0-9]+ why="rows that are missing"')
            d.start_again("--salvage")

    def test_a_crowded_journal_calls_for_checkpoints(self):
        with Program("VSMD_FAILING"), Daemon(self.TEXT, env={"VSM_CHECKPOINT_EVENTS": "1000000000"}) as d:
            self.fill(d)
            self.assertEqual(len(checkpoints(d)), 2)

    def test_what_a_failed_process_left_does_not_count(self):
        """Its checkpoint has a name, which a power cut may take; those of three lie there, and nothing goes."""
        env = {**self.ENV, "VSM_FAILPOINT": "checkpoint_renamed:1", "VSM_CHECKPOINT_RETRY": "1"}
        with Program("VSMD_FAILING"), Daemon(self.TEXT, env=env) as d:
            c, i, end = d.client(), 0, time.monotonic() + DEADLINE
            while len(checkpoints(d)) < 3 or i < 60:
                self.assertLess(time.monotonic(), end)
                self.assertTrue(c.submit(batch(event("first.started", str(i), at=i, id="x" * 60000))).durable)
                i += 1
            received = d.ingest().received
            self.assertEqual(self.oldest(d), 1)
            d.end()
            d.start_again(env=self.ENV)  # a start syncs the directory: now they count
            self.assertEqual(d.ingest().received, received)
            self.fill(d)

    def test_as_long_as_nothing_is_too_old_or_too_much_it_stays(self):
        with Program("VSMD_FAILING"), Daemon(config(), env=self.ENV) as d:
            for _ in range(3):
                with d.log.expect(r"^event=checkpoint position="):
                    submit(d, 20)
            self.assertEqual(self.oldest(d), 1)


if __name__ == "__main__":
    harness.main()
