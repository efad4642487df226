"""history.db: what docs/history.md says of it, and that a change of it comes to the same as making it anew."""
import contextlib
import os
import re
import sqlite3
import subprocess
import time
import unittest

import harness
from harness import DEADLINE, Daemon, batch, event, poll
from state import Program, config, directory, make_checkpoint, run_checkpoint

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
VSM = os.path.join(os.path.dirname(harness.VSMD), "vsm")
HOUR = 3600
MORE = """\
  - { source: "*", type: second.started, stage: S/second, lifecycle: start, item: "S:{subject}" }
  - { source: "*", type: held, stage: S/second, lifecycle: suspend, item: "S:{subject}", reason: why, party: customer }
  - { source: "*", type: known, stage: S/first, lifecycle: start, item: "S:{subject}", links: ["order:{data.order}"] }
"""


def text():
    return config(streams=("S",)).replace("outcome: Done", "outcome: Done\n    segments: [region]") + MORE


def path(d):
    return os.path.join(directory(d), "history.db")


def make_without_history(d):
    """A checkpoint, while somebody else writes history.db."""
    busy = sqlite3.connect(path(d))
    busy.execute("BEGIN IMMEDIATE")
    said = make_checkpoint(d, status=3)
    assert "event=history_failed" in said, said
    busy.rollback()
    busy.close()


def connect(d):
    db = sqlite3.connect(f"file:{path(d)}?mode=ro", uri=True)
    db.row_factory = sqlite3.Row
    return db


def ask(d, sql):
    db = connect(d)
    try:
        return [tuple(row) for row in db.execute(sql)]
    finally:
        db.close()


def all_of(d):
    """All that it says, but for numbers of rows."""
    items = ask(d, "SELECT value_stream, item, state, started_us, ended_us, lead_us, sealed, fingerprint, (SELECT "
                   "group_concat(key, '|') FROM (SELECT key FROM item_key WHERE item_id = id ORDER BY key)) FROM item "
                   "ORDER BY value_stream, item")
    visits = ask(d, "SELECT value_stream, item, v.* FROM visit v JOIN item ON id = item_id ORDER BY 1, 2, 4")
    segments = ask(d, "SELECT value_stream, item, attribute, value FROM item_segment JOIN item ON id = item_id ORDER BY 1, 2")
    return items, [v[:2] + v[3:] for v in visits], segments, ask(d, "SELECT * FROM stage"), ask(d, "SELECT * FROM history")


def story():
    """Five items, hours after T0 (2023-11-14 22:13:20, a Tuesday): their names say what becomes of them."""
    h = lambda hours, type, subject, **data: event(type, subject, at=hours * HOUR, **data)
    yield batch(h(0, "first.started", "plain", region="north"), h(2, "first.done", "plain"),
                h(3, "second.started", "plain"), h(6, "second.done", "plain"))
    yield batch(h(0, "first.started", "again", region="south"), h(1, "first.done", "again"),
                h(2, "second.started", "again"), h(4, "first.started", "again"), h(8, "first.done", "again"),
                h(9, "second.started", "again"), h(20, "second.done", "again"))
    yield batch(h(24, "first.started", "held", region="north"), h(26, "first.done", "held"),
                h(26, "second.started", "held"), h(28, "held", "held"), h(32, "second.done", "held"))
    yield batch(h(30, "first.started", "gone"), h(40, "cancelled", "gone"))
    yield batch(h(200, "first.started", "open", region="south"), h(210, "first.done", "open"))


