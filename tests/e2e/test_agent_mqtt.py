"""vsm agent mqtt: a message that was published with QoS 1 is there once, whatever ends in between."""
import json
import os
import shutil
import subprocess
import tempfile
import threading
import time
import unittest

import zmq

import agent_rig
import harness
from agent_rig import Agent, FixedDaemon, Mosquitto, await_items
from harness import Daemon

with open(os.path.join(harness.ROOT, "docs", "emitting.md"), encoding="utf-8") as f:
    PAGE = f.read().split("```yaml plant.yaml\n")[1].split("```")[0]  # as its reader is told to write it
RULES = harness.config().replace("first.done", "machine.done")
AT = 1_700_000_000_000


def message(job, **more):
    return json.dumps({"job": job, "state": "done", "ts": AT, **more})


class AgentMqtt(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="vsm-agent-")
        self.addCleanup(shutil.rmtree, self.folder)

    def file(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        os.chmod(path, 0o600)
        return path

    def agent(self, endpoint, broker, extra="", page=PAGE):
        text = page.replace("broker: localhost\n", f"broker: 127.0.0.1\nport: {broker.port if broker else 1}\n{extra}")
        return self.enterContext(Agent(endpoint, "mqtt", self.file("plant.yaml", text)))

    def test_messages_become_events(self):
        with Daemon(RULES) as d, Mosquitto() as b:
            a = self.agent(d.endpoint("submit"), b)
            self.assertEqual((a.once().returncode, d.ingest().received), (0, 0))  # and the broker knows us
            b.publish("plant/7/state", message("A"), message("B", topic="mine"), "no JSON", message("C", ts="soon"))
            b.publish("plant/7/noise", message("X"))
            b.publish("plant/8/state", message("A"))
            done = a.once()
            self.assertEqual(done.returncode, 1)
            self.assertEqual(done.stderr.splitlines(), [
                "127.0.0.1: no data.state, of which the type is made",
                '127.0.0.1: time "soon" is not RFC 3339 (2025-01-31T12:00:00Z) or Unix seconds, after 1970 began and before 2100'])
            self.assertEqual(done.stdout.splitlines()[1:], ["127.0.0.1: 3 events sent: 3 accepted, 0 refused",
                                                            "  not read: 2 places of 127.0.0.1"])
            items = d.ask(items=harness.query_pb2.ItemsRequest(stream="S")).items.items
            self.assertEqual(sorted(item.item for item in items), ["S:7/A", "S:7/B", "S:8/A"])
            self.assertEqual((a.once().returncode, d.ingest().received), (0, 3))

    def test_the_broker_is_acked_behind_the_daemon(self):
        """An agent that dies between the two has lost nothing."""
        context = self.enterContext(zmq.Context())
        mute = self.enterContext(context.socket(zmq.ROUTER))  # takes events and never acks
        mute.linger, mute.rcvtimeo = 0, int(harness.DEADLINE * 1000)
        endpoint = f"tcp://127.0.0.1:{mute.bind_to_random_port('tcp://127.0.0.1')}"
        puback = "Received PUBACK from vsm-plant"
        with Daemon(RULES) as d, Mosquitto() as b:
            a = self.agent(endpoint, b)
            a.start()
            a.log.wait("^127.0.0.1: connected$")
            b.publish("plant/7/state", message("A"))
            self.assertIn(b"machine.done", mute.recv_multipart()[-1])
            b.publish("elsewhere", "x")  # the broker has answered another one, and would have heard us
            self.assertNotIn(puback, b.log.text())
            a.kill()
            a = self.agent(d.endpoint("submit"), b)
            a.start()
            await_items(d, 1)
            b.log.wait(puback)

    def test_nothing_is_lost_or_counted_twice(self):
        """A publisher goes on while the agent and the daemon are killed, and the broker begins anew."""
        over = threading.Event()
        published = 0

        def publish():
            nonlocal published
            while not over.is_set():
                payloads = [message(published + i) for i in range(200)]
                while not b.publish("plant/7/state", *payloads, check=False):
                    pass  # the broker was away: what it has of them counts once
                published += 200

        with FixedDaemon(RULES) as d, Mosquitto() as b:
            a = self.agent(d.submit, b)
            a.start()
            a.log.wait("^127.0.0.1: connected$")
            publisher = threading.Thread(target=publish)
            publisher.start()
            for kill in (lambda: (a.kill(), a.start()), lambda: (d.end(), d.start_again()),
                         lambda: (b.stop(), b.start()), lambda: (a.kill(), a.start())):
                before, end = d.snapshot().value_streams[0].wip, time.monotonic() + harness.DEADLINE
                while d.snapshot().value_streams[0].wip <= before:
                    self.assertLess(time.monotonic(), end, a.log.text())
                kill()
            over.set()
            publisher.join()
            await_items(d, published)
            self.assertEqual(d.ingest().rejected, 0)

    def test_passwords_and_encryption(self):
        certificate, key = os.path.join(self.folder, "cert.pem"), os.path.join(self.folder, "key.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
                        "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-out", certificate, "-keyout", key],
                       check=True, stderr=subprocess.DEVNULL)
        users = self.file("users", "reader:geheim\n")
        subprocess.run(["mosquitto_passwd", "-U", users], check=True)
        secret, wrong = self.file("password", "geheim\n"), self.file("wrong", "offen\n")
        with Daemon(RULES) as d, Mosquitto(f"password_file {users}\ncafile {certificate}\ncertfile {certificate}\nkeyfile {key}") as b:
            extra = f"user: reader\npassword_file: {secret}\nca_file: {certificate}\n"
            submit = d.endpoint("submit")
            self.assertIn("127.0.0.1: ", self.agent(submit, b).once().stderr)  # not encrypted
            done = self.agent(submit, b, extra.replace(secret, wrong)).once()
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertRegex(done.stderr, "not authorised")
            a = self.agent(submit, b, extra)
            self.assertEqual(a.once().returncode, 0)
            b.publish("plant/7/state", *(message(i) for i in range(300)),
                      options=("--cafile", certificate, "-u", "reader", "-P", "geheim", "-h", "127.0.0.1"))
            self.assertEqual(a.once().returncode, 0)
            await_items(d, 300)

    def test_mistakes_are_said_with_their_place(self):
        done = self.agent("tcp://127.0.0.1:1", None, page=PAGE.replace("plant/+/state", "plant/#/state").replace("client_id", "clientid")).once()
        self.assertEqual(done.returncode, 1)
        for said in ('unknown key "clientid" of the file; did you mean "client_id"?', "plant.yaml:4:", "no topic; allowed: levels apart by /"):
            self.assertIn(said, done.stderr)
        done = self.agent("tcp://127.0.0.1:1", None).once()
        self.assertEqual((done.returncode, done.stderr), (1, "127.0.0.1: cannot connect: Connection refused\n"))


agent_rig.skip_without("no Mosquitto broker is installed", agent_rig.MOSQUITTO)
harness.main()
