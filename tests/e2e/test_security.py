"""CURVE: every role at every socket for everything that can be done there; those without a key, and with a wrong one."""
import itertools
import os
import re
import socket
import signal
import stat
import subprocess
import tempfile
import unittest

import zmq

import harness
from curve_rig import VSM, CurveDaemon, Key, config, disconnected, handshake
from harness import Daemon, batch, event, reasons
from vsm.v1 import query_pb2

ROLES = ("emit", "watch", "control")
SOCKETS = {"submit": zmq.DEALER, "subscribe": zmq.XPUB, "publish": zmq.SUB, "query": zmq.DEALER}
# What can be asked for, and which roles allow it.
QUESTIONS = {
    "snapshot": ({}, {"watch"}), "items": ({}, {"watch"}), "item": ({"key": "S:1"}, {"watch"}),
    "unmapped": ({}, {"watch"}), "rejected": ({}, {"watch"}), "sources": ({}, {"watch"}),
    "status": ({}, {"watch", "control"}), "series": ({"stream": "S", "window": "24h"}, {"watch"}),
    "edges": ({"stream": "S"}, {"watch"}), "bottleneck": ({}, {"watch"}),
    "forecast": ({"stream": "S", "items": 1}, {"watch"}), "segments": ({"stream": "S"}, {"watch"}),
    "visits": ({"stream": "S"}, {"watch"}),
    "alerts": ({}, {"watch"}), "reload": ({}, {"control"}), "withdraw": ({"key": "S:none"}, {"control"}),
    "forget": ({"key": "S:none"}, {"control"}), "rebuild": ({}, {"control"}), "clock_accept": ({}, {"control"}),
    "silence": ({"end": 99}, {"control"}), "acknowledge": ({"id": "none"}, {"control"}),
}


def every_client():
    """A key for each set of roles, and its entry."""
    keys = {}
    for n in range(1, len(ROLES) + 1):
        for roles in itertools.combinations(ROLES, n):
            keys[roles] = Key("-".join(roles))
    return keys, "".join(key.entry(*roles) for roles, key in keys.items())


