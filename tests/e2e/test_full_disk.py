"""A disk that is really full: a small file system on a loop device, for which one has to be root."""
import os
import sys
import unittest

import harness
from disk import Disk, why_none
from harness import Daemon, batch, event

IMAGE_BYTES = 24 << 20


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
        with Disk(IMAGE_BYTES) as disk, Daemon(harness.config(state=os.path.join(disk.path, "state"))) as d:
            c = d.client()
            acked = 0
            for _ in range(20):
                acked += c.submit(batch(*(event("first.started", str(acked + i)) for i in range(50)))).accepted
            filler = os.path.join(disk.path, "filler")
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
        with Disk(IMAGE_BYTES) as disk, Daemon(harness.config(state=os.path.join(disk.path, "state"))) as d:
            d.client().submit(batch(event()))
            d.end()
            filler = os.path.join(disk.path, "filler")
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
    why = why_none(IMAGE_BYTES)
    if why:
        print("skipped: no file system can be mounted here:", why)
        sys.exit(77)
    unittest.main()
