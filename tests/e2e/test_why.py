"""What process owners ask: which part of the work, what it waits for, whether it is in time. With vsm, and from outside."""
import json
import os
import re
import subprocess
import unittest

import harness
from harness import Daemon, batch, event
from vsm.v1 import query_pb2

VSM = os.path.join(os.path.dirname(harness.VSMD), "vsm")
SEGMENTS = "    segments: [region, product]\n    expected: { name: delivered, within: 100s, share: 0.5, min_count: 1 }\n"
# The stage's expectation leaves out what others are waited for; S: the stage's, T: a stream without segments.
CONFIG = (harness.config(("S", "T"))
          .replace("    name: Stream S\n", "    name: Stream S\n" + SEGMENTS)
          .replace("{ id: first, name: First }",
                   "{ id: first, name: First, expected: { within: 60s, share: 0.75, clock: ours } }", 1)
          .replace("publish_interval: 50ms\n",
                   "publish_interval: 50ms\n  alerts: { item_stalled: { min_visits: 4 } }\n")
          + '  - { source: "*", type: held, stage: S/first, lifecycle: suspend, item: "S:{subject}",'
            ' reason: "{data.why}", party: customer, due: "{data.due}" }\n'
          + '  - { source: "*", type: freed, stage: S/first, lifecycle: resume, item: "S:{subject}" }\n'
          + '  - { source: "*", type: promised, stream: S, item: "S:{subject}", due: "{data.due}" }\n')


def vsm(daemon, *words, status=0):
    done = subprocess.run([VSM, *words, "--query", daemon.endpoint("query")], capture_output=True, text=True,
                          timeout=60, check=False)
    assert done.returncode == status, (words, done.returncode, done.stdout, done.stderr)
    return done.stdout if status == 0 else done.stderr


def vsm_json(daemon, *words):
    return json.loads(vsm(daemon, *words, "--json"))


def story():
    """n1 .. n4 took 10, 20, 30, 40 s in the first stage; n5 is held since 70 s (for 30 s before), s1 is active since 90
    s, both from 50 s on; now is 150 s."""
    for i in range(1, 5):
        yield event("first.started", f"n{i}", 0, region="north", product="a")
        yield event("first.done", f"n{i}", 10 * i)
    yield event("second.done", "n1", 45)
    yield event("second.done", "n2", 140)
    yield event("first.started", "n5", 50, region="north", product="b")
    yield event("held", "n5", 70, why="easement", due="2023-11-14T22:14:50Z")  # at 90 s
    yield event("freed", "n5", 100)
    yield event("held", "n5", 110, why="permit")
    yield event("first.started", "s1", 90, region="south")
    yield event("promised", "s1", 120, due="2023-11-14T22:23:20Z")  # at 600 s
    yield event("first.started", "t", 150)  # of T, too; without a region


