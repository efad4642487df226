"""What tests of the state directory share."""
import contextlib
import os
import re
import subprocess
import time

import harness
from harness import DEADLINE, batch, event


def config(**options):
    return harness.config(state="state", **options)


def directory(d):
    return os.path.join(d.directory, "state")


def checkpoints(d):
    """Positions, the newest first."""
    names = (re.fullmatch(r"checkpoint\.(\d+)", name) for name in os.listdir(directory(d)))
    return sorted((int(m.group(1)) for m in names if m), reverse=True)


def checkpoint_file(d, position):
    return os.path.join(directory(d), f"checkpoint.{position}")


def files_with(path, *texts):
    """(file of the directory, text) for each of these bytes that it holds. A file may go meanwhile."""
    found = []
    for name in sorted(os.listdir(path)):
        with contextlib.suppress(FileNotFoundError), open(os.path.join(path, name), "rb") as f:
            content = f.read()
            found += [(name, text) for text in texts if text in content]
    return found


def run_checkpoint(d, of=None, env=None):
    """A process makes a checkpoint of this directory, or of the daemon's, as the daemon's own does, and beside it."""
    return subprocess.run([harness.VSMD, "--checkpoint", of or directory(d), "--config", d.path], capture_output=True, text=True,
                          cwd=d.directory, env={**os.environ, **(env or {})}, timeout=DEADLINE, check=False)


def make_checkpoint(d, status=0, **how):
    """Likewise, once the daemon's own is done (status 1: without waiting for that). Returns what it logged."""
    end = time.monotonic() + DEADLINE
    r = run_checkpoint(d, **how)
    while status != 1 and "another process makes one" in r.stderr and time.monotonic() < end:
        r = run_checkpoint(d, **how)
    assert r.returncode == status, (r.returncode, r.stderr)
    return r.stderr


def snapshot(d):
    """All that there is to ask, but for what is new at each start."""
    s = d.snapshot()
    s.epoch = 0
    for stream in s.value_streams:
        stream.sequence = 0
        for stage in stream.stages:
            stage.sequence = 0
    asked = d.ask(unmapped={}), d.ask(rejected={}), d.ask(sources={}), d.ask(items={})
    return [str(m) for m in (s, *asked)]


def item(d, key):
    return str(d.ask(item={"key": key}).item)


def some_batches(n, first=0):
    """Events that every table has something of: late ones, repeated ones, unmapped and rejected ones."""
    for i in range(first, first + n):
        yield batch(event("first.started", str(i), at=60.0 * i), event("first.done", str(i // 2), at=60.0 * i + 7),
                    event("nobody.knows", str(i), at=60.0 * i), event("ordered", at=60.0 * i),
                    event("second.done", str(i // 3), at=30.0 * i, sequence=i + 1), source=f"s{i % 3}")


class Program:
    """Another vsmd, in a `with`: VSMD_FAILING, whose disk fails when told to; VSMD_JUMPING, whose wall clock jumps."""

    def __init__(self, name):
        self.path = os.environ[name]

    def __enter__(self):
        self.before, harness.VSMD = harness.VSMD, self.path

    def __exit__(self, *_):
        harness.VSMD = self.before
