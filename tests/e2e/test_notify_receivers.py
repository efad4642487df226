"""vsm-notify against receivers as they are: Debian's Alertmanager, HTTP and mail servers that refuse, hang, are slow or answer 500 for a
while, programs that fail; and kills while things wait.
"""
import json
import os
import queue
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

import harness
from harness import DEADLINE, poll, process_state
from notify_rig import FakeDaemon, Http, Notify, alert, changes, read_mail
from test_notify import config, hook

ALERTMANAGER = shutil.which("prometheus-alertmanager")


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as s:
        return s.getsockname()[1]


class Alertmanager:
    """Debian's, which tells a webhook of ours what it would tell people."""

    CONFIG = """\
route: {{ receiver: ours, group_by: [owner, stream], group_wait: 200ms, group_interval: 300ms, repeat_interval: 1h }}
receivers:
  - name: ours
    webhook_configs: [{{ url: "{url}", send_resolved: true }}]
"""

    def __init__(self, hook_url):
        self.directory = tempfile.mkdtemp(prefix="vsm-alertmanager-")
        self.port = free_port()
        with open(os.path.join(self.directory, "alertmanager.yml"), "w", encoding="utf-8") as f:
            f.write(self.CONFIG.format(url=hook_url))
        self.start()

    def start(self):
        env = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
        self.process = subprocess.Popen([ALERTMANAGER, f"--config.file={self.directory}/alertmanager.yml",
                                         f"--storage.path={self.directory}/data", f"--web.listen-address=127.0.0.1:{self.port}",
                                         "--cluster.listen-address="], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=env)
        poll("the Alertmanager to be ready", lambda: self.get("/-/ready") is not None)

    def stop(self):
        self.process.kill()
        self.process.wait(DEADLINE)

    def get(self, path):
        try:
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            with opener.open(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.read()
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return None

    def alerts(self):
        return json.loads(self.get("/api/v2/alerts") or "[]")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.directory)


def seconds_of(rfc3339):
    return time.mktime(time.strptime(rfc3339[:19], "%Y-%m-%dT%H:%M:%S")) - time.timezone


