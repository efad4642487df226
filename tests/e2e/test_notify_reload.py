"""Another configuration for a vsm-notify that runs: whole or not at all, and what goes on over it."""
import os
import signal
import socket
import tempfile
import time
import unittest

import harness
from notify_rig import FakeDaemon, Http, Notify, alert, changes, read_mail
from test_notify import config, hook
from test_notify_receivers import Mails


class Reload(unittest.TestCase):
    def setUp(self):
        self.daemon = self.enterContext(FakeDaemon())
        self.http, self.other = self.enterContext(Http()), self.enterContext(Http())

    def enterContext(self, manager):
        value = manager.__enter__()
        self.addCleanup(manager.__exit__, None, None, None)
        return value

    def reload(self, notify, text, says="reloaded"):
        before = len(notify.log.lines)
        notify.write(text)
        notify.process.send_signal(signal.SIGHUP)
        notify.log.wait(f"^event={says} ", before)
        return "\n".join(notify.log.lines[before:])

    def receivers(self, url=None):
        return [hook(self.http) if url is None else f'{{ id: hook, webhook: {{ url: "{url}" }} }}', hook(self.other, "other")]

    def test_mistakes_are_told_and_the_one_before_goes_on(self):
        with Notify(self.daemon, config([hook(self.http)])) as n:
            said = self.reload(n, config([hook(self.http)], ["{ kind: item_stuck, receivers: [hook] }", "{ receivers: [hok] }"]),
                               "reload_refused")
            self.assertRegex(said, r'notify.yaml:\d+:\d+: no kind of alert "item_stuck"')
            self.assertRegex(said, r'notify.yaml:\d+:\d+: no receiver "hok"')
            self.assertIn("the one before goes on", said)
            self.daemon.tell(alert(number=1))
            self.assertEqual(changes(self.http.message()), [("firing", "stage_stalled:S/first")])
            said = self.reload(n, config([hook(self.http)]).replace("state: state", "state: elsewhere"), "reload_refused")
            self.assertIn("another state directory needs a restart", said)
            self.assertFalse(os.path.exists(os.path.join(n.directory, "elsewhere")))
            self.daemon.tell(alert(number=2, state="resolved"))
            self.assertEqual(changes(self.http.message()), [("resolved", "stage_stalled:S/first")])

    def test_who_is_told_by_other_routes(self):
        """What fires is offered to who was not told; that it is over, to all who were."""
        with Notify(self.daemon, config(self.receivers())) as n:
            since = time.time_ns()
            self.daemon.tell(alert(number=1, since=since))
            self.assertEqual(changes(self.http.message()), [("firing", "stage_stalled:S/first")])
            self.reload(n, config(self.receivers(), ["{ receivers: [other] }"]))
            self.assertEqual(changes(self.other.message()), [("firing", "stage_stalled:S/first")])
            self.daemon.tell(alert(number=2, since=since, state="resolved"), alert(stage="second", number=3))
            self.assertEqual(changes(self.http.message()), [("resolved", "stage_stalled:S/first")])
            seen = []  # in one message, or in two
            while len(seen) < 2:
                seen += changes(self.other.message())
            self.assertEqual(sorted(seen), [("firing", "stage_stalled:S/second"), ("resolved", "stage_stalled:S/first")])
            self.reload(n, config(self.receivers()))
            self.assertEqual(changes(self.http.message()), [("firing", "stage_stalled:S/second")])
            self.assertTrue(self.other.got.empty())

    def test_its_own_alerts_are_offered_too(self):
        self.daemon.status.update(durable=False, trouble="disk full")
        with Notify(self.daemon, config(self.receivers())) as n:
            self.assertEqual(changes(self.http.message()), [("firing", "not_durable")])
            self.reload(n, config(self.receivers(), ["{ receivers: [other] }"]))
            self.assertEqual(changes(self.other.message()), [("firing", "not_durable")])

    def test_the_queue_and_open_groups_go_on(self):
        refused = socket.socket()
        refused.bind(("127.0.0.1", 0))  # and nobody listens
        url = f"http://127.0.0.1:{refused.getsockname()[1]}/"
        slow = lambda text: text.replace("first: 20ms, most: 100ms", "first: 1h, most: 1h")
        with refused, Notify(self.daemon, slow(config(self.receivers(url)))) as n:
            self.daemon.tell(alert(number=1))
            delivery = n.log.wait("^event=delivery_failed receiver=hook id=(\\S+)").group(1)
            routes = ["{ kind: wip_limit, receivers: [other], group_wait: 0s }", "{ receivers: [hook] }"]
            self.reload(n, slow(config(self.receivers(), routes, wait="1s")))
            m = self.http.message()
            self.assertEqual((m["id"], changes(m)), (delivery, [("firing", "stage_stalled:S/first")]))
            self.daemon.tell(alert(number=2, stage="second"), alert(kind="wip_limit", number=3))
            self.other.message()  # so the first is there, too, and waits a second for others
            self.reload(n, slow(config(self.receivers(), routes, wait="1h")))
            self.assertEqual(changes(self.http.message()), [("firing", "stage_stalled:S/second")])

    def test_what_waits_by_a_route_that_is_another_is_told_once(self):
        mark = "{ kind: wip_limit, receivers: [hook], group_wait: 0s }"
        with Notify(self.daemon, config(self.receivers(), [mark, "{ receivers: [hook] }"], wait="1h")) as n:
            since = time.time_ns()
            self.daemon.tell(alert(number=1, since=since), alert(kind="wip_limit", number=2))
            self.assertEqual(changes(self.http.message()), [("firing", "wip_limit:S/first")])  # the other waits
            self.reload(n, config(self.receivers(), [mark, "{ stage: second, receivers: [other] }", "{ receivers: [hook] }"]))
            self.assertEqual(changes(self.http.message()), [("firing", "stage_stalled:S/first")])
            self.daemon.tell(alert(number=3, since=since, state="resolved"))
            self.assertEqual(changes(self.http.message()), [("resolved", "stage_stalled:S/first")])
            self.daemon.tell(alert(kind="wip_limit", stage="second", number=4))
            seen = self.http.nothing_before(lambda m: "wip_limit:S/second" in str(m))
            self.assertEqual(len(seen), 1, seen)

    def test_what_is_under_way_ends_as_it_began(self):
        """Its receiver is gone meanwhile, and comes back; it is not tried beside that."""
        self.http.answer = "hang"
        with Notify(self.daemon, config(self.receivers())) as n:
            self.daemon.tell(alert(number=1))
            self.http.next()
            self.reload(n, config(self.receivers()[1:], ["{ receivers: [other] }"]))
            self.assertEqual(changes(self.other.message()), [("firing", "stage_stalled:S/first")])
            self.reload(n, config(self.receivers()))
            self.assertTrue(self.http.got.empty())
            self.http.answer = (200, {})
            self.http.release.set()  # that one is hung up on, and tried again
            self.assertEqual(changes(self.http.message()), [("firing", "stage_stalled:S/first")])

    def test_a_receiver_that_is_gone(self):
        with Notify(self.daemon, config(self.receivers())) as n:
            since = time.time_ns()
            self.daemon.tell(alert(number=1, since=since))
            self.http.message()
            self.reload(n, config(self.receivers()[1:], ["{ receivers: [other] }"]))
            self.other.message()
            self.daemon.tell(alert(number=2, since=since, state="resolved"))
            self.assertEqual(changes(self.other.message()), [("resolved", "stage_stalled:S/first")])
            said = self.reload(n, config(self.receivers()[1:], ["{ receivers: [other] }"]))
            self.assertIn("event=receiver_gone receiver=hook", said)
            self.reload(n, config(self.receivers()))  # it is told when it is back
            self.assertEqual(changes(self.http.message()), [("resolved", "stage_stalled:S/first")])

    def test_what_nobody_can_deliver_is_given_up(self):
        """Its receiver was taken out, or is an Alertmanager now: it must not stop the heartbeat for ever."""
        am = f'{{ id: hook, alertmanager: {{ url: "{self.other.url}" }} }}'
        for receivers, route, why in ((self.receivers()[1:], "other", "the configuration has no such receiver"),
                                      ([am], "hook", "it is an Alertmanager now, which takes no messages")):
            with self.subTest(why), FakeDaemon() as daemon, Http((500, {})) as down, Http() as beats:
                text = config([hook(down)]).replace("first: 20ms, most: 100ms", "first: 1h, most: 1h")
                beat = f', stuck_after: 1ms, heartbeat: {{ url: "{beats.url}/alive", interval: 50ms }}'
                gone = config(receivers, [f"{{ receivers: [{route}] }}"], more=beat)
                with Notify(daemon, text) as n:
                    n.log.wait("^event=heard ")
                    daemon.tell(alert(number=1))
                    delivery = n.log.wait("^event=delivery_failed receiver=hook id=(\\S+)").group(1)
                    self.assertIn(f"event=receiver_gone receiver=hook messages for it wait, and {why}", self.reload(n, gone))
                    n.log.wait('^event=heartbeat_stops why="messages are stuck in the queue"')
                    with n.log.expect(f'^event=given_up receiver=hook id={delivery} tries=1 why="{why}" THIS MESSAGE IS LOST: give_up_after'), \
                            n.log.expect("^event=heartbeat_goes_on"):
                        self.reload(n, gone.replace("most: 100ms", "most: 100ms, give_up_after: 1ms"))
                    beats.next()
                    n.kill_and_start()
                    n.log.wait("^event=ready .* waiting=0")
                    n.log.wait("^event=listed ")

    def mail(self, mails):
        return config([f'{{ id: hook, mail: {{ server: "smtp://127.0.0.1:{mails.port}", from: vsm@example.com, tls: off, '
                       'to: [ann@example.com, bob@example.com], to_owner: { Field: field@example.com } } }'])

    def test_what_waits_when_a_receiver_becomes_mail_has_addresses(self):
        with Http((500, {})) as down, Mails() as mails:
            text = config([hook(down)]).replace("first: 20ms, most: 100ms", "first: 1h, most: 1h")
            with Notify(self.daemon, text) as n:
                since = time.time_ns()
                self.daemon.tell(alert(number=1, since=since))
                n.log.wait("^event=delivery_failed receiver=hook")
                with n.log.expect("^event=delivery_failed receiver=hook"):
                    self.daemon.tell(alert(number=2, since=since, state="resolved"), alert(stage="second", number=3, owner="Field"))
                self.reload(n, self.mail(mails))
                got = [mails.next() for _ in range(5)]
                told = lambda to: [read_mail(content)["Subject"] for recipients, content, _ in got if recipients == [to]]
                for to in ("ann@example.com", "bob@example.com"):
                    self.assertRegex("\n".join(told(to)), r"1 firing.* at S/first \(Ops\)\n.*1 resolved.* at S/first \(Ops\)$")
                self.assertRegex("\n".join(told("field@example.com")), r"1 firing.* at S/second \(Field\)$")

    def test_what_is_under_way_when_a_receiver_becomes_mail_has_addresses(self):
        self.http.answer = "hang"
        with Mails() as mails, Notify(self.daemon, config([hook(self.http)])) as n:
            self.daemon.tell(alert(number=1))
            self.http.next()
            self.reload(n, self.mail(mails))
            self.http.release.set()  # that one is hung up on
            self.assertEqual(sorted(mails.next()[0] for _ in range(2)), [["ann@example.com"], ["bob@example.com"]])

    def test_a_service_manager_is_told(self):
        with tempfile.TemporaryDirectory(prefix="vsm-notify-e2e-") as directory, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            s.bind(os.path.join(directory, "notify"))
            s.settimeout(harness.DEADLINE)
            with Notify(self.daemon, config([hook(self.http)]), env={"NOTIFY_SOCKET": s.getsockname()}) as n:
                self.assertEqual(s.recv(100), b"READY=1")
                for text, says in ((config([hook(self.http)]), "reloaded"), ("routes: []\n", "reload_refused")):
                    self.reload(n, text, says)
                    self.assertRegex(s.recv(100), rb"^RELOADING=1\nMONOTONIC_USEC=\d+$")
                    self.assertEqual(s.recv(100), b"READY=1")


if __name__ == "__main__":
    harness.main()
