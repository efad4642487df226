"""What a calendar counts is told with the length of its day, and shown in working days."""

import harness
from harness import event
from test_cli import ask, ask_json

DAY, WD = 86400, 8 * 3600
EIGHT = 35200  # 2023-11-15 08:00
CONFIG = (harness.config()
          .replace("value_streams:\n", "calendars: [{ id: desk, zone: UTC, week: [mon-sun 08:00-16:00] }]\nvalue_streams:\n")
          .replace("    name: Stream S\n", "    name: Stream S\n    calendar: desk\n"
                   "    expected: { name: elapsed, within: 3d, calendar: none }\n")
          .replace("{ id: first, name: First }", "{ id: first, name: First, expected: { within: 2wd } }")
          .replace("{ id: second, name: Second }", "{ id: second, name: Second, calendar: none }")
          + '  - { source: "*", type: held, stage: S/first, lifecycle: suspend, item: "S:{subject}", reason: ink }\n'
          + '  - { source: "*", type: booked, stage: S/first, item: "S:{subject}", not_before: "{data.day}" }\n'
          + '  - { source: "*", type: agreed, stream: S, item: "S:{subject}", not_before: "{data.day}" }\n')


def story():
    """Each day at eight one item comes; half a day later it is held until eight, three working days after it came it
    goes to the second stage, and a day later it is done. Now is eight on the 40th day."""
    for i in range(40):
        at = EIGHT + i * DAY
        for delay, kind in ((0, "first.started"), (WD / 2, "held"), (3 * DAY, "first.done"), (4 * DAY, "second.done")):
            if at + delay <= EIGHT + 39 * DAY:
                yield event(kind, f"{i}", at + delay)
    yield event("booked", "38", EIGHT, day="2024-01-02T03:04:05Z")
    yield event("agreed", "38", EIGHT, day="2024-02-03T04:05:06Z")


class WorkingDays(harness.StoryTest):
    config, story = CONFIG, staticmethod(story)

    def test_the_length_of_a_day_stands_beside_the_times(self):
        stream, = ask_json(self.daemon, "snapshot")["value_streams"]
        first, second = stream["stages"]
        self.assertEqual([n["working_day_seconds"] for n in (stream, first, second)], [WD, WD, 0])
        self.assertEqual(first["windows"][0]["cycle_time"]["mean"], 3 * WD)
        self.assertEqual(second["windows"][0]["cycle_time"]["mean"], DAY)
        self.assertEqual([n["windows"][0]["sle"][0]["working_day_seconds"] for n in (stream, first)], [0, WD])
        rows = ask_json(self.daemon, "items", "--stage", "second", "--stream", "S")["items"]
        self.assertEqual([(r["working_day_seconds"], r["age_working_day_seconds"]) for r in rows], [(0, WD)])
        visit = ask_json(self.daemon, "item", "S:36")["visits"][0]
        self.assertEqual([visit[k] for k in ("working_day_seconds", "expected_working_day_seconds", "active_seconds",
                                             "suspended_seconds")], [WD, WD, WD / 2, 2.5 * WD])
        edges = {(e["from"], e["to"]): e["working_day_seconds"] for e in ask_json(self.daemon, "edges", "S")["edges"]}
        self.assertEqual(edges, {("(start)", "first"): WD, ("first", "second"): 0, ("second", "(outcome)"): WD})
        worst = ask_json(self.daemon, "bottleneck", "S")["value_streams"][0]["stages"]
        self.assertEqual({s["stage"]: s["working_day_seconds"] for s in worst}, {"first": WD, "second": 0})

    def test_shown_in_working_days(self):
        text = ask(self.daemon, "snapshot")[0]
        # Within 1 %: of 3 and 4 working days.
        self.assertRegex(text, r"\n  > First +3 +0 +1 +2 +3 wd +3 wd +2 wd +37 ")
        self.assertRegex(text, r"\n    Second +1 +1 +0 +0 +1 d 0 h +1 d 0 h +0 s +36 ")
        self.assertRegex(text, r"lead time p50 4 wd, p85 4 wd\n")
        self.assertIn("      SLE 85 % within 2 wd; attained 0.0 % of 37, MISSED\n", text)
        self.assertIn("    SLE elapsed: 85 % within 3 d 0 h; attained ", text)
        self.assertIn("      waits: ink (us) 2 now, 37 ended, mean 2.5 wd\n", text)
        self.assertRegex(ask(self.daemon, "items", "--stream", "S", "--stage", "second")[0],
                         r"S:36 +S +second +queued +0 s +3 wd ")
        self.assertRegex(ask(self.daemon, "item", "S:36")[0], r"0 s +4 h 00 m +2\.5 wd .* completed +2 wd: over by 1 wd\n")

    def test_littles_law_in_the_time_that_counts(self):
        """Each day one comes that stays for three working days: three are there. Not so were days elapsed ones."""
        words = ("series", "S", "--stage", "first", "--by", "day", "--last", "30")
        law = ask_json(self.daemon, *words)["littles_law"]
        self.assertEqual((law["stable"], law["working_day_seconds"]), (True, WD))
        self.assertAlmostEqual(law["mean_wip"], 3, delta=0.01)
        self.assertAlmostEqual(law["throughput_per_day"], 30 / 29, delta=0.01)  # today has just begun, and one has left
        text = ask(self.daemon, *words)[0]
        self.assertRegex(text, r"\n2023-12-23 00:00 .* 3 wd\n")
        self.assertIn(" a working day x mean cycle time 3 wd = 3.1 (ratio 0.97)\n", text)
        # The second stage has no calendar.
        law = ask_json(self.daemon, "series", "S", "--stage", "second", "--by", "day", "--last", "30")["littles_law"]
        self.assertEqual((law["working_day_seconds"], law["mean_time_seconds"]), (0, DAY))

    def test_nothing_is_expected_before(self):
        item = ask_json(self.daemon, "item", "S:38")
        booked, agreed = 1704164645 * 10**9, 1706933106 * 10**9
        self.assertEqual((item["not_before_unix_nano"], item["visits"][0]["not_before_unix_nano"]), (agreed, booked))
        text = ask(self.daemon, "item", "S:38")[0]
        self.assertIn("not before: 2024-02-03 04:05:06 UTC\n", text)
        self.assertRegex(text, r"due \(UTC\) +not before \(UTC\)\nfirst .* 2024-01-02 03:04:05\n")
        self.assertNotIn("not before", ask(self.daemon, "item", "S:37")[0])


if __name__ == "__main__":
    harness.main()
