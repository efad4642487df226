"""vsm simulate against a running vsmd: the shipped configuration knows all that its systems say."""
import calendar
import json
import os
import re
import subprocess
import tempfile
import unittest

import harness
from harness import SHIPPED, shipped
from vsm.v1 import query_pb2

VSM = os.path.join(os.path.dirname(harness.VSMD), "vsm")
DAY = 86400
OFFICE_DAY = 9 * 3600  # working time
SEGMENTS = {
    "RCV-01": {"connection": {"existing-remote", "existing-field", "new-service"},
               "customer_class": {"residential", "small-business", "commercial"},
               "region": {"north", "south", "east", "west", "coast"}, "channel": {"web", "phone", "branch"}},
    "NCV-01": {"package": {"comfort", "storage", "full-home"}, "channel": {"online", "partner", "event"},
               "region": {"north", "south", "east", "west", "coast"},
               "installer": {"own-crew", "brightworks", "homelink"}},
    "AOV-04": {"zone": {"North", "South", "East", "West", "Central", "Coast"}, "day_type": {"workday", "weekend"},
               "season": {"winter"}},  # it begins in January
    "REV-01": {"case_type": {"general", "rider"}, "jurisdiction": {"state", "federal"}},
}
WAITS = {
    "credit-assessment-account-setup": {("customer", "deposit"), ("us", "identity")},
    "service-connection-planning": {("third-party", "easement"), ("third-party", "permit"),
                                    ("customer", "customer information")},
    "physical-service-installation": {("us", "material"), ("us", "crew"), ("customer", "inspection")},
    "sales-contract-finalization": {("customer", "signature")},
    "installation-scheduling-preparation": {("third-party", "kit")},
    "energy-accounting-settlement": {("third-party", "dispute")},
    "settlement-negotiation-or-hearing": {("third-party", "commission")},
}


def simulate(*args, status=0, **options):
    done = subprocess.run([VSM, "simulate", "--config", SHIPPED, *args], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=harness.DEADLINE * 4, check=False, **options)
    assert done.returncode == status, (done.returncode, done.stderr)
    return done


def lines(*args):
    return simulate("--jsonl", *args).stdout


class Events(unittest.TestCase):
    def test_same_seed_and_start_same_events(self):
        first = lines("--items", "300", "--seed", "7")
        self.assertEqual(first, lines("--items", "300", "--seed", "7"))
        self.assertNotEqual(first, lines("--items", "300", "--seed", "8"))
        self.assertNotEqual(first, lines("--items", "300", "--seed", "7", "--start", "2025-03-01T00:00:00Z"))

    def test_lines_are_cloud_events(self):
        for line in lines("--items", "20").splitlines():
            event = json.loads(line)
            self.assertEqual(event["specversion"], "1.0")
            for name in ("id", "source", "type", "subject", "time"):
                self.assertTrue(event[name], line)
            self.assertIsInstance(event["data"], dict)

    def test_faults_can_be_turned_off(self):
        def ids(*args):
            return [json.loads(line)["id"] for line in lines("--items", "500", *args).splitlines()]
        clean, faulty = ids("--faults", "off"), ids("--faults", "on")
        self.assertEqual(len(clean), len(set(clean)))
        self.assertGreater(len(faulty), len(set(faulty)), "repeats are among the faults")

    def test_as_fast_as_it_goes(self):
        self.assertEqual(lines("--items", "50", "--speed", "max"), lines("--items", "50"))

    def test_without_faults_in_order(self):
        times = [json.loads(line)["time"] for line in lines("--items", "200", "--faults", "off").splitlines()]
        keys = [t.replace("Z", "") + ("" if "." in t else ".000") for t in times]
        self.assertEqual(keys, sorted(keys))


