"""Kills a vsmd under load, again and again, and looks whether anything that was acked is gone or counted twice.

A round: start on the same state directory, send the batches that are not acked, and new ones; kill -9 at a random moment
or at a named point of the code, or end it by SIGTERM. Then it is started again, what is not acked is sent again, and
everything that it has to say of its value stream must equal what a second daemon says, without a state directory,
which was given every batch once and in another order. Batches of even number may be sent again when acked; those of
odd number are sent again only while they are not: so if they come out right, it is the journal that kept them.

In some directories items are forgotten, too: a secret is told, and in the next round it is asked to be forgotten, at a
random moment before the end. Whether the daemon had the order on disk shows after its start: if it said so it must have
had; and once it says that all is done no file may hold a byte of the secret.

Where a disk can be mounted some rounds, or all, end with a power cut instead: at a random moment with the daemon at
work, or at a named point.
"""
import argparse
import collections
import contextlib
import glob
import os
import random
import re
import signal
import sqlite3
import threading
import time

import zmq

import harness
from disk import Disk, why_none
from harness import DEADLINE, Daemon, batch, event
from state import files_with, run_checkpoint
from vsm.v1 import query_pb2

POINTS = ("append", "step", "commit", "durable", "ack", "trim", "trimmed")
# Of a rebuild, which is asked for in some rounds; under the same configuration it changes nothing that shows.
REBUILD_POINTS = tuple(f"rebuild_{at}" for at in ("read", "level", "recorded"))
# Of forgetting, where there is something to forget. Not beside rebuilds, which know nothing of the counts of what is
# forgotten.
FORGET_POINTS = ("rewrite", "unused")
# Of the process that makes a checkpoint: it is killed there alone, and the daemon soon after, or with the daemon.
CHECKPOINT_POINTS = (*(f"checkpoint_{at}" for at in ("read", "write", "sync", "rename", "renamed", "remove")),
                     "history_commit", "history_committed")
ALL_POINTS = POINTS + REBUILD_POINTS + FORGET_POINTS + CHECKPOINT_POINTS
ITEMS_A_DIRECTORY = 3000
ID_BYTES = 400  # so that the journal soon takes more than it may, and is trimmed
WINDOW = 64  # batches under way
FEW_EVENTS = 50  # after which a checkpoint is due
DISK_BYTES = 256 << 20
CUTS = {"none": 0, "some": 0.3, "all": 1}  # of the rounds that do not end by SIGTERM


class Load:
    """Batches of one state directory, in a random order and with repeats, and what became of them."""

    def __init__(self, rng):
        self.rng = rng
        self.acked = set()  # by number
        self.batches = []
        self.events = [event(type, str(i), at=60.0 * i + at, id="x" * ID_BYTES)
                       for i in range(ITEMS_A_DIRECTORY)
                       for type, at in (("first.started", 0), ("first.done", rng.randrange(9000)),
                                        ("second.done", rng.randrange(9000, 99000)), ("nobody.knows", 5))]
        rng.shuffle(self.events)

    def more(self, n):
        for _ in range(n):
            size = self.rng.choice((1, 1, 3, 10, 100))
            events, self.events = self.events[:size], self.events[size:]
            if events:
                self.batches.append(batch(*events, source=f"s{len(self.batches) % 3}"))

    def unacked(self):
        return [n for n in range(len(self.batches)) if n not in self.acked]

    def acked_events(self):
        return sum(len(self.batches[n].events) for n in self.acked)

    def send(self, client, numbers, until=lambda: False):
        """Sends and takes acks until all have theirs, or the daemon is gone."""
        numbers, under_way = list(numbers), 0
        client.socket.rcvtimeo = 50
        while (numbers or under_way) and not until():
            while numbers and under_way < WINDOW:
                n = numbers.pop()
                client.send(self.batches[n], id=b"%d" % n)
                under_way += 1
            try:
                id, ack = client.receive()
            except zmq.Again:
                continue
            assert ack.durable and ack.rejected == 0, ack
            under_way -= 1
            self.acked.add(int(id))

    def take_late_acks(self, client):
        """Acks that were on the way when the daemon ended."""
        client.socket.rcvtimeo = 20
        try:
            while True:
                self.acked.add(int(client.receive()[0]))
        except zmq.Again:
            pass


