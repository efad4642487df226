"""A daemon under load with everything that comes and goes, for as long as one likes: does anything grow?

The simulated company runs many days a minute against a daemon that keeps its items for 60 days and a small journal, so
that items are sealed, checkpoints made and the journal trimmed all the time; vsm-notify and vsm-web run beside it.
Meanwhile subscribers come and go, one never reads, every question is asked, the configuration changes to and fro, alerts
are silenced and acknowledged, and a source dies and returns. Every few seconds memory, open descriptors and the time of
an ack and of a question are written down. What happens before everything has been round once is left out: the first
third. Of the rest memory must not rise by more than a few percent along the line fitted to it, no descriptor be left
open, and acks and questions not take longer and longer.
"""
import argparse
import csv
import itertools
import os
import re
import statistics
import subprocess
import sys
import time

import zmq

from harness import ROOT, SHIPPED, VSMD, Daemon, batch, event, shipped
from vsm.v1 import query_pb2
from web_rig import Web

BIN = os.path.dirname(VSMD)
DAYS_A_SECOND = 1
RISE_MOST = 0.05  # of memory, along the line, as a share of its mean
SLOWER_MOST = 2.0  # the last third's median by the middle third's
QUESTIONS = (
    {"snapshot": query_pb2.SnapshotRequest()},
    {"items": query_pb2.ItemsRequest(limit=200)},
    {"edges": query_pb2.EdgesRequest(stream="RCV-01")},
    {"bottleneck": query_pb2.BottleneckRequest()},
    {"forecast": query_pb2.ForecastRequest(stream="RCV-01", items=10)},
    {"segments": query_pb2.SegmentsRequest(stream="NCV-01")},
    {"series": query_pb2.SeriesRequest(stream="AOV-04", window="24h")},
    {"alerts": query_pb2.AlertsRequest()},
    {"alerts": query_pb2.AlertsRequest(history=True)},
    {"sources": query_pb2.SourcesRequest()},
    {"unmapped": query_pb2.UnmappedRequest()},
    {"rejected": query_pb2.RejectedRequest()},
)


def soaked():
    text = shipped().replace("daemon:\n", "daemon:\n  state: state\n  journal: { max: 128MiB }\n  items: { keep: 60d }\n", 1)
    return text, text.replace("stage_stall_after: 4h", "stage_stall_after: 5h")


