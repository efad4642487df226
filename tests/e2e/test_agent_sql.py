"""vsm agent sql: what a transaction put into an outbox table of PostgreSQL is there once, whatever ends in between."""
import os
import shutil
import tempfile
import threading
import time
import unittest

import agent_rig
import harness
from agent_rig import Agent, FixedDaemon, Postgres, Session, await_items
from curve_rig import CurveDaemon, Key
from harness import Daemon

with open(os.path.join(harness.ROOT, "docs", "emitting.md"), encoding="utf-8") as f:
    TABLE = f.read().split("```sql outbox.sql\n")[1].split("```")[0]  # as its reader is told to make it
FILE = """\
connect: {connect}
table: outbox
position: position
event:
  source: orders
  type: "{{data.kind}}"
  subject: "{{data.order_no}}"
  time: "{{data.happened}}"
  id: "{{data.id}}"
"""
AT = "'2023-11-14T23:00:00Z'"


def row(order, kind="first.done", payload="NULL"):
    return f"INSERT INTO outbox (kind, order_no, happened, payload) VALUES ('{kind}', '{order}', {AT}, {payload});"


class AgentSql(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(Postgres())

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="vsm-agent-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.server.sql("DROP TABLE IF EXISTS outbox;" + TABLE)

    def agent(self, endpoint, text=None):
        path = os.path.join(self.folder, "orders.yaml")
        with open(path, "w", encoding="utf-8") as f:
            f.write(text or FILE.format(connect=self.server.connect))
        return self.enterContext(Agent(endpoint, "sql", path))

    def position(self):
        path = os.path.join(self.folder, "position")
        if not os.path.exists(path):
            return None
        with open(path, encoding="utf-8") as f:
            return f.read()

    def test_rows_become_events_once(self):
        with Daemon(harness.config().replace("{data.order}", "{data.payload.order.no}")) as d:
            self.server.sql(row("A") + row("B", "ordered", """'{"order": {"no": 17}}'""") + row("C", "ordered") +
                            f"INSERT INTO outbox (order_no, happened) VALUES ('D', {AT});")
            a = self.agent(d.endpoint("submit"))
            done = a.once()
            self.assertEqual((done.returncode, done.stdout, done.stderr), (
                1, "outbox: connected\noutbox: 3 events sent: 2 accepted, 1 refused\n"
                "  refused: 1 missing_field\n  not read: 1 place of outbox\n",
                "outbox:4: no data.kind, of which the type is made\noutbox:3: refused: missing_field: data.payload.order.no (rule vsmd.yaml:22)\n"))
            items = d.ask(items=harness.query_pb2.ItemsRequest(stream="S")).items.items
            self.assertEqual(sorted(item.item for item in items), ["S:17", "S:A"])
            done = a.once()
            self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "outbox: connected\n", ""))
            os.remove(os.path.join(self.folder, "position"))
            self.assertEqual(a.once().returncode, 1)
            self.assertEqual((d.ingest().received, d.ingest().applied, d.ingest().duplicates), (6, 2, 2))

    def test_an_open_transaction_holds_back_what_came_behind_it(self):
        with Daemon() as d, Session(self.server) as early, Session(self.server) as late:
            a = self.agent(d.endpoint("submit"))
            early.say("BEGIN;" + row("early"))
            late.say(row("late"))
            self.assertEqual(a.once().returncode, 0)
            self.assertEqual(d.ingest().received, 0)
            early.say("COMMIT;")
            self.assertEqual(a.once().returncode, 0)
            self.assertEqual(d.ingest().applied, 2)

    def test_a_number_taken_before_its_transaction_shows(self):
        """The lower id comes into the table when the higher one was read long ago."""
        with Daemon() as d, Session(self.server) as early, Session(self.server) as late:
            a = self.agent(d.endpoint("submit"))
            late.say(row("first"))  # and with it the sequence writes ahead: the next numbers cost no transaction
            early.say("BEGIN;")
            low = early.say("SELECT nextval(pg_get_serial_sequence('outbox', 'id'));")[0]
            late.say(row("late"))
            self.assertEqual(a.once().returncode, 0)
            self.assertEqual(d.ingest().applied, 2)
            early.say("INSERT INTO outbox (id, kind, order_no, happened) OVERRIDING SYSTEM VALUE "
                      f"VALUES ({low}, 'first.done', 'early', {AT});COMMIT;")
            self.assertEqual(a.once().returncode, 0)
            self.assertEqual(d.ingest().applied, 3)

    def test_it_is_woken(self):
        """Looking each second alone, no row would be there within half of one."""
        with Daemon() as d:
            a = self.agent(d.endpoint("submit"))
            a.start()
            a.log.wait("^outbox: connected$")
            took = []
            for i in range(5):
                begun = time.monotonic()
                self.server.sql(row(str(i)))
                await_items(d, i + 1)
                took.append(time.monotonic() - begun)
            self.assertLess(min(took), 0.5)
            a.log.wait(r"^outbox: (\d) events? sent: \1 accepted, 0 refused$")

    def test_a_crash_takes_back_what_was_seen(self):
        """Its transaction's number is given again: what comes under it is no less read."""
        with Daemon() as d:
            a = self.agent(d.endpoint("submit"))
            self.server.sql("CHECKPOINT")
            self.server.sql("SET synchronous_commit TO off;" + row("lost"))
            a.start()
            await_items(d, 1)
            self.assertIsNone(self.position())
            self.server.crash()
            a.kill()
            self.server.start()
            self.assertEqual(self.server.sql("SELECT count(*) FROM outbox"), "0")
            self.server.sql(row("kept"))
            self.assertEqual(a.once().returncode, 0)
            await_items(d, 2)

    def test_nothing_is_lost_or_counted_twice(self):
        """Writers go on while the agent, the daemon and the server are killed."""
        over = threading.Event()

        def write(name):
            i = 0
            while not over.is_set():
                with self.server.psql() as p:
                    p.communicate("".join(row(f"{name}{i + k}") for k in range(200)))
                i += 200

        with FixedDaemon() as d:
            a = self.agent(d.submit)
            a.start()
            writers = [threading.Thread(target=write, args=(name,)) for name in "ABC"]
            for w in writers:
                w.start()
            for kill in (lambda: (a.kill(), a.start()), lambda: (d.end(), d.start_again()),
                         lambda: (self.server.crash(), self.server.start()), lambda: (a.kill(), a.start())):
                before = d.snapshot().value_streams[0].wip
                end = time.monotonic() + harness.DEADLINE
                while d.snapshot().value_streams[0].wip <= before:
                    self.assertLess(time.monotonic(), end, a.log.text())
                kill()
            over.set()
            for w in writers:
                w.join()
            rows = int(self.server.sql("SELECT count(*) FROM outbox"))
            await_items(d, rows)
            self.assertEqual(d.ingest().rejected, 0)

    def test_a_position_of_another_server(self):
        with Daemon() as d:
            a = self.agent(d.endpoint("submit"))
            self.server.sql(row("A"))
            self.assertEqual(a.once().returncode, 0)
            system, transaction, id = self.position().split()
            for other in (f"1{system} {transaction} {id}", f"{system} {int(transaction) + 1000000} {id}"):
                with open(os.path.join(self.folder, "position"), "w", encoding="utf-8") as f:
                    f.write(other + "\n")
                done = a.once()
                self.assertEqual(done.returncode, 1)
                self.assertIn("position is of another server", done.stderr)

    def test_a_password_comes_from_a_file_alone(self):
        with Daemon() as d:
            self.server.sql("DROP ROLE IF EXISTS reader; CREATE ROLE reader LOGIN PASSWORD 'geheim'; GRANT SELECT ON outbox TO reader;" + row("A"))
            hba = os.path.join(self.server.data, "pg_hba.conf")
            with open(hba, encoding="utf-8") as f:
                before = f.read()
            with open(hba, "w", encoding="utf-8") as f:
                f.write("local all reader scram-sha-256\n" + before)
            self.server.sql("SELECT pg_reload_conf()")
            connect = self.server.connect.replace("postgres user=postgres", "postgres user=reader")
            passfile = os.path.join(self.folder, "pass")
            with open(passfile, "w", encoding="utf-8") as f:
                f.write("*:*:*:reader:geheim\n")
            os.chmod(passfile, 0o600)
            refused = self.agent(d.endpoint("submit"), FILE.format(connect=connect + " password=geheim")).once()
            self.assertEqual(refused.returncode, 1)
            self.assertIn("orders.yaml:1:10: a password; allowed: passfile=FILE", refused.stderr)
            self.assertNotIn("geheim", refused.stderr)
            self.assertIn("fe_sendauth: no password", self.agent(d.endpoint("submit"), FILE.format(connect=connect)).once().stderr)
            done = self.agent(d.endpoint("submit"), FILE.format(connect=f"{connect} passfile={passfile}")).once()
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertEqual(d.ingest().applied, 1)

    def test_what_its_key_may_not_say_stays(self):
        key = Key("agent")
        with CurveDaemon(key.entry("emit", sources=["others"])) as d:
            files = ("--key", key.file(self.folder), "--server-key", d.server.file(self.folder, ".pub"))
            self.server.sql(row("A"))
            a = self.agent(d.endpoint("submit"))
            a.command += files
            done = a.once()
            self.assertEqual((done.returncode, self.position()), (1, None))
            self.assertIn("outbox: the daemon does not let this key speak for the source", done.stderr)
            d.reload(key.entry("emit", sources=["orders"]))
            done = a.once()
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertIn("1 accepted, 0 refused", done.stdout)

    def test_mistakes_are_said_with_their_place(self):
        done = self.agent("tcp://127.0.0.1:1", "connect: host\ntabel: x\nevent: {source: a, type: '{kind}', subject: '{subject}', time: x}\n").once()
        self.assertEqual(done.returncode, 1)
        for said in ("orders.yaml:1:10: no connection string", 'orders.yaml:2:1: unknown key "tabel"', "table", "position",
                     "orders.yaml:3:27: unknown field", "a record has no {subject}; allowed: its fields, as {data.subject}"):
            self.assertIn(said, done.stderr)
        a = self.agent("tcp://127.0.0.1:1", FILE.format(connect=self.server.connect).replace("outbox", "nowhere"))
        self.assertIn('nowhere: ERROR:  relation "nowhere" does not exist', a.once().stderr)


agent_rig.skip_without("no PostgreSQL server is installed", agent_rig.PROGRAMS)
harness.main()
