// Reading the figures. A window is the sum of the bands from the newest to its own, and "all" of every band: they are
// added up from the shortest on, each sum serving the next.
#include "core/view.h"

#include <string.h>

#include "base/err.h"
#include "base/text.h"
#include "core/calendar.h"
#include "core/state.h"

static double share(double part, double whole) {
  return whole > 0 ? part / whole : 0;
}

double vsm_working_day_seconds(const struct vsm_calendar *c) {
  return c ? vsm_seconds(vsm_calendar_day_us(c)) : 0;
}

int64_t vsm_core_age_us(const struct vsm_core *core, const struct vsm_calendar *calendar, int64_t since) {
  if (core->now.us <= since)
    return 0;
  return vsm_calendar_worked(calendar, core->now.us) - vsm_calendar_worked(calendar, since);
}

// Nearest rank, exact: the k-th youngest is the k-th from the new end. Working time keeps that order.
static double age_at(const struct vsm_core *core, const struct vsm_calendar *calendar, const struct vsm_ranks *r,
                     unsigned percent) {
  size_t rank = (r->count * percent + 99) / 100;
  return vsm_seconds(vsm_core_age_us(core, calendar, vsm_ranks_select(r, r->count - rank).us));
}

static struct vsm_age_view view_age(const struct vsm_core *core, const struct vsm_calendar *c,
                                    const struct vsm_ranks *r) {
  if (r->count == 0)
    return (struct vsm_age_view){0};
  return (struct vsm_age_view){age_at(core, c, r, 50), age_at(core, c, r, 85), age_at(core, c, r, 95),
                               age_at(core, c, r, 100)};
}

static uint64_t departures(const int64_t *n) {
  return (uint64_t)(n[VSM_N_COMPLETED] + n[VSM_N_SKIPPED] + n[VSM_N_RETURNED] + n[VSM_N_LEFT_WITHDRAWN]);
}

struct reading {
  const struct vsm_core *core;
  const struct vsm_stream_state *stream;
};

// Writes the figures of one window to its place `at` in the node's array of them.
typedef void fill_fn(const struct reading *r, void *windows, unsigned at, const char *name, int64_t window_us,
                     const struct vsm_tally *t);

static void fill_stage_window(const struct reading *r, void *windows, unsigned at, const char *name, int64_t window_us,
                              const struct vsm_tally *t) {
  const int64_t *n = t->counts;
  (void)r, (void)window_us;
  ((struct vsm_stage_window_view *)windows)[at] = (struct vsm_stage_window_view){
      .window = name,
      .arrivals = (uint64_t)n[VSM_N_ARRIVALS],
      .departures = departures(n),
      .completed = (uint64_t)n[VSM_N_COMPLETED],
      .implied = (uint64_t)n[VSM_N_IMPLIED],
      .skipped = (uint64_t)n[VSM_N_SKIPPED],
      .returned = (uint64_t)n[VSM_N_RETURNED],
      .withdrawn = (uint64_t)n[VSM_N_LEFT_WITHDRAWN],
      .rework = (uint64_t)n[VSM_N_REWORK],
      .unobserved = (uint64_t)n[VSM_N_UNOBSERVED],
      .bypassed = (uint64_t)n[VSM_N_BYPASSED],
      .redundant = (uint64_t)n[VSM_N_REDUNDANT],
      .cycle_time = vsm_sketch_view(&t->dists[VSM_D_CYCLE]),
      .queue_time = vsm_sketch_view(&t->dists[VSM_D_QUEUE]),
      .active_time = vsm_sketch_view(&t->dists[VSM_D_ACTIVE]),
      .suspended_time = vsm_sketch_view(&t->dists[VSM_D_SUSPENDED]),
      .flow_efficiency = share((double)t->dists[VSM_D_ACTIVE].sum, (double)t->effort),
      .first_pass_yield = share((double)n[VSM_N_FIRST_CLEAN], (double)n[VSM_N_FIRST_PASSES]),
  };
}

// Finished per day over the shorter of the window and the time since the first item started.
static double throughput(const struct reading *r, int64_t finished, int64_t window_us) {
  int64_t observed =
      r->stream->first_started == INT64_MAX ? 0 : vsm_core_age_us(r->core, NULL, r->stream->first_started);
  int64_t over = observed < window_us ? observed : window_us;
  return over > 0 ? (double)finished / ((double)over / (double)VSM_DAY_US) : 0;
}

