"""What vsm-notify tells, to whom and when: against a daemon that says what the test wants."""
import hashlib
import hmac
import json
import os
import re
import socket
import stat
import tempfile
import time
import unittest

import harness
from notify_rig import FakeDaemon, Http, Notify, alert, changes

FAST = """\
notify: {{ state: state, unheard_after: {unheard}, group_wait: {wait}, group_interval: {interval}, retry: {{ first: 20ms, most: 100ms }}{more} }}
receivers:
{receivers}
routes:
{routes}
"""


def config(receivers, routes=("{ receivers: [hook] }",), wait="0s", interval="0s", unheard="60s", more=""):
    """unheard: shorter than a machine may stand still, it says that nothing is heard, which most tests do not expect."""
    lines = lambda all: "\n".join("  - " + one for one in all)
    return FAST.format(unheard=unheard, wait=wait, interval=interval, more=more, receivers=lines(receivers), routes=lines(routes))


def hook(server, id="hook", more=""):
    return f'{{ id: {id}, webhook: {{ url: "{server.url}/{id}", timeout: 3s{more} }} }}'


def page_function(name):
    """A function that docs/notify.md shows."""
    with open(os.path.join(os.path.dirname(os.environ["WIRE_PAGE"]), "notify.md"), encoding="utf-8") as f:
        code = re.search(r"```python\n(.*?)```", f.read(), re.S).group(1)
    names = {}
    exec(code, names)
    return names[name]


