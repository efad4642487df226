// Fixed scenarios of the core, whose instructions are counted: scenarios NAME. Only scenario_run() is to be counted;
// see the test beside this file.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
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

int main(int argc, char **argv) {
  for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
    if (argc == 1)
      printf("%s\n", scenarios[i].name);
    else if (strcmp(scenarios[i].name, argv[1]) == 0)
      return run(&scenarios[i]), 0;
  }
  return argc == 1 ? 0 : 2;
}
