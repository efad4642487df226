"""vsm agent file: what is put into a folder is there once, whatever ends in between."""
import datetime
import json
import os
import shutil
import signal
import subprocess
import tempfile
import unittest

import zmq

import harness
from harness import DEADLINE, Daemon, Log, T0, poll

VSM = os.path.join(os.path.dirname(harness.VSMD), "vsm")


def when(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).isoformat()


def lines(first, n, type="first.done"):
    return "".join(json.dumps({"source": "crm", "type": type, "subject": str(i), "time": when(T0 + i)}) + "\n" for i in range(first, first + n))


class Folder:
    """A folder, and an agent that follows it where start() was called. Use it in a `with`."""

    def __init__(self, endpoint):
        self.endpoint = endpoint
        self.path = tempfile.mkdtemp(prefix="vsm-agent-")
        self.process = None

    def drop(self, name, text):
        with open(os.path.join(self.path, ".making"), "w", encoding="utf-8") as f:
            f.write(text)
        os.rename(f.name, os.path.join(self.path, name))

    def there(self, folder=""):
        path = os.path.join(self.path, folder)
        return sorted(n for n in os.listdir(path) if "." in n) if os.path.isdir(path) else []

    def command(self, *args):
        return [VSM, "agent", "file", self.path, "--submit", self.endpoint, *args]

    def once(self, *args):
        return subprocess.run(self.command("--once", *args), capture_output=True, text=True, timeout=2 * DEADLINE)

    def start(self, *args):
        self.process = subprocess.Popen(self.command(*args), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.log = Log(self.process.stdout)

    def kill(self):
        self.process.kill()
        self.process.wait(DEADLINE)
        self.log.thread.join(DEADLINE)
        self.process.stdout.close()
        self.process = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process:
            self.kill()
        shutil.rmtree(self.path)


class Relay:
    """Stands before a daemon's submit socket, and passes a batch on when it is told to."""

    def __init__(self, daemon):
        self.client = daemon.client()
        self.router = daemon.context.socket(zmq.ROUTER)
        self.router.linger, self.router.rcvtimeo = 0, int(DEADLINE * 1000)
        self.router.bind("tcp://127.0.0.1:*")
        self.endpoint = self.router.last_endpoint.decode()

    def receive(self):
        return self.router.recv_multipart()

    def pass_on(self, frames):
        ack = self.client.submit(frames[-1])
        self.router.send_multipart([*frames[:-1], ack.SerializeToString()])

    def pass_on_all(self):
        while self.router.poll(0):
            self.pass_on(self.receive())


class Agent(unittest.TestCase):
    def test_what_is_dropped_is_sent_and_put_aside(self):
        with Daemon() as d, Folder(d.endpoint("submit")) as f:
            f.drop("b.jsonl", lines(0, 3))
            f.drop("a.csv", "source,type,subject,time,order\ncrm,ordered,x,2023-11-14T23:00:00Z,17\n")
            f.drop("notes.txt", "not wanted")
            done = f.once()
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertEqual([line.split(":")[0] for line in done.stdout.splitlines()], ["a.csv", "b.jsonl"])
            self.assertEqual((f.there(), f.there("done")), (["notes.txt"], ["a.csv", "b.jsonl"]))
            self.assertEqual(d.ingest().applied, 4)
            f.drop("b.jsonl", lines(3, 1))  # the name is used again
            self.assertEqual(f.once().returncode, 0)
            self.assertEqual(f.there("done"), ["a.csv", "b.jsonl", "b.jsonl.1"])

    def test_it_follows(self):
        with Daemon() as d, Folder(d.endpoint("submit")) as f:
            f.start()
            for i in range(3):
                f.drop(f"{i}.jsonl", lines(i, 1))
                f.log.wait(rf"^{i}\.jsonl: 1 event sent: 1 accepted, 0 refused$")
            self.assertEqual(d.ingest().applied, 3)
            second = f.once()
            self.assertEqual(second.returncode, 1)
            self.assertIn("another agent follows", second.stderr)

    def test_what_cannot_be_read_is_said_and_kept(self):
        with Daemon() as d, Folder(d.endpoint("submit")) as f:
            f.drop("a.jsonl", lines(0, 1) + "{nonsense\n" + '{"source": "crm", "type": "first.done", "subject": "9"}\n')
            done = f.once()
            self.assertIn("a.jsonl:2: ", done.stderr)
            self.assertIn("a.jsonl:3: no time", done.stderr)
            self.assertEqual((done.returncode, f.there(), f.there("refused")), (0, [], ["a.jsonl"]))
            self.assertEqual(d.ingest().received, 1)

    def test_records_of_any_form(self):
        """As the page says it: lines and columns under other names, by a few lines of YAML."""
        with open(os.path.join(harness.ROOT, "docs", "emitting.md"), encoding="utf-8") as page:
            text = page.read().split("```yaml orders.yaml\n")[1].split("```")[0]
        rules = harness.config().replace("first.done", "order.new").replace("{subject}", "{subject}/{data.region}").replace(
            "second.done", "order.shipped")
        with Daemon(rules) as d, Folder(d.endpoint("submit")) as f, tempfile.NamedTemporaryFile("w", suffix=".yaml") as m:
            m.write(text.replace("event:\n", "event:\n  time_unit: ms\n"))
            m.flush()
            f.drop("a.csv", "order_no,status,version,region,changed_at,price\n7,new,1,north,1700000000000,12\n8,,1,north,2023-11-14T23:00:00Z,12\n")
            f.drop("b.jsonl", json.dumps({"order_no": 7, "status": "shipped", "version": 2, "region": "north", "changed_at": "2023-11-14T23:00:00Z"}) + "\n"
                   + json.dumps({"order_no": 9, "status": "new", "version": 1, "changed_at": "yesterday"}) + "\n")
            done = f.once("--map", m.name)
            self.assertEqual(done.stderr.splitlines(), ["a.csv:3: no data.status, of which the type is made",
                             'b.jsonl:2: time "yesterday" is not RFC 3339 (2025-01-31T12:00:00Z) or Unix seconds, after 1970 began and before 2100'])
            self.assertEqual((f.there("refused"), d.ingest().applied), (["a.csv", "b.jsonl"], 2))
            story = d.ask(item=harness.query_pb2.ItemRequest(key="S:7/north")).item
            self.assertEqual([t.time_unix_nano for t in story.transitions], [T0 * 10**9, T0 * 10**9 + 2800 * 10**9])

    def test_nothing_is_lost_or_counted_twice(self):
        """The agent is killed while files are on their way, again and again."""
        with Daemon() as d, Folder(d.endpoint("submit")) as f:
            n, files = 20000, 4
            for i in range(files):
                f.drop(f"{i}.jsonl", lines(i * n, n))
            for i in range(files):
                f.start()
                before = d.ingest().received
                while d.ingest().received == before and f.process.poll() is None and f.there():
                    pass
                f.kill()
            self.assertEqual(f.once().returncode, 0)
            self.assertEqual((f.there(), len(f.there("done"))), ([], files))
            ingest = d.ingest()
            self.assertEqual((ingest.applied, ingest.rejected), (files * n, 0))
            self.assertEqual(d.snapshot().value_streams[0].windows[0].started, files * n)

    def test_what_changes_while_it_is_sent_is_sent_again(self):
        """The next file under the same name, or more of the same file, while the ack of what was read is on its way."""
        for mode in ((), ("--once",)):
            for change in ("replace", "append"):
                with self.subTest(change=change, mode=mode), Daemon() as d:
                    relay = Relay(d)
                    with Folder(relay.endpoint) as f:
                        f.drop("a.jsonl", lines(0, 3))
                        f.start(*mode)
                        before = relay.receive()
                        if change == "replace":
                            f.drop("a.jsonl", lines(3, 5))
                        else:
                            with open(os.path.join(f.path, "a.jsonl"), "a", encoding="utf-8") as more:
                                more.write(lines(3, 5))
                        relay.pass_on(before)
                        poll("the file put aside", lambda: relay.pass_on_all() or f.there("done"))
                        n = 5 if change == "replace" else 8
                        f.log.wait(rf"^a\.jsonl: {n} events sent: {n} accepted, 0 refused$")
                        self.assertEqual((f.there(), f.there("done")), ([], ["a.jsonl"]))
                        self.assertEqual(f.log.text().count("a.jsonl: was changed while it was sent; it is sent again"), 1)
                        self.assertEqual(d.ingest().applied, 8)
                        if mode:
                            self.assertEqual(f.process.wait(DEADLINE), 0)

    def test_a_daemon_that_comes_later(self):
        with tempfile.TemporaryDirectory(prefix="vsmd-e2e-") as directory:
            endpoint = f"ipc://{directory}/submit"
            with Folder(endpoint) as f:
                f.drop("a.jsonl", lines(0, 2))
                f.start()
                with Daemon(harness.config().replace('submit: "tcp://127.0.0.1:*"', f'submit: "{endpoint}"')) as d:
                    f.log.wait(r"^a\.jsonl: 2 events sent: 2 accepted, 0 refused$")
                    self.assertEqual(d.ingest().applied, 2)
                    f.process.send_signal(signal.SIGTERM)
                    self.assertEqual(f.process.wait(DEADLINE), -signal.SIGTERM)

    def test_wrong_usage(self):
        for wrong in (["agent"], ["agent", "file"], ["agent", "mail", "/tmp"], ["agent", "sql", "/tmp", "--map", "x"]):
            self.assertEqual(subprocess.run([VSM, *wrong], capture_output=True).returncode, 2, wrong)
        done = subprocess.run([VSM, "agent", "file", "/nowhere"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn("/nowhere: No such file", done.stderr)


harness.main()