def told(daemon):
    snapshot = daemon.snapshot()
    for stream in snapshot.value_streams:
        stream.sequence = 0
        for stage in stream.stages:
            stage.sequence = 0
    return str(snapshot.value_streams) + str([(u.source, u.type) for u in daemon.ask(unmapped={}).unmapped.unmapped])


def await_stop(process):
    """Until a thread of it has stopped: from then on none returns from the system to the program."""
    while process.poll() is None:
        for path in glob.glob(f"/proc/{process.pid}/task/*/stat"):
            with contextlib.suppress(OSError), open(path) as f:
                if f.read().rpartition(")")[2].split()[0] in "TZX":
                    return


class Directory:
    """One state directory, and the daemon of reference beside it."""

    def __init__(self, rng, totals, cuts, disk):
        self.rng, self.totals, self.cuts, self.disk = rng, totals, cuts, disk
        self.load = Load(rng)
        self.state = os.path.join(disk.path, "state") if disk else "state"
        self.daemon = Daemon(harness.config(state=self.state).replace("daemon:\n", "daemon:\n  journal: { max: 1MiB }\n", 1))
        self.reference = Daemon(harness.config())
        self.given = set()
        self.rebuilds = rng.random() < 0.2  # after one nothing is trimmed for a while
        self.forgets = not self.rebuilds and rng.random() < 0.5
        self.secret, self.secrets = None, 0  # one that is known, and to be forgotten; how many there were
        self.orders = []  # sockets on which it was asked for

    def __enter__(self):
        self.reference.__enter__()
        self.daemon.__enter__()
        return self

    def __exit__(self, *exc):
        self.daemon.__exit__(*exc)
        self.reference.__exit__(*exc)

    def round(self):
        d, rng = self.daemon, self.rng
        how = rng.choice(("point", "point", "moment", "term"))
        cut = how != "term" and rng.random() < self.cuts
        point = self.choose_point() if how == "point" else ""
        self.load.more(rng.randrange(20, 200))
        if rng.random() < 0.7:
            self.make_checkpoint()
        d.end(signal.SIGTERM)
        d._start(env=self.failpoint(point, cut))
        again = [n for n in self.load.acked if n % 2 == 0 and rng.random() < 0.05]
        numbers = self.load.unacked() + again
        events = sum(len(self.load.batches[n].events) for n in self.load.unacked())
        rng.shuffle(numbers)
        end = self.power_goes if cut else lambda: d.process.send_signal(signal.SIGTERM if how == "term" else signal.SIGKILL)
        timers = [] if point else [threading.Timer(rng.random() * 0.3, end)]
        try:
            client = d.client()
            if point in REBUILD_POINTS or (self.rebuilds and rng.random() < 0.5):
                timers.append(self.rebuild(0.1 * rng.random()))
            if self.secret and (point in FORGET_POINTS or rng.random() < 0.7):
                timers.append(self.forget(0.1 * rng.random()))
            for timer in timers:
                timer.start()
            self.load.send(client, numbers, until=lambda: d.process.poll() is not None)
            self.load.take_late_acks(client)
            if point in CHECKPOINT_POINTS and events >= 2 * FEW_EVENTS:
                d.log.wait("event=checkpoint_failed")
            if point in FORGET_POINTS:
                d.process.wait(DEADLINE)  # it comes there when two checkpoints were made
        except AssertionError:
            if not d.log.ended:  # it may have died, also before it was ready, at a point of its first records
                raise
            d.process.wait(DEADLINE)
        for timer in timers:
            timer.cancel()
            if timer.ident:
                timer.join()
        died = d.process.poll() is not None
        if cut and not died:
            self.power_goes()
        d.end(0 if cut or died else signal.SIGKILL)
        self.totals["rebuilds"] += "event=rebuilt " in d.log.text()
        if point and (died or "the process that makes it failed" in d.log.text()):
            self.totals["points"][point] += 1
        if cut:
            self.power_is_back()
        self.totals["kills"] += not cut and d.process.returncode == -signal.SIGKILL
        self.check()

    def make_checkpoint(self):
        """As the daemon does, whose own may not be done before it ends, on a slow machine; beside that it is refused."""
        run_checkpoint(self.daemon, of=os.path.join(self.daemon.directory, self.state))

    def rebuild(self, after):
        """Asks for one so many seconds later. It is refused where the journal was trimmed."""
        s = self.daemon.socket(zmq.DEALER, "query")
        request = query_pb2.Request(rebuild={}).SerializeToString()
        return threading.Timer(after, s.send_multipart, ([b"rebuild", request],))

    def forget(self, after):
        s = self.daemon.socket(zmq.DEALER, "query")
        self.orders.append(s)
        request = query_pb2.Request(forget={"key": self.key()}).SerializeToString()
        return threading.Timer(after, s.send_multipart, ([b"forget", request],))

    def key(self):
        return f"S:{self.secret}"

    def said_to_be_forgotten(self):
        replies = []
        for s in self.orders:
            with contextlib.suppress(zmq.ZMQError):
                replies.append(query_pb2.Reply.FromString(s.recv_multipart(zmq.NOBLOCK)[1]))
        self.orders.clear()
        return any(not r.error for r in replies)

    def power_goes(self):
        """Without power no program goes on, either. A sync that is under way when the file system is shut down may say
        that all is well; here nobody hears it."""
        process = self.daemon.process
        process.send_signal(signal.SIGSTOP)
        await_stop(process)
        self.disk.cut()
        process.kill()

    def power_is_back(self):
        self.disk.cut()  # where it was only killed until now
        self.disk.again()
        self.totals["cuts"] += 1

    def checkpoints(self):
        return {"VSM_CHECKPOINT_EVENTS": str(self.rng.choice((FEW_EVENTS, 300, 1000)))}

    def choose_point(self):
        """One that nobody came to yet, as a rule."""
        if self.secret and self.rng.random() < 0.2:
            return self.rng.choice(FORGET_POINTS)
        others = POINTS if self.forgets else POINTS + REBUILD_POINTS
        missing = [p for p in others + CHECKPOINT_POINTS if p not in self.totals["points"]]
        if missing and self.rng.random() < 0.9:
            return self.rng.choice(missing)
        return self.rng.choice(CHECKPOINT_POINTS if self.rng.random() < 0.4 else others)

    def failpoint(self, point, cut):
        if not point:
            return self.checkpoints()
        if point in CHECKPOINT_POINTS:
            both = {"VSM_FAILPOINT_TAKES_DAEMON": "1"} if cut or self.rng.random() < 0.5 else {}
            return {"VSM_FAILPOINT": f"{point}:1", "VSM_CHECKPOINT_EVENTS": str(FEW_EVENTS), **both}
        if point in REBUILD_POINTS + FORGET_POINTS:
            return {**self.checkpoints(), "VSM_FAILPOINT": f"{point}:1"}
        return {**self.checkpoints(), "VSM_FAILPOINT": f"{point}:{self.rng.randrange(1, self.rng.choice((3, 20, 120)))}"}

    def check(self):
        d, load = self.daemon, self.load
        forgotten = self.said_to_be_forgotten()
        d.start_again(env=self.checkpoints())
        self.totals["from checkpoints"] += bool(re.search("event=recovered checkpoint=[1-9]", d.log.text()))
        assert "set_aside" not in d.log.text(), d.log.text()
        with contextlib.closing(sqlite3.connect(f"file:{os.path.join(d.directory, self.state)}/journal.db?mode=ro", uri=True)) as db:
            self.totals["trimmed"] += db.execute("SELECT coalesce(min(first), 1) > 1 FROM groups").fetchone()[0]
        received = d.ingest().received
        assert received >= load.acked_events(), f"{load.acked_events()} events were acked, {received} are there"
        load.send(d.client(), load.unacked())
        assert not load.unacked()
        client = self.reference.client()
        fresh = [n for n in load.acked if n not in self.given]
        self.rng.shuffle(fresh)
        for at in range(0, len(fresh), WINDOW):
            for n in fresh[at:at + WINDOW]:
                client.send(load.batches[n])
            for _ in fresh[at:at + WINDOW]:
                client.receive()
        self.given.update(fresh)
        if self.secret:
            self.check_secret(forgotten)
        have, wanted = told(d), told(self.reference)
        assert have == wanted, f"it says\n{have}\nand should say\n{wanted}"
        if self.rebuilds and self.rng.random() < 0.5 and not d.ask(rebuild={}).error:
            done = d.log.wait("^event=(rebuilt |rebuild_failed .*the journal was trimmed meanwhile)")
            self.totals["rebuilds"] += done.group(1) == "rebuilt "
            assert told(d) == wanted, "a rebuild under the same configuration changed something"
        if self.forgets and not self.secret:
            self.tell_secret()
        self.totals["rounds"] += 1

    def tell_secret(self):
        """A finished item, as one that is open is withdrawn when it is forgotten, at a time that differs here and there."""
        self.secrets += 1
        self.secret = f"SECRET-{self.rng.randrange(10**9)}-{self.secrets}"
        b = batch(*(event(type, self.secret, at=60.0 * self.secrets + at)
                    for type, at in (("first.started", 0), ("first.done", 1), ("second.done", 2))))
        for daemon in (self.daemon, self.reference):
            assert daemon.client().submit(b).rejected == 0

    def check_secret(self, forgotten):
        d, log = self.daemon, self.daemon.log
        gone = "no item has the key" in d.ask(item={"key": self.key()}).error
        assert gone or not forgotten, "it was said that an item is forgotten, and it is there"
        if not gone and self.rng.random() < 0.5:
            return
        said = 0 if gone else len(log.lines)  # an earlier item may be forgotten at last before this one is asked for
        if not gone:
            assert not d.ask(forget={"key": self.key()}).error
        self.reference.ask(forget={"key": self.key()})
        if self.rng.random() < 0.5 or not gone:
            log.wait("^event=forgotten ", said)
            found = files_with(os.path.join(self.daemon.directory, self.state), self.secret.encode())
            assert not found, f"these hold a byte of what was forgotten: {found}"
        self.totals["forgotten"] += 1
        self.secret = None


