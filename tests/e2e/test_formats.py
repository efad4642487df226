"""State directories as earlier formats wrote them: each is read for ever. `formats/N` is one of format N, with its
configuration and what it must say; test_formats.py write N makes one anew, for a new format alone."""
import json
import os
import re
import shutil
import sys
import unittest

import harness
from harness import Daemon, batch, event
from state import directory, make_checkpoint

FORMATS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "formats")


def says(d):
    """Numbers that no later version may tell otherwise."""
    s = d.snapshot()
    return {
        "ingest": {name: getattr(s.ingest, name) for name in ("received", "applied", "duplicates", "unmapped", "rejected",
                                                              "gaps")},
        "streams": [{"id": stream.id, "wip": stream.wip, "started": stream.windows[0].started,
                     "finished": stream.windows[0].finished,
                     "stages": [{"id": g.id, "wip": g.wip, "arrivals": g.windows[0].arrivals,
                                 "departures": g.windows[0].departures, "seconds": g.windows[0].cycle_time.mean,
                                 "waits": [[w.party, w.reason, w.wip] for w in g.waits]} for g in stream.stages]}
                    for stream in s.value_streams],
        "items": sorted(row.item for row in d.ask(items={"limit": 1000}).items.items),
        "story": [[t.time_unix_nano, t.stage, t.source, t.type] for t in d.ask(item={"key": "S:1"}).item.transitions],
        "unmapped": [[u.source, u.type, u.count] for u in d.ask(unmapped={}).unmapped.unmapped],
    }


def some_batches(first, n):
    for i in range(first, first + n):
        yield batch(event("first.started", str(i), at=60.0 * i, sequence=2 * i + 1),
                    event("first.done", str(i // 2), at=60.0 * i + 7), event("nobody.knows", str(i), at=60.0 * i),
                    event("held", str(i // 3), at=60.0 * i + 9, why=f"reason {i % 3}"), source=f"s{i % 3}", epoch=7)


def old_batch():
    """Items that are over, and sealed a day after the horizon that the configuration says."""
    def each(i):
        at = -5 * 86400 + 600.0 * i
        return (event("first.started", f"old {i}", at=at), event("held", f"old {i}", at=at + 60, why="reason 1"),
                event("second.done", f"old {i}", at=at + 120))
    return batch(*(e for i in range(5) for e in each(i)), source="s1")


def text():
    held = '  - { source: "*", type: held, stage: S/second, lifecycle: suspend, item: "S:{subject}", reason: "{data.why}" }'
    daemon = harness.config(state="state").replace("clock: event", "clock: event\n  items: { keep: 1d }", 1)
    return daemon + held + "\n"


def write(number):
    """Two checkpoints, and records behind each."""
    with Daemon(text()) as d:
        state = directory(d)
        assert d.client().submit(old_batch()).durable
        for first in (0, 10, 20):
            c = d.client()
            for b in some_batches(first, 10):
                assert c.submit(b).durable
            if first < 20:
                make_checkpoint(d)
        said = says(d)
        d.end()
        d.start_again()  # moves the log into the database
        d.end(15)
        to = os.path.join(FORMATS, number)
        os.makedirs(to)
        for name in os.listdir(state):
            if name == "journal.db" or re.fullmatch(r"checkpoint\.\d+", name):
                shutil.copy(os.path.join(state, name), to)
        shutil.copy(d.path, to)
        with open(os.path.join(to, "says.json"), "w", encoding="utf-8") as f:
            json.dump(said, f, indent=1)
        d.start_again()


class Formats(unittest.TestCase):
    def check(self, number, spoil):
        """Started on a copy of which spoil(its checkpoints, the newest first) took something away."""
        golden = os.path.join(FORMATS, number)
        with open(os.path.join(golden, "vsmd.yaml"), encoding="utf-8") as f:
            configuration = f.read()
        with open(os.path.join(golden, "says.json"), encoding="utf-8") as f:
            expected = json.load(f)
        with Daemon(configuration) as d:
            d.end()
            state = directory(d)
            shutil.rmtree(state)
            shutil.copytree(golden, state)
            positions = sorted((int(n[11:]) for n in os.listdir(state) if n.startswith("checkpoint.")), reverse=True)
            self.assertEqual(len(positions), 2)
            left = spoil(positions)
            for position in set(positions) - set(left):
                os.remove(os.path.join(state, f"checkpoint.{position}"))
            d.start_again()
            d.log.wait(rf"^event=recovered checkpoint={left[0] if left else 0} ")
            self.assertNotIn("set_aside", d.log.text())
            self.assertEqual(says(d), expected)

    def test_each(self):
        numbers = sorted(os.listdir(FORMATS))
        self.assertIn("1", numbers)
        for number in numbers:
            for left in (2, 1, 0):
                with self.subTest(format=number, checkpoints=left):
                    self.check(number, lambda positions, left=left: positions[2 - left:])


if __name__ == "__main__" and sys.argv[1:2] == ["write"]:
    write(sys.argv[2])
else:
    harness.main()