static void fill_stream_window(const struct reading *r, void *windows, unsigned at, const char *name, int64_t window_us,
                               const struct vsm_tally *t) {
  const int64_t *n = t->counts;
  ((struct vsm_stream_window_view *)windows)[at] = (struct vsm_stream_window_view){
      .window = name,
      .started = (uint64_t)n[VSM_N_STARTED],
      .finished = (uint64_t)n[VSM_N_FINISHED],
      .withdrawn = (uint64_t)n[VSM_N_WITHDRAWN],
      .reopened = (uint64_t)n[VSM_N_REOPENED],
      .redundant = (uint64_t)n[VSM_N_ITEM_REDUNDANT],
      .throughput_per_day = throughput(r, n[VSM_N_FINISHED], window_us),
      .flow_efficiency = share((double)t->effort, (double)t->dists[VSM_D_CYCLE].sum),
      .lead_time = vsm_sketch_view(&t->dists[VSM_D_CYCLE]),
  };
}

static void fill_windows(const struct reading *r, const struct vsm_flow *flow, void *windows, fill_fn *fill) {
  const struct vsm_bands *bands = r->stream->bands;
  struct vsm_tally sum = {0};
  for (unsigned i = 0; i < bands->n; i++) {
    vsm_tally_merge(&sum, &flow->bands[i].tally);
    vsm_flow_add_before(flow, bands, i, -1, &sum);
    unsigned at = bands->at[i].configured;
    fill(r, windows, at + 1, r->stream->model->windows[at].name, bands->at[i].length_us, &sum);
    vsm_flow_add_before(flow, bands, i, 1, &sum);
  }
  vsm_tally_merge(&sum, &flow->bands[bands->n].tally);
  fill(r, windows, 0, "all", INT64_MAX, &sum);
  vsm_tally_fini(&sum);
}

// --- service level expectations

struct reading_sle {
  struct reading r; // first, so that one is the other
  const struct vsm_expecting *x;
  uint64_t older;
  unsigned n, i; // expectations of the node; this one
};

static void fill_sle(const struct reading *r, void *rows, unsigned at, const char *name, int64_t window_us,
                     const struct vsm_tally *t) {
  const struct reading_sle *s = (const struct reading_sle *)r;
  uint64_t count = (uint64_t)t->counts[VSM_N_DONE] + s->older;
  (void)name, (void)window_us;
  ((struct vsm_sle_view *)rows)[at * s->n + s->i] =
      (struct vsm_sle_view){.name = s->x->e->name,
                            .within_seconds = vsm_seconds(s->x->e->within_us),
                            .target = s->x->e->target_ppm / 1e6,
                            .attained = share((double)t->counts[VSM_N_MET], (double)count),
                            .count = count,
                            .working_day_seconds = vsm_working_day_seconds(s->x->e->calendar)};
}

// The expectations of all windows, window by window; NULL: no memory, or none. `open`: what is open at the node.
static struct vsm_sle_view *view_sle(const struct reading *r, const struct vsm_expectings *x,
                                     const struct vsm_ranks *open, struct vsm_arena *arena) {
  struct vsm_sle_view *rows = vsm_arena_alloc(arena, (r->stream->bands->n + 1) * x->n * sizeof *rows);
  for (unsigned i = 0; rows && i < x->n; i++) {
    uint64_t older = vsm_expecting_older(&x->at[i], open, r->core->now.us);
    struct reading_sle s = {.r = *r, .x = &x->at[i], .older = older, .n = x->n, .i = i};
    fill_windows(&s.r, &x->at[i].flow, rows, fill_sle);
  }
  return rows;
}

// --- waits

static void fill_wait(const struct reading *r, void *windows, unsigned at, const char *name, int64_t window_us,
                      const struct vsm_tally *t) {
  (void)r, (void)window_us;
  ((struct vsm_wait_window_view *)windows)[at] =
      (struct vsm_wait_window_view){name, (uint64_t)t->counts[VSM_N_WAITS], (double)t->effort / (double)VSM_SECOND_US};
}

static int by_party_and_reason(const void *pa, const void *pb) {
  const struct vsm_wait_view *a = pa, *b = pb;
  int c = strcmp(a->party, b->party);
  return c ? c : vsm_str_cmp(a->reason, b->reason);
}

