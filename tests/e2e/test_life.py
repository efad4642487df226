"""Starting, ending, and being asked to do neither."""
import os
import re
import signal
import socket
import subprocess
import tempfile
import time
import unittest

import zmq

import harness
from harness import DEADLINE, Daemon, batch, event

VSM = os.path.join(os.path.dirname(harness.VSMD), "vsm")


def run(*args, text=None, name="vsmd.yaml"):
    """Runs vsmd to its end. Returns its exit status, what it wrote, and how long it took."""
    with tempfile.TemporaryDirectory(prefix="vsmd-e2e-") as directory:
        path = os.path.join(directory, name)
        if text is not None:
            with open(path, "wb") as f:
                f.write(text if isinstance(text, bytes) else text.encode())
        return subprocess.run([harness.VSMD, *(a.replace("FILE", path) for a in args)], capture_output=True, text=True,
                              timeout=DEADLINE)


def has_ipv6():
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


class Start(unittest.TestCase):
    def test_ready_in_under_a_second(self):
        took = []
        for _ in range(5):
            start = time.monotonic()
            with Daemon():
                took.append(time.monotonic() - start)
        self.assertLess(min(took), 1.0)

    def test_large_pages_are_asked_for_before_it_begins(self):
        with Daemon() as d:
            with open(f"/proc/{d.process.pid}/environ", "rb") as f:
                self.assertIn(b"glibc.malloc.hugetlb=1", f.read())
            with open(f"/proc/{d.process.pid}/comm", encoding="utf-8") as f:
                self.assertEqual(f.read().strip(), os.path.basename(harness.VSMD)[:15])

    def test_a_port_in_use_is_named_with_what_holds_it(self):
        with socket.create_server(("127.0.0.1", 0)) as s:
            endpoint = "tcp://127.0.0.1:%d" % s.getsockname()[1]
            r = run("--config", "FILE", text=harness.config().replace('query: "tcp://127.0.0.1:*"', f"query: {endpoint}"))
        self.assertEqual(r.returncode, 1)
        self.assertIn(f"event=listen_failed socket=query endpoint={endpoint} why=\"Address already in use\"", r.stderr)
        self.assertIn(f"process {os.getpid()})", r.stderr)

    def test_an_ipc_path_in_use(self):
        with tempfile.TemporaryDirectory(prefix="vsmd-e2e-") as directory:
            endpoint = f"ipc://{directory}/query"
            text = harness.config().replace('query: "tcp://127.0.0.1:*"', f"query: {endpoint}")
            with Daemon(text) as d:
                r = run("--config", "FILE", text=text)
                self.assertEqual(r.returncode, 1)
                self.assertIn(f"event=listen_failed socket=query endpoint={endpoint}", r.stderr)
                self.assertEqual(d.status().clock, "event")  # it listens there still
            with Daemon(text) as d:
                self.assertEqual(d.status().clock, "event")

    def test_files_that_are_no_configuration(self):
        for text in (b"", b"\xff\xfe\x00\x01" * 100, b"[1, 2", b"daemon: 7\n", b"\t\t- x"):
            r = run("--config", "FILE", text=text)
            self.assertEqual(r.returncode, 1, text)
            self.assertRegex(r.stderr, r"vsmd\.yaml:\d+:\d+: ", text)
            self.assertIn("event=start_failed", r.stderr)

    def test_files_that_cannot_be_read(self):
        for path in ("/nonexistent/vsmd.yaml", "/"):
            r = run("--config", path)
            self.assertEqual(r.returncode, 1)
            self.assertIn(path, r.stderr)
            self.assertIn("event=start_failed", r.stderr)

    def test_not_every_socket(self):
        text = harness.config().replace('publish: "tcp://127.0.0.1:*"', "publish: none").replace(
            '["tcp://127.0.0.1:*"]', "none")
        with Daemon(text) as d:
            self.assertEqual(d.client().submit(batch(event())).accepted, 1)
            self.assertEqual(d.snapshot().value_streams[0].stages[0].sequence, 0)
            self.assertNotIn("socket=publish", d.log.text())

    @unittest.skipUnless(has_ipv6(), "this machine has no IPv6 loopback")
    def test_ipv6(self):
        text = harness.config(sources="sources: [{ id: gis, connect: 'tcp://[::1]:%d' }]")
        context = zmq.Context()
        source = context.socket(zmq.XPUB)
        source.linger, source.ipv6, source.rcvtimeo = 0, True, int(DEADLINE * 1000)
        port = source.bind_to_random_port("tcp://[::1]")
        try:
            with Daemon((text % port).replace("tcp://127.0.0.1:*", "tcp://[::1]:*")) as d:
                for name in ("subscribe", "submit", "publish", "query"):
                    self.assertRegex(d.endpoint(name), r"^tcp://\[::1\]:\d+$")
                self.assertEqual(d.client().submit(batch(event())).accepted, 1)
                source.recv()
                source.send_multipart([b"v1/event/gis/", batch(event(subject="2"), source="gis").SerializeToString()])
                for option, name in (("--pub", "subscribe"), ("--submit", "submit")):
                    done = subprocess.run([VSM, "emit", "--source", "crm", "--type", "first.done", "--subject", name,
                                           option, d.endpoint(name)], capture_output=True, text=True, timeout=DEADLINE)
                    self.assertEqual((done.returncode, done.stderr), (0, ""))
                d.await_ingest(received=4)
                taken = d.endpoint("query")
                again = harness.config().replace('query: "tcp://127.0.0.1:*"', f"query: '{taken}'")
                r = run("--config", "FILE", text=again)
                self.assertIn(f"process {d.process.pid})", r.stderr)
        finally:
            context.destroy(linger=0)

    def test_several_subscribe_endpoints(self):
        with tempfile.TemporaryDirectory(prefix="vsmd-e2e-") as directory:
            with Daemon(harness.config().replace('["tcp://127.0.0.1:*"]',
                                                 f'["tcp://127.0.0.1:*", "ipc://{directory}/events"]')) as d:
                s = d.context.socket(zmq.XPUB)
                s.linger, s.rcvtimeo = 0, int(DEADLINE * 1000)
                s.connect(f"ipc://{directory}/events")
                self.assertEqual(s.recv(), b"\x01v1/event/")
                for source in (s, d.source()):
                    source.send_multipart([b"v1/event/crm/", batch(event()).SerializeToString()])
                d.await_ingest(received=2)


