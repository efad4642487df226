"""vsm-notify beside the daemon itself: a stage that stops and goes on, silences, a restart, and a daemon that is killed."""
import signal
import time
import unittest

import harness
from harness import Daemon, batch
from notify_rig import Http, Notify, changes
from test_notify import config, hook
from vsm.v1 import event_pb2

ID = "stage_stalled:S/first"


def submit(daemon, type, subject):
    ack = daemon.client().submit(batch(event_pb2.Event(type=type, subject=subject, time_unix_nano=time.time_ns())))
    assert ack.rejected == 0, ack


class Endpoints:
    """Where a real daemon listens, as notify_rig wants to know it."""

    def __init__(self, daemon):
        self.query, self.publish = daemon.endpoint("query"), daemon.endpoint("publish")


class WithDaemon(unittest.TestCase):
    def text(self, state=None):
        return harness.config(clock="wall", state=state).replace("{ id: first, name: First }",
                                                                 "{ id: first, name: First, stage_stall_after: 300ms }")

    def test_from_an_event_that_does_not_come_to_a_message(self):
        with Daemon(self.text(state="state")) as d, Http() as http:
            with Notify(Endpoints(d), config([hook(http)], unheard="12s")) as n:
                submit(d, "first.started", "1")
                m = http.message()
                self.assertEqual(changes(m), [("firing", ID)])
                alert = m["alerts"][0]["alert"]
                self.assertEqual((alert["value_stream"], alert["stage"], alert["state"]), ("S", "first", "firing"))
                for key in ("reason", "ends_when", "look"):
                    self.assertNotEqual(alert[key], "", key)
                    self.assertIn(alert[key], m["text"])
                n.log.wait("^event=delivered")
                n.end(signal.SIGKILL)
                submit(d, "first.done", "1")  # it is over while nobody listens
                n.start()
                self.assertEqual(changes(http.message(lambda m: "resolved" in str(changes(m)))), [("resolved", ID)])
                d.end()
                m = http.message()
                self.assertEqual(changes(m), [("firing", "daemon_unheard")])
                self.assertIn("Nothing is watched any more", m["text"])
                d._start()  # so that the harness finds a daemon to end
                d.log.wait("^event=ready")

    def test_a_rule_is_put_right(self):
        """A rebuild, after which the numbers of alerts begin anew: what fired before and is none now is over, and fires again."""
        limits = lambda text, first: text.replace("{ id: first, name: First", f"{{ id: first, name: First, wip_limit: {first}").replace(
            "{ id: second, name: Second }", "{ id: second, name: Second, wip_limit: 1 }")
        entered = lambda type: f'  - {{ source: "*", type: {type}, stage: S/second, lifecycle: start, item: "S:{{subject}}" }}\n'
        plain = self.text(state="state").replace(", stage_stall_after: 300ms", "")
        wrong, right = limits(plain, 1) + entered("seen"), limits(plain, 100) + entered("second.started") + entered("seen").replace("start,", "complete,")
        first, second = "wip_limit:S/first", "wip_limit:S/second"
        with Daemon(wrong) as d, Http() as http:
            with Notify(Endpoints(d), config([hook(http)])):
                for subject in "ab":
                    submit(d, "first.started", subject)
                self.assertEqual(changes(http.message()), [("firing", first)])
                submit(d, "first.done", "a")
                self.assertEqual(changes(http.message()), [("resolved", first)])
                for subject in "ab":
                    submit(d, "seen", subject)
                self.assertEqual(changes(http.message()), [("firing", second)])
                number = d.ask(alerts={}).alerts.alerts[0].number
                d.write(right)
                self.assertEqual(d.ask(reload={}).error, "")
                self.assertEqual(d.ask(rebuild={}).error, "")
                self.assertEqual(changes(http.message()), [("resolved", second)])
                for subject in "cd":
                    submit(d, "second.started", subject)
                self.assertEqual(changes(http.message()), [("firing", second)])
                self.assertLess(d.ask(alerts={}).alerts.alerts[0].number, number)


if __name__ == "__main__":
    harness.main()