static int view_waits(const struct reading *r, const struct vsm_waits *waits, struct vsm_arena *arena,
                      struct vsm_stage_view *out) {
  unsigned n = r->stream->bands->n + 1;
  struct vsm_wait_view *rows = vsm_arena_alloc(arena, waits->n * sizeof *rows);
  if (!rows)
    return VSM_ENOMEM;
  out->waits = rows;
  for (size_t i = 0; i < waits->n; i++) {
    struct vsm_wait_window_view *windows = vsm_arena_alloc(arena, n * sizeof *windows);
    struct vsm_str parts[2];
    if (!windows)
      return VSM_ENOMEM;
    fill_windows(r, &waits->at[i]->flow, windows, fill_wait);
    if (waits->at[i]->suspended == 0 && windows[0].count == 0)
      continue; // taken back whole
    vsm_intern_parts(&r->core->words, vsm_wait_words(waits->at[i]->wait), parts, 2);
    rows[out->n_waits++] =
        (struct vsm_wait_view){.party = vsm_party_name(vsm_wait_party(waits->at[i]->wait)),
                               .reason = vsm_wait_words(waits->at[i]->wait) ? parts[0] : VSM_STR("other"),
                               .wip = waits->at[i]->suspended,
                               .windows = windows,
                               .n_windows = n};
  }
  vsm_sort(rows, out->n_waits, sizeof *rows, by_party_and_reason);
  return 0;
}

// --- nodes

int vsm_core_view_stage(struct vsm_core *core, unsigned stream, unsigned stage, struct vsm_arena *arena,
                        struct vsm_stage_view *out) {
  const struct vsm_stream_state *s = vsm_core_stream(core, stream);
  const struct vsm_stage_state *st = &s->stages[s->graph->place_of[stage]];
  const struct reading r = {core, s};
  unsigned n = s->bands->n + 1;
  struct vsm_stage_window_view *windows = vsm_arena_alloc(arena, n * sizeof *windows);
  struct vsm_sle_view *sle = view_sle(&r, &st->expected, &st->open, arena);
  if (!windows || !sle)
    return VSM_ENOMEM;
  *out = (struct vsm_stage_view){.id = s->model->stages[stage].id,
                                 .name = s->model->stages[stage].name,
                                 .wip = st->open.count,
                                 .queued = st->by_state[VSM_QUEUED],
                                 .active = st->by_state[VSM_ACTIVE],
                                 .suspended = st->by_state[VSM_SUSPENDED],
                                 .age = view_age(core, s->model->stages[stage].calendar, &st->open),
                                 .windows = windows,
                                 .n_windows = n,
                                 .working_day_seconds = vsm_working_day_seconds(s->model->stages[stage].calendar)};
  fill_windows(&r, &st->flow, windows, fill_stage_window);
  for (unsigned i = 0; i < n; i++) {
    windows[i].sle = sle + i * st->expected.n;
    windows[i].n_sle = st->expected.n;
  }
  return view_waits(&r, &st->waits, arena, out);
}

int vsm_core_view_node(struct vsm_core *core, unsigned stream, struct vsm_arena *arena, struct vsm_stream_view *out) {
  const struct vsm_stream_state *s = vsm_core_stream(core, stream);
  const struct reading r = {core, s};
  unsigned n = s->bands->n + 1;
  struct vsm_stream_window_view *windows = vsm_arena_alloc(arena, n * sizeof *windows);
  struct vsm_sle_view *sle = view_sle(&r, &s->expected, &s->open, arena);
  if (!windows || !sle)
    return VSM_ENOMEM;
  *out = (struct vsm_stream_view){.id = s->model->id,
                                  .name = s->model->name,
                                  .wip = s->open.count,
                                  .between = s->between,
                                  .age = view_age(core, s->model->calendar, &s->open),
                                  .windows = windows,
                                  .n_windows = n,
                                  .working_day_seconds = vsm_working_day_seconds(s->model->calendar)};
  fill_windows(&r, &s->flow, windows, fill_stream_window);
  for (unsigned i = 0; i < n; i++) {
    windows[i].sle = sle + i * s->expected.n;
    windows[i].n_sle = s->expected.n;
  }
  return 0;
}

// --- segments

static void fill_tape(const struct reading *r, const struct vsm_tape *tape, void *windows, fill_fn *fill) {
  const struct vsm_bands *bands = r->stream->bands;
  struct vsm_tally sum = {0};
  for (unsigned i = 0; i < bands->n; i++) {
    vsm_tape_read(tape, bands, i, &sum);
    vsm_tape_add_before(tape, bands, i, -1, &sum);
    unsigned at = bands->at[i].configured;
    fill(r, windows, at + 1, r->stream->model->windows[at].name, bands->at[i].length_us, &sum);
    vsm_tape_add_before(tape, bands, i, 1, &sum);
  }
  vsm_tape_read(tape, bands, bands->n, &sum);
  fill(r, windows, 0, "all", INT64_MAX, &sum);
  vsm_tally_fini(&sum);
}

