// One path for every event: the item's story before and its story after are laid beside each other, what is equal at
// both ends is skipped, and the difference is written once, signed, at the times at which it happened.
#include "core/stream.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"

int vsm_stream_state_init(struct vsm_stream_state *s, const struct vsm_stream *model, const struct vsm_intern *words,
                          int64_t now_us) {
  *s = (struct vsm_stream_state){.model = model, .first_started = INT64_MAX};
  vsm_items_init(&s->items, words);
  s->id = strdup(model->id);
  s->graph = vsm_graph_create(model);
  s->bands = vsm_bands_create(model, now_us);
  s->stages = calloc(model->n_stages, sizeof *s->stages);
  if (!s->id || !s->graph || !s->bands || !s->stages) {
    vsm_stream_state_fini(s);
    return VSM_ENOMEM;
  }
  vsm_flow_init(&s->flow, s->bands);
  for (unsigned i = 0; i < s->graph->n; i++)
    vsm_flow_init(&s->stages[i].flow, s->bands);
  return 0;
}

void vsm_stream_state_fini(struct vsm_stream_state *s) {
  for (unsigned i = 0; s->graph && s->stages && i < s->graph->n; i++) {
    vsm_flow_fini(&s->stages[i].flow, s->bands);
    vsm_ranks_fini(&s->stages[i].open);
  }
  if (s->bands)
    vsm_flow_fini(&s->flow, s->bands);
  vsm_ranks_fini(&s->open);
  vsm_items_fini(&s->items);
  for (size_t i = 0; i < s->n_sleeping; i++)
    free(s->sleeping[i]);
  free(s->sleeping);
  free(s->stages);
  free(s->bands);
  free(s->graph);
  free(s->id);
  *s = (struct vsm_stream_state){0};
}

// Does a creating rule's transition stand in the log, that at `but` left aside?
static bool is_created(const struct vsm_stream_state *s, const struct vsm_item *it, size_t but) {
  const uint8_t *who = vsm_item_who(it);
  for (size_t i = 0; i < it->n; i++) {
    unsigned place = vsm_packed_place(it->log[i]);
    if ((who[i] & VSM_WHO_CREATES) && i != but && (place < s->graph->n || place == VSM_PLACE_ITEM))
      return true;
  }
  return false;
}

void vsm_stream_fold(const struct vsm_stream_state *s, const struct vsm_item *it, size_t but, struct vsm_story *out) {
  if (s->model && is_created(s, it, but))
    vsm_fold(s->graph, it->log, it->n, but, out);
  else
    vsm_story_clear(out);
}

void vsm_stream_fold_both(const struct vsm_stream_state *s, const struct vsm_item *it, size_t at,
                          struct vsm_retold *out) {
  if (is_created(s, it, at)) {
    vsm_fold_both(s->graph, it->log, it->n, at, out);
  } else {
    vsm_story_clear(&out->was);
    vsm_stream_fold(s, it, (size_t)VSM_FOLD_ALL, &out->is);
    out->same_visits = out->same_marks = 0;
  }
}

static void count_entry(struct vsm_stream_state *s, const struct vsm_visit *v, int sign) {
  struct vsm_flow_at at = vsm_flow_at(&s->stages[v->place].flow, s->bands, v->entered);
  vsm_flow_count(at, VSM_N_ARRIVALS, sign);
  if (v->bits & VSM_V_REWORK)
    vsm_flow_count(at, VSM_N_REWORK, sign);
}

static void count_exit(struct vsm_stream_state *s, const struct vsm_visit *v, int sign) {
  static const uint8_t slot[] = {[VSM_COMPLETED] = VSM_N_COMPLETED,
                                 [VSM_SKIPPED] = VSM_N_SKIPPED,
                                 [VSM_RETURNED] = VSM_N_RETURNED,
                                 [VSM_WITHDRAWN] = VSM_N_LEFT_WITHDRAWN};
  struct vsm_flow_at at = vsm_flow_at(&s->stages[v->place].flow, s->bands, v->left);
  vsm_flow_count(at, slot[v->how], sign);
  if (v->how != VSM_COMPLETED)
    return;
  if (!(v->bits & VSM_V_OWN_COMPLETE))
    vsm_flow_count(at, VSM_N_IMPLIED, sign);
  if (v->bits & VSM_V_UNOBSERVED) {
    vsm_flow_count(at, VSM_N_UNOBSERVED, sign);
    return;
  }
  vsm_flow_duration(at, VSM_D_CYCLE, v->left - v->entered, sign);
  vsm_flow_duration(at, VSM_D_SUSPENDED, v->spent[VSM_SUSPENDED], sign);
  if (v->bits & VSM_V_WAS_ACTIVE) {
    vsm_flow_duration(at, VSM_D_QUEUE, v->spent[VSM_QUEUED], sign);
    vsm_flow_duration(at, VSM_D_ACTIVE, v->spent[VSM_ACTIVE], sign);
    vsm_flow_effort(at, v->left - v->entered, sign);
  }
}

