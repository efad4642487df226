"""The example programs of libvsm against a real daemon."""
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import unittest

import harness
from harness import Daemon, batch, event
from web_rig import Web

EXAMPLES = os.environ["EXAMPLES"]
SOURCES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "agents", "lib", "examples")


def program(name):
    return os.path.join(EXAMPLES, f"example_{name}")


def run(name, *args):
    done = subprocess.run([program(name), *args], capture_output=True, text=True, timeout=harness.DEADLINE)
    return done.returncode, done.stdout, done.stderr


class Examples(unittest.TestCase):
    def test_emit(self):
        with Daemon() as d:
            self.assertEqual(run("emit", d.endpoint("submit")), (0, "accepted 3, rejected 0\n", ""))
            self.assertEqual(d.ingest().received, 3)

    def test_emit_before_the_daemon_is_there(self):
        with tempfile.TemporaryDirectory(prefix="vsmd-e2e-") as directory:
            endpoint = f"ipc://{directory}/submit"
            text = harness.config().replace('submit: "tcp://127.0.0.1:*"', f'submit: "{endpoint}"')
            with subprocess.Popen([program("emit"), endpoint], stdout=subprocess.PIPE, text=True) as client:
                with Daemon(text) as d:
                    self.assertEqual(client.communicate(timeout=harness.DEADLINE)[0], "accepted 3, rejected 0\n")
                    self.assertEqual(d.ingest().received, 3)

    def same_in_another_language(self, *command, web=False):
        """The same three events as those of the example in C, with their attribute."""
        with Daemon() as d, contextlib.ExitStack() as beside:
            where = "http://" + beside.enter_context(Web(d)).address if web else d.endpoint("submit")
            path = f"{os.path.dirname(harness.VSMD)}:{os.environ['PATH']}"
            done = subprocess.run([*command, where], capture_output=True, text=True, timeout=harness.DEADLINE,
                                  cwd=SOURCES, env={**os.environ, "PATH": path})
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertEqual(d.ingest().received, 3)
            rows = d.ask(unmapped=harness.query_pb2.UnmappedRequest()).unmapped.unmapped
            self.assertEqual(sorted((row.source, row.type) for row in rows),
                             [("example", f"order.{step}") for step in ("checked", "received", "shipped")])
            return done.stdout

    def test_emit_in_python(self):
        self.assertEqual(self.same_in_another_language(sys.executable, "emit.py"), "accepted 3, rejected 0\n")

    def test_emit_in_shell(self):
        self.assertRegex(self.same_in_another_language("sh", "emit.sh"), "3 ")

    def test_emit_over_http(self):
        answer = json.loads(self.same_in_another_language("sh", "emit_http.sh", web=True))
        self.assertEqual((answer["accepted"], answer["rejected"]), (3, 0))

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
