"""A disk that is really full: a small file system on a loop device, for which one has to be root."""
import os
import subprocess
import sys
import tempfile
import unittest

import harness
from harness import Daemon, batch, event

IMAGE_BYTES = 24 << 20


class Mount:
    """A small ext4 file system, in a `with`; OSError where none can be mounted."""

    def __enter__(self):
        self.root = tempfile.TemporaryDirectory(prefix="vsmd-disk-")
        image, self.path = os.path.join(self.root.name, "image"), os.path.join(self.root.name, "disk")
        os.mkdir(self.path)
        with open(image, "wb") as f:
            f.truncate(IMAGE_BYTES)
        for command in (["mkfs.ext4", "-q", "-F", image], ["mount", "-o", "loop", image, self.path]):
            try:
                done = subprocess.run(command, capture_output=True, text=True)
            except FileNotFoundError as e:
                raise OSError(str(e)) from e
            if done.returncode:
                self.root.cleanup()
                raise OSError(f"{' '.join(command)}: {done.stderr.strip()}")
        return self.path

    def __exit__(self, *_):
        subprocess.run(["umount", self.path], check=True)
        self.root.cleanup()


def fill(path):
    with open(path, "wb", buffering=0) as f:
        for size in (1 << 20, 4096, 1):
            try:
                while True:
                    f.write(b"x" * size)
            except OSError:
                pass


class FullDisk(unittest.TestCase):
    def test_acks_wait_for_room(self):
        with Mount() as disk, Daemon(harness.config(state=os.path.join(disk, "state"))) as d:
            c = d.client()
            acked = 0
            for _ in range(20):
                acked += c.submit(batch(*(event("first.started", str(acked + i)) for i in range(50)))).accepted
            filler = os.path.join(disk, "filler")
            fill(filler)
            ids = []
            while "the disk is full" not in d.status().trouble:  # the log has room of its own at first
                ids.append(c.send(batch(*(event("first.started", f"{len(ids)}-{i}", id="x" * 1000) for i in range(100)))))
            self.assertFalse(d.status().durable)
            d.log.wait(r'^event=trouble what="acks stand still, and it is tried again: the disk is full')
            os.remove(filler)
            self.assertEqual([c.receive()[0] for _ in ids], ids)
            d.log.wait(r'^event=trouble what="over"')
            d.end()
            d.start_again()
            self.assertEqual(d.ingest().applied, acked + 100 * len(ids))

    def test_a_start_on_a_full_disk_says_so(self):
        with Mount() as disk, Daemon(harness.config(state=os.path.join(disk, "state"))) as d:
            d.client().submit(batch(event()))
            d.end()
            filler = os.path.join(disk, "filler")
            fill(filler)
            d._start()
            d.log.wait("^event=ready |^event=start_failed")
            if "event=ready" not in d.log.text():
                self.assertIn("full", d.log.text())
                self.assertEqual(d.end(0), 1)
            else:
                d.end()
            os.remove(filler)
            d.start_again()
            self.assertEqual(d.ingest().applied, 1)


if __name__ == "__main__":
    try:
        with Mount():
            pass
    except OSError as e:
        print("skipped: no file system can be mounted here:", e)
        sys.exit(77)
    unittest.main()
