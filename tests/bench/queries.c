// From the core's views to packed bytes, as the daemon answers: time passes, the figures are read, the message is built
// and packed. Before each time another thousand events have come, so that nothing is read twice from what is worked out
// already. Of each question the median of a few times counts, of a kind of questions the slowest.
#include "queries.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "business.h"
#include "core/bottleneck.h"
#include "core/forecast.h"
#include "core/map.h"
#include "core/view.h"
#include "measure.h"
#include "wire/publication.h"
#include "wire/reply.h"

enum { OPEN_ITEMS = 1000000, FILLING = 6000000, BETWEEN = 1000, TIMES = 5, ROWS = 10000, LONG = 4000, REASONS = 10 };
enum { LIMIT = 1000, QUARTERS = 1001, WINDOWS = 5 };

static const double most_ms = 5; // that a question or a round may hold the loop

struct asking {
  struct bench_business business;
  struct vsm_arena arena;
  uint8_t *out;
  size_t room;
  struct vsm_str middle[3]; // a cursor far behind the first page, of each order
};

static void *need(void *p) {
  if (!p)
    exit(1);
  return p;
}

static void pack(struct asking *a, int err, const struct vsm_message *m) {
  if (err)
    exit(1);
  if (m->bytes > a->room) {
    a->room = 2 * m->bytes;
    a->out = vsm_mem_need(realloc(a->out, a->room), a->room);
  }
  vsm_message_pack(m, a->out);
}

// --- questions: which one of a kind, from 0; false: there are no more

typedef bool question_fn(struct asking *a, unsigned which);

static bool ask_snapshot(struct asking *a, unsigned which) {
  const unsigned n = BENCH_BUSINESS_STREAMS;
  struct vsm_core *core = a->business.core;
  struct vsm_message m;
  struct vsm_stream_view *streams = need(vsm_arena_alloc(&a->arena, n * sizeof *streams));
  for (unsigned i = 0; i < n && which == 0; i++)
    if (vsm_core_view_stream(core, i, &a->arena, &streams[i]) != 0)
      exit(1);
  struct vsm_snapshot_view view = {
      .time = vsm_core_now(core), .ingest = vsm_core_ingest(core), .streams = streams, .n_streams = n};
  if (which == 0)
    pack(a, vsm_reply_snapshot(&view, &a->arena, &m), &m);
  return which == 0;
}

static void ask_page(struct asking *a, const struct vsm_items_query *query) {
  struct vsm_item_row *rows;
  struct vsm_str cursor;
  struct vsm_message m;
  long n = vsm_core_items(a->business.core, query, &a->arena, &rows, &cursor);
  if (n < 0)
    exit(1);
  pack(a, vsm_reply_items(&a->business.config->model, rows, (size_t)n, cursor, &a->arena, &m), &m);
}

// In each order: all, a stage, a state, a segment that nothing has, deep behind the first page.
static bool ask_items(struct asking *a, unsigned which) {
  static const enum vsm_items_sort sorts[] = {VSM_BY_AGE, VSM_BY_PACE, VSM_BY_LAST};
  struct vsm_items_query q = {.stream = -1, .stage = -1, .state = -1, .attribute = -1, .limit = LIMIT};
  q.sort = sorts[which / 5 % 3];
  if (which % 5 == 1)
    q.stream = q.stage = 1;
  if (which % 5 == 2)
    q.state = VSM_SUSPENDED;
  if (which % 5 == 3) {
    q.stream = q.attribute = 0;
    q.value = VSM_STR("nowhere");
  }
  if (which % 5 == 4)
    q.cursor = a->middle[which / 5 % 3];
  if (which < 15)
    ask_page(a, &q);
  return which < 15;
}

// Of a stream and of a stage: the newest few, which most items are passed over for; all that there is; a segment that
// nothing has.
static bool ask_visits(struct asking *a, unsigned which) {
  struct vsm_visits_query q = {.stage = which % 2 ? 1 : -1, .attribute = -1, .limit = which < 2 ? LIMIT : FILLING};
  struct vsm_visits_view view;
  struct vsm_message m;
  if (which >= 6)
    return false;
  q.attribute = which < 4 ? -1 : 0;
  q.value = VSM_STR("nowhere");
  int err = vsm_core_visits(a->business.core, &q, &a->arena, &view);
  pack(a, err ? err : vsm_reply_visits(&(struct vsm_visits_of){"S0", "", "all"}, &view, &a->arena, &m), &m);
  return true;
}

static bool ask_item(struct asking *a, unsigned which) {
  struct vsm_item_view item;
  struct vsm_message m;
  uint64_t streams;
  if (which > 0)
    return false;
  if (vsm_core_item(a->business.core, -1, VSM_STR("long"), &a->arena, &item, &streams) != 0)
    exit(1);
  pack(a, vsm_reply_item(&a->business.config->model, &item, &a->arena, &m), &m);
  return true;
}

