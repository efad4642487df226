#!/usr/bin/python3
"""Does what a document tells its reader to do: run.py BIN CONFIG DOCUMENT.

A block whose info string has a second word (```yaml shop.yaml) is saved under that name in a fresh folder, beside a
link to the shipped configurations. In a ```console block each line after "$ " is run there, with the programs of BIN,
and must print the lines that follow it; a line "..." stands for any lines. A command that ends in & goes on beside the
others until the document ends.
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

FENCE = re.compile(r"^( *)```(\w+)(?: +(\S+))?\n(.*?)^\1```$", re.M | re.S)


def blocks(text):
    for indent, language, name, body in FENCE.findall(text):
        yield language, name, re.sub("^" + indent, "", body, flags=re.M)


def steps(body):
    for part in re.split(r"^\$ ", body, flags=re.M)[1:]:
        command, _, expected = part.partition("\n")
        yield command, expected


def same(expected, got):
    pattern = "".join(".*" if line == "...\n" else re.escape(line) for line in expected.splitlines(True))
    return re.fullmatch(pattern, got, re.S) is not None


def run(document, folder, environment):
    ran = failed = 0
    beside = []
    try:
        for language, name, body in blocks(document.read_text()):
            if name:
                (folder / name).write_text(body)
            for command, expected in steps(body) if language == "console" else ():
                ran += 1
                if command.endswith("&"):
                    beside.append(subprocess.Popen(["bash", "-c", "exec " + command[:-1]], cwd=folder, env=environment))
                    continue
                done = subprocess.run(["bash", "-c", command], cwd=folder, env=environment, timeout=60, text=True,
                                      stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
                if not same(expected, done.stdout):
                    failed += 1
                    print(f"{document.name}: $ {command}\n--- the document says\n{expected}--- it prints\n{done.stdout}")
    finally:
        for process in beside:
            process.terminate()
        for process in beside:
            process.wait(timeout=10)
    print(f"{document.name}: {ran} commands, {failed} failed")
    return ran > 0 and failed == 0


def main():
    programs, config, document = (pathlib.Path(p).resolve() for p in sys.argv[1:4])
    environment = dict(os.environ, PATH=f"{programs}:{os.environ['PATH']}")
    with tempfile.TemporaryDirectory(prefix="vsm-docs-") as name:
        folder = pathlib.Path(name)
        (folder / "config").symlink_to(config)
        sys.exit(0 if run(document, folder, environment) else 1)


if __name__ == "__main__":
    main()
