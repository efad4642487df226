"""README's two commands as a reader types them, and beside the first each command that a page names in its text.

They take the ports of the shipped configuration, so the test has a network of its own where the system allows that:
what listens on this machine is not in its way, nor it in anybody's. Where neither that is allowed nor the ports are
free, the test is skipped, which ctest shows.
"""
import ctypes
import fcntl
import glob
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

import harness
from harness import DEADLINE

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BIN = os.path.join(ROOT, "build", "release", "bin")
PORTS = (5570, 5571, 5572, 5573, 8080)
STREAMS = ("RCV-01", "NCV-01", "AOV-04", "REV-01")
BUILD_S, HISTORY_S = 500, 120  # to build release where it was not, and a year of history
LINE = re.compile(r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)((?:  \S+ \d+ in progress)+)$")
# What a page names between backquotes, and how a reader would go on; None: a name of a program, or of a command that
# a page shows in use elsewhere.
NAMED = {
    "vsm": None,
    "vsmd": None,
    "vsm simulate": None,  # ./dev run runs it
    "vsm emit": None,  # tests/e2e/test_cli.py
    "vsm emit --pub ENDPOINT --recover ENDPOINT --spool FILE": None,  # tests/e2e/test_cli.py
    "vsm emit": None,  # tests/e2e/test_cli.py
    "vsm ack": None,  # tests/e2e/test_alerts.py
    "vsm silence": None,  # likewise
    "vsm alerts": "vsm alerts",
    "vsm alerts --history": "vsm alerts --history",
    "vsm silence --list": "vsm silence --list",
    "vsm ack --lost": None,  # tests/e2e/test_alerts.py
    "vsm rebuild": None,  # docs/questions.md
    "vsm rebuild --partial": None,  # tests/e2e/test_rebuild.py
    "vsm what-if --rebuild": None,  # docs/questions.md
    "vsm keygen": None,  # docs/security.md
    "vsm try": None,  # docs/mapping.md
    "vsm what-if": None,  # docs/questions.md
    "vsm what-if --config new.yaml --state state": None,  # docs/questions.md
    "vsmd --checkpoint DIR": None,  # tests/e2e/test_checkpoint.py
    "vsmd --check": "vsmd --config config/quantum-energy.yaml --check",
    "vsmd --config config/quantum-energy.yaml --check": "vsmd --config config/quantum-energy.yaml --check",
    "vsm watch": "vsm watch",  # without a terminal: one page
    "vsm snapshot": "vsm snapshot",
    "vsm snapshot --stream RCV-01": "vsm snapshot --stream RCV-01",
    "vsm snapshot --segments": "vsm snapshot --segments",
    "vsm snapshot --segments --json": "vsm snapshot --segments --json",
    "vsm item": None,
    "vsm item KEY": "vsm item {key}",
    "vsm items": "vsm items",
    "vsm items --sort pace": "vsm items --sort pace",
    "vsm visits": "vsm visits RCV-01",
    "vsm visits STREAM": "vsm visits RCV-01",
    "vsm replay FILE": "vsm replay {log}",
    "vsm bottleneck": "vsm bottleneck",
    "vsm edges STREAM": "vsm edges RCV-01",
    "vsm series": "vsm series RCV-01",
    "vsm series --by hour|day|week|month --zone Z": "vsm series RCV-01 --by week --zone America/Chicago",
    "vsm forecast STREAM": "vsm forecast RCV-01",
    "vsm status": "vsm status",
    "vsm unmapped": "vsm unmapped",
    "vsm rejected": "vsm rejected",
    "vsm sources": "vsm sources",
    "vsm reload": "vsm reload",
    "vsm withdraw KEY": None,  # tests/e2e/test_orders.py
    "vsm forget KEY": None,  # tests/e2e/test_forget.py
    "vsm forget KEY --sealed": None,
    "vsm backup": None,  # tests/e2e/test_backup.py
    "vsm backup DIR": None,  # tests/e2e/test_backup.py
    "vsm clock accept": None,  # tests/e2e/test_clock.py
    "vsm agent file FOLDER": None,  # tests/e2e/test_agent.py
    "vsm agent file FOLDER --map orders.yaml": None,  # likewise
    "vsm agent mqtt FILE": None,  # tests/e2e/test_agent_mqtt.py
    "vsm agent sql FILE": None,  # tests/e2e/test_agent_sql.py
    "vsm emit --jsonl -": None,  # tests/e2e/test_examples.py
    "vsm export": None,  # tests/e2e/test_export.py, and the next two
    "vsm emit --jsonl FILE": None,
    "vsm emit --jsonl": None,
}


