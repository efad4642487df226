// A picture of a node over time, pane by pane, from the newest back. What was in progress at the end of a pane is what
// is now, less what came since then, plus what left. A pane is drawn whole or not at all: one that begins before the
// time for which quarters are kept is not, nor what lies before it.
#include "base/err.h"
#include "core/calendar.h"
#include "core/state.h"

struct drawing {
  const struct vsm_series_query *query;
  const struct vsm_flow *flow;
  const struct vsm_series *series;
  struct vsm_series_sum sum;
  // Of a window: its panes are the flow's, put together.
  int64_t start_us, step_us;
  struct vsm_series_pane *rows;
  unsigned n;
  int64_t kept_us; // from here on nothing is forgotten
  bool more;       // the answer grew too large: earlier panes could be drawn
};

// Quarters and durations that differ, read for one answer: 1 to 2 ms. One pane more may be read, and is at most a
// month.
enum { WORK_MAX = 400000 };

static void close_pane(struct drawing *d, struct vsm_series_pane *row, int64_t start_us) {
  const struct vsm_series_sum *s = &d->sum;
  *row = (struct vsm_series_pane){.start = {start_us},
                                  .arrivals = s->counts[VSM_SERIES_ARRIVED],
                                  .departures = s->counts[VSM_SERIES_DEPARTED],
                                  .completed = s->counts[VSM_SERIES_DONE],
                                  .cycle_time_count = (uint64_t)s->n,
                                  .cycle_time_p50 = vsm_seconds(vsm_series_sum_median(s))};
  if (s->n > 0)
    row->cycle_time_mean = (double)s->sum / (double)s->n / (double)VSM_SECOND_US;
  vsm_series_sum_clear(&d->sum);
}

static void fill_wip(struct drawing *d, unsigned first, int64_t wip) {
  for (unsigned i = d->n; i-- > first;) {
    d->rows[i].wip = (uint64_t)wip;
    wip -= d->rows[i].arrivals - d->rows[i].departures;
  }
}

// --- between given times

// Returns the first pane that was drawn.
static unsigned draw_bounds(struct drawing *d, int64_t wip) {
  const int64_t *bounds = d->query->bounds;
  int64_t since[3] = {0};
  size_t work = 0;
  unsigned i = d->n;
  for (; i > 0 && bounds[i - 1] >= d->kept_us && work < WORK_MAX; i--) {
    work += vsm_series_add(d->series, bounds[i - 1], bounds[i], &d->sum);
    close_pane(d, &d->rows[i - 1], bounds[i - 1]);
  }
  d->more = i > 0 && bounds[i - 1] >= d->kept_us;
  vsm_series_counts(d->series, bounds[d->n], INT64_MAX, since);
  fill_wip(d, i, wip - since[VSM_SERIES_ARRIVED] + since[VSM_SERIES_DEPARTED]);
  return i;
}

// --- the panes of a window

// What each count of a flow is in a picture.
static const struct meaning {
  unsigned slot;
  int what;
} of_stage[] = {{VSM_N_ARRIVALS, VSM_SERIES_ARRIVED},        {VSM_N_COMPLETED, VSM_SERIES_DEPARTED},
                {VSM_N_SKIPPED, VSM_SERIES_DEPARTED},        {VSM_N_RETURNED, VSM_SERIES_DEPARTED},
                {VSM_N_LEFT_WITHDRAWN, VSM_SERIES_DEPARTED}, {VSM_N_COMPLETED, VSM_SERIES_DONE}},
  of_stream[] = {{VSM_N_STARTED, VSM_SERIES_ARRIVED},
                 {VSM_N_REOPENED, VSM_SERIES_ARRIVED},
                 {VSM_N_FINISHED, VSM_SERIES_DEPARTED},
                 {VSM_N_WITHDRAWN, VSM_SERIES_DEPARTED},
                 {VSM_N_FINISHED, VSM_SERIES_DONE}};

struct part {
  struct drawing *d;
  int64_t from, to;
};

static void add_count(void *ctx, int64_t start_us, unsigned slot, int64_t n) {
  const struct part *p = ctx;
  bool stage = p->d->query->stage >= 0;
  const struct meaning *m = stage ? of_stage : of_stream;
  size_t k = stage ? sizeof of_stage / sizeof *of_stage : sizeof of_stream / sizeof *of_stream;
  for (size_t i = 0; start_us >= p->from && start_us < p->to && i < k; i++)
    if (m[i].slot == slot)
      p->d->sum.counts[m[i].what] += n;
}

