// The observed map as a Mermaid graph, read again by the parser that reads the architects' drawing; and as text for
// Graphviz.
#include <stdlib.h>
#include <string.h>

#include "agents/vsm/edges_draw.h"
#include "conf/mermaid.h"
#include "tests/lib/test.h"

static Vsm__V1__EdgesStage stages[] = {
    {.base = PROTOBUF_C_MESSAGE_INIT(&vsm__v1__edges_stage__descriptor),
     .id = (char *)"end",
     .name = (char *)"Say \"yes\" [or; #1] & <go>",
     .arrivals = 1234,
     .wip = 2},
    {.base = PROTOBUF_C_MESSAGE_INIT(&vsm__v1__edges_stage__descriptor),
     .id = (char *)"begin",
     .name = (char *)"B\\ack | \x1b slash",
     .skipped = 1,
     .bypassed = 2},
};

static Vsm__V1__Distribution handover = {
    .base = PROTOBUF_C_MESSAGE_INIT(&vsm__v1__distribution__descriptor), .count = 3, .p50 = 7200};

#define EDGE(a, b, k, n)                                                                                               \
  {                                                                                                                    \
    .base = PROTOBUF_C_MESSAGE_INIT(&vsm__v1__edge__descriptor), .from = (char *)(a), .to = (char *)(b),               \
    .kind = (char *)(k), .count = (n), .total = (n) + 1                                                                \
  }

static Vsm__V1__Edge edges[] = {
    EDGE("(start)", "end", "drawn", 1234),      EDGE("end", "begin", "drawn", 0), // never gone, and drawn all the same
    EDGE("end", "(withdrawn)", "withdrawn", 1), EDGE("begin", "end", "back", 3),
    EDGE("begin", "begin", "repeat", 0), // not in the window: not shown
    EDGE("begin", "(outcome)", "drawn", 617),
};

enum { N_EDGES = sizeof edges / sizeof *edges };

static char *draw(void (*as)(FILE *, const Vsm__V1__Edges *)) {
  Vsm__V1__EdgesStage *stage_list[] = {&stages[0], &stages[1]};
  Vsm__V1__Edge *edge_list[N_EDGES];
  for (size_t i = 0; i < N_EDGES; i++)
    edge_list[i] = &edges[i];
  edges[3].handover_time = &handover;
  Vsm__V1__Edges map = VSM__V1__EDGES__INIT;
  map.value_stream = (char *)"S";
  map.outcome = (char *)"Done";
  map.window = (char *)"7d";
  map.time_unix_nano = UINT64_C(1700000000000000000);
  map.n_stages = 2;
  map.stages = stage_list;
  map.n_edges = N_EDGES;
  map.edges = edge_list;
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  as(out, &map);
  fclose(out);
  return text;
}

static void test_our_own_parser_reads_it(void **state) {
  static const char *const labels[] = {"start", "Say \"yes\" [or; #1] & <go> 1,234 entered, 2 here",
                                       "B\\ack | ? slash 0 entered, 0 here, 3 passed over", "Done", "withdrawn"};
  static const unsigned arrows[][2] = {{0, 1}, {1, 2}, {1, 4}, {2, 1}, {2, 3}};
  (void)state;
  char *graph = draw(vsm_edges_mermaid), text[4096];
  assert_true(snprintf(text, sizeof text, "# S\n```mermaid\n%s```\n", graph) < (int)sizeof text);
  struct vsm_arena arena;
  struct vsm_conf_report report;
  struct vsm_mermaid g;
  vsm_arena_init(&arena, 0);
  vsm_conf_report_init(&report);
  struct vsm_conf_reader r = {.arena = &arena, .report = &report, .file = "map.md"};
  assert_true(vsm_mermaid_read(&r, text, "S", &g));
  assert_int_equal(report.n_mistakes, 0);
  assert_int_equal(g.n_nodes, 5);
  for (unsigned i = 0; i < 5; i++)
    assert_string_equal(g.nodes[i].label.z, labels[i]);
  assert_int_equal(g.n_arrows, 5);
  for (unsigned i = 0; i < 5; i++) {
    assert_int_equal(g.arrows[i].from, arrows[i][0]);
    assert_int_equal(g.arrows[i].to, arrows[i][1]);
  }
  vsm_conf_report_fini(&report);
  vsm_arena_fini(&arena);
  free(graph);
}

static void test_text(void **state) {
  (void)state;
  char *mermaid = draw(vsm_edges_mermaid), *dot = draw(vsm_edges_dot);
  assert_non_null(strstr(mermaid, "%% S as observed, window 7d, 2023-11-14 22:13:20 UTC\n"));
  assert_non_null(strstr(mermaid, "  begin -->|\"1,234\"| s0\n  linkStyle 0 stroke-width:6px\n"));
  assert_non_null(strstr(mermaid, "  s0 -->|\"0\"| s1\n  linkStyle 1 stroke-width:1px\n"));
  assert_non_null(
      strstr(mermaid, "  s1 -.->|\"back 3<br/>p50 2 h 00 m\"| s0\n  linkStyle 3 stroke-width:1px,stroke:#c0392b\n"));
  assert_non_null(strstr(mermaid, "  s1 -->|\"617\"| outcome\n  linkStyle 4 stroke-width:4px\n")); // 3.5 and a half
  assert_non_null(strstr(dot, "  s0 [label=\"Say \\\"yes\\\" [or; #1] & <go>\\n1,234 entered, 2 here\"];\n"));
  assert_non_null(strstr(dot, "  s1 [label=\"B\\\\ack | ? slash\\n"));
  assert_non_null(strstr(dot, "  s1 -> s0 [penwidth=1, label=\"back 3\\np50 2 h 00 m\", style=dashed, "));
  assert_non_null(strstr(dot, "  begin -> s0 [penwidth=6, label=\"1,234\"];\n"));
  free(mermaid);
  free(dot);
}

static void test_share(void **state) {
  (void)state;
  Vsm__V1__Edge *list[] = {&edges[3], &edges[5], &edges[0]};
  Vsm__V1__Edges map = VSM__V1__EDGES__INIT;
  map.n_edges = 3;
  map.edges = list;
  assert_float_equal(vsm_edge_share(&map, &edges[3]), 3 / 620.0, 1e-12);
  assert_float_equal(vsm_edge_share(&map, &edges[0]), 1, 0);
  assert_float_equal(vsm_edge_share(&map, &edges[1]), 0, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_our_own_parser_reads_it), cmocka_unit_test(test_text),
                                     cmocka_unit_test(test_share)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
