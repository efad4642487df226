"""The wall clock jumps under a running daemon: vsmd, linked with a wall clock that jumps by an hour at a signal."""
import contextlib
import os
import signal
import time
import unittest

import harness
from harness import Daemon
from web_rig import Stream, Web

harness.VSMD = os.environ["VSMD_JUMPING"]
AHEAD, BACK = signal.SIGALRM, signal.SIGVTALRM
HOUR = 3600


def event(subject, after):
    """An event that many seconds from the true now."""
    return harness.event("first.started", subject, at=time.time() + after - harness.T0)


class Jumps(unittest.TestCase):
    def jump_and_return(self, there, here):
        with Daemon(harness.config(clock="wall")) as d:
            client = d.client()
            self.assertEqual(client.submit(harness.batch(event("before", -60))).accepted, 1)
            self.assertEqual(d.status().trouble, "")
            started = time.time()
            d.process.send_signal(there)
            d.log.wait(r'^event=trouble what="the wall clock jumped')  # without being asked
            self.assertIn("the wall clock jumped", d.status().trouble)
            self.assert_true_time(d, started)
            self.assertEqual(client.submit(harness.batch(event("amid", -1))).accepted, 1)
            future = client.submit(harness.batch(event("ahead", HOUR)))
            self.assertEqual(harness.reasons(future), [(0, "time_in_future")])
            age = d.snapshot().value_streams[0].age
            self.assertGreaterEqual(age.max, 60)
            self.assertLess(age.max, 60 + harness.DEADLINE * 4)
            d.process.send_signal(here)
            self.assertEqual(d.status().trouble, "")
            d.log.wait(r'^event=trouble what="over"')
            self.assert_true_time(d, started)

    def assert_true_time(self, d, started):
        """The daemon's time goes on, from call to call, with the true one."""
        first, then = (d.status().time_unix_nano / 1e9 for _ in range(2))
        self.assertLess(first, then)
        self.assertLess(started - 1, first)
        self.assertLess(then, time.time() + 1)

    def test_a_jump_that_is_accepted(self):
        with Daemon(harness.config(clock="wall")) as d:
            started = time.time()
            d.process.send_signal(AHEAD)
            d.log.wait(r'^event=trouble what="the wall clock jumped')
            self.assertTrue(d.ask(clock_accept={}).HasField("done"))
            d.log.wait(r'^event=trouble what="over"')
            self.assertLess(started + HOUR - 1, d.status().time_unix_nano / 1e9)
            self.assertEqual(d.client().submit(harness.batch(event("ahead", HOUR))).accepted, 1)

    def test_ahead_and_back(self):
        self.jump_and_return(AHEAD, BACK)

    def test_back_and_ahead(self):
        self.jump_and_return(BACK, AHEAD)


class Restarts(unittest.TestCase):
    def test_the_epoch_grows_also_where_the_clock_was_set_back(self):
        with Daemon(harness.config(clock="wall", state="state"), env={"VSM_HOURS_AHEAD": "1"}) as d:
            epochs = [d.status().epoch]
            self.assertGreater(epochs[0], (time.time() + HOUR / 2) * 1000)
            for _ in range(2):
                d.end()  # which leaves no time to put anything in order
                d.start_again()
                published = d.subscriber("v1/status/").receive()[1]
                self.assertEqual((published.epoch, d.snapshot().epoch, d.status().epoch), (published.epoch,) * 3)
                epochs.append(published.epoch)
            self.assertEqual(epochs, sorted(set(epochs)))

    def test_without_state_readers_go_on_where_the_epoch_is_smaller(self):
        with Daemon(harness.config(clock="wall"), env={"VSM_HOURS_AHEAD": "1"}) as d, Web(d) as web:
            with Stream(web, events="status,transition") as stream:
                ahead = d.status().epoch
                stream.until(lambda name, data: data["epoch"] == ahead)
                d.client().submit(harness.batch(event("ahead", HOUR)))
                stream.until(lambda name, data: name == "transition")
                subscribed = harness.subscriptions(d.status())
                d.keep_endpoints()
                d.end()
                d.start_again()
                epoch = d.status().epoch
                self.assertLess(epoch, ahead)
                stream.until(lambda name, data: name == "status" and data["reset"] and data["epoch"] == epoch)
                harness.poll("all that it had subscribed to", lambda: harness.subscriptions(d.status()) == subscribed)
                d.client().submit(harness.batch(event("now", -1)))
                _, _, data = stream.until(lambda name, data: name == "transition")
                self.assertEqual(data["epoch"], epoch)


