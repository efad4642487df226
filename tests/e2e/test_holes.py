"""What was lost on the fire-and-forget way is fetched from the source's recover socket: at the end nothing is missing."""
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import unittest

import zmq

import harness
from harness import DEADLINE, Daemon, batch, event
from vsm.v1 import event_pb2


class Source:
    """An outside system: publishes, keeps what it published in `kept`, {epoch: {number: event}}, and serves that."""

    def __init__(self, id="meter", at_once=1000, **options):
        self.id, self.at_once = id, at_once
        self.kept = {}
        self.asked = []  # every request; told of by `changed`
        self.odd = {}  # what to answer instead, once, by first number: a function of (request, the honest reply)
        self.changed = threading.Condition()
        self.context = zmq.Context()
        self.publisher = self._bind(zmq.XPUB, **options)
        self.router = self._bind(zmq.ROUTER)
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _bind(self, kind, endpoint="tcp://127.0.0.1:*", **options):
        s = self.context.socket(kind)
        s.linger = 0
        s.rcvtimeo = s.sndtimeo = int(DEADLINE * 1000)
        for option, value in options.items():
            s.setsockopt(getattr(zmq, option), value)
        s.bind(endpoint)
        return s

    def _serve(self):
        self.router.rcvtimeo = -1
        try:
            while True:
                *envelope, frame = self.router.recv_multipart()
                r = event_pb2.RecoverRequest.FromString(frame)
                with self.changed:
                    reply = self._answer(r)
                    if r.first in self.odd and r.last == r.first:
                        reply = self.odd.pop(r.first)(r, reply)
                    if reply is not None:
                        self.router.send_multipart([*envelope, reply if isinstance(reply, bytes) else reply.SerializeToString()])
                    self.asked.append(r)
                    self.changed.notify_all()
        except zmq.ContextTerminated:
            self.router.close()

    def _answer(self, r):
        kept = self.kept.get(r.epoch, {})
        numbers = sorted(n for n in kept if n >= r.first)
        newer = sorted(e for e, events in self.kept.items() if e > r.epoch and events)
        if not numbers and newer:
            return event_pb2.RecoverReply(batch=batch(source=self.id, epoch=newer[0]), oldest=min(self.kept[newer[0]]))
        events = [kept[n] for n in numbers if n <= r.last][:self.at_once]
        return event_pb2.RecoverReply(batch=batch(*events, source=self.id, epoch=r.epoch), oldest=min(kept, default=0))

    def publish(self, *numbers, epoch=1, sent=True, kept=True):
        events = [event(subject=f"{self.id}-{epoch}-{n}", at=n, sequence=n) for n in numbers]
        with self.changed:
            if kept:
                self.kept.setdefault(epoch, {}).update({e.sequence: e for e in events})
        if sent:
            self.publisher.send_multipart([f"v1/event/{self.id}/".encode(), batch(*events, source=self.id, epoch=epoch).SerializeToString()])

    def await_subscriber(self):
        while self.publisher.recv() != f"\x01v1/event/{self.id}/".encode():
            pass

    def await_asked(self, what, wanted):
        with self.changed:
            return harness.wait_for(what, lambda: next((r for r in self.asked if wanted(r)), None), self.changed)

    def config(self, **more):
        connect, recover = self.publisher.last_endpoint.decode(), self.router.last_endpoint.decode()
        return harness.config(sources=f"sources: [ {{ id: {self.id}, connect: '{connect}', recover: '{recover}' }} ]", **more)

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self.publisher.close()
        self.context.term()
        self.thread.join(DEADLINE)


class HolesTest(unittest.TestCase):
    def check_all_there(self, d, n):
        """n different events, each counted once, and nothing missing."""
        ingest = d.await_ingest(applied=n, gaps=0)
        self.assertEqual((ingest.rejected, ingest.unmapped), (0, 0), ingest)
        stage = d.snapshot().value_streams[0].stages[0].windows[0]
        self.assertEqual((stage.arrivals, stage.completed), (n, n))


