"""The state directory: what was acked is there after any end, and what was there is what it was."""
import os
import signal
import sqlite3
import shutil
import stat
import subprocess
import tempfile
import unittest

import harness
from harness import DEADLINE, Daemon, batch, event, reasons
from state import Program, config, item, snapshot, some_batches


class Recovery(unittest.TestCase):
    def check_same_after(self, d, number):
        before, story = snapshot(d), item(d, "S:1")
        self.assertIn(d.end(number), (0, -signal.SIGKILL))
        d.start_again()
        self.assertEqual(snapshot(d), before)
        self.assertEqual(item(d, "S:1"), story)  # with the lines of its rules

    def test_the_same_after_any_end(self):
        with Daemon(config()) as d:
            for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGKILL):
                c = d.client()
                for b in some_batches(20, first=d.snapshot().ingest.received):
                    self.assertTrue(c.submit(b).durable)
                c.submit(batch(source="quiet"))
                self.check_same_after(d, number)

    def test_what_the_bounds_of_an_item_left_out(self):
        """Also where they are others than by default, before a reload and after it."""
        links = '  - { source: "*", type: linked, stage: S/first, lifecycle: start, item: "S:{subject}", links: ["S:{data.with}"] }\n'
        text = (config() + links).replace("    outcome: Done\n", "    outcome: Done\n    segments: [area]\n")
        few = text.replace("daemon:\n", "daemon:\n  limits: { keys: 3, transitions: 4, segment_values: 2 }\n", 1)
        with Daemon(few) as d:
            c = d.client()
            for i in range(6):
                linked = event("linked", "1", at=float(i), **{"with": str(10 + i)})
                c.submit(batch(linked, event("first.started", str(20 + i), area=f"a{i}")))
            met = {b.name: (b.now, b.most, b.beyond) for b in d.status().bounds}
            self.assertEqual((met["keys"], met["transitions"], met["segment_values"]), ((0, 3, 2), (0, 4, 2), (2, 2, 4)))
            self.check_same_after(d, signal.SIGKILL)
            d.write(text)
            self.assertFalse(d.ask(reload={}).error)
            d.client().submit(batch(event("linked", "1", at=9.0, **{"with": "19"}), event("first.started", "29", area="a9")))
            self.check_same_after(d, signal.SIGKILL)
            self.assertEqual(len(d.ask(item={"key": "S:1"}).item.keys), 4)

    def test_the_wall_clock(self):
        with Daemon(config(clock="wall")) as d:
            c = d.client()
            for b in some_batches(20):
                c.submit(b)
            c.submit(batch(event(at=None, subject="now")))
            def timeless():
                counts = [(s.wip, [w.arrivals for w in s.windows]) for s in d.snapshot().value_streams[0].stages]
                sources = d.ask(sources={})
                for s in sources.sources.sources:
                    s.per_minute = 0  # of the last quarter of an hour: it depends on when one asks
                return str(d.ask(item={"key": "S:now"}).item.transitions), counts, d.ingest(), sources
            before = timeless()
            d.end()
            d.start_again()
            self.assertEqual(timeless(), before)

    def test_a_wall_clock_that_is_behind_the_journal(self):
        with Program("VSMD_JUMPING"), Daemon(config(clock="wall"), env={"VSM_HOURS_AHEAD": "1"}) as d:
            d.client().submit(batch(event(at=None)))
            then = d.ask(sources={}).sources.sources[0].last_unix_nano // 1000 * 1000
            d.end()
            d.start_again()
            d.log.wait(r'^event=trouble what="the wall clock ')
            self.assertGreaterEqual(d.status().time_unix_nano, then)
            self.assertEqual(d.client().submit(batch(event(at=None, subject="2"))).accepted, 1)

    def test_what_was_published_is_kept_too(self):
        with Daemon(config()) as d:
            s = d.source()
            s.send_multipart([b"v1/event/crm/", batch(event(), event(subject="2")).SerializeToString()])
            d.await_ingest(received=2)
            d.client().submit(batch(event(subject="3")))  # acked: so is everything before it
            self.check_same_after(d, signal.SIGKILL)
            self.assertEqual(d.ingest().received, 3)

    def test_frames_that_are_no_batch_are_answered_and_not_kept(self):
        with Daemon(config()) as d:
            c = d.client()
            first = c.send(b"\xff\xff")
            second = c.send(batch(event()))
            third = c.send(b"\xff\xff")
            acks = dict(c.receive() for _ in range(3))
            self.assertEqual(list(acks), [first, second, third])
            self.assertEqual(reasons(acks[first]), [(0, "bad_frame")])
            self.assertEqual(c.submit(b"\xff").rejected, 1)  # nothing is under way
            self.assertEqual(d.ingest().received, 4)
            d.end()
            d.start_again()
            self.assertEqual(d.ingest().received, 1)

    def test_the_status_tells_of_the_disk(self):
        with Daemon(config()) as d:
            self.assertTrue(d.client().submit(batch(event())).durable)
            status = d.status()
            self.assertTrue(0 < status.commit_worst_seconds < DEADLINE)
            self.assertEqual(status.waiting_bytes, 0)  # an ack came
            self.assertGreater(status.disk_free_bytes, 0)
            vsm = os.path.join(os.path.dirname(harness.VSMD), "vsm")
            said = subprocess.run([vsm, "status", "--query", d.endpoint("query")], check=True, capture_output=True, text=True).stdout
            self.assertRegex(said, r"(?m)^disk: [\d.]+ GB free$")
            self.assertRegex(said, r"(?m)^acks: at most \d+ ms behind their batches, in the last minutes; 0\.0 kB wait$")

    def test_acks_in_the_order_of_requests(self):
        with Daemon(config()) as d:
            c = d.client()
            ids = [c.send(batch(event(subject=str(i)))) for i in range(2000)]
            acks = [c.receive() for _ in ids]
            self.assertEqual([id for id, _ in acks], ids)
            self.assertTrue(all(ack.durable for _, ack in acks))
            d.end()
            d.start_again()
            self.assertEqual(d.ingest().applied, 2000)

    def test_at_the_end_all_acks_go_out(self):
        with Daemon(config()) as d:
            c = d.client()
            ids = [c.send(batch(event(subject=str(i)))) for i in range(500)]
            self.assertEqual(c.receive()[0], ids[0])
            self.assertEqual(d.end(signal.SIGTERM), 0)
            acked = 1
            c.socket.rcvtimeo = 500
            try:
                while True:
                    c.receive()
                    acked += 1
            except harness.zmq.Again:
                pass
            d.start_again()
            self.assertEqual(d.ingest().applied, acked)

    def test_progress(self):
        with Daemon(config()) as d:
            c, n = d.client(SNDHWM=0), 1000
            frame = batch(*(event(subject=str(i)) for i in range(n))).SerializeToString()
            times = 0
            while True:  # until it takes more than a second to read
                for _ in range(200):
                    c.send(frame)
                for _ in range(200):
                    c.receive()
                times += 200
                d.end()
                d._start()
                status = d.subscriber("v1/status/")
                early = d.client()
                early.send(batch(event(subject="early")))
                d.log.wait(r"^event=recovering percent=\d+ |^event=ready ")
                if "event=recovering" in d.log.text():
                    break
                early.receive()
                c = d.client(SNDHWM=0)
            _, p = status.receive()  # at once, as soon as it is subscribed to
            self.assertRegex(p.status.trouble, r"^the journal is read \(\d+ %\)")
            self.assertFalse(p.status.durable)
            self.assertEqual(early.receive()[1].accepted, 1)  # it waited
            recovered = d.log.wait(r"^event=recovered checkpoint=0 records=\d+ events=(\d+) seconds=[\d.]+$")
            self.assertGreaterEqual(int(recovered.group(1)), times * n)
            self.assertEqual(d.snapshot().value_streams[0].wip, n + 1)


