// Reading the figures. A window is the sum of the bands from the newest to its own, and "all" of every band: they are
// added up from the shortest on, each sum serving the next.
#include "core/view.h"

#include "base/err.h"
#include "core/state.h"

static double share(double part, double whole) {
  return whole > 0 ? part / whole : 0;
}

static int64_t age_us(const struct vsm_core *core, int64_t since) {
  return core->now.us > since ? core->now.us - since : 0;
}

// Nearest rank, exact: the k-th youngest is the k-th from the new end.
static double age_at(const struct vsm_core *core, const struct vsm_ranks *r, unsigned percent) {
  size_t rank = (r->count * percent + 99) / 100;
  return vsm_seconds(age_us(core, vsm_ranks_select(r, r->count - rank).us));
}

static struct vsm_age_view view_age(const struct vsm_core *core, const struct vsm_ranks *r) {
  if (r->count == 0)
    return (struct vsm_age_view){0};
  return (struct vsm_age_view){age_at(core, r, 50), age_at(core, r, 85), age_at(core, r, 95), age_at(core, r, 100)};
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
  int64_t observed = r->stream->first_started == INT64_MAX ? 0 : age_us(r->core, r->stream->first_started);
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
    unsigned at = bands->at[i].configured;
    fill(r, windows, at + 1, r->stream->model->windows[at].name, bands->at[i].length_us, &sum);
  }
  vsm_tally_merge(&sum, &flow->bands[bands->n].tally);
  fill(r, windows, 0, "all", INT64_MAX, &sum);
  vsm_tally_fini(&sum);
}

int vsm_core_view_stage(struct vsm_core *core, unsigned stream, unsigned stage, struct vsm_arena *arena,
                        struct vsm_stage_view *out) {
  const struct vsm_stream_state *s = vsm_core_stream(core, stream);
  const struct vsm_stage_state *st = &s->stages[s->graph->place_of[stage]];
  unsigned n = s->bands->n + 1;
  struct vsm_stage_window_view *windows = vsm_arena_alloc(arena, n * sizeof *windows);
  if (!windows)
    return VSM_ENOMEM;
  *out = (struct vsm_stage_view){.id = s->model->stages[stage].id,
                                 .name = s->model->stages[stage].name,
                                 .wip = st->open.count,
                                 .queued = st->by_state[VSM_QUEUED],
                                 .active = st->by_state[VSM_ACTIVE],
                                 .suspended = st->by_state[VSM_SUSPENDED],
                                 .age = view_age(core, &st->open),
                                 .windows = windows,
                                 .n_windows = n};
  fill_windows(&(struct reading){core, s}, &st->flow, windows, fill_stage_window);
  return 0;
}

int vsm_core_view_node(struct vsm_core *core, unsigned stream, struct vsm_arena *arena, struct vsm_stream_view *out) {
  const struct vsm_stream_state *s = vsm_core_stream(core, stream);
  unsigned n = s->bands->n + 1;
  struct vsm_stream_window_view *windows = vsm_arena_alloc(arena, n * sizeof *windows);
  if (!windows)
    return VSM_ENOMEM;
  *out = (struct vsm_stream_view){.id = s->model->id,
                                  .name = s->model->name,
                                  .wip = s->open.count,
                                  .between = s->between,
                                  .age = view_age(core, &s->open),
                                  .windows = windows,
                                  .n_windows = n};
  fill_windows(&(struct reading){core, s}, &s->flow, windows, fill_stream_window);
  return 0;
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

bool vsm_core_take_changed(struct vsm_core *core, unsigned stream, int stage) {
  struct vsm_stream_state *s = vsm_core_stream(core, stream);
  struct vsm_flow *flow = stage < 0 ? &s->flow : &s->stages[s->graph->place_of[stage]].flow;
  bool changed = flow->changed;
  flow->changed = false;
  return changed;
}

struct vsm_ingest_view vsm_core_ingest(const struct vsm_core *core) {
  return vsm_ledger_ingest(core->ledger);
}

struct vsm_source_view *vsm_core_sources(struct vsm_core *core, struct vsm_arena *arena, size_t *n) {
  return vsm_ledger_sources(core->ledger, arena, n);
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

uint64_t vsm_core_items_held(const struct vsm_core *core) {
  uint64_t n = 0;
  for (size_t i = 0; i < core->n_streams; i++)
    n += core->streams[i].items.n - core->streams[i].items.n_free;
  return n;
}
