"""/metrics of vsm-web: read by promtool and scraped by a real Prometheus, which then knows every name that the shipped rules and dashboard
ask for.
"""
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import unittest
import urllib.parse
import urllib.request

from prometheus_client.openmetrics.parser import text_string_to_metric_families

from harness import DEADLINE, Daemon, batch, config, event, poll
from test_notify_receivers import free_port
from web_rig import Web

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RULES = os.path.join(ROOT, "config", "prometheus", "vsm.rules.yml")
RULES_TEST = os.path.join(ROOT, "config", "prometheus", "vsm.rules.test.yml")
DASHBOARD = os.path.join(ROOT, "config", "grafana", "vsm.json")
METRICS_PAGE = os.path.join(ROOT, "docs", "metrics.md")
OPEN = "application/openmetrics-text; version=1.0.0; charset=utf-8"
RARE = {"vsm_disk_left_seconds"}  # while the disk does not fill there is no sample
NAME = re.compile(r"\bvsm_[a-z0-9_]+")

STREAMS = """\
  - id: S
    name: Stream S
    segments: [region]
    expected: { name: soon, within: 1h }
    outcome: Done
    stages:
      - { id: first, name: First, expected: { within: 1m }, wip_limit: 2 }
      - { id: second, name: Second }
"""
RULES_OF_STREAM = """\
  - { source: "*", type: first.started, stage: S/first, lifecycle: start, item: "S:{subject}", segments: { region: "{data.region}" } }
  - { source: "*", type: first.waits, stage: S/first, lifecycle: suspend, item: "S:{subject}", reason: easement, party: third-party }
  - { source: "*", type: first.goes_on, stage: S/first, lifecycle: resume, item: "S:{subject}" }
  - { source: "*", type: first.done, stage: S/first, lifecycle: complete, item: "S:{subject}" }
  - { source: "*", type: second.done, stage: S/second, lifecycle: complete, item: "S:{subject}" }
"""


def story():
    for i in range(20):
        yield event("first.started", str(i), at=i * 60, region="north" if i % 2 else "south", sequence=2 * i + 1)
        yield event("first.waits", str(i), at=i * 60 + 10)
        if i < 15:
            yield event("first.goes_on", str(i), at=i * 60 + 20)
            yield event("first.done", str(i), at=i * 60 + 3000)
            yield event("second.done", str(i), at=i * 60 + 5000)
    yield event("unheard.of", "1", at=1)


def full_config(state=None):
    text = config((), state=state)
    return text.replace("value_streams:\n", "value_streams:\n" + STREAMS).replace("mappings:\n", "mappings:\n" + RULES_OF_STREAM)


def names(text):
    return {name for name in NAME.findall(re.sub(r'"[^"]*"', "", text)) if not name.startswith("vsm_stage_growth")}


