"""Starts vsmd on free loopback ports and talks to it as an outside client would.

Nothing here sleeps: every wait is for a message, a line of the log or the end of a process, and has a deadline.
A daemon must end with status 0 unless a test says otherwise, so a finding of a sanitizer fails the test.
"""
import contextlib
import os
import re
import resource
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import unittest

import zmq

from vsm.v1 import event_pb2, metric_pb2, query_pb2

VSMD = os.environ["VSMD"]
DEADLINE = 30.0  # seconds; for machines that have other things to do

CONFIG = """\
daemon:
  clock: {clock}{state}
  subscribe: {{ bind: ["tcp://127.0.0.1:*"] }}
  submit: "tcp://127.0.0.1:*"
  publish: "tcp://127.0.0.1:*"
  query: "tcp://127.0.0.1:*"
  publish_interval: 50ms
{sources}
value_streams:
{streams}
mappings:
{rules}
"""
STREAM = """\
  - id: {id}
    name: Stream {id}
    outcome: Done
    stages:
      - {{ id: first, name: First }}
      - {{ id: second, name: Second }}
"""
RULES = """\
  - {{ source: "*", type: first.started, stage: {id}/first, lifecycle: start, item: "{id}:{{subject}}" }}
  - {{ source: "*", type: first.done, stage: {id}/first, lifecycle: complete, item: "{id}:{{subject}}" }}
  - {{ source: "*", type: second.done, stage: {id}/second, lifecycle: complete, item: "{id}:{{subject}}" }}
  - {{ source: "*", type: cancelled, stream: {id}, lifecycle: withdraw, item: "{id}:{{subject}}" }}
  - {{ source: "*", type: ordered, stage: {id}/first, lifecycle: start, item: "{id}:{{data.order}}" }}
"""


def config(streams=("S",), clock="event", sources="", state=None):
    """A small configuration: each stream has the stages first and second, and the same native event types."""
    return CONFIG.format(clock=clock, state=f"\n  state: {state}" if state else "", sources=sources, streams="".join(STREAM.format(id=s) for s in streams),
                         rules="".join(RULES.format(id=s) for s in streams))


def wait_for(what, condition, changed=None):
    """Waits until condition() is true. `changed` is a threading.Condition that is told of changes."""
    end = time.monotonic() + DEADLINE
    with changed:
        while True:
            result = condition()
            if result:
                return result
            left = end - time.monotonic()
            if left <= 0:
                raise AssertionError(f"waited {DEADLINE:.0f} s for {what}")
            changed.wait(left)


def poll(what, condition):
    """Asks what cannot call us back, as another process or a file, until the condition is true."""
    end = time.monotonic() + DEADLINE
    pause = threading.Event()
    while time.monotonic() < end:
        result = condition()
        if result:
            return result
        pause.wait(0.05)
    raise AssertionError(f"waited {DEADLINE:.0f} s for {what}")


def subscriptions(status):
    return next(b.now for b in status.bounds if b.name == "subscriptions")


