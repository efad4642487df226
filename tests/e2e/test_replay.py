"""vsm replay of real event logs with their example configurations. What the logs say is read here anew, in the
simplest way, and must be what the daemon says. Where the logs are absent the test is skipped, which ctest shows."""
import contextlib
import datetime
import gzip
import os
import re
import shutil
import subprocess
import sys
import unittest
import xml.etree.ElementTree

import harness
from vsm.v1 import query_pb2

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
EXAMPLES = os.path.join(ROOT, "config", "examples")
DATA = os.path.join(os.path.dirname(ROOT), "shared", "data")
VSM = os.path.join(os.path.dirname(harness.VSMD), "vsm")
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
SKIPPED = 77  # known to ctest

LOGS = {  # example: file, events, cases
    "bpic2013": ("07_bpic2013_incidents.xes.gz", 65533, 7554),
    "helpdesk": ("helpdesk.xes.gz", 21348, 4580),
    "receipt": ("08_receipt.xes.gz", 8577, 1434),
    "repair": ("03_repairExample.xes.gz", 11855, 1104),
    "running-example": ("running-example.xes", 42, 6),
}


def path_of(example):
    return os.path.join(DATA, LOGS[example][0])


def tag(element):
    return element.tag.rpartition("}")[2]


def read(example):
    """{case: [{attribute: value, "us": time}]} in the order of the file."""
    path, cases = path_of(example), {}
    with gzip.open(path) if path.endswith(".gz") else open(path, "rb") as f:
        for _, trace in xml.etree.ElementTree.iterparse(f):
            if tag(trace) != "trace":
                continue
            name = next(a.get("value") for a in trace if a.get("key") == "concept:name")
            cases[name] = events = []
            for e in trace:
                if tag(e) == "event":
                    event = {a.get("key"): a.get("value") for a in e}
                    at = datetime.datetime.fromisoformat(event["time:timestamp"])
                    event["us"] = (at - EPOCH) // datetime.timedelta(microseconds=1)
                    events.append(event)
            trace.clear()
    return cases


class Replayed:
    """What a daemon with the example's configuration says once the log was replayed into it."""

    def __init__(self, daemon):
        self.daemon = daemon
        self.stream, = daemon.snapshot().value_streams
        self.all = self.stream.windows[0]
        self.stages = {s.id: s.windows[0] for s in self.stream.stages}
        self.socket = daemon.socket(harness.zmq.DEALER, "query")

    def item(self, key):
        self.socket.send_multipart([b"q", query_pb2.Request(item=query_pb2.ItemRequest(key=key)).SerializeToString()])
        reply = query_pb2.Reply.FromString(self.socket.recv_multipart()[1])
        assert not reply.error, reply.error
        return reply.item


@contextlib.contextmanager
def replayed(example):
    with open(os.path.join(EXAMPLES, example + ".yaml"), encoding="utf-8") as f:
        text = f.read()
    sockets = ('daemon: { clock: event, subscribe: { bind: ["tcp://127.0.0.1:*"] }, submit: "tcp://127.0.0.1:*",\n'
               '  publish: "tcp://127.0.0.1:*", query: "tcp://127.0.0.1:*" }\n')  # as many lines, so rules stay in place
    text, n = re.subn("^daemon:\n  clock: event.*\n", lambda _: sockets, text, flags=re.M)
    assert n == 1, example
    with harness.Daemon(text) as daemon:
        done = subprocess.run([VSM, "replay", path_of(example), "--submit", daemon.endpoint("submit")],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False,
                              timeout=harness.DEADLINE * 4)
        assert done.returncode == 0, done.stderr
        yield Replayed(daemon)


class AllAccountedFor(unittest.TestCase):
    def check(self, example):
        _, events, cases = LOGS[example]
        with replayed(example) as r:
            ingest = r.daemon.ingest()
            self.assertEqual((ingest.received, ingest.unmapped, ingest.rejected), (events, 0, 0))
            self.assertEqual(ingest.applied + ingest.duplicates + ingest.ignored, events)
            self.assertEqual(r.all.started, cases)
            self.assertEqual(r.all.started + r.all.reopened - r.all.finished - r.all.withdrawn, r.stream.wip)
            for stage in r.stream.stages:
                self.assertEqual(stage.windows[0].arrivals - stage.windows[0].departures, stage.wip, stage.id)


def add_log(example):
    setattr(AllAccountedFor, "test_" + example.replace("-", "_"), lambda self: self.check(example))


for name in LOGS:
    add_log(name)