class WithDaemon(unittest.TestCase):
    def test_items_without_faults(self):
        with harness.Daemon(shipped(), "--clock", "event") as d:
            done = simulate("--items", "1000", "--faults", "off", "--seed", "3", "--json",
                            "--submit", d.endpoint("submit"))
            figures = json.loads(done.stdout)
            snapshot = d.snapshot()
            self.assertEqual(snapshot.ingest.received, figures["accepted"])
            self.assertEqual(snapshot.ingest.unmapped, 0)
            self.assertEqual(snapshot.ingest.rejected, 0)
            self.assertGreater(snapshot.ingest.ignored, 0)
            started = {v.id: v.windows[0].started for v in snapshot.value_streams}
            self.assertEqual(set(started), {"RCV-01", "NCV-01", "AOV-04", "REV-01"})
            self.assertEqual(sum(started.values()), 1000, started)
            self.assertGreaterEqual(min(started.values()), 1000 / 50, started)
            for v in snapshot.value_streams:
                window = v.windows[0]
                self.assertEqual(window.finished + window.withdrawn, window.started, v.id)
                self.assertEqual(v.wip, 0, v.id)
                self.assertEqual(len(v.stages), 7, v.id)
                for stage in v.stages:
                    self.assertGreater(stage.windows[0].completed, 0, (v.id, stage.id))

    def test_every_way_of_working_shows(self):
        with harness.Daemon(shipped(), "--clock", "event") as d:
            simulate("--items", "4000", "--faults", "off", "--submit", d.endpoint("submit"))
            streams = {v.id: v for v in d.snapshot().value_streams}
            rcv = {s.id: s.windows[0] for s in streams["RCV-01"].stages}
            all_of_rcv = streams["RCV-01"].windows[0].started
            self.assertLess(rcv["service-connection-planning"].arrivals, all_of_rcv / 4)  # the ways part
            self.assertGreater(rcv["service-connection-planning"].rework, 0)
            self.assertGreater(rcv["physical-service-installation"].suspended_time.p50, DAY)
            self.assertGreater(streams["RCV-01"].windows[0].withdrawn, 0)
            lost = streams["NCV-01"].windows[0].withdrawn / streams["NCV-01"].windows[0].started
            self.assertTrue(0.7 < lost < 0.9, lost)
            self.assertGreater(streams["AOV-04"].stages[0].windows[0].rework, 0)
            self.assertGreater(streams["REV-01"].windows[0].lead_time.p50, 40 * OFFICE_DAY)

    def test_by_segment_by_wait_and_against_what_is_expected(self):
        with harness.Daemon(shipped(), "--clock", "event") as d:
            simulate("--items", "4000", "--faults", "off", "--submit", d.endpoint("submit"))
            streams = {v.id: v for v in d.snapshot().value_streams}
            stages = {s.id: s for v in streams.values() for s in v.stages}
            for stream, attributes in SEGMENTS.items():
                rows = d.ask(segments=query_pb2.SegmentsRequest(stream=stream)).segments.segments
                found = {a: {r.value for r in rows if r.attribute == a} for a in {r.attribute for r in rows}}
                self.assertEqual(found, attributes, stream)
            for stage, waits in WAITS.items():
                self.assertEqual({(w.party, w.reason) for w in stages[stage].waits}, waits, stage)
            # by the way that it takes, a row each, and the part of a new service that is ours
            self.assertEqual([(s.name, s.count > 0) for s in streams["RCV-01"].windows[0].sle],
                             [("energized remotely", True), ("energized by a crew", True),
                              ("new service energized", True), ("new service energized - our part", True)])
            self.assertEqual([s.name for s in streams["NCV-01"].windows[0].sle], ["online"])
            certified, = streams["AOV-04"].windows[0].sle
            self.assertGreater(certified.attained, 0.97)
            self.assertEqual([s.target for s in streams["REV-01"].windows[0].sle], [1.0])
            for stage in list(streams["RCV-01"].stages) + list(streams["NCV-01"].stages)[1:]:
                self.assertTrue(stage.windows[0].sle, stage.id)
                for sle in stage.windows[0].sle:
                    self.assertGreater(sle.count, 0, (stage.id, sle.name))
                    self.assertGreater(sle.attained, 0.7, (stage.id, sle.name))

    def test_what_is_under_way_is_dated_and_has_a_pace(self):
        events = lines("--items", "4000", "--faults", "off").splitlines(True)
        with harness.Daemon(shipped(), "--clock", "event") as d:
            subprocess.run([VSM, "emit", "--jsonl", "-", "--submit", d.endpoint("submit")], check=True, text=True,
                           input="".join(events[:len(events) // 2]), stdout=subprocess.DEVNULL,
                           timeout=harness.DEADLINE * 4)
            def items(stream):
                return d.ask(items=query_pb2.ItemsRequest(stream=stream, limit=1000)).items.items
            self.assertGreater(sum(i.due_unix_nano > 0 for i in items("AOV-04")), len(items("AOV-04")) / 2)
            self.assertLessEqual({"on_pace", "slow", "at_risk", "over"}, {i.pace for i in items("RCV-01")})
            self.assertLessEqual({"us", "customer", "third-party"}, {i.party for i in items("RCV-01")})

    def test_history_then_live_until_stopped(self):
        with harness.Daemon(shipped(), "--clock", "event") as d:
            process = subprocess.Popen([VSM, "simulate", "--config", SHIPPED, "--history", "2d", "--speed", "100000x",
                                        "--start", "2025-06-02T00:00:00Z", "--submit", d.endpoint("submit")],
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            live = d.subscriber("v1/transition/")
            live.until(lambda topic, p: p.time_unix_nano > (1748822400 + 2.5 * DAY) * 10**9)
            process.terminate()
            out, err = process.communicate(timeout=harness.DEADLINE)
            self.assertEqual(process.returncode, 0, err)
            self.assertIn("accepted", out)

    def test_fire_and_forget_with_losses(self):
        with harness.Daemon(shipped(), "--clock", "event") as d:
            simulate("--items", "2000", "--pub", d.endpoint("subscribe"))
            gaps = 0
            end = harness.time.monotonic() + harness.DEADLINE
            while gaps == 0 and harness.time.monotonic() < end:
                gaps = d.ingest().gaps
            self.assertGreater(gaps, 0)

    def test_what_was_lost_is_fetched(self):
        """Published with losses that are fetched gives the same as acked."""
        def figures(d):
            streams = d.snapshot().value_streams
            for s in streams:
                for node in [s, *s.stages]:
                    node.ClearField("sequence")
            return [str(s) for s in streams]
        with harness.Daemon(shipped(), "--clock", "event") as d:
            simulate("--items", "2000", "--submit", d.endpoint("submit"))
            wanted = figures(d)
            sources = [row.source for row in d.ask(sources={}).sources.sources]
        with tempfile.TemporaryDirectory(prefix="vsm-e2e-") as at:
            text, known = shipped(), []
            for s in sources:
                recover = f"id: {s}, recover: 'ipc://{at}/{s}'"
                text, n = re.subn(rf"^  - {{ id: {s}(?=[, ])", f"  - {{ {recover}", text, flags=re.M)
                known += [] if n else [f"  - {{ {recover} }}\n"]
            text = text.replace("sources:\n", "sources:\n" + "".join(known), 1)
            with harness.Daemon(text, "--clock", "event") as d:
                process = subprocess.Popen([VSM, "simulate", "--config", SHIPPED, "--items", "2000", "--pub", d.endpoint("subscribe"),
                                            "--recover", f"ipc://{at}/{{source}}", "--spool", f"{at}/{{source}}.spool", "--spool-bytes", "4000000"],
                                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
                self.addCleanup(process.kill)
                end = harness.time.monotonic() + harness.DEADLINE
                while figures(d) != wanted and harness.time.monotonic() < end:
                    pass
                self.assertEqual(figures(d), wanted)
                d.await_ingest(gaps=0)
                d.log.wait("^event=events_recovered ")
                process.terminate()
                out, err = process.communicate(timeout=harness.DEADLINE)
                self.assertEqual(process.returncode, 0, err)
                self.assertEqual(sorted(f for f in os.listdir(at) if f.endswith(".spool")), sorted(f"{s}.spool" for s in sources))


class Outages(unittest.TestCase):
    """Nights and holidays are quiet, but who runs says that it lives; who is out of order does not."""

    def test_only_who_is_out_of_order_is_silent(self):
        with harness.Daemon(shipped(), "--clock", "event") as vsmd:
            process = subprocess.Popen([VSM, "simulate", "--config", SHIPPED, "--history", "8d", "--start",
                                        "2025-03-03T00:00:00Z", "--speed", "1x", "--submit", vsmd.endpoint("submit")])
            try:
                begin = calendar.timegm((2025, 3, 3, 0, 0, 0))
                end = (begin + 8 * DAY - 900) * 10**9
                vsmd.subscriber("v1/metric/AOV-04/").until(lambda topic, told: told.time_unix_nano >= end)
                alerts = vsmd.ask(alerts=query_pb2.AlertsRequest(history=True, kind="source_silent")).alerts.alerts
                # In the first hours so little happens that the event clock stands still for longer than is allowed.
                told = [a for a in alerts if a.since_unix_nano >= (begin + DAY) * 10**9]
                self.assertEqual({a.source for a in told}, {"gms"})
                self.assertEqual([a.state for a in told], ["resolved"])
                self.assertEqual((told[0].since_unix_nano // 10**9 - begin) // DAY, 6)
            finally:
                process.terminate()
                process.wait()


class Mistakes(unittest.TestCase):
    def test_wrong_usage(self):
        for args in (["--speed", "fast"], ["--speed", "maxx"], ["--rate", "0"], ["--faults", "maybe"], ["--start", "soon"],
                     ["--history", "long"], ["--jsonl", "--pub", "tcp://127.0.0.1:1"],
                     ["--recover", "tcp://127.0.0.1:1"], ["--pub", "tcp://127.0.0.1:1", "--spool-bytes", "1000000"]):
            self.assertTrue(simulate(*args, status=2).stderr, args)

    def test_mistakes_in_the_file_have_a_place(self):
        with harness.tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "x.simulation.yaml")
            with open(path, "w", encoding="utf-8") as f:
                f.write("streams:\n"
                        "  - id: X\n"
                        "    arrivals: { per_day: often }\n"
                        "    stages:\n"
                        "      - id: a\n"
                        "        lasts: { median: 3wd, p85: 5d }\n"
                        "        event: []\n")
            done = subprocess.run([VSM, "simulate", "--jsonl", "--items", "1", "--config",
                                   os.path.join(directory, "x.yaml")], stderr=subprocess.PIPE, text=True, check=False)
            self.assertEqual(done.returncode, 1)
            for place in (":3:26: 'often'", ":6:26: '3wd'", ":7:9: unknown key 'event'"):
                self.assertIn(path + place, done.stderr)


if __name__ == "__main__":
    harness.main()