static bool ask_segments(struct asking *a, unsigned which) {
  struct vsm_segments_query q = {.stream = which % 4, .stage = (int)which / 4 - 1, .attribute = -1};
  struct vsm_segment_view *rows;
  struct vsm_message m;
  if (which >= 4 * (1 + BENCH_BUSINESS_STAGES))
    return false;
  long n = vsm_core_view_segments(a->business.core, &q, &a->arena, &rows);
  pack(a, n < 0 ? -1 : vsm_reply_segments(rows, (size_t)n, &a->arena, &m), &m);
  return true;
}

// Quarters of an hour, 9 hours each, and the longest window; of the stream, and of a stage.
static bool ask_series(struct asking *a, unsigned which) {
  int64_t bounds[QUARTERS], step = VSM_QUARTER_US * (which % 3 == 0 ? 1 : 36), first = a->business.now_us;
  struct vsm_series_query q = {.stage = (int)(which / 3) - 1, .window = -1, .bounds = bounds, .n_bounds = QUARTERS};
  struct vsm_series_view view = {"S0", "", "", {0}};
  struct vsm_message m;
  if (which >= 6)
    return false;
  first -= first % VSM_QUARTER_US + (QUARTERS - 1) * step;
  for (int i = 0; i < QUARTERS; i++)
    bounds[i] = first + i * step;
  if (which % 3 == 2)
    q.window = WINDOWS - 1;
  if (vsm_core_view_series(a->business.core, &q, &a->arena, &view.picture) != 0)
    exit(1);
  pack(a, vsm_reply_series(&view, &a->arena, &m), &m);
  return true;
}

static bool ask_edges(struct asking *a, unsigned which) {
  struct vsm_map_view map;
  struct vsm_message m;
  if (which >= 2)
    return false;
  if (vsm_core_map(a->business.core, 0, which * WINDOWS, &a->arena, &map) != 0)
    exit(1);
  pack(a, vsm_reply_edges(vsm_core_now(a->business.core), &map, &a->arena, &m), &m);
  return true;
}

static bool ask_bottleneck(struct asking *a, unsigned which) {
  struct vsm_bottleneck_view views[BENCH_BUSINESS_STREAMS];
  struct vsm_message m;
  if (which > WINDOWS)
    return false;
  for (unsigned i = 0; i < BENCH_BUSINESS_STREAMS; i++)
    if (vsm_core_bottleneck(a->business.core, i, which, &a->arena, &views[i]) != 0)
      exit(1);
  pack(a, vsm_reply_bottleneck(vsm_core_now(a->business.core), views, BENCH_BUSINESS_STREAMS, &a->arena, &m), &m);
  return true;
}

// When what is open is done, when so many are, how many by a day in 700 days, when a young item is.
static bool ask_forecast(struct asking *a, unsigned which) {
  static const enum vsm_forecast_kind kinds[] = {VSM_FORECAST_OPEN, VSM_FORECAST_ITEMS, VSM_FORECAST_BY,
                                                 VSM_FORECAST_ITEM};
  struct vsm_forecast_query q = {
      .items = 1000, .by = a->business.now_us / VSM_DAY_US + 700, .item = VSM_STR("long"), .seed = 1};
  struct vsm_forecast_view view;
  struct vsm_message m;
  if (which >= 4)
    return false;
  q.kind = kinds[which];
  if (vsm_core_forecast(a->business.core, &q, &a->arena, &view) != 0)
    exit(1);
  pack(a, vsm_reply_forecast(vsm_core_now(a->business.core), &q, &view, &a->arena, &m), &m);
  return true;
}

static bool ask_unmapped(struct asking *a, unsigned which) {
  struct vsm_message m;
  size_t n;
  if (which > 0)
    return false;
  const struct vsm_unmapped_view *rows = vsm_core_unmapped(a->business.core, &a->arena, &n);
  pack(a, vsm_reply_unmapped(rows, n, &a->arena, &m), &m);
  return true;
}

static bool ask_rejected(struct asking *a, unsigned which) {
  struct vsm_message m;
  size_t n;
  if (which > 0)
    return false;
  const struct vsm_rejected_view *rows = vsm_core_rejected(a->business.core, &a->arena, &n);
  pack(a, vsm_reply_rejected(rows, n, &a->arena, &m), &m);
  return true;
}

static bool ask_sources(struct asking *a, unsigned which) {
  struct vsm_message m;
  size_t n;
  if (which > 0)
    return false;
  const struct vsm_source_view *rows = vsm_core_sources(a->business.core, &a->arena, &n);
  pack(a, vsm_reply_sources(rows, n, &a->arena, &m), &m);
  return true;
}

