"""Programs with keys: vsm, vsm-web, vsm-notify, libvsm where it binds; and what must not be seen of keys."""
import http.client
import json
import os
import re
import resource
import signal
import stat
import subprocess
import tempfile
import unittest

import zmq

import harness
from curve_rig import VSM, CurveDaemon, Key, config, handshake
from harness import batch, event

ROLES = ("emit", "watch", "control")
PROGRAMS = os.path.dirname(harness.VSMD)


class Beside:
    """A program beside the daemon, with a key. Use it in a `with`."""

    def __init__(self, daemon, key, name, *words, **options):
        words = [*words, "--key", key.file(daemon.directory), "--server-key", daemon.server.file(daemon.directory, ".pub")]
        self.process = subprocess.Popen([os.path.join(PROGRAMS, name), *words], stderr=subprocess.PIPE, text=True, **options)
        self.log = harness.Log(self.process.stderr)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(harness.DEADLINE)
        self.log.thread.join(harness.DEADLINE)
        self.process.stderr.close()


class Programs(unittest.TestCase):
    def test_vsm(self):
        crm, ops = Key("crm"), Key("ops")
        with CurveDaemon(crm.entry("emit", sources=("crm",)) + ops.entry("watch", "control")) as d:
            line = ["--source", "crm", "--type", "first.started", "--subject", "1"]
            self.assertEqual(d.vsm(crm, "emit", *line, socket="submit").returncode, 0)
            done = d.vsm(crm, "emit", "--source", "bank", *line[2:], socket="submit")
            self.assertEqual(done.returncode, 1)
            self.assertIn("not_allowed", done.stdout + done.stderr)
            self.assertIn("S:1", d.vsm(ops, "items").stdout)
            done = d.vsm(crm, "items")
            self.assertEqual((done.returncode, done.stderr), (1, "vsm: not_allowed: client crm has not the role watch\n"))
            self.assertEqual(d.vsm(ops, "withdraw", "S:1").returncode, 0)

    def test_keygen_and_profiles(self):
        with tempfile.TemporaryDirectory(prefix="vsm-") as home:
            os.makedirs(f"{home}/.config/vsm")
            run = lambda *words: subprocess.run([VSM, *words], capture_output=True, text=True, timeout=60, check=False, cwd=home,
                                                env={**{k: v for k, v in os.environ.items() if k != "XDG_CONFIG_HOME"}, "HOME": home})
            made = json.loads(run("keygen", f"{home}/.config/vsm/default", "--json").stdout)
            self.assertEqual(stat.S_IMODE(os.stat(made["key"]).st_mode), 0o600)
            again = run("keygen", f"{home}/.config/vsm/default")
            self.assertEqual(again.returncode, 1)
            self.assertIn("File exists", again.stderr)
            me = Key("me")
            me.public = made["public_key"]
            with CurveDaemon(me.entry("watch")) as d:
                query = ["--query", d.endpoint("query")]
                self.assertIn("No such file", run("status", *query).stderr)  # a key of ours, but whose server?
                with open(f"{home}/.config/vsm/default.server.pub", "w", encoding="utf-8") as f:
                    f.write(d.server.public + "\n")
                self.assertEqual(run("status", *query).returncode, 0)
                for ending in ("key", "server.pub"):
                    os.rename(f"{home}/.config/vsm/default.{ending}", f"{home}/.config/vsm/work.{ending}")
                self.assertEqual(run("status", *query, "--profile", "work").returncode, 0)
                self.assertEqual(run("status", *query, "--profile", "../work").returncode, 1)
                self.assertEqual(run("status", *query, "--key", "x").returncode, 1)
                self.assertEqual(run("status", *query, "--key").returncode, 2)

    def test_vsm_web(self):
        web, stranger = Key("web"), Key("stranger")
        with CurveDaemon(web.entry(*ROLES)) as d:
            ends = [word for name in ("query", "publish", "submit") for word in (f"--{name}", d.endpoint(name))]
            for key, expected in ((web, 200), (stranger, 504)):
                with Beside(d, key, "vsm-web", "--listen", "127.0.0.1:0", *ends) as w:
                    at = w.log.wait(r"^event=ready .*address=http://(\S+)/ ").group(1)
                    connection = http.client.HTTPConnection(at, timeout=harness.DEADLINE)
                    if expected != 200:
                        d.log.wait(rf'^event=client_refused .*key="{re.escape(key.public)}"')
                    status = None
                    while status != expected and (expected == 200 or status is None):
                        connection.request("GET", "/api/v1/status")
                        answer = connection.getresponse()
                        status = answer.status
                        text = answer.read()
                    self.assertEqual(status == 200, expected == 200, text)
                    if expected == 200:
                        self.assertEqual(json.loads(text)["security"], "curve")
                    connection.close()

    def test_vsm_notify(self):
        notify = Key("notify")
        with CurveDaemon(notify.entry("watch")) as d:
            path = os.path.join(d.directory, "notify.yaml")
            with open(path, "w", encoding="utf-8") as f:
                f.write("notify: { state: notify }\nreceivers: [{ id: log, log: stderr }]\nroutes: [{ receivers: [log] }]\n")
            words = ["--config", path, "--query", d.endpoint("query"), "--publish", d.endpoint("publish")]
            with Beside(d, notify, "vsm-notify", *words, cwd=d.directory):
                for name in ("publish", "query"):
                    d.log.wait(rf"^event=client client=notify socket={name}")

    def test_what_libvsm_binds_is_for_the_daemon_alone(self):
        meter, daemon = Key("meter"), Key("vsmd")
        with tempfile.TemporaryDirectory(prefix="vsm-") as directory:
            recover = f"ipc://{directory}/recover"
            sources = f'sources: [{{ id: meter, recover: "{recover}", server_key: "{meter.public}" }}]'
            with CurveDaemon(meter.entry("emit", sources=("meter",)) + daemon.entry("watch"), config(sources=sources)) as d:
                with Beside(d, meter, "vsm", "emit", "--jsonl", "-", "--pub", d.endpoint("subscribe"), "--recover", recover,
                            stdin=subprocess.PIPE) as e:
                    line = {"specversion": "1.0", "source": "meter", "type": "first.done", "subject": "1", "id": "1",
                            "time": "2023-11-14T22:13:20Z"}
                    e.process.stdin.write(json.dumps(line) + "\n")
                    e.process.stdin.flush()
                    d.log.wait("^event=client client=meter socket=subscribe")
                    d.log.wait("^event=connected socket=recover/meter")
                    server = Key("meter")
                    server.public = meter.public
                    self.assertTrue(handshake(d.meet(zmq.DEALER, "", d.server, server=server, endpoint=recover)[1]))
                    for stranger in (Key("stranger"), meter, None):
                        self.assertFalse(handshake(d.meet(zmq.DEALER, "", stranger, server=server, endpoint=recover)[1]))
                    e.process.stdin.close()

    def test_a_source_that_is_connected_to(self):
        """The daemon comes with its key, and to no other source than the one that it knows."""
        right, wrong = Key("right"), Key("wrong")
        for answers, expected in ((right, True), (wrong, False)):
            with self.subTest(expected=expected):
                context = zmq.Context()
                s = context.socket(zmq.XPUB)
                s.linger, s.rcvtimeo = 0, int(harness.DEADLINE * 1000)
                s.curve_server, s.curve_secretkey = True, answers.secret.encode()
                events = s.get_monitor_socket()
                port = s.bind_to_random_port("tcp://127.0.0.1")
                sources = f'sources: [{{ id: shop, connect: "tcp://127.0.0.1:{port}", server_key: "{right.public}" }}]'
                ops = Key("ops")
                with CurveDaemon(ops.entry("watch"), config(sources=sources)) as d:
                    self.assertEqual(handshake(events), expected)
                    if expected:
                        self.assertEqual(s.recv(), b"\x01v1/event/shop/")
                        s.send_multipart([b"v1/event/shop/", batch(event(subject="1"), event(subject="2", source="bank"), source="shop").SerializeToString()])
                        q = d.asker(ops)
                        ingest = q.ask(snapshot={}).snapshot.ingest
                        while ingest.received < 2:
                            ingest = q.ask(snapshot={}).snapshot.ingest
                        self.assertEqual((ingest.applied, ingest.rejected), (1, 1))
                context.destroy(linger=0)