class Why(harness.StoryTest):
    config, story = CONFIG, staticmethod(story)

    def rows(self, *words):
        return [row["item"] for row in vsm_json(self.daemon, "items", *words)["items"]]

    # --- items

    def test_items_say_what_they_wait_for_and_until_when(self):
        text = vsm(self.daemon, "items", "--stream", "S", "--stage", "first")
        self.assertRegex(text.splitlines()[0], r"^item +stream +stage +state +in stage +age +pace +due \(UTC\) +waits for$")
        self.assertRegex(text, r"S:n5 +S +first +suspended +1 m 40 s +1 m 40 s +over 100 % +"
                               r"overdue since 2023-11-14 22:14:50 +permit \(customer\)\n")
        self.assertRegex(text, r"S:s1 +S +first +active +1 m 00 s +1 m 00 s +over 100 % +2023-11-14 22:23:20\n")
        row = vsm_json(self.daemon, "items", "--stream", "S", "--stage", "first", "--limit", "1")["items"][0]
        self.assertEqual((row["item"], row["party"], row["reason"], row["pace"], row["pace_percentile"]),
                         ("S:n5", "customer", "permit", "over", 100))
        self.assertEqual(row["due_unix_nano"], (harness.T0 + 90) * 10**9)

    def test_items_in_three_orders(self):
        first = ("--stream", "S", "--stage", "first")
        self.assertEqual(self.rows(*first), ["S:n5", "S:s1", "S:t"])
        self.assertEqual(self.rows(*first, "--sort", "age"), ["S:n5", "S:s1", "S:t"])
        self.assertEqual(self.rows(*first, "--sort", "last"), ["S:s1", "S:n5", "S:t"])
        self.assertEqual(self.rows(*first, "--sort", "pace")[-1], "S:t")
        self.assertEqual(sorted(self.rows("--sort", "pace")), sorted(self.rows()))

    def test_items_of_a_segment(self):
        self.assertEqual(self.rows("--stream", "S", "--segment", "region=north"), ["S:n3", "S:n4", "S:n5"])
        self.assertEqual(self.rows("--stream", "S", "--segment", "region=west"), [])
        self.assertIn("Nothing is in progress", vsm(self.daemon, "items", "--stream", "S", "--segment", "region=west"))
        error = vsm(self.daemon, "items", "--stream", "S", "--segment", "colour=red", status=1)
        self.assertIn('no segment "colour" in value stream S; known: region, product', error)

    def test_wrong_usage(self):
        for words, said in ((["items", "--segment", "region=north"], "--stream"),
                            (["items", "--stage", "first"], "--stream"),
                            (["items", "--stream", "S", "--segment", "north"], "ATTRIBUTE=VALUE"),
                            (["items", "--stream", "S", "--segment", "region="], "ATTRIBUTE=VALUE"),
                            (["items", "--sort", "size"], "age, pace, last"),
                            (["snapshot", "--segment", "=north"], "ATTRIBUTE=VALUE"),
                            (["snapshot", "--segments", "--segment", "region=north"], "one of them"),
                            (["watch", "--once", "--segment", "north"], "ATTRIBUTE=VALUE")):
            self.assertIn(said, vsm(self.daemon, *words, status=2), words)

    # --- snapshot

    def test_waits_and_expectations_in_the_text(self):
        text = vsm(self.daemon, "snapshot", "--stream", "S")
        self.assertIn("      waits: permit (customer) 1 now, 0 ended\n"
                      "      waits: easement (customer) 0 now, 1 ended, mean 30 s\n", text)
        # Of the stage: four in time; n5 has spent 30 s here that are ours, s1 just 60 s, t nothing yet.
        self.assertIn("      SLE 75 % within 1 m 00 s; attained 100.0 % of 4\n", text)
        # Of the stream: n1 finished in time, n2 did not; n3, n4 have been open for 150 s; n5 for 100 s.
        self.assertIn("    SLE delivered: 50 % within 1 m 40 s; attained 25.0 % of 4, MISSED\n", text)
        self.assertNotIn("MISSED", vsm(self.daemon, "snapshot", "--stream", "T"))

    def test_segments_in_json(self):
        stream = vsm_json(self.daemon, "snapshot", "--segments", "--stream", "S")["value_streams"][0]
        self.assertEqual([(g["attribute"], g["value"], g["wip"]) for g in stream["segments"]],
                         [("region", "north", 3), ("region", "south", 1), ("product", "a", 2), ("product", "b", 1)])
        window = stream["segments"][0]["windows"][0]
        self.assertEqual((window["window"], window["started"], window["finished"], window["lead_time"]["count"]),
                         ("all", 5, 2, 2))
        stage = stream["stages"][0]
        self.assertEqual([(g["value"], g["wip"], g["windows"][0]["arrivals"], g["windows"][0]["departures"],
                           g["windows"][0]["cycle_time"]["mean"]) for g in stage["segments"][:2]],
                         [("north", 1, 5, 4, 25), ("south", 1, 1, 0, 0)])
        plain = vsm_json(self.daemon, "snapshot")["value_streams"]
        self.assertEqual([(s["segments"], [st["segments"] for st in s["stages"]]) for s in plain],
                         [([], [[], []]), ([], [[], []])])
        both = vsm_json(self.daemon, "snapshot", "--segments")["value_streams"]
        self.assertEqual([len(s["segments"]) for s in both], [4, 0])

    def test_segments_in_the_text(self):
        text = vsm(self.daemon, "snapshot", "--segments", "--stream", "S")
        table = text[text.index("\nS by region, all\n"):]
        self.assertRegex(table, r"^\nS by region, all\nstage +region +wip +in +out +p50 +p85\n"
                                r"\(the stream\) +north +3 +5 +2 +45 s +2 m [12]\d s\n +south +1 +1 +0 +- +-\n"
                                r"First +north +1 +5 +4 +20 s +40 s\n +south +1 +1 +0 +- +-\nSecond +north ")
        self.assertIn("\nS by product, all\n", table)

    def test_one_segment(self):
        stream, = vsm_json(self.daemon, "snapshot", "--segment", "region=north")["value_streams"]  # T has no regions
        self.assertEqual((stream["id"], [(g["value"], g["wip"]) for g in stream["segments"]]), ("S", [("north", 3)]))
        for words in (["snapshot"], ["watch", "--once"]):
            text = vsm(self.daemon, *words, "--segment", "region=north")
            self.assertRegex(text, r"\nS Stream S, region=north: 3 in progress; all: 5 in, 2 out, lead time p50 45 s")
            self.assertRegex(text, r"\n    First +1 +- +- +- +20 s +40 s +- +4 ")
            self.assertNotIn("Stream T", text)
            self.assertNotIn("waits:", text)
        text = vsm(self.daemon, "snapshot", "--segment", "region=west")
        self.assertIn("S Stream S, region=west: 0 in progress", text)
        self.assertIn("known: none", vsm(self.daemon, "snapshot", "--stream", "T", "--segment", "region=north", status=1))
        self.assertIn("known: region, product", vsm(self.daemon, "snapshot", "--segment", "colour=red", status=1))

    # --- an item

    def test_the_timeline_of_an_item(self):
        text = vsm(self.daemon, "item", "S:n5")
        self.assertIn("S:n5 in S: open\nkeys: S:n5\nsegments: region=north product=b\n"
                      "waits for: permit (customer), at first\n", text)
        self.assertIn("held for easement (customer)".replace("held", "waits"), text)
        # From 50 s to 150 s: active to 70 s, held to 100 s, active to 110 s, held.
        self.assertRegex(text, r"first +2023-11-14 22:14:10 +- +0 s +30 s +1 m 10 s  \[#####~{7}##~{10}\]  suspended +"
                               r"1 m 00 s: 30 s left +overdue since 2023-11-14 22:14:50\n")
        self.assertIn("\n- queued  # active  ~ held, waits for somebody\n", text)
        text = vsm(self.daemon, "item", "S:n4")  # to 40 s at first, to 150 s queued at second
        self.assertRegex(text, r"\n(first) .* \[######\.{18}\]  completed +1 m 00 s: kept\n"
                               r"second .* \[\.{6}-{18}\]  queued\n")
        self.assertIn("due: 2023-11-14 22:23:20 UTC\n", vsm(self.daemon, "item", "S:s1"))
        self.assertIn("1 m 00 s: 0 s left", vsm(self.daemon, "item", "S:s1"))
        visit = vsm_json(self.daemon, "item", "S:n5")["visits"][0]
        self.assertEqual((visit["expected_seconds"], visit["counted_seconds"], visit["suspended_seconds"],
                          visit["party"], visit["reason"]), (60, 30, 70, "customer", "permit"))

    # --- an outside client

    def test_a_question_for_segments(self):
        ask = lambda **fields: self.daemon.ask(segments=query_pb2.SegmentsRequest(**fields))
        rows = ask(stream="S", stage="first", attribute="region").segments.segments
        self.assertEqual([(g.attribute, g.value, g.wip, g.windows[0].arrivals) for g in rows],
                         [("region", "north", 1, 5), ("region", "south", 1, 1)])
        rows = ask(stream="S", value="b").segments.segments
        self.assertEqual([(g.attribute, g.value, g.windows[0].started) for g in rows], [("product", "b", 1)])
        self.assertEqual([w.window for w in rows[0].windows], ["all", "1h", "24h", "7d", "30d"])
        self.assertIn("value stream", ask().error)
        self.assertIn("known: S, T", ask(stream="X").error)
        self.assertIn("known: first, second", ask(stream="S", stage="third").error)
        self.assertIn("known: region, product", ask(stream="S", attribute="colour").error)


