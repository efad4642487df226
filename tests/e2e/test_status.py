"""How the daemon fares, in the three places that tell it: vsm status, v1/status/ and /metrics of vsm-web."""
import os
import subprocess
import time
import unittest

from prometheus_client.openmetrics.parser import text_string_to_metric_families

import harness
import hostile
from harness import DEADLINE, VSMD, Daemon, batch, event
from web_rig import Web

LATE_S = 100
# What is told: a field of Status, what `vsm status` prints of it, and its family on the page.
TOLD = {
    "rates": ("received_per_second", r"pace: .* events a second", "vsm_events"),
    "backlog": ("waiting_bytes", r"kB wait", "vsm_waiting_bytes"),
    "memory": ("memory_bytes", r"items: .* MB", "vsm_memory_resident_bytes"),
    "commit latency": ("commit_worst_seconds", r"acks: at most \d+ ms behind", "vsm_commit_worst_seconds"),
    "lag per source": ("lags", r"sources, .*: late 1 m 4\d s, ", "vsm_source_delay_p95_seconds"),
    "slow subscribers": ("bounds", r"subscribers: \d+; [1-9]\d* times one was too slow", "vsm_bound_overflows"),
    "disk days left": ("disk_days_left", r"disk: .* GB free", "vsm_disk_left_seconds"),
}


class Status(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        text = hostile.with_limits(state="state", publish_queue=10).replace("clock: event", "clock: wall")
        cls.daemon = cls.enterClassContext(Daemon(text))
        cls.web = cls.enterClassContext(Web(cls.daemon))
        cls.enterClassContext(hostile.Peer(cls.daemon, "deaf_subscribers", 1))
        published = cls.daemon.subscriber("v1/status/")
        c, now = cls.daemon.client(), time.time() - harness.T0
        for source, delay in (("early", 0), ("late", LATE_S)):
            assert c.submit(batch(event("first.started", source, at=now - delay), source=source)).accepted == 1

        lost, turn, end = 0, 0, time.monotonic() + DEADLINE
        while lost == 0 and time.monotonic() < end:
            turn += 1
            c.submit(batch(*(event("known." + "x" * 4000, f"{turn}-{i}", at=now) for i in range(500)), source="variety"))
            lost = next(b.beyond for b in cls.daemon.status().bounds if b.name == "publish_queue")
        cls.published = published.until(lambda topic, p: p.status.lags and p.status.received_per_second)[1].status
        cls.status = cls.daemon.status()
        ask = [os.path.join(os.path.dirname(VSMD), "vsm"), "status", "--query", cls.daemon.endpoint("query")]
        cls.text = subprocess.run(ask, capture_output=True, text=True, check=True).stdout
        cls.json = subprocess.run([*ask, "--json"], capture_output=True, text=True, check=True).stdout
        page = cls.web.request("GET", "/metrics", headers={"Accept": "application/openmetrics-text"})
        cls.families = {f.name: f for f in text_string_to_metric_families(page.body.decode())}

    def test_all_of_it_in_all_three(self):
        fields = self.status.DESCRIPTOR.fields_by_name
        for what, (field, line, family) in TOLD.items():
            with self.subTest(what):
                self.assertIn(field, fields)
                self.assertIn(f'"{field}"', self.json)
                self.assertRegex(self.text, line)
                if field == "disk_days_left":  # which does not fill, so there is no sample
                    self.assertIn("vsm_disk_free_bytes", self.families)
                    continue
                self.assertTrue(self.families[family].samples)
                if field != "waiting_bytes":  # the disk keeps up
                    self.assertTrue(getattr(self.published, field), self.published)

    def test_the_latest_first(self):
        lags = self.status.lags
        self.assertEqual(lags[0].source, "late")
        self.assertEqual({l.source for l in lags}, {"late", "early", "variety"})
        self.assertGreaterEqual(lags[1].delay_p95_seconds, lags[2].delay_p95_seconds)
        self.assertAlmostEqual(lags[0].delay_p95_seconds, LATE_S, delta=LATE_S * 0.05)
        self.assertGreater(lags[0].last_unix_nano, 0)
        page = {s.labels["source"]: s.value for s in self.families["vsm_source_delay_p95_seconds"].samples}
        self.assertEqual(page["late"], lags[0].delay_p95_seconds)


if __name__ == "__main__":
    harness.main()
