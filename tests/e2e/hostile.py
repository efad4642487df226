"""Peers that are hostile or clumsy, one kind after another. Meanwhile a good client sends an event and asks a question again and again:
each must be answered within a second, the daemon's memory must stay below what is said here for each story, and where all others
are idle it must not take the processor.

With --curve against a daemon with keys: strangers in its handshakes, and clients with a key that are hostile all the same.

`./dev hostile` runs it in full against the release build; the test runs fewer of everything, against the sanitizers'.
"""
import argparse
import os
import re
import resource
import subprocess
import sys
import threading
import time

import zmq

import harness
import hostile_peers
from curve_rig import CurveDaemon, Key
from harness import DEADLINE, Daemon, batch, event
from hostile_peers import SOCKETS
from vsm.v1 import query_pb2

ONE_WAY_S = 0.02  # between two turns of the good client
IDLE_S = 2.0  # for so long the processor is looked at
IDLE_SHARE = 0.15  # of one processor
NOFILE = 1000  # descriptors of the daemon where their limit is tried


class Peer:
    """Peers of one kind, in a process of their own. Use it in a `with`."""

    def __init__(self, daemon, name, n, sockets=tuple(SOCKETS)):
        ends = [f"{s}={daemon.endpoint(s)}" for s in sockets]
        self.process = subprocess.Popen([sys.executable, hostile_peers.__file__, name, str(n), *ends], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, env={**os.environ, **getattr(daemon, "keys_of_peers", {})})

    def __enter__(self):
        assert self.process.stdout.readline() == "there\n"
        return self

    def done(self):
        assert self.process.stdout.readline() == "done\n"

    def count_open(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(DEADLINE)
        self.process.stdout.close()


class KeyedDaemon(CurveDaemon):
    """With keys. All sockets that it is asked for are those of one client, who may do everything."""

    def __init__(self, text, **options):
        self.good, peer = Key("good"), Key("peer")
        text = text.replace("daemon:\n", "daemon:\n  curve: { key: vsmd.key, clients: clients.yaml }\n", 1)
        super().__init__(self.good.entry("emit", "watch", "control") + peer.entry("emit", "watch"), text, **options)
        self.keys_of_peers = {"HOSTILE_KEYS": f"{peer.public} {peer.secret} {self.server.public}"}

    def socket(self, kind, name, **options):
        return self.meet(kind, name, self.good, **options)[0]


# --- the good client

class Good:
    """Sends an event of a known item and asks for the status, in turn, and notes how long each took."""

    def __init__(self, daemon):
        self.daemon = daemon
        self.client = daemon.client()
        self.query = daemon.socket(zmq.DEALER, "query")
        self.ack_s = self.answer_s = 0.0
        self.turns = 0
        self.failed = None
        self.status = None
        self.turn()

    def turn(self):
        began = time.monotonic()
        ack = self.client.submit(batch(event("first.started", "good", at=self.turns % 4000), source="good"))
        assert (ack.accepted, ack.rejected) == (1, 0), ack
        then = time.monotonic()
        self.query.send_multipart([b"q", query_pb2.Request(status=query_pb2.StatusRequest()).SerializeToString()])
        self.status = query_pb2.Reply.FromString(self.query.recv_multipart()[1]).status
        self.ack_s, self.answer_s = max(self.ack_s, then - began), max(self.answer_s, time.monotonic() - then)
        self.turns += 1

    def run(self):
        try:
            while not self.stop.is_set():
                self.turn()
                self.stop.wait(ONE_WAY_S)
        except Exception as e:  # is raised where it is joined
            self.failed = e

    def __enter__(self):
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()
        return self

    def __exit__(self, kind, *_):
        self.stop.set()
        self.thread.join()
        if self.failed and not kind:
            raise self.failed

    def bound(self, name, of=""):
        return next(b for b in self.status.bounds if (b.name, b.socket) == (name, of))

    def until(self, what, condition):
        """Takes turns until a condition of the status holds."""
        end = time.monotonic() + DEADLINE
        while not condition():
            assert time.monotonic() < end, f"waited {DEADLINE:.0f} s for {what}: {self.status}"
            self.turn()


def processor_s(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_bytes(pid, which):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return int(re.search(rf"{which}:\s+(\d+)", f.read()).group(1)) * 1024


def must_be_idle(daemon):
    """While nobody asks for anything."""
    before, began = processor_s(daemon.process.pid), time.monotonic()
    time.sleep(IDLE_S)  # nothing is waited for: it is what is measured
    share = (processor_s(daemon.process.pid) - before) / (time.monotonic() - began)
    assert share < IDLE_SHARE, f"an idle daemon takes {share:.0%} of a processor"
    return f"idle {share:.0%}"


# --- the stories: configuration, and what happens. Each returns what is to be said of it.

def with_limits(state=None, **limits):
    text = ", ".join(f"{k}: {v}" for k, v in limits.items())
    rules = '  - { source: variety, type: "known.*", stage: S/second, lifecycle: start, item: "S:{subject}" }\n'
    return harness.config(state=state).replace("daemon:\n", f"daemon:\n  limits: {{ {text} }}\n", 1) + rules


def many_connections(daemon, good, n):
    with Peer(daemon, "idle", n) as p:
        with good:
            p.done()
        good.turn()
        assert p.count_open() == n
        assert sum(b.now for b in good.status.bounds if b.name == "connections") == n + 2  # the good client's own
        return f"{n:,} connections, {must_be_idle(daemon)}"


def more_than_descriptors(daemon, good, n):
    """n connections to each socket, of which each takes its share, and new ones are let in when others leave."""
    most = good.bound("connections", "publish").most
    assert most < n, (most, n)
    with Peer(daemon, "idle", 4 * n) as p:
        with good:
            p.done()
        there = 4 * most - 2  # the good client's own
        good.until("the others to be sent away", lambda: p.count_open() == there)
        good.turn()
        for name in SOCKETS:
            assert good.bound("connections", name).now == most, good.status
        assert sum(b.beyond for b in good.status.bounds if b.name == "connections") == 4 * n - there, good.status
        assert "limits.connections" in good.status.trouble
        said = must_be_idle(daemon)
    good.until("trouble to be over", lambda: not good.status.trouble)
    assert daemon.client().submit(batch(event("first.started", "new"))).accepted == 1
    return f"{there:,} of {4 * n:,} let in, {said}"


def no_handshakes(daemon, good, n):
    with Peer(daemon, "garbage", n) as p, good:
        p.done()
    failed = lambda: sum(b.beyond for b in good.status.bounds if b.name == "handshake")
    good.until("most of them to fail", lambda: failed() > n / 2)  # the last may not have been let in when all others are gone
    all_gone(good)
    return f"{n:,} connections, {failed():,} failed to begin"


def subscribers_that_never_read(daemon, good, n):
    kind, rounds = "known." + "x" * 4000, 20
    with Peer(daemon, "deaf_subscribers", n) as p, good:
        p.done()
        c = daemon.client()
        for k in range(rounds):
            c.submit(batch(*(event(kind, f"{k}-{i}") for i in range(500)), source="variety"))
    assert good.bound("publish_queue", "publish").beyond > 0, good.status
    return f"{n} subscribers, {500 * rounds:,} publications each"


def subscriptions_without_end(daemon, good, n):
    s = daemon.subscriber("v1/status/")
    with Peer(daemon, "eager_subscribers", n) as p, good:
        p.done()
    good.until("it to be cut off", lambda: good.bound("subscriptions", "publish").beyond > 0)
    s.until(lambda topic, p: p.status.bounds and next(b for b in p.status.bounds if b.name == "subscriptions").beyond > 0)
    return f"{n:,} subscriptions, cut off {good.bound('subscriptions', 'publish').beyond} times"


def clients_that_never_read(daemon, good, n):
    with Peer(daemon, "deaf_clients", n) as p, good:
        p.done()
    good.turn()
    lost = good.bound("ack_queue", "submit").beyond
    assert lost > n / 2, (lost, n)
    return f"{n:,} batches, {lost:,} acks lost"


def peers_that_hoard(daemon, good, n):
    """What waits of a peer, or for it, is bounded in bytes, however it comes."""
    with Peer(daemon, "hoarders", n) as p, good:
        p.done()
    most = good.bound("peer_memory", "submit").most
    for name in SOCKETS:
        good.until(f"those of {name} to be cut off", lambda: good.bound("peer_memory", name).beyond == n // len(SOCKETS))
    c, keys = daemon.client(), [event("first.started", f"key-{'x' * 200}-{i}") for i in range(1000)]
    assert c.submit(batch(*keys, source="variety")).accepted == len(keys)
    with Peer(daemon, "deaf_askers", 60 * n) as p:
        p.done()
        good.until("it to be cut off", lambda: good.bound("peer_memory", "query").beyond == n // len(SOCKETS) + 1)
    return f"{n} and one that asked {60 * n:,} times cut off, at {most >> 20} MiB each"


def emitters_that_flood(daemon, good, seconds):
    with Peer(daemon, "flood", 0), Peer(daemon, "flood", 0), good:
        end = time.monotonic() + seconds
        while time.monotonic() < end and not good.failed:
            good.thread.join(0.1)
    return f"{good.status.ingest.received / seconds:,.0f} events a second"


def byte_a_second(daemon, good, n):
    """Those that begin so are sent away; those that go on so may stay."""
    with Peer(daemon, "byte_by_byte", n):
        good.until("half of them to be sent away", lambda: good.bound("handshake", "submit").beyond >= n // 2)
        with good:
            good.thread.join(3)
        assert good.bound("connections", "submit").now == n // 2 + 1, good.status
        return f"{n} connections, {must_be_idle(daemon)}"


def types_and_keys(daemon, good, n):
    known = [event("first.started", f"known-{i}") for i in range(1000)]
    assert daemon.client().submit(batch(*known, source="variety")).accepted == 1000
    began = time.monotonic()
    with Peer(daemon, "variety", n) as p, good:
        p.done()
    took = time.monotonic() - began
    good.turn()
    i = good.status.ingest
    third = (n + 2) // 3
    assert i.unmapped == third, i
    items, unmapped = good.bound("items"), good.bound("unmapped")
    assert items.now == items.most and items.beyond == (n + 1) // 3 - (items.most - 1001), (items, n)
    assert unmapped.now == unmapped.most + 1 and unmapped.beyond == third - unmapped.most, (unmapped, n)
    return f"{n:,} types and keys, {n / took:,.0f} a second"


def too_many_items(daemon, good, n):
    """New items until memory is as much as it may be; known ones go on, and after a start all is as it was."""
    room = good.status.memory_bytes + n * 100
    daemon.write(with_limits(state="state", memory=f"{room}B"))
    assert not daemon.ask(reload=query_pb2.ReloadRequest()).error
    with Peer(daemon, "new_items", n) as p, good:
        p.done()
    good.turn()
    memory, held = good.bound("memory"), good.status.items_held
    assert memory.most == room and memory.beyond > 0 and held < n, good.status
    assert memory.now < room * 1.5 + (64 << 20), memory
    assert "limits.memory" in good.status.trouble
    refused = [r for r in daemon.ask(rejected={}).rejected.rejected if r.reason == "limit"]
    assert len(refused) == 1 and "limits.memory" in refused[0].detail and refused[0].count == memory.beyond, refused
    before = daemon.snapshot()
    daemon.end()
    daemon.start_again()
    after = daemon.snapshot()
    assert before.ingest == after.ingest and before.value_streams[0].wip == after.value_streams[0].wip == held, (before, after)
    return f"{held:,} of {n:,} items in {memory.now / 1e6:.0f} MB"


# --- with keys

def all_gone(good):
    good.until("all of them to be gone", lambda: sum(b.now for b in good.status.bounds if b.name == "connections") == 2)


def no_handshakes_of_curve(daemon, good, n):
    with Peer(daemon, "curve_garbage", n) as p, good:
        p.done()
    all_gone(good)
    return f"{n:,} connections, {sum(b.beyond for b in good.status.bounds if b.name == 'handshake'):,} failed to begin"


def strangers_that_are_silent(daemon, good, n):
    """More than there are descriptors for; they are sent away in time, and who has a key comes in."""
    with Peer(daemon, "silent_strangers", 4 * n) as p:
        with good:
            p.done()
        all_gone(good)
        ended = lambda: sum(b.beyond for b in good.status.bounds if b.name in ("handshake", "connections"))
        good.until("all of them to be counted", lambda: ended() >= 4 * n)
        assert daemon.client().submit(batch(event("first.started", "new"))).accepted == 1
        return f"{4 * n:,} connections, {must_be_idle(daemon)}"


def strangers_with_keys(daemon, good, n):
    with Peer(daemon, "strangers", n) as p:
        with good:
            p.done()
        good.until("nearly all to be refused", lambda: good.status.refused_handshakes >= n * 9 // 10)
    assert not [s for s in daemon.ask(sources={}).sources.sources if s.source == "stranger"]
    return f"{n:,} clients, {good.status.refused_handshakes:,} handshakes refused"


# Name: the configuration's limits, those of the process, small and full size, and most memory at the full size (MB).
STORIES = {
    many_connections: (dict(), {}, 2000, 10000, 1000),
    more_than_descriptors: (dict(), {resource.RLIMIT_NOFILE: (NOFILE, NOFILE)}, 250, 2000, 200),
    no_handshakes: (dict(handshake="1s"), {}, 1000, 20000, 200),
    subscribers_that_never_read: (dict(publish_queue=100), {}, 10, 200, 400),
    subscriptions_without_end: (dict(subscriptions=1000), {}, 20000, 500000, 300),
    clients_that_never_read: (dict(ack_queue=1000), {}, 20000, 500000, 200),
    peers_that_hoard: (dict(peer_memory="16MiB"), {}, 4, 12, 800),
    emitters_that_flood: (dict(), {}, 3, 20, 400),
    byte_a_second: (dict(handshake="1s"), {}, 100, 1000, 400),
    too_many_items: (dict(state="state"), {}, 200000, 5000000, 3000),
    types_and_keys: (dict(items=10000), {}, 200000, 10000000, 400),
}


CURVE_STORIES = {
    no_handshakes: STORIES[no_handshakes],
    no_handshakes_of_curve: (dict(handshake="1s"), {}, 200, 5000, 200),
    strangers_that_are_silent: (dict(handshake="1s"), {resource.RLIMIT_NOFILE: (NOFILE, NOFILE)}, 250, 2000, 200),
    strangers_with_keys: (dict(), {}, 50, 500, 200),
    emitters_that_flood: (dict(), {}, 3, 20, 400),
    types_and_keys: (dict(items=10000), {}, 100000, 10000000, 400),
}


def tell(story, full, answer_most_s, sanitized, curve):
    limits, of_process, small, large, memory_most = (CURVE_STORIES if curve else STORIES)[story]
    began = time.monotonic()
    with (KeyedDaemon if curve else Daemon)(with_limits(**limits), limits=of_process) as daemon:
        good = Good(daemon)
        said = story(daemon, good, large if full else small)
        peak = memory_bytes(daemon.process.pid, "VmHWM") / 1e6
    worst = max(good.ack_s, good.answer_s)
    print(f"{story.__name__:28} {time.monotonic() - began:6.1f} s  ack {good.ack_s * 1e3:6.0f} ms  answer {good.answer_s * 1e3:6.0f} ms"
          f"  {peak:6.0f} MB  {good.turns:6} turns  {said}", flush=True)
    assert worst < answer_most_s, f"{story.__name__}: the good client waited {worst:.2f} s"
    assert sanitized or peak < memory_most, f"{story.__name__}: {peak:.0f} MB, allowed {memory_most}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stories", nargs="*", help="of these alone")
    parser.add_argument("--full", action="store_true", help="10,000 connections, 10 M types and keys, and so on")
    parser.add_argument("--answer-most", type=float, default=1.0, help="seconds that the good client may wait")
    parser.add_argument("--sanitized", action="store_true", help="memory is the sanitizers'")
    parser.add_argument("--curve", action="store_true", help="the daemon has keys")
    options = parser.parse_args()
    for story in CURVE_STORIES if options.curve else STORIES:
        if not options.stories or story.__name__ in options.stories:
            tell(story, options.full, options.answer_most, options.sanitized, options.curve)


if __name__ == "__main__":
    main()
