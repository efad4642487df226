"""The manual pages: they say all that there is to say, and nothing in them is malformed.

PAGES is the directory of the built pages, SOURCE that of the sources, PROGRAMS that of the programs.
"""
import os
import re
import shutil
import subprocess
import sys
import unittest

PAGES, SOURCE, PROGRAMS = (os.environ[name] for name in ("PAGES", "SOURCE", "PROGRAMS"))
NEEDED = ("mandoc", "man")


def page(name, plain=True):
    """A page as text; plain: without the marks of its fonts."""
    with open(os.path.join(PAGES, name), encoding="utf-8") as f:
        return re.sub(r"\\f[BIR]|\\&" if plain else r"\\&", "", f.read())


def source(*path):
    with open(os.path.join(SOURCE, *path), encoding="utf-8") as f:
        return f.read()


def help_of(*command):
    return subprocess.run([os.path.join(PROGRAMS, command[0]), *command[1:], "--help"], check=True, capture_output=True,
                          text=True).stdout


def options(text):
    return set(re.findall(r"--[a-z][a-z-]*", text))


def is_said(option, text):
    return re.search(rf"^{option}(?![a-z-])|, {option}(?![a-z-])", text, re.M)


class Complete(unittest.TestCase):
    def test_every_option_of_the_daemons(self):
        pages = [name for name in os.listdir(PAGES) if name.endswith(".8")]
        self.assertLessEqual({"vsmd.8", "vsm-notify.8"}, set(pages))
        for name in pages:
            text, program = page(name), name.removesuffix(".8")
            self.assertIn("--config" if program != "vsm-web" else "--listen", options(help_of(program)))
            for option in options(help_of(program)):
                self.assertTrue(is_said(option, text), f"{name} does not say {option}")

    def test_every_program_has_a_page(self):
        for program in ("vsmd", "vsm", "vsm-notify", "vsm-web"):
            if os.path.exists(os.path.join(PROGRAMS, program)):
                self.assertTrue(os.path.exists(os.path.join(PAGES, program + (".1" if program == "vsm" else ".8"))), program)

    def test_every_option_of_each_subcommand(self):
        text = page("vsm.1")
        names = re.findall(r"^  (\S+) +\S", help_of("vsm"), re.M)
        self.assertGreater(len(names), 20)
        for name, next_name in zip(names, names[1:] + [None]):
            begin = text.index(f".SS vsm {name}\n")
            end = text.index(f".SS vsm {next_name}\n") if next_name else text.index(".SH EXIT STATUS")
            for option in re.findall(r"^  (--[a-z-]+)", help_of("vsm", name), re.M):
                self.assertTrue(is_said(option, text[begin:end]), f"vsm(1) does not say {option} of {name}")

    def test_every_key_and_default_of_the_configuration(self):
        text, schema = page("vsmd.yaml.5"), source("daemon", "conf", "schema.c")
        keys = set(re.findall(r'\.key = "(\w+)"', schema)) | set(re.findall(r'(?:KIND|LIMIT)\("(\w+)"', schema))
        self.assertGreater(len(keys), 80)
        self.assertEqual([key for key in sorted(keys) if not re.search(rf"\\fB{key}\\fR", page("vsmd.yaml.5", plain=False))], [])
        defaults = re.findall(r'\.key = "(\w+)"(?:(?!\.key).)*?\.fallback = (?:d \? )?"([^"]+)"', schema, re.S)
        defaults += re.findall(r'LIMIT\("(\w+)", \w+, \w+, "([^"]+)"\)', schema)
        self.assertGreater(len(defaults), 30)
        for key, default in defaults:
            for word in default.split():
                self.assertRegex(text, rf"\b{key}\b[^\n]*\(.*{re.escape(word)}", f"the default of {key}")

    def test_every_function_of_the_library(self):
        text = page("libvsm.3")
        functions = set(re.findall(r"\b(vsm_\w+)(?<!_fn)\(", re.sub(r"//.*", "", source("include", "vsm", "vsm.h"))))
        self.assertGreater(len(functions), 20)
        self.assertEqual([name for name in sorted(functions) if f"{name}()" not in text], [])


class WellFormed(unittest.TestCase):
    def test_each_page(self):
        names = [name for name in os.listdir(PAGES) if re.search(r"\.[1-8]$", name)]
        self.assertGreaterEqual(len(names), 5)
        for name in names:
            path = os.path.join(PAGES, name)
            lint = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", path], capture_output=True, text=True)
            self.assertEqual((lint.returncode, lint.stdout + lint.stderr), (0, ""), name)
            shown = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", path], capture_output=True, text=True,
                                   env={**os.environ, "MANWIDTH": "100"})
            self.assertEqual((shown.returncode, shown.stderr), (0, ""), name)
            self.assertIn("SEE ALSO", shown.stdout)


if __name__ == "__main__":
    if not os.path.exists(os.path.join(PAGES, "vsm.1")):
        print("skipped: the pages were not built; install scdoc and configure anew")
        sys.exit(77)
    missing = [name for name in NEEDED if not shutil.which(name)]
    if missing:
        print("skipped: not installed:", *missing)
        sys.exit(77)
    unittest.main()
