"""Peers that are hostile or clumsy, one kind after another. Meanwhile a good client sends an event and asks a question again and again:
each must be answered within a second, the daemon's memory must stay below what is said here for each story, and where all others
are idle it must not take the processor.

`./dev hostile` runs it in full against the release build; the test runs fewer of everything, against the sanitizers'.
"""
import argparse
import os
import random
import re
import resource
import socket
import struct
import subprocess
import sys
import threading
import time
from urllib.parse import urlparse

import zmq

import harness
from harness import DEADLINE, VSMD, Daemon, batch, event
from vsm.v1 import event_pb2, query_pb2

SOCKETS = {"submit": b"DEALER", "subscribe": b"PUB", "publish": b"SUB", "query": b"DEALER"}
ONE_WAY_S = 0.02  # between two turns of the good client
IDLE_S = 2.0  # for so long the processor is looked at
IDLE_SHARE = 0.15  # of one processor
NOFILE = 1000  # descriptors of the daemon where their limit is tried


# --- ZMTP 3.0 by hand, for what no library would do

GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"NULL".ljust(20, b"\0") + bytes(32)


def command(kind):
    properties = b"".join(bytes([len(k)]) + k + struct.pack(">I", len(v)) + v for k, v in ((b"Socket-Type", kind), (b"Identity", b"")))
    body = b"\x05READY" + properties
    return b"\x04" + bytes([len(body)]) + body


def frame(body, more=False):
    if len(body) > 255:
        return bytes([2 | more]) + struct.pack(">Q", len(body)) + body
    return bytes([more, len(body)]) + body


def take(s, n):
    got = b""
    while len(got) < n:
        more = s.recv(n - len(got))
        if not more:
            raise ConnectionError("closed")
        got += more
    return got


def connect(endpoint, receive_bytes=None):
    at = urlparse(endpoint)
    s = socket.socket()
    if receive_bytes:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    s.settimeout(DEADLINE)
    s.connect((at.hostname, at.port))
    return s


def shake_hands(endpoint, kind, receive_bytes=None):
    s = connect(endpoint, receive_bytes)
    s.sendall(GREETING)
    take(s, 64)
    s.sendall(command(kind))
    take(s, take(s, 2)[1])
    return s


# --- the peers, each a process of its own. What they yield they hold until they are ended.

def idle(endpoints, n):
    """Connections that say hello and nothing more; where one is refused, none."""
    for i in range(n):
        name, endpoint = endpoints[i % len(endpoints)]
        try:
            yield shake_hands(endpoint, SOCKETS[name])
        except OSError:
            yield None


def garbage(endpoints, n):
    """What is no handshake, or half of one. Some hang up without a word."""
    chance = random.Random(n)
    for i in range(n):
        s = connect(endpoints[i % len(endpoints)][1])
        said = (chance.randbytes(chance.randrange(1, 300)), b"GET / HTTP/1.1\r\n\r\n", GREETING[:chance.randrange(1, 64)],
                GREETING + b"\x04\xff" + chance.randbytes(20), GREETING + frame(b"x" * 300), GREETING + b"\x06" + b"\xff" * 8)[i % 6]
        try:
            s.sendall(said)
        except OSError:
            pass
        if i % 2:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        s.close()
    yield None


def deaf_subscribers(endpoints, n):
    """They want everything, and read nothing."""
    for _ in range(n):
        s = shake_hands(dict(endpoints)["publish"], b"SUB", 4096)
        s.sendall(frame(b"\x01"))
        yield s


