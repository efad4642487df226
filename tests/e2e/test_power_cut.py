"""Power cuts, on a disk of their own, for which one has to be root. `./dev crash` does many."""
import os
import random
import sys
import unittest

import crash
import harness
from disk import Disk, why_none
from harness import Daemon, batch, event
from state import Program

SECONDS = 15
DISK_BYTES = 64 << 20


class PowerCut(unittest.TestCase):
    def test_what_was_acked_is_there(self):
        seed = random.randrange(2**32)
        print("seed", seed)
        with Program("VSMD_FAILING"):
            totals = crash.run(SECONDS, seed, "all")
        crash.report(totals)
        crash.judge(totals, SECONDS)
        self.assertGreater(totals["cuts"], 2)

    def test_a_disk_that_does_not_sync_loses_it(self):
        """So a sync that is missing would be found out."""
        with Disk(DISK_BYTES) as disk, Program("VSMD_FAILING"), \
                Daemon(harness.config(state=os.path.join(disk.path, "state"))) as d:
            self.assertTrue(d.client().submit(batch(event(subject="1"))).durable)
            d.end()
            d.start_again(env={"VSM_UNSYNCED": "1"})
            self.assertTrue(d.client().submit(batch(event(subject="2"))).durable)
            disk.cut()
            d.end()
            disk.again()
            d.start_again()
            self.assertLess(d.ingest().received, 2)


if __name__ == "__main__":
    why = why_none(crash.DISK_BYTES)
    if why:
        print("skipped: no file system can be mounted here:", why)
        sys.exit(77)
    unittest.main()
