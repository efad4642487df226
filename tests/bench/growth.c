#include "growth.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "conf/conf.h"
#include "core.h"
#include "core/view.h"
#include "measure.h"

enum { CHUNK = 10000, ITEMS = 1000000, ITEM_STEPS = 8, EVENTS = 500000, SERIES_EVENTS = 1000000, ROUNDS = 5 };

struct run {
  struct bench_core core;
  struct bench_stream stream;
  struct vsm_arena arena;
  struct vsm_event *events; // CHUNK
};

static void begin(struct run *r, enum bench_kind kind, uint32_t n_open, enum vsm_clock clock) {
  bench_core_init(&r->core, clock);
  bench_stream_init(&r->stream, kind, n_open, bench_wall_us(), 1);
  vsm_arena_init(&r->arena, 0);
  r->events = vsm_mem_alloc(CHUNK * sizeof *r->events);
}

// Returns the processor time that the core took.
static int64_t step_chunk(struct run *r, bool opening, unsigned steps, size_t *n) {
  vsm_arena_reset(&r->arena);
  *n = bench_core_events(&r->stream, opening, steps, &r->arena, r->events, CHUNK);
  int64_t began = bench_used_ns();
  bench_core_step(&r->core, r->events, *n);
  return bench_used_ns() - began;
}

static void open_all(struct run *r, unsigned steps) {
  for (size_t n = 1; n > 0;)
    step_chunk(r, true, steps, &n);
}

static double item_bytes(unsigned a, int b) {
  struct run r;
  (void)a;
  (void)b;
  begin(&r, BENCH_PLAIN, ITEMS, VSM_CLOCK_WALL);
  size_t n;
  step_chunk(&r, true, ITEM_STEPS, &n); // what does not grow with items is there from now on
  size_t key = 3 + r.events[0].subject.n, before = bench_resident_bytes();
  size_t already = n / ITEM_STEPS;
  open_all(&r, ITEM_STEPS);
  return (double)(bench_resident_bytes() - before) / (double)(ITEMS - already) - (double)key;
}

static void fill_series(struct run *r) {
  open_all(r, 0);
  r->stream.gap_us = 400 * VSM_DAY_US / SERIES_EVENTS;
  for (size_t done = 0, n; done < SERIES_EVENTS; done += n)
    step_chunk(r, false, 0, &n);
}

// The quarter hours of 400 days of all nodes, in each of which a few items moved at every stage.
static double series_bytes(unsigned a, int b) {
  struct run r;
  (void)a;
  (void)b;
  begin(&r, BENCH_MIXED, 64, VSM_CLOCK_EVENT);
  fill_series(&r);
  return (double)vsm_core_series_bytes(r.core.core);
}

// The longest answer about the same, in ms: every node by days over 400 days, each asked for until it is whole.
static double series_ms(unsigned a, int b) {
  enum { DAYS = 399 };
  struct run r;
  int64_t bounds[DAYS + 1], longest = 0;
  (void)a;
  (void)b;
  begin(&r, BENCH_MIXED, 64, VSM_CLOCK_EVENT);
  fill_series(&r);
  int64_t now = vsm_core_now(r.core.core).us;
  for (int i = 0; i <= DAYS; i++)
    bounds[i] = now - now % VSM_QUARTER_US - (DAYS - i) * VSM_DAY_US;
  for (unsigned s = 0; s < r.core.config->model.n_streams; s++)
    for (int stage = -1; stage < (int)r.core.config->model.streams[s].n_stages; stage++) {
      struct vsm_series_query query = {
          .stream = s, .stage = stage, .window = -1, .bounds = bounds, .n_bounds = DAYS + 1};
      struct vsm_series_picture got;
      do {
        vsm_arena_reset(&r.arena);
        int64_t began = bench_used_ns();
        if (vsm_core_view_series(r.core.core, &query, &r.arena, &got) != 0)
          exit(1);
        int64_t took = bench_used_ns() - began;
        longest = took > longest ? took : longest;
        query.n_bounds -= got.n;
      } while (got.more);
    }
  return (double)longest / 1e6;
}

static double event_ns(unsigned n_open, int late) {
  struct run r;
  double rounds[ROUNDS];
  begin(&r, BENCH_MIXED, n_open, VSM_CLOCK_WALL);
  open_all(&r, 0);
  r.stream.late = late;
  for (int i = 0; i < ROUNDS; i++) {
    int64_t ns = 0;
    for (size_t done = 0, n; done < EVENTS / ROUNDS; done += n)
      ns += step_chunk(&r, false, 0, &n);
    rounds[i] = (double)ns / (EVENTS / ROUNDS);
  }
  return bench_median(rounds, ROUNDS);
}

double bench_in_child(double (*fn)(unsigned, int), unsigned n_open, int late) {
  int result[2], status;
  double value = 0;
  if (pipe(result) != 0)
    exit(1);
  pid_t pid = fork();
  if (pid == 0) {
    bench_pin(1);
    value = fn(n_open, late);
    _exit(write(result[1], &value, sizeof value) != sizeof value);
  }
  close(result[1]);
  if (read(result[0], &value, sizeof value) != sizeof value || waitpid(pid, &status, 0) != pid || status != 0)
    exit(1);
  close(result[0]);
  return value;
}

double bench_item_bytes(void) {
  return bench_in_child(item_bytes, 0, 0);
}

double bench_series_bytes(void) {
  return bench_in_child(series_bytes, 0, 0);
}

double bench_series_ms(void) {
  return bench_in_child(series_ms, 0, 0);
}

double bench_event_ns(unsigned n_open, int late) {
  return bench_in_child(event_ns, n_open, late);
}