def deaf_clients(endpoints, n):
    """They send batches as long as that goes, and read no ack. An id of 1,000 bytes comes back with each."""
    sign_of_life = batch(source="deaf").SerializeToString()
    message = frame(b"i" * 1000, more=True) + frame(sign_of_life)
    s = shake_hands(dict(endpoints)["submit"], b"DEALER", 4096)
    for i in range(n // 100):
        s.sendall(message * 100)
        if i == 0:
            yield s
    yield None


def flood(endpoints, _):
    """Batches of 100 events as fast as the daemon takes them, for ever."""
    frames = [batch(*(event(subject=f"flood-{n}-{i}") for i in range(100)), source="flood").SerializeToString() for n in range(100)]
    s = zmq.Context().socket(zmq.DEALER)
    s.connect(dict(endpoints)["submit"])
    yield None
    n = 0
    while True:
        s.send_multipart([b"%d" % n, frames[n % 100]])
        n += 1
        while s.poll(0):
            s.recv_multipart()


def byte_by_byte(endpoints, n):
    """A byte a second: of a handshake, and of a message of 4 MiB."""
    submit = dict(endpoints)["submit"]
    whole = [shake_hands(submit, b"DEALER") for _ in range(n // 2)]
    half = [connect(submit) for _ in range(n // 2)]
    message = frame(b"id", more=True) + b"\x02" + struct.pack(">Q", 4 << 20) + bytes(1000)
    yield None
    for i in range(60):
        for sockets, said in ((whole, message), (half, GREETING)):
            for s in sockets:
                try:
                    s.sendall(said[i:i + 1])
                except OSError:
                    pass
        time.sleep(1)  # that is what it is




def variety(endpoints, n):
    """n events, of which a third has a type that nobody maps, a third is of an item of its own, and a third has a type of
    its own that a pattern maps to a known item. No two have the same type and key."""
    s = zmq.Context().socket(zmq.DEALER)
    s.rcvtimeo = int(DEADLINE * 1000)
    s.connect(dict(endpoints)["submit"])

    def one(kind, subject, at=0):
        time_ns = struct.pack("<Q", (harness.T0 + at) * 10**9)
        body = b"\x1a" + bytes([len(kind)]) + kind + b"\x22" + bytes([len(subject)]) + subject + b"\x29" + time_ns
        return b"\x1a" + bytes([len(body)]) + body

    head, size, under_way = b"\x0a\x07variety", 1000, 0
    for first in range(0, n, size):
        events = []
        for i in range(first, min(first + size, n)):
            events.append(one(b"nobody.%d" % i, b"x") if i % 3 == 0 else one(b"first.started", b"key-%d" % i) if i % 3 == 1
                          else one(b"known.%d" % i, b"known-%d" % (i % 1000), i))
        s.send_multipart([b"v", head + b"".join(events)])
        under_way += 1
        if first == 0:
            yield None
        while under_way > 16 or (under_way and first + size >= n):
            s.recv_multipart()
            under_way -= 1


def is_open(s):
    try:
        s.setblocking(False)
        while s.recv(1 << 16):
            pass
        return False
    except BlockingIOError:
        return True
    except OSError:
        return False


PEERS = {f.__name__: f for f in (idle, garbage, deaf_subscribers, deaf_clients, flood, byte_by_byte, variety)}


def be(name, n, endpoints):
    """In the process of its own: says when the first is there and when all are, and goes on until its input ends. For each
    line of that it says how many are not closed."""
    held = []

    def answer():
        for _ in sys.stdin:
            print(sum(is_open(s) for s in held if s), flush=True)
        os._exit(0)
    threading.Thread(target=answer, daemon=True).start()
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    for s in PEERS[name](endpoints, n):
        if not held:
            print("there", flush=True)
        held.append(s)
    print("done", flush=True)
    threading.Event().wait()


class Peer:
    """Peers of one kind, in a process of their own. Use it in a `with`."""

    def __init__(self, daemon, name, n, sockets=tuple(SOCKETS)):
        ends = [f"{s}={daemon.endpoint(s)}" for s in sockets]
        self.process = subprocess.Popen([sys.executable, __file__, "--peer", name, "--n", str(n), *ends], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)

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

def with_limits(**limits):
    text = ", ".join(f"{k}: {v}" for k, v in limits.items())
    rules = '  - { source: variety, type: "known.*", stage: S/second, lifecycle: start, item: "S:{subject}" }\n'
    return harness.config().replace("daemon:\n", f"daemon:\n  limits: {{ {text} }}\n", 1) + rules


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
    good.until("all of them to be gone", lambda: sum(b.now for b in good.status.bounds if b.name == "connections") == 2)
    failed = sum(b.beyond for b in good.status.bounds if b.name == "handshake")
    assert failed > n / 2, (failed, n)
    return f"{n:,} connections, {failed:,} failed to begin"


def subscribers_that_never_read(daemon, good, n):
    kind, rounds = "known." + "x" * 4000, 20
    with Peer(daemon, "deaf_subscribers", n) as p, good:
        p.done()
        c = daemon.client()
        for k in range(rounds):
            c.submit(batch(*(event(kind, f"{k}-{i}") for i in range(500)), source="variety"))
    assert good.bound("publish_queue", "publish").beyond > 0, good.status
    return f"{n} subscribers, {500 * rounds:,} publications each"


def clients_that_never_read(daemon, good, n):
    with Peer(daemon, "deaf_clients", n) as p, good:
        p.done()
    good.turn()
    lost = good.bound("ack_queue", "submit").beyond
    assert lost > n / 2, (lost, n)
    return f"{n:,} batches, {lost:,} acks lost"


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


# Name: the configuration's limits, those of the process, small and full size, and most memory at the full size (MB).
STORIES = {
    many_connections: (dict(), {}, 2000, 10000, 1000),
    more_than_descriptors: (dict(), {resource.RLIMIT_NOFILE: (NOFILE, NOFILE)}, 250, 2000, 200),
    no_handshakes: (dict(handshake="1s"), {}, 1000, 20000, 200),
    subscribers_that_never_read: (dict(publish_queue=100), {}, 10, 200, 400),
    clients_that_never_read: (dict(ack_queue=1000), {}, 20000, 500000, 200),
    emitters_that_flood: (dict(), {}, 3, 20, 400),
    byte_a_second: (dict(handshake="1s"), {}, 100, 1000, 400),
    types_and_keys: (dict(items=10000), {}, 200000, 10000000, 400),
}


def tell(story, full, answer_most_s, sanitized):
    limits, of_process, small, large, memory_most = STORIES[story]
    began = time.monotonic()
    with Daemon(with_limits(**limits) if limits else with_limits(items=10000000), limits=of_process) as daemon:
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
    parser.add_argument("--peer", help=argparse.SUPPRESS)
    parser.add_argument("--n", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peer:
        be(options.peer, options.n, [tuple(e.split("=", 1)) for e in options.stories])
    for story in STORIES:
        if not options.stories or story.__name__ in options.stories:
            tell(story, options.full, options.answer_most, options.sanitized)


if __name__ == "__main__":
    main()