class Paging(unittest.TestCase):
    def test_short_pages_are_put_together(self):
        """A page looks at 3,000 items at most: what is asked for lies behind them."""
        with Daemon(CONFIG) as d:
            client = d.client()
            for part in range(3):
                client.submit(batch(*(event("first.started", f"n{part}-{i}", 4000 * part + i, region="north")
                                      for i in range(4000))))
            client.submit(batch(*(event("first.started", f"s{i}", 20000 + i, region="south") for i in range(30))))
            first = d.ask(items=query_pb2.ItemsRequest(stream="S", attribute="region", value="south", limit=20)).items
            self.assertEqual((len(first.items), first.cursor != ""), (0, True))  # so it is put together here
            words = ("items", "--stream", "S", "--segment", "region=south")
            for sort in ("age", "pace", "last"):
                page = vsm_json(d, *words, "--sort", sort, "--limit", "20")
                rest = vsm_json(d, *words, "--sort", sort, "--cursor", page["cursor"])
                self.assertEqual([len(page["items"]), len(rest["items"]), rest["cursor"]], [20, 10, ""], sort)
                self.assertEqual([r["item"] for r in page["items"] + rest["items"]], [f"S:s{i}" for i in range(30)])
            text = vsm(d, *words, "--limit", "20")
            self.assertEqual((len(re.findall(r"^S:s", text, re.M)), "more: --cursor " in text), (20, True))


harness.main()
