"""vsm-notify, a daemon that says what a test wants, and receivers that answer as a test wants."""
import email
import email.policy
import http.server
import json
import os
import queue
import shutil
import signal
import subprocess
import tempfile
import threading
import time

import zmq

from harness import DEADLINE, Log, poll
from vsm.v1 import metric_pb2, query_pb2

NOTIFY = os.path.join(os.path.dirname(os.environ["VSMD"]), "vsm-notify")
SECOND = 10**9


def alert(kind="stage_stalled", stream="S", stage="first", state="firing", change=None, number=1, since=None, **more):
    """An alert as the daemon tells it."""
    where = f"{stream}/{stage}" if stage else stream or more.get("source", "")
    since = since or time.time_ns() - 60 * SECOND
    fields = {"id": f"{kind}:{where}", "kind": kind, "severity": "warning", "owner": "Ops", "value_stream": stream, "stage": stage,
              "state": state, "change": change or state, "number": number, "since_unix_nano": since,
              "fired_unix_nano": since if state != "pending" else 0, "reason": f"{kind} at {where}: nothing moves.", "count": 1,
              "resolved_unix_nano": time.time_ns() if state == "resolved" else 0, "ends_when": "when something moves",
              "look": f"vsm items --stream {stream}"}
    fields.update(more)
    return metric_pb2.Alert(**fields)


def bind(socket, endpoint):
    """Once who had it before is gone: closing takes its time."""
    def bound():
        try:
            socket.bind(endpoint)
        except zmq.ZMQError as e:
            if e.errno != zmq.EADDRINUSE:
                raise
            return False
        return True
    poll(f"{endpoint} is free", bound)


class FakeDaemon:
    """Publishes what it is told to; answers questions for alerts with what it holds. A thread of its own owns the sockets."""

    def __init__(self, epoch=1, **status):
        self.context = zmq.Context()
        self.live, self.history = {}, []
        self.epoch, self.numbers = epoch, {}
        self.status = {"state": "/state", "durable": True, **status}
        self.orders, self.subscribed, self.asked = queue.Queue(), threading.Event(), 0
        self.changed = threading.Condition()
        self.mute = False
        self.publish, self.query = self._start("tcp://127.0.0.1:*", "tcp://127.0.0.1:*")

    def _start(self, publish, query):
        self.wake = self.context.socket(zmq.PAIR)
        bind(self.wake, "inproc://wake")
        ready = queue.Queue()
        self.thread = threading.Thread(target=self._run, args=(publish, query, ready), daemon=True)
        self.thread.start()
        return ready.get(timeout=DEADLINE)

    def _run(self, publish, query, ready):
        pub, router, wake = self.context.socket(zmq.XPUB), self.context.socket(zmq.ROUTER), self.context.socket(zmq.PAIR)
        for socket in (pub, router, wake):
            socket.linger = 0
        bind(pub, publish)
        bind(router, query)
        wake.connect("inproc://wake")
        ready.put((pub.last_endpoint.decode(), router.last_endpoint.decode()))
        poller = zmq.Poller()
        for socket in (pub, router, wake):
            poller.register(socket, zmq.POLLIN)
        beat = 0
        while True:
            due = dict(poller.poll(50))
            if pub in due and pub.recv()[:1] == b"\x01":
                self.subscribed.set()
            if router in due:
                self._answer(router)
            if wake in due:
                wake.recv()
                order = self.orders.get()
                if order is None:
                    break
                self._send(pub, *order)
            if not self.mute and time.monotonic() - beat > 0.1:  # the daemon's own is every 5 s
                beat = time.monotonic()
                self._send(pub, "v1/status/", {"status": metric_pb2.Status(epoch=self.epoch, version="fake", **self.status)})
        for socket in (pub, router, wake):
            socket.close()

    def _send(self, pub, topic, body):
        number = self.numbers[topic] = self.numbers.get(topic, 0) + 1
        message = metric_pb2.Publication(epoch=self.epoch, sequence=number, time_unix_nano=time.time_ns(), **body)
        pub.send_multipart([topic.encode(), message.SerializeToString()])

    def _answer(self, router):
        frames = router.recv_multipart()
        request = query_pb2.Request.FromString(frames[-1])
        with self.changed:
            rows = self.history if request.alerts.history else list(self.live.values())
            reply = query_pb2.Reply(alerts=query_pb2.Alerts(alerts=rows, epoch=self.epoch, time_unix_nano=time.time_ns()))
            self.asked += 1
            self.changed.notify_all()
        router.send_multipart([*frames[:-1], reply.SerializeToString()])

    def hold(self, a):
        """It has this alert, without telling."""
        with self.changed:
            if a.state in ("firing", "pending"):
                self.live[a.id] = a
            else:
                self.live.pop(a.id, None)
                if a.state == "resolved":
                    self.history.insert(0, a)

    def tell(self, *alerts):
        for a in alerts:
            self.hold(a)
            where = f"source/{a.source}" if a.source else f"{a.value_stream}/{a.stage}" if a.stage else a.value_stream
            self.orders.put((f"v1/alert/{where}/", {"alert": a}))
            self.wake.send(b"")

    def stop(self):
        self.orders.put(None)
        self.wake.send(b"")
        self.thread.join(DEADLINE)
        self.wake.close(linger=0)

    def start_again(self, epoch):
        """On the same endpoints, as another process would."""
        self.epoch, self.numbers = epoch, {}
        self._start(self.publish, self.query)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.thread.is_alive():
            self.stop()
        self.context.destroy(linger=0)


