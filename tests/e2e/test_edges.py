"""vsm edges of a stream that went every way there is: an answer has 1,000 edges, those of the drawing among them."""
import unittest

import harness
from harness import Daemon, batch, event
from test_cli import ask, ask_json

STAGES = 40
CONFIG = (harness.config()
          .replace("      - { id: first, name: First }\n      - { id: second, name: Second }\n",
                   "".join(f"      - {{ id: s{i}, name: Stage {i} }}\n" for i in range(STAGES)))
          .split("mappings:\n")[0] + "mappings:\n"
          + "".join(f'  - {{ source: "*", type: "{i}", stage: S/s{i}, lifecycle: start, item: "{{subject}}" }}\n'
                    for i in range(STAGES)))
# From each stage to each other one, but for the next: along the arrows of the drawing nothing goes. From the first two
# stages thrice.
WAYS = [(a, b) for a in range(STAGES) for b in range(STAGES) if b not in (a, a + 1) for _ in range(3 if a < 2 else 1)]


class Edges(unittest.TestCase):
    def test_the_thousand_that_matter(self):
        events = [event(f"{stage}", f"{i}", 10 * i + k) for i, way in enumerate(WAYS) for k, stage in enumerate(way)]
        with Daemon(CONFIG) as d:
            self.assertEqual(d.client().submit(batch(*events)).rejected, 0)
            answer = ask_json(d, "edges", "S", "--window", "all")
            edges = {(e["from"], e["to"]): e for e in answer["edges"]}
            # 41 arrows; from the start to all stages but the first; 1,600 pairs less 40 with themselves, less 39 arrows.
            self.assertEqual((len(answer["edges"]), len(edges), answer["left_off"]),
                             (1000, 1000, 41 + 39 + 40 * 40 - 40 - 39 - 1000))
            drawn = [k for k, e in edges.items() if e["kind"] == "drawn"]
            self.assertEqual(drawn, [("(start)", "s0"), *((f"s{i}", f"s{i + 1}") for i in range(STAGES - 1)),
                                     (f"s{STAGES - 1}", "(outcome)")])
            self.assertEqual(edges["s4", "s5"]["total"], 0)
            self.assertEqual(edges["(start)", "s0"]["total"], 3 * (STAGES - 2))
            # Beside the drawing those that most went along, and of equal ones the first in the order of the stream.
            self.assertEqual({edges[f"s{a}", f"s{b}"]["total"] for a in range(2) for b in range(STAGES)
                              if b not in (a, a + 1)}, {3})
            once = [k for k, e in edges.items() if e["total"] == 1 and k[0] != "(start)"]
            ways = [(f"s{a}", f"s{b}") for a, b in WAYS if a >= 2]
            self.assertEqual(once, ways[:len(once)])
            self.assertLess(len(once), len(ways))
            text, _ = ask(d, "edges", "S", "--window", "all")
            self.assertIn(f"\n{answer['left_off']} edges beside the drawing that least went along are left off.\n", text)
            for picture, arrow in (("--mermaid", "s4 -->|"), ("--dot", "s4 -> s5 [")):
                self.assertIn(arrow, ask(d, "edges", "S", picture)[0])


if __name__ == "__main__":
    harness.main()
