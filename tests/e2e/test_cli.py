"""vsm as its users type it: right, and wrong."""
import fcntl
import gzip
import json
import os
import pty
import re
import select
import struct
import subprocess
import tempfile
import termios
import time
import unittest

import harness
from harness import DEADLINE, Daemon

VSM = os.path.join(os.path.dirname(harness.VSMD), "vsm")
SUBCOMMANDS = ("emit replay simulate try snapshot watch tail series items item edges bottleneck forecast unmapped rejected "
               "sources status reload rebuild what-if"
               .split())
SOCKET = {"emit": "submit", "replay": "submit", "tail": "publish"}  # of the others: query


def vsm(*words, stdin=None):
    return subprocess.run([VSM, *words], input=stdin, capture_output=True, text=True, timeout=60, check=False)


def ask(daemon, *words, status=0, stdin=None):
    """Runs a subcommand against the daemon; returns what it printed to standard output, and to standard error."""
    socket = SOCKET.get(words[0], "query")
    done = vsm(*words, f"--{socket}", daemon.endpoint(socket), stdin=stdin)
    assert done.returncode == status, (words, done.returncode, done.stdout, done.stderr)
    return done.stdout, done.stderr


def ask_json(daemon, *words):
    return json.loads(ask(daemon, *words, "--json")[0])


