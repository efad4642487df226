"""A vsm-web beside a daemon, and a client of it that is no browser."""
import http.client
import json
import os
import signal
import subprocess
import urllib.parse

from harness import DEADLINE, Log, VSMD

BIN = os.path.dirname(VSMD)


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.type = response.headers.get("Content-Type", "").partition(";")[0]
        self.body = response.read()

    def json(self):
        return json.loads(self.body)


class Web:
    """A running vsm-web on a free port. Use it in a `with`."""

    def __init__(self, daemon, *args, program="vsm-web"):
        self.daemon = daemon
        self.process = subprocess.Popen(
            [f"{BIN}/{program}", "--listen", "127.0.0.1:0", "--query", daemon.endpoint("query"), "--publish",
             daemon.endpoint("publish"), "--submit", daemon.endpoint("submit"), *args], stderr=subprocess.PIPE, text=True)
        self.log = Log(self.process.stderr)

    def __enter__(self):
        self.address = self.log.wait(r"^event=ready .*address=http://(\S+)/ ").group(1)
        self.log.wait(r"^event=heard ")
        return self

    def __exit__(self, kind, value, trace):
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(DEADLINE)
        self.log.thread.join(DEADLINE)
        self.process.stderr.close()
        if kind is None and status != 0:
            raise AssertionError(f"vsm-web ended with status {status}; it said:\n" + self.log.text())
        if kind is not None:
            print("vsm-web said:\n" + "\n".join(self.log.lines[-40:]))

    def connect(self):
        return http.client.HTTPConnection(self.address, timeout=DEADLINE)

    def request(self, method, path, body=None, headers=None, **query):
        connection = self.connect()
        try:
            connection.request(method, path + ("?" + urllib.parse.urlencode(query) if query else ""), body, headers or {})
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def get(self, path, headers=None, **query):
        return self.request("GET", path, headers=headers, **query)


class Stream:
    """A reader of /api/v1/stream. Use it in a `with`."""

    def __init__(self, web, last=None, **query):
        self.connection = web.connect()
        self.connection.request("GET", "/api/v1/stream" + ("?" + urllib.parse.urlencode(query) if query else ""),
                                headers={"Last-Event-ID": last} if last else {})
        self.response = self.connection.getresponse()
        assert (self.response.status, self.response.headers["Content-Type"]) == (200, "text/event-stream")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.response.close()
        self.connection.close()

    def next(self):
        """The next event as (name, id, data); None: the stream has ended."""
        fields = {}
        for line in self.response:
            line = line.decode().rstrip("\n")
            if not line:
                return fields["event"], fields["id"], json.loads(fields["data"])
            key, _, value = line.partition(": ")
            assert key in ("event", "id", "data") and key not in fields, line
            fields[key] = value
        return None

    def until(self, wanted):
        """The first event of which wanted(name, data) is true."""
        while True:
            name, id, data = self.next()
            if wanted(name, data):
                return name, id, data


def vsm(daemon, command, *args):
    """What `vsm COMMAND ... --json` prints of the same daemon."""
    done = subprocess.run([f"{BIN}/vsm", command, "--query", daemon.endpoint("query"), "--json", *args],
                          capture_output=True, text=True, timeout=DEADLINE)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def token_file(daemon):
    path = os.path.join(daemon.directory, "token")
    with open(path, "w", encoding="utf-8") as f:
        f.write("correct horse battery\n")
    os.chmod(path, 0o600)
    return path
