"""What hostile and clumsy peers do, each kind in a process of its own: hostile_peers.py KIND N NAME=ENDPOINT...

HOSTILE_KEYS: "PUBLIC SECRET SERVER", where the daemon encrypts: the keys of one of its clients, and its own."""
import os
import random
import resource
import select
import socket
import struct
import sys
import threading
import time
from urllib.parse import urlparse

import zmq

import harness
from harness import DEADLINE, batch, event
from vsm.v1 import query_pb2

SOCKETS = {"submit": b"DEALER", "subscribe": b"PUB", "publish": b"SUB", "query": b"DEALER"}


# --- ZMTP 3.0 by hand, for what no library would do

GREETING, CURVE_GREETING = (b"\xff" + bytes(8) + b"\x7f\x03\x00" + m.ljust(20, b"\0") + bytes(32) for m in (b"NULL", b"CURVE"))


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


# --- the same by ZeroMQ

KEYS = [k.encode() for k in os.environ.get("HOSTILE_KEYS", "").split()]


def dealer(endpoint, context=None, keys=None):
    s = (context or zmq.Context()).socket(zmq.DEALER)
    s.rcvtimeo, s.linger = int(DEADLINE * 1000), 0
    if KEYS:
        s.curve_publickey, s.curve_secretkey = keys or KEYS[:2]
        s.curve_serverkey = KEYS[2]
    s.connect(endpoint)
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
        if i == 0:
            yield None


def curve_garbage(endpoints, n):
    """Likewise behind the greeting of who would encrypt."""
    chance = random.Random(n)
    hello = lambda size: b"\x04" + bytes([6 + size]) + b"\x05HELLO" + b"\x01\x00" + bytes(72) + chance.randbytes(size - 74)
    for i in range(n):
        s = connect(endpoints[i % len(endpoints)][1])
        said = (hello(194), hello(100), hello(194) + b"\x04\xff\x08INITIATE" + chance.randbytes(246), b"\x04\x08\x07MESSAGE",
                frame(b"x" * 200), b"\x06" + b"\xff" * 8, command(b"DEALER"), chance.randbytes(chance.randrange(1, 300)))[i % 8]
        try:
            s.sendall(CURVE_GREETING)
            if i % 16 < 8:
                take(s, 64)
            s.sendall(said)
            if i % 64 == 0:  # so long as the daemon lets it
                s.recv(1)
        except OSError:
            pass
        s.close()
        if i == 0:
            yield None


def silent_strangers(endpoints, n):
    """Connections that would encrypt, and say nothing more. The next come when these were sent away, until the end."""
    held = []
    for i in range(n):
        try:
            s = connect(endpoints[i % len(endpoints)][1])
            s.sendall(CURVE_GREETING)
            held.append(s)
        except OSError:
            pass
        if i == 0:
            yield None
    for s in held:
        try:
            while s.recv(64):
                pass
        except OSError:
            pass


def strangers(endpoints, n):
    """n clients with keys that the daemon does not know, a tenth of them with none of its own either: they come again and again."""
    context = zmq.Context()
    context.set(zmq.MAX_SOCKETS, 2 * n + 10)  # those that are closed leave later
    for i in range(n):
        s = dealer(endpoints[i % len(endpoints)][1], context, zmq.curve_keypair())
        if i % 10 == 0:
            s.close()
            s = context.socket(zmq.DEALER)
            s.connect(endpoints[i % len(endpoints)][1])
        s.send_multipart([b"1", batch(event(subject="stranger"), source="stranger").SerializeToString()])
        yield s


def deaf_subscribers(endpoints, n):
    """They want everything, and read nothing."""
    for _ in range(n):
        s = shake_hands(dict(endpoints)["publish"], b"SUB", 4096)
        s.sendall(frame(b"\x01"))
        yield s


def eager_subscribers(endpoints, n):
    """n subscriptions of 1,000 bytes each."""
    s = shake_hands(dict(endpoints)["publish"], b"SUB")
    yield s
    try:
        for i in range(n):
            s.sendall(frame(b"\x01%08d" % i + b"x" * 990))
    except OSError:
        pass


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
    frames = [batch(*(event(subject=f"{os.getpid()}-{n}-{i}") for i in range(100)), source="flood").SerializeToString() for n in range(100)]
    s = dealer(dict(endpoints)["submit"])
    yield None
    n = 0
    while True:
        s.send_multipart([b"%d" % n, frames[n % 100]])
        n += 1
        while s.poll(0):
            s.recv_multipart()


def hoarders(endpoints, n):
    """Messages of small frames that never end, to each socket in turn, until they are ended."""
    there = []
    for i in range(n):
        name, endpoint = endpoints[i % len(endpoints)]
        there.append(shake_hands(endpoint, SOCKETS[name]))
    piece, sent = frame(b"v1/event/" + b"x" * 900, more=True) * 1000, {s: 0 for s in there}
    yield None
    end = time.monotonic() + DEADLINE
    while (there := [s for s in there if is_open(s)]) and time.monotonic() < end:
        for s in select.select([], there, [], 0.1)[1]:
            try:
                sent[s] += s.send(piece[sent[s] % len(piece):])
            except OSError:
                pass
    assert not there


def deaf_askers(endpoints, n):
    """One that asks for all items again and again, and reads no answer."""
    question = query_pb2.Request(items=query_pb2.ItemsRequest(limit=1000)).SerializeToString()
    s = shake_hands(dict(endpoints)["query"], b"DEALER", 4096)
    yield s
    for _ in range(n):
        try:
            s.sendall(frame(b"q", more=True) + frame(question))
        except OSError:
            break
    yield None


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
    s = dealer(dict(endpoints)["submit"])

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


def new_items(endpoints, n):
    """n items, each with one event."""
    s = dealer(dict(endpoints)["submit"])
    size = 1000
    for first in range(0, n, size):
        s.send_multipart([b"n", batch(*(event("first.started", f"new-{i}") for i in range(first, first + size)), source="new").SerializeToString()])
        s.recv_multipart()
        if first == 0:
            yield None


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


PEERS = {f.__name__: f for f in (idle, garbage, curve_garbage, silent_strangers, strangers, deaf_subscribers, eager_subscribers, deaf_clients, hoarders, deaf_askers, flood, byte_by_byte, variety, new_items)}


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


if __name__ == "__main__":
    be(sys.argv[1], int(sys.argv[2]), [tuple(e.split("=", 1)) for e in sys.argv[3:]])
