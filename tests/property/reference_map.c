// The observed map, sentence by sentence: an item's moments in a row, which of them lies before which, and an edge
// wherever nothing lies between.
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "property/reference.h"

enum { START = -1, OUTCOME = REF_STAGES_MAX, WITHDRAWN }; // beside the stages, as declared

struct moment {
  int point;
  int64_t at, left;
  int64_t queued; // of a visit that work began on, and of an end 0; else -1
  const struct vsm_calendar *calendar;
};

struct moments {
  struct moment *at;
  size_t n;
};

struct step {
  int from, to;
  int64_t at, handover;
};

struct steps {
  struct step *at;
  size_t n;
};

static void add_ends(const struct ref_figures *x, const struct ref_moment *ends, size_t n, int point, size_t visits,
                     struct moments *m) {
  for (size_t i = 0; i < n; i++)
    if (ends[i].visits == visits)
      REF_PUSH(x->arena, m->at, m->n, (struct moment){point, ends[i].t, ends[i].t, 0, x->g->stream->calendar});
}

static struct moments moments_of(const struct ref_figures *x, const struct ref_fold *f) {
  struct moments m = {0};
  REF_PUSH(x->arena, m.at, m.n, (struct moment){START, f->started, f->started, -1, NULL});
  for (size_t i = 0; i <= f->n_visits; i++) {
    add_ends(x, f->finished, f->n_finished, OUTCOME, i, &m);
    add_ends(x, f->withdrawn, f->n_withdrawn, WITHDRAWN, i, &m);
    const struct ref_visit *v = i < f->n_visits ? &f->visits[i] : NULL;
    if (v && v->how != VSM_SKIPPED && !v->late)
      REF_PUSH(x->arena, m.at, m.n,
               (struct moment){v->stage, v->entered, v->left, v->ever_active && !v->unobserved ? v->queued : -1,
                               x->g->stream->stages[v->stage].calendar});
  }
  return m;
}

static bool is_stage(int point) {
  return point >= 0 && point < REF_STAGES_MAX;
}

static void add_steps(const struct ref_figures *x, const struct ref_fold *f, struct steps *out) {
  struct moments m = moments_of(x, f);
  bool *before = vsm_arena_zalloc(x->arena, m.n * m.n);
  assert(before);
  for (size_t k = 0; k < m.n; k++) // rising: what lies before the middle one is known
    for (size_t i = k; i-- > 0;) {
      bool apart = is_stage(m.at[i].point) && is_stage(m.at[k].point) && x->g->parallel[m.at[i].point][m.at[k].point];
      before[i * m.n + k] = !apart;
      for (size_t j = i + 1; j < k; j++)
        if (before[i * m.n + j] && before[j * m.n + k])
          before[i * m.n + k] = true;
    }
  for (size_t k = 0; k < m.n; k++)
    for (size_t i = 0; i < k; i++) {
      bool edge = before[i * m.n + k];
      for (size_t j = i + 1; j < k; j++)
        edge = edge && !(before[i * m.n + j] && before[j * m.n + k]);
      const struct moment *a = &m.at[i], *b = &m.at[k];
      if (edge)
        REF_PUSH(x->arena, out->at, out->n,
                 (struct step){a->point, b->point, b->at,
                               b->queued < 0 ? -1 : ref_worked(b->calendar, a->left, b->at) + b->queued});
    }
}

// ---- Beside the drawing

static bool is_drawn(const struct ref_graph *g, int from, int to) {
  const struct vsm_stream *s = g->stream;
  if (from == START) {
    for (unsigned i = 0; i < s->n_stages; i++)
      if (is_stage(to) && g->before[i][to])
        return false;
    return is_stage(to);
  }
  if (!is_stage(from))
    return false;
  if (to == OUTCOME)
    return s->stages[from].to_outcome;
  for (unsigned i = 0; i < s->stages[from].n_next; i++)
    if (s->stages[from].next[i] == to)
      return true;
  return false;
}