class Notify:
    """A running vsm-notify in a directory of its own."""

    def __init__(self, daemon, text, files=None, env=None):
        self.daemon = daemon
        self.env = env or {}
        self.directory = tempfile.mkdtemp(prefix="vsm-notify-e2e-")
        self.path = os.path.join(self.directory, "notify.yaml")
        for name, content in (files or {}).items():
            self.file(name, content)
        self.write(text)
        self.start()

    def file(self, name, content, mode=0o600):
        path = os.path.join(self.directory, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(content)
        os.chmod(path, mode)
        return path

    def write(self, text):
        self.file("notify.yaml", text)

    def environment(self):
        return {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")} | self.env

    def start(self):
        self.process = subprocess.Popen([NOTIFY, "--config", self.path, "--query", self.daemon.query, "--publish", self.daemon.publish],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=self.directory,
                                        env=self.environment())
        self.log = Log(self.process.stderr)

    def run(self, *args):
        return subprocess.run([NOTIFY, "--config", self.path, *args], capture_output=True, text=True, cwd=self.directory,
                              env=self.environment(), timeout=DEADLINE)

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        status = self.process.wait(DEADLINE)
        self.log.thread.join(DEADLINE)
        self.process.stderr.close()
        return status

    def kill_and_start(self):
        self.end(signal.SIGKILL)
        self.start()

    def __enter__(self):
        try:
            self.log.wait("^event=(listed|behind) ")
        except AssertionError:
            self.end(signal.SIGKILL)
            raise
        return self

    def __exit__(self, kind, value, trace):
        try:
            if self.process.poll() is None:
                status = self.end()
                if kind is None and status != 0:
                    raise AssertionError(f"vsm-notify ended with status {status}; it said:\n" + self.log.text())
        finally:
            if kind is not None:
                print("vsm-notify said:\n" + self.log.text())
            shutil.rmtree(self.directory)


class Http:
    """An HTTP server that answers as `answer` says: (status, headers), a number of seconds to hold back, or a function of both."""

    def __init__(self, answer=(200, {})):
        self.answer = answer
        self.got = queue.Queue()
        self.release = threading.Event()  # ends what hangs
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def handle_any(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                answer = outer.answer() if callable(outer.answer) else outer.answer
                outer.got.put((self.path, dict(self.headers), body, answer))
                if answer == "hang":
                    outer.release.wait(DEADLINE)
                    return
                self.send_response(answer[0])
                for name, value in {"Content-Length": "0", **answer[1]}.items():
                    self.send_header(name, value)
                self.end_headers()

            do_GET = do_POST = handle_any

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.thread.start()

    def next(self, wanted=lambda *_: True):
        """The next request of which wanted(path, headers, body, answer) is true."""
        end = time.monotonic() + DEADLINE
        while True:
            got = self.got.get(timeout=max(0.01, end - time.monotonic()))
            if wanted(*got):
                return got

    def message(self, wanted=lambda m: True):
        """The next message that was taken."""
        while True:
            path, headers, body, answer = self.next()
            m = json.loads(body)
            if answer != "hang" and answer[0] < 300 and wanted(m):
                return m

    def nothing_before(self, mark):
        """All that came until a request of which mark(message) is true, that one last."""
        seen = []
        while not seen or not mark(seen[-1]):
            seen.append(self.message())
        return seen

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.release.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(DEADLINE)


def changes(message):
    return [(e["change"], e["alert"]["id"]) for e in message["alerts"]]


def read_mail(content):
    return email.message_from_bytes(content, policy=email.policy.default)
