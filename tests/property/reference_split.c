// What figures are split by: waits by what is waited for, segments by what an item is. A segment's figures are those of
// a stream that has no other items. And the durations among which an open visit has its pace.
#include <stdlib.h>
#include <string.h>

#include "property/reference.h"

// ---- Waits

static struct vsm_wait_view *wait_row(const struct ref_figures *x, struct vsm_wait_view **rows, size_t *n,
                                      const struct ref_wait *w) {
  for (size_t i = 0; i < *n; i++)
    if (strcmp((*rows)[i].party, w->party) == 0 && vsm_str_eq((*rows)[i].reason, vsm_str_of(w->reason)))
      return &(*rows)[i];
  const struct vsm_stream *s = x->g->stream;
  struct vsm_wait_window_view *windows = vsm_arena_zalloc(x->arena, (s->n_windows + 1) * sizeof *windows);
  windows[0].window = "all";
  for (unsigned i = 0; i < s->n_windows; i++)
    windows[i + 1].window = s->windows[i].name;
  REF_PUSH(x->arena, *rows, *n,
           (struct vsm_wait_view){
               .party = w->party, .reason = vsm_str_of(w->reason), .windows = windows, .n_windows = s->n_windows + 1});
  return &(*rows)[*n - 1];
}

static void count_wait(const struct ref_figures *x, int stage, struct vsm_wait_view *row, const struct ref_wait *w) {
  const struct vsm_stream *s = x->g->stream;
  struct vsm_wait_window_view *windows = (struct vsm_wait_window_view *)row->windows; // made by wait_row()
  if (w->to == INT64_MAX) {
    row->wip++;
    return;
  }
  for (unsigned i = 0; i <= s->n_windows; i++) {
    if (i > 0 && w->to < ref_window_start(s->windows[i - 1].us, x->now))
      continue;
    windows[i].count++;
    windows[i].seconds += (double)ref_worked(s->stages[stage].calendar, w->from, w->to) / 1e6;
  }
}

static int cmp_waits(const void *pa, const void *pb) {
  const struct vsm_wait_view *a = pa, *b = pb;
  int by_party = strcmp(a->party, b->party);
  return by_party ? by_party : vsm_str_cmp(a->reason, b->reason);
}

struct vsm_wait_view *ref_waits(const struct ref_figures *x, int stage, unsigned *n) {
  struct vsm_wait_view *rows = NULL;
  size_t n_rows = 0;
  for (size_t i = 0; i < x->n_items; i++) {
    const struct ref_fold *f = &x->items[i].fold;
    for (size_t k = 0; k < f->n_waits; k++)
      if (f->visits[f->waits[k].visit].stage == stage)
        count_wait(x, stage, wait_row(x, &rows, &n_rows, &f->waits[k]), &f->waits[k]);
  }
  if (n_rows)
    qsort(rows, n_rows, sizeof *rows, cmp_waits);
  *n = (unsigned)n_rows;
  return rows;
}

// ---- Segments

static struct ref_segment segment(const struct ref_figures *x, unsigned attribute, const char *value) {
  struct ref_segment row = {.attribute = x->g->stream->segments[attribute], .value = value};
  struct ref_item *of_value = NULL;
  size_t n = 0;
  for (size_t i = 0; i < x->n_items; i++)
    if (x->items[i].segments[attribute] && strcmp(x->items[i].segments[attribute], value) == 0)
      REF_PUSH(x->arena, of_value, n, x->items[i]);
  ref_view(x->g, of_value, n, x->now, x->arena, &row.figures);
  return row;
}

static int cmp_values(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

struct ref_segment *ref_segments(const struct ref_graph *g, const struct ref_item *items, size_t n_items, int64_t now,
                                 struct vsm_arena *arena, size_t *n) {
  const struct ref_figures x = {g, items, n_items, now, arena};
  struct ref_segment *rows = NULL;
  *n = 0;
  for (unsigned a = 0; a < g->stream->n_segments; a++) {
    const char **values = NULL;
    size_t n_values = 0;
    for (size_t i = 0; i < n_items; i++)
      if (items[i].segments[a])
        REF_PUSH(arena, values, n_values, items[i].segments[a]);
    if (n_values)
      qsort(values, n_values, sizeof *values, cmp_values);
    for (size_t i = 0; i < n_values; i++)
      if (i == 0 || strcmp(values[i - 1], values[i]) != 0)
        REF_PUSH(arena, rows, *n, segment(&x, a, values[i]));
  }
  return rows;
}

// ---- Pace

static int cmp_us(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

// "The ages at which items left this stage" are read as the cycle times of the visits that were completed, as those of
// the stage's own distribution; in the longest window, as for thresholds that are told from percentiles.
int64_t *ref_cycle_times(const struct ref_graph *g, const struct ref_item *items, size_t n_items, int64_t now,
                         int stage, struct vsm_arena *arena, size_t *n) {
  int64_t *us = NULL, longest = 0;
  *n = 0;
  for (unsigned i = 0; i < g->stream->n_windows; i++)
    if (g->stream->windows[i].us > longest)
      longest = g->stream->windows[i].us;
  int64_t from = longest ? ref_window_start(longest, now) : INT64_MIN;
  for (size_t i = 0; i < n_items; i++)
    for (size_t k = 0; k < items[i].fold.n_visits; k++) {
      const struct ref_visit *v = &items[i].fold.visits[k];
      if (v->stage == stage && v->how == VSM_COMPLETED && !v->unobserved && v->left >= from)
        REF_PUSH(arena, us, *n, ref_worked(g->stream->stages[stage].calendar, v->entered, v->left));
    }
  if (*n)
    qsort(us, *n, sizeof *us, cmp_us);
  return us;
}