// All streams and stages, as every five seconds.
static bool publish_round(struct asking *a, unsigned which) {
  struct vsm_core *core = a->business.core;
  struct vsm_publication head = {1, 1, vsm_core_now(core)};
  struct vsm_stream_view stream;
  struct vsm_stage_view stage;
  struct vsm_message m;
  for (unsigned i = 0; i < BENCH_BUSINESS_STREAMS && which == 0; i++) {
    vsm_arena_reset(&a->arena);
    if (vsm_core_view_node(core, i, &a->arena, &stream) != 0)
      exit(1);
    pack(a, vsm_publish_stream(&head, &stream, &a->arena, &m), &m);
    for (unsigned k = 0; k < BENCH_BUSINESS_STAGES; k++) {
      vsm_arena_reset(&a->arena);
      if (vsm_core_view_stage(core, i, k, &a->arena, &stage) != 0)
        exit(1);
      pack(a, vsm_publish_stage(&head, stream.id, &stage, &a->arena, &m), &m);
    }
  }
  return which == 0;
}

// --- what is there to ask about

static void step_one(struct asking *a, const char *source, const char *type, const char *subject) {
  struct vsm_event e = {.source = vsm_str_of(source),
                        .type = vsm_str_of(type),
                        .subject = vsm_str_of(subject),
                        .time_ns = (uint64_t)++a->business.now_us * 1000,
                        .received = {a->business.now_us}};
  if (vsm_core_step(a->business.core, &e, &a->business.effects) != 0)
    exit(1);
}

static void fill_tables(struct asking *a) {
  char source[32], type[32];
  for (int i = 0; i < ROWS; i++) {
    snprintf(source, sizeof source, "source-%d", i);
    snprintf(type, sizeof type, "unknown-%d", i);
    step_one(a, source, type, "1");
    step_one(a, source, "keyless", "1");
  }
  for (int i = 0; i < LONG; i++)
    step_one(a, "bench", i % 2 ? "h0.1" : "t0.0", "long");
}

static void find_middles(struct asking *a) {
  static const enum vsm_items_sort sorts[] = {VSM_BY_AGE, VSM_BY_PACE, VSM_BY_LAST};
  for (int s = 0; s < 3; s++) {
    struct vsm_items_query q = {.stream = -1, .stage = -1, .state = -1, .attribute = -1, .limit = LIMIT};
    q.sort = sorts[s];
    for (int i = 0; i < 100; i++) {
      struct vsm_item_row *rows;
      vsm_arena_reset(&a->arena);
      if (vsm_core_items(a->business.core, &q, &a->arena, &rows, &q.cursor) < 0)
        exit(1);
      free((void *)a->middle[s].p);
      a->middle[s] = q.cursor = (struct vsm_str){need(strndup(q.cursor.p, q.cursor.n)), q.cursor.n};
    }
  }
}

// --- measuring

static double median_ms(struct asking *a, question_fn *ask, unsigned which, bool *more) {
  double ms[TIMES];
  for (int i = 0; i < TIMES; i++) {
    bench_business_step(&a->business, BETWEEN);
    vsm_arena_reset(&a->arena);
    int64_t began = bench_used_ns();
    *more = ask(a, which);
    ms[i] = (double)(bench_used_ns() - began) / 1e6;
    if (!*more)
      return 0;
  }
  return bench_median(ms, TIMES);
}

static void measure(struct asking *a, bool json, const char *name, question_fn *ask) {
  double slowest = 0;
  unsigned it = 0;
  bool more = true;
  for (unsigned which = 0; more; which++) {
    double ms = median_ms(a, ask, which, &more);
    it = ms > slowest ? which : it;
    slowest = ms > slowest ? ms : slowest;
  }
  bench_print(json, name, slowest, "ms");
  if (slowest > most_ms)
    fprintf(stderr, "bench: %s is above %.0f ms: question %u of queries.c\n", name, most_ms, it);
}

void bench_queries(bool json) {
  static const struct {
    const char *name;
    question_fn *ask;
  } kinds[] = {
      {"publish/round_ms", publish_round}, {"query/snapshot_ms", ask_snapshot},     {"query/items_ms", ask_items},
      {"query/item_ms", ask_item},         {"query/segments_ms", ask_segments},     {"query/series_ms", ask_series},
      {"query/edges_ms", ask_edges},       {"query/bottleneck_ms", ask_bottleneck}, {"query/forecast_ms", ask_forecast},
      {"query/unmapped_ms", ask_unmapped}, {"query/rejected_ms", ask_rejected},     {"query/sources_ms", ask_sources},
      {"query/visits_ms", ask_visits}};
  struct asking *a = vsm_mem_alloc(sizeof *a);
  bench_pin(1);
  vsm_arena_init(&a->arena, 0);
  bench_business_init(&a->business, true, 64, OPEN_ITEMS);
  a->business.reasons = REASONS;
  bench_business_step(&a->business, FILLING);
  fill_tables(a);
  find_middles(a);
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    measure(a, json, kinds[i].name, kinds[i].ask);
}