def memory_bytes(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return int(re.search(r"VmRSS:\s+(\d+)", f.read()).group(1)) * 1024


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


class Peers:
    """All that comes and goes beside the load. Each turn does a little of everything."""

    def __init__(self, daemon, web):
        self.daemon, self.web = daemon, web
        self.turns = itertools.count()
        self.questions = itertools.cycle(QUESTIONS)
        self.configurations = itertools.cycle(reversed(soaked()))
        self.silences = []
        self.deaf = None

    def now_ns(self):
        return self.daemon.status().time_unix_nano

    def turn(self):
        n = next(self.turns)
        self.come_and_go()
        if n % 5 == 0:
            self.die_and_return(n)
        if n % 3 == 0:
            self.silence_and_acknowledge()
        if n % 7 == 0:
            self.daemon.write(next(self.configurations))
            assert not self.daemon.ask(reload=query_pb2.ReloadRequest()).error
        if n % 11 == 0:
            self.listen_without_reading()

    def close(self, socket):
        socket.close()
        self.daemon.sockets.remove(socket)

    def come_and_go(self):
        for prefix in (b"v1/metric/", b"v1/transition/", b"v1/"):
            s = self.daemon.socket(zmq.SUB, "publish")
            s.subscribe(prefix)
            s.recv_multipart()
            self.close(s)
        for path in ("snapshot", "items", "alerts", "status"):
            assert self.web.get("/api/v1/" + path).status == 200

    def listen_without_reading(self):
        if self.deaf:
            self.close(self.deaf)
        self.deaf = self.daemon.socket(zmq.SUB, "publish", RCVHWM=1)
        self.deaf.subscribe(b"")

    def die_and_return(self, n):
        s = self.daemon.source()
        for i in range(100):  # with a hole, and what nobody maps
            e = event("soak.told", str(i), sequence=1 + i + (i > 50), at=0)
            e.time_unix_nano = self.last_ns
            s.send_multipart([b"v1/event/soak/", batch(e, source="soak", epoch=n + 1).SerializeToString()])
        self.close(s)

    def silence_and_acknowledge(self):
        alerts = self.daemon.ask(alerts=query_pb2.AlertsRequest()).alerts.alerts
        if alerts:
            one = alerts[len(self.silences) % len(alerts)]
            self.daemon.ask(acknowledge=query_pb2.AcknowledgeRequest(id=one.id, by="soak", why="seen"))
            done = self.daemon.ask(silence=query_pb2.SilenceRequest(
                kind=one.kind, until_unix_nano=self.last_ns + 30 * 86400 * 10**9, by="soak", why="known"))
            self.silences.append(done.done.id)
        if len(self.silences) > 5:
            self.daemon.ask(silence=query_pb2.SilenceRequest(end=self.silences.pop(0)))

    def ack_ms(self):
        self.last_ns = self.now_ns()
        e = event("soak.probe", "1", at=0)
        e.time_unix_nano = self.last_ns
        s = self.daemon.client()
        began = time.monotonic()
        s.submit(batch(e, source="soak-probe"))
        took = time.monotonic() - began
        self.close(s.socket)
        return took * 1000

    def question_ms(self):
        took = 0.0
        for question in itertools.islice(self.questions, 4):
            s = self.daemon.socket(zmq.DEALER, "query")
            began = time.monotonic()
            s.send_multipart([b"q", query_pb2.Request(**question).SerializeToString()])
            reply = query_pb2.Reply.FromString(s.recv_multipart()[1])
            took = max(took, time.monotonic() - began)
            assert not reply.error, (question, reply.error)
            self.close(s)
        return took * 1000


def sample(processes, peers, began):
    row = {"seconds": time.monotonic() - began, "ack_ms": peers.ack_ms(), "question_ms": peers.question_ms()}
    for name, process in processes.items():
        assert process.poll() is None, f"{name} ended with status {process.poll()}"
        row[f"{name}_bytes"] = memory_bytes(process.pid)
        row[f"{name}_descriptors"] = descriptors(process.pid)
    return row


def soak(seconds):
    rows, began = [], time.monotonic()
    with Daemon(soaked()[0], "--clock", "event") as daemon, Web(daemon) as web:
        with open(os.path.join(ROOT, "config", "notify.yaml"), encoding="utf-8") as f:
            text = f.read().replace("../build/", daemon.directory + "/")
        notify_path = os.path.join(daemon.directory, "notify.yaml")
        with open(notify_path, "w", encoding="utf-8") as f:
            f.write(text)
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        processes = {"vsmd": daemon.process, "vsm-web": web.process}
        try:
            processes["vsm-notify"] = subprocess.Popen(
                [f"{BIN}/vsm-notify", "--config", notify_path, "--query", daemon.endpoint("query"), "--publish",
                 daemon.endpoint("publish")], **quiet)
            processes["simulate"] = subprocess.Popen(
                [f"{BIN}/vsm", "simulate", "--config", SHIPPED, "--history", "100d", "--start", "2025-01-01T00:00:00Z",
                 "--speed", f"{DAYS_A_SECOND * 86400}x", "--submit", daemon.endpoint("submit")], **quiet)
            peers = Peers(daemon, web)
            status = daemon.subscriber("v1/status/")
            while time.monotonic() - began < seconds:
                status.receive()  # every five seconds
                rows.append(sample(processes, peers, began))
                peers.turn()
            print(f"{daemon.ingest().received:,} events, {(peers.last_ns // 10**9 - 1735689600) / 86400:,.0f} days")
        finally:
            for name in ("simulate", "vsm-notify"):
                if name in processes:
                    processes[name].terminate()
                    processes[name].wait()
    return rows


# --- what became of it

def rise(xs, ys):
    """Along the line of least squares, from the first to the last, as a share of the mean."""
    line = statistics.linear_regression(xs, ys)
    return line.slope * (xs[-1] - xs[0]) / statistics.mean(ys)


def judge(rows):
    """A line for each figure; how many were not as they must be."""
    rest = rows[len(rows) // 3:]
    middle, last = rest[:len(rest) // 2], rest[len(rest) // 2:]
    xs, wrong = [r["seconds"] for r in rest], 0
    for name in rows[0]:
        ys = [r[name] for r in rest]
        if name.endswith("_bytes"):
            share = rise(xs, ys)
            bad = share > RISE_MOST
            print(f"{name:24} {statistics.mean(ys) / 2**20:8.1f} MiB, {share:+7.2%} along the line{' TOO MUCH' * bad}")
        elif name.endswith("_descriptors"):
            before, after = max(r[name] for r in middle), max(r[name] for r in last)
            bad = after > before + 2
            print(f"{name:24} {before:8d} at most, then {after}{' TOO MANY' * bad}")
        elif name.endswith("_ms"):
            before, after = statistics.median(r[name] for r in middle), statistics.median(r[name] for r in last)
            bad = after > before * SLOWER_MOST
            print(f"{name:24} {before:8.1f} ms, then {after:.1f} (medians){' TOO SLOW' * bad}")
        else:
            continue
        wrong += bad
    return wrong


COLOURS = ("#1f5fa8", "#b5521b", "#2c7a3f", "#7a3f9d")
WIDTH, HEIGHT, LEFT, GAP = 760, 150, 70, 46


def panel(rows, top, title, unit, scale, names):
    xs = [r["seconds"] / 60 for r in rows]
    most = max(max(r[n] / scale for r in rows) for n in names) or 1
    x = lambda minutes: LEFT + minutes / xs[-1] * (WIDTH - LEFT - 10)
    y = lambda value: top + HEIGHT - value / most * HEIGHT
    yield f'<text x="{LEFT}" y="{top - 8}" font-weight="bold">{title}</text>'
    yield f'<path d="M{LEFT} {top}V{top + HEIGHT}H{WIDTH - 10}" fill="none" stroke="#888"/>'
    yield f'<text x="{LEFT - 6}" y="{top + 10}" text-anchor="end">{most:,.0f} {unit}</text>'
    yield f'<text x="{LEFT - 6}" y="{top + HEIGHT}" text-anchor="end">0</text>'
    yield f'<text x="{WIDTH - 10}" y="{top + HEIGHT + 14}" text-anchor="end">{xs[-1]:.0f} min</text>'
    for i, (name, colour) in enumerate(zip(names, COLOURS)):
        points = " ".join(f"{x(m):.1f},{y(r[name] / scale):.1f}" for m, r in zip(xs, rows))
        yield f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.2"/>'
        yield f'<text x="{LEFT + 150 + 140 * i}" y="{top - 8}" fill="{colour}">{name.rpartition("_")[0]}</text>'


def picture(rows):
    named = lambda end: [n for n in rows[0] if n.endswith(end)]
    panels = (("Memory", "MiB", 2**20, named("_bytes")), ("Descriptors", "", 1, named("_descriptors")),
              ("Time of", "ms", 1, named("_ms")))
    total = len(panels) * (HEIGHT + GAP) + GAP
    yield f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{total}" font-family="sans-serif" font-size="11">'
    yield f'<rect width="{WIDTH}" height="{total}" fill="#fff"/>'
    for i, (title, unit, scale, names) in enumerate(panels):
        yield from panel(rows, GAP + i * (HEIGHT + GAP), title, unit, scale, names)
    yield "</svg>"


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("seconds", type=float)
    parser.add_argument("--out", help="a directory for soak.csv and soak.svg")
    parser.add_argument("--run-only", action="store_true", help="too short to tell what grows: only that all goes on")
    options = parser.parse_args()
    rows = soak(options.seconds)
    if options.out:
        os.makedirs(options.out, exist_ok=True)
        with open(os.path.join(options.out, "soak.csv"), "w", encoding="utf-8", newline="") as f:
            writer = csv.DictWriter(f, rows[0])
            writer.writeheader()
            writer.writerows(rows)
        with open(os.path.join(options.out, "soak.svg"), "w", encoding="utf-8") as f:
            f.write("\n".join(picture(rows)) + "\n")
    wrong = judge(rows)
    sys.exit(0 if options.run_only or not wrong else 1)


if __name__ == "__main__":
    main()