class End(unittest.TestCase):
    def test_by_signal(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with Daemon() as d:
                d.client().submit(batch(event()))
                start = time.monotonic()
                d.process.send_signal(number)
                self.assertEqual(d.wait(), 0)
                self.assertLess(time.monotonic() - start, 1.0)
                d.log.wait(r"^event=stopped events=1")

    def test_another_level_of_the_log(self):
        with Daemon() as d:
            client = d.client()
            client.submit(batch(event()))
            d.process.send_signal(signal.SIGUSR1)
            d.log.wait(r"^event=log_level level=debug$")
            client.submit(batch(event(), event(type="")))
            d.log.wait(r"^event=batch socket=submit source=crm bytes=\d+ accepted=1 rejected=1$")
            self.assertEqual(len(re.findall("^event=batch ", d.log.text(), re.M)), 1)
            for level in ("info", "notice"):
                d.process.send_signal(signal.SIGUSR2)
                d.log.wait(f"^event=log_level level={level}$")
            lines = len(d.log.lines)
            d.client().submit(batch(event()))  # its connection is not told of
            d.process.send_signal(signal.SIGUSR1)
            d.log.wait("^event=log_level level=info$", lines)
            self.assertEqual(d.log.lines[lines:], ["event=log_level level=info"])

    def test_service_manager(self):
        with tempfile.TemporaryDirectory(prefix="vsmd-e2e-") as directory:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
                s.bind(os.path.join(directory, "notify"))
                s.settimeout(DEADLINE)
                with Daemon(env={"NOTIFY_SOCKET": s.getsockname()}) as d:
                    self.assertEqual(s.recv(100), b"READY=1")
                    d.process.send_signal(signal.SIGHUP)
                    self.assertRegex(s.recv(100), rb"^RELOADING=1\nMONOTONIC_USEC=\d+$")
                    self.assertEqual(s.recv(100), b"READY=1")
                self.assertEqual(s.recv(100), b"STOPPING=1")

    def test_signs_of_life(self):
        with tempfile.TemporaryDirectory(prefix="vsmd-e2e-") as directory:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
                s.bind(os.path.join(directory, "notify"))
                s.settimeout(DEADLINE)
                with Daemon(env={"NOTIFY_SOCKET": s.getsockname(), "WATCHDOG_USEC": "40000"}):
                    self.assertEqual([s.recv(100) for _ in range(5)], [b"READY=1"] + 4 * [b"WATCHDOG=1"])
                while s.recv(100) != b"STOPPING=1":
                    pass
                gateway = subprocess.Popen([os.path.join(os.path.dirname(harness.VSMD), "vsm-web"), "--listen", "127.0.0.1:0"],
                                           stderr=subprocess.DEVNULL, env={**os.environ, "NOTIFY_SOCKET": s.getsockname(), "WATCHDOG_USEC": "40000"})
                self.assertEqual([s.recv(100) for _ in range(5)], [b"READY=1"] + 4 * [b"WATCHDOG=1"])
                gateway.terminate()
                self.assertEqual(gateway.wait(DEADLINE), 0)
                while s.recv(100) != b"STOPPING=1":
                    pass
                # Another process is waited for: of this one nothing is wanted.
                with Daemon(env={"NOTIFY_SOCKET": s.getsockname(), "WATCHDOG_USEC": "2", "WATCHDOG_PID": "1"}) as d:
                    d.client().submit(batch(event()))
                self.assertEqual([s.recv(100), s.recv(100)], [b"READY=1", b"STOPPING=1"])


class Asked(unittest.TestCase):
    def test_check_of_a_good_file(self):
        r = run("--config", "FILE", "--check", text=harness.config())
        self.assertEqual((r.returncode, r.stderr), (0, ""))
        self.assertIn("publish_interval: 50ms", r.stdout)
        self.assertIn("max_future_skew: 5m", r.stdout)  # a default
        again = run("--config", "FILE", "--check", text=r.stdout)
        understood = [line for line in again.stdout.splitlines() if not line.startswith("#")]
        self.assertEqual((again.returncode, understood), (0, r.stdout.splitlines()))

    def test_check_of_a_bad_file(self):
        bad = harness.config().replace("clock: event", "clok: event").replace("S/second", "S/secnd")
        r = run("--config", "FILE", "--check", text=bad)
        self.assertEqual((r.returncode, r.stdout), (1, ""))
        lines = r.stderr.splitlines()
        self.assertEqual(len(lines), 2, r.stderr)
        self.assertRegex(lines[0], r"vsmd\.yaml:2:3: .*clok.*clock")
        self.assertRegex(lines[1], r"vsmd\.yaml:\d+:\d+: .*secnd.*second")

    def test_check_opens_nothing(self):
        with Daemon(harness.config()) as d:
            taken = harness.config().replace('query: "tcp://127.0.0.1:*"', f"query: {d.endpoint('query')}")
            self.assertEqual(run("--config", "FILE", "--check", text=taken).returncode, 0)

    def test_options(self):
        self.assertRegex(run("--version").stdout, r"^vsmd \d+\.\d+\.\d+\n$")
        self.assertIn("--check", run("--help").stdout)
        self.assertEqual((run("--version").returncode, run("--help").returncode), (0, 0))
        for wrong in ([], ["--check"], ["--config", "FILE", "more"], ["--clock", "sun", "--config", "FILE"], ["-x"],
                      ["--config"]):
            r = run(*wrong, text=harness.config())
            self.assertEqual(r.returncode, 2, wrong)
            self.assertIn("usage: vsmd", r.stderr)


harness.main()
