"""What tests of the state directory share."""
import os

import harness
from harness import batch, event


def config(**options):
    return harness.config(state="state", **options)


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
