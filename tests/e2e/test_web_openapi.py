"""/api/v1/openapi.json is true: each operation in it is there and answers as its schema says, and nothing else is there."""
import json
import os
import re
import tempfile
import unittest
import urllib.parse

import jsonschema

from harness import Daemon, batch, event
from test_web_events import BATCHED, STRUCTURED, cloud_event
from test_web_metrics import full_config, story
from web_rig import Web

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# For each operation what to ask, so that a route without an example fails: path with its query, headers, body, statuses.
ASK = {
    ("get", "/api/v1/snapshot"): [("", 200), ("?stream=S", 200), ("?stream=nowhere", 404)],
    ("get", "/api/v1/series"): [("?stream=S&window=24h", 200), ("?stream=S&stage=first&by=day&zone=UTC&last=3", 200), ("", 400)],
    ("get", "/api/v1/items"): [("", 200), ("?stream=S&stage=first&state=suspended&sort=pace&limit=2", 200), ("?limit=x", 400)],
    ("get", "/api/v1/visits"): [("?stream=S", 200), ("?stream=S&stage=first&window=all&segment=region%3Dnorth&limit=2", 200), ("", 400)],
    ("get", "/api/v1/items/{key}"): [("S:1", 200), ("nobody", 404)],
    ("get", "/api/v1/edges"): [("?stream=S", 200), ("?stream=S&window=1x", 404)],
    ("get", "/api/v1/bottleneck"): [("", 200), ("?stream=S&window=24h", 200)],
    ("get", "/api/v1/forecast"): [("?stream=S", 200), ("?stream=S&items=3&seed=1", 200)],
    ("get", "/api/v1/alerts"): [("", 200), ("?history=true&limit=1", 200), ("?history=perhaps", 400)],
    ("get", "/api/v1/sources"): [("", 200)],
    ("get", "/api/v1/unmapped"): [("", 200)],
    ("get", "/api/v1/rejected"): [("", 200)],
    ("get", "/api/v1/status"): [("", 200)],
    ("get", "/api/v1/openapi.json"): [("", 200), ("?x=y", 400)],
    ("get", "/api/v1/stream"): [("?events=what", 400)],  # the stream itself has no end: tests/e2e/test_web.py
    ("delete", "/api/v1/silences/{key}"): [("77", 404), ("x", 404)],
    ("get", "/login"): [("", 200)],
    ("post", "/logout"): [("", 303)],
    ("get", "/healthz"): [("", 200)],
    ("get", "/readyz"): [("", 200)],
    ("get", "/metrics"): [("", 200), ("?segments=true", 200)],
}
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
WHO = {"by": "me", "why": "known"}
# Likewise, with headers and a body; KEY: the alert of the story.
POST = {
    ("post", "/api/v1/events"): [("", STRUCTURED, cloud_event("a"), 202), ("", BATCHED, [cloud_event("b"), cloud_event("c", source="")], 422),
                                 ("", STRUCTURED, [], 422), ("", BATCHED, {}, 400), ("", {"Content-Type": "text/plain"}, {}, 415)],
    ("post", "/api/v1/alerts/{key}/silence"): [("KEY", JSON, WHO | {"for_seconds": 60}, 200), ("KEY", JSON, WHO, 400), ("KEY", FORM, WHO, 415),
                                               ("nothing", JSON, WHO | {"for_seconds": 60}, 404)],
    ("post", "/api/v1/alerts/{key}/ack"): [("KEY", JSON, WHO, 200), ("KEY", JSON, WHO | {"more": 1}, 400), ("nothing", JSON, WHO, 404)],
    ("post", "/login"): [("", FORM, "token=x", 303)],  # nobody needs one here
}
ALERT = "wip_limit:S/first"