class Configurations(unittest.TestCase):
    def test_a_reload_is_a_record(self):
        with Daemon(config()) as d:
            c = d.client()
            c.submit(batch(event("first.started")))
            d.write(config().replace("id: first,", "id: intake, was: first,").replace("S/first", "S/intake"))
            self.assertEqual(d.ask(reload={}).error, "")
            c.submit(batch(event("first.started", subject="2", at=1)))
            before = snapshot(d)
            d.end()
            d.start_again()
            self.assertEqual(snapshot(d), before)
            self.assertEqual(d.snapshot().value_streams[0].stages[0].active, 2)

    def test_a_file_that_changed_while_nobody_ran(self):
        with Daemon(config()) as d:
            d.client().submit(batch(event("first.started")))
            d.end()
            d.write(config(streams=("T", "S")))
            for _ in range(2):  # recorded at the first start, in force at the second
                d.start_again()
                self.assertEqual([(s.id, s.wip) for s in d.snapshot().value_streams], [("T", 0), ("S", 1)])
                d.end()
            d.start_again()
            d.client().submit(batch(event("first.started", subject="2", at=1)))
            self.assertEqual([(s.id, s.wip) for s in d.snapshot().value_streams], [("T", 1), ("S", 2)])

    def records(self, d):
        with sqlite3.connect(os.path.join(d.directory, "state", "journal.db")) as db:
            return db.execute("SELECT sum(n) FROM groups").fetchone()[0]

    def test_a_file_that_did_not_change_is_no_record(self):
        with Daemon(config()) as d:
            d.end(signal.SIGTERM)
            self.assertEqual(self.records(d), 2)  # the configuration, a start
            d.start_again()
            d.end(signal.SIGTERM)
            self.assertEqual(self.records(d), 3)
            d.write("# moved by a line\n" + config())  # so that rules stand elsewhere
            d.start_again()
            d.end(signal.SIGTERM)
            self.assertEqual(self.records(d), 5)
            d.start_again()

    def test_zones_come_from_the_journal(self):
        text = config().replace("value_streams:", "calendars:\n  - { id: office, zone: America/Chicago, week: [mon-fri "
                                "08:00-17:00] }\nvalue_streams:").replace("outcome: Done", "calendar: office\n    outcome: Done")
        with Daemon(text) as d:
            c = d.client()
            c.submit(batch(event("first.started")))
            c.submit(batch(event("first.done", at=30 * 86400 + 6 * 3600)))
            before = snapshot(d)
            d.end()
            with self.zones(d, "UTC") as elsewhere:
                d.start_again(env={"TZDIR": elsewhere})
                d.log.wait("event=recovered")
                changed = snapshot(d)  # folded anew: the file's zone is another one now
                self.assertNotEqual(changed, before)
                d.end()
                d.start_again(env={"TZDIR": elsewhere})
                self.assertEqual(snapshot(d), changed)
                d.end()
            d.start_again()
            self.assertEqual(snapshot(d), before)

    @staticmethod
    def zones(d, name):
        """A folder in which America/Chicago shows what another zone does."""
        folder = tempfile.TemporaryDirectory(dir=d.directory)
        os.mkdir(os.path.join(folder.name, "America"))
        shutil.copyfile(os.path.join("/usr/share/zoneinfo", name), os.path.join(folder.name, "America", "Chicago"))
        return folder

    def test_state_takes_a_restart(self):
        with Daemon(config()) as d:
            d.write(harness.config())
            self.assertIn("daemon.state differs", d.ask(reload={}).error)
            d.write(harness.config(state="elsewhere"))
            self.assertIn("daemon.state differs", d.ask(reload={}).error)