class TenQuestions(unittest.TestCase):
    EXPECTED = {
        "throughput": [("S", "2023-46", 3)],
        "lead-time": [("S", 3, 8.0, 20.0)],
        "cycle-time": [("S", "second", 3, 22 / 3, 12.0), ("S", "first", 5, 19 / 5, 10.0)],
        "flow-efficiency": [("S", "first", 100.0, 0.0, 0.0), ("S", "second", 72.0, 12.0, 16.0)],  # of 19 h and 25 h
        "rework": [("S", "second", 1, 4, 25.0), ("S", "first", 1, 6, 16.7)],
        "variants": [("S", "first > second", 2, 7.0), ("S", "first > second > first > second", 1, 20.0)],
        "follows": [("S", "first", "second", 4, 0.0), ("S", "second", "first", 1, 0.0)],
        "slowest": [("S:again", 20.0, "second", 12.0), ("S:held", 8.0, "second", 6.0), ("S:plain", 6.0, "second", 4.0)],
        "by-segment": [("S", "region", "south", 1, 20.0), ("S", "region", "north", 2, 7.0)],
        "in-progress": [("2023-11-14", 2), ("2023-11-15", 1), *((f"2023-11-{day}", 0) for day in range(16, 23)),
                        ("2023-11-23", 1)],
    }

    @classmethod
    def setUpClass(cls):
        cls.daemon = cls.enterClassContext(Daemon(text()))
        for b in story():
            assert cls.daemon.client().submit(b).durable
        make_checkpoint(cls.daemon)
        with open(os.path.join(ROOT, "docs", "history.md"), encoding="utf-8") as f:
            cls.queries = dict(re.findall(r"^```sql (\S+)\n(.*?)^```$", f.read(), re.M | re.S))

    def test_each(self):
        self.assertEqual(set(self.queries), set(self.EXPECTED))
        self.assertEqual(len(self.queries), 10)
        for name, expected in self.EXPECTED.items():
            with self.subTest(name):
                got = ask(self.daemon, self.queries[name])
                self.assertEqual(len(got), len(expected), got)
                for row, wanted in zip(got, expected):
                    for a, b in zip(row, wanted):
                        self.assertAlmostEqual(a, b, places=9) if isinstance(b, float) else self.assertEqual(a, b)

    def test_the_documented_columns(self):
        with open(os.path.join(ROOT, "docs", "history.md"), encoding="utf-8") as f:
            page = f.read()
        for name in ("visits", "items", "item_key", "item_segment", "stage", "history"):
            row = re.search(rf"^\| `{name}` \| (.*) \|$", page, re.M).group(1)
            for _, column, *_ in ask(self.daemon, f"PRAGMA table_info({name})"):
                if column != "one":
                    self.assertIn(f"`{column}`", row, name)

    def test_the_same_as_the_daemon_says(self):
        position = ask(self.daemon, "SELECT position FROM history")[0][0]
        self.assertIn(f"checkpoint.{position}", os.listdir(directory(self.daemon)))
        for stage in self.daemon.snapshot().value_streams[0].stages:
            self.assertEqual(ask(self.daemon, f"SELECT count(*) FROM visits WHERE stage = '{stage.id}'"),
                             [(stage.windows[0].departures,)])
        self.assertEqual(ask(self.daemon, "SELECT state, count(*) FROM items GROUP BY state ORDER BY state"),
                         [("finished", 3), ("open", 1), ("withdrawn", 1)])
        exported = subprocess.run([VSM, "export", "--state", directory(self.daemon), "--format", "csv", "--what", "visits"],
                                  capture_output=True, text=True, check=True).stdout.splitlines()[1:]
        self.assertEqual(len(exported), ask(self.daemon, "SELECT count(*) FROM visits")[0][0])


