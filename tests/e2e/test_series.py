"""vsm series: panes that add up, zones whose days are theirs, Little's law, and what is asked wrongly."""
import json
import unittest

import harness
from harness import Daemon
from test_cli import ask, ask_json, line, vsm

HOUR = 3600
NS = 10**9


def flow(n, every, stay, until=1e9):
    """n items, one `every` seconds, each `stay` seconds in the first stage and as long in the second."""
    events = []
    for i in range(n):
        at = i * every
        events += [(at, "first.started", i), (at + stay, "first.done", i), (at + 2 * stay, "second.done", i)]
    return "".join(line(kind, f"{i}", at) for at, kind, i in sorted(events) if at <= until)


class Series(unittest.TestCase):
    def test_by_hour(self):
        with Daemon() as d:
            ask(d, "emit", "--jsonl", "-", stdin=flow(24, HOUR // 4, HOUR // 2))  # 4 an hour from 22:13:20 on
            answer = ask_json(d, "series", "S", "--by", "hour", "--last", "9")
            panes = answer["panes"]
            self.assertEqual((answer["value_stream"], answer["window"], len(panes)), ("S", "", 9))
            for pane in panes:
                self.assertEqual(pane["start_unix_nano"] % (HOUR * NS), 0)
            self.assertEqual(sum(p["arrivals"] for p in panes), 24)
            self.assertEqual([p["arrivals"] for p in panes if p["arrivals"]][1:-1], [4] * 4)
            first = [p["stages"][0] for p in panes]
            self.assertEqual([s["id"] for s in panes[0]["stages"]], ["first", "second"])
            self.assertEqual(sum(s["arrivals"] for s in first), sum(s["departures"] for s in first))
            for s in first:
                self.assertAlmostEqual(s["cycle_time_p50"], HOUR / 2 if s["cycle_time_count"] else 0, delta=18)
            self.assertEqual(panes[-1]["wip"], 0)
            text, _ = ask(d, "series", "S", "--by", "hour", "--last", "9")
            self.assertIn("S Stream S: by hour, UTC", text)
            self.assertRegex(text, r"2023-11-15 00:00 +4 +4 ")
            picture = text[text.index("cumulative flow:"):]
            # Columns are 7 wide: two hours of nothing, then four more in progress each hour; at the end all have left.
            blank, a, b, left = " " * 7, "A" * 7, "B" * 7, "." * 7
            self.assertIn(f"\n         24 |{blank * 7}{a}{left}\n", picture)
            self.assertIn(f"\n            |{blank * 3}{a}{left * 5}\n", picture)
            self.assertIn(f"\n            |{blank * 2}{b}{left * 6}\n          0 +{'-' * 63}\n", picture)
            self.assertIn("A First: 0 in progress\n", picture)
            self.assertLessEqual(max(map(len, text.splitlines())), 80)

    def test_windows_add_up(self):
        with Daemon() as d:
            ask(d, "emit", "--jsonl", "-", stdin=flow(60, 600, 1700))
            stage = d.snapshot().value_streams[0].stages[0]
            for window in stage.windows[1:]:
                answer = ask_json(d, "series", "S", "--window", window.window)
                self.assertEqual(len(answer["panes"]), 60)
                for name in ("arrivals", "departures", "completed"):
                    self.assertEqual(sum(p["stages"][0][name] for p in answer["panes"]), getattr(window, name))

    def test_littles_law(self):
        with Daemon() as d:
            ask(d, "emit", "--jsonl", "-", stdin=flow(300, 600, 3000, until=299 * 600))
            law = ask_json(d, "series", "S", "--window", "24h")["littles_law"]
            self.assertTrue(law["stable"])
            product = law["throughput_per_day"] * law["mean_time_seconds"] / 86400
            self.assertAlmostEqual(law["mean_wip"] / product, 1, delta=0.05)
            text, _ = ask(d, "series", "S", "--window", "24h")
            self.assertIn("  stable: ", text)
            # Seen from before the first item on, ten came that have not left.
            self.assertFalse(ask_json(d, "series", "S", "--window", "7d")["littles_law"]["stable"])
            text, _ = ask(d, "series", "S", "--window", "7d")
            self.assertIn("  not stable: 300 in, 290 out, WIP 0 to 10\n"
                          "  the two need not agree: the work in progress changes\n", text)

    def test_littles_law_of_a_wave(self):
        """As many were there at the end as at the beginning, but in between sixty came at once."""
        with Daemon() as d:
            steady = [(at, kind, f"s{i}") for i in range(200)
                      for at, kind in ((600 * i, "first.started"), (600 * i + 3000, "second.done"))]
            wave = [(at, kind, f"w{i}") for i in range(60)
                    for at, kind in ((60000, "first.started"), (75000, "second.done"))]
            events = sorted(steady + wave)
            ask(d, "emit", "--jsonl", "-", stdin="".join(line(kind, key, at) for at, kind, key in events if at < 119000))
            words = ("series", "S", "--by", "hour", "--last", "30")
            law = ask_json(d, *words)["littles_law"]
            self.assertFalse(law["stable"])
            self.assertIn("agree: the work in progress swings\n", ask(d, *words)[0])

    def test_littles_law_does_not_hold(self):
        for items, until, expected in ((100, 30 * 600, "more arrives than leaves"), (19, 1e9, "too little was completed")):
            with Daemon() as d:
                ask(d, "emit", "--jsonl", "-", stdin=flow(items, 600 if until == 1e9 else 180, 3000, until=until))
                self.assertIn(f"agree: {expected}\n", ask(d, "series", "S", "--window", "24h")[0])

    def test_days_of_a_zone(self):
        """The day on which the clocks of Chicago went back has 25 hours."""
        with Daemon() as d:
            midnight = 1699160400  # 2023-11-05T05:00:00Z is midnight there
            ask(d, "emit", "--jsonl", "-",
                stdin="".join(line("first.started", f"{h}", midnight + h * HOUR - harness.T0) for h in range(26)))
            panes = ask_json(d, "series", "S", "--by", "day", "--zone", "America/Chicago", "--last", "2")["panes"]
            self.assertEqual([p["arrivals"] for p in panes], [25, 1])
            self.assertEqual(panes[0]["start_unix_nano"], midnight * NS)
            text, _ = ask(d, "series", "S", "--by", "day", "--zone", "America/Chicago", "--last", "2")
            self.assertRegex(text, r"2023-11-05 00:00 +25 ")
            # Where midnight is shown twice, days still follow each other.
            days = ask_json(d, "series", "S", "--by", "day", "--zone", "America/Havana", "--last", "9")["panes"]
            self.assertEqual(sorted({(b["start_unix_nano"] - a["start_unix_nano"]) // (HOUR * NS)
                                     for a, b in zip(days, days[1:])}), [24, 25])

    def test_bounds_within_a_quarter(self):
        """Nothing is counted twice where bounds are no quarters of an hour."""
        with Daemon() as d:
            ask(d, "emit", "--jsonl", "-", stdin="".join(line("first.started", f"{i}", 300 * i) for i in range(12)))
            quarter = harness.T0 - harness.T0 % 900
            times = [(quarter + s) * NS for s in (0, 420, 900, 1300, 7200)]
            reply = d.ask(series={"stream": "S", "bounds_unix_nano": times}).series
            self.assertEqual([p.start_unix_nano for p in reply.panes], [(quarter + s) * NS for s in (0, 0, 900, 900)])
            self.assertEqual([p.arrivals for p in reply.panes], [0, 1, 0, 11])
            self.assertEqual([p.wip for p in reply.panes], [0, 1, 1, 12])
            self.assertFalse(reply.more)

    def test_kept_for_400_days(self):
        """Months of which not all is kept are not shown, rather than shown without what they had."""
        with Daemon() as d:
            day = 24 * HOUR
            ask(d, "emit", "--jsonl", "-", stdin=line("first.started", "old", 0) + line("first.started", "new", 500 * day))
            panes = ask_json(d, "series", "S", "--by", "day", "--last", "1000")["panes"]
            self.assertEqual(len(panes), 400)
            self.assertGreaterEqual(panes[0]["start_unix_nano"], (harness.T0 + 100 * day) * NS)
            self.assertEqual((panes[0]["wip"], panes[-1]["wip"], panes[-1]["arrivals"]), (1, 2, 1))
            self.assertEqual(len(ask_json(d, "series", "S", "--by", "month")["panes"]), 13)

    def test_last_of_a_window(self):
        with Daemon() as d:
            ask(d, "emit", "--jsonl", "-", stdin=flow(60, 600, 1700))
            whole = ask_json(d, "series", "S", "--window", "24h")
            last = ask_json(d, "series", "S", "--window", "24h", "--last", "10")
            self.assertEqual(last["panes"], whole["panes"][50:])
            self.assertNotEqual(last["littles_law"]["mean_wip"], whole["littles_law"]["mean_wip"])

    def test_wrong(self):
        for words, expected in ((["--by", "fortnight"], "hour, day, week, month"),
                                (["--by", "day", "--window", "24h"], "one of them"),
                                (["--zone", "Mars/Base"], "America/Chicago, or UTC"),
                                (["--zone", "America/Chicgo"], 'did you mean "America/Chicago"'),
                                (["--zone", "America"], "America/Chicago, or UTC"),  # a folder
                                (["--zone", "zone.tab"], "a zone as tzdata has it"),
                                (["--last", "1001"], "1000")):
            done = vsm("series", "S", *words)
            self.assertEqual((done.returncode, done.stdout), (2, ""), words)
            self.assertIn(expected, done.stderr)
        with Daemon() as d:
            for words, expected in ((["X"], "known: S"), (["S", "--stage", "third"], "third"),
                                    (["S", "--window", "2h"], "1h, 24h, 7d, 30d")):
                self.assertIn(expected, ask(d, "series", *words, status=1)[1])
            for request in ({"stream": "S"}, {"stream": "S", "bounds_unix_nano": [NS]},
                            {"stream": "S", "bounds_unix_nano": [2 * NS, NS]},
                            {"stream": "S", "bounds_unix_nano": [NS, 33 * 24 * HOUR * NS]},
                            {"stream": "S", "bounds_unix_nano": range(1, 1003)}):
                self.assertIn("rising times", d.ask(series=request).error)

    def test_json_is_json(self):
        with Daemon() as d:
            ask(d, "emit", "--jsonl", "-", stdin=line())
            json.loads(ask(d, "series", "S", "--by", "month", "--json")[0])


if __name__ == "__main__":
    harness.main()
