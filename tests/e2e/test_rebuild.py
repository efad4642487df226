"""vsm rebuild: the whole journal mapped anew beside the running daemon, and switched in at once, whatever happens."""
import json
import os
import signal
import threading
import unittest

import harness
from harness import Daemon, batch, event, poll
from state import Program, checkpoint_file, checkpoints, item, make_checkpoint, snapshot
import test_checkpoint
from test_change import CHANGES, PLAIN, WRONG, asked, submit, tried, vsm, what_if

ENV = {"VSM_CHECKPOINT_EVENTS": "1000000"}


def rebuild(d, *words, status=0):
    return vsm(d, "rebuild", "--query", d.endpoint("query"), *words, status=status)


def reload(d, text):
    d.write(text)
    error = d.ask(reload={}).error
    assert error == "", error


def state(d):
    return d.status().rebuild


def told(d):
    """All that does not depend on when events were received."""
    return asked(d), [item(d, f"S:{i}") for i in range(3)], str(d.ask(items={}).items)


def without_checkpoints(d):
    for position in checkpoints(d):
        os.remove(checkpoint_file(d, position))


class Rebuild(unittest.TestCase):
    def restarts(self, d):
        """From what lies there, and from the journal alone: the same as before the end."""
        for alone in (False, True):
            before = snapshot(d), told(d)
            d.end()
            if alone:
                without_checkpoints(d)
            d.start_again()
            self.assertEqual(int(d.log.wait(r"^event=recovered checkpoint=(\d+) ").group(1)) == 0, alone)
            self.assertEqual((snapshot(d), told(d)), before)

    def test_a_wrong_rule_put_right(self):
        with Daemon(WRONG) as d, Daemon(PLAIN) as fresh:
            for daemon in (d, fresh):
                submit(daemon, 10)
            make_checkpoint(d)
            wrong = told(d)
            reload(d, PLAIN)
            self.assertNotEqual(told(d), told(fresh))  # what was mapped stays as it was
            tried(d, PLAIN)
            _, promised, _ = what_if(d, "--rebuild")
            out, err = rebuild(d)
            self.assertEqual(err, "")
            self.assertRegex(out, r"(?m)^First +before +\d")
            self.assertRegex(out, r"(?m)^ +now +\d")
            self.assertEqual(asked(d), promised)
            self.assertEqual(told(d), told(fresh))
            self.assertNotEqual(told(d), wrong)
            d.log.wait(r"^event=checkpoint position=")  # the daemon makes one at once
            for daemon in (d, fresh):
                submit(daemon, 4)
            self.assertEqual(told(d), told(fresh))
            self.restarts(d)
            self.assertEqual(told(d), told(fresh))

    def test_nothing_changes_where_nothing_was_wrong(self):
        with Daemon(PLAIN) as d:
            submit(d, 10)
            before = snapshot(d), told(d)
            out, _ = rebuild(d)
            self.assertNotRegex(out, r"(?m) now +\d")
            self.assertEqual((snapshot(d), told(d)), before)

    def test_who_follows_is_told_by_a_greater_epoch(self):
        with Daemon(WRONG) as d:
            d.end()
            with open(os.path.join(d.directory, "state", "epoch"), "w", encoding="ascii") as f:
                f.write("1000000000000000\n")  # the clock says less
            d.start_again()
            submit(d, 5)
            reload(d, PLAIN)
            s = d.subscriber("v1/metric/S/", "v1/status/")
            heard = [s.until(lambda topic, p: topic == kind)[1] for kind in ("v1/metric/S/", "v1/status/")]
            self.assertEqual({p.epoch for p in heard}, {10**15 + 1})
            last = {"v1/status/": heard[1].sequence}
            rebuild(d)

            def is_anew(topic, p):
                if p.epoch == 10**15 + 1:
                    last[topic] = p.sequence
                return p.epoch != 10**15 + 1

            topic, p = s.until(is_anew)
            self.assertEqual((topic, p.epoch, p.sequence), ("v1/status/", 10**15 + 2, last[topic] + 1))  # before all else
            told = d.snapshot(), d.status(), d.ask(alerts={}).alerts
            self.assertEqual([t.epoch for t in told], [10**15 + 2] * 3)
            submit(d, 1)
            topic, p = s.until(lambda topic, p: topic == "v1/metric/S/" and p.sequence > told[0].value_streams[0].sequence)
            self.assertEqual((p.epoch, p.sequence), (10**15 + 2, told[0].value_streams[0].sequence + 1))
            d.end()
            d.start_again()
            self.assertEqual(d.status().epoch, 10**15 + 3)

    def test_other_stages_orders_and_again(self):
        with Daemon(WRONG) as d, Daemon(PLAIN) as fresh:
            for daemon in (d, fresh):
                submit(daemon, 6)
                self.assertEqual(daemon.ask(withdraw={"key": "S:held"}).error, "")
            for text in (CHANGES["inserted"], CHANGES["vanished"], PLAIN):
                reload(d, text)
                with d.log.expect(r"^event=checkpoint position="):
                    rebuild(d)
                for daemon in (d, fresh):
                    submit(daemon, 2)
                self.restarts(d)
            self.assertEqual(told(d), told(fresh))
            self.assertEqual(item(d, "S:held"), item(fresh, "S:held"))

    def test_the_horizon(self):
        """What was sealed is mapped anew like all else, and sealed again; what was not, by the wrong rule, is now."""
        keep = lambda text: text.replace("clock: event", "clock: event\n  items: { keep: 1d }", 1)
        with Daemon(keep(WRONG)) as d, Daemon(keep(PLAIN)) as fresh:
            for daemon in (d, fresh):
                c = daemon.client()
                c.submit(batch(event("first.started", "1"), event("second.done", "1", at=60)))
                c.submit(batch(event("first.started", "2", at=5 * 86400)))
            self.assertEqual(d.ask(item={"key": "S:1"}).error, "")
            self.assertIn("no item", fresh.ask(item={"key": "S:1"}).error)
            reload(d, keep(PLAIN))
            for _ in range(2):
                rebuild(d)
                self.assertIn("no item", d.ask(item={"key": "S:1"}).error)
                self.assertEqual(asked(d), asked(fresh))
            self.assertEqual(d.snapshot().value_streams[0].windows[0].started, 2)
            self.restarts(d)

    def test_a_stream_that_was_not_there(self):
        with Daemon(harness.config(("S",), state="state")) as d, \
                Daemon(harness.config(("S", "T"), state="state")) as fresh:
            for daemon in (d, fresh):
                submit(daemon, 5)
            reload(d, harness.config(("S", "T"), state="state"))
            self.assertEqual(d.snapshot().value_streams[1].wip, 0)
            json.loads(rebuild(d, "--json")[0])
            self.assertGreater(d.snapshot().value_streams[1].wip, 0)
            self.assertEqual(told(d), told(fresh))

    def test_the_wall_clock(self):
        with Daemon(WRONG.replace("clock: event", "clock: wall")) as d:
            submit(d, 5)
            reload(d, PLAIN.replace("clock: event", "clock: wall"))
            rebuild(d)
            counts = [(w.arrivals, w.departures, w.rework) for s in d.snapshot().value_streams for t in s.stages
                      for w in t.windows]
            story = item(d, "S:1")
            d.end()
            without_checkpoints(d)
            d.start_again()
            self.assertEqual([(w.arrivals, w.departures, w.rework) for s in d.snapshot().value_streams
                              for t in s.stages for w in t.windows], counts)
            self.assertEqual([l for l in item(d, "S:1").splitlines() if "seconds" not in l],
                             [l for l in story.splitlines() if "seconds" not in l])


