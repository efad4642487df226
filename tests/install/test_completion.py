"""Completion of vsm in the shells themselves. PAGES is where it was built."""
import os
import re
import shutil
import subprocess
import tempfile
import unittest

PAGES, PROGRAMS = os.environ["PAGES"], os.environ["PROGRAMS"]

ZSH = """
_describe() { local -a rows; rows=("${(@P)2}"); print -rl -- "${rows[@]%%%%:*}" }
_arguments() { print -rl -- "$@" }
CURRENT=$1; shift
words=("$@")
source %s/vsm.zsh
"""


def help_of(*command):
    return subprocess.run([os.path.join(PROGRAMS, "vsm"), *command, "--help"], check=True, capture_output=True, text=True).stdout


def subcommands():
    return re.findall(r"^  (\S+) +\S", help_of(), re.M)


def options(subcommand):
    return re.findall(r"^  (--[a-z-]+)", help_of(subcommand), re.M) + ["--help"]


class Bash(unittest.TestCase):
    def complete(self, *words, cwd=None):
        """What bash offers for the last word."""
        script = f'source "{PAGES}/vsm.bash"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _vsm; printf "%s\\n" "${{COMPREPLY[@]}}"'
        done = subprocess.run(["bash", "--norc", "-u", "-c", script, "bash", "vsm", *words], capture_output=True, text=True, cwd=cwd)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout.split()

    def test_subcommands(self):
        self.assertEqual(sorted(self.complete("")), sorted(subcommands() + ["help", "--help", "--version"]))
        self.assertEqual(self.complete("bott"), ["bottleneck"])
        self.assertEqual(self.complete("help", "bott"), ["bottleneck"])
        self.assertEqual(self.complete("nonsense", "--"), [])

    def test_options_of_each(self):
        for name in subcommands():
            self.assertEqual(sorted(self.complete(name, "--")), sorted(options(name)), name)
        self.assertEqual(self.complete("items", "--curs"), ["--cursor"])

    def test_values(self):
        self.assertEqual(sorted(self.complete("simulate", "--faults", "")), ["off", "on"])
        self.assertEqual(self.complete("items", "--stream", ""), [])
        with tempfile.TemporaryDirectory() as directory:
            os.mkdir(os.path.join(directory, "state"))
            open(os.path.join(directory, "statement.csv"), "w").close()
            self.assertEqual(sorted(self.complete("replay", "sta", cwd=directory)), ["state", "statement.csv"])
            self.assertEqual(sorted(self.complete("emit", "--jsonl", "sta", cwd=directory)), ["state", "statement.csv"])
            self.assertEqual(self.complete("export", "--state", "sta", cwd=directory), ["state"])

    def test_it_is_bound_to_vsm(self):
        done = subprocess.run(["bash", "--norc", "-c", f'source "{PAGES}/vsm.bash"; complete -p vsm'], capture_output=True, text=True)
        self.assertRegex(done.stdout, r"-F _vsm vsm$")


class Zsh(unittest.TestCase):
    """The functions of zsh's own that it calls are stood in for, as they need a terminal."""

    def complete(self, *words):
        done = subprocess.run(["zsh", "-f", "-c", ZSH % PAGES, "zsh", str(len(words) + 1), "vsm", *words], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout.splitlines()

    def setUp(self):
        if not shutil.which("zsh"):
            self.skipTest("zsh is not installed")

    def test_subcommands(self):
        self.assertEqual(self.complete(""), subcommands())

    def test_options_of_each(self):
        for name in subcommands():
            offered = [re.match(r"\*(--[a-z-]+)=?\[", line) for line in self.complete(name, "--")]
            self.assertEqual(sorted(m.group(1) for m in offered if m), sorted(options(name)), name)

    def test_values(self):
        self.assertIn("*--faults=[repeats, late and missing events, outages, storms (on)]:on|off:(on off)", self.complete("simulate", "--"))
        self.assertTrue(any(line.startswith("*--jsonl=") and line.endswith(":_files") for line in self.complete("emit", "--")))


if __name__ == "__main__":
    unittest.main()