class Changes(unittest.TestCase):
    def check_anew(self, d):
        """What it says must be what it says when it is made anew."""
        said = all_of(d)
        os.rename(path(d), path(d) + ".before")
        self.assertRegex(make_checkpoint(d), r"event=history position=\d+ items=\d+ written=\d+ removed=0 ")
        self.assertEqual(all_of(d), said)
        os.rename(path(d) + ".before", path(d))

    def test_only_what_changed_is_written(self):
        with Daemon(text()) as d:
            c = d.client()
            for b in story():
                c.submit(b)
            self.assertIn(" items=5 written=5 removed=0 ", make_checkpoint(d))
            self.assertNotIn("event=history", make_checkpoint(d))  # nothing came
            c.submit(batch(event("first.done", "plain", at=1 * HOUR)))  # late: it left the first stage earlier
            self.assertIn(" items=5 written=1 removed=1 ", make_checkpoint(d))
            self.check_anew(d)
            c.submit(batch(event("first.started", "new", at=300 * HOUR)))
            self.assertIn(" items=6 written=1 removed=0 ", make_checkpoint(d))
            self.check_anew(d)
            c.submit(batch(event("known", "new", at=301 * HOUR, order="7"), event("known", "plain", at=302 * HOUR, order="7")))
            self.assertIn(" items=5 written=1 removed=2 ", make_checkpoint(d))  # they are one
            self.assertEqual(ask(d, "SELECT i.item FROM items i JOIN item_key k ON k.item_id = i.id WHERE key = 'order:7'"),
                             [("S:plain",)])
            self.check_anew(d)

    def test_another_configuration(self):
        with Daemon(text()) as d:
            for b in story():
                d.client().submit(b)
            make_checkpoint(d)
            d.write(text().replace("id: first,", "id: intake, was: first,").replace("S/first", "S/intake"))
            self.assertEqual(d.ask(reload={}).error, "")
            make_checkpoint(d)
            self.assertEqual(ask(d, "SELECT DISTINCT stage, stage_name FROM visits ORDER BY stage_place"),
                             [("intake", "First"), ("second", "Second")])

    def test_what_was_let_go_of_unseen_stays(self):
        """A change that failed while a checkpoint was made: what that has sealed is not told any more."""
        day = 24 * HOUR
        with Daemon(text().replace("clock: event", "clock: event\n  items: { keep: 1d }", 1)) as d:
            d.client().submit(batch(event("first.started", "1"), event("second.done", "1", at=60)))
            make_checkpoint(d)
            d.client().submit(batch(event("first.started", "2", at=5 * day)))
            make_without_history(d)
            d.client().submit(batch(event("first.started", "3", at=5 * day)))
            make_checkpoint(d)
            self.assertEqual(ask(d, "SELECT item, state, sealed FROM item ORDER BY item"),
                             [("S:1", "finished", 1), ("S:2", "open", 0), ("S:3", "open", 0)])

    def test_what_changed_unseen_is_there_once(self):
        """A change that failed while a checkpoint was made: what it was before is not taken for what was let go of."""
        with Daemon(text()) as d:
            c = d.client()
            for b in story():
                c.submit(b)
            make_checkpoint(d)
            c.submit(batch(event("first.done", "plain", at=1 * HOUR)))
            make_without_history(d)
            c.submit(batch(event("first.started", "new", at=300 * HOUR)))
            self.assertIn(" items=6 written=2 removed=1 ", make_checkpoint(d))
            self.check_anew(d)

    def test_readers_see_what_was_before(self):
        with Daemon(text()) as d:
            c = d.client()
            for b in story():
                c.submit(b)
            make_checkpoint(d)
            db = connect(d)
            db.execute("BEGIN")
            before = db.execute("SELECT count(*) FROM visits").fetchone()[0]
            c.submit(batch(event("second.done", "open", at=400 * HOUR)))
            self.assertIn("event=history ", make_checkpoint(d))
            self.assertEqual(db.execute("SELECT count(*) FROM visits").fetchone()[0], before)
            db.execute("COMMIT")
            self.assertEqual(db.execute("SELECT count(*) FROM visits").fetchone()[0], before + 1)
            db.close()

    def test_killed_at_each_point(self):
        """A change is there whole or not at all, the next one makes up for it, and no checkpoint is without it."""
        for first in (True, False):
            for point in ("history_commit", "history_committed", "checkpoint_write", "checkpoint_renamed"):
                with self.subTest(point=point, first=first), Program("VSMD_FAILING"), Daemon(text()) as d:
                    c = d.client()
                    for b in story():
                        c.submit(b)
                    if not first:
                        make_checkpoint(d)
                    c.submit(batch(event("first.done", "plain", at=1 * HOUR)))
                    make_checkpoint(d, env={"VSM_FAILPOINT": f"{point}:1"}, status=-9)
                    if not first:
                        self.assertIn(len(all_of(d)[0]), (5,))
                    make_checkpoint(d)
                    self.check_anew(d)