class Directory(unittest.TestCase):
    def refused(self, d, *args):
        r = subprocess.run([harness.VSMD, "--config", d.path, *args], capture_output=True, text=True, cwd=d.directory,
                           timeout=DEADLINE)
        self.assertEqual(r.returncode, 1)
        return r.stderr

    def test_it_is_made_private(self):
        with Daemon(config()) as d:
            mode = os.stat(os.path.join(d.directory, "state")).st_mode
            self.assertEqual(stat.S_IMODE(mode), 0o700)

    def test_one_daemon_has_it(self):
        with Daemon(config()) as d:
            self.assertIn(f"in use by process {d.process.pid};", self.refused(d))
            self.assertEqual(d.client().submit(batch(event())).accepted, 1)

    def test_a_place_where_none_can_be(self):
        with Daemon(config()) as d:
            d.write(harness.config(state="/proc/vsmd-state"))
            self.assertIn("/proc/vsmd-state", self.refused(d))

    def test_another_version(self):
        with Daemon(config()) as d:
            d.end()
            path = os.path.join(d.directory, "state", "journal.db")
            with sqlite3.connect(path) as db:
                db.execute("PRAGMA user_version = 99")
            self.assertIn("of format version 99; this vsmd reads version 1", self.refused(d))
            with sqlite3.connect(path) as db:
                db.execute("PRAGMA user_version = 1")
            d.start_again()

    def test_damage_is_said_and_can_be_salvaged(self):
        with Daemon(config()) as d:
            c = d.client()
            for i in range(10):
                c.submit(batch(event("first.started", str(i))))
            d.end()
            path = os.path.join(d.directory, "state", "journal.db")
            with sqlite3.connect(path) as db:
                rows = [first for first, n in db.execute("SELECT first, n FROM groups ORDER BY first") if n == 1][-4:]
                db.execute("UPDATE groups SET body = substr(body, 1, 16) || zeroblob(length(body) - 16) WHERE first IN (?, ?)",
                           (rows[0], rows[2]))
            said = self.refused(d)
            for first in (rows[0], rows[2]):
                self.assertRegex(said, rf"event=journal_damaged first={first} last={first} .*salvage=no")
            self.assertIn("--salvage goes on without it", said)
            self.assertIn("event=start_failed", said)
            d.start_again("--salvage")
            self.assertIn("salvage=yes", d.log.text())
            self.assertEqual(d.snapshot().value_streams[0].wip, 8)
            d.client().submit(batch(event("first.started", "new")))
            d.end()
            d.start_again()  # what was given up is known
            self.assertNotIn("journal_damaged", d.log.text())
            self.assertEqual(d.snapshot().value_streams[0].wip, 9)

    def test_a_first_configuration_that_is_gone(self):
        with Daemon(config()) as d:
            c = d.client()
            c.submit(batch(event("first.started")))
            c.submit(batch(event("first.started")))  # in another group than the first record, however slow the disk is
            d.end()
            with sqlite3.connect(os.path.join(d.directory, "state", "journal.db")) as db:
                db.execute("DELETE FROM groups WHERE first = 1")
            self.assertIn("event=journal_damaged first=1", self.refused(d))
            d.start_again("--salvage")
            left = d.snapshot().value_streams[0].wip
            self.assertLessEqual(left, 1)
            d.client().submit(batch(event("first.started", "2")))
            d.end()
            d.write(config(streams=("S", "T")))  # stands in for what came before the one that was recorded
            d.start_again()
            d.client().submit(batch(event("first.started", "3")))
            self.assertEqual([s.wip for s in d.snapshot().value_streams], [left + 2, left + 1])