def own_network():
    """A network with a loopback and nothing else, for this process and its children. False: not allowed."""
    new_user, new_network = 0x10000000, 0x40000000
    libc = ctypes.CDLL(None)
    user, group = os.getuid(), os.getgid()
    if libc.unshare(new_network) != 0:
        if libc.unshare(new_user | new_network) != 0:
            return False
        for name, text in (("setgroups", "deny"), ("uid_map", f"0 {user} 1"), ("gid_map", f"0 {group} 1")):
            with open(f"/proc/self/{name}", "w", encoding="ascii") as f:
                f.write(text)
    set_flags, up = 0x8914, 1
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        fcntl.ioctl(s, set_flags, struct.pack("16sh22x", b"lo", up))
    return True


def free(port):
    try:
        with socket.create_server(("127.0.0.1", port)):
            return True
    except OSError:
        return False


def of_session(leader):
    """Processes of a session that are still there, each with its name."""
    there = []
    for path in glob.glob("/proc/[0-9]*/stat"):
        try:
            with open(path, encoding="utf-8", errors="replace") as f:
                name, rest = f.read().split("(", 1)[1].rsplit(")", 1)
        except OSError:
            continue  # it has just ended
        state, _, _, session = rest.split()[:4]
        if int(session) == leader and state != "Z":
            there.append(name)
    return there


def readme_commands():
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as f:
        section = re.search(r"^## Two commands\n(.*?)^## ", f.read(), re.S | re.M).group(1)
    block = re.search(r"```\n(.*?)```", section, re.S).group(1)
    return [line.split("#")[0].strip() for line in block.splitlines()]


class Readme(unittest.TestCase):
    def test_it_has_two_commands(self):
        self.assertEqual(readme_commands(), ["./dev run", "./dev test"])


