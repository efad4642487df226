#include "features.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "conf/conf.h"
#include "core/core.h"
#include "growth.h"
#include "measure.h"

enum { STREAMS = 4, STAGES = 8, STEPS = 2 * STAGES, BATCH = 100, CHUNK = 10000, OPEN_ITEMS = 20000, ROUNDS = 5 };
enum { TIMED_EVENTS = 100000, FILLING_EVENTS = 600000 };
#define START_US (INT64_C(1735689600) * VSM_SECOND_US) // 2025-01-01
#define GAP_US VSM_SECOND_US

static char *write_config(bool full) {
  char *text = NULL;
  size_t n;
  FILE *out = open_memstream(&text, &n);
  fputs("daemon: { clock: event, windows: [1h, 24h, 7d, 30d, 90d] }\n"
        "calendars:\n  - { id: office, zone: America/Chicago, week: [mon-fri 08:00-17:00] }\nvalue_streams:\n",
        out);
  for (int s = 0; s < STREAMS; s++) {
    fprintf(out, "  - id: S%d\n", s);
    if (full)
      fputs("    segments: [region, product]\n    calendar: office\n    expected: { within: 20wd }\n", out);
    fputs("    stages:\n", out);
    for (int k = 0; k < STAGES; k++)
      fprintf(out, "      - { id: stage-%d%s }\n", k, full ? ", expected: { within: 2wd }" : "");
  }
  fputs("mappings:\n", out);
  for (int s = 0; s < STREAMS; s++)
    for (int k = 0; k < STEPS; k++)
      fprintf(out, "  - { source: bench, type: t%d.%d, stage: S%d/stage-%d, lifecycle: %s, item: \"{subject}\" }\n", s,
              k, s, k / 2, k % 2 ? "complete" : "start");
  fclose(out);
  return text;
}

struct run {
  struct vsm_config *config;
  struct vsm_core *core;
  struct vsm_effects effects;
  struct vsm_arena arena;
  struct vsm_event *events;
  unsigned values; // of each attribute
  uint32_t n_items;
  uint64_t random;
  int64_t now_us;
  struct {
    uint32_t item, step;
  } slots[OPEN_ITEMS];
};

static void begin(struct run *r, bool full, unsigned values) {
  struct vsm_conf_report report;
  char *text = write_config(full);
  int err = vsm_config_parse("bench.yaml", text, &r->config, &report);
  vsm_conf_report_print(&report, stderr);
  vsm_conf_report_fini(&report);
  free(text);
  if (err)
    exit(1);
  r->core = vsm_core_create(&r->config->model);
  r->events = vsm_mem_alloc(CHUNK * sizeof *r->events);
  r->values = values;
  r->now_us = START_US;
  r->random = UINT64_C(0x9e3779b97f4a7c15);
  vsm_arena_init(&r->arena, 0);
  for (uint32_t i = 0; i < OPEN_ITEMS; i++)
    r->slots[i].item = ++r->n_items;
}

#define PRINT(...) vsm_str_of(vsm_arena_printf(&r->arena, __VA_ARGS__))

static uint32_t below(struct run *r, uint32_t n) { // xorshift64*
  r->random ^= r->random >> 12;
  r->random ^= r->random << 25;
  r->random ^= r->random >> 27;
  return (uint32_t)(((r->random * UINT64_C(2685821657736338717) >> 32) * n) >> 32);
}

static void make(struct run *r, struct vsm_event *out) {
  uint32_t slot = below(r, OPEN_ITEMS), item = r->slots[slot].item, step = r->slots[slot].step++;
  struct vsm_attr *attrs = vsm_arena_alloc(&r->arena, 2 * sizeof *attrs);
  attrs[0] = (struct vsm_attr){VSM_STR("region"), PRINT("r%u", item % r->values)};
  attrs[1] = (struct vsm_attr){VSM_STR("product"), PRINT("p%u", item / 7 % r->values)};
  r->now_us += GAP_US;
  *out = (struct vsm_event){.source = VSM_STR("bench"),
                            .type = PRINT("t%u.%u", item % STREAMS, step),
                            .subject = PRINT("I-%08u", item),
                            .attrs = attrs,
                            .n_attrs = 2,
                            .time_ns = (uint64_t)r->now_us * 1000,
                            .received = {r->now_us}};
  if (r->slots[slot].step == STEPS) {
    r->slots[slot].item = ++r->n_items;
    r->slots[slot].step = 0;
  }
}

static void check(void *ctx, const struct vsm_event *e, const struct vsm_effects *fx) {
  (void)ctx;
  if (fx->result == VSM_APPLIED)
    return;
  fprintf(stderr, "bench: %.*s: %s %s\n", (int)e->type.n, e->type.p, vsm_result_name(fx->result), fx->detail);
  exit(1);
}

// ns of the processor for each event.
static double step(struct run *r, size_t n) {
  int64_t ns = 0;
  for (size_t done = 0; done < n; done += CHUNK) {
    vsm_arena_reset(&r->arena);
    for (size_t i = 0; i < CHUNK; i++)
      make(r, &r->events[i]);
    int64_t began = bench_used_ns();
    for (size_t i = 0; i < CHUNK; i += BATCH)
      if (vsm_core_step_all(r->core, r->events + i, BATCH, &r->effects, check, NULL) != 0)
        exit(1);
    ns += bench_used_ns() - began;
  }
  return (double)ns / (double)n;
}

// Turn about, so that a busy machine weighs on both.
struct bench_features bench_features(void) {
  struct run *plain = vsm_mem_alloc(sizeof *plain), *full = vsm_mem_alloc(sizeof *full);
  double a[ROUNDS], b[ROUNDS], share[ROUNDS];
  begin(plain, false, 8);
  begin(full, true, 8);
  step(plain, TIMED_EVENTS);
  step(full, TIMED_EVENTS);
  for (int i = 0; i < ROUNDS; i++) {
    a[i] = step(plain, TIMED_EVENTS);
    b[i] = step(full, TIMED_EVENTS);
    share[i] = a[i] / b[i];
  }
  return (struct bench_features){bench_median(a, ROUNDS), bench_median(b, ROUNDS), bench_median(share, ROUNDS)};
}

static double filled_bytes(unsigned full, int unused) {
  struct run *r = vsm_mem_alloc(sizeof *r);
  (void)unused;
  begin(r, full, 64);
  step(r, FILLING_EVENTS);
  return bench_resident_bytes();
}

// Of both the items are the same; those with attributes keep two values each.
double bench_segments_bytes(void) {
  enum { VALUES_BYTES = 2 * 16 + 48 };
  return bench_in_child(filled_bytes, 1, 0) - bench_in_child(filled_bytes, 0, 0) -
         (double)VALUES_BYTES * (FILLING_EVENTS / STEPS + OPEN_ITEMS);
}
