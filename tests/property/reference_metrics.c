// The figures of a stream, summed anew from the folds of all its items: for each window a pass over everything.
// Quantiles are exact nearest-rank values of the sorted durations.
#include "property/reference.h"

#include <assert.h>
#include <stdlib.h>

struct durations {
  int64_t *us;
  size_t n;
};

static int cmp_us(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

static double seconds(int64_t us) {
  return (double)us / 1e6;
}

static double share(int64_t part, int64_t whole) {
  return whole ? (double)part / (double)whole : 0;
}

// The smallest value that at least so many percent of all do not exceed.
static double nearest_rank(const struct durations *d, size_t percent) {
  return d->n ? seconds(d->us[(d->n * percent + 99) / 100 - 1]) : 0;
}

static void sort(struct durations *d) {
  if (d->n)
    qsort(d->us, d->n, sizeof *d->us, cmp_us);
}

static int64_t sum(const struct durations *d) {
  int64_t total = 0;
  for (size_t i = 0; i < d->n; i++)
    total += d->us[i];
  return total;
}

static struct vsm_dist_view distribution(struct durations *d) {
  sort(d);
  return (struct vsm_dist_view){
      .count = d->n,
      .mean = d->n ? seconds(sum(d)) / (double)d->n : 0,
      .min = d->n ? seconds(d->us[0]) : 0,
      .max = d->n ? seconds(d->us[d->n - 1]) : 0,
      .p50 = nearest_rank(d, 50),
      .p85 = nearest_rank(d, 85),
      .p95 = nearest_rank(d, 95),
      .p99 = nearest_rank(d, 99),
  };
}

struct vsm_dist_view ref_distribution(int64_t *us, size_t n) {
  return distribution(&(struct durations){us, n});
}

static struct vsm_age_view ages(struct durations *d) {
  sort(d);
  return (struct vsm_age_view){.p50 = nearest_rank(d, 50),
                               .p85 = nearest_rank(d, 85),
                               .p95 = nearest_rank(d, 95),
                               .max = d->n ? seconds(d->us[d->n - 1]) : 0};
}

int64_t ref_window_start(int64_t window_us, int64_t now) {
  int64_t pane = window_us / 60;
  return (now / pane - 59) * pane;
}

int64_t ref_covered(const struct ref_figures *x, const struct vsm_calendar *calendar, const struct ref_span *spans,
                    size_t n, int64_t from, int64_t to) {
  struct durations edges = {0}; // every instant at which something can change
  REF_PUSH(x->arena, edges.us, edges.n, from);
  REF_PUSH(x->arena, edges.us, edges.n, to);
  for (size_t i = 0; i < n; i++) {
    REF_PUSH(x->arena, edges.us, edges.n, spans[i].from);
    REF_PUSH(x->arena, edges.us, edges.n, spans[i].to);
  }
  sort(&edges);
  int64_t total = 0;
  for (size_t e = 1; e < edges.n; e++) {
    int64_t a = edges.us[e - 1], b = edges.us[e];
    bool any = false;
    for (size_t i = 0; i < n && a >= from && b <= to; i++)
      any = any || (spans[i].from <= a && b <= spans[i].to);
    total += any ? ref_worked(calendar, a, b) : 0;
  }
  return total;
}

// ---- A stage

static bool first_completed_in(const struct ref_fold *f, int stage, int64_t from) {
  for (size_t i = 0; i < f->n_visits; i++)
    if (f->visits[i].stage == stage && f->visits[i].how == VSM_COMPLETED)
      return f->visits[i].left >= from;
  return false;
}

static bool any_rework(const struct ref_fold *f, int stage) {
  for (size_t i = 0; i < f->n_visits; i++)
    if (f->visits[i].stage == stage && f->visits[i].rework)
      return true;
  return false;
}

struct stage_times {
  struct durations cycle, queue, active, suspended;
  int64_t active_sum, cycle_sum; // over those that were ever active
};

static void count_left(const struct ref_figures *x, const struct ref_visit *v, struct vsm_stage_window_view *w,
                       struct stage_times *t) {
  int64_t cycle = ref_worked(x->g->stream->stages[v->stage].calendar, v->entered, v->left);
  w->departures++;
  w->completed += v->how == VSM_COMPLETED;
  w->skipped += v->how == VSM_SKIPPED;
  w->returned += v->how == VSM_RETURNED;
  w->withdrawn += v->how == VSM_WITHDRAWN;
  w->implied += v->how == VSM_COMPLETED && v->implied;
  w->unobserved += v->unobserved;
  if (v->how != VSM_COMPLETED || v->unobserved)
    return;
  REF_PUSH(x->arena, t->cycle.us, t->cycle.n, cycle);
  REF_PUSH(x->arena, t->suspended.us, t->suspended.n, v->suspended);
  if (!v->ever_active)
    return;
  REF_PUSH(x->arena, t->queue.us, t->queue.n, v->queued);
  REF_PUSH(x->arena, t->active.us, t->active.n, v->active);
  t->active_sum += v->active;
  t->cycle_sum += cycle;
}

static struct vsm_stage_window_view stage_window(const struct ref_figures *x, int stage, const char *name,
                                                 int64_t from) {
  struct vsm_stage_window_view w = {.window = name};
  struct stage_times t = {0};
  int64_t first_passes = 0, first_completed = 0;
  for (size_t i = 0; i < x->n_items; i++) {
    const struct ref_fold *f = &x->items[i].fold;
    for (size_t k = 0; k < f->n_visits; k++) {
      const struct ref_visit *v = &f->visits[k];
      if (v->stage != stage)
        continue;
      w.arrivals += v->entered >= from;
      w.rework += v->entered >= from && v->rework;
      if (v->how != VSM_OPEN && v->left >= from)
        count_left(x, v, &w, &t);
    }
    for (size_t k = 0; k < f->n_redundant; k++)
      w.redundant += f->redundant[k].stage == stage && f->redundant[k].t >= from;
    w.bypassed += f->bypassed[stage] && f->bypassed_at[stage] >= from;
    if (first_completed_in(f, stage, from)) {
      first_completed++;
      first_passes += !any_rework(f, stage);
    }
  }
  w.cycle_time = distribution(&t.cycle);
  w.queue_time = distribution(&t.queue);
  w.active_time = distribution(&t.active);
  w.suspended_time = distribution(&t.suspended);
  w.flow_efficiency = share(t.active_sum, t.cycle_sum);
  w.first_pass_yield = share(first_passes, first_completed);
  w.sle = ref_sle(x, stage, from, &w.n_sle);
  return w;
}

static struct vsm_stage_view stage_view(const struct ref_figures *x, int stage) {
  const struct vsm_stream *s = x->g->stream;
  struct vsm_stage_view v = {.id = s->stages[stage].id, .name = s->stages[stage].name, .n_windows = s->n_windows + 1};
  struct durations open = {0};
  for (size_t i = 0; i < x->n_items; i++)
    for (size_t k = 0; k < x->items[i].fold.n_visits; k++) {
      const struct ref_visit *visit = &x->items[i].fold.visits[k];
      if (visit->stage != stage || visit->how != VSM_OPEN)
        continue;
      v.wip++;
      v.queued += visit->state == VSM_QUEUED;
      v.active += visit->state == VSM_ACTIVE;
      v.suspended += visit->state == VSM_SUSPENDED;
      REF_PUSH(x->arena, open.us, open.n, ref_worked(s->stages[stage].calendar, visit->entered, x->now));
    }
  v.age = ages(&open);
  struct vsm_stage_window_view *windows = vsm_arena_zalloc(x->arena, v.n_windows * sizeof *windows);
  windows[0] = stage_window(x, stage, "all", INT64_MIN);
  for (unsigned i = 0; i < s->n_windows; i++)
    windows[i + 1] = stage_window(x, stage, s->windows[i].name, ref_window_start(s->windows[i].us, x->now));
  v.windows = windows;
  v.waits = ref_waits(x, stage, &v.n_waits);
  return v;
}

// ---- The stream itself

static uint64_t count_from(const struct ref_moment *moments, size_t n, int64_t from) {
  uint64_t count = 0;
  for (size_t i = 0; i < n; i++)
    count += moments[i].t >= from;
  return count;
}

static int64_t earliest_start(const struct ref_figures *x) {
  int64_t earliest = INT64_MAX;
  for (size_t i = 0; i < x->n_items; i++)
    if (x->items[i].fold.started < earliest)
      earliest = x->items[i].fold.started;
  return earliest;
}

static double per_day(const struct ref_figures *x, uint64_t finished, int64_t window_us) {
  int64_t span = x->n_items ? ref_worked(NULL, earliest_start(x), x->now) : 0;
  if (window_us < span)
    span = window_us;
  return span ? (double)finished / ((double)span / (double)VSM_DAY_US) : 0;
}

static struct vsm_stream_window_view stream_window(const struct ref_figures *x, const char *name, int64_t window_us,
                                                   int64_t from) {
  struct vsm_stream_window_view w = {.window = name};
  const struct vsm_calendar *calendar = x->g->stream->calendar;
  struct durations lead = {0};
  int64_t active = 0;
  for (size_t i = 0; i < x->n_items; i++) {
    const struct ref_fold *f = &x->items[i].fold;
    w.started += f->started >= from;
    w.finished += count_from(f->finished, f->n_finished, from);
    w.withdrawn += count_from(f->withdrawn, f->n_withdrawn, from);
    w.reopened += count_from(f->reopened, f->n_reopened, from);
    for (size_t k = 0; k < f->n_redundant; k++)
      w.redundant += f->redundant[k].stage < 0 && f->redundant[k].t >= from;
    for (size_t k = 0; k < f->n_finished; k++) {
      if (f->finished[k].t < from || f->finished[k].t <= f->started)
        continue;
      REF_PUSH(x->arena, lead.us, lead.n, ref_worked(calendar, f->started, f->finished[k].t));
      active += ref_covered(x, calendar, f->active, f->n_active, f->started, f->finished[k].t);
    }
  }
  w.throughput_per_day = per_day(x, w.finished, window_us);
  w.lead_time = distribution(&lead);
  w.flow_efficiency = share(active, sum(&lead));
  w.sle = ref_sle(x, -1, from, &w.n_sle);
  return w;
}

void ref_view(const struct ref_graph *g, const struct ref_item *items, size_t n_items, int64_t now,
              struct vsm_arena *arena, struct vsm_stream_view *out) {
  const struct ref_figures x = {.g = g, .items = items, .n_items = n_items, .now = now, .arena = arena};
  const struct vsm_stream *s = g->stream;
  *out = (struct vsm_stream_view){.id = s->id, .name = s->name, .n_windows = s->n_windows + 1, .n_stages = s->n_stages};
  struct durations open = {0};
  for (size_t i = 0; i < n_items; i++) {
    const struct ref_fold *f = &items[i].fold;
    if (!f->open)
      continue;
    bool between = true;
    for (size_t k = 0; k < f->n_visits; k++)
      if (f->visits[k].how == VSM_OPEN)
        between = false;
    out->wip++;
    out->between += between;
    REF_PUSH(arena, open.us, open.n, ref_worked(s->calendar, f->started, now));
  }
  out->age = ages(&open);
  struct vsm_stream_window_view *windows = vsm_arena_zalloc(arena, out->n_windows * sizeof *windows);
  windows[0] = stream_window(&x, "all", INT64_MAX, INT64_MIN);
  for (unsigned i = 0; i < s->n_windows; i++)
    windows[i + 1] = stream_window(&x, s->windows[i].name, s->windows[i].us, ref_window_start(s->windows[i].us, now));
  out->windows = windows;
  struct vsm_stage_view *stages = vsm_arena_zalloc(arena, s->n_stages * sizeof *stages);
  for (unsigned place = 0; place < s->n_stages; place++)
    stages[place] = stage_view(&x, (int)g->order[place]);
  out->stages = stages;
}