class OpenApi(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(full_config())
        cls.daemon.__enter__()
        cls.daemon.client().submit(batch(*story(), event("first.started", "", at=2), event("first.done", "99", at=None)))
        cls.web = Web(cls.daemon)
        cls.web.__enter__()
        cls.document = cls.web.get("/api/v1/openapi.json").json()

    @classmethod
    def tearDownClass(cls):
        cls.web.__exit__(None, None, None)
        cls.daemon.__exit__(None, None, None)

    def operations(self):
        return {(method, path) for path, item in self.document["paths"].items() for method in item}

    def validate(self, value, schema):
        jsonschema.Draft202012Validator(schema | {"components": self.document["components"]}).validate(value)

    def check(self, method, path, answer, status):
        self.assertEqual(answer.status, status, (path, answer.body[:300]))
        responses = self.document["paths"][path][method]["responses"]
        said = responses.get(str(status), responses["default"])
        self.assertIn(answer.type, said["content"], path)
        schema = said["content"][answer.type]["schema"]
        self.validate(answer.json() if answer.type.endswith("json") else answer.body.decode(), schema)

    def test_every_operation_answers_as_it_says(self):
        self.assertEqual(self.operations(), set(ASK) | set(POST))
        for (method, path), questions in ASK.items():
            for tail, status in questions:
                with self.subTest(path=path, tail=tail):
                    self.check(method, path, self.web.request(method.upper(), path.replace("{key}", "") + tail), status)
        for (method, path), orders in POST.items():
            for key, headers, body, status in orders:
                with self.subTest(path=path, body=body):
                    where = path.replace("{key}", urllib.parse.quote(key.replace("KEY", ALERT), safe=""))
                    self.check(method, path, self.web.request("POST", where, body if isinstance(body, str) else json.dumps(body), headers), status)

    def test_a_token_guards_all_but_what_says_otherwise(self):
        with tempfile.NamedTemporaryFile("w", prefix="vsm-token-") as token:  # 0600
            token.write("correct horse battery staple\n")
            token.flush()
            with Web(self.daemon, "--token-file", token.name) as web:
                for method, path in self.operations():
                    free = self.document["paths"][path][method].get("security") == []
                    for said, refused in (({}, not free), ({"Authorization": "Bearer correct horse battery staple"}, False)):
                        answer = web.request(method.upper(), path.replace("{key}", "x") + ("?x=y" if path.endswith("/stream") else ""), headers=said)
                        self.assertEqual(answer.status == 401, refused, (method, path, said))
        self.assertEqual({path for _, path in self.operations() if self.document["paths"][path].get("get", {}).get("security") == []},
                         {"/healthz", "/readyz", "/login"})

    def test_tables_are_csv_too(self):
        tables = {path for path, item in self.document["paths"].items() if "text/csv" in item.get("get", {"responses": {"200": {"content": {}}}})["responses"]["200"]["content"]}
        self.assertIn("/api/v1/items", tables)
        for path in tables:
            tail = ASK["get", path][0][0]
            self.check("get", path, self.web.get(path.replace("{key}", "") + tail, {"Accept": "text/csv"}), 200)

    def test_every_parameter_is_taken_and_no_other(self):
        for method, path in ASK:
            if method != "get":
                continue
            where = path.replace("{key}", "S:1")
            for p in self.document["paths"][path][method]["parameters"]:
                if p["in"] == "query" and not path.endswith("/stream"):
                    answer = self.web.get(f"{where}?{p['name']}=")
                    self.assertNotIn("no parameter", answer.body.decode(), (path, p))
            self.assertIn("no parameter", self.web.get(f"{where}?unheard_of=1").json()["detail"], path)

    def test_it_is_a_schema_that_can_fail(self):
        """Each answer with a field taken away, or one more, is refused: the schemas say something."""
        for path in ("/api/v1/snapshot", "/api/v1/status", "/api/v1/sources"):
            schema = self.document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
            answer = self.web.get(path).json()
            for wrong in ({k: v for k, v in answer.items() if k != list(answer)[0]}, answer | {"more": 1}, {k: None for k in answer}):
                self.assertRaises(jsonschema.ValidationError, self.validate, wrong, schema)

    def test_the_page_and_the_description_have_the_same_paths(self):
        with open(os.path.join(ROOT, "docs", "web.md"), encoding="utf-8") as f:
            named = [re.sub(r"/[A-Z]+\b", "/KEY", path) for path in re.findall(r"`(?:GET |POST |DELETE )?(/[a-zA-Z0-9_./]+)[`?]", f.read())]
        paths = {path.replace("{key}", "KEY") for _, path in self.operations()}
        here = {p if p.startswith("/api/") or p in paths else "/api/v1" + p for p in named}
        self.assertEqual(paths - here, set())
        self.assertEqual(here - paths - {"/api/v1/"}, set())

    def test_it_is_openapi(self):
        self.assertEqual(self.document["openapi"], "3.1.0")
        for schema in self.document["components"]["schemas"].values():
            jsonschema.Draft202012Validator.check_schema(schema)
        for ref in re.findall(r'"\$ref": "([^"]*)"', json.dumps(self.document)):
            self.assertIn(ref.rpartition("/")[2], self.document["components"]["schemas"])


if __name__ == "__main__":
    unittest.main()
