"""Requests that no honest client sends, over plain sockets to a vsm-web with sanitizers: a fixed load, the same for the same seed
(VSM_FUZZ_SEED, VSM_FUZZ_REQUESTS). After each of them vsm-web answers others as before, and what it said was HTTP; what two readers
could understand in two ways is never taken for two requests.
"""
import os
import random
import re
import socket
import time
import unittest

from harness import DEADLINE, Daemon, batch, config, event
from web_rig import Web

SEED = int(os.environ.get("VSM_FUZZ_SEED", "1"))
REQUESTS = int(os.environ.get("VSM_FUZZ_REQUESTS", "1500"))
STATUS_LINE = re.compile(rb"HTTP/\d+\.\d+ (\d{3}) [ -~]+\r\n")  # libevent refuses what it cannot read in the version that it was asked in
PATHS = ["/", "/healthz", "/readyz", "/metrics", "/api/v1/snapshot", "/api/v1/items", "/api/v1/items/S:1", "/api/v1/edges?stream=S", "/api/v1/bottleneck",
         "/api/v1/forecast?stream=S", "/api/v1/alerts", "/api/v1/sources", "/api/v1/unmapped", "/api/v1/rejected", "/api/v1/status",
         "/api/v1/openapi.json", "/api/v1/stream?events=x", "/api/v1/events", "/api/v1/nothing",
         "/api/v1/series?stream=S", "/api/v1/alerts/wip_limit:S%2Ffirst/ack", "/api/v1/alerts/x/silence", "/api/v1/silences/1", "/login", "/logout"]
EVENT = b'{"specversion":"1.0","source":"crm","type":"first.done","subject":"1","time":"2023-11-14T22:13:20Z","data":{"a":{"b":[1,2]}}}'
TRICKS = ["/../", "/./", "//", "/%2e%2e/", "/%2E%2E%2f", "/..%5c", "/%00", "%00", "%", "%g1", "%c0%af", "%ff", ";x=y", "\\", "/*", "/~", "%252e", "?" * 40,
          "&&&=&=", "?a=1&a=2", "#x", " ", "\t", "/" * 300, "a" * 3000, "?" + "&".join(f"p{i}" for i in range(60)), "é"]
METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PATCH", "get", "G E T", "", "X" * 40, "GET\0", "PRI"]
VERSIONS = ["HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "HTTP/0.9", "HTTP/1.11", "HTTP/9999999999.1", "http/1.1", "", "HTTP/1.1 x"]
HEADERS = ["Accept: " + "text/csv, " * 500, "Accept-Encoding: gzip;q=0, *;q=0.5", "If-None-Match: " + '"a", ' * 300, "Cookie: " + "a=b; " * 400,
           "Content-Type: application/cloudevents+json", "Content-Type: application/cloudevents-batch+json; charset=utf-8", "Content-Type: ", "Content-Type: application/json", "Content-Type: application/x-www-form-urlencoded", "Authorization: Bearer " + "x" * 500, "Accept: text/csv",
           "ce-specversion: 1.0", "ce-type: t", "ce-source: %zz%ff%00", "ce-time: 9999999999999999999", "Range: bytes=0-1", "Expect: 100-continue",
           "Expect: 200-what", "Connection: close", "Connection: keep-alive, Upgrade", "Upgrade: websocket", "Last-Event-ID: 1-x", "Origin: null",
           "Origin: http://evil.example", "X-Forwarded-For: " + "9" * 2000, ": nothing", "no colon", "A\0: b", "B: c\0d", "\x80\xff: \xfe", "X: " + "x" * 20000,
           "Content-Length: 0", "Content-Length: -1", "Content-Length: +5", "Content-Length: 99999999999999999999", "Content-Length: 5 5", "Content-Length: 0x5",
           "Content-Length: 4294967301", "Content-Length: ", "Transfer-Encoding: chunked", "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: xchunked",
           "Transfer-Encoding: chunked, chunked", "Transfer-Encoding : chunked", "Transfer-Encoding:\vchunked", "Host: a", "Host: b\r\n\tc", " folded: x"]
BODIES = [b"", b'{"by": "a", "why": "b", "for_seconds": 1e400}', b'{"by": "\\u0000", "lost": 1}', b"token=%zz&token=%00", EVENT, b"[" + EVENT + b"]", b"[" * 5000, b"{", b"\xff" * 100, b"0\r\n\r\n", b"5\r\nhello\r\n0\r\n\r\n", b"ffffffffffffffff\r\nx", b"-1\r\nx\r\n0\r\n\r\n",
          b"5;ext=" + b"e" * 5000 + b"\r\nhello\r\n0\r\n\r\n", b"1\r\nab\r\n0\r\n\r\n", b"0\r\nTrailer: x\r\n\r\n", b"x" * 70000]
HIDDEN = b"GET /api/v1/status?hidden HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"  # it would be answered: 400 names the parameter
SMUGGLED = b"hidden"

# Each says in two ways where its body ends, or where a header does.
AMBIGUOUS = [
    b"POST /api/v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nContent-Length: %d\r\n\r\n",
    b"POST /api/v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\nContent-Length: 0\r\n\r\n",
    b"POST /api/v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST /api/v1/events HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nContent-Length: %d\r\n\r\n0\r\n\r\n",
    b"POST /api/v1/events HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: xchunked\r\nContent-Length: %d\r\n\r\n",
    b"POST /api/v1/events HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n%d",
    b"POST /api/v1/events HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding : chunked\r\nContent-Length: %d\r\n\r\n",
    b"POST /api/v1/events HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding:\r\n chunked\r\nContent-Length: %d\r\n\r\n",
    b"POST /api/v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d, 0\r\n\r\n",
    b"POST /api/v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: +%d\r\n\r\n",
    b"POST /api/v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Length : %d\r\n\r\n",
    b"POST /api/v1/events HTTP/1.1\r\nHost: localhost\r\nX: y\rContent-Length: %d\r\n\r\n",
    b"POST /api/v1/events HTTP/1.1\r\nHost: localhost\r\nHost: i\r\nContent-Length: %d\r\n\r\n",
    b"POST /api/v1/events HTTP/1.1\r\nHost: localhost\r\nX\0: y\r\nContent-Length: 0\r\nContent-Length: %d\r\n\r\n",
    b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0x%x\r\n\r\n",
]

READ = (b"GET", b"POST", b"PUT", b"DELETE", b"OPTIONS", b"CONNECT", b"PATCH")
UNREAD = (b"HEAD", b"TRACE", b"PROPFIND", b"get")  # of a request with these libevent reads no body, whatever its headers say
LENGTH = b"%s /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"
CHUNK = b"%s /healthz HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n"


def flat(text):
    return text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text


class Fuzz(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = cls.enterClassContext(Daemon(config()))
        cls.daemon.client().submit(batch(*(event("first.started", str(i), at=i) for i in range(20))))
        cls.web = cls.enterClassContext(Web(cls.daemon))
        host, _, port = cls.web.address.rpartition(":")
        cls.where = (host, int(port))

    def exchange(self, sent, end=True):
        """All that comes back until the connection ends. end: ours does once it is sent."""
        with socket.create_connection(self.where, timeout=DEADLINE) as s:
            got = b""
            try:
                s.sendall(sent)
                if end:
                    s.shutdown(socket.SHUT_WR)
                while part := s.recv(65536):
                    got += part
            except (ConnectionResetError, BrokenPipeError):
                pass
            return got

    def alive(self):
        answer = self.web.get("/healthz")
        self.assertEqual((answer.status, answer.body), (200, b"ok\n"))

    def request(self, dice):
        path = dice.choice(PATHS)
        for _ in range(dice.choice((0, 0, 1, 1, 2, 5))):
            at = dice.randrange(len(path) + 1)
            path = path[:at] + dice.choice(TRICKS) + path[at:]
        method = dice.choice(METHODS) if dice.random() < 0.3 else dice.choice(("GET", "POST", "HEAD"))
        version = dice.choice(VERSIONS) if dice.random() < 0.1 else "HTTP/1.1"
        lines = [f"{method} {path} {version}"] + (["Host: localhost"] if dice.random() < 0.9 else [])
        lines += dice.choices(HEADERS, k=dice.choice((0, 1, 2, 3, 8)))
        body = dice.choice(BODIES)
        if dice.random() < 0.5:
            lines.append(f"Content-Length: {len(body)}")
        if dice.random() < 0.02:
            lines += [f"H{i}: x" for i in range(3000)]
        sent = dice.choice(["\r\n"] * 8 + ["\n", "\r"]).join(lines).encode("utf-8", "surrogateescape")
        sent += dice.choice([b"\r\n\r\n"] * 8 + [b"\n\n", b"\r\n"]) + body
        for _ in range(dice.choice((0, 0, 0, 1, 4))):  # some bytes turned
            at = dice.randrange(len(sent))
            sent = sent[:at] + bytes([dice.randrange(256)]) + sent[at + 1:]
        return sent[:dice.randrange(len(sent) + 1)] if dice.random() < 0.1 else sent

    def test_wild_requests(self):
        dice = random.Random(SEED)
        statuses = {}
        for number in range(REQUESTS):
            sent = self.request(dice)
            got = self.exchange(sent)
            with self.subTest(seed=SEED, number=number, sent=sent[:200]):
                if got:
                    self.assertNotIn(b"<HTML>", got, "libevent's own pages are replaced")
                    line = STATUS_LINE.match(got)
                    self.assertTrue(line, got[:200])
                    status = int(line.group(1))
                    statuses[status] = statuses.get(status, 0) + 1
                    self.assertIn(status, {100, 200, 202, 304, 400, 403, 404, 405, 411, 413, 414, 415, 417, 421, 422, 500, 501, 503, 401, 505, 431, 303})
                    self.assertNotEqual(status, 500, got[:500])
                if number % 50 == 0:
                    self.alive()
        self.alive()
        self.assertTrue({200, 400, 404, 405, 415} <= set(statuses), statuses)  # the load reaches more than the parser

    def pipelined(self, heads):
        """What comes back for each of these, with the hidden request behind it, until vsm-web ends the connection."""
        connections = []
        for head in heads:
            connections.append(socket.create_connection(self.where, timeout=DEADLINE))
            connections[-1].sendall(head + HIDDEN)
        return [self.rest(s) for s in connections]

    def rest(self, s):
        got = b""
        with s:
            try:
                while part := s.recv(65536):
                    got += part
            except ConnectionResetError:
                pass
        return got

    def test_what_can_be_read_in_two_ways_is_one_request(self):
        heads = [shape % len(HIDDEN) for shape in AMBIGUOUS]
        heads += [method + head[head.index(b" "):] for method in UNREAD for head in heads]
        heads += [shape % (method, len(HIDDEN)) for method in UNREAD for shape in (LENGTH, CHUNK)]
        for head, got in zip(heads, self.pipelined(heads)):
            with self.subTest(head=head):
                self.assertNotIn(SMUGGLED, got)
                statuses = [int(status) for status in STATUS_LINE.findall(got)]
                self.assertIn(len(statuses), (0, 1))  # 0: it waits for more of a body, and is ended for that
                self.assertTrue(all(status >= 400 for status in statuses), got[:200])
        self.alive()

    def test_a_body_is_no_request_of_its_own(self):
        for method in READ + UNREAD:
            got = self.exchange(LENGTH % (method, len(HIDDEN)) + HIDDEN)
            with self.subTest(method=method):
                self.assertNotIn(SMUGGLED, got)
                self.assertEqual([int(status) for status in STATUS_LINE.findall(got)], [200 if method == b"GET" else 405 if method in READ else 400])
                self.assertEqual(b"\r\nConnection: close\r\n" in got, method in UNREAD)

    def test_a_method_without_a_body_may_say_that_there_is_none(self):
        for method, got in zip(UNREAD, self.pipelined([LENGTH % (method, 0) for method in UNREAD])):
            with self.subTest(method=method):
                self.assertEqual([int(status) for status in STATUS_LINE.findall(got)], [200 if method == b"HEAD" else 405, 400])

    def test_a_folded_line_belongs_to_the_header_before_it(self):
        """As RFC 9112 says: it is no Content-Length, and what follows is a request of its own."""
        got, = self.pipelined([b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: y\r\n Content-Length: %d\r\n\r\n" % len(HIDDEN)])
        self.assertEqual([int(status) for status in STATUS_LINE.findall(got)], [200, 400])

    def test_the_hidden_request_would_be_seen(self):
        """The test above can fail: where it is a request of its own, it is answered."""
        got, = self.pipelined([b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"])
        self.assertIn(SMUGGLED, got)
        self.assertEqual([int(status) for status in STATUS_LINE.findall(got)], [200, 400])

    def test_no_path_leads_out(self):
        for path in ("/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "//etc/passwd", "/..%2fetc/passwd", "/.%00/etc/passwd", "/assets/../../etc/passwd",
                     "/api/v1/items/../../../etc/passwd", "http://h/../etc/passwd", "file:///etc/passwd", "/\\..\\etc\\passwd"):
            got = self.exchange(b"GET " + path.encode() + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
            with self.subTest(path=path):
                self.assertNotIn(b"root:", got)
                self.assertIn(int(STATUS_LINE.match(got).group(1)), (400, 403, 404, 421))

    def test_huge_headers_and_bodies_are_refused(self):
        for sent in (b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
                     b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + b"".join(b"H%d: x\r\n" % i for i in range(5000)) + b"\r\n",
                     b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
                     b"POST /api/v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000000\r\n\r\n" + b"x" * 5_000_000,
                     b"POST /api/v1/events HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n" + (b"10000\r\n" + b"x" * 65536 + b"\r\n") * 80 + b"0\r\n\r\n"):
            got = self.exchange(sent, end=False)
            if got:
                self.assertIn(int(STATUS_LINE.match(got).group(1)), (400, 413, 414, 431))
            self.alive()

    def test_slow_clients_are_nobodys_trouble(self):
        """Each has sent half a request and sends no more; others are answered meanwhile, and after 10 s their connections end."""
        begun = (b"", b"G", b"GET /healthz HTTP/1.1\r\n", b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX", b"POST /api/v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n1",
                 b"POST /api/v1/events HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nx")
        slow = []
        for i in range(200):
            s = socket.create_connection(self.where, timeout=DEADLINE)
            s.sendall(begun[i % len(begun)])
            slow.append((s, begun[i % len(begun)]))
        self.alive()
        start = time.monotonic()
        for s, sent in slow:
            if sent:
                try:
                    while s.recv(4096):
                        pass
                except ConnectionResetError:
                    pass
        self.assertLess(time.monotonic() - start, 20)
        for s, _ in slow:
            s.close()
        self.alive()

    def test_a_byte_at_a_time(self):
        with socket.create_connection(self.where, timeout=DEADLINE) as s:
            for byte in b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n":
                s.sendall(bytes([byte]))
            got = b""
            while part := s.recv(4096):
                got += part
        self.assertTrue(got.startswith(b"HTTP/1.1 200 "), got)

    def test_clients_that_leave_at_once(self):
        for i in range(300):
            with socket.create_connection(self.where, timeout=DEADLINE) as s:
                s.sendall(b"GET " + PATHS[i % len(PATHS)].encode() + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")  # closed by a reset
        self.alive()


if __name__ == "__main__":
    unittest.main()