def run(seconds, seed, cuts):
    """cuts: a key of CUTS; anything but none takes a machine on which a disk can be mounted."""
    rng = random.Random(seed)
    totals = {name: 0 for name in ("rounds", "kills", "cuts", "acked", "directories", "from checkpoints", "trimmed", "rebuilds", "forgotten")}
    totals["points"] = collections.Counter()
    harness.VSMD = os.environ["VSMD_FAILING"]
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        totals["directories"] += 1
        with Disk(DISK_BYTES) if CUTS[cuts] else contextlib.nullcontext() as disk, \
                Directory(rng, totals, CUTS[cuts], disk) as directory:
            while time.monotonic() < end and directory.load.events:
                directory.round()
            totals["acked"] += directory.load.acked_events()
    return totals


def report(totals):
    print(f"{totals['rounds']} rounds in {totals['directories']} directories, {totals['kills']} kills, "
          f"{totals['cuts']} power cuts, {totals['from checkpoints']} starts from a checkpoint, {totals['trimmed']} of a "
          f"trimmed journal, {totals['rebuilds']} rebuilds, {totals['forgotten']} items forgotten, {totals['acked']} events acked, 0 lost, 0 counted twice")
    print("points:", ", ".join(f"{p} {totals['points'][p]}" for p in ALL_POINTS), flush=True)


def judge(totals, seconds):
    """Whether enough was tried that the result means something."""
    assert totals["kills"] + totals["cuts"] >= seconds / 10, "hardly anything was killed"
    if totals["rounds"] < 20:  # on a slow machine too few to tell
        return
    assert totals["from checkpoints"] > totals["rounds"] / 3, "hardly any start was from a checkpoint"
    if totals["rounds"] >= 200:  # some 5 to 30 % of them; of few it may be any number
        assert totals["trimmed"] > totals["rounds"] / 40, "hardly any journal was trimmed"
    if totals["rounds"] >= 2000:  # one point is come to in one of 500 rounds
        missing = [p for p in ALL_POINTS if p not in totals["points"]]
        assert not missing, f"nobody was killed at {missing}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("seconds", type=float)
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    parser.add_argument("--cuts", choices=CUTS, default="some")
    args = parser.parse_args()
    print("seed", args.seed, flush=True)
    if args.cuts != "none":
        why = why_none(DISK_BYTES)
        if why:
            print("without power cuts, as no disk can be mounted here:", why, flush=True)
            args.cuts = "none"
    totals = run(args.seconds, args.seed, args.cuts)
    report(totals)
    judge(totals, args.seconds)


if __name__ == "__main__":
    main()