struct segments {
  const struct reading *r;
  const struct vsm_segments_query *query;
  struct vsm_arena *arena;
  struct vsm_segment_view *rows;
  long n;
};

static int by_value(const void *pa, const void *pb) {
  return vsm_str_cmp(((const struct vsm_segment_view *)pa)->value, ((const struct vsm_segment_view *)pb)->value);
}

static int add_segment(struct segments *out, const char *attribute, struct vsm_str value,
                       const struct vsm_segment *segment) {
  const struct vsm_stream_state *s = out->r->stream;
  unsigned n = s->bands->n + 1;
  struct vsm_segment_view *row = &out->rows[out->n++];
  *row = (struct vsm_segment_view){.attribute = attribute, .value = value, .n_windows = n};
  if (out->query->stage < 0) {
    struct vsm_stream_window_view *windows = vsm_arena_zalloc(out->arena, n * sizeof *windows);
    if (!windows)
      return VSM_ENOMEM;
    fill_tape(out->r, &segment->tape, windows, fill_stream_window);
    row->wip = segment->open;
    row->stream_windows = windows;
  } else {
    const struct vsm_segment_stage *stage = &segment->stages[s->graph->place_of[out->query->stage]];
    struct vsm_stage_window_view *windows = vsm_arena_zalloc(out->arena, n * sizeof *windows);
    if (!windows)
      return VSM_ENOMEM;
    fill_tape(out->r, &stage->tape, windows, fill_stage_window);
    row->wip = stage->open;
    row->windows = windows;
  }
  return 0;
}

// A value that no item has any more is not listed: that it was there once depends on the order of arrival.
static bool has_items(const struct vsm_stream_state *s, const struct vsm_segment *segment) {
  struct vsm_tally sum = {0};
  for (unsigned i = 0; i <= s->bands->n; i++)
    vsm_tape_read(&segment->tape, s->bands, i, &sum);
  vsm_tally_fini(&sum);
  return sum.counts[VSM_N_STARTED] > 0;
}

static int add_attribute(struct segments *out, unsigned attribute) {
  const struct vsm_stream_state *s = out->r->stream;
  const struct vsm_attribute *a = &s->attributes[attribute];
  long first = out->n;
  for (unsigned i = 0; i < a->n; i++) {
    struct vsm_str value = VSM_STR("other");
    if (a->values[i]->word != 0)
      vsm_intern_parts(&out->r->core->words, a->values[i]->word, &value, 1);
    if (!has_items(s, a->values[i]) || (out->query->value.n > 0 && !vsm_str_eq(value, out->query->value)))
      continue;
    if (add_segment(out, s->model->segments[attribute], value, a->values[i]) != 0)
      return VSM_ENOMEM;
  }
  vsm_sort(out->rows + first, (size_t)(out->n - first), sizeof *out->rows, by_value);
  return 0;
}

long vsm_core_view_segments(struct vsm_core *core, const struct vsm_segments_query *query, struct vsm_arena *arena,
                            struct vsm_segment_view **rows) {
  const struct vsm_stream_state *s = vsm_core_stream(core, query->stream);
  const struct reading r = {core, s};
  unsigned first = query->attribute < 0 ? 0 : (unsigned)query->attribute;
  unsigned end = query->attribute < 0 ? s->n_attributes : first + 1;
  struct segments out = {.r = &r, .query = query, .arena = arena};
  size_t most = (size_t)(end - first) * (VSM_SEGMENT_VALUES_MAX + 1);
  out.rows = *rows = vsm_arena_alloc(arena, most * sizeof *out.rows);
  if (!out.rows)
    return VSM_ENOMEM;
  for (unsigned i = first; i < end; i++)
    if (add_attribute(&out, i) != 0)
      return VSM_ENOMEM;
  return out.n;
}

int vsm_core_view_stream(struct vsm_core *core, unsigned stream, struct vsm_arena *arena, struct vsm_stream_view *out) {
  const struct vsm_stream_state *s = vsm_core_stream(core, stream);
  struct vsm_stage_view *stages = vsm_arena_alloc(arena, s->graph->n * sizeof *stages);
  if (!stages || vsm_core_view_node(core, stream, arena, out) != 0)
    return VSM_ENOMEM;
  out->stages = stages;
  out->n_stages = s->graph->n;
  for (unsigned place = 0; place < s->graph->n; place++) {
    int err = vsm_core_view_stage(core, stream, s->graph->at[place].declared, arena, &stages[place]);
    if (err)
      return err;
  }
  return 0;
}