// What two visits have in common is left as it is: most often one that is open changes its state or closes.
static void replace_visit(struct vsm_stream_state *s, uint32_t item, const struct vsm_visit *a,
                          const struct vsm_visit *b) {
  bool same_stay = a && b && a->place == b->place && a->entered == b->entered;
  bool same_entry = same_stay && !((a->bits ^ b->bits) & VSM_V_REWORK);
  bool a_open = a && a->how == VSM_OPEN, b_open = b && b->how == VSM_OPEN;
  if (a_open) {
    struct vsm_stage_state *stage = &s->stages[a->place];
    stage->by_state[a->state]--;
    if (!(same_stay && b_open))
      vsm_ranks_remove(&stage->open, a->entered, item);
    stage->flow.changed = true;
  }
  if (b_open) {
    struct vsm_stage_state *stage = &s->stages[b->place];
    stage->by_state[b->state]++;
    if (!(same_stay && a_open))
      vsm_ranks_insert(&stage->open, b->entered, item);
    stage->flow.changed = true;
  }
  if (a && !same_entry)
    count_entry(s, a, -1);
  if (b && !same_entry)
    count_entry(s, b, 1);
  if (a && !a_open)
    count_exit(s, a, -1);
  if (b && !b_open)
    count_exit(s, b, 1);
}

static void count_mark(struct vsm_stream_state *s, const struct vsm_mark *m, int sign) {
  static const uint8_t slot_of_stream[] = {[VSM_M_STARTED] = VSM_N_STARTED,
                                           [VSM_M_REOPENED] = VSM_N_REOPENED,
                                           [VSM_M_FINISHED] = VSM_N_FINISHED,
                                           [VSM_M_WITHDRAWN] = VSM_N_WITHDRAWN,
                                           [VSM_M_REDUNDANT] = VSM_N_ITEM_REDUNDANT};
  static const uint8_t slot_of_stage[] = {
      [VSM_M_REDUNDANT] = VSM_N_REDUNDANT, [VSM_M_BYPASSED] = VSM_N_BYPASSED, [VSM_M_FIRST_PASS] = VSM_N_FIRST_PASSES};
  if (m->place != VSM_PLACE_ITEM) {
    struct vsm_flow_at at = vsm_flow_at(&s->stages[m->place].flow, s->bands, m->at);
    vsm_flow_count(at, slot_of_stage[m->kind], sign);
    if (m->kind == VSM_M_FIRST_PASS && !m->rework)
      vsm_flow_count(at, VSM_N_FIRST_CLEAN, sign);
    return;
  }
  struct vsm_flow_at at = vsm_flow_at(&s->flow, s->bands, m->at);
  vsm_flow_count(at, slot_of_stream[m->kind], sign);
  if (m->kind == VSM_M_FINISHED && m->lead > 0) {
    vsm_flow_duration(at, VSM_D_CYCLE, m->lead, sign);
    vsm_flow_effort(at, m->active, sign);
  }
}

static bool is_between(const struct vsm_story *st) {
  return st->open && st->n_open == 0;
}

static void replace_item(struct vsm_stream_state *s, uint32_t item, const struct vsm_story *was,
                         const struct vsm_story *is) {
  if (was->open != is->open || (was->open && was->started != is->started)) {
    if (was->open)
      vsm_ranks_remove(&s->open, was->started, item);
    if (is->open)
      vsm_ranks_insert(&s->open, is->started, item);
    s->flow.changed = true;
  }
  bool a = is_between(was), b = is_between(is);
  s->between += (uint64_t)b - (uint64_t)a;
  if (a != b)
    s->flow.changed = true;
  if (is->exists && is->started < s->first_started)
    s->first_started = is->started;
}

// Two lists that differ between `from` and their ends.
struct difference {
  size_t from, a, b;
};

static inline struct difference compare(const void *was, size_t a, const void *is, size_t b, size_t from, size_t size) {
  const char *x = was, *y = is;
  while (from < a && from < b && memcmp(x + from * size, y + from * size, size) == 0)
    from++;
  while (a > from && b > from && memcmp(x + (a - 1) * size, y + (b - 1) * size, size) == 0)
    a--, b--;
  return (struct difference){from, a, b};
}

void vsm_stream_replace(struct vsm_stream_state *s, uint32_t item, const struct vsm_retold *r) {
  const struct vsm_story *was = &r->was, *is = &r->is;
  struct difference d =
      compare(was->visits, was->n_visits, is->visits, is->n_visits, r->same_visits, sizeof *was->visits);
  for (size_t i = d.from; i < d.a || i < d.b; i++)
    replace_visit(s, item, i < d.a ? &was->visits[i] : NULL, i < d.b ? &is->visits[i] : NULL);
  d = compare(was->marks, was->n_marks, is->marks, is->n_marks, r->same_marks, sizeof *was->marks);
  for (size_t i = d.from; i < d.a; i++)
    count_mark(s, &was->marks[i], -1);
  for (size_t i = d.from; i < d.b; i++)
    count_mark(s, &is->marks[i], 1);
  replace_item(s, item, was, is);
}

void vsm_stream_advance(struct vsm_stream_state *s, int64_t now_us) {
  if (!s->model || s->bands->n == 0)
    return;
  vsm_bands_advance(s->bands, now_us);
  vsm_flow_advance(&s->flow, s->bands);
  for (unsigned i = 0; i < s->graph->n; i++)
    vsm_flow_advance(&s->stages[i].flow, s->bands);
}

int64_t vsm_stream_deadline(const struct vsm_stream_state *s, int64_t now_us) {
  if (!s->model || s->bands->n == 0)
    return INT64_MAX;
  int64_t step = s->bands->at[0].step_us;
  return now_us - now_us % step + step;
}