class Memory(unittest.TestCase):
    """What was refused for want of memory is taken; behind the rebuild there is room for as many as before it."""

    def limit(self, d, memory):
        reload(d, PLAIN.replace("daemon:\n", f"daemon:\n  limits: {{ memory: {memory} }}\n", 1))

    def submit(self, d, *names):
        d.client().submit(batch(*(event("first.started", name) for name in names)))

    def told(self, d):
        """How many items are in progress, and what was refused."""
        return d.snapshot().value_streams[0].wip, [(r.reason, r.count) for r in d.ask(rejected={}).rejected.rejected]

    def fill(self, d):
        """Items until there is no memory for more; how many were sent."""
        self.submit(d, "first")
        self.limit(d, "16MiB")
        for n in range(1, 100000, 100):
            if self.told(d)[1]:
                self.assertLess(self.told(d)[0], n)
                return n
            self.submit(d, *(str(n + i) for i in range(100)))
        raise AssertionError("nobody was refused")

    def restarts(self, d):
        for alone in (False, True):
            before = snapshot(d)
            d.end(signal.SIGKILL)
            if alone:
                without_checkpoints(d)
            d.start_again(env=ENV)
            self.assertEqual(snapshot(d), before)

    def test_there_is_more_again(self):
        with Daemon(PLAIN, env=ENV) as d:
            n = self.fill(d)
            self.limit(d, "8GiB")
            poll("room", lambda: not d.status().trouble)
            rebuild(d)
            self.assertEqual(self.told(d), (n, []))
            self.submit(d, "more")
            self.assertEqual(self.told(d), (n + 1, []))
            self.restarts(d)

    def test_there_is_not(self):
        with Daemon(PLAIN, env=ENV) as d:
            n = self.fill(d)
            for again in range(2):
                rebuild(d)
                self.assertEqual(self.told(d), (n + again, []))
                self.submit(d, f"more {again}")
                self.assertEqual(self.told(d), (n + again, [("limit", 1)]))
                self.restarts(d)