struct vsm_stream_view *vsm_core_view_streams(struct vsm_core *core, size_t first, size_t n, struct vsm_arena *arena) {
  struct vsm_stream_view *streams = vsm_arena_alloc(arena, (n + 1) * sizeof *streams);
  for (size_t i = 0; streams && i < n; i++)
    if (vsm_core_view_stream(core, (unsigned)(first + i), arena, &streams[i]) != 0)
      return NULL;
  return streams;
}

static bool take(struct vsm_flow *flow) {
  bool changed = flow->changed;
  flow->changed = false;
  return changed;
}

// Waits and expectations have flows of their own: what leaves a window of theirs need leave none of the node's.
bool vsm_core_take_changed(struct vsm_core *core, unsigned stream, int stage) {
  struct vsm_stream_state *s = vsm_core_stream(core, stream);
  struct vsm_stage_state *st = stage < 0 ? NULL : &s->stages[s->graph->place_of[stage]];
  struct vsm_expectings *expected = st ? &st->expected : &s->expected;
  bool changed = take(st ? &st->flow : &s->flow);
  for (unsigned i = 0; i < expected->n; i++)
    changed = take(&expected->at[i].flow) || changed;
  for (size_t i = 0; st && i < st->waits.n; i++)
    changed = take(&st->waits.at[i]->flow) || changed;
  return changed;
}

struct vsm_ingest_view vsm_core_ingest(const struct vsm_core *core) {
  return vsm_ledger_ingest(core->ledger);
}

struct vsm_lags_view vsm_core_lags(const struct vsm_core *core) {
  return vsm_ledger_lags(core->ledger);
}

struct vsm_source_view *vsm_core_sources(struct vsm_core *core, struct vsm_arena *arena, size_t *n) {
  struct vsm_source_view *rows = vsm_ledger_sources(core->ledger, arena, n);
  for (size_t i = 0; i < *n; i++)
    rows[i].rate = vsm_hearing_rate(core, rows[i].row);
  return rows;
}

const struct vsm_sequence *vsm_core_numbers(const struct vsm_core *core, struct vsm_str source) {
  return vsm_ledger_numbers(core->ledger, source);
}

struct vsm_unmapped_view *vsm_core_unmapped(struct vsm_core *core, struct vsm_arena *arena, size_t *n) {
  return vsm_ledger_list_unmapped(core->ledger, arena, n);
}

struct vsm_rejected_view *vsm_core_rejected(struct vsm_core *core, struct vsm_arena *arena, size_t *n) {
  return vsm_ledger_list_rejected(core->ledger, arena, n);
}

uint64_t vsm_core_items_open(const struct vsm_core *core) {
  uint64_t n = 0;
  for (size_t i = 0; i < core->n_streams; i++)
    n += core->streams[i].open.count;
  return n;
}

uint64_t vsm_core_without_memory(const struct vsm_core *core) {
  return core->without_memory;
}

static uint64_t most_values(const struct vsm_core *core) {
  uint64_t most = 0;
  for (unsigned i = 0; i < core->model->n_streams; i++) {
    const struct vsm_stream_state *s = &core->streams[i];
    for (unsigned k = 0; k < s->n_attributes; k++) {
      uint64_t n = s->attributes[k].n - (vsm_segment_find(&s->attributes[k], 0) != NULL); // `other` is none
      most = n > most ? n : most;
    }
  }
  return most;
}

struct vsm_filling vsm_core_filling(const struct vsm_core *core, enum vsm_bounded what) {
  const struct vsm_limits *most = &core->model->limits;
  switch (what) {
  case VSM_BOUNDED_ITEMS:
    return (struct vsm_filling){vsm_core_items_held(core), most->items, core->beyond[what]};
  case VSM_BOUNDED_KEYS:
    return (struct vsm_filling){0, most->keys, core->beyond[what]};
  case VSM_BOUNDED_TRANSITIONS:
    return (struct vsm_filling){0, most->transitions, core->beyond[what]};
  case VSM_BOUNDED_SEGMENT_VALUES:
    return (struct vsm_filling){most_values(core), most->segment_values, core->beyond[what]};
  default:
    return vsm_ledger_filling(core->ledger, what);
  }
}

uint64_t vsm_core_items_held(const struct vsm_core *core) {
  uint64_t n = 0;
  for (size_t i = 0; i < core->n_streams; i++)
    n += core->streams[i].items.n - core->streams[i].items.n_free;
  return n;
}
