// Fixed scenarios of the core, whose instructions are counted: scenarios NAME. Only scenario_run() is to be counted;
// see the test beside this file.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "business.h"
#include "core.h"

enum { EVENTS = 20000, OPEN_ITEMS = 2000 };
#define START_US (INT64_C(1735689600) * VSM_SECOND_US) // 2025-01-01

static const struct scenario {
  const char *name;
  enum bench_kind kind;
  bool late;
  unsigned times; // each event so often
  int64_t gap_us;
} scenarios[] = {
    {"in_order", BENCH_PLAIN, false, 1, 1000},
    {"late", BENCH_PLAIN, true, 1, 1000},
    {"linked", BENCH_LINKED, false, 1, 1000},
    {"repeats", BENCH_MIXED, false, 2, 1000},
    {"history", BENCH_MIXED, false, 1, 5 * VSM_SECOND_US}, // time passes: panes end, windows move on
};

// What is counted; never inlined or cloned, so that it can be told from the rest.
void scenario_run(struct bench_core *core, const struct vsm_event *events, size_t n);
__attribute__((noinline, noclone)) void scenario_run(struct bench_core *core, const struct vsm_event *events,
                                                     size_t n) {
  bench_core_step(core, events, n);
}

static void run(const struct scenario *s) {
  struct bench_core core;
  struct bench_stream stream;
  struct vsm_arena arena;
  struct vsm_event *events = vsm_mem_alloc(EVENTS * sizeof *events);
  bench_core_init(&core, VSM_CLOCK_EVENT);
  bench_stream_init(&stream, s->kind, OPEN_ITEMS, START_US, s->gap_us);
  vsm_arena_init(&arena, 0);
  for (size_t n; (n = bench_core_events(&stream, true, 0, &arena, events, EVENTS)) > 0;)
    bench_core_step(&core, events, n);
  stream.late = s->late;
  bench_core_events(&stream, false, 0, &arena, events, EVENTS / s->times);
  for (size_t i = EVENTS; i-- > 0;)
    events[i] = events[i / s->times];
  scenario_run(&core, events, EVENTS);
  printf("%s %d\n", s->name, EVENTS);
  vsm_arena_fini(&arena);
  bench_stream_fini(&stream);
  bench_core_fini(&core);
  free(events);
}

// What segments, calendars and expectations cost: a business without, and with them (features.c measures their times).
static const struct business {
  const char *name;
  bool full;
} businesses[] = {{"without", false}, {"features", true}};

static void run_business(const struct business *b) {
  enum { VALUES = 8, FILLING_EVENTS = 20000 };
  struct bench_business business;
  bench_business_init(&business, b->full, VALUES, OPEN_ITEMS);
  bench_business_step(&business, FILLING_EVENTS);
  struct bench_core core = {.core = business.core};
  for (size_t done = 0; done < EVENTS; done += BENCH_BUSINESS_CHUNK) {
    bench_business_make(&business, BENCH_BUSINESS_CHUNK);
    scenario_run(&core, business.events, BENCH_BUSINESS_CHUNK);
  }
  printf("%s %d\n", b->name, EVENTS);
}

int main(int argc, char **argv) {
  for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
    if (argc == 1)
      printf("%s\n", scenarios[i].name);
    else if (strcmp(scenarios[i].name, argv[1]) == 0)
      return run(&scenarios[i]), 0;
  }
  for (size_t i = 0; i < sizeof businesses / sizeof *businesses; i++) {
    if (argc == 1)
      printf("%s\n", businesses[i].name);
    else if (strcmp(businesses[i].name, argv[1]) == 0)
      return run_business(&businesses[i]), 0;
  }
  return argc == 1 ? 0 : 2;
}