class Disk(unittest.TestCase):
    def unheard(self, c):
        c.socket.rcvtimeo = 300
        with self.assertRaises(harness.zmq.Again):
            c.receive()
        c.socket.rcvtimeo = int(DEADLINE * 1000)

    def test_a_full_disk(self):
        with Program("VSMD_FAILING"), Daemon(config()) as d:
            c, s = d.client(), d.subscriber("v1/status/")
            c.submit(batch(event()))
            self.assertTrue(d.status().durable)
            d.process.send_signal(signal.SIGXFSZ)
            ids = [c.send(batch(event(subject=str(i)))) for i in range(5)]
            d.log.wait(r'^event=trouble what="acks stand still, and it is tried again: the disk is full in ')
            s.until(lambda _, p: "the disk is full" in p.status.trouble and not p.status.durable)
            status = d.status()
            self.assertIn("the disk is full", status.trouble)
            self.assertFalse(status.durable)
            self.assertGreater(status.waiting_bytes, 0)
            self.unheard(c)
            d.await_ingest(received=6)  # what is not durable may be seen
            d.process.send_signal(signal.SIGTTOU)
            self.assertEqual([c.receive()[0] for _ in ids], ids)
            d.log.wait(r'^event=trouble what="over"')
            self.assertTrue(d.status().durable)
            d.end()
            d.start_again()
            self.assertEqual(d.ingest().received, 6)

    def test_receiving_pauses_while_too_much_waits(self):
        with Program("VSMD_FAILING"), Daemon(config()) as d:
            c = d.client(SNDHWM=0)
            d.process.send_signal(signal.SIGXFSZ)
            large = "x" * 60000
            ids = [c.send(batch(event("unknown", str(i), id=large))) for i in range(1000)]  # 60 MB
            d.log.wait("the disk is full")
            received = d.ingest().received
            while d.ingest().received != received:
                received = d.ingest().received
            self.assertLess(received, 300)
            d.process.send_signal(signal.SIGTTOU)
            self.assertEqual([c.receive()[0] for _ in ids], ids)
            self.assertEqual(d.ingest().received, 1000)

    def test_a_failed_sync_is_final(self):
        with Program("VSMD_FAILING"), Daemon(config()) as d:
            c = d.client()
            c.submit(batch(event()))
            d.process.send_signal(signal.SIGTTIN)
            unacked = batch(event(subject="2"))
            c.send(unacked)
            d.log.wait(r'^event=trouble what="acks stand still until a restart: ')
            self.unheard(c)
            c.send(batch(event(subject="3")))
            self.unheard(c)
            self.assertFalse(d.status().durable)
            self.assertEqual(d.end(signal.SIGTERM), 0)
            d.start_again()
            self.assertTrue(d.status().durable)
            self.assertIn(d.ingest().received, (1, 2))
            self.assertEqual(d.client().submit(unacked).accepted, 1)
            self.assertEqual(d.snapshot().value_streams[0].wip, 2)


harness.main()