class Sealed(unittest.TestCase):
    """Items that the daemon lets go of: here they stay, with all that they came to."""
    DAY = 24 * HOUR
    TEXT = text().replace("daemon:\n", "daemon:\n  items: { keep: 2d }\n", 1)

    def days(self, d, first, n):
        """A day of each: one item that finishes, one that began the day before and finishes now."""
        c = d.client()
        for day in range(first, first + n):
            at = day * self.DAY
            c.submit(batch(event("first.started", f"a{day}", at=at, region="north"), event("first.done", f"a{day}", at=at + HOUR),
                           event("second.started", f"a{day}", at=at + HOUR), event("second.done", f"a{day}", at=at + 3 * HOUR),
                           event("first.started", f"b{day}", at=at), event("first.done", f"b{day - 1}", at=at + 1),
                           event("second.done", f"b{day - 1}", at=at + 2)))

    def check(self, d):
        """Every visit that ever ended is there once; held are those that the daemon holds."""
        for stage in d.snapshot().value_streams[0].stages:
            self.assertEqual(ask(d, f"SELECT count(*) FROM visits WHERE stage = '{stage.id}'"), [(stage.windows[0].departures,)])
        names = [name for name, in ask(d, "SELECT item FROM items")]
        self.assertEqual(len(names), len(set(names)))
        for name, sealed in ask(d, "SELECT item, sealed FROM items"):
            known = not d.ask(item={"key": name}).error
            self.assertEqual(known, not sealed, name)
        return ask(d, "SELECT count(*) FROM items WHERE sealed")[0][0]

    def test_they_stay(self):
        with Daemon(self.TEXT) as d:
            self.days(d, 1, 4)
            make_checkpoint(d)
            few = self.check(d)
            self.days(d, 5, 10)  # most of these begin, end and are let go of between two changes
            make_checkpoint(d)
            many = self.check(d)
            self.assertGreater(many, few + 10)
            said = all_of(d)
            for name in os.listdir(directory(d)):  # as the journal alone has it
                if re.match(r"checkpoint\.\d|history", name):
                    os.remove(os.path.join(directory(d), name))
            make_checkpoint(d)
            self.assertEqual(all_of(d), said)

    def test_told_again_they_are_there_once(self):
        with Daemon(self.TEXT) as d:
            self.days(d, 1, 4)
            make_checkpoint(d)
            self.days(d, 5, 6)
            make_checkpoint(d)
            said = all_of(d)
            newest = max(int(n[11:]) for n in os.listdir(directory(d)) if re.fullmatch(r"checkpoint\.\d+", n))
            os.remove(os.path.join(directory(d), f"checkpoint.{newest}"))
            self.assertIn("event=checkpoint ", make_checkpoint(d))  # from the older one: all of them are let go of again
            self.assertEqual(all_of(d), said)
            self.days(d, 11, 2)
            make_checkpoint(d)
            self.check(d)

    def test_mapped_anew(self):
        with Daemon(self.TEXT) as d:
            self.days(d, 1, 8)
            make_checkpoint(d)
            d.write(self.TEXT.replace("id: second,", "id: last,").replace("S/second", "S/last"))
            self.assertEqual(d.ask(reload={}).error, "")
            self.assertEqual(d.ask(rebuild={}).error, "")
            self.days(d, 9, 1)
            end = time.monotonic() + DEADLINE
            while d.status().rebuild.state != "done":
                self.assertLess(time.monotonic(), end, str(d.status()))
            d.log.wait(r"^event=checkpoint ")  # of its own, as one is due then
            self.days(d, 10, 1)
            make_checkpoint(d)
            self.assertGreater(self.check(d), 5)
            self.assertEqual(ask(d, "SELECT DISTINCT stage FROM visits ORDER BY stage"), [("first",), ("last",)])


class InPart(unittest.TestCase):
    DAY = 24 * HOUR
    TEXT = config().replace("daemon:\n", "daemon:\n  items: { keep: 1d }\n  journal: { max: 1MiB }\n", 1)

    def submit(self, d, *events):
        self.assertEqual(d.client().submit(batch(*events)).rejected, 0)

    def done(self, name, day):
        return event("first.started", name, at=day * self.DAY), event("second.done", name, at=day * self.DAY + HOUR)

    def trim(self, d):
        """So that it begins behind the first day."""
        for n in range(5, 35):
            self.submit(d, *(event("first.done", f"large {n}", at=n * self.DAY, text="x" * 50000) for _ in range(2)))
        self.submit(d, event("second.done", "both", at=36 * self.DAY), *self.done("again", 36), *self.done("late", 36))
        for n in (40, 41):
            self.submit(d, event("first.done", "open", at=n * self.DAY))
            make_checkpoint(d)
        d.end()
        d.start_again()  # which looks at the journal at once
        with contextlib.closing(sqlite3.connect(f"file:{directory(d)}/journal.db?mode=ro", uri=True)) as db:
            poll("it to be trimmed", lambda: db.execute("SELECT min(first) FROM groups").fetchone()[0] > 3)

    def rebuild(self, d):
        log = len(d.log.lines)
        r = subprocess.run([VSM, "rebuild", "--partial", "--query", d.endpoint("query")], capture_output=True, text=True,
                           timeout=DEADLINE, check=False)
        self.assertEqual((r.returncode, r.stderr), (0, ""))
        d.log.wait("^event=checkpoint position=", after=log)

    def told(self, d):
        return ask(d, "SELECT item, sealed, started_us / 1000000 - 1700000000 FROM item WHERE item NOT LIKE '%large%' ORDER BY 1, 3")

    def test_what_was_sealed_stays(self):
        """But where the journal still has something of it, and where it was forgotten."""
        with Daemon(self.TEXT) as d:
            self.submit(d, *self.done("gone", 0), *self.done("again", 0), *self.done("forgotten", 0),
                        event("first.started", "both", at=2 * self.DAY))
            self.trim(d)
            before = self.told(d)
            day = 86400
            self.assertEqual(before, [("S:again", 1, 0), ("S:again", 1, 36 * day), ("S:both", 1, 2 * day), ("S:forgotten", 1, 0),
                                      ("S:gone", 1, 0), ("S:late", 1, 36 * day), ("S:open", 0, 40 * day)])
            with d.log.expect("^event=forgotten "):
                subprocess.run([VSM, "forget", "S:forgotten", "--sealed", "--query", d.endpoint("query")], timeout=DEADLINE, check=True)
            after = [(item, sealed, 36 * day if item == "S:both" else at) for item, sealed, at in before if item != "S:forgotten"]
            for n in range(2):
                self.rebuild(d)
                self.assertEqual(self.told(d), after)
                self.submit(d, event("second.started", "open", at=(42 + n) * self.DAY))
                make_checkpoint(d)
                self.assertEqual(self.told(d), after)


