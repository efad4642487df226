"""The Python clients of docs/wire.md, as they stand there."""
import os
import re
import subprocess
import sys
import unittest

import harness
from harness import Daemon, batch, event

with open(os.environ["WIRE_PAGE"], encoding="utf-8") as f:
    SUBMIT, FOLLOW = re.findall(r"^```python\n(.*?)^```", f.read(), re.M | re.S)


def start(program, *args):
    return subprocess.Popen([sys.executable, "-c", program, *args], stdout=subprocess.PIPE, text=True)


class WirePage(unittest.TestCase):
    def test_submit(self):
        with Daemon() as d, start(SUBMIT, d.endpoint("submit")) as client:
            self.assertEqual(client.communicate(timeout=harness.DEADLINE)[0], "accepted 1, rejected 0\n")
            self.assertEqual(d.ingest().unmapped, 1)

    def test_follow(self):
        with Daemon() as d, start(FOLLOW, d.endpoint("publish"), d.endpoint("query")) as client:
            try:
                snapshot = [client.stdout.readline() for _ in range(3)]
                self.assertEqual(snapshot, ["S  0\n", "S first/ 0\n", "S second/ 0\n"])
                d.client().submit(batch(event("first.started")))
                seen = set()
                while not {"v1/metric/S/ 1\n", "v1/metric/S/first/ 1\n"} <= seen:
                    line = client.stdout.readline()
                    self.assertTrue(line, seen)
                    seen.add(line)
            finally:
                client.kill()


harness.main()