class Refused(unittest.TestCase):
    def test_without_a_state_directory(self):
        with Daemon() as d:
            self.assertIn("no daemon.state", rebuild(d, status=1)[1])
            self.assertEqual(state(d).state, "")

    def test_one_at_a_time_and_a_reload_ends_it(self):
        with Daemon(PLAIN) as d:
            c = d.client()
            for i in range(100):
                c.submit(batch(*(event("first.started", f"{i}-{k}", at=i) for k in range(200))))
            before = asked(d)
            s = d.socket(harness.zmq.DEALER, "query")
            d.write(CHANGES["inserted"])
            kinds = {b"1": {"rebuild": {}}, b"2": {"rebuild": {}}, b"3": {"status": {}}, b"4": {"reload": {}}}
            for id, kind in kinds.items():
                s.send_multipart([id, harness.query_pb2.Request(**kind).SerializeToString()])
            answers = {}
            for _ in kinds:
                id, frame = s.recv_multipart()
                answers[id] = harness.query_pb2.Reply.FromString(frame)
            self.assertEqual(answers[b"1"].error, "")
            self.assertIn("a rebuild is under way", answers[b"2"].error)
            self.assertEqual(answers[b"3"].status.rebuild.state, "reading")
            self.assertEqual(answers[b"4"].error, "")
            end = state(d)
            self.assertEqual((end.state, end.why), ("failed", "the configuration was changed meanwhile; ask again"))
            self.assertRegex(vsm(d, "status", "--query", d.endpoint("query"))[0], "(?m)^rebuild: failed: the config")
            reload(d, PLAIN)
            self.assertEqual(asked(d), before)
            rebuild(d)
            self.assertEqual(asked(d), before)
            self.assertRegex(vsm(d, "status", "--query", d.endpoint("query"))[0], "(?m)^rebuild: done, 100 %")

    def test_a_journal_that_fails(self):
        """While its record waits for the disk; and none begins after that."""
        with Program("VSMD_FAILING"), Daemon(PLAIN) as d:
            submit(d, 2)
            d.process.send_signal(signal.SIGXFSZ)  # the disk is full
            self.assertEqual(d.ask(rebuild={}).error, "")
            poll("the record to wait", lambda: d.status().rebuild.state == "recording")
            d.process.send_signal(signal.SIGTTIN)  # there is room, and the next sync fails
            poll("its end", lambda: d.status().rebuild.state == "failed")
            self.assertIn("as the journal has failed", d.status().rebuild.why)
            self.assertIn("acks stand still until a restart", d.ask(rebuild={}).error)

    def test_a_trimmed_journal(self):
        env = {"VSM_CHECKPOINT_EVENTS": "20"}
        with Program("VSMD_FAILING"), Daemon(test_checkpoint.Trimming.TEXT, env=env) as d:
            test_checkpoint.Trimming().fill(d)
            before = asked(d)
            said = rebuild(d, status=1)[1]
            self.assertRegex(said, r"the journal begins with record \d+, received on 20\d\d-\d\d-\d\d: .*--partial")
            self.assertEqual(asked(d), before)
            rebuild(d, "--partial")
            self.assertLess(asked(d)["ingest"]["received"], before["ingest"]["received"])
            after = snapshot(d)
            d.end()
            d.start_again(env=env)
            self.assertEqual(snapshot(d), after)