class RunningExample(unittest.TestCase):
    LEAD_TIMES = [520920, 703320, 779580, 852300, 1368780, 1576440]  # seconds

    def test_lead_times(self):
        cases = read("running-example")
        with replayed("running-example") as r:
            lead = r.all.lead_time
            self.assertEqual(lead.count, 6)
            self.assertAlmostEqual(lead.mean, sum(self.LEAD_TIMES) / 6, delta=1e-6 * lead.mean)
            self.assertAlmostEqual(lead.min, self.LEAD_TIMES[0], delta=0.01 * lead.min)
            self.assertAlmostEqual(lead.max, self.LEAD_TIMES[-1], delta=0.01 * lead.max)
            seconds = []
            for case in cases:
                item = r.item("request:" + case)
                self.assertEqual(item.state, "finished")
                times = [t.time_unix_nano for t in item.transitions]
                seconds.append((max(times) - min(times)) // 10**9)
            self.assertEqual(sorted(seconds), self.LEAD_TIMES)

    def test_a_decision_that_sent_it_back_is_rework(self):
        with replayed("running-example") as r:
            self.assertEqual(r.stages["examine"].rework, 3)
            self.assertEqual(r.stages["check"].rework, 3)


class Bpic2013(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cases = {name: [(e["lifecycle:transition"], e["us"]) for e in events]
                     for name, events in read("bpic2013").items()}

    def pairs(self, first, second):
        return {name for name, events in self.cases.items()
                if any(a[0] == first and b[0] == second for a, b in zip(events, events[1:]))}

    def test_reopened_and_sent_back(self):
        after_closed = {name for name, events in self.cases.items() if any(s == "Closed" for s, _ in events[:-1])}
        sent_back = self.pairs("Resolved", "In Progress")
        self.assertEqual((len(after_closed), len(sent_back)), (120, 175))
        reopened, returned = set(), set()
        with replayed("bpic2013") as r:
            for name in self.cases:
                item = r.item("incident:" + name)
                closed = [t.time_unix_nano for t in item.transitions
                          if t.stage == "confirmation" and t.lifecycle == "complete"]
                # Open again: a visit that began when it had been closed, by something that came after that.
                if closed and any(v.rework and v.entered_unix_nano >= min(closed) for v in item.visits):
                    reopened.add(name)
                if any(v.stage == "confirmation" and v.how == "returned" for v in item.visits):
                    returned.add(name)
            self.assertEqual(after_closed, reopened)
            self.assertLessEqual(sent_back, returned)
            self.assertGreaterEqual(r.stages["confirmation"].returned, len(returned))
            self.assertGreaterEqual(r.stages["handling"].rework, len(sent_back | after_closed))
            self.assertGreaterEqual(r.all.reopened, len(after_closed))

    def test_an_incident_says_whom_it_waited_for(self):
        name = min(self.pairs("Wait - Vendor", "In Progress"))
        with replayed("bpic2013") as r:
            waits = {(t.party, t.reason) for t in r.item("incident:" + name).transitions if t.lifecycle == "suspend"}
            self.assertIn(("third-party", "Wait - Vendor"), waits)


class WorkedExamples(unittest.TestCase):
    """docs/NAME.md says what its commands print. UPDATE_DOCS=1 in the environment writes there what they print now,
    where an output has no line of three dots."""

    def steps(self, text):
        for block in re.findall(r"^```console\n(.*?)^```$", text, re.M | re.S):
            for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
                command, _, expected = part.partition("\n")
                if not command.startswith(("vsmd ", "vsm replay ")):  # has been done
                    yield command, expected

    def run_here(self, command, example, r):
        """In the daemon's directory, where the example is vsmd.yaml."""
        command = command.replace(f"config/examples/{example}.yaml", r.daemon.path)
        command = re.sub(r"(^|[|;&] )vsm (\w+)", rf"\1{VSM} \2 --query {r.daemon.endpoint('query')}", command)
        done = subprocess.run(["bash", "-c", command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              check=False, timeout=harness.DEADLINE, cwd=r.daemon.directory)
        return done.stdout.replace(r.daemon.path, f"config/examples/{example}.yaml").replace(
            "vsmd.yaml:", example + ".yaml:")

    def check(self, example):
        path = os.path.join(ROOT, "docs", example + ".md")
        with open(path, encoding="utf-8") as f:
            text = f.read()
        ran = at = 0
        with replayed(example) as r:
            for command, expected in self.steps(text):
                with self.subTest(command):
                    if "| jq" in command and not shutil.which("jq"):
                        self.skipTest("jq is not there")
                    said = self.run_here(command, example, r)
                    pattern = "".join(".*" if line == "...\n" else re.escape(line) for line in expected.splitlines(True))
                    if os.environ.get("UPDATE_DOCS") and "...\n" not in expected:
                        at = text.index(f"$ {command}\n{expected}", at) + len(command) + 3
                        text = text[:at] + said + text[at + len(expected):]
                    else:
                        self.assertTrue(re.fullmatch(pattern, said, re.S), f"{command}\n{said}")
                    ran += 1
        self.assertGreaterEqual(ran, 4)
        if os.environ.get("UPDATE_DOCS"):
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)

    def test_bpic2013(self):
        self.check("bpic2013")

    def test_helpdesk(self):
        self.check("helpdesk")


if __name__ == "__main__":
    missing = [path_of(example) for example in LOGS if not os.path.exists(path_of(example))]
    if missing:
        print("skipped: no logs to replay:", *missing)
        sys.exit(SKIPPED)
    harness.main()