class Matrix(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.keys, clients = every_client()
        cls.daemon = cls.enterClassContext(CurveDaemon(clients))

    def test_everything_that_can_be_asked_is_in_the_matrix(self):
        kinds = {field.name for field in query_pb2.Request.DESCRIPTOR.oneofs_by_name["kind"].fields}
        self.assertEqual(set(QUESTIONS), kinds)

    def test_submit(self):
        for roles, key in self.keys.items():
            with self.subTest(roles=roles):
                c = self.daemon.submitter(key)
                ack = c.submit(batch(event(subject="-".join(roles)), source="crm"))
                if "emit" in roles:
                    self.assertEqual((ack.accepted, reasons(ack)), (1, []))
                else:
                    self.assertEqual((ack.accepted, ack.rejected, reasons(ack)), (0, 1, [(0, "not_allowed")]))
                    self.assertIn(key.name, ack.errors[0].detail)
                ack = c.submit(batch(source="crm"))  # a sign of life
                self.assertEqual(reasons(ack), [] if "emit" in roles else [(0, "not_allowed")])

    def test_subscribe(self):
        watcher = self.daemon.asker(self.keys["watch",])
        for roles, key in self.keys.items():
            with self.subTest(roles=roles):
                before = watcher.ask(snapshot={}).snapshot.ingest
                s, _ = self.daemon.meet(zmq.XPUB, "subscribe", key)
                self.assertEqual(s.recv(), b"\x01v1/event/")
                s.send_multipart([b"v1/event/crm/", batch(event(subject="by-" + key.name)).SerializeToString()])
                after = before
                while after.received == before.received:
                    after = watcher.ask(snapshot={}).snapshot.ingest
                self.assertEqual((after.applied - before.applied, after.rejected - before.rejected),
                                 (1, 0) if "emit" in roles else (0, 1))

    def test_publish(self):
        for roles, key in self.keys.items():
            with self.subTest(roles=roles):
                after = len(self.daemon.log.lines)
                s = self.daemon.watcher(key, "v1/status/")
                if "watch" in roles:
                    self.assertEqual(s.receive()[0], "v1/status/")
                else:
                    self.daemon.log.wait(rf"^event=not_allowed client={key.name} socket=publish", after)
                    # Everybody else hears what is published meanwhile; this one does not.
                    self.daemon.watcher(self.keys["watch",], "v1/status/").receive()
                    self.assertEqual(s.socket.poll(0), 0)

    def test_query(self):
        self.daemon.submitter(self.keys["emit",]).submit(batch(event("first.started", "1")))
        for roles, key in self.keys.items():
            q = self.daemon.asker(key)
            for kind, (fields, allowed) in QUESTIONS.items():
                with self.subTest(roles=roles, kind=kind):
                    error = q.ask(**{kind: fields}).error
                    self.assertEqual(error.startswith("not_allowed: "), not allowed & set(roles), error)

    def test_who_is_not_let_in(self):
        stranger, good = Key("stranger"), self.keys[ROLES]
        before = self.daemon.asker(good).ask(status={}).status.refused_handshakes
        for name, kind in SOCKETS.items():
            with self.subTest(socket=name):
                self.assertTrue(handshake(self.daemon.meet(kind, name, good)[1]))
                for what, key, server in (("no key", None, None), ("a wrong key", stranger, None),
                                          ("a key of another server", good, Key("other"))):
                    s, events = self.daemon.meet(kind, name, key, server)
                    self.assertFalse(handshake(events), what)
                    s.close()
        self.daemon.log.wait(rf'^event=client_refused socket=query address=127.0.0.1 key="{re.escape(stranger.public)}"')
        self.assertGreaterEqual(self.daemon.asker(good).ask(status={}).status.refused_handshakes, before + len(SOCKETS))

    def test_status_says_so(self):
        self.assertEqual(self.daemon.asker(self.keys["watch",]).ask(status={}).status.security, "curve")


class Bounds(unittest.TestCase):
    """Sources and streams."""

    def setUp(self):
        self.crm, self.board, self.two, self.ops = Key("crm"), Key("board"), Key("two"), Key("ops")
        clients = (self.crm.entry("emit", sources=("crm", '"shop-*"')) + self.board.entry("watch", streams=("S",)) +
                   self.two.entry("watch", streams=("S", "T")) + self.ops.entry("emit", "watch", "control"))
        self.daemon = CurveDaemon(clients, config(streams=("S", "T", "U"), state="state"))
        self.daemon.__enter__()
        self.addCleanup(lambda: self.daemon.__exit__(None, None, None))

    def test_events_of_other_sources_are_taken_out(self):
        c = self.daemon.submitter(self.crm)
        ack = c.submit(batch(event(subject="1"), event(subject="2", source="bank"), event(subject="3", source="shop-7"),
                             event("", "4"), event(subject="5", source="bank"), source="crm"))
        self.assertEqual((ack.accepted, ack.rejected), (2, 3))
        self.assertEqual(reasons(ack), [(1, "not_allowed"), (3, "no_type"), (4, "not_allowed")])
        self.assertEqual(ack.errors[0].detail, "client crm may not speak for source bank")
        ack = c.submit(batch(event(subject="6"), event(subject="7"), source="bank"))
        self.assertEqual((ack.accepted, reasons(ack)), (0, [(0, "not_allowed"), (1, "not_allowed")]))
        self.assertEqual(reasons(c.submit(batch(source="bank"))), [(0, "not_allowed")])
        # A start reads the journal, which has nothing of it.
        before = [i.item for i in self.daemon.asker(self.ops).ask(items={"stream": "S"}).items.items]
        self.assertEqual(len(before), 2)
        self.daemon.end(signal.SIGTERM)
        self.daemon.start_again()
        after = [i.item for i in self.daemon.asker(self.ops).ask(items={"stream": "S"}).items.items]
        self.assertEqual(after, before)

    def test_topics_are_cut_to_what_may_be_watched(self):
        all_of_it, theirs = self.daemon.watcher(self.ops, "v1/"), self.daemon.watcher(self.board, "v1/")
        c = self.daemon.submitter(self.ops)
        heard, topics = set(), set()
        n = 0
        while not {"v1/metric/U/", "v1/transition/T/first/"} <= heard or not {"v1/status/", "v1/metric/S/first/"} <= topics:
            n += 1
            c.submit(batch(event("first.started", str(n), at=n)))
            for s, seen in ((all_of_it, heard), (theirs, topics)):
                while s.socket.poll(0):
                    seen.add(s.receive()[0])
        self.assertEqual({t for t in topics if not t.startswith(("v1/metric/S/", "v1/transition/S/", "v1/status/"))}, set())
        after = len(self.daemon.log.lines)
        self.daemon.watcher(self.board, "v1/metric/T/")
        self.daemon.log.wait(r"^event=not_allowed client=board socket=publish", after)

    def test_an_end_of_a_subscription(self):
        s, other = self.daemon.watcher(self.board, "v1/metric/"), self.daemon.watcher(self.board, "v1/status/")
        c = self.daemon.submitter(self.ops)
        c.submit(batch(event("first.started", "1")))
        s.until(lambda topic, p: topic == "v1/metric/S/")
        s.socket.unsubscribe("v1/metric/")
        s.socket.subscribe("v1/status/")
        s.until(lambda topic, p: topic == "v1/status/")
        other.receive()

    def test_questions(self):
        self.daemon.submitter(self.ops).submit(batch(event("first.started", "1")))
        board, two, ops = (self.daemon.asker(key) for key in (self.board, self.two, self.ops))
        names = lambda asker: [s.id for s in asker.ask(snapshot={}).snapshot.value_streams]
        self.assertEqual((names(board), names(two), names(ops)), (["S"], ["S", "T"], ["S", "T", "U"]))
        self.assertEqual({i.value_stream for i in board.ask(items={}).items.items}, {"S"})
        self.assertRegex(two.ask(items={}).error, "^not_allowed: a value stream has to be named; client two may watch: S, T$")
        self.assertEqual(two.ask(items={"stream": "T"}).error, "")
        self.assertRegex(board.ask(items={"stream": "T"}).error, "^not_allowed: ")
        self.assertRegex(board.ask(item={"key": "T:1", "stream": "T"}).error, "^not_allowed: ")
        for kind in ("sources", "unmapped", "rejected"):
            self.assertRegex(board.ask(**{kind: {}}).error, "^not_allowed: this is of all value streams")
        self.assertEqual(board.ask(status={}).error, "")

    def test_orders_leave_a_line(self):
        self.daemon.submitter(self.ops).submit(batch(event("first.started", "secret-17")))
        ops = self.daemon.asker(self.ops)
        self.assertEqual(ops.ask(withdraw={"key": "S:secret-17", "stream": "S"}).error, "")
        self.assertNotEqual(ops.ask(withdraw={"key": "S:none"}).error, "")
        self.assertNotEqual(ops.ask(acknowledge={"id": 'a"b\nc', "by": "x"}).error, "")
        self.daemon.asker(self.board).ask(forget={"key": "S:secret-17"})
        self.daemon.process.send_signal(signal.SIGHUP)
        self.daemon.log.wait("^event=order .*signal")
        path = os.path.join(self.daemon.directory, "state", "audit.log")
        who = f'client="ops" key="{self.ops.public}" address="127.0.0.1"'
        patterns = [f'{re.escape(who)} order="withdraw" stream="S" record=\\d+ outcome="done"',
                    f'{re.escape(who)} order="withdraw" outcome="failed"',
                    f'{re.escape(who)} order="acknowledge" alert="a b c" outcome="failed"',
                    'client="board" key=.* order="forget" outcome="not_allowed"',
                    'client="signal" order="reload" outcome="done"']
        lines = harness.read_lines(path, len(patterns))
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        self.assertEqual(len(lines), len(patterns))
        for line, pattern in zip(lines, patterns):
            self.assertRegex(line, rf"^time=20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ {pattern}$")
        self.assertNotIn("secret-17", "\n".join(lines))

    def await_subscriptions(self, n):
        q = self.daemon.asker(self.ops)
        harness.poll(f"{n} subscriptions", lambda: harness.subscriptions(q.ask(status={}).status) == n)

    def test_a_subscription_counts_once_and_ends_with_its_connection(self):
        two = self.daemon.watcher(self.two, *["v1/alert/"] * 4)
        self.await_subscriptions(1)
        self.daemon.watcher(self.ops, "v1/alert/")
        self.await_subscriptions(2)
        two.socket.close()
        self.await_subscriptions(1)

    def test_what_is_refused_does_not_count(self):
        self.daemon.watcher(self.crm, "v1/status/")
        self.daemon.log.wait("^event=not_allowed client=crm socket=publish")
        self.await_subscriptions(0)

    def test_two_prefixes_that_are_cut_to_the_same(self):
        c, w = self.daemon.submitter(self.crm), self.daemon.watcher(self.board, "v1/metric/", "v1/metric/S/")
        self.await_subscriptions(2)
        w.socket.unsubscribe("v1/metric/S/")
        self.await_subscriptions(1)
        c.submit(batch(event("first.started")))
        w.until(lambda topic, p: topic == "v1/metric/S/first/" and p.metric.stage.wip == 1)

    def test_refusals_are_counted(self):
        c, ops = self.daemon.submitter(self.crm), self.daemon.asker(self.ops)
        c.submit(batch(event(), event(source="bank"), source="crm"))
        self.daemon.asker(self.board).ask(sources={})
        self.assertEqual(ops.ask(status={}).status.refused_messages, 2)
        self.assertIn(("bank", "not_allowed", 1), [(r.source, r.reason, r.count) for r in ops.ask(rejected={}).rejected.rejected])
        for i in range(100):
            c.submit(batch(event(source="bank"), source="crm"))
        self.assertLess(self.daemon.log.text().count("event=not_allowed"), 25)


class Reload(unittest.TestCase):
    def test_a_removed_key_is_cut_off(self):
        good, bad = Key("good"), Key("bad")
        both = good.entry(*ROLES) + bad.entry(*ROLES)
        with CurveDaemon(both) as d:
            sockets = {name: d.meet(kind, name, bad) for name, kind in SOCKETS.items()}
            for s, events in sockets.values():
                self.assertTrue(handshake(events))
            sockets["publish"][0].subscribe("v1/")
            sockets["publish"][0].recv_multipart()
            untouched, after = d.submitter(good), len(d.log.lines)
            self.assertEqual(untouched.submit(batch(event())).accepted, 1)
            d.reload(good.entry(*ROLES))
            for name, (s, events) in sockets.items():
                with self.subTest(socket=name):
                    disconnected(events)
                    self.assertFalse(handshake(events))
                    d.log.wait(rf"^event=client_refused socket={name} ", after)
            # Who stays comes again by itself, to the same ports.
            self.assertEqual(d.submitter(good).submit(batch(event(subject="2"))).accepted, 1)
            self.assertEqual(d.watcher(good, "v1/status/").receive()[0], "v1/status/")
            self.assertEqual(d.asker(good).ask(status={}).error, "")

    def test_sockets_that_nobody_is_cut_off_from_stay(self):
        good, bad, never = Key("good"), Key("bad"), Key("never")
        with CurveDaemon(good.entry(*ROLES) + bad.entry("emit") + never.entry(*ROLES)) as d:
            s = d.watcher(good, "v1/status/")
            s.receive()
            self.assertEqual(d.submitter(bad).submit(batch(event())).accepted, 1)
            after = len(d.log.lines)
            d.reload(good.entry(*ROLES))
            d.log.wait(r"^event=listening socket=submit ", after)
            self.assertEqual([l for l in d.log.lines[after:] if "listening" in l and "socket=submit" not in l], [])
            s.receive()

    def test_a_new_client_and_other_rights(self):
        first, late = Key("first"), Key("late")
        with CurveDaemon(first.entry("watch")) as d:
            q, c = d.asker(first), d.submitter(first)
            self.assertEqual(reasons(c.submit(batch(event()))), [(0, "not_allowed")])
            d.reload(first.entry("emit") + late.entry("watch"))
            self.assertEqual(c.submit(batch(event())).accepted, 1)  # on the same connection
            self.assertRegex(q.ask(snapshot={}).error, "^not_allowed")
            self.assertEqual(d.asker(late).ask(snapshot={}).error, "")

    def test_a_bad_clients_file_changes_nothing(self):
        key = Key("ops")
        with CurveDaemon(key.entry(*ROLES)) as d:
            q = d.asker(key)
            d.write_clients(key.entry("admin"))
            self.assertRegex(q.ask(reload={}).error, r"clients\.yaml:1:\d+: no role; allowed: emit, watch, control")
            self.assertEqual(q.ask(snapshot={}).error, "")

    def test_ipc(self):
        good, bad = Key("good"), Key("bad")
        with tempfile.TemporaryDirectory(prefix="vsm-") as directory:
            text = config().replace('submit: "tcp://127.0.0.1:*"', f"submit: ipc://{directory}/submit")
            with CurveDaemon(good.entry(*ROLES) + bad.entry("emit"), text) as d:
                self.assertEqual(d.submitter(bad).submit(batch(event())).accepted, 1)
                for i in range(5):  # the path must be the new socket's each time
                    d.reload(good.entry(*ROLES))
                    self.assertEqual(d.submitter(good).submit(batch(event(subject=str(i)))).accepted, 1)
                    d.reload(good.entry(*ROLES) + bad.entry("emit"))
                    self.assertEqual(d.submitter(bad).submit(batch(event(subject=f"b{i}"))).accepted, 1)


class Rotation(unittest.TestCase):
    def test_a_next_endpoint_that_is_taken_changes_nothing(self):
        ops, new = Key("ops"), Key("new")
        with socket.create_server(("127.0.0.1", 0)) as other, CurveDaemon(ops.entry(*ROLES), files=[new]) as d:
            at = f"tcp://127.0.0.1:{other.getsockname()[1]}"
            d.write(config(f"{{ key: vsmd.key, clients: clients.yaml, next: {{ key: new.key, query: 'tcp://127.0.0.1:*', submit: '{at}' }} }}"))
            q = d.asker(ops)
            self.assertRegex(q.ask(reload={}).error, rf"daemon\.curve\.next: {re.escape(at)}: Address already in use, held by ")
            self.assertEqual(d.submitter(ops).submit(batch(event())).accepted, 1)
            other.close()
            self.assertEqual(q.ask(reload={}).error, "")
            d.log.wait(rf"^event=listening socket=submit endpoint={re.escape(at)}")

    def test_two_keys_of_the_server(self):
        client, new = Key("client"), Key("new")
        with CurveDaemon(client.entry(*ROLES), files=[new]) as d:
            self.assertEqual(d.submitter(client).submit(batch(event())).accepted, 1)
            d.write(config("{ key: vsmd.key, clients: clients.yaml, next: { key: new.key, submit: 'tcp://127.0.0.1:*', query: 'tcp://127.0.0.1:*' } }"))
            after = len(d.log.lines)
            d.reload()
            at = d.log.wait(r"^event=listening socket=submit endpoint=(\S+)", after).group(1)
            self.assertEqual(at, d.endpoint("submit"))
            lines = [l for l in d.log.lines[after:] if l.startswith("event=listening socket=submit")]
            next_at = lines[1].split("endpoint=")[1].split()[0]
            self.assertNotEqual(next_at, at)
            self.assertEqual(d.submitter(client, endpoint=next_at, server=new).submit(batch(event(subject="2"))).accepted, 1)
            self.assertEqual(d.submitter(client).submit(batch(event(subject="3"))).accepted, 1)
            self.assertFalse(handshake(d.meet(zmq.DEALER, "submit", client, server=new)[1]))  # not at the old endpoint
            # The next key is the key from now on.
            d.write(config("{ key: new.key, clients: clients.yaml }"))
            d.reload()
            self.assertEqual(d.submitter(client, server=new).submit(batch(event(subject="4"))).accepted, 1)
            self.assertFalse(handshake(d.meet(zmq.DEALER, "submit", client)[1]))


class Start(unittest.TestCase):
    def refused(self, text, files=()):
        with tempfile.TemporaryDirectory(prefix="vsm-") as directory:
            for name, content in files:
                with open(os.path.join(directory, name), "w", encoding="utf-8") as f:
                    f.write(content)
            path = os.path.join(directory, "vsmd.yaml")
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
            done = subprocess.run([harness.VSMD, "--config", path], capture_output=True, text=True, timeout=60, check=False)
            self.assertEqual(done.returncode, 1)
            return done.stderr

    def test_beyond_this_machine(self):
        text = harness.config().replace('publish: "tcp://127.0.0.1:*"', 'publish: "tcp://0.0.0.0:*"')
        self.assertRegex(self.refused(text), r'vsmd\.yaml:\d+:\d+: "tcp://0\.0\.0\.0:\*": listens beyond this machine')

    def test_a_key_that_is_none(self):
        key = Key("vsmd")
        for content, what in (("", "no secret key"), (f'public_key: "{key.public}"\n', "no secret key"),
                              ('secret_key: "short"\n', "no secret key")):
            said = self.refused(config(), [("vsmd.key", content), ("clients.yaml", key.entry("emit"))])
            self.assertRegex(said, what)
        self.assertRegex(self.refused(config(), [("clients.yaml", key.entry("emit"))]), "vsmd.key: No such file")

    def test_insecure_says_so_everywhere(self):
        text = harness.config().replace("daemon:\n", "daemon:\n  insecure: true\n", 1)
        with Daemon(text) as d:  # nothing listens beyond: then there is nothing to say
            self.assertEqual(d.status().security, "local")
        with Daemon(text.replace('publish: "tcp://127.0.0.1:*"', 'publish: "tcp://0.0.0.0:*"')) as d:
            d.log.wait("^event=insecure ")
            self.assertEqual(d.status().security, "insecure")
            done = subprocess.run([VSM, "status", "--query", d.endpoint("query")], capture_output=True, text=True, timeout=60, check=False)
            self.assertRegex(done.stdout, "insecure")
            s = d.socket(zmq.SUB, "query") and d.context.socket(zmq.SUB)
            d.sockets.append(s)
            s.rcvtimeo, s.linger = int(harness.DEADLINE * 1000), 0
            s.connect(d.endpoint("publish").replace("0.0.0.0", "127.0.0.1"))
            s.subscribe("v1/status/")
            self.assertIn(b"insecure", s.recv_multipart()[1])


harness.main()
