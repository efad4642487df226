"""The query socket."""
import unittest

import zmq

import harness
from harness import Daemon, batch, event
from vsm.v1 import query_pb2


class Query(unittest.TestCase):
    def test_snapshot_of_one_stream(self):
        with Daemon(harness.config(("S", "T"))) as d:
            d.client().submit(batch(event()))
            all = d.snapshot()
            self.assertEqual([s.id for s in all.value_streams], ["S", "T"])
            self.assertEqual(all.time_unix_nano, harness.T0 * 10**9)
            one = d.ask(snapshot=query_pb2.SnapshotRequest(stream="T")).snapshot
            self.assertEqual([s.id for s in one.value_streams], ["T"])
            self.assertEqual([s.id for s in one.value_streams[0].stages], ["first", "second"])
            self.assertEqual([w.window for w in one.value_streams[0].windows], ["all", "1h", "24h", "7d", "30d"])

    def test_unknown_names_are_answered_with_the_known_ones(self):
        with Daemon(harness.config(("S", "T"))) as d:
            for request in ({"snapshot": {"stream": "X"}}, {"items": {"stream": "X"}}, {"item": {"stream": "X"}}):
                error = d.ask(**request).error
                self.assertIn('"X"', error)
                self.assertIn("S, T", error)
            error = d.ask(items=query_pb2.ItemsRequest(stream="S", stage="third")).error
            self.assertIn("first, second", error)
            self.assertIn("allowed: queued", d.ask(items=query_pb2.ItemsRequest(state="lost")).error)
            self.assertIn("cursor", d.ask(items=query_pb2.ItemsRequest(cursor="?")).error)

    def test_items_in_pages(self):
        with Daemon() as d:
            d.client().submit(batch(*(event("first.started", subject=f"{i:03}", at=i) for i in range(250))))
            seen, cursor, pages = [], "", 0
            while pages == 0 or cursor:
                reply = d.ask(items=query_pb2.ItemsRequest(stream="S", stage="first", limit=100, cursor=cursor))
                self.assertEqual(reply.error, "")
                seen += [row.item for row in reply.items.items]
                cursor = reply.items.cursor
                pages += 1
            self.assertEqual(seen, [f"S:{i:03}" for i in range(250)])
            row = d.ask(items=query_pb2.ItemsRequest(limit=1)).items.items[0]
            self.assertEqual((row.stage, row.state, row.age_seconds), ("first", "active", 249))

    def test_a_cursor_stays_in_its_value_stream(self):
        """Else who may see one of them alone would see all by a cursor of his own making."""
        with Daemon(harness.config(("S", "T"))) as d:
            d.client().submit(batch(event("first.started", "1", at=0), event("first.started", "2", at=1)))
            for sort, cursor in (("", "a0.0.0.0.0"), ("last", "l0.0.0.0.0")):
                self.assertIn("cursor", d.ask(items=query_pb2.ItemsRequest(stream="T", sort=sort, cursor=cursor)).error)
                for stream in ("", "S"):
                    self.assertEqual(d.ask(items=query_pb2.ItemsRequest(stream=stream, sort=sort, cursor=cursor)).error, "")
            for cursor in ("p101.0.0.0.1", "p0.0.0.0.0"):
                reply = d.ask(items=query_pb2.ItemsRequest(stream="T", sort="pace", cursor=cursor))
                self.assertEqual({row.value_stream for row in reply.items.items} - {"T"}, set())

    def test_sources_beyond_the_bound(self):
        """One that the configuration names is told apart all the same; of the others together no number is missing."""
        text = harness.config(sources="sources: [ { id: crm, silent_after: 1h } ]").replace("daemon:\n", "daemon:\n  limits: { sources: 2 }\n", 1)
        with Daemon(text) as d:
            c = d.client()
            for source in ("meter-1", "meter-2", "crm"):
                c.submit(batch(event("first.started", source, at=0, sequence=1), source=source))
            for n in (5000, 9000):
                c.submit(batch(event("first.started", f"m{n}", at=1, sequence=n), source=f"meter-{n}"))
            c.submit(batch(event("first.started", "c", at=2, sequence=3), source="crm"))
            rows = {row.source: (row.received, row.gaps) for row in d.ask(sources={}).sources.sources}
            self.assertEqual(rows, {"meter-1": (1, 0), "meter-2": (1, 0), "crm": (2, 1), "other": (2, 0)})
            self.assertEqual(d.ingest().gaps, 1)

    def test_item(self):
        with Daemon() as d:
            d.client().submit(batch(event("first.started"), event(at=60)))
            item = d.ask(item=query_pb2.ItemRequest(key="S:1")).item
            self.assertEqual((item.item, item.state), ("S:1", "open"))
            self.assertEqual([(t.stage, t.lifecycle, t.type) for t in item.transitions],
                             [("first", "start", "first.started"), ("first", "complete", "first.done")])
            self.assertRegex(item.transitions[0].rule, r"vsmd\.yaml:\d+$")
            self.assertEqual([(v.stage, v.how, v.active_seconds) for v in item.visits],
                             [("first", "completed", 60), ("second", "", 0)])
            self.assertIn("S:2", d.ask(item=query_pb2.ItemRequest(key="S:2")).error)

    def test_item_in_several_streams(self):
        with Daemon(harness.config(("S", "T")).replace('"S:{subject}"', '"k:{subject}"')
                    .replace('"T:{subject}"', '"k:{subject}"')) as d:
            d.client().submit(batch(event()))
            self.assertIn("S, T", d.ask(item=query_pb2.ItemRequest(key="k:1")).error)
            self.assertEqual(d.ask(item=query_pb2.ItemRequest(key="k:1", stream="T")).item.value_stream, "T")

    def test_edges(self):
        with Daemon(harness.config(("S", "T"))) as d:
            d.client().submit(batch(event("first.started", "1", 0), event("first.done", "1", 60),
                                    event("second.done", "1", 3660), event("first.started", "2", 3600)))
            m = d.ask(edges=query_pb2.EdgesRequest(stream="S", window="1h")).edges
            self.assertEqual((m.value_stream, m.name, m.outcome, m.window, m.time_unix_nano),
                             ("S", "Stream S", "Done", "1h", (harness.T0 + 3660) * 10**9))
            self.assertEqual([(e.to, e.kind, e.count, e.total) for e in m.edges],
                             [("first", "drawn", 1, 2), ("second", "drawn", 0, 1), ("(outcome)", "drawn", 1, 1)])
            self.assertEqual([getattr(e, "from") for e in m.edges], ["(start)", "first", "second"])
            self.assertEqual((m.edges[0].handover_time.count, m.edges[0].handover_time.mean), (1, 0))
            self.assertEqual([(s.id, s.name, s.wip, s.arrivals) for s in m.stages],
                             [("first", "First", 1, 1), ("second", "Second", 0, 0)])
            self.assertEqual(d.ask(edges=query_pb2.EdgesRequest(stream="S")).edges.window, "30d")
            self.assertIn("known: S, T", d.ask(edges=query_pb2.EdgesRequest()).error)
            self.assertIn("known: S, T", d.ask(edges=query_pb2.EdgesRequest(stream="X")).error)
            self.assertIn("known: all, 1h, 24h, 7d, 30d", d.ask(edges={"stream": "S", "window": "2h"}).error)

    def test_bottleneck(self):
        with Daemon(harness.config(("S", "T"))) as d:
            d.client().submit(batch(*(event(subject=str(i), at=i) for i in range(8)), event("second.done", at=60)))
            reply = d.ask(bottleneck=query_pb2.BottleneckRequest(window="1h")).bottleneck
            self.assertEqual(reply.time_unix_nano, (harness.T0 + 60) * 10**9)
            self.assertEqual([s.value_stream for s in reply.value_streams], ["S", "T"])
            s = reply.value_streams[0]
            self.assertEqual((s.window, s.window_seconds, s.observed_seconds), ("1h", 3600, 60))
            second, first = s.stages  # eight came, one left
            self.assertEqual((second.stage, second.rank, second.score), ("second", 1, 0))
            self.assertEqual((second.wip, second.arrivals, second.departures, second.growth), (7, 8, 1, 7))
            self.assertEqual((first.stage, first.rank, first.arrivals), ("first", 2, 8))
            d.client().submit(batch(*(event(subject=str(i), at=60) for i in range(8, 10))))
            s = d.ask(bottleneck=query_pb2.BottleneckRequest(stream="S")).bottleneck.value_streams[0]
            self.assertEqual(s.window, "30d")
            self.assertEqual([(r.signal, r.weight) for r in s.stages[0].reasons], [("growth", 1), ("overload", 0.9)])
            self.assertAlmostEqual(s.stages[0].score, 1.9)
            self.assertEqual(list(s.stages[1].reasons), [])
            self.assertIn("S, T", d.ask(bottleneck=query_pb2.BottleneckRequest(stream="X")).error)
            self.assertIn("known: all, 1h, 24h, 7d, 30d", d.ask(bottleneck={"window": "2h"}).error)

    def test_forecast(self):
        with Daemon() as d:
            day = 86400
            d.client().submit(batch(*(event(type, subject=str(i), at=(i + late) * day) for i in range(40)
                                      for type, late in (("first.started", 0), ("first.done", 0.5), ("second.done", 1)))))
            d.client().submit(batch(event("first.started", subject="new", at=40 * day)))
            ask = lambda **request: d.ask(forecast=query_pb2.ForecastRequest(stream="S", **request))
            f = ask(items=5, seed=9).forecast  # one a day; the first was done on day 1, now is day 40
            self.assertEqual((f.kind, f.items, f.seed, f.trouble, f.zone), ("items", 5, 9, "", "UTC"))
            self.assertEqual((f.days, f.done, f.first_date), (38, 38, "2023-11-16"))
            self.assertEqual([(c.chance, c.date, c.tested) for c in f.chances],
                             [(share, "2023-12-29", 1) for share in (0.5, 0.85, 0.95)])
            self.assertEqual(f.chances[0].unix_nano, 1703894400 * 10**9)  # 2023-12-30T00:00:00Z
            self.assertEqual((f.trials, f.tests, f.test_days), (10000, 14, 5))
            f = ask(by="2023-12-31").forecast
            self.assertEqual((f.kind, f.by, [c.items for c in f.chances]), ("by", "2023-12-31", [7, 7, 7]))
            f = ask(item="S:new").forecast
            self.assertEqual((f.kind, f.item, f.stage, f.like), ("item", "S:new", "first", 40))
            self.assertEqual({c.unix_nano for c in f.chances}, {(harness.T0 + 41 * day) * 10**9})
            self.assertEqual((ask().forecast.kind, ask().forecast.items), ("open", 1))
            self.assertEqual(ask(items=3, seed=4), ask(items=3, seed=4))
            for request, words in (({"by": "2023-12-24"}, "from tomorrow on"), ({"by": "soon"}, "2026-12-31"),
                                   ({"item": "S:0"}, "not in progress"), ({"item": "x"}, '"x"'),
                                   ({"item": "x", "items": 1}, "one of them")):
                self.assertIn(words, ask(**request).error)
            self.assertIn("without a value stream", d.ask(forecast={}).error)

    def test_unmapped_rejected_sources(self):
        with Daemon() as d:
            d.client().submit(batch(event("a"), event("a"), event("b"), event("ordered")))
            rows = d.ask(unmapped={}).unmapped.unmapped
            self.assertEqual([(r.source, r.type, r.count) for r in rows], [("crm", "a", 2), ("crm", "b", 1)])
            rows = d.ask(rejected={}).rejected.rejected
            self.assertEqual([(r.source, r.type, r.reason, r.count) for r in rows],
                             [("crm", "ordered", "missing_field", 1)])
            row = d.ask(sources={}).sources.sources[0]
            self.assertEqual((row.source, row.received, row.unmapped, row.rejected), ("crm", 4, 3, 1))

    def test_status(self):
        with Daemon() as d:
            d.client().submit(batch(event()))
            s = d.status()
            self.assertEqual((s.clock, s.items_open, s.items_held, s.durable, s.trouble), ("event", 1, 1, False, ""))
            self.assertEqual(s.configuration, d.path)
            self.assertEqual(s.ingest.received, 1)
            self.assertGreater(s.memory_bytes, 1_000_000)
            self.assertGreater(s.configured_unix_nano, 0)
            self.assertIn(s.version, d.log.text())

    def test_what_is_no_question(self):
        with Daemon() as d:
            s = d.socket(zmq.DEALER, "query")
            for frame in (b"", b"\xff\xff", b"\xfa\x01\x00", b"\x0a\x02\x0a\x00\xff"):
                s.send_multipart([b"id", frame])
                id, reply = s.recv_multipart()
                self.assertEqual(id, b"id")
                self.assertNotEqual(query_pb2.Reply.FromString(reply).error, "", frame)

    def test_req_and_wrong_frames(self):
        with Daemon() as d:
            bad = d.socket(zmq.DEALER, "query")
            for frames in ([b"alone"], [b"", b"x"], [b"a", b"b", b"c", b"d"]):
                bad.send_multipart(frames)
            bad.send_multipart([b"last", query_pb2.Request(status={}).SerializeToString()])
            self.assertEqual(bad.recv_multipart()[0], b"last")
            req = d.socket(zmq.REQ, "query")
            req.send_multipart([b"id", query_pb2.Request(status={}).SerializeToString()])
            id, reply = req.recv_multipart()
            self.assertEqual(id, b"id")
            self.assertEqual(query_pb2.Reply.FromString(reply).status.bad_frames, 3)


harness.main()
