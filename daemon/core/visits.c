// Single finished visits. Nothing keeps them in order of time, and no event pays for that somebody may ask: the series
// knows from when on so many were finished, and the items are gone through by their places. Those whose last transition
// lies before that time are passed over at the cost of looking at one line of memory; of the others so many are folded
// for a page as a question may take.
#include "base/err.h"
#include "core/cursor.h"
#include "core/state.h"

enum { ROWS = 1000, FOLD_WORK = 30, WORK_MAX = 3000 * FOLD_WORK };

struct search {
  struct vsm_core *core;
  const struct vsm_stream_state *s;
  const struct vsm_visits_query *query;
  struct vsm_arena *arena;
  int place; // -1: the stream itself
  int64_t since;
  struct vsm_finished_row *rows;
  size_t n;
  bool no_memory;
};

static void add_row(struct search *f, const struct vsm_item *it, struct vsm_finished_row row) {
  row.item = vsm_items_shown(&f->s->items, it, f->s->graph);
  row.segments = vsm_core_segments(f->core, f->s, &f->core->retold.is, f->arena, &row.n_segments);
  f->no_memory = f->no_memory || !row.segments;
  f->rows[f->n++] = row;
}

static void add_visits(struct search *f, const struct vsm_item *it, const struct vsm_story *story) {
  for (size_t i = 0; i < story->n_visits; i++) {
    const struct vsm_visit *v = &story->visits[i];
    if (v->place != f->place || v->how != VSM_COMPLETED || (v->bits & VSM_V_UNOBSERVED) || v->left < f->since)
      continue;
    const int64_t *spent = v->spent;
    add_row(f, it,
            (struct vsm_finished_row){.entered = {v->entered},
                                      .left = {v->left},
                                      .cycle_us = spent[VSM_QUEUED] + spent[VSM_ACTIVE] + spent[VSM_SUSPENDED],
                                      .queued_us = spent[VSM_QUEUED],
                                      .active_us = spent[VSM_ACTIVE],
                                      .suspended_us = spent[VSM_SUSPENDED]});
  }
}

static void add_finishes(struct search *f, const struct vsm_item *it, const struct vsm_story *story) {
  for (size_t i = 0; i < story->n_marks; i++) {
    const struct vsm_mark *m = &story->marks[i];
    if (m->kind == VSM_M_FINISHED && m->at > m->from && m->at >= f->since)
      add_row(f, it,
              (struct vsm_finished_row){
                  .entered = {m->from}, .left = {m->at}, .cycle_us = m->span, .active_us = m->active});
  }
}

// Returns what it cost.
static unsigned look_at(struct search *f, uint32_t id) {
  const struct vsm_item *it = vsm_items_at(&f->s->items, id);
  struct vsm_story *story = &f->core->retold.is;
  if (it->n_keys == 0 || it->last < f->since)
    return 1;
  vsm_stream_fold(f->s, it, (size_t)VSM_FOLD_ALL, story);
  if (!story->exists || !vsm_core_has_segment(f->core, story, f->query->attribute, f->query->value))
    return FOLD_WORK;
  if (f->place < 0)
    add_finishes(f, it, story);
  else
    add_visits(f, it, story);
  return FOLD_WORK;
}

// From the newest places down to the first one; returns where the next page goes on, 0: nowhere.
static uint32_t look_down(struct search *f, uint32_t from) {
  for (unsigned work = 0; from > 0 && f->n < ROWS && work < WORK_MAX; from--)
    work += look_at(f, from - 1);
  return from;
}

static int64_t start_of(const struct vsm_bands *bands, unsigned window) {
  for (unsigned i = 0; i < bands->n; i++)
    if (window > 0 && bands->at[i].configured == window - 1)
      return bands->at[i].start_us > 0 ? bands->at[i].start_us : 0;
  return 0;
}

int vsm_core_visits(struct vsm_core *core, const struct vsm_visits_query *query, struct vsm_arena *arena,
                    struct vsm_visits_view *out) {
  const struct vsm_stream_state *s = vsm_core_stream(core, query->stream);
  int place = query->stage < 0 ? -1 : s->graph->place_of[query->stage];
  int64_t start = start_of(s->bands, query->window);
  uint64_t at[2] = {0, s->items.n}; // since when; how many places are not looked at yet
  if (query->cursor.n == 0)
    at[0] = (uint64_t)vsm_series_since(place < 0 ? &s->series : &s->stages[place].series, start, query->limit);
  else if (!vsm_cursor_parse(query->cursor, 'v', at, 2) || at[1] == 0)
    return VSM_EINVAL;
  struct search f = {.core = core, .s = s, .query = query, .arena = arena, .place = place, .since = (int64_t)at[0]};
  f.rows = vsm_arena_alloc(arena, (ROWS + VSM_TRANSITIONS_MAX) * sizeof *f.rows);
  if (!f.rows)
    return VSM_ENOMEM;
  at[1] = look_down(&f, at[1] < s->items.n ? (uint32_t)at[1] : s->items.n);
  *out = (struct vsm_visits_view){
      .since = {f.since},
      .more = f.since > start,
      .working_day_seconds = vsm_working_day_seconds(place < 0 ? s->model->calendar : s->graph->at[place].calendar),
      .rows = f.rows,
      .n = f.n};
  if (at[1] > 0)
    out->cursor = vsm_cursor_print(arena, 'v', at, 2);
  return f.no_memory || (at[1] > 0 && out->cursor.n == 0) ? VSM_ENOMEM : 0;
}