class Secrets(unittest.TestCase):
    def test_neither_the_log_nor_the_state_has_any(self):
        key = Key("ops")
        with CurveDaemon(key.entry(*ROLES), config(state="state")) as d:
            self.assertEqual(d.asker(key).ask(reload={}).error, "")
            said = [d.log.text().encode()]
            for name in os.listdir(os.path.join(d.directory, "state")):
                with open(os.path.join(d.directory, "state", name), "rb") as f:
                    said.append(f.read())
        self.assertGreater(len(said), 2)
        for secret in (d.server.secret, key.secret):
            self.assertFalse([s for s in said if secret.encode() in s])

    def test_no_core_dump(self):
        """A daemon that encrypts leaves none, where one that does not leaves one."""
        dumped = []
        for curve in (False, True):
            key = Key("ops")
            unlimited = {resource.RLIMIT_CORE: (resource.RLIM_INFINITY, resource.RLIM_INFINITY)}
            d = CurveDaemon(key.entry(*ROLES), None if curve else harness.config(), limits=unlimited,
                            env={"ASAN_OPTIONS": "disable_coredump=0"})
            d.__enter__()
            d.process.send_signal(signal.SIGABRT)
            _, status = os.waitpid(d.process.pid, 0)
            d.process.returncode = -signal.SIGABRT
            dumped.append(os.WCOREDUMP(status))
            d._clean()
        if not dumped[0]:
            self.skipTest("this system makes no core dumps")
        self.assertFalse(dumped[1])


harness.main()
