"""A daemon that encrypts, and clients with keys of every kind."""
import os
import signal
import subprocess

import zmq

import harness
from harness import Client, Daemon, Subscriber
from vsm.v1 import query_pb2

VSM = os.path.join(os.path.dirname(harness.VSMD), "vsm")


class Key:
    def __init__(self, name):
        self.name = name
        self.public, self.secret = (part.decode() for part in zmq.curve_keypair())

    def entry(self, *roles, sources=(), streams=()):
        """A line of the clients file."""
        lists = "".join(f", {key}: [{', '.join(names)}]" for key, names in (("sources", sources), ("streams", streams)) if names)
        return f'- {{ name: {self.name}, public_key: "{self.public}", roles: [{", ".join(roles)}]{lists} }}\n'

    def file(self, directory, ending=".key"):
        path = os.path.join(directory, self.name + ending)
        with open(path, "w", encoding="utf-8", opener=lambda p, flags: os.open(p, flags, 0o600)) as f:
            f.write(f'public_key: "{self.public}"\n' + (f'secret_key: "{self.secret}"\n' if ending == ".key" else ""))
        return path


def config(curve="{ key: vsmd.key, clients: clients.yaml }", **options):
    return harness.config(**options).replace("daemon:\n", f"daemon:\n  curve: {curve}\n", 1)


class CurveDaemon(Daemon):
    """`clients`: the text of the clients file. Its key is vsmd.key beside the configuration."""

    def __init__(self, clients, text=None, files=(), **options):
        self.server = Key("vsmd")
        self.first_clients, self.files = clients, files
        super().__init__(text or config(), **options)

    def _start(self, *args, **options):
        if not os.path.exists(os.path.join(self.directory, "clients.yaml")):
            self.write_clients(self.first_clients)
            for key in (self.server, *self.files):
                key.file(self.directory)
        super()._start(*args, **options)

    def write_clients(self, text):
        with open(os.path.join(self.directory, "clients.yaml"), "w", encoding="utf-8") as f:
            f.write(text)

    def reload(self, clients=None):
        if clients is not None:
            self.write_clients(clients)
        after = len(self.log.lines)
        self.process.send_signal(signal.SIGHUP)
        self.log.wait(r"^event=reloaded ", after)

    def meet(self, kind, name, key, server=None, endpoint=None, **options):
        """A socket with a key (None: without); `server`: whom it takes the daemon for."""
        s = self.context.socket(kind)
        self.sockets.append(s)
        s.linger = 0
        s.rcvtimeo = s.sndtimeo = int(harness.DEADLINE * 1000)
        if key:
            s.curve_publickey, s.curve_secretkey = key.public.encode(), key.secret.encode()
            s.curve_serverkey = (server or self.server).public.encode()
        for option, value in options.items():
            s.setsockopt(getattr(zmq, option), value)
        events = s.get_monitor_socket()
        self.sockets.append(events)
        s.connect(endpoint or self.endpoint(name))
        return s, events

    def submitter(self, key, **options):
        return Client(self.meet(zmq.DEALER, "submit", key, **options)[0])

    def watcher(self, key, *prefixes, **options):
        s = Subscriber(self.meet(zmq.SUB, "publish", key, **options)[0])
        for prefix in prefixes:
            s.socket.subscribe(prefix)
        return s

    def asker(self, key, **options):
        return Asker(self.meet(zmq.DEALER, "query", key, **options)[0])

    def vsm(self, key, *words, socket="query", stdin=None):
        """The command line with a key."""
        return subprocess.run([VSM, *words, f"--{socket}", self.endpoint(socket), "--key", key.file(self.directory),
                               "--server-key", self.server.file(self.directory, ".pub")],
                              input=stdin, capture_output=True, text=True, timeout=60, check=False)


class Asker:
    """The query socket from outside."""

    def __init__(self, socket):
        self.socket = socket

    def ask(self, **request):
        self.socket.send_multipart([b"q", query_pb2.Request(**request).SerializeToString()])
        return query_pb2.Reply.FromString(self.socket.recv_multipart()[1])


def handshake(events):
    """True: the connection of a socket was made; False: it was refused, or ended before."""
    from zmq.utils.monitor import recv_monitor_message
    while True:
        assert events.poll(int(harness.DEADLINE * 1000)), "no word of the handshake"
        event = recv_monitor_message(events)["event"]
        if event == zmq.EVENT_HANDSHAKE_SUCCEEDED:
            return True
        if event in (zmq.EVENT_HANDSHAKE_FAILED_AUTH, zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL,
                     zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL, zmq.EVENT_DISCONNECTED):
            return False


def disconnected(events):
    from zmq.utils.monitor import recv_monitor_message
    while True:
        assert events.poll(int(harness.DEADLINE * 1000)), "the connection did not end"
        if recv_monitor_message(events)["event"] == zmq.EVENT_DISCONNECTED:
            return
