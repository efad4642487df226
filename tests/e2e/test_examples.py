"""The example programs of libvsm against a real daemon."""
import json
import os
import subprocess
import unittest

import harness
from harness import Daemon, batch, event

EXAMPLES = os.environ["EXAMPLES"]


def run(name, *args):
    done = subprocess.run([os.path.join(EXAMPLES, f"example_{name}"), *args], capture_output=True, text=True,
                          timeout=harness.DEADLINE)
    return done.returncode, done.stdout, done.stderr


class Examples(unittest.TestCase):
    def test_emit(self):
        with Daemon() as d:
            self.assertEqual(run("emit", d.endpoint("submit")), (0, "accepted 3, rejected 0\n", ""))
            self.assertEqual(d.ingest().received, 3)

    def test_query(self):
        with Daemon() as d:
            status, out, err = run("query", d.endpoint("query"))
            self.assertEqual((status, err), (0, ""))
            self.assertEqual(json.loads(out)["status"]["epoch"], d.status().epoch)

    def test_subscribe(self):
        with Daemon() as d:
            d.client().submit(batch(event("first.started")))
            status, out, err = run("subscribe", d.endpoint("publish"), d.endpoint("query"), "1")
            self.assertEqual((status, err), (0, ""))
            self.assertEqual(out.splitlines()[0], "S: 1")  # of the snapshot

    def test_a_wrong_endpoint_is_said(self):
        for name in "emit", "query", "subscribe":
            status, _, err = run(name, "nonsense")
            self.assertEqual(status, 1)
            self.assertIn("invalid", err)


harness.main()