static enum vsm_edge_kind kind_of(const struct ref_graph *g, int from, int to) {
  if (from == OUTCOME || from == WITHDRAWN)
    return VSM_EDGE_REOPENING;
  if (to == WITHDRAWN)
    return VSM_EDGE_WITHDRAWING;
  if (is_drawn(g, from, to))
    return VSM_EDGE_DRAWN;
  if (from == START ||
      to == OUTCOME) // every way from the start leads here, and every way to the outcome comes from here
    return VSM_EDGE_SKIP;
  return from == to            ? VSM_EDGE_REPEAT
         : g->before[from][to] ? VSM_EDGE_SKIP
         : g->before[to][from] ? VSM_EDGE_BACK
                               : VSM_EDGE_ACROSS;
}

static const char *name_of(const struct ref_graph *g, int point) {
  return point == START       ? "(start)"
         : point == OUTCOME   ? "(outcome)"
         : point == WITHDRAWN ? "(withdrawn)"
                              : g->stream->stages[point].id;
}

static struct vsm_map_edge edge(const struct ref_figures *x, const struct steps *steps, int from, int to,
                                int64_t since) {
  struct vsm_map_edge e = {.from = name_of(x->g, from), .to = name_of(x->g, to), .kind = kind_of(x->g, from, to)};
  int64_t *us = NULL;
  size_t n = 0;
  for (size_t i = 0; i < steps->n; i++) {
    const struct step *s = &steps->at[i];
    if (s->from != from || s->to != to)
      continue;
    e.total++;
    e.count += s->at >= since;
    if (s->at >= since && s->handover >= 0)
      REF_PUSH(x->arena, us, n, s->handover);
  }
  e.handover_time = ref_distribution(us, n);
  return e;
}

static int point_at(const struct ref_graph *g, unsigned i) {
  return i == 0                         ? START
         : i <= g->stream->n_stages     ? (int)g->order[i - 1]
         : i == g->stream->n_stages + 1 ? OUTCOME
                                        : WITHDRAWN;
}

static struct vsm_map_stage stage(const struct vsm_stream_view *figures, unsigned place, unsigned window) {
  const struct vsm_stage_view *v = &figures->stages[place];
  const struct vsm_stage_window_view *w = &v->windows[window];
  return (struct vsm_map_stage){.id = v->id,
                                .name = v->name,
                                .wip = v->wip,
                                .arrivals = w->arrivals,
                                .skipped = w->skipped,
                                .bypassed = w->bypassed,
                                .rework = w->rework,
                                .unobserved = w->unobserved};
}

struct vsm_map_view ref_map(const struct ref_graph *g, const struct ref_item *items, size_t n_items, int64_t now,
                            const struct vsm_stream_view *figures, unsigned window, struct vsm_arena *arena) {
  const struct ref_figures x = {g, items, n_items, now, arena};
  const struct vsm_stream *s = g->stream;
  int64_t since = window == 0 ? INT64_MIN : ref_window_start(s->windows[window - 1].us, now);
  struct steps steps = {0};
  struct vsm_map_edge *edges = NULL;
  struct vsm_map_stage *stages = NULL;
  size_t n_edges = 0, n_stages = 0;
  for (size_t i = 0; i < n_items; i++)
    add_steps(&x, &items[i].fold, &steps);
  for (unsigned a = 0; a < s->n_stages + 3; a++)
    for (unsigned b = 1; b < s->n_stages + 3; b++) {
      int from = point_at(g, a), to = point_at(g, b);
      struct vsm_map_edge e = edge(&x, &steps, from, to, since);
      if (e.total > 0 || is_drawn(g, from, to))
        REF_PUSH(arena, edges, n_edges, e);
    }
  for (unsigned place = 0; place < s->n_stages; place++)
    REF_PUSH(arena, stages, n_stages, stage(figures, place, window));
  return (struct vsm_map_view){.id = s->id,
                               .name = s->name,
                               .outcome = s->outcome,
                               .window = window == 0 ? "all" : s->windows[window - 1].name,
                               .stages = stages,
                               .n_stages = (unsigned)n_stages,
                               .edges = edges,
                               .n_edges = (unsigned)n_edges};
}