static void add_bucket(void *ctx, int64_t start_us, unsigned dist, unsigned bucket, int64_t n) {
  const struct part *p = ctx;
  if (dist == VSM_D_CYCLE && start_us >= p->from && start_us < p->to)
    vsm_series_sum_bucket(&p->d->sum, bucket, n);
}

static void add_sum(void *ctx, int64_t start_us, unsigned dist, vsm_wide sum) {
  const struct part *p = ctx;
  if (dist == VSM_D_CYCLE && start_us >= p->from && start_us < p->to)
    p->d->sum.sum += sum;
}

// The panes of all bands up to the window's own are at most as wide as its, and none lies across two of them.
static void draw_window(struct drawing *d, unsigned band, int64_t wip) {
  static const struct vsm_flow_reader reader = {add_count, add_bucket, add_sum};
  for (unsigned i = 0; i < d->n; i++) {
    int64_t from = d->start_us + i * d->step_us;
    struct part p = {d, from, i + 1 < d->n ? from + d->step_us : INT64_MAX};
    for (unsigned b = 0; b <= band; b++)
      vsm_flow_read(d->flow, b, p.from, p.to, &reader, &p);
    close_pane(d, &d->rows[i], from);
  }
  fill_wip(d, 0, wip);
}

// --- the question

static void fill_lengths(const struct vsm_core *core, const struct vsm_calendar *calendar,
                         struct vsm_series_picture *out) {
  int64_t end = vsm_calendar_worked(calendar, core->now.us);
  for (unsigned i = out->n; i-- > 0;) {
    int64_t next = i + 1 < out->n ? out->panes[i + 1].start.us : out->end.us;
    int64_t start = vsm_calendar_worked(calendar, out->panes[i].start.us);
    end = next < core->now.us ? vsm_calendar_worked(calendar, next) : end;
    out->panes[i].seconds = vsm_seconds(end > start ? end - start : 0);
  }
  out->working_day_seconds = vsm_working_day_seconds(calendar);
}

static int find_band(const struct vsm_bands *bands, unsigned configured) {
  for (unsigned i = 0; i < bands->n; i++)
    if (bands->at[i].configured == configured)
      return (int)i;
  return -1;
}

static int64_t kept_from(const struct vsm_core *core) {
  int64_t us = core->now.us - VSM_SERIES_KEPT_US;
  return us <= 0 ? 0 : (us + VSM_QUARTER_US - 1) / VSM_QUARTER_US * VSM_QUARTER_US;
}

int vsm_core_view_series(struct vsm_core *core, const struct vsm_series_query *query, struct vsm_arena *arena,
                         struct vsm_series_picture *out) {
  const struct vsm_stream_state *s = vsm_core_stream(core, query->stream);
  const struct vsm_stage_state *stage = query->stage < 0 ? NULL : &s->stages[s->graph->place_of[query->stage]];
  int64_t wip = (int64_t)(stage ? stage->open.count : s->open.count);
  struct drawing d = {.query = query,
                      .flow = stage ? &stage->flow : &s->flow,
                      .series = stage ? &stage->series : &s->series,
                      .n = query->window < 0 ? query->n_bounds - 1 : 60,
                      .kept_us = kept_from(core)};
  d.sum.buckets = vsm_arena_zalloc(arena, VSM_SKETCH_BUCKETS * sizeof *d.sum.buckets);
  d.rows = vsm_arena_alloc(arena, d.n * sizeof *d.rows);
  if (!d.sum.buckets || !d.rows)
    return VSM_ENOMEM;
  d.sum.low = VSM_SKETCH_BUCKETS;
  if (query->window < 0) {
    unsigned first = draw_bounds(&d, wip);
    *out = (struct vsm_series_picture){d.rows + first, d.n - first, {query->bounds[d.n]}, d.more, 0};
  } else {
    int band = find_band(s->bands, (unsigned)query->window);
    d.start_us = s->bands->at[band].start_us;
    d.step_us = s->bands->at[band].step_us;
    draw_window(&d, (unsigned)band, wip);
    *out = (struct vsm_series_picture){d.rows, d.n, {d.start_us + d.n * d.step_us}, false, 0};
  }
  fill_lengths(core, query->stage < 0 ? s->model->calendar : s->model->stages[query->stage].calendar, out);
  return 0;
}

size_t vsm_core_series_bytes(const struct vsm_core *core) {
  size_t bytes = 0;
  for (unsigned i = 0; i < core->model->n_streams; i++) {
    bytes += vsm_series_bytes(&core->streams[i].series);
    for (unsigned k = 0; k < core->streams[i].graph->n; k++)
      bytes += vsm_series_bytes(&core->streams[i].stages[k].series);
  }
  return bytes;
}
