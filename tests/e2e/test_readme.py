"""README's five minutes as a reader would type them, the ports apart: its configuration, and each of its commands."""
import os
import re
import subprocess
import unittest

import harness

VSM = os.path.join(os.path.dirname(harness.VSMD), "vsm")
README = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "README.md")
ANY_PORT = """daemon:
  clock: wall
  subscribe: { bind: ["tcp://127.0.0.1:*"] }
  submit: "tcp://127.0.0.1:*"
  publish: "tcp://127.0.0.1:*"
  query: "tcp://127.0.0.1:*"
"""
ENDPOINT = {"emit": "submit", "snapshot": "query", "item": "query", "unmapped": "query"}


class FiveMinutes(unittest.TestCase):
    def setUp(self):
        with open(README, encoding="utf-8") as file:
            text = file.read()
        self.config = re.search(r"```yaml\n(# orders\.yaml.*?)```", text, re.S).group(1)
        self.commands = re.search(r"```\n(vsmd --config orders\.yaml --check.*?)```", text, re.S).group(1).splitlines()

    def run_vsm(self, daemon, words):
        socket = ENDPOINT[words[1]]
        endpoint = daemon.log.wait(rf"listening socket={socket} endpoint=(\S+)").group(1)
        done = subprocess.run([VSM, *words[1:], f"--{socket}", endpoint], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_each_command(self):
        said = {}
        with harness.Daemon(self.config.replace("daemon: { clock: wall }\n", ANY_PORT)) as daemon:
            for words in (line.split() for line in self.commands):
                if words[0] == "vsm":
                    said[words[1]] = self.run_vsm(daemon, words)
                elif "--check" in words:
                    done = subprocess.run([harness.VSMD, "--config", daemon.path, "--check"], capture_output=True,
                                          text=True, timeout=60)
                    self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("ORD Orders: 1 in progress", said["snapshot"])
        self.assertIn("order.checked", said["item"])
        self.assertIn("Every event has a rule", said["unmapped"])


if __name__ == "__main__":
    unittest.main()
