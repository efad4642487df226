// Pictures over time against the reference's visits: pane by pane what came, what left, what was there and how long it
// had taken; and the panes of each window against what the window counts.
#include <stdlib.h>

#include "core/series.h"
#include "property/scenario_check.h"

enum { BOUNDS = 6 };

// Whether something that happened at `us` lies in a pane: quarters of an hour are whole.
static bool is_in(int64_t us, int64_t from, int64_t to) {
  int64_t quarter = us / VSM_QUARTER_US * VSM_QUARTER_US;
  return quarter >= from && quarter < to;
}

struct expected {
  int64_t arrivals, departures, completed, wip;
  int64_t *took;
  size_t n;
};

static void add(struct expected *e, bool completed, bool timed, int64_t at, int64_t took, int64_t from, int64_t to) {
  e->wip -= is_in(at, 0, to);
  if (!is_in(at, from, to))
    return;
  e->departures++;
  e->completed += completed;
  if (timed)
    e->took[e->n++] = took;
}

static void add_visits(struct expected *e, const struct ref_item *item, int stage, int64_t from, int64_t to) {
  for (size_t i = 0; i < item->fold.n_visits; i++) {
    const struct ref_visit *v = &item->fold.visits[i];
    if (v->stage != stage)
      continue;
    e->arrivals += is_in(v->entered, from, to);
    e->wip += is_in(v->entered, 0, to);
    if (v->how != VSM_OPEN)
      add(e, v->how == VSM_COMPLETED, v->how == VSM_COMPLETED && !v->unobserved, v->left,
          v->queued + v->active + v->suspended, from, to);
  }
}

static void add_item(struct expected *e, const struct ref_item *item, const struct vsm_calendar *calendar, int64_t from,
                     int64_t to) {
  const struct ref_fold *f = &item->fold;
  if (!f->ever)
    return;
  e->arrivals += is_in(f->started, from, to);
  e->wip += is_in(f->started, 0, to);
  for (size_t i = 0; i < f->n_reopened; i++) {
    e->arrivals += is_in(f->reopened[i].t, from, to);
    e->wip += is_in(f->reopened[i].t, 0, to);
  }
  for (size_t i = 0; i < f->n_finished; i++)
    add(e, true, f->finished[i].t > f->started, f->finished[i].t, ref_worked(calendar, f->started, f->finished[i].t),
        from, to);
  for (size_t i = 0; i < f->n_withdrawn; i++)
    add(e, false, false, f->withdrawn[i].t, 0, from, to);
}

static int by_value(const void *pa, const void *pb) {
  int64_t a = *(const int64_t *)pa, b = *(const int64_t *)pb;
  return (a > b) - (a < b);
}

static void compare_pane(struct check *c, const struct vsm_series_pane *got, struct expected *e) {
  check_equal(c, "series", "arrivals", e->arrivals, got->arrivals);
  check_equal(c, "series", "departures", e->departures, got->departures);
  check_equal(c, "series", "completed", e->completed, got->completed);
  check_equal(c, "series", "wip", e->wip, (int64_t)got->wip);
  check_equal(c, "series", "cycle times", (int64_t)e->n, (int64_t)got->cycle_time_count);
  if (e->n == 0)
    return;
  double sum = 0;
  for (size_t i = 0; i < e->n; i++)
    sum += vsm_seconds(e->took[i]);
  double mean = sum / (double)e->n, mean_off = got->cycle_time_mean - mean;
  check_equal(c, "series", "mean", 1, mean_off <= mean * 1e-9 + 1e-9 && -mean_off <= mean * 1e-9 + 1e-9);
  qsort(e->took, e->n, sizeof *e->took, by_value);
  double median = vsm_seconds(e->took[(e->n + 1) / 2 - 1]), off = got->cycle_time_p50 - median;
  check_equal(c, "series", "median within 1 %", 1, off <= median / 100 + 2e-6 && -off <= median / 100 + 2e-6);
}

static void check_bounds(struct check *c, unsigned stream, const struct vsm_stream *s, const struct ref_item *items,
                         size_t n, int64_t now) {
  int64_t last = now / VSM_QUARTER_US * VSM_QUARTER_US, bounds[BOUNDS];
  const int64_t before[BOUNDS] = {390 * 96, 300, 90, 7, 0, -4000}; // in quarters of an hour
  size_t durations = 1;
  for (unsigned i = 0; i < BOUNDS; i++)
    bounds[i] = last - before[i] * VSM_QUARTER_US;
  for (size_t i = 0; i < n; i++)
    durations += items[i].fold.n_visits + items[i].fold.n_finished;
  for (int stage = -1; stage < (int)s->n_stages && bounds[0] > 0; stage++) {
    struct vsm_series_query query = {
        .stream = stream, .stage = stage, .window = -1, .bounds = bounds, .n_bounds = BOUNDS};
    struct vsm_series_picture got = {0};
    check_equal(c, "series", "error", 0, vsm_core_view_series(c->core, &query, c->arena, &got));
    check_equal(c, "series", "panes", BOUNDS - 1, got.n);
    for (unsigned p = 0; p < got.n; p++) {
      struct expected e = {.took = vsm_arena_alloc(c->arena, durations * sizeof *e.took)};
      for (size_t i = 0; i < n; i++)
        if (stage < 0)
          add_item(&e, &items[i], s->calendar, bounds[p], bounds[p + 1]);
        else
          add_visits(&e, &items[i], stage, bounds[p], bounds[p + 1]);
      compare_pane(c, &got.panes[p], &e);
    }
  }
}

static void check_windows(struct check *c, unsigned stream, const struct vsm_stream *s) {
  struct vsm_stream_view view;
  check_equal(c, "view", "error", 0, vsm_core_view_stream(c->core, stream, c->arena, &view));
  for (unsigned place = 0; place < view.n_stages; place++) {
    const struct vsm_stage_view *stage = &view.stages[place];
    int declared = 0;
    while (s->stages[declared].id != stage->id)
      declared++;
    for (unsigned w = 0; w < s->n_windows; w++) {
      struct vsm_series_query query = {.stream = stream, .stage = declared, .window = (int)w};
      struct vsm_series_picture got = {0};
      int64_t arrivals = 0, departures = 0, completed = 0, timed = 0;
      check_equal(c, "series", "error", 0, vsm_core_view_series(c->core, &query, c->arena, &got));
      check_equal(c, "series", "panes of a window", 60, got.n);
      for (unsigned i = 0; i < got.n; i++) {
        arrivals += got.panes[i].arrivals;
        departures += got.panes[i].departures;
        completed += got.panes[i].completed;
        timed += (int64_t)got.panes[i].cycle_time_count;
      }
      check_equal(c, "series of a window", "arrivals", (int64_t)stage->windows[w + 1].arrivals, arrivals);
      check_equal(c, "series of a window", "departures", (int64_t)stage->windows[w + 1].departures, departures);
      check_equal(c, "series of a window", "completed", (int64_t)stage->windows[w + 1].completed, completed);
      check_equal(c, "series of a window", "cycle times", (int64_t)stage->windows[w + 1].cycle_time.count, timed);
      check_equal(c, "series of a window", "wip", (int64_t)stage->wip,
                  got.n > 0 ? (int64_t)got.panes[got.n - 1].wip : -1);
    }
  }
}

void check_series(struct check *c, unsigned stream, const struct vsm_stream *s, const struct ref_item *items,
                  size_t n) {
  check_bounds(c, stream, s, items, n, ref_now(c->ref));
  check_windows(c, stream, s);
}