def process_state(pid):
    """The letter that the system has for it: R runs, S sleeps, T was stopped, Z has ended. None: it is gone."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as f:
            return f.read().rpartition(")")[2].split()[0]
    except OSError:
        return None


def children(pid):
    """Its child processes, each with its state."""
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
        return [(int(child), process_state(child)) for child in f.read().split()]


ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SHIPPED = os.path.join(ROOT, "config", "quantum-energy.yaml")


def read_lines(path, n):
    """The lines of a file, when there are n at least."""
    def lines():
        if not os.path.exists(path):
            return None
        with open(path, encoding="utf-8") as f:
            there = f.read().splitlines()
        return there if len(there) >= n else None

    return poll(f"{n} lines of {path}", lines)


def shipped():
    """The shipped configuration on free ports, its drawing found from anywhere."""
    with open(SHIPPED, encoding="utf-8") as f:
        text = re.sub(r"tcp://127\.0\.0\.1:\d+", "tcp://127.0.0.1:*", f.read())
    return text.replace("diagram: ", f"diagram: {os.path.join(ROOT, 'config')}/").replace(
        "bind: [tcp://127.0.0.1:*]", 'bind: ["tcp://127.0.0.1:*"]')


class Log:
    """The log of a process, read as it comes, so that the process never has to wait for us."""

    def __init__(self, stream):
        self.lines = []
        self.changed = threading.Condition()
        self.ended = False
        self.thread = threading.Thread(target=self._read, args=(stream,), daemon=True)
        self.thread.start()

    def _read(self, stream):
        for line in stream:
            with self.changed:
                self.lines.append(line.rstrip("\n"))
                self.changed.notify_all()
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def wait(self, pattern, after=0):
        """The match of the first line from number `after` on that has the pattern."""
        def find():
            for line in self.lines[after:]:
                match = re.search(pattern, line)
                if match:
                    return match
            if self.ended:
                raise AssertionError(f"the process ended without saying {pattern!r}; it said:\n" + self.text())
            return None
        return wait_for(f"{pattern!r} in the log", find, self.changed)

    @contextlib.contextmanager
    def expect(self, pattern):
        """In a `with`: a line that has the pattern comes now; those that stand there already are none."""
        before = len(self.lines)
        yield
        self.wait(pattern, after=before)

    def text(self):
        return "\n".join(self.lines)


class Daemon:
    """A running vsmd in a directory of its own. Use it in a `with`."""

    def __init__(self, text=None, *args, env=None, limits=None):
        self.directory = tempfile.mkdtemp(prefix="vsmd-e2e-")
        self.path = os.path.join(self.directory, "vsmd.yaml")
        self.write(text or config())
        self.context = zmq.Context()
        self.sockets = []  # they live as long as the test, also where it keeps none
        self._start(args, env, limits)

    def _start(self, args=(), env=None, limits=None):
        limit = lambda: [resource.setrlimit(*pair) for pair in (limits or {}).items()]
        self.process = subprocess.Popen([VSMD, "--config", self.path, *args], stderr=subprocess.PIPE, text=True,
                                        cwd=self.directory, env={**os.environ, **(env or {})}, preexec_fn=limit)
        self.log = Log(self.process.stderr)

    def end(self, number=signal.SIGKILL):
        """Ends the process, by a signal or by itself (0); returns its status."""
        if number:
            self.process.send_signal(number)
        status = self.wait()
        self.process.stderr.close()
        return status

    def start_again(self, *args, env=None):
        """After end(): on the same directory; sockets of before lead nowhere."""
        self._start(args, env)
        self.log.wait(r"^event=ready ")

    def keep_endpoints(self):
        """Its next start will be at the endpoints of this one."""
        with open(self.path, encoding="utf-8") as f:
            text = f.read()
        for name in ("subscribe", "submit", "publish", "query"):
            old = f'{name}: {{ bind: ["tcp://127.0.0.1:*"] }}' if name == "subscribe" else f'{name}: "tcp://127.0.0.1:*"'
            assert old in text
            text = text.replace(old, old.replace("tcp://127.0.0.1:*", self.endpoint(name)))
        self.write(text)

    def write(self, text):
        with open(self.path, "w", encoding="utf-8") as f:
            f.write(text)

    def __enter__(self):
        try:
            self.log.wait(r"^event=ready ")
        except AssertionError:
            self._clean()
            raise
        return self

    def __exit__(self, kind, value, trace):
        try:
            if self.process.poll() is None:
                self.process.send_signal(signal.SIGTERM)
            status = self.wait()
            if kind is None and status != 0:
                raise AssertionError(f"vsmd ended with status {status}; it said:\n" + self.log.text())
        finally:
            if kind is not None:
                print("vsmd said:\n" + "\n".join(self.log.lines[-40:]))
            self._clean()

    def _clean(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.log.thread.join()
        self.process.stderr.close()
        self.context.destroy(linger=0)
        shutil.rmtree(self.directory)

    def wait(self):
        status = self.process.wait(DEADLINE)
        self.log.thread.join(DEADLINE)
        return status

    def endpoint(self, name):
        return self.log.wait(rf"^event=listening socket={name} endpoint=(\S+)").group(1)

    def socket(self, kind, name, **options):
        s = self.context.socket(kind)
        self.sockets.append(s)
        s.linger = 0
        s.rcvtimeo = s.sndtimeo = int(DEADLINE * 1000)
        s.ipv6 = "[" in self.endpoint(name)
        for option, value in options.items():
            s.setsockopt(getattr(zmq, option), value)
        s.connect(self.endpoint(name))
        return s

    def client(self, **options):
        return Client(self.socket(zmq.DEALER, "submit", **options))

    def subscriber(self, *prefixes, **options):
        s = Subscriber(self.socket(zmq.SUB, "publish", **options))
        for prefix in prefixes:
            s.socket.subscribe(prefix)
        return s

    def source(self):
        """A PUB side connected to the subscribe socket, once the daemon's subscription has reached it."""
        s = self.socket(zmq.XPUB, "subscribe")
        assert s.recv() == b"\x01v1/event/"
        return s

    def ask(self, **request):
        """One question by keyword: ask(items=query_pb2.ItemsRequest(stream="S")). Returns the Reply."""
        s = self.socket(zmq.DEALER, "query")
        s.send_multipart([b"q", query_pb2.Request(**request).SerializeToString()])
        id, reply = s.recv_multipart()
        s.close()
        assert id == b"q"
        return query_pb2.Reply.FromString(reply)

    def snapshot(self):
        return self.ask(snapshot=query_pb2.SnapshotRequest()).snapshot

    def ingest(self):
        return self.snapshot().ingest

    def status(self):
        return self.ask(status=query_pb2.StatusRequest()).status

    def await_ingest(self, **counts):
        """Asks until the counts are as given: what comes over the subscribe socket is not acked."""
        end = time.monotonic() + DEADLINE
        while True:
            ingest = self.ingest()
            if all(getattr(ingest, name) == n for name, n in counts.items()):
                return ingest
            if time.monotonic() > end:
                raise AssertionError(f"waited for {counts}, got:\n{ingest}")