class StandsStill(unittest.TestCase):
    """Nobody is told of what came to hold while the process did not run, or the clock was wrong, as long as those that
    feed it may have said otherwise."""
    STALLED = "item_stalled:S/first"

    def watched(self, **options):
        text = harness.config(clock="wall", sources="sources:\n  - { id: crm, silent_after: 20m }", **options)
        first = "{ id: first, name: First }"
        self.assertIn(first, text)
        return text.replace(first, first[:-2] + ", stall_after: 30m }")

    def alerts(self, d, **which):
        return {a.id: a for a in d.ask(alerts=which).alerts.alerts}

    def begin(self, d):
        client = d.client()
        self.assertEqual(client.submit(harness.batch(event("1", -60), event("2", -60))).accepted, 2)
        return client

    def assert_quiet(self, d, client, done):
        """Asked first, it says nothing yet; one was done in the meantime, and the other was not."""
        self.assertEqual({id: a.state for id, a in self.alerts(d).items()}, {self.STALLED: "pending"})
        self.assertEqual(client.submit(harness.batch(done)).accepted, 1)
        after = self.alerts(d)
        self.assertEqual({id: a.state for id, a in after.items()}, {self.STALLED: "firing"})
        self.assertEqual([i.item for i in after[self.STALLED].items], ["S:2"])
        self.assertEqual(self.alerts(d, history=True), {})

    def test_an_hour_in_which_the_process_did_not_run(self):
        with Daemon(self.watched(state="state")) as d:
            client = self.begin(d)
            d.process.send_signal(signal.SIGTTOU)
            self.assert_quiet(d, client, harness.event("first.done", "1", at=time.time() - harness.T0))
            before = self.alerts(d)
            d.end(signal.SIGKILL)
            d.start_again(env={"VSM_HOURS_AHEAD": "1"})
            self.assertEqual({id: (a.state, a.since_unix_nano) for id, a in self.alerts(d).items()},
                             {id: (a.state, a.since_unix_nano) for id, a in before.items()})

    def test_a_moment_in_which_the_process_did_not_run(self):
        """What was sent in it is read before what was due in it is looked at."""
        text = self.watched().replace("silent_after: 20m", "silent_after: 13s").replace("stall_after: 30m", "wip_limit: 1")
        with Daemon(text) as d:
            client, s = d.client(), d.subscriber("v1/alert/", "v1/status/")
            s.until(lambda topic, _: topic == "v1/status/")
            self.assertEqual(client.submit(harness.batch(event("1", 0))).accepted, 1)
            d.process.send_signal(signal.SIGSTOP)
            os.waitid(os.P_PID, d.process.pid, os.WSTOPPED | os.WNOWAIT)
            client.send(harness.batch(event("2", 0)))
            d.process.send_signal(signal.SIGTTIN)  # 14 s
            d.process.send_signal(signal.SIGCONT)
            topic, told = s.until(lambda topic, _: topic.startswith("v1/alert/"))
            self.assertEqual((topic, told.alert.id), ("v1/alert/S/first/", "wip_limit:S/first"))
            self.assertEqual(list(self.alerts(d)), ["wip_limit:S/first"])

    def test_a_clock_that_is_accepted(self):
        with Daemon(self.watched()) as d:
            client = self.begin(d)
            d.process.send_signal(AHEAD)
            d.log.wait(r'^event=trouble what="the wall clock jumped')
            self.assertEqual(self.alerts(d), {})
            self.assertTrue(d.ask(clock_accept={}).HasField("done"))
            self.assert_quiet(d, client, harness.event("first.done", "1", at=time.time() + HOUR - harness.T0))


class Overloaded(unittest.TestCase):
    """More comes than can be read, for longer than the threshold."""
    STALLED, STALLS_AFTER = "item_stalled:S/first", 3
    FLOOD = harness.batch(*[harness.event("second.done", "over")] * 1000).SerializeToString()

    @contextlib.contextmanager
    def overloaded(self):
        """A daemon, whoever hears it, and a client that may send as much as it likes."""
        text, first = harness.config(clock="wall"), "{ id: first, name: First }"
        self.assertIn(first, text)
        with Daemon(text.replace(first, f"{first[:-2]}, stall_after: {self.STALLS_AFTER}s }}")) as d:
            s = d.subscriber("v1/alert/", "v1/metric/S/first/", "v1/status/")
            s.until(lambda topic, _: topic == "v1/status/")
            yield d, s, d.client(SNDHWM=0, RCVHWM=0)

    def begin(self, client, *subjects):
        self.assertEqual(client.submit(harness.batch(*[event(s, 0) for s in subjects])).accepted, len(subjects))

    def stalls_while_unread(self, batches):
        """Two begin; behind so many batches waits that one was done. False: it was read before it would have stalled."""
        with self.overloaded() as (d, s, client):
            self.begin(client, "1", "2")
            stalls_at = time.time() + self.STALLS_AFTER
            for _ in range(batches):
                client.send(self.FLOOD)
            client.send(harness.batch(harness.event("first.done", "1", at=time.time() - harness.T0)), id=b"done")
            client.send(self.FLOOD)
            while client.receive()[0] != b"done":
                pass
            if time.time() < stalls_at + 0.1:
                return False
            _, told = s.until(lambda topic, _: topic.startswith("v1/alert/"))
            self.assertEqual((told.alert.id, told.alert.change, [i.item for i in told.alert.items]),
                             (self.STALLED, "firing", ["S:2"]))
            self.assertEqual(len(d.ask(alerts={"history": True}).alerts.alerts), 0)
            return True

    def test_nobody_is_told_what_an_unread_message_takes_back(self):
        self.assertTrue(any(self.stalls_while_unread(batches) for batches in (400, 1600, 6400)))

    def test_alerts_and_figures_come_all_the_same(self):
        """It waits for what is unread, but for 15 seconds at most; 14 of them pass at once here."""
        with self.overloaded() as (d, s, client):
            self.begin(client, "1")
            for _ in range(200):
                client.send(self.FLOOD)
            d.process.send_signal(signal.SIGTTIN)
            end, told = time.time() + harness.DEADLINE, []
            while "v1/alert/S/first/" not in told:
                self.assertLess(time.time(), end)
                client.receive()
                client.send(self.FLOOD)  # as many are on their way as before
                while s.socket.poll(0):
                    told.append(s.receive()[0])
            self.assertIn("v1/metric/S/first/", told[:told.index("v1/alert/S/first/")])


harness.main()