@unittest.skipUnless(ALERTMANAGER, "prometheus-alertmanager is not installed")
class WithAlertmanager(unittest.TestCase):
    def settings(self, am):
        return config([f'{{ id: am, alertmanager: {{ url: "http://127.0.0.1:{am.port}/", resend_interval: 1s }} }}'], ["{ receivers: [am] }"])

    def told(self, http, status, ids):
        """Waits until the Alertmanager told of all these ids in this state; the label sets of its messages' groups."""
        groups, left = set(), set(ids)
        while left:
            m = json.loads(http.next()[2])
            for a in m["alerts"]:
                if a["status"] == status:
                    left.discard(a["labels"]["id"])
            groups.add(tuple(sorted(m["groupLabels"].items())))
        return groups

    def test_fires_groups_resolves_and_survives(self):
        with FakeDaemon() as daemon, Http() as http, Alertmanager(http.url) as am:
            since = time.time_ns()
            with Notify(daemon, self.settings(am)) as n:
                daemon.tell(alert(number=1, since=since, runbook="https://wiki"), alert(stage="second", number=2, since=since),
                            alert(stream="T", number=3, since=since))
                ids = ["stage_stalled:S/first", "stage_stalled:S/second", "stage_stalled:T/first"]
                groups = self.told(http, "firing", ids)
                self.assertEqual(groups, {(("owner", "Ops"), ("stream", "S")), (("owner", "Ops"), ("stream", "T"))})
                one = next(a for a in am.alerts() if a["labels"]["id"] == ids[0])
                self.assertEqual(one["labels"], {"alertname": "stage_stalled", "stream": "S", "stage": "first", "severity": "warning",
                                                 "owner": "Ops", "id": ids[0]})
                self.assertEqual(one["annotations"]["runbook_url"], "https://wiki")
                self.assertEqual(one["annotations"]["description"], "stage_stalled at S/first: nothing moves.")
                self.assertAlmostEqual(seconds_of(one["startsAt"]), since / 1e9, delta=1.1)
                self.assertAlmostEqual(seconds_of(one["endsAt"]), time.time() + 4, delta=3)  # four resend intervals ahead
                before = one["endsAt"]
                poll("the alert to be sent again", lambda: any(a["labels"]["id"] == ids[0] and a["endsAt"] > before for a in am.alerts()))
                # It begins anew, without what it knew: the alerts come back.
                am.stop()
                n.log.wait("^event=delivery_failed receiver=am")
                shutil.rmtree(os.path.join(am.directory, "data"))
                am.start()
                poll("all alerts to be there again", lambda: len(am.alerts()) == 3)
                # We begin anew: what was resolved meanwhile is told as resolved, the rest goes on.
                n.end(9)
                daemon.hold(alert(number=4, since=since, state="resolved"))
                n.start()
                self.told(http, "resolved", [ids[0]])
                poll("the others to go on", lambda: {a["labels"]["id"] for a in am.alerts()} == set(ids[1:]))
                daemon.tell(alert(stage="second", number=5, since=since, change="marked", silenced="ann until x: y"))
                poll("a silenced one to stay", lambda: any("silenced" in a["annotations"] for a in am.alerts()))
                daemon.tell(alert(stage="second", number=6, since=since, state="resolved"))
                self.told(http, "resolved", [ids[1]])

    def test_an_alert_ends_by_itself_when_nobody_says_that_it_fires(self):
        with FakeDaemon() as daemon, Http() as http, Alertmanager(http.url) as am:
            with Notify(daemon, self.settings(am)) as n:
                daemon.tell(alert(number=1))
                self.told(http, "firing", ["stage_stalled:S/first"])
                n.end()
                self.told(http, "resolved", ["stage_stalled:S/first"])


