#include "stalls.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "conf/conf.h"
#include "core/alert.h"
#include "core/core.h"
#include "growth.h"
#include "measure.h"

enum { STAGES = 8, BATCH = 100, MINUTE_US = 60000000 };
#define START_US (INT64_C(1735689600) * VSM_SECOND_US) // 2025-01-01
#define STALL_US (INT64_C(3600) * VSM_SECOND_US)

struct crowd {
  struct vsm_config *config;
  struct vsm_core *core;
  struct vsm_effects effects;
};

struct cost {
  uint64_t notices;
  int64_t ns, slowest_ns;
};

static struct crowd begin(void) {
  struct crowd c = {0};
  struct vsm_conf_report report;
  char *text = NULL;
  size_t n;
  FILE *out = open_memstream(&text, &n);
  fputs("value_streams:\n  - id: S\n    outcome: Done\n    stages:\n", out);
  for (int k = 0; k < STAGES; k++)
    fprintf(out, "      - { id: stage-%d, stall_after: 1h }\n", k);
  fputs("mappings:\n", out);
  for (int k = 0; k < STAGES; k++)
    fprintf(out, "  - { source: s, type: t%d, stage: S/stage-%d, lifecycle: start, item: \"{subject}\" }\n", k, k);
  fclose(out);
  int err = vsm_config_parse("bench.yaml", text, &c.config, &report);
  vsm_conf_report_print(&report, stderr);
  vsm_conf_report_fini(&report);
  free(text);
  if (err)
    exit(1);
  c.core = vsm_core_create(&c.config->model);
  vsm_core_listen(c.core, true);
  return c;
}

// Items n to n + BATCH - 1 enter.
static void enter(struct crowd *c, unsigned n, int64_t from_us, int64_t gap_us) {
  struct vsm_event events[BATCH];
  char type[BATCH][16], subject[BATCH][16];
  for (unsigned i = 0; i < BATCH; i++) {
    snprintf(type[i], sizeof type[i], "t%u", (n + i) % STAGES);
    snprintf(subject[i], sizeof subject[i], "I-%u", n + i);
    events[i] = (struct vsm_event){.source = VSM_STR("s"),
                                   .type = vsm_str_of(type[i]),
                                   .subject = vsm_str_of(subject[i]),
                                   .time_ns = (uint64_t)(from_us + gap_us * i) * 1000,
                                   .received = {from_us}};
  }
  vsm_core_advance(c->core, events[0].received);
  if (vsm_core_step_all(c->core, events, BATCH, &c->effects, NULL, NULL) != 0)
    exit(1);
}

// Each time step that is due, as the daemon's timer would take it.
static struct cost pass(struct crowd *c, int64_t until_us) {
  struct cost cost = {0};
  const struct vsm_alert_view *rows;
  for (struct vsm_time due; (due = vsm_core_deadline(c->core)).us <= until_us;) {
    int64_t began = bench_used_ns();
    vsm_core_advance(c->core, due);
    cost.notices += vsm_core_notices(c->core, &rows);
    vsm_core_drop_notices(c->core);
    int64_t took = bench_used_ns() - began;
    cost.ns += took;
    cost.slowest_ns = took > cost.slowest_ns ? took : cost.slowest_ns;
  }
  return cost;
}

static uint64_t stalled(struct crowd *c) {
  struct vsm_arena arena;
  struct vsm_alert_view *rows;
  uint64_t n = 0;
  vsm_arena_init(&arena, 0);
  long got = vsm_core_list_alerts(c->core, &(struct vsm_alerts_query){.kind = -1}, &arena, &rows);
  for (long i = 0; i < got; i++)
    n += rows[i].sign.count;
  vsm_arena_fini(&arena);
  return n;
}

// What one of them costs, or with `slowest` the longest time step, in ns.
static double cost_ns(unsigned n_open, int slowest) {
  struct crowd c = begin();
  unsigned soon = n_open / 10;
  for (unsigned i = 0; i < n_open; i += BATCH) {
    int64_t at = i < soon ? (int64_t)i * MINUTE_US / soon : MINUTE_US + (int64_t)(i - soon) * MINUTE_US / soon;
    enter(&c, i, START_US + at, MINUTE_US / soon);
  }
  pass(&c, START_US + STALL_US - 1);
  struct cost cost = pass(&c, START_US + STALL_US + MINUTE_US - 1);
  vsm_core_advance(c.core, (struct vsm_time){START_US + STALL_US + MINUTE_US - 1});
  if (stalled(&c) != soon || cost.notices < STAGES) {
    fprintf(stderr, "bench: %u items should have stalled, %llu have, told %llu times\n", soon,
            (unsigned long long)stalled(&c), (unsigned long long)cost.notices);
    exit(1);
  }
  return slowest ? (double)cost.slowest_ns : (double)cost.ns / soon;
}

void bench_stalls(bool json) {
  static const struct {
    const char *name;
    unsigned items;
  } sizes[] = {{"100k", 100000}, {"1m", 1000000}};
  char name[64];
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    snprintf(name, sizeof name, "alert/stalls_%s", sizes[i].name);
    bench_print(json, name, bench_in_child(cost_ns, sizes[i].items, false), "ns/item");
    snprintf(name, sizeof name, "alert/slowest_step_%s", sizes[i].name);
    bench_print(json, name, bench_in_child(cost_ns, sizes[i].items, true) / 1e6, "ms");
  }
}