class Prometheus:
    """Debian's, which scrapes one vsm-web with the shipped rules. Use it in a `with`."""

    def __init__(self, address):
        self.directory = tempfile.mkdtemp(prefix="vsm-prometheus-")
        self.port = free_port()
        with open(os.path.join(self.directory, "prometheus.yml"), "w", encoding="utf-8") as f:
            json.dump({"global": {"scrape_interval": "200ms", "scrape_timeout": "200ms", "evaluation_interval": "200ms"},
                       "rule_files": [RULES],
                       "scrape_configs": [{"job_name": "vsm", "params": {"segments": ["true"]},
                                           "static_configs": [{"targets": [address]}]}]}, f)
        env = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
        self.process = subprocess.Popen(
            [shutil.which("prometheus"), f"--config.file={self.directory}/prometheus.yml", f"--storage.tsdb.path={self.directory}/data",
             f"--web.listen-address=127.0.0.1:{self.port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=env)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(DEADLINE)
        shutil.rmtree(self.directory)

    def get(self, path, **query):
        """The data of an answer; None: it does not answer yet."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(f"http://127.0.0.1:{self.port}{path}?{urllib.parse.urlencode(query)}", timeout=5) as answer:
                return json.load(answer)["data"]
        except ConnectionError:
            return None
        except urllib.error.HTTPError as e:
            if e.code == 503:
                return None
            raise AssertionError(f"{path} {query}: {e.read().decode()}") from e
        except urllib.error.URLError:
            return None

    def value(self, expr):
        data = self.get("/api/v1/query", query=expr)
        return float(data["result"][0]["value"][1]) if data and data["result"] else None


class Metrics(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = cls.enterClassContext(Daemon(full_config("state")))
        ack = cls.daemon.client().submit(batch(*story()))
        assert ack.rejected == 0, ack
        cls.web = cls.enterClassContext(Web(cls.daemon))

    def page(self, accept="text/plain", **query):
        answer = self.web.get("/metrics", {"Accept": accept}, **query)
        self.assertEqual(answer.status, 200, answer.body)
        return answer.headers["Content-Type"], answer.body.decode()

    def promtool(self, *args, text=None):
        done = subprocess.run(["promtool", *args], input=text, capture_output=True, text=True, timeout=DEADLINE)
        self.assertEqual((done.returncode, done.stderr.strip()), (0, ""), done.stdout)

    def test_promtool_has_nothing_to_say(self):
        kind, text = self.page(segments="true")
        self.assertEqual(kind, "text/plain; version=0.0.4; charset=utf-8")
        self.promtool("check", "metrics", text=text)

    def test_openmetrics_to_who_accepts_it(self):
        for accept in (OPEN, "application/openmetrics-text;version=1.0.0,text/plain;q=0.5"):
            kind, text = self.page(accept)
            self.assertEqual(kind, OPEN)
            families = {f.name: f for f in text_string_to_metric_families(text)}  # refuses what OpenMetrics does not allow
            self.assertEqual((families["vsm_events"].type, families["vsm_build"].type, families["vsm_uptime_seconds"].unit),
                             ("counter", "info", "seconds"))
        self.assertNotEqual(self.page("application/openmetrics-text;q=0, text/plain")[0], OPEN)

    def test_every_documented_name_has_a_sample(self):
        text = self.page(segments="true")[1]
        sampled = set(re.findall(r"^(vsm_\w+)", text, re.M))
        with open(METRICS_PAGE, encoding="utf-8") as f:
            documented = set(re.findall(r"^\| `(vsm_\w+)` \|", f.read(), re.M))
        self.assertEqual(documented - sampled - RARE, set())
        self.assertEqual(sampled - documented, set())

    def test_the_figures_are_those_of_the_snapshot(self):
        text = self.page(segments="true")[1]
        stream = self.web.get("/api/v1/snapshot").json()["value_streams"][0]
        first = stream["stages"][0]
        window = first["windows"][0]
        for line in (f'vsm_stream_wip{{stream="S"}} {stream["wip"]}',
                     f'vsm_stage_wip{{stream="S",stage="first",state="suspended"}} {first["suspended"]}',
                     f'vsm_stage_arrivals{{stream="S",stage="first",window="{window["window"]}"}} {window["arrivals"]}',
                     'vsm_stage_waiting{stream="S",stage="first",party="third-party"} 5',
                     'vsm_stream_segment_wip{stream="S",segment="region=north"} 3',
                     'vsm_events_total{result="unmapped"} 1',
                     'vsm_up 1'):
            self.assertIn("\n" + line + "\n", "\n" + text)
        self.assertNotIn("vsm_stream_segment", self.page()[1])

    def test_rules_and_dashboard_name_what_is_there(self):
        self.promtool("check", "rules", RULES)
        self.promtool("test", "rules", RULES_TEST)
        there = set(re.findall(r"^(vsm_\w+)", self.page(segments="true")[1], re.M))
        with open(RULES, encoding="utf-8") as f:
            asked = names(" ".join(re.findall(r"expr:(.*?)(?=\n\s+\w+:|\n\n|\Z)", f.read(), re.S)))
        with open(DASHBOARD, encoding="utf-8") as f:
            asked |= names(" ".join(expressions(json.load(f))))
        self.assertGreater(len(asked), 15)
        self.assertEqual(asked - there - RARE, set())

    def test_the_configuration_of_the_page(self):
        with open(METRICS_PAGE, encoding="utf-8") as f:
            block = re.search(r"^```yaml\n(.*?)^```$", f.read(), re.M | re.S).group(1)
        with tempfile.NamedTemporaryFile("w", suffix=".yml") as f:
            f.write(block + f"rule_files: [{RULES}]\n")
            f.flush()
            self.promtool("check", "config", f.name)

    def test_a_prometheus_scrapes_it(self):
        with Prometheus(self.web.address) as p:
            poll("the first scrape", lambda: p.value("vsm_up") == 1 or None)
            self.assertEqual(p.get("/api/v1/targets")["activeTargets"][0]["lastError"], "")
            self.assertEqual(p.value('vsm_stream_wip{stream="S"}'), 5)
            self.assertEqual(p.value('vsm_stream_segment_wip{segment="region=north"}'), 3)
            kinds = p.get("/api/v1/metadata")
            self.assertEqual(kinds["vsm_events"][0]["type"], "counter")  # OpenMetrics was spoken
            self.assertEqual(kinds["vsm_stage_cycle_time_seconds"][0]["unit"], "seconds")
            poll("an alert of the daemon by the shipped rule",
                 lambda: [a for a in (p.get("/api/v1/alerts") or {"alerts": []})["alerts"] if a["labels"]["alertname"] == "VsmAlert"])
            with open(DASHBOARD, encoding="utf-8") as f:
                dashboard = json.load(f)
            for expr in expressions(dashboard):
                for variable, value in (("$stream", ".+"), ("$window", "24h"), ("$__rate_interval", "1m")):
                    expr = expr.replace(variable, value)
                poll(f"an answer to {expr}", lambda: names(expr) & RARE or p.get("/api/v1/query", query=expr)["result"])
            for group in p.get("/api/v1/rules")["groups"]:
                for rule in group["rules"]:
                    self.assertNotEqual(rule["health"], "err", rule)

    def test_without_a_daemon_it_says_so(self):
        with Daemon(full_config()) as daemon, Web(daemon) as web:
            daemon.end(signal.SIGTERM)
            text = poll("vsm_up 0", lambda: (lambda t: "\nvsm_up 0\n" in t and t)(web.get("/metrics").body.decode()))
            self.assertNotIn("vsm_stream", text)
            daemon.start_again()


def expressions(value):
    """Every `expr` in a dashboard, and what its variables ask for."""
    if isinstance(value, list):
        return [e for item in value for e in expressions(item)]
    if not isinstance(value, dict):
        return []
    found = [value["expr"]] if "expr" in value else []
    query = value.get("query")
    if isinstance(query, dict) and "label_values" in query.get("query", ""):
        found.append(re.fullmatch(r"label_values\((\w+), \w+\)", query["query"]).group(1))
    return found + [e for item in value.values() for e in expressions(item)]


if __name__ == "__main__":
    unittest.main()