class Client:
    """The submit socket from outside."""

    def __init__(self, socket):
        self.socket = socket
        self.sent = 0

    def send(self, batch, id=None):
        self.sent += 1
        id = id or str(self.sent).encode()
        frame = batch if isinstance(batch, bytes) else batch.SerializeToString()
        self.socket.send_multipart([id, frame])
        return id

    def receive(self):
        id, frame = self.socket.recv_multipart()
        return id, event_pb2.Ack.FromString(frame)

    def submit(self, batch):
        id = self.send(batch)
        answered, ack = self.receive()
        assert answered == id, (answered, id)
        return ack


class StoryTest(unittest.TestCase):
    """Questions to one daemon that was told one story: `config`, and what `story` yields."""

    @classmethod
    def setUpClass(cls):
        cls.daemon = cls.enterClassContext(Daemon(cls.config))
        ack = cls.daemon.client().submit(batch(*cls.story()))
        assert ack.rejected == 0, ack


class Subscriber:
    def __init__(self, socket):
        self.socket = socket

    def receive(self):
        topic, frame = self.socket.recv_multipart()
        return topic.decode(), metric_pb2.Publication.FromString(frame)

    def until(self, wanted):
        """The first publication of which wanted(topic, publication) is true."""
        end = time.monotonic() + DEADLINE
        while time.monotonic() < end:
            topic, publication = self.receive()
            if wanted(topic, publication):
                return topic, publication
        raise AssertionError(f"waited {DEADLINE:.0f} s for a publication")


T0 = 1_700_000_000  # seconds: when the tests' events begin


def event(type="first.done", subject="1", at=0.0, source="", sequence=0, id="", **data):
    """An event `at` seconds after T0; at None: without a time."""
    ns = 0 if at is None else (T0 * 10**9 + int(at * 10**9))
    return event_pb2.Event(source=source, id=id, type=type, subject=subject, time_unix_nano=ns, sequence=sequence,
                           data=[event_pb2.Attribute(key=k, value=v) for k, v in data.items()])


def batch(*events, source="crm", epoch=0):
    return event_pb2.EventBatch(source=source, epoch=epoch, events=events)


def reasons(ack):
    return [(e.index, e.reason) for e in ack.errors]


def main():
    unittest.main()