class WithHttp(unittest.TestCase):
    def test_faults_and_what_they_mean(self):
        answers = iter([(500, {}), (503, {}), (429, {"Retry-After": "1"}), (408, {}), "hang", (204, {})])
        with FakeDaemon() as daemon, Http(lambda: next(answers)) as http, Notify(daemon, config([hook(http)])) as n:
            daemon.tell(alert())
            ids, at = set(), []
            for _ in range(6):
                _, headers, body, answer = http.next()
                ids.add((headers["VSM-Delivery"], json.loads(body)["id"]))
                at.append(time.monotonic())
            self.assertEqual(len(ids), 1)  # the same for each try
            self.assertGreater(at[3] - at[2], 0.9)  # Retry-After
            n.log.wait("^event=delivered .*tries=6")

    def test_a_status_that_is_final(self):
        with FakeDaemon() as daemon, Http((404, {})) as http, Notify(daemon, config([hook(http)])) as n:
            daemon.tell(alert())
            http.next()
            n.log.wait('^event=given_up receiver=hook .*tries=1 why="HTTP 404" THIS MESSAGE IS LOST: the receiver refused it')

    def test_given_up_after_its_time_alone(self):
        with FakeDaemon() as daemon, Http((500, {})) as http:
            text = config([hook(http)]).replace("most: 100ms", "most: 50ms, give_up_after: 600ms")
            with Notify(daemon, text) as n:
                daemon.tell(alert())
                tries = int(n.log.wait("^event=given_up receiver=hook .*tries=(\\d+) .*give_up_after is over").group(1))
                self.assertGreater(tries, 5)

    def test_nobody_listens_then_somebody_does(self):
        with FakeDaemon() as daemon, Http() as http:
            port = free_port()
            text = config([f'{{ id: hook, webhook: {{ url: "http://127.0.0.1:{port}/" }} }}'])
            with Notify(daemon, text) as n:
                daemon.tell(alert())
                n.log.wait("^event=delivery_failed receiver=hook .*tries=3")
                n.end(9)
                n.write(config([hook(http)]))
                n.start()
                self.assertEqual(changes(http.message()), [("firing", "stage_stalled:S/first")])

    def test_a_dead_receiver_delays_no_other(self):
        with FakeDaemon() as daemon, Http("hang") as dead, Http() as good:
            text = config([hook(dead, "dead").replace("timeout: 3s", "timeout: 60s"), hook(good)], ["{ receivers: [dead, hook] }"])
            with Notify(daemon, text) as n:
                for i in range(20):
                    daemon.tell(alert(stage=f"s{i}", number=i + 1))
                    self.assertEqual(changes(good.message()), [("firing", f"stage_stalled:S/s{i}")])
                self.assertEqual(dead.got.qsize(), 1)  # one at a time
                n.end()

    def test_kills_lose_nothing(self):
        failing = threading.Event()
        failing.set()
        with FakeDaemon() as daemon, Http(lambda: (503, {}) if failing.is_set() else (200, {})) as http:
            with Notify(daemon, config([hook(http)])) as n:
                first = {}  # what a message's id was when it was first tried
                for i in range(8):
                    daemon.tell(alert(stage=f"s{i}", stream=f"S{i}", number=i + 1))
                    stage = f"stage_stalled:S{i}/s{i}"
                    while stage not in first:
                        m = json.loads(http.next()[2])
                        for _, id in changes(m):
                            first.setdefault(id, m["id"])
                            self.assertEqual(first[id], m["id"])
                    if i % 2:
                        n.kill_and_start()
                        n.log.wait("^event=listed")
                failing.clear()
                taken = {}
                while len(taken) < 8:
                    m = http.message()
                    for _, id in changes(m):
                        taken[id] = m["id"]
                self.assertEqual(taken, first)

    def test_heartbeat(self):
        with FakeDaemon() as daemon, Http() as http, Http() as beats:
            text = config([hook(http)], unheard="5s", more=f', heartbeat: {{ url: "{beats.url}/alive", interval: 50ms }}')
            with Notify(daemon, text) as n:
                self.assertEqual(beats.next()[0], "/alive")
                beats.next()
                # Where it began before it heard the daemon, such lines stand there already.
                with n.log.expect('^event=heartbeat_stops why="the daemon is not durable"'):
                    daemon.status["durable"] = False
                with n.log.expect("^event=heartbeat_goes_on"):
                    daemon.status["durable"] = True
                with n.log.expect('^event=heartbeat_stops why="the daemon is not heard"'):
                    daemon.mute = True

    def test_stuck_messages_stop_the_heartbeat(self):
        with FakeDaemon() as daemon, Http((500, {})) as http, Http() as beats:
            more = f', stuck_after: 300ms, heartbeat: {{ url: "{beats.url}/alive", interval: 50ms, method: POST }}'
            with Notify(daemon, config([hook(http)], more=more)) as n:
                beats.next()
                daemon.tell(alert())
                n.log.wait('^event=heartbeat_stops why="messages are stuck in the queue"')
                with n.log.expect("^event=heartbeat_goes_on"):
                    http.answer = (200, {})


    def test_an_alertmanager_that_is_gone_stops_the_heartbeat(self):
        with FakeDaemon() as daemon, Http() as beats:
            text = config([f'{{ id: am, alertmanager: {{ url: "http://127.0.0.1:{free_port()}" }} }}'], ["{ receivers: [am] }"],
                          more=f', stuck_after: 300ms, heartbeat: {{ url: "{beats.url}/alive", interval: 50ms }}')
            with Notify(daemon, text) as n:
                beats.next()
                daemon.tell(alert())
                n.log.wait('^event=heartbeat_stops why="messages are stuck in the queue"')


