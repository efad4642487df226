"""vsm forget: what is held of an item goes, its counts stay, and in the end no file of the state directory knows of it."""
import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import unittest

import harness
from harness import Daemon, batch, children, event, poll
from state import Program, checkpoint_file, checkpoints, config, directory, files_with, make_checkpoint, snapshot

VSM = os.path.join(os.path.dirname(harness.VSMD), "vsm")
LINKED = ('  - { source: "*", type: known, stage: S/first, lifecycle: start, item: "S:{subject}", links: ["order:{data.order}"],'
          ' due: "{data.due}" }\n')
SECRET = b"MRS-ROBINSON"


def vsm(d, *args):
    return subprocess.run([VSM, *args, "--query", d.endpoint("query")], capture_output=True, text=True,
                          timeout=harness.DEADLINE, check=False)


def figures(d):
    s = d.snapshot().value_streams[0]
    return [(g.windows[0].arrivals, g.windows[0].departures) for g in s.stages], s.windows[0].started, s.wip


ORDERS = config()
CUSTOMERS = ORDERS.replace('item: "S:{subject}"', 'item: "S:{data.customer}"')


def ordered(n, customer):
    return event("first.started", str(n), customer=customer)


class Forget(unittest.TestCase):
    def tell(self, d, secret=True):
        name = SECRET.decode()
        c = d.client()
        for i in range(20):
            b = [event("first.started", str(i), at=60 * i)]
            if secret and i % 5 == 0:  # among others, in one batch with them
                b += [event("first.started", name, at=60 * i, order="CONTRACT-9"),
                      event("known", name, at=60 * i + 1, order="CONTRACT-9", due="2031-01-02T03:04:05Z"),
                      event("nobody.knows", name, at=60 * i), event("nobody.knows", "x", who="CONTRACT-9", at=60 * i)]
            self.assertEqual(c.submit(batch(*b)).rejected, 0)

    def forget(self, d):
        log = len(d.log.lines)
        done = vsm(d, "forget", "S:" + SECRET.decode())
        self.assertEqual((done.returncode, done.stdout), (0, f"forgotten: S:{SECRET.decode()}\n"))
        return log

    def test_nothing_is_left_of_it(self):
        with Daemon(config() + LINKED) as d:
            self.tell(d)
            self.assertTrue(files_with(directory(d), SECRET))
            arrivals, started, wip = figures(d)
            log = self.forget(d)
            after = figures(d)
            self.assertEqual((after[1], after[2]), (started, wip - 1))
            self.assertEqual([a for a, _ in after[0]], [a for a, _ in arrivals])
            self.assertIn("no item has the key", d.ask(item={"key": "order:CONTRACT-9"}).error)
            d.log.wait("^event=forgotten ", after=log)
            self.assertEqual(files_with(directory(d), SECRET, b"CONTRACT-9", b"2031-01-02T03:04:05Z"), [])
            before = snapshot(d)
            d.end(signal.SIGKILL)
            d.start_again()
            self.assertEqual(snapshot(d), before)
            self.assertEqual(files_with(directory(d), SECRET, b"CONTRACT-9"), [])
            # A later event under the key begins a new item.
            d.client().submit(batch(event("first.started", SECRET.decode(), at=5000)))
            self.assertEqual(len(d.ask(item={"key": f"S:{SECRET.decode()}"}).item.transitions), 1)

    def test_from_the_journal_alone_others_are_what_they_were(self):
        with Daemon(config() + LINKED) as d:
            self.tell(d)
            log = self.forget(d)
            d.log.wait("^event=forgotten ", after=log)
            others = [str(d.ask(item={"key": f"S:{i}"}).item) for i in range(20)]
            d.end()
            for name in os.listdir(directory(d)):
                if name.startswith("checkpoint.") and name != "checkpoint.lock":
                    os.remove(os.path.join(directory(d), name))
            d.start_again()
            self.assertEqual([str(d.ask(item={"key": f"S:{i}"}).item) for i in range(20)], others)
            self.assertIn("no item has the key", d.ask(item={"key": f"S:{SECRET.decode()}"}).error)

    def test_a_rebuild(self):
        """It knows nothing of the item, nor of its counts, once the journal does not either; until then it goes by the
        order like any start."""
        with Daemon(config() + LINKED) as d, Daemon(config() + LINKED) as fresh:
            self.tell(d)
            self.tell(fresh, secret=False)
            log = self.forget(d)
            counts = figures(d)
            self.assertNotEqual(counts, figures(fresh))
            self.assertEqual(vsm(d, "rebuild").returncode, 0)
            self.assertIn(figures(d), (counts, figures(fresh)))  # by how far the forgetting is
            self.assertIn("no item has the key", d.ask(item={"key": f"S:{SECRET.decode()}"}).error)
            d.log.wait("^event=forgotten ", after=log)
            self.assertEqual(vsm(d, "rebuild").returncode, 0)
            self.assertEqual(figures(d), figures(fresh))
            self.assertEqual(files_with(directory(d), SECRET, b"CONTRACT-9"), [])
            d.end(signal.SIGKILL)
            d.start_again()
            self.assertEqual(figures(d), figures(fresh))

    def test_a_rebuild_while_it_is_looked_for(self):
        """What is found is put in other words when nobody reads the whole journal any more: not beside the process that
        begins before the rebuild, which would have the item's events as they were, and the order without its keys."""
        with Program("VSMD_FAILING"), Daemon(config() + LINKED) as d:
            self.tell(d)
            d.end()
            d.start_again(env={"VSM_FAILPOINT": "checkpoint_read"})  # there each process that makes one stops
            standing = lambda: next((pid for pid, state in children(d.process.pid) if state == "T"), None)
            log = self.forget(d)
            for n in range(3):
                child = poll("one to stop", standing)
                if n == 1:  # the one that looks for it
                    self.assertEqual(vsm(d, "rebuild").returncode, 0)
                elif n == 2:  # the one that begins before the rebuild
                    self.assertIn("forget.records", os.listdir(directory(d)))
                    self.assertIn(("journal.db", SECRET), files_with(directory(d), SECRET))
                os.kill(child, signal.SIGCONT)
                poll("it to end", lambda: child not in [pid for pid, _ in children(d.process.pid)])

            def over():
                if child := standing():
                    os.kill(child, signal.SIGCONT)
                return any(line.startswith("event=forgotten ") for line in d.log.lines[log:])
            poll("it to be forgotten", over)
            self.assertEqual(files_with(directory(d), SECRET, b"CONTRACT-9"), [])
            before = snapshot(d)
            d.end(signal.SIGKILL)
            d.start_again()
            self.assertEqual(snapshot(d), before)

    def test_killed_on_the_way_it_goes_on(self):
        for failpoint in ("rewrite:1", "rewrite:2", "unused:1", "checkpoint_renamed:1"):
            with self.subTest(failpoint), Daemon(config() + LINKED) as d:
                self.tell(d)
                d.end()
                with Program("VSMD_FAILING"):
                    d.start_again(env={"VSM_FAILPOINT": failpoint})
                    self.forget(d)
                    if failpoint.startswith("checkpoint"):
                        d.log.wait("^event=checkpoint_failed")
                        d.end()
                    else:
                        self.assertEqual(d.wait(), -signal.SIGKILL)
                        d.process.stderr.close()
                d.start_again()
                d.log.wait("^event=forgotten ")
                self.assertEqual(files_with(directory(d), SECRET, b"CONTRACT-9"), [])

    def test_a_search_of_an_earlier_start_that_found_nothing(self):
        """It was done before the order was on disk, and does not say that nothing is left."""
        with Program("VSMD_FAILING"), Daemon(config() + LINKED) as d:
            self.tell(d)
            d.end()
            d.start_again(env={"VSM_FAILPOINT": "checkpoint_read"})  # there the process that makes one stops
            self.forget(d)
            poll("it to stop", lambda: any(state == "T" for _, state in children(d.process.pid)))
            d.end(signal.SIGKILL)
            with open(os.path.join(directory(d), "forget.records"), "xb"):
                pass
            d.start_again(env={"VSM_CHECKPOINT_RETRY": "1"})
            d.log.wait("^event=forgotten ")
            self.assertEqual(files_with(directory(d), SECRET, b"CONTRACT-9"), [])

    def test_what_was_set_aside_goes(self):
        with Daemon(config() + LINKED) as d:
            self.tell(d)
            state = directory(d)
            make_checkpoint(d)
            name = next(n for n in os.listdir(state) if n.startswith("checkpoint.") and n != "checkpoint.lock")
            shutil.copyfile(os.path.join(state, name), os.path.join(state, "checkpoint.3.bad"))
            shutil.copyfile(os.path.join(state, "history.db"), os.path.join(state, "history.db.bad"))
            log = self.forget(d)
            d.log.wait("^event=forgotten ", after=log)
            self.assertEqual(files_with(directory(d), SECRET), [])

    def history_is_of_version(self, d, version):
        """Only of version 1 does vsmd change it."""
        with contextlib.closing(sqlite3.connect(os.path.join(directory(d), "history.db"))) as db:
            db.execute(f"PRAGMA user_version = {version}")

    def test_it_is_not_done_while_the_history_cannot_be_changed(self):
        """Of changes of history.db that failed a later one makes up for what was forgotten meanwhile, and for that alone."""
        done = f'{SECRET.decode()}-DONE'
        story = [event(type, subject, at=at) for subject in (done, "kept") for at, type in enumerate(("first.started", "second.done"))]
        for when in ("before the checkpoint", "behind the checkpoint"):
            with self.subTest(when), Program("VSMD_FAILING"), Daemon(config() + LINKED, env={"VSM_CHECKPOINT_RETRY": "1"}) as d:
                self.assertEqual(d.client().submit(batch(*story)).rejected, 0)
                make_checkpoint(d)
                self.history_is_of_version(d, 9)
                d.client().submit(batch(event("first.started", "more")))
                if when == "before the checkpoint":
                    self.assertEqual(vsm(d, "forget", f"S:{done}").returncode, 0)
                    d.log.wait('^event=trouble what=".*history.db could not be brought up to date')
                    for _ in range(3):  # each of them would have found it
                        d.log.wait("^event=checkpoint ", after=len(d.log.lines))
                    self.assertNotIn("event=forgotten", d.log.text())
                    self.history_is_of_version(d, 1)
                else:
                    make_checkpoint(d, status=3)
                    self.history_is_of_version(d, 1)
                    self.assertEqual(vsm(d, "forget", f"S:{done}").returncode, 0)
                d.log.wait("^event=forgotten ")
                self.assertEqual(files_with(directory(d), done.encode()), [])
                self.assertTrue([name for name, _ in files_with(directory(d), b"S:kept") if name == "history.db"])

    def test_it_cannot_be_looked_for(self):
        """A search that fails is said, and tried again after a while, not at once."""
        with Program("VSMD_FAILING"), Daemon(config(), env={"VSM_CHECKPOINT_RETRY": "1"}) as d:
            d.client().submit(batch(event("first.started", SECRET.decode(), at=1)))
            os.mkdir(os.path.join(directory(d), "forget.new"))  # which is to be a file
            with d.log.expect('^event=trouble what="what is to be forgotten still stands in '):
                self.assertEqual(vsm(d, "forget", f"S:{SECRET.decode()}").returncode, 0)
            with d.log.expect("^event=forgotten "):
                os.rmdir(os.path.join(directory(d), "forget.new"))
            self.assertEqual(files_with(directory(d), SECRET), [])
            poll("the trouble to be over", lambda: d.status().trouble == "")

    def test_what_is_sealed(self):
        """Nobody holds it any more; journal and history.db have it, under keys that are given one by one."""
        day, name = 86400, SECRET.decode()
        text = (config() + LINKED).replace("daemon:\n", "daemon:\n  items: { keep: 2d }\n", 1)
        story = [event(type, subject, at=at) for subject in (name, "kept") for at, type in enumerate(("first.started", "second.done"))]
        for told in (True, False):  # in history.db before the order comes
            with self.subTest(told=told), Daemon(text) as d:
                c = d.client()
                self.assertEqual(c.submit(batch(*story, event("known", name, order="CONTRACT-9"))).rejected, 0)
                for n in (10, 11):
                    c.submit(batch(event("first.started", "later", at=n * day)))
                if told:
                    make_checkpoint(d)
                refused = vsm(d, "forget", f"S:{name}")
                self.assertEqual(refused.returncode, 1)
                self.assertIn("--sealed", refused.stderr)
                counts = figures(d)
                for key in (f"S:{name}", "order:CONTRACT-9"):
                    done = vsm(d, "forget", key, "--sealed")
                    self.assertEqual((done.returncode, done.stdout), (0, f"forgotten: {key}\n"))
                d.log.wait("^event=forgotten ")
                self.assertEqual(files_with(directory(d), SECRET, b"CONTRACT-9"), [])
                with contextlib.closing(sqlite3.connect(os.path.join(directory(d), "history.db"))) as db:
                    self.assertEqual(db.execute("SELECT item, sealed FROM items ORDER BY item").fetchall(), [("S:kept", 1), ("S:later", 0)])
                self.assertEqual(figures(d), counts)
                before = snapshot(d)
                d.end(signal.SIGKILL)
                d.start_again()
                self.assertEqual(snapshot(d), before)

    def test_without_a_state_directory(self):
        with Daemon(harness.config() + LINKED) as d:
            self.tell(d)
            self.forget(d)
            self.assertIn("no item has the key", d.ask(item={"key": "order:CONTRACT-9"}).error)

    def test_what_is_not_known_is_not_forgotten(self):
        with Daemon(config() + LINKED) as d:
            self.tell(d)
            unknown = vsm(d, "forget", "S:nobody")
            self.assertEqual(unknown.returncode, 1)
            self.assertIn('no item has the key "S:nobody"', unknown.stderr)
            self.assertIn("no item has the key", d.ask(forget={}).error)
            self.assertNotIn("forgetting", os.listdir(directory(d)))  # nor is it looked for


