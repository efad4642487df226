"""What tests of `vsm agent` share: an agent that runs, and what it follows, a PostgreSQL or a Mosquitto of the test's own."""
import getpass
import glob
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import harness
from harness import DEADLINE, Daemon, Log, children

VSM = os.path.join(os.path.dirname(harness.VSMD), "vsm")
SKIPPED = 77  # of a test, to ctest


def skip_without(what, there):
    if not there:
        print("skipped:", what)
        sys.exit(SKIPPED)


class Agent:
    """`vsm agent KIND WHAT` against a daemon's submit socket. Use it in a `with`."""

    def __init__(self, endpoint, kind, what, *options):
        self.command = [VSM, "agent", kind, what, "--submit", endpoint, *options]
        self.process = None

    def once(self):
        return subprocess.run([*self.command, "--once"], capture_output=True, text=True, timeout=2 * DEADLINE)

    def start(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.log = Log(self.process.stdout)

    def kill(self, number=signal.SIGKILL):
        self.process.send_signal(number)
        status = self.process.wait(DEADLINE)
        self.log.thread.join(DEADLINE)
        self.process.stdout.close()
        self.process = None
        return status

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process:
            self.kill()


class FixedDaemon(Daemon):
    """A daemon with a state, whose submit socket is at the same place after it was killed."""

    def __init__(self, text=None):
        self.place = tempfile.mkdtemp(prefix="vsmd-e2e-")
        self.submit = f"ipc://{self.place}/submit"
        super().__init__((text or harness.config()).replace("clock: event", "clock: event\n  state: state").replace('submit: "tcp://127.0.0.1:*"', f'submit: "{self.submit}"'))

    def _clean(self):
        super()._clean()
        shutil.rmtree(self.place)


def await_items(d, n):
    """Until n items are in the stream S; never more."""
    end = time.monotonic() + DEADLINE
    while (wip := d.snapshot().value_streams[0].wip) != n:
        if wip > n or time.monotonic() > end:
            raise AssertionError(f"{wip} items, where {n} are expected")


PROGRAMS = max(glob.glob("/usr/lib/postgresql/*/bin"), default=None)
MOSQUITTO = shutil.which("mosquitto", path=os.environ["PATH"] + ":/usr/sbin")
USER = "postgres"  # the server refuses to run as root


class Postgres:
    """A server on a Unix socket of its own. Use it in a `with`."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="vsm-postgres-", dir="/tmp")  # the socket's path is short
        self.as_user = {}
        if os.getuid() == 0:
            shutil.chown(self.folder, USER)
            self.as_user = {"user": USER, "group": USER, "extra_groups": []}
        os.chmod(self.folder, 0o755)
        self.data = os.path.join(self.folder, "data")
        self.connect = f"host={self.folder} dbname=postgres user={USER}"
        self.run("initdb", "-D", self.data, "-A", "trust", "-U", USER, "--no-sync")
        with open(os.path.join(self.data, "postgresql.conf"), "a", encoding="utf-8") as f:
            f.write(f"listen_addresses = ''\nunix_socket_directories = '{self.folder}'\nfsync = off\nwal_writer_delay = 10s\n")
        self.start()

    def run(self, program, *args):
        subprocess.run([os.path.join(PROGRAMS, program), *args], check=True, cwd=self.folder, timeout=2 * DEADLINE,
                       stdout=subprocess.DEVNULL, **self.as_user)

    def start(self):
        self.run("pg_ctl", "-D", self.data, "-l", os.path.join(self.folder, "log"), "-w", "start")

    def crash(self):
        """All of the server's processes end at once, as in a power cut that spares the disk."""
        with open(os.path.join(self.data, "postmaster.pid"), encoding="utf-8") as f:
            postmaster = int(f.readline())
        workers = [pid for pid, _ in children(postmaster)]
        os.kill(postmaster, signal.SIGSTOP)  # it must not hear of its children's end, and begin to recover
        for pid in workers:
            os.kill(pid, signal.SIGKILL)
        os.kill(postmaster, signal.SIGKILL)
        end = time.monotonic() + DEADLINE
        while any(os.path.exists(f"/proc/{pid}") for pid in (postmaster, *workers)):
            if time.monotonic() > end:
                raise AssertionError("the server does not end")
        os.remove(os.path.join(self.data, "postmaster.pid"))

    def psql(self, **options):
        return subprocess.Popen(["psql", "-qAtX", "-v", "ON_ERROR_STOP=1", self.connect], stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)

    def sql(self, text):
        with self.psql() as p:
            out, err = p.communicate(text, timeout=DEADLINE)
            if p.returncode:
                raise AssertionError(err)
            return out.strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run([os.path.join(PROGRAMS, "pg_ctl"), "-D", self.data, "-m", "immediate", "-w", "stop"], cwd="/",
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False, **self.as_user)
        shutil.rmtree(self.folder)


class Session:
    """A psql that stays: what is said to it is one session, in which a transaction may be open."""

    def __init__(self, server):
        self.process = server.psql()

    def say(self, text):
        self.process.stdin.write(text + "\n\\echo done\n")
        self.process.stdin.flush()
        lines = []
        while (line := self.process.stdout.readline().strip()) != "done":
            if not line and self.process.poll() is not None:
                raise AssertionError(self.process.stderr.read())
            lines.append(line)
        return lines

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.communicate("", timeout=DEADLINE)


class Mosquitto:
    """A broker on a loopback port of its own. Use it in a `with`. more: lines of its configuration."""

    def __init__(self, more=""):
        self.folder = tempfile.mkdtemp(prefix="vsm-mosquitto-")
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        self.file = os.path.join(self.folder, "mosquitto.conf")
        with open(self.file, "w", encoding="utf-8") as f:
            f.write(f"listener {self.port} 127.0.0.1\nuser {getpass.getuser()}\nmax_queued_messages 0\npersistence true\n"
                    f"persistence_location {self.folder}/\n{more or 'allow_anonymous true'}\n".replace("FOLDER", self.folder))
        self.process = None

    def start(self):
        self.process = subprocess.Popen([MOSQUITTO, "-c", self.file, "-v"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.log = Log(self.process.stdout)
        self.log.wait("mosquitto version .* running")

    def stop(self):
        """Its sessions are on disk then."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(DEADLINE)
        self.log.thread.join(DEADLINE)
        self.process.stdout.close()

    def publish(self, topic, *payloads, check=True, options=()):
        """Until the broker has acked all of them."""
        return subprocess.run(["mosquitto_pub", "-p", str(self.port), "-q", "1", "-t", topic, "-l", *options], check=check, text=True,
                              input="".join(p + "\n" for p in payloads), timeout=DEADLINE, stderr=subprocess.DEVNULL).returncode == 0

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.folder)