class Told(unittest.TestCase):
    def setUp(self):
        self.daemon = self.enterContext(FakeDaemon())
        self.http = self.enterContext(Http())

    def enterContext(self, manager):
        value = manager.__enter__()
        self.addCleanup(manager.__exit__, None, None, None)
        return value

    def notify(self, text=None, files=None, env=None):
        return Notify(self.daemon, text or config([hook(self.http)]), files, env)

    def test_signs_of_life_to_a_service_manager(self):
        with tempfile.TemporaryDirectory(prefix="vsm-notify-e2e-") as directory:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
                s.bind(os.path.join(directory, "notify"))
                s.settimeout(harness.DEADLINE)
                with self.notify(env={"NOTIFY_SOCKET": s.getsockname(), "WATCHDOG_USEC": "40000"}):
                    self.assertEqual([s.recv(100) for _ in range(5)], [b"READY=1"] + 4 * [b"WATCHDOG=1"])
                while s.recv(100) != b"STOPPING=1":
                    pass

    def test_fires_joins_repeats_and_is_over(self):
        with self.notify():
            since = time.time_ns()
            self.daemon.tell(alert(number=1, since=since))
            m = self.http.message()
            self.assertEqual(changes(m), [("firing", "stage_stalled:S/first")])
            self.assertEqual((m["owner"], m["value_stream"], m["kind"]), ("Ops", "S", "alerts"))
            self.assertIn("stage_stalled at S/first: nothing moves.", m["text"])
            self.daemon.tell(alert(number=2, since=since, change="marked"))  # tells nobody anything
            self.daemon.tell(alert(number=3, since=since, change="joined", joined=["a", "b"], joined_count=2))
            m = self.http.message()
            self.assertEqual(changes(m), [("joined", "stage_stalled:S/first")])
            self.assertIn("joined: a, b", m["text"])
            self.daemon.tell(alert(number=4, since=since, change="repeated"))
            self.assertEqual(changes(self.http.message()), [("repeated", "stage_stalled:S/first")])
            self.daemon.tell(alert(number=5, since=since, state="resolved"))
            self.assertEqual(changes(self.http.message()), [("resolved", "stage_stalled:S/first")])

    def test_what_people_ask_stands_in_the_text(self):
        items = [{"item": f"so:{i}", "age_seconds": 3600.0 * (20 - i)} for i in range(10)]
        with self.notify():
            self.daemon.tell(alert(count=14, items=items, threshold_seconds=7200, observed_seconds=72000, rule="stall_after 2h",
                                   runbook="https://wiki/stall"))
            text = self.http.message()["text"]
            for wanted in ("14 items, the worst 10:", "so:0", "20 h 00 m", "rule stall_after 2h", "threshold 2 h 00 m, observed 20 h 00 m",
                           "ends: when something moves", "look: vsm items --stream S", "runbook: https://wiki/stall", "since 2"):
                self.assertIn(wanted, text)

    def test_nothing_is_told_of_what_is_blocked(self):
        mark = alert(stage="second", number=99)
        with self.notify():
            since = time.time_ns()
            self.daemon.tell(alert(kind="item_stalled", number=1, inhibited_by="crm", since=since),
                             alert(kind="wip_limit", number=2, silenced="ann until tomorrow: known", since=since),
                             alert(kind="sle_missed", number=3, acknowledged="ann: on it", since=since),
                             alert(kind="stage_stalled", number=4, state="pending", since=since), mark)
            seen = self.http.nothing_before(lambda m: mark.id in str(changes(m)))
            self.assertEqual(len(seen), 1, seen)
            # It is told as soon as nothing blocks it, and an acknowledged one when items join.
            self.daemon.tell(alert(kind="item_stalled", number=5, change="marked", since=since))
            self.assertEqual(changes(self.http.message()), [("firing", "item_stalled:S/first")])
            self.daemon.tell(alert(kind="sle_missed", number=6, acknowledged="ann: on it", change="joined", joined=["x"],
                                   joined_count=1, unacknowledged=1, since=since))
            self.assertEqual(changes(self.http.message()), [("firing", "sle_missed:S/first")])

    def test_a_silent_source_lists_what_it_blinds(self):
        with self.notify():
            silent = {"kind": "source_silent", "stream": "", "stage": "", "source": "crm", "blinds": ["S/first", "S/second"]}
            self.daemon.tell(alert(**silent, since=1))
            m = self.http.message()
            self.assertIn("not seen while it is silent: S/first, S/second", m["text"])
            self.assertEqual(m["alerts"][0]["alert"]["blinds"], ["S/first", "S/second"])
            self.daemon.tell(alert(**silent, since=1, state="resolved", number=2))
            self.assertIn("seen again: S/first, S/second", self.http.message()["text"])

    def test_what_fires_together_is_one_message(self):
        with self.notify(config([hook(self.http)], wait="300ms", interval="400ms")):
            self.daemon.tell(alert(stage="first", number=1), alert(stage="second", number=2), alert(stream="T", number=3),
                             alert(kind="wip_limit", number=4, owner="Other"))
            groups = sorted((m["value_stream"], m["owner"], len(m["alerts"])) for m in [self.http.message() for _ in range(3)])
            self.assertEqual(groups, [("S", "Ops", 2), ("S", "Other", 1), ("T", "Ops", 1)])
            self.daemon.tell(alert(stage="third", number=5))
            m = self.http.message()  # what changed alone
            self.assertEqual(changes(m), [("firing", "stage_stalled:S/third")])

    def test_what_is_over_within_the_wait_is_not_told(self):
        with self.notify(config([hook(self.http)], wait="500ms")):
            self.daemon.tell(alert(number=1), alert(number=2, state="resolved"), alert(stage="second", number=3))
            self.assertEqual(changes(self.http.message()), [("firing", "stage_stalled:S/second")])

    def test_routes(self):
        with Http() as other:
            text = config([hook(self.http), hook(other, "other")],
                          ['{ kind: item_*, stream: S, receivers: [other], continue: true }', '{ severity: info, drop: true }',
                           '{ stage: [second, third], receivers: [other] }', '{ receivers: [hook] }'])
            with self.notify(text):
                self.daemon.tell(alert(kind="item_stalled", number=1))
                self.assertEqual(changes(self.http.message()), [("firing", "item_stalled:S/first")])
                self.assertEqual(changes(other.message()), [("firing", "item_stalled:S/first")])
                self.daemon.tell(alert(number=2, severity="info"), alert(number=3, stage="third"), alert(number=4, stage="last"))
                self.assertEqual(changes(other.message()), [("firing", "stage_stalled:S/third")])
                self.assertEqual(changes(self.http.message()), [("firing", "stage_stalled:S/last")])

    def test_resolved_goes_where_firing_went(self):
        with Http() as other:
            receivers = [hook(self.http), hook(other, "other")]
            with self.notify(config(receivers, ["{ receivers: [other] }"])) as n:
                since = time.time_ns()
                self.daemon.tell(alert(number=1, since=since))
                self.assertEqual(changes(other.message()), [("firing", "stage_stalled:S/first")])
                n.log.wait("^event=delivered")  # else it would be delivered again
                n.end()
                n.write(config(receivers, ["{ receivers: [hook] }"]))  # the routes change meanwhile
                n.start()
                self.assertEqual(changes(self.http.message()), [("firing", "stage_stalled:S/first")])  # not told before
                self.daemon.tell(alert(number=2, since=since, state="resolved"))
                self.assertEqual(changes(other.message()), [("resolved", "stage_stalled:S/first")])
                self.assertEqual(changes(self.http.message()), [("resolved", "stage_stalled:S/first")])

    def test_what_happened_while_it_was_away(self):
        with self.notify() as n:
            since = time.time_ns()
            self.daemon.tell(alert(stage="first", number=1, since=since), alert(stage="second", number=2, since=since),
                             alert(stage="third", number=3, since=since))
            told = set()
            while len(told) < 3:
                m = self.http.message()
                told.update(changes(m))
                n.log.wait(f"^event=delivered .*id={m['id']}")
            n.end()
            self.daemon.hold(alert(stage="first", number=4, state="resolved", since=since, reason="It moved on."))
            del self.daemon.live["stage_stalled:S/third"]  # gone without a word
            self.daemon.hold(alert(stage="fourth", number=5))
            n.start()
            got = {}
            while len(got) < 3:
                got.update(e[::-1] for e in changes(self.http.message()))
            self.assertEqual(got, {"stage_stalled:S/first": "resolved", "stage_stalled:S/third": "resolved",
                                   "stage_stalled:S/fourth": "firing"})

    def test_the_daemon_is_not_heard(self):
        with self.notify(config([hook(self.http)], unheard="2s")) as n:
            since = time.time_ns()
            self.daemon.tell(alert(number=1, since=since))
            self.http.message()
            self.daemon.stop()
            m = self.http.message()
            self.assertEqual(changes(m), [("firing", "daemon_unheard")])
            self.assertEqual(m["alerts"][0]["alert"]["severity"], "critical")
            self.assertIn("Nothing is watched any more", m["text"])
            n.log.wait(f"^event=delivered .*id={m['id']}")
            n.kill_and_start()  # it does not tell again, and remembers
            n.log.wait("^event=ready")
            self.daemon.start_again(epoch=2)
            self.assertEqual(changes(self.http.message()), [("resolved", "daemon_unheard")])

    def test_a_daemon_with_a_smaller_epoch_is_heard(self):
        """It has no state directory, and the clock was set back before it began anew."""
        self.daemon.epoch = 9
        with Notify(self.daemon, config([hook(self.http)])):
            self.daemon.tell(alert(number=1))
            self.assertEqual(changes(self.http.message()), [("firing", "stage_stalled:S/first")])
            lists = self.daemon.asked
            self.daemon.stop()
            self.daemon.start_again(epoch=2)
            with self.daemon.changed:  # both halves of the list that a connection brings, and of the one that its first message does
                harness.wait_for("both lists", lambda: self.daemon.asked >= lists + 4, self.daemon.changed)
            self.daemon.tell(alert(stage="second", number=1))
            self.assertEqual(changes(self.http.message(lambda m: "second" in str(m))), [("firing", "stage_stalled:S/second")])

    def test_a_past_is_told_to_nobody(self):
        past = time.time_ns() - 2 * 86400 * 10**9
        self.daemon.status.update(clock="event", time_unix_nano=past)
        with Notify(self.daemon, config([hook(self.http)], more=", silent_while_behind: 1d")) as n:
            n.log.wait("^event=behind")
            self.daemon.tell(alert(number=1), alert(stage="second", number=2))
            n.log.wait("^event=heard")
            self.daemon.tell(alert(number=3, state="resolved"))
            self.daemon.status["time_unix_nano"] = time.time_ns()
            self.assertEqual(changes(self.http.message()), [("firing", "stage_stalled:S/second")])
            self.daemon.tell(alert(stage="third", number=4))
            self.assertEqual(changes(self.http.message()), [("firing", "stage_stalled:S/third")])

    def test_acks_stand_still(self):
        with self.notify():
            self.daemon.status.update(durable=False, trouble="disk full")
            m = self.http.message()
            self.assertEqual(changes(m), [("firing", "not_durable")])
            self.assertIn("disk full", m["text"])
            self.daemon.status.update(durable=True, trouble="")
            self.assertEqual(changes(self.http.message()), [("resolved", "not_durable")])

    def test_signature_and_secrets(self):
        key, token = "key-that-nobody-sees", "token-that-nobody-sees"
        text = config([hook(self.http, more=", key_file: key, token_file: token")])
        with self.notify(text, {"key": key + "\n", "token": token}) as n:
            self.daemon.tell(alert())
            _, headers, body, _ = self.http.next()
            signed = headers["VSM-Timestamp"].encode() + b"." + body
            self.assertEqual(headers["VSM-Signature"], "v1=" + hmac.new(key.encode(), signed, hashlib.sha256).hexdigest())
            genuine = page_function("is_genuine")  # as the page tells readers to verify it
            self.assertTrue(genuine(key.encode(), headers, body))
            self.assertFalse(genuine(b"another", headers, body) or genuine(key.encode(), headers, body + b" "))
            self.assertFalse(genuine(key.encode(), {**headers, "VSM-Timestamp": "1"}, body))
            self.assertEqual(headers["Authorization"], "Bearer " + token)
            self.assertEqual(headers["VSM-Delivery"], json.loads(body)["id"])
            n.log.wait("^event=delivered")
            with open(f"/proc/{n.process.pid}/limits", encoding="ascii") as f:
                self.assertRegex(f.read(), r"Max core file size +0 ")
            with open(f"/proc/{n.process.pid}/cmdline", encoding="utf-8") as f:
                self.assertNotIn(key, f.read())
            n.end()
            self.assertNotIn("nobody-sees", n.log.text())
            for name in os.listdir(os.path.join(n.directory, "state")):
                path = os.path.join(n.directory, "state", name)
                with open(path, "rb") as f:
                    self.assertNotIn(b"nobody-sees", f.read())
                self.assertEqual(stat.S_IMODE(os.stat(path).st_mode) & 0o077, 0, name)
            os.chmod(os.path.join(n.directory, "key"), 0o644)
            checked = n.run("--check")
            self.assertEqual(checked.returncode, 1)
            self.assertRegex(checked.stderr, r"notify.yaml:\d+:\d+: \S*key may be read or written by everybody \(mode 644\)")


class Digest(unittest.TestCase):
    def test_a_digest_waits_for_its_hour(self):
        """Over a restart, too; that it leaves when its hour comes: unit/notify_desk."""
        with FakeDaemon() as daemon, Http() as http:
            text = config([hook(http)], ["{ kind: item_stalled, receivers: [hook], digest: never }", "{ receivers: [hook] }"])
            text += 'calendars:\n  - { id: never, zone: UTC, week: ["sun 23:59-24:00"], holidays: [] }\n'
            with Notify(daemon, text) as n:
                daemon.tell(alert(kind="item_stalled", number=1), alert(number=2))
                self.assertEqual(changes(http.message()), [("firing", "stage_stalled:S/first")])
                n.kill_and_start()
                n.log.wait("^event=listed")
                daemon.tell(alert(stage="second", number=3))
                seen = http.nothing_before(lambda m: changes(m) == [("firing", "stage_stalled:S/second")])
                self.assertNotIn("item_stalled", str([changes(m) for m in seen]))


if __name__ == "__main__":
    harness.main()
