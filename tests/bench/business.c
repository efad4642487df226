#include "business.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "measure.h"

enum { STEPS = BENCH_BUSINESS_STEPS, BATCH = 100, CHUNK = BENCH_BUSINESS_CHUNK };
#define START_US (INT64_C(1735689600) * VSM_SECOND_US) // 2025-01-01

static char *write_config(bool full) {
  char *text = NULL;
  size_t n;
  FILE *out = open_memstream(&text, &n);
  fputs("daemon: { clock: event, windows: [1h, 24h, 7d, 30d, 90d] }\n"
        "calendars:\n  - { id: office, zone: America/Chicago, week: [mon-fri 08:00-17:00] }\nvalue_streams:\n",
        out);
  for (int s = 0; s < BENCH_BUSINESS_STREAMS; s++) {
    fprintf(out, "  - id: S%d\n", s);
    if (full)
      fputs("    segments: [region, product]\n    calendar: office\n    expected: { within: 20wd }\n", out);
    fputs("    stages:\n", out);
    for (int k = 0; k < BENCH_BUSINESS_STAGES; k++)
      fprintf(out, "      - { id: stage-%d%s }\n", k, full ? ", expected: { within: 2wd }" : "");
  }
  fputs("mappings:\n", out);
  for (int s = 0; s < BENCH_BUSINESS_STREAMS; s++)
    for (int k = 0; k < STEPS; k++) {
      fprintf(out, "  - { source: bench, type: t%d.%d, stage: S%d/stage-%d, lifecycle: %s, item: \"{subject}\" }\n", s,
              k, s, k / 2, k % 2 ? "complete" : "start");
      if (k % 2)
        fprintf(out,
                "  - { source: bench, type: h%d.%d, stage: S%d/stage-%d, lifecycle: suspend, item: \"{subject}\", "
                "reason: \"{data.why}\", party: customer }\n",
                s, k, s, k / 2);
    }
  fputs("  - { source: \"*\", type: keyless, stage: S0/stage-0, lifecycle: start, item: \"{data.absent}\" }\n", out);
  fclose(out);
  return text;
}

void bench_business_init(struct bench_business *r, bool full, unsigned values, uint32_t n_open) {
  struct vsm_conf_report report;
  *r = (struct bench_business){.values = values, .n_slots = n_open, .now_us = START_US, .gap_us = VSM_SECOND_US};
  char *text = write_config(full);
  int err = vsm_config_parse("bench.yaml", text, &r->config, &report);
  vsm_conf_report_print(&report, stderr);
  vsm_conf_report_fini(&report);
  free(text);
  if (err)
    exit(1);
  r->core = vsm_core_create(&r->config->model);
  r->events = vsm_mem_alloc(CHUNK * sizeof *r->events);
  r->slots = vsm_mem_alloc(n_open * sizeof *r->slots);
  r->random = UINT64_C(0x9e3779b97f4a7c15);
  vsm_arena_init(&r->arena, 0);
  for (uint32_t i = 0; i < n_open; i++)
    r->slots[i].item = ++r->n_items;
}

#define PRINT(...) vsm_str_of(vsm_arena_printf(&r->arena, __VA_ARGS__))

static uint32_t below(struct bench_business *r, uint32_t n) { // xorshift64*
  r->random ^= r->random >> 12;
  r->random ^= r->random << 25;
  r->random ^= r->random >> 27;
  return (uint32_t)(((r->random * UINT64_C(2685821657736338717) >> 32) * n) >> 32);
}

static void make(struct bench_business *r, struct vsm_event *out) {
  uint32_t slot = below(r, r->n_slots), item = r->slots[slot].item, step = r->slots[slot].step;
  bool hold = r->reasons > 0 && step % 2 && below(r, 8) == 0;
  struct vsm_attr *attrs = vsm_arena_alloc(&r->arena, 3 * sizeof *attrs);
  r->slots[slot].step += !hold;
  attrs[0] = (struct vsm_attr){VSM_STR("region"), PRINT("r%u", item % r->values)};
  attrs[1] = (struct vsm_attr){VSM_STR("product"), PRINT("p%u", item / 7 % r->values)};
  if (hold)
    attrs[2] = (struct vsm_attr){VSM_STR("why"), PRINT("reason %u", below(r, r->reasons))};
  r->now_us += r->gap_us;
  *out = (struct vsm_event){.source = VSM_STR("bench"),
                            .type = PRINT("%c%u.%u", hold ? 'h' : 't', item % BENCH_BUSINESS_STREAMS, step),
                            .subject = PRINT("I-%08u", item),
                            .attrs = attrs,
                            .n_attrs = hold ? 3 : 2,
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

void bench_business_make(struct bench_business *r, size_t n) {
  vsm_arena_reset(&r->arena);
  for (size_t i = 0; i < n; i++)
    make(r, &r->events[i]);
}

double bench_business_step(struct bench_business *r, size_t n) {
  int64_t ns = 0;
  for (size_t done = 0, chunk; done < n; done += chunk) {
    chunk = n - done < CHUNK ? n - done : CHUNK;
    bench_business_make(r, chunk);
    int64_t began = bench_used_ns();
    for (size_t i = 0; i < chunk; i += BATCH)
      if (vsm_core_step_all(r->core, r->events + i, BATCH, &r->effects, check, NULL) != 0)
        exit(1);
    ns += bench_used_ns() - began;
  }
  return (double)ns / (double)n;
}