class MappedOtherwise(unittest.TestCase):
    """Items were customers, and are orders now: what goes is what counted for the item when the order came."""

    def reload(self, d, text):
        d.write(text)
        self.assertEqual(d.ask(reload={}).error, "")

    def rebuild(self, d, *words):
        self.assertEqual(vsm(d, "rebuild", *words).returncode, 0)

    def forget(self, d, key):
        log = len(d.log.lines)
        self.assertEqual(vsm(d, "forget", key).returncode, 0)
        d.log.wait("^event=forgotten ", after=log)

    def keys(self, d):
        return sorted(i.item for i in d.ask(items={}).items.items)

    def from_the_journal_alone(self, d):
        d.end()
        for position in checkpoints(d):
            os.remove(checkpoint_file(d, position))
        d.start_again()
        return self.keys(d)

    def test_a_rebuild_before(self):
        name = SECRET.decode()
        with Daemon(CUSTOMERS) as d:
            d.client().submit(batch(ordered(name, "C1"), ordered("kept", "C1"), ordered("x", name), ordered("y", "CONTRACT-9")))
            self.reload(d, ORDERS)
            self.rebuild(d)
            d.client().submit(batch(ordered(name, "C2"), ordered("later", "C2")))
            self.forget(d, f"S:{name}")
            self.assertEqual(self.keys(d), ["S:kept", "S:later", "S:x", "S:y"])
            self.assertEqual(self.from_the_journal_alone(d), ["S:kept", "S:later", "S:x", "S:y"])
            self.forget(d, "S:x")  # the one whose event has the name, too, as that of a customer
            self.assertEqual(files_with(directory(d), SECRET), [])
            self.rebuild(d)
            self.assertEqual(self.keys(d), ["S:kept", "S:later", "S:y"])

    def test_a_rebuild_behind(self):
        """It may find the order with its keys or without; either way the next one has of the journal what is there."""
        with Daemon(CUSTOMERS) as d:
            d.client().submit(batch(ordered(1, "7"), ordered(2, "7"), ordered(7, "9")))
            log = len(d.log.lines)
            self.assertEqual(vsm(d, "forget", "S:7").returncode, 0)
            self.reload(d, ORDERS)
            self.rebuild(d)
            d.log.wait("^event=forgotten ", after=log)
            self.rebuild(d)
            self.assertEqual(self.keys(d), ["S:7"])
            self.assertEqual(self.from_the_journal_alone(d), ["S:7"])

    def test_between_rebuilds(self):
        """Each order by its own: of two rebuilds, of none, also where its event came behind one."""
        with Daemon(CUSTOMERS) as d:
            c = d.client()
            c.submit(batch(ordered(1, "7"), ordered(2, "8"), ordered(3, "9")))
            self.reload(d, ORDERS)
            self.rebuild(d)
            self.assertEqual(vsm(d, "forget", "S:2").returncode, 0)
            c.submit(batch(ordered(8, "3"), ordered(4, "8")))
            self.reload(d, CUSTOMERS)
            c.submit(batch(ordered(5, "1"), ordered(6, "1")))
            self.rebuild(d)
            self.assertEqual(vsm(d, "forget", "S:1").returncode, 0)
            self.assertEqual(vsm(d, "forget", "S:3").returncode, 0)
            poll("all to be forgotten", lambda: "forgetting" not in os.listdir(directory(d)))
            self.reload(d, ORDERS)
            self.rebuild(d)
            self.assertEqual(self.keys(d), ["S:1", "S:3", "S:4"])

    @contextlib.contextmanager
    def trimmed(self, text):
        """The configuration that the secret came under is gone, and its event is not."""
        with Daemon(self.small(text)) as d:
            c, large = d.client(), "x" * 60000
            for n in range(30):
                c.submit(batch(event("first.started", f"o{n}", at=n, customer=f"c{n}", text=large)))
            c.submit(batch(ordered("SOMEBODY", SECRET.decode()), ordered("another", "c")))
            for n in range(2):
                c.submit(batch(event("first.started", f"p{n}", at=n, customer=f"q{n}")))
                make_checkpoint(d)
            d.end()
            d.start_again()
            with contextlib.closing(sqlite3.connect(f"file:{directory(d)}/journal.db?mode=ro", uri=True)) as db:
                poll("it to be trimmed", lambda: db.execute("SELECT min(first) FROM groups").fetchone()[0] > 3)
            yield d

    @staticmethod
    def small(text):
        return text.replace("daemon:\n", "daemon:\n  journal: { max: 1MiB }\n", 1)

    def test_a_configuration_that_was_trimmed(self):
        for changed in (False, True):
            with self.subTest(changed=changed), self.trimmed(CUSTOMERS) as d:
                if changed:
                    self.reload(d, self.small(ORDERS))
                self.forget(d, f"S:{SECRET.decode()}")
                self.assertEqual(files_with(directory(d), SECRET), [])
                self.rebuild(d, "--partial")
                self.assertIn("S:another" if changed else "S:c", self.keys(d))

    def test_a_configuration_that_was_trimmed_and_is_in_force(self):
        """Then it is known: an event of another item stays, whatever it has for a value."""
        with self.trimmed(ORDERS) as d:
            d.client().submit(batch(ordered(SECRET.decode(), "c")))
            self.forget(d, f"S:{SECRET.decode()}")
            self.rebuild(d, "--partial")
            self.assertIn("S:SOMEBODY", self.keys(d))
            self.assertNotIn(f"S:{SECRET.decode()}", self.keys(d))


harness.main()