class Holes(HolesTest):
    def test_holes_the_tail_and_what_was_before(self):
        with Source(at_once=7) as s, Daemon(s.config()) as d:
            s.await_subscriber()
            s.publish(*range(1, 31), sent=False)  # before the daemon heard anything
            for n in range(31, 100, 3):
                s.publish(n)
                s.publish(n + 1, n + 2, sent=False)
            self.check_all_there(d, 99)
            s.publish(*range(100, 111), sent=False)
            self.check_all_there(d, 110)
            self.assertEqual(d.ask(sources={}).sources.sources[0].gaps, 0)
            d.log.wait(r"^event=events_recovered source=meter events=2 epoch=1 first=32 last=33$")

    def test_a_stopped_daemon(self):
        with Source(SNDHWM=5, SNDBUF=4096) as s, Daemon(s.config()) as d:
            s.await_subscriber()
            s.publish(1)
            d.await_ingest(received=1)
            d.process.send_signal(signal.SIGSTOP)
            os.waitid(os.P_PID, d.process.pid, os.WSTOPPED | os.WNOWAIT)
            n = 1
            while n < 60000:  # far more than the sockets on the way can hold
                s.publish(*range(n + 1, n + 301))
                n += 300
            d.process.send_signal(signal.SIGCONT)
            self.check_all_there(d, n)
            d.log.wait(r"^event=events_recovered source=meter ")  # some were lost, or this has tried nothing

    def test_a_killed_daemon(self):
        state = tempfile.mkdtemp(prefix="vsmd-holes-")
        self.addCleanup(shutil.rmtree, state)
        with Source(at_once=50) as s, Daemon(s.config(state=state)) as d:
            n = 0
            for _ in range(3):
                s.await_subscriber()
                for _ in range(20):
                    s.publish(*range(n + 1, n + 11))
                    n += 10
                d.end()
                s.publish(*range(n + 1, n + 301))  # to nobody
                n += 300
                d.start_again()
            self.check_all_there(d, n)
            s.publish(n + 2)  # and one that it never had
            s.await_asked("the hole", lambda r: r.first == n + 1 and r.last == n + 1)
            self.assertEqual(d.await_ingest(applied=n + 1).gaps, 1)
            d.end()
            d.start_again()  # what was fetched is as durable as what came
            self.assertEqual(d.await_ingest(applied=n + 1).gaps, 1)
            ingest = d.ingest()  # at one moment: something may still come from the spool
            self.assertEqual(ingest.received, ingest.applied + ingest.duplicates)

    def test_a_source_that_restarts(self):
        with Source() as s, Daemon(s.config()) as d:
            s.await_subscriber()
            s.publish(1, 2)
            d.await_ingest(applied=2)
            s.publish(3, 4, sent=False)  # the last of its epoch
            s.publish(1, 2, epoch=2, sent=False)
            s.publish(3, epoch=2)
            self.check_all_there(d, 7)
            s.publish(1, 2, 3, epoch=9, sent=False)  # and one of which nothing was heard
            self.check_all_there(d, 10)

    def test_what_it_has_no_more_stays_missing(self):
        with Source() as s, Daemon(s.config()) as d:
            s.await_subscriber()
            s.publish(1)
            s.publish(*range(2, 11), kept=False, sent=False)
            s.publish(*range(11, 20), sent=False)
            with s.changed:
                del s.kept[1][1]
            s.publish(20)
            ingest = d.await_ingest(applied=11)
            self.assertEqual(ingest.gaps, 9)
            s.await_asked("the tail", lambda r: r.first == 21)
            with s.changed:
                s.asked.clear()
            s.publish(22)
            s.await_asked("the hole", lambda r: r.first == 21 and r.last == 21)
            self.assertEqual([r for r in s.asked if r.first < 21], [])
            self.assertEqual(d.ingest().gaps, 10)
            lost = next(b for b in d.status().bounds if b.name == "subscribe_queue")
            self.assertEqual((lost.socket, lost.beyond), ("subscribe", 19))  # 2 to 19 and 21, whatever came late

    def test_more_holes_than_are_told_apart(self):
        with Source() as s, Daemon(s.config()) as d:
            s.await_subscriber()
            s.publish(*range(1, 9001), sent=False)
            for n in range(1, 9001, 2):
                s.publish(n)
            self.check_all_there(d, 9000)

    def test_one_that_is_refused_is_fetched_once(self):
        with Source() as s, Daemon(s.config()) as d:
            s.await_subscriber()
            s.publish(1)
            s.publish(2, sent=False)
            with s.changed:
                s.kept[1][2].type = ""  # what arrives and is refused is not missing
            s.publish(3)
            ingest = d.await_ingest(applied=2, rejected=1, gaps=0)
            self.assertEqual(ingest.received, 3)
            self.assertEqual([(r.reason, r.count) for r in d.ask(rejected={}).rejected.rejected], [("no_type", 1)])

    def test_odd_answers(self):
        """None of them is taken, and the hole is asked for again."""
        one = lambda r, **of: event(subject="odd", **{"sequence": r.first, **of})
        reply = lambda *events, source="meter", epoch=1: event_pb2.RecoverReply(batch=batch(*events, source=source, epoch=epoch))
        for name, answer in {
            "garbage": lambda r, honest: b"\xff\xff",
            "no batch": lambda r, honest: b"\x0a\x02\xff\xff",
            "two batches": lambda r, honest: honest.SerializeToString() * 2,
            "silence": lambda r, honest: None,
            "another source": lambda r, honest: reply(one(r), source="other"),
            "another source in the event": lambda r, honest: reply(one(r, source="other")),
            "another number": lambda r, honest: reply(one(r), one(r, sequence=r.last + 1)),
            "no number": lambda r, honest: reply(one(r, sequence=0)),
            "another epoch": lambda r, honest: reply(one(r), epoch=2),
            "too great an epoch": lambda r, honest: reply(epoch=2**60),
        }.items():
            with self.subTest(name), Source() as s, Daemon(s.config()) as d:
                s.await_subscriber()
                s.odd = {2: answer}
                s.publish(1)
                s.publish(2, sent=False)
                s.publish(3)
                d.log.wait(r"^event=recover_failed source=meter endpoint=\S+ why=")
                self.check_all_there(d, 3)
                self.assertEqual((s.odd, d.status().bad_frames), ({}, 0))

    def test_smaller_bounds(self):
        """What an answer has beyond them is fetched in parts, but for an event that is too large by itself."""
        for limits, too_large in (("batch: 100", False), ("frame: 1KiB", False), ("frame: 1KiB", True)):
            with self.subTest(limits, too_large=too_large), Source() as s:
                with Daemon(s.config().replace("daemon:\n", f"daemon:\n  limits: {{ {limits} }}\n", 1)) as d:
                    s.await_subscriber()
                    s.publish(1)
                    s.publish(*range(2, 502), *range(901, 951), sent=False)
                    if too_large:
                        with s.changed:
                            s.kept[1][300].data.add(key="note", value="x" * 2000)
                    s.publish(502)
                    ingest = d.await_ingest(applied=552 - too_large)  # what lies far above with it
                    self.assertEqual((ingest.rejected, ingest.gaps), (too_large, 398 + too_large))
                    if too_large:
                        d.log.wait(r"^event=event_passed_over source=meter epoch=1 number=300 why=")

    def test_a_reload(self):
        with Source() as s, Daemon() as d:
            d.write(s.config())
            self.assertEqual(d.ask(reload={}).error, "")
            s.await_subscriber()
            s.publish(1, 2, 3, sent=False)
            s.publish(4)
            self.check_all_there(d, 4)
            d.write(harness.config())
            self.assertEqual(d.ask(reload={}).error, "")