def line(type="first.done", subject="1", at=0, **more):
    return json.dumps({"source": "crm", "type": type, "subject": subject, "specversion": "1.0",
                       "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(harness.T0 + at)), **more}) + "\n"


class Usage(unittest.TestCase):
    def test_help(self):
        for name in SUBCOMMANDS:
            done = vsm(name, "--help")
            self.assertEqual(done.returncode, 0, name)
            self.assertIn("usage: vsm " + name, done.stdout)
            self.assertIn("examples:\n  vsm " + name, done.stdout)
        for words in (["--help"], ["help"]):
            done = vsm(*words)
            self.assertEqual(done.returncode, 0)
            for name in SUBCOMMANDS:
                self.assertIn(f"\n  {name} ", done.stdout)

    def test_wrong_usage(self):
        for words in ([], ["frobnicate"], ["item"], ["item", "a", "b"], ["replay"], ["try", "x.jsonl"], ["what-if"], ["emit"],
                      ["emit", "--source", "crm"], ["items", "--limit", "many"], ["items", "--limit", "1001"],
                      ["bottleneck", "S", "T"], ["edges"], ["edges", "S", "--dot", "--json"], ["forecast"],
                      ["forecast", "S", "--items", "0"], ["forecast", "S", "--items", "1", "--by", "2026-01-01"],
                      ["replay", "x.csv", "--speed", "fast"], ["replay", "x.csv", "--map", "colour=x"],
                      ["emit", "--source", "a", "--type", "b", "--subject", "c", "--time", "now"],
                      ["emit", "--source", "a", "--type", "b", "--subject", "c", "--data", "novalue"],
                      *([name, "--nonsense"] for name in SUBCOMMANDS)):
            done = vsm(*words)
            self.assertEqual(done.returncode, 2, (words, done.stderr))
            self.assertNotEqual(done.stderr, "", words)
            self.assertEqual(done.stdout, "", words)

    def test_a_near_name_is_offered(self):
        self.assertIn('"snapshot"', vsm("snapshto").stderr)
        for words in (["items", "--strem", "x"], ["emit", "--subjct", "x"]):
            self.assertRegex(vsm(*words).stderr, "--(stream|subject)")

    def test_a_daemon_that_is_not_there(self):
        for words in (["status", "--query"], ["emit", "--source", "a", "--type", "b", "--subject", "c", "--submit"]):
            done = vsm(*words, "ipc:///nonexistent/vsmd")
            self.assertEqual(done.returncode, 1, words)
            self.assertIn("ipc:///nonexistent/vsmd", done.stderr)
            self.assertIn("vsmd --config FILE", done.stderr)

    def test_what_is_no_endpoint(self):
        done = vsm("status", "--query", "here")
        self.assertEqual(done.returncode, 1)
        self.assertIn("tcp://127.0.0.1:5573", done.stderr)

    def test_a_full_disk(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run([VSM, "--help"], stdout=full, stderr=subprocess.PIPE, timeout=60, check=False)
        self.assertEqual(done.returncode, 1)


class Story(unittest.TestCase):
    def test_from_an_event_to_the_figures(self):
        with Daemon() as d:
            out, _ = ask(d, "emit", "--source", "crm", "--type", "first.started", "--subject", "1", "--id", "e1",
                         "--time", "2023-11-14T22:13:20Z", "--data", "region=north")
            self.assertEqual(out, "1 event sent: 1 accepted, 0 refused\n")
            ask(d, "emit", "--source", "crm", "--type", "first.done", "--subject", "1", "--time", "1700000060.5")
            item = ask_json(d, "item", "S:1")
            self.assertEqual((item["item"], item["value_stream"], item["state"], item["keys"]),
                             ("S:1", "S", "open", ["S:1"]))
            self.assertEqual([(t["time_unix_nano"], t["stage"], t["lifecycle"], t["source"], t["type"])
                              for t in item["transitions"]],
                             [(1700000000 * 10**9, "first", "start", "crm", "first.started"),
                              (1700000060500 * 10**6, "first", "complete", "crm", "first.done")])
            self.assertEqual([(v["stage"], v["how"], v["active_seconds"]) for v in item["visits"]],
                             [("first", "completed", 60.5), ("second", "", 0)])
            stream = ask_json(d, "snapshot", "--stream", "S")["value_streams"][0]
            self.assertEqual((stream["wip"], stream["stages"][0]["windows"][0]["cycle_time"]["mean"]), (1, 60.5))
            text, _ = ask(d, "item", "S:1")
            for part in ("first.started", "crm", "vsmd.yaml:", "2023-11-14 22:13:20", "1 m 01 s"):
                self.assertIn(part, text)
            for words in (["snapshot"], ["watch", "--once"], ["watch"]):
                self.assertIn("S Stream S: 1 in progress", ask(d, *words)[0])
            self.assertEqual([r["stage"] for r in ask_json(d, "items", "--stream", "S")["items"]], ["second"])
            self.assertIn("S:1", ask(d, "items", "--state", "queued")[0])
            self.assertEqual(ask_json(d, "sources")["sources"][0]["applied"], 2)
            self.assertEqual(ask_json(d, "status")["ingest"]["received"], 2)
            self.assertIn("2 applied", ask(d, "status")[0])

    def test_questions_about_what_is_not_there(self):
        with Daemon() as d:
            for words in (["item", "S:9"], ["snapshot", "--stream", "X"], ["items", "--stream", "S", "--stage", "x"],
                          ["items", "--state", "lost"]):
                out, err = ask(d, *words, status=1)
                self.assertEqual(out, "")
                self.assertRegex(err, "^vsm: ")
            _, err = ask(d, "snapshot", "--window", "2h", status=1)
            self.assertIn("all, 1h, 24h, 7d, 30d", err)

    def test_edges(self):
        with Daemon() as d:
            self.assertIn("Nothing went beside the drawing", ask(d, "edges", "S")[0])
            ask(d, "emit", "--jsonl", "-", stdin="".join((
                line("first.started", "1", 0), line("first.done", "1", 60), line("second.done", "1", 3660),
                line("first.started", "2", 0), line("first.done", "2", 60), line("first.started", "2", 660),
                line("first.started", "3", 5), line("cancelled", "3", 10), line("second.done", "4", 20))))
            text, _ = ask(d, "edges", "S")
            self.assertIn("S Stream S, 30d\n", text)
            for row in (r"\(start\) +first +3 +75 % +0 s +0 s +3", r"first +second +1 +33 % +- +- +1",
                        r"second +\(outcome\) +2 +100 % +0 s", r"\(start\) +second +1 +25 % .* skip +forwards, over",
                        r"first +first +1 +33 % +10 m .* repeat +to the same stage again",
                        r"first +\(withdrawn\) +1 +33 % .* withdrawn +out of the stream", r"second +0 +1 +3\n"):
                self.assertRegex(text, row)
            edges = {(e["from"], e["to"]): e for e in ask_json(d, "edges", "S", "--window", "all")["edges"]}
            self.assertEqual(edges["first", "first"]["handover_time"]["mean"], 600)
            self.assertEqual(len(edges), 6)
            self.assertIn("  s0 -.->|\"repeat 1<br/>p50 10 m", ask(d, "edges", "S", "--mermaid")[0])
            self.assert_dot(ask(d, "edges", "S", "--dot")[0], 6)
            self.assertIn("no value stream", ask(d, "edges", "X", status=1)[1])
            self.assertIn("known: all, 1h", ask(d, "edges", "S", "--window", "2h", status=1)[1])

    def assert_dot(self, text, edges):
        """The part of Graphviz's grammar that we use: statements of a name or an edge, each with attributes."""
        string, attribute = r'"(?:[^"\\\n]|\\.)*"', r'[a-z]+=(?:[a-z]+|[0-9]+|%s)'
        attribute = attribute % string
        statement = re.compile(rf"  (\w+)(?: -> (\w+))? \[{attribute}(?:, {attribute})*\];|  rankdir=LR;")
        lines = text.splitlines()
        self.assertTrue(lines[0].startswith("// "))
        self.assertEqual((lines[1], lines[-1]), ("digraph observed {", "}"))
        matches = [statement.fullmatch(line) for line in lines[2:-1]]
        self.assertNotIn(None, matches, text)
        names = {m[1] for m in matches if m[1] and not m[2]}
        self.assertEqual(sum(1 for m in matches if m[2]), edges)
        for m in matches:
            self.assertTrue(not m[2] or {m[1], m[2]} <= names, m[0])

    def test_bottleneck(self):
        with Daemon() as d:
            self.assertIn("no stage holds up the flow", ask(d, "bottleneck")[0])
            ask(d, "emit", "--jsonl", "-", stdin="".join(line(subject=f"{i}", at=i) for i in range(9)))
            text, _ = ask(d, "bottleneck", "S", "--window", "24h")
            self.assertIn("S, 24h\n  (from the first item on, 8.0 s:", text)
            self.assertIn("  1. second: score 2.00, 9 in progress\n", text)
            self.assertIn("1.00  falls behind: 9 came, 0 left\n", text)
            self.assertIn("1.00  grows: 9 of the 9 in progress came on top\n", text)
            self.assertIn("little or nothing speaks of first\n", text)
            self.assertEqual(ask_json(d, "bottleneck", "S")["value_streams"][0]["stages"][0]["growth"], 9)
            self.assertIn('no window "2h"', ask(d, "bottleneck", "--window", "2h", status=1)[1])

    def test_forecast(self):
        with Daemon() as d:
            self.assertIn("no forecast: 0 whole days", ask(d, "forecast", "S")[0])
            ask(d, "emit", "--jsonl", "-", stdin="".join(
                line(type, f"{i}", i * 86400 + late) for i in range(40)
                for type, late in (("first.started", 0), ("second.done", 60 * (i % 5 + 1)))))
            ask(d, "emit", "--jsonl", "-", stdin=line("first.started", "new", 40 * 86400))
            text, _ = ask(d, "forecast", "S", "--items", "5")
            self.assertIn("S: when are 5 more items finished?\n  50 %  by the end of 2023-12-29   (came true in 100 %)\n"
                          "  85 %  ", text)
            self.assertIn("10,000 trials, seed 0\n", text)
            text, _ = ask(d, "forecast", "S", "--item", "S:new")
            self.assertIn("  50 %  by 2023-12-24 22:16:20 UTC", text)
            self.assertIn("  95 %  by 2023-12-24 22:18:20 UTC", text)
            self.assertIn("told from 40 stays in first", text)
            self.assertIn("  95 %  at least 7 ", ask(d, "forecast", "S", "--by", "2023-12-31")[0])
            forecast = ask_json(d, "forecast", "S", "--items", "5", "--seed", "2")
            self.assertEqual((forecast["seed"], forecast["chances"][1]["date"]), (2, "2023-12-29"))
            self.assertIn("from tomorrow on", ask(d, "forecast", "S", "--by", "2023-01-01", status=1)[1])

    def test_pages_of_items(self):
        with Daemon() as d:
            ask(d, "emit", "--jsonl", "-", stdin="".join(line("first.started", f"{i}", i) for i in range(5)))
            page = ask_json(d, "items", "--limit", "3")
            rest = ask_json(d, "items", "--limit", "3", "--cursor", page["cursor"])
            self.assertEqual([r["item"] for r in page["items"] + rest["items"]], [f"S:{i}" for i in range(5)])
            self.assertIn("--cursor " + page["cursor"], ask(d, "items", "--limit", "3")[0])

    def test_unmapped_comes_with_a_rule_that_can_be_pasted(self):
        with Daemon() as d:
            ask(d, "emit", "--source", "crm: a", "--type", "#odd 'type'", "--subject", "1", "--time", "1700000000",
                status=1)  # no source
            ask(d, "emit", "--source", "crm", "--type", "#odd: 'type'", "--subject", "1", "--time", "1700000000")
            self.assertEqual([(r["type"], r["count"]) for r in ask_json(d, "unmapped")["unmapped"]],
                             [("#odd: 'type'", 1)])
            self.assertEqual(ask_json(d, "rejected")["rejected"][0]["reason"], "bad_source")
            self.assertIn("bad_source", ask(d, "rejected")[0])
            text, _ = ask(d, "unmapped")
            rule = "".join(line + "\n" for line in text.splitlines() if line.startswith("  - "))
            self.assertIn("STREAM/STAGE", rule)
            d.write(harness.config() + rule.replace("STREAM/STAGE", "S/first"))
            self.assertIn("in force", ask(d, "reload")[0])
            ask(d, "emit", "--source", "crm", "--type", "#odd: 'type'", "--subject", "1", "--time", "1700000000")
            self.assertEqual(d.ingest().applied, 1)

    def test_reload_refused(self):
        with Daemon() as d:
            d.write(harness.config().replace("S/second", "S/secund").replace("lifecycle: withdraw", "lifecycle: gone"))
            out, err = ask(d, "reload", status=1)
            self.assertEqual(out, "")
            self.assertRegex(err, r'vsmd\.yaml:\d+:\d+: .*secund')
            self.assertRegex(err, r'vsmd\.yaml:\d+:\d+: .*gone')
            ask(d, "emit", "--source", "crm", "--type", "second.done", "--subject", "1", "--time", "1700000000")
            self.assertEqual(d.ingest().applied, 1)  # the old rules stay

    def test_tail(self):
        with Daemon() as d:
            for words, expected in ((["--json"], '"item": ?"S:'), ([], "S:.* crm first.started"),
                                    (["--stream", "S"], "S:")):
                tail = subprocess.Popen([VSM, "tail", "--limit", "2", "--publish", d.endpoint("publish"), *words],
                                        stdout=subprocess.PIPE, text=True)
                end, n = time.monotonic() + harness.DEADLINE, 0
                while tail.poll() is None and time.monotonic() < end:  # until it hears; each event is new
                    n += 1
                    ask(d, "emit", "--source", "crm", "--type", "first.started", "--subject", f"{n}{len(words)}",
                        "--time", str(harness.T0 + n))
                out, _ = tail.communicate(timeout=harness.DEADLINE)
                self.assertEqual(tail.returncode, 0)
                self.assertEqual(len(out.splitlines()), 2)
                for text in out.splitlines():
                    self.assertRegex(text, expected)

    def test_tail_of_a_stream_that_there_is_not(self):
        with Daemon(harness.config(("S", "T"))) as d:
            out, err = ask(d, "tail", "--stream", "X", status=1)
            self.assertEqual(out, "")
            self.assertRegex(err, '^vsm: no value stream "X" .*known: (S, T|T, S)\n$')

    def test_fire_and_forget(self):
        with Daemon() as d:
            lines = line("first.started") + line("first.started", "2", source="wfm")
            done = vsm("emit", "--jsonl", "-", "--pub", d.endpoint("subscribe"), stdin=lines)
            self.assertEqual((done.returncode, done.stdout), (0, "2 events sent\n"), done.stderr)
            d.await_ingest(applied=2, gaps=0)

    def test_a_spool_for_what_is_lost(self):
        with tempfile.TemporaryDirectory(prefix="vsm-e2e-") as at, Daemon(harness.config(
                sources=f"sources: [ {{ id: crm, recover: 'ipc://{at}/crm' }}, {{ id: wfm, recover: 'ipc://{at}/wfm' }} ]")) as d:
            words = ["emit", "--jsonl", "-", "--pub", d.endpoint("subscribe"), "--recover", f"ipc://{at}/{{source}}", "--spool", f"{at}/{{source}}.spool"]
            def start():
                process = subprocess.Popen([VSM, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
                self.addCleanup(process.kill)
                return process
            emit = start()
            emit.stdin.write(line("first.started") + line("first.started", "2", source="wfm"))
            emit.stdin.flush()
            d.await_ingest(applied=2, gaps=0)  # while it waits for more
            emit.kill()
            emit.communicate()
            emit = start()  # and goes on with its numbers
            emit.stdin.write(line("first.started", "3"))
            emit.stdin.close()
            emit.stdin = None
            d.await_ingest(applied=3, gaps=0)
            self.assertIn("until interrupted", emit.stderr.readline())
            emit.terminate()
            out, err = emit.communicate(timeout=DEADLINE)
            self.assertEqual((emit.returncode, out), (0, "1 event sent\n"), err)
            self.assertTrue(all(row.gaps == 0 for row in d.ask(sources={}).sources.sources))

    def test_wrong_words_about_a_spool(self):
        for words in (["--recover", "tcp://127.0.0.1:1"], ["--spool", "x"], ["--pub", "tcp://127.0.0.1:1", "--spool-bytes", "9"]):
            done = vsm("emit", "--jsonl", "-", *words)
            self.assertEqual(done.returncode, 2, done.stderr)
        with tempfile.TemporaryDirectory(prefix="vsm-e2e-") as at:
            done = vsm("emit", "--jsonl", "-", "--pub", "tcp://127.0.0.1:1", "--spool", at, stdin=line("first.started"))
            self.assertEqual(done.returncode, 1)
            self.assertRegex(done.stderr, rf"^vsm: --spool {at}: the spool's file cannot be made")
            lines = line("first.started") + line("first.started", source="wfm")
            done = vsm("emit", "--jsonl", "-", "--pub", "tcp://127.0.0.1:1", "--recover", f"ipc://{at}/all", "--spool", f"{at}/spool", stdin=lines)
            self.assertEqual(done.returncode, 1)  # one file cannot be both sources'
            self.assertIn("no spool of this source", done.stderr)


class OnATerminal(unittest.TestCase):
    def start(self, *words, **streams):
        """A subcommand with a terminal of its own; streams: which of stdin, stdout, stderr are it (all)."""
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("4H", 24, 80, 0, 0))
        options = {name: slave for name in ("stdin", "stdout", "stderr")} | streams
        process = subprocess.Popen([VSM, *words], env={**os.environ, "TERM": "xterm"}, **options)
        os.close(slave)
        self.addCleanup(os.close, master)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process, master

    def until(self, master, pattern, keys=b""):
        """Reads until the pattern is there. The keys are pressed again whenever something came, or nothing does."""
        seen, end = "", time.monotonic() + harness.DEADLINE
        while not re.search(pattern, seen):
            self.assertLess(time.monotonic(), end, (pattern, seen[-2000:]))
            os.write(master, keys)
            if select.select([master], [], [], 0.5)[0]:
                seen += os.read(master, 65536).decode(errors="replace")

    def test_watch_pages_on_through_the_items_of_a_stage(self):
        with Daemon() as d:
            subjects = [f"{i:08}" for i in range(1250)] + ["ZZZZZZZZ"]  # the last is the youngest
            ask(d, "emit", "--jsonl", "-", stdin="".join(line("first.started", s, i) for i, s in enumerate(subjects)))
            watch, master = self.start("watch", "--query", d.endpoint("query"), "--publish", d.endpoint("publish"))
            self.until(master, "First")
            os.write(master, b"\r")
            self.until(master, "00000000")
            self.until(master, "ZZZZZZZZ", keys=b"\x1b[6~")  # page down
            os.write(master, b"q")
            self.assertEqual(watch.wait(harness.DEADLINE), 0)

    def test_simulate_shows_progress(self):
        config = os.path.join(os.path.dirname(__file__), "..", "..", "config", "quantum-energy.yaml")
        simulate, master = self.start("simulate", "--config", config, "--jsonl", "--items", "100000",
                                      stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        self.until(master, r"[\d,]+ events of \d+ items up to 20\d\d-\S+, [\d,]+ a second, \d+ %, .* left")
        simulate.terminate()
        self.until(master, r"\r\x1b\[K\d+ events of \d+ items")  # wiped away by the line at the end
        self.assertEqual(simulate.wait(harness.DEADLINE), 0)


class Logs(unittest.TestCase):
    def write(self, daemon, name, content):
        path = os.path.join(daemon.directory, name)
        with (gzip.open if name.endswith(".gz") else open)(path, "wt", encoding="utf-8") as f:
            f.write(content)
        return path

    def test_bad_lines(self):
        with Daemon() as d:
            out, err = ask(d, "emit", "--jsonl", "-", status=1, stdin=line() + "{\n" + line(subject="2", at=60))
            self.assertIn("2 events sent: 2 accepted", out)
            self.assertIn("(standard input):2: ", err)
            path = self.write(d, "e.jsonl", line("ordered", data={"order": 7}) + line("ordered", data={"ordr": 7}))
            out, err = ask(d, "emit", "--jsonl", path, status=1)
            self.assertIn("2 events sent: 1 accepted, 1 refused\n  refused: 1 missing_field\n", out)
            self.assertIn(path + ":2: refused: missing_field: data.order", err)
            self.assertEqual(json.loads(ask(d, "emit", "--jsonl", path, "--json", status=1)[0])["reasons"],
                             {"missing_field": 1})

    def test_csv(self):
        with Daemon() as d:
            path = self.write(d, "log.csv", "type,subject,time,order\n"
                                            "first.started,1,2023-11-14T22:13:20Z,\n"
                                            "first.done,1,soon,\n"
                                            "first.done,\"1,2023-11-14T22:13:21Z,\n"
                                            "first.done,1,1700000060.5,\n"
                                            'ordered,,2023-11-14 22:13:22,"7"\n')
            out, err = ask(d, "replay", path, status=1)
            self.assertIn("3 events sent: 3 accepted, 0 refused\n  not read: 2 places", out)
            self.assertIn(path + ":3: ", err)
            self.assertIn(path + ":4: ", err)
            self.assertEqual([v["active_seconds"] for v in ask_json(d, "item", "S:1")["visits"]], [60.5, 0])
            self.assertEqual(ask_json(d, "item", "S:7")["transitions"][0]["source"], "csv")

    def test_csv_with_other_columns(self):
        with Daemon() as d:
            path = self.write(d, "log.csv", "case,activity,at\n1,first.done,1700000000\n")
            _, err = ask(d, "replay", path, status=1)
            self.assertIn("--map type=COLUMN", err)
            ask(d, "replay", path, "--map", "subject=case,type=activity", "--map", "time=at")
            self.assertEqual(ask_json(d, "item", "S:1")["state"], "open")

    def test_xes(self):
        xes = ("<log><trace><string key='concept:name' value='1'/>\n"
               "<event><string key='concept:name' value='first.started'/>"
               "<date key='time:timestamp' value='2023-11-14T22:13:20.000+00:00'/></event>\n"
               "<event><string key='concept:name' value='first.done'/></event>\n"
               "<event><string key='concept:name' value='first.done'/>"
               "<date key='time:timestamp' value='2023-11-14T23:14:20.000+01:00'/></event></trace></log>")
        with Daemon() as d:
            for name in ("log.xes", "log.xes.gz"):
                path = self.write(d, name, xes)
                out, err = ask(d, "replay", path, status=1)
                self.assertIn("2 events sent: 2 accepted", out)
                self.assertIn(path + ":3: ", err)
            self.assertEqual(ask_json(d, "item", "S:1")["visits"][0]["active_seconds"], 60)
            self.assertEqual(d.ingest().duplicates, 2)

    def test_at_a_pace_events_go_in_the_order_of_time(self):
        with Daemon() as d:
            path = self.write(d, "log.csv", "type,subject,time\nfirst.started,2,1700000100\nfirst.done,1,1700000000\n")
            begun = time.monotonic()
            ask(d, "replay", path, "--speed", "200x")
            self.assertGreaterEqual(time.monotonic() - begun, 0.5)
            self.assertEqual(d.ingest().applied, 2)

    def test_a_file_that_is_not_there(self):
        for words in (["replay", "/nonexistent.csv"], ["replay", "/nonexistent.xes"], ["replay", "/"],
                      ["emit", "--jsonl", "/nonexistent"]):
            done = vsm(*words, "--submit", "ipc:///nonexistent/vsmd")
            self.assertEqual(done.returncode, 1, words)
            self.assertIn(words[-1], done.stderr)

    def test_try(self):
        with Daemon() as d:
            path = self.write(d, "e.jsonl", line() + line("odd") + line("ordered") + "no\n" + line("cancelled"))
            done = vsm("try", path, "--config", d.path, "--json")
            self.assertEqual(done.returncode, 1)
            self.assertIn(path + ":4: ", done.stderr)
            rows = [json.loads(text) for text in done.stdout.splitlines()]
            self.assertEqual([(r["result"], r["reason"], r["detail"]) for r in rows],
                             [("applied", "", ""), ("unmapped", "", ""), ("rejected", "missing_field", "data.order"),
                              ("applied", "", "")])
            rule = rows[0]["rules"][0]
            self.assertEqual((rule["value_stream"], rule["stage"], rule["lifecycle"], rule["item"], rule["links"]),
                             ("S", "first", "complete", "S:1", []))
            self.assertGreater(rule["line"], 1)
            self.assertIn("data.order", vsm("try", path, "--config", d.path).stdout)
            d.write("value_streams: 7\n")
            done = vsm("try", path, "--config", d.path)
            self.assertEqual(done.returncode, 1)
            self.assertRegex(done.stderr, r"vsmd\.yaml:1:\d+: ")


if __name__ == "__main__":
    harness.main()