class Trouble(unittest.TestCase):
    def test_another_program_s_file_is_left_alone(self):
        with Daemon(text()) as d:
            d.client().submit(batch(event()))
            for sql, why in (("CREATE TABLE t(x)", "no history of vsmd; it was not changed"),
                             ("PRAGMA application_id = 0x76736d68; PRAGMA user_version = 9; CREATE TABLE t(x)",
                              "of format version 9; this vsmd writes version 1; it was not changed")):
                db = sqlite3.connect(path(d))
                db.executescript(sql)
                db.close()
                with open(path(d), "rb") as f:
                    bytes = f.read()
                d.client().submit(batch(event(at=1)))
                said = make_checkpoint(d, status=3)
                self.assertIn(why, said)
                self.assertIn("event=checkpoint position=", said)
                with open(path(d), "rb") as f:
                    self.assertEqual(f.read(), bytes)
                os.remove(path(d))

    def test_the_status_says_so(self):
        with Program("VSMD_FAILING"), Daemon(text(), env={"VSM_CHECKPOINT_EVENTS": "1"}) as d:
            with open(path(d), "wb") as f:
                f.write(b"")  # a database of nobody, which is not ours either
            d.client().submit(batch(event()))
            self.assertRegex(d.log.wait(r'^event=trouble what="(.*)"').group(1), "history.db could not be brought up")
            self.assertTrue(d.status().durable)
            os.remove(path(d))
            with d.log.expect(r'^event=trouble what="over"'):
                d.client().submit(batch(event(at=1)))
            self.assertEqual(d.status().trouble, "")

    def test_a_damaged_one_is_set_aside(self):
        with Daemon(text()) as d:
            d.client().submit(batch(event()))
            make_checkpoint(d)
            for spoil in (lambda f: f.write(b"no database"), lambda f: (f.seek(4096), f.write(b"\xff" * 8192))):
                with open(path(d), "r+b") as f:
                    spoil(f)
                d.client().submit(batch(event(at=1)))
                r = run_checkpoint(d)
                self.assertRegex(r.stderr, "event=history_(set_aside|failed) ")  # by where it is damaged
                self.assertEqual(r.returncode, 3 if "event=history_failed" in r.stderr else 0)
                if r.returncode:
                    make_checkpoint(d)
                self.assertEqual(ask(d, "SELECT count(*) FROM items"), [(1,)])
                self.assertTrue(os.path.exists(path(d) + ".bad"))
                os.remove(path(d) + ".bad")

    def test_a_reader_may_have_it_open_for_ever(self):
        with Daemon(text()) as d:
            d.client().submit(batch(event()))
            make_checkpoint(d)
            db = connect(d)
            db.execute("BEGIN")
            db.execute("SELECT count(*) FROM items").fetchone()
            for i in range(3):
                d.client().submit(batch(event(subject=str(i), at=i)))
                self.assertIn("event=history ", make_checkpoint(d))
            db.close()
            self.assertEqual(ask(d, "SELECT count(*) FROM items"), [(3,)])


if __name__ == "__main__":
    harness.main()