class Program:
    """libvsm's emitter, in the program that its example is."""

    def __init__(self, directory, *args):
        self.ends = [f"ipc://{directory}/publish", f"ipc://{directory}/recover"]
        self.spool = os.path.join(directory, "spool")
        self.args = args
        self.start()

    def start(self):
        self.process = subprocess.Popen([os.path.join(os.environ["EXAMPLES"], "example_publish"), *self.ends, self.spool, *self.args],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.emitted = 0

    def emit(self, *subjects, note=""):
        for subject in subjects:
            self.process.stdin.write(f"first.done {subject} {note}".rstrip() + "\n")
        self.process.stdin.flush()
        for _ in subjects:
            self.emitted += 1
            assert self.process.stdout.readline() == f"{self.emitted}\n"

    def emit_until_heard(self, d):
        """What nobody subscribes to yet is lost, and who never heard of a source does not miss it. Returns how many."""
        n = 0
        while d.ingest().received == 0:
            n += 1
            self.emit(f"heard-{n}")
        return n

    def end(self, kill=False):
        if kill:
            self.process.kill()
        self.process.stdin.close()
        self.process.stdout.close()
        return self.process.wait(DEADLINE)

    def config(self, **more):
        connect, recover = self.ends
        return harness.config(clock="wall", sources=f"sources: [ {{ id: example, connect: '{connect}', recover: '{recover}' }} ]", **more)


class Emitter(HolesTest):
    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="vsmd-holes-")
        self.addCleanup(shutil.rmtree, self.directory)

    def start(self, *args):
        p = Program(self.directory, *args)
        self.addCleanup(lambda: p.process.kill())
        return p

    def test_a_stopped_daemon(self):
        p = self.start("2")
        with Daemon(p.config()) as d:
            heard = p.emit_until_heard(d)
            d.process.send_signal(signal.SIGSTOP)
            os.waitid(os.P_PID, d.process.pid, os.WSTOPPED | os.WNOWAIT)
            p.emit(*range(500), note="x" * 50000)  # 25 MB: more than fits into what lies between
            p.emit("last")
            d.process.send_signal(signal.SIGCONT)
            self.check_all_there(d, heard + 501)
            d.log.wait(r"^event=events_recovered source=example ")
            self.assertEqual(p.end(), 0)

    def test_a_killed_daemon(self):
        p = self.start()
        with Daemon(p.config(state=os.path.join(self.directory, "state"))) as d:
            heard = p.emit_until_heard(d)
            for turn in range(4):
                p.emit(*(f"{turn}-{n}" for n in range(500)))
                d.end()
                p.emit(*(f"{turn}-away-{n}" for n in range(500)))
                d.start_again()
            self.check_all_there(d, heard + 4000)
            self.assertEqual(p.end(), 0)

    def test_a_killed_emitter(self):
        p = self.start()
        with Daemon(p.config(state=os.path.join(self.directory, "state"))) as d:
            heard = p.emit_until_heard(d)
            for turn in range(4):
                p.emit(*(f"{turn}-{n}" for n in range(300)))
                p.end(kill=True)  # with what it had not sent
                if turn == 2:  # and with nobody there to miss it
                    d.end()
                    p.start()
                    p.emit(*(f"{turn}-away-{n}" for n in range(300)))
                    p.end(kill=True)
                    d.start_again()
                p.start()
            self.check_all_there(d, heard + 1500)
            self.assertEqual(len(d.ask(sources={}).sources.sources), 1)
            self.assertEqual(p.end(), 0)

    def test_a_new_epoch(self):
        p = self.start()
        with Daemon(p.config()) as d:
            heard = p.emit_until_heard(d)
            p.emit(*range(100))
            self.check_all_there(d, heard + 100)
            p.end(kill=True)
            os.remove(p.spool)  # and with it all that it knew of its numbers
            p.start()
            p.emit(*range(100, 200))
            self.check_all_there(d, heard + 200)
            with open(p.spool, "r+b") as f:  # a damaged one: what is whole of it is still there to be fetched
                f.seek(4000)
                f.write(b"\xff" * 5000)
            p.end(kill=True)
            p.start()
            p.emit(*range(200, 300))
            self.check_all_there(d, heard + 300)
            self.assertEqual(p.end(), 0)


harness.main()