class DevRun(unittest.TestCase):
    def setUp(self):
        self.process = subprocess.Popen(readme_commands()[0], shell=True, executable="/bin/bash", cwd=ROOT, text=True,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        start_new_session=True)
        self.log = harness.Log(self.process.stdout)
        self.addCleanup(self.end)

    def end(self):
        if self.process.poll() is None or of_session(self.process.pid):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.log.thread.join()
        self.process.stdout.close()

    def line(self, seconds, wanted):
        """The next line of figures of which wanted(time, {stream: in progress}) is true."""
        end = time.monotonic() + seconds
        seen = 0
        with self.log.changed:
            while time.monotonic() < end:
                for match in filter(None, map(LINE.match, self.log.lines[seen:])):
                    at = time.mktime(time.strptime(match[1], "%Y-%m-%d %H:%M:%S"))
                    figures = {stream: int(n) for stream, n in re.findall(r"(\S+) (\d+) in progress", match[2])}
                    if wanted(at, figures):
                        return at, figures
                seen = len(self.log.lines)
                self.assertFalse(self.log.ended, "./dev run ended:\n" + self.log.text())
                self.log.changed.wait(1)
        self.fail(f"waited {seconds} s for figures:\n" + self.log.text())

    def vsm(self, command):
        done = subprocess.run(command.split(), cwd=ROOT, capture_output=True, text=True, timeout=4 * DEADLINE,
                              stdin=subprocess.DEVNULL, env={**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"})
        self.assertEqual((done.returncode, done.stderr), (0, ""), command)
        return done.stdout

    def named_commands(self):
        """Each command that the pages name once, ready to run; one that NAMED does not know is a mistake."""
        pages = [os.path.join(ROOT, "README.md"), *glob.glob(os.path.join(ROOT, "docs", "*.md"))]
        named = set()
        for page in pages:
            with open(page, encoding="utf-8") as f:
                named |= set(re.findall(r"(?<!`)`(vsmd?(?: [^`]+)?)`(?!`)", f.read()))
        self.assertEqual(named - set(NAMED), set(), "named in a page, and not run here")
        return {NAMED[name] for name in named if NAMED[name]}

    def test_it_runs_until_ctrl_c(self):
        self.line(BUILD_S, lambda at, figures: True)
        a_day_ago = time.mktime(time.gmtime()) - 86400
        address = self.log.wait(r"^in a browser: (http://127\.0\.0\.1:8080/)$").group(1)
        with urllib.request.urlopen(address + "api/v1/snapshot", timeout=DEADLINE) as answer:
            self.assertEqual({stream["id"] for stream in json.load(answer)["value_streams"]}, set(STREAMS))
        at, figures = self.line(HISTORY_S, lambda at, figures: at > a_day_ago)
        self.assertEqual(tuple(figures), STREAMS)
        streams = json.loads(self.vsm("vsm snapshot --json"))["value_streams"]
        finished = {stream["id"]: stream["windows"][0]["finished"] for stream in streams}
        del finished["REV-01"]  # 7.5 cases a year, of some months each: perhaps none
        self.assertGreater(min(finished.values()), 0)
        self.line(DEADLINE, lambda later, figures: later > at + 600)  # a day a minute: in seconds
        with tempfile.TemporaryDirectory(prefix="vsm-dev-") as directory:
            log = os.path.join(directory, "log.csv")
            with open(log, "w", encoding="utf-8") as f:
                f.write("type,subject,time\nvisit.noted,1,2026-01-01T00:00:00Z\n")
            key = json.loads(self.vsm("vsm items --stream RCV-01 --json"))["items"][0]["item"]
            for command in self.named_commands():
                with self.subTest(command):
                    self.assertNotEqual(self.vsm(command.format(key=key, log=log)), "")
        os.killpg(self.process.pid, signal.SIGINT)  # as a terminal does
        self.assertEqual(self.process.wait(DEADLINE), 130, self.log.text())
        self.assertEqual(of_session(self.process.pid), [])
        self.assertEqual([port for port in PORTS if not free(port)], [])


class DevTest(unittest.TestCase):
    """A test cannot run all tests, itself among them: it looks at what ./dev test would run, and how that ends."""

    def run_it(self, status, *arguments):
        with tempfile.TemporaryDirectory(prefix="vsm-dev-") as directory:
            shutil.copy(os.path.join(ROOT, "dev"), directory)
            calls = os.path.join(directory, "calls")
            for name in ("cmake", "ctest"):
                double = os.path.join(directory, "bin", name)
                os.makedirs(os.path.dirname(double), exist_ok=True)
                with open(double, "w", encoding="utf-8") as f:
                    f.write(f'#!/bin/sh\necho {name} "$@" >>{calls}\nexit {status if name == "ctest" else 0}\n')
                os.chmod(double, 0o700)
            path = os.path.join(directory, "bin") + ":" + os.environ["PATH"]
            done = subprocess.run([*readme_commands()[1].split(), *arguments], cwd=directory, capture_output=True,
                                  text=True, env={**os.environ, "PATH": path}, timeout=DEADLINE)
            with open(calls, encoding="utf-8") as f:
                called = f.read().splitlines()
            with open(os.path.join(directory, "build", "test", "CTestTestfile.cmake"), encoding="utf-8") as f:
                builds = re.findall(rf'^subdirs\("{directory}/build/(.*)"\)$', f.read(), re.M)
            return done, called, builds

    def test_it_runs_the_tests_of_each_build(self):
        done, called, builds = self.run_it(0)
        self.assertEqual(done.returncode, 0, done.stderr)
        wanted = [f"cmake {step}--preset {preset}" for preset in ("debug", "release", "fuzz", "threads")
                  for step in ("", "--build ")]
        wanted[-1] += " --target threads"
        self.assertEqual(called[:-1], wanted)
        self.assertEqual(called[-1], "ctest --test-dir build/test --output-on-failure -j4")
        self.assertEqual(builds, ["debug", "release/tests/bench", "fuzz/tests/fuzz", "threads/tests/threads"])

    def test_it_fails_where_a_test_fails(self):
        self.assertEqual(self.run_it(8)[0].returncode, 8)

    def test_arguments_are_ctest_s(self):
        self.assertRegex(self.run_it(0, "-R", "unit")[1][-1], " -R unit$")


if __name__ == "__main__":
    if not own_network() and not all(map(free, PORTS)):
        print("skipped: no network of its own is allowed here, and the ports", *PORTS, "are taken")
        sys.exit(77)
    unittest.main()
