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
            self.assertRegex(text, r"2023-11-15 00:00 \|[AB]+ *\| \d")

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
            text, _ = ask(d, "series", "S", "--by", "day", "--last", "2")
            self.assertRegex(text, "Little's law: .*|  not stable ")

    def test_days_of_a_zone(self):
        """The day on which the clocks of Chicago went back has 25 hours."""
        with Daemon() as d:
            midnight = 1699160400  # 2023-11-05T05:00:00Z is midnight there
            ask(d, "emit", "--jsonl", "-",
                stdin="".join(line("first.started", f"{h}", midnight + h * HOUR - harness.T0) for h in range(26)))
            panes = ask_json(d, "series", "S", "--by", "day", "--zone", "America/Chicago", "--last", "2")["panes"]
            self.assertEqual([p["arrivals"] for p in panes], [25, 1])
            self.assertEqual(panes[0]["start_unix_nano"], midnight * NS)

    def test_wrong(self):
        for words in (["--by", "fortnight"], ["--by", "day", "--window", "24h"], ["--zone", "Mars/Base"],
                      ["--last", "1001"]):
            done = vsm("series", "S", *words)
            self.assertEqual((done.returncode, done.stdout), (2, ""), words)
        with Daemon() as d:
            for words, expected in ((["X"], "known: S"), (["S", "--stage", "third"], "third"),
                                    (["S", "--window", "2h"], "1h, 24h, 7d, 30d")):
                self.assertIn(expected, ask(d, "series", *words, status=1)[1])
            for request in ({"stream": "S"}, {"stream": "S", "bounds_unix_nano": [NS]},
                            {"stream": "S", "bounds_unix_nano": [2 * NS, NS]},
                            {"stream": "S", "bounds_unix_nano": range(1, 1003)}):
                self.assertIn("rising times", d.ask(series=request).error)

    def test_json_is_json(self):
        with Daemon() as d:
            ask(d, "emit", "--jsonl", "-", stdin=line())
            json.loads(ask(d, "series", "S", "--by", "month", "--json")[0])


if __name__ == "__main__":
    harness.main()