class Mails:
    """A mail server. `answer` is what it says to the text of a mail, or "hang"."""

    def __init__(self, answer="250 OK", context=None, authenticate=None):
        self.answer, self.got, self.release = answer, queue.Queue(), threading.Event()
        options = {}
        if context:
            options.update(tls_context=context, require_starttls=True)
        if authenticate:
            options.update(auth_required=True, authenticator=authenticate)
        self.controller = Controller(self, hostname="127.0.0.1", port=free_port(), **options)
        self.port = self.controller.port
        self.controller.start()

    async def handle_DATA(self, server, session, envelope):
        answer = self.answer() if callable(self.answer) else self.answer
        self.got.put((envelope.rcpt_tos, envelope.content, answer))
        if answer == "hang":
            import asyncio
            await asyncio.get_running_loop().run_in_executor(None, self.release.wait, DEADLINE)
            return "421 too late"
        return answer

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("unknown@"):
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    def next(self):
        return self.got.get(timeout=DEADLINE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.release.set()
        self.controller.stop()


class WithMail(unittest.TestCase):
    def settings(self, mails, more="", to="ann@example.com"):
        return config([f'{{ id: mail, mail: {{ server: "smtp://127.0.0.1:{mails.port}", from: vsm@example.com, to: [{to}], '
                       f'timeout: 4s{more} }} }}'], ["{ receivers: [mail] }"])

    def test_faults_and_what_a_mail_looks_like(self):
        answers = iter(["451 later", "hang", "250 OK"])
        with FakeDaemon() as daemon, Mails(lambda: next(answers)) as mails:
            with Notify(daemon, self.settings(mails, ", tls: off")) as n:
                daemon.tell(alert(owner="Kundendienst Köln\r\nBcc: evil@example.com", reason="Löst sich nicht.\r\n.\r\nBcc: x" + " y" * 500))
                ids = set()
                for _ in range(3):
                    to, content, _ = mails.next()
                    mail = read_mail(content)
                    ids.add(mail["Message-ID"])
                    self.assertEqual((to, mail["To"], mail["Bcc"]), (["ann@example.com"], "ann@example.com", None))
                    self.assertIn("Kundendienst Köln??Bcc: evil@example.com", mail["Subject"])
                    self.assertIn("Löst sich nicht.??.??Bcc: x", mail.get_content())
                    self.assertLess(max(map(len, content.split(b"\r\n"))), 120)
                self.assertEqual(len(ids), 1)
                n.log.wait("^event=delivered receiver=mail .*tries=")

    def test_owners_and_refused_recipients(self):
        with FakeDaemon() as daemon, Mails() as mails:
            more = ', tls: off, to_owner: { "Field": field@example.com }'
            with Notify(daemon, self.settings(mails, more, to="unknown@example.com, ann@example.com")) as n:
                daemon.tell(alert(number=1, owner="Field"))
                self.assertEqual(mails.next()[0], ["field@example.com"])
                daemon.tell(alert(number=2, stage="second"))
                self.assertEqual(mails.next()[0], ["ann@example.com"])  # one that is refused does not hold the other back
                n.log.wait("^event=given_up receiver=mail .*THIS MESSAGE IS LOST")

    def test_starttls_and_password(self):
        with tempfile.TemporaryDirectory() as directory, FakeDaemon() as daemon:
            key, certificate = directory + "/key", directory + "/cert"
            subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-days", "2",
                            "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, key)
            seen = queue.Queue()

            def authenticate(server, session, envelope, mechanism, data):
                seen.put((data.login, data.password))
                return AuthResult(success=data.password == b"pass-that-nobody-sees")

            with Mails(context=context, authenticate=authenticate) as mails:
                text = self.settings(mails, f", user: vsm, password_file: password, ca_file: {certificate}")
                with Notify(daemon, text, {"password": "pass-that-nobody-sees\n"}) as n:
                    daemon.tell(alert())
                    self.assertEqual(mails.next()[0], ["ann@example.com"])
                    self.assertEqual(seen.get(timeout=DEADLINE), (b"vsm", b"pass-that-nobody-sees"))
                    self.assertNotIn("nobody-sees", n.log.text())
                # Who cannot prove who it is gets no password.
                with Notify(daemon, text.replace(f", ca_file: {certificate}", ""), {"password": "pass-that-nobody-sees\n"}) as n:
                    n.log.wait("^event=delivery_failed receiver=mail")
                    self.assertTrue(seen.empty())


class WithPrograms(unittest.TestCase):
    def test_a_program_gets_the_message_and_may_fail(self):
        with FakeDaemon() as daemon:
            text = config(['{ id: run, command: { run: [/bin/sh, -c, "cat >>out; echo \\"$VSM_DELIVERY $1\\" >>ids; test -e good", sh, '
                           '"a b; $(touch evil)"], timeout: 5s } }'], ["{ receivers: [run] }"])
            with Notify(daemon, text) as n:
                daemon.tell(alert())
                n.log.wait('^event=delivery_failed receiver=run .*why="exit status 1')
                n.file("good", "")
                id = n.log.wait("^event=delivered receiver=run id=(\\w+)").group(1)
                with open(n.directory + "/ids", encoding="utf-8") as f:
                    self.assertEqual(set(f.read().splitlines()), {f"{id} a b; $(touch evil)"})
                self.assertFalse(os.path.exists(n.directory + "/evil"))
                with open(n.directory + "/out", encoding="utf-8") as f:
                    self.assertEqual(json.JSONDecoder().raw_decode(f.read())[0]["id"], id)

    def test_a_program_that_hangs_is_killed_with_its_children(self):
        with FakeDaemon() as daemon:
            text = config(['{ id: run, command: { run: [/bin/sh, -c, "sleep 1000 & echo $! >child; wait"], timeout: 300ms } }'],
                          ["{ receivers: [run] }"]).replace("first: 20ms, most: 100ms", "first: 1h, most: 1h")
            with Notify(daemon, text) as n:
                daemon.tell(alert())
                n.log.wait("^event=delivery_failed receiver=run .*not done within its timeout, and killed")
                with open(n.directory + "/child", encoding="ascii") as f:
                    child = int(f.read())
                poll("its child to be gone", lambda: process_state(child) in (None, "Z"))

    def test_log_and_test_messages(self):
        with FakeDaemon() as daemon, Http() as http, Http((403, {})) as closed:
            text = config(["{ id: book, log: book.log }", hook(http), hook(closed, "closed")], ["{ receivers: [book] }"])
            with Notify(daemon, text) as n:
                daemon.tell(alert())
                n.log.wait("^event=delivered receiver=book")
                with open(n.directory + "/book.log", encoding="utf-8") as f:
                    self.assertRegex(f.read(), r"^\d{4}-\S+ \S+ firing warning stage_stalled S/first: stage_stalled at S/first: nothing moves\.")
                for number, state in (2, "firing"), (3, "resolved"):
                    with n.log.expect("^event=delivered receiver=book"):
                        daemon.tell(alert(kind="source_silent", stream="", stage="", source="crm", blinds=["S/first"], state=state, number=number, since=1))
                with open(n.directory + "/book.log", encoding="utf-8") as f:
                    self.assertRegex(f.read(), r" firing .* Not seen while it is silent: S/first \[.*\n.* resolved .* Seen again: S/first \[")
                good, bad, none = n.run("--test", "hook"), n.run("--test", "closed"), n.run("--test", "nobody")
                self.assertEqual((good.returncode, good.stdout), (0, "hook: taken: HTTP 200\n"))
                self.assertEqual((bad.returncode, bad.stdout), (1, "closed: not taken: HTTP 403\n"))
                self.assertEqual((none.returncode, "no receiver" in none.stderr), (1, True))
                self.assertEqual(n.run("--nonsense").returncode, 2)
                self.assertEqual(n.run("--version").stdout.split()[0], "vsm-notify")


if __name__ == "__main__":
    harness.main()