class Killed(unittest.TestCase):
    def test_at_each_point(self):
        for point in ("rebuild_read", "rebuild_level", "rebuild_recorded", "commit", "durable"):
            with self.subTest(point), Program("VSMD_FAILING"), Daemon(WRONG, env=ENV) as d, Daemon(PLAIN) as fresh:
                for daemon in (d, fresh):
                    submit(daemon, 8)
                old, new = told(d), told(fresh)
                reload(d, PLAIN)
                self.assertEqual(d.end(signal.SIGTERM), 0)
                group = 2 if point in ("commit", "durable") else 1  # the first is that of the start
                d.start_again(env={**ENV, "VSM_FAILPOINT": f"{point}:{group}"})
                s = d.socket(harness.zmq.DEALER, "query")
                s.send_multipart([b"q", harness.query_pb2.Request(rebuild={}).SerializeToString()])
                self.assertEqual(d.end(0), -signal.SIGKILL)
                d.start_again(env=ENV)
                now = told(d)
                is_new = now == new
                self.assertTrue(is_new or now == old)
                self.assertIn(is_new, {"rebuild_recorded": (False, True), "durable": (True,)}.get(point, (False,)))
                for alone in (False, True):
                    if alone:
                        without_checkpoints(d)
                    d.end()
                    d.start_again(env=ENV)
                    self.assertEqual(told(d), now)
                rebuild(d)
                self.assertEqual(told(d), new)


def feed(c, batches, window):
    """Sends them, so many at a time without an ack. Yields each as it is sent; all are acked at the end."""
    waiting = 0
    for b in batches:
        c.send(b)
        yield b
        waiting += 1
        if waiting == window:
            accept(c)
            waiting -= 1
    for _ in range(waiting):
        accept(c)


def accept(c):
    _, ack = c.receive()
    assert ack.durable and ack.rejected == 0, ack


class Load(unittest.TestCase):
    def batches(self, stop):
        for i in range(100000):
            if stop.is_set():
                return
            b = batch(*(event(kind, f"{i}-{k}", at=i) for k in range(3)
                        for kind in ("first.started", "first.done", "second.done")))
            yield b
            if i % 3 == 0:
                yield b  # again
        raise AssertionError("nobody stopped it")

    def test_what_comes_meanwhile_is_counted_once(self):
        with Daemon(WRONG) as d, Daemon(PLAIN) as fresh:
            reload(d, PLAIN)
            stop, loaded, sent = threading.Event(), threading.Event(), []

            def send():
                for b in feed(d.client(), self.batches(stop), 4):
                    sent.append(b)
                    if len(sent) == 200:
                        loaded.set()

            thread = threading.Thread(target=send)
            thread.start()
            self.assertTrue(loaded.wait(harness.DEADLINE))
            try:
                for _ in range(2):
                    rebuild(d)
            finally:
                stop.set()
                thread.join()
            for _ in feed(fresh.client(), sent, 50):
                pass
            self.assertEqual(asked(d)["ingest"]["received"], sum(len(b.events) for b in sent))
            self.assertEqual(asked(d), asked(fresh))
            before = snapshot(d)
            d.end()
            without_checkpoints(d)
            d.start_again()
            self.assertEqual(snapshot(d), before)


if __name__ == "__main__":
    harness.main()
