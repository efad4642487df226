// One path for every event: the item's story before and its story after are laid beside each other, what is equal at
// both ends is skipped, and the difference is written once, signed, at the times at which it happened.
#include "core/stream.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "core/count.h"
#include "core/guard.h"
#include "core/sealed.h"

int vsm_stream_state_init(struct vsm_stream_state *s, const struct vsm_stream *model, unsigned segment_values,
                          struct vsm_intern *words, struct vsm_ranks_queue *queue, int64_t now_us) {
  *s = (struct vsm_stream_state){.model = model, .segment_values = segment_values, .first_started = INT64_MAX};
  s->open.queue = s->moved.ranks.queue = queue;
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
  vsm_expectings_init(&s->expected, model->expected, model->n_expected, s->graph->calendar, words, queue, s->bands);
  for (unsigned i = 0; i < s->graph->n; i++) {
    const struct vsm_stage *stage = &model->stages[s->graph->at[i].declared];
    vsm_flow_init(&s->stages[i].flow, s->bands);
    vsm_expectings_init(&s->stages[i].expected, stage->expected, stage->n_expected, s->graph->at[i].calendar, words,
                        queue, s->bands);
    s->stages[i].open.queue = queue;
  }
  s->n_attributes = model->n_segments;
  s->attributes = vsm_mem_alloc(s->n_attributes * sizeof *s->attributes);
  for (unsigned i = 0; i < s->n_attributes; i++)
    s->attributes[i] = (struct vsm_attribute){
        .name = vsm_intern(words, &(struct vsm_str){model->segments[i], strlen(model->segments[i])}, 1),
        .most = segment_values};
  return 0;
}

void vsm_stream_state_init_gone(struct vsm_stream_state *s, struct vsm_str id, struct vsm_intern *words) {
  *s = (struct vsm_stream_state){.first_started = INT64_MAX};
  vsm_items_init(&s->items, words);
  s->id = vsm_mem_copy(id);
  s->graph = vsm_mem_alloc(sizeof *s->graph); // of no stages
}

void vsm_stream_state_fini(struct vsm_stream_state *s) {
  vsm_sealed_fini(&s->sealed);
  vsm_guard_destroy(s->guard);
  for (unsigned i = 0; s->graph && s->stages && i < s->graph->n; i++) {
    vsm_flow_fini(&s->stages[i].flow, s->bands);
    vsm_ranks_fini(&s->stages[i].open);
    vsm_series_fini(&s->stages[i].series);
    vsm_waits_fini(&s->stages[i].waits, s->bands);
    vsm_expectings_fini(&s->stages[i].expected, s->bands);
  }
  for (unsigned i = 0; i < s->n_attributes; i++)
    vsm_attribute_fini(&s->attributes[i], s->graph->n);
  free(s->attributes);
  vsm_expectings_fini(&s->expected, s->bands);
  vsm_edges_fini(&s->edges, s->bands);
  if (s->bands)
    vsm_flow_fini(&s->flow, s->bands);
  vsm_ranks_fini(&s->open);
  vsm_moved_fini(&s->moved);
  vsm_series_fini(&s->series);
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
    if ((who[i] & VSM_WHO_CREATES) && i != but && !vsm_packed_sleeps(it->log[i], s->graph->n))
      return true;
  }
  return false;
}

void vsm_stream_segments(const struct vsm_stream_state *s, const struct vsm_item *it, uint32_t *segments) {
  const struct vsm_value *v = vsm_item_values(it);
  for (unsigned i = 0; i < s->n_attributes; i++)
    segments[i] = (uint32_t)VSM_NO_SEGMENT;
  for (unsigned k = 0; k < it->n_values; k++)
    for (unsigned i = 0; v[k].kind == VSM_VALUE_SEGMENT && i < s->n_attributes; i++)
      if (s->attributes[i].name == v[k].name)
        segments[i] = v[k].word;
}

void vsm_stream_fold(const struct vsm_stream_state *s, const struct vsm_item *it, size_t but, struct vsm_story *out) {
  if (s->model && is_created(s, it, but)) {
    struct vsm_log log = vsm_item_log(it);
    vsm_fold(s->graph, &log, but, out);
    vsm_stream_segments(s, it, out->segments);
  } else {
    vsm_story_clear(out);
  }
}

void vsm_stream_fold_both(const struct vsm_stream_state *s, const struct vsm_item *it, size_t at,
                          struct vsm_retold *out) {
  out->added = at;
  if (is_created(s, it, at)) {
    struct vsm_log log = vsm_item_log(it);
    vsm_fold_both(s->graph, &log, at, out);
    vsm_stream_segments(s, it, out->was.segments);
    memcpy(out->is.segments, out->was.segments, s->n_attributes * sizeof *out->is.segments);
  } else {
    vsm_story_clear(&out->was);
    vsm_stream_fold(s, it, (size_t)VSM_FOLD_ALL, &out->is);
    out->same_visits = out->same_marks = 0;
  }
}

// --- writing the difference

static void replace_rank(struct vsm_ranks *ranks, uint32_t item, bool was, int64_t was_us, bool is, int64_t is_us) {
  if (was == is && (!was || was_us == is_us))
    return;
  if (was)
    vsm_ranks_remove(ranks, was_us, item);
  if (is)
    vsm_ranks_insert(ranks, is_us, item);
}

static void rank_visit(struct vsm_stream_state *s, uint32_t item, const struct vsm_visit *a,
                       const struct vsm_visit *b) {
  bool a_open = a && a->how == VSM_OPEN, b_open = b && b->how == VSM_OPEN;
  if (a && b && a->place == b->place) {
    replace_rank(&s->stages[a->place].open, item, a_open, a->entered, b_open, b->entered);
    return;
  }
  if (a_open)
    vsm_ranks_remove(&s->stages[a->place].open, a->entered, item);
  if (b_open)
    vsm_ranks_insert(&s->stages[b->place].open, b->entered, item);
}

static void expect_visit(struct vsm_stream_state *s, const struct vsm_retold *r, uint32_t item,
                         const struct vsm_visit *a, const struct vsm_visit *b) {
  if (a && b && a->place != b->place) {
    expect_visit(s, r, item, a, NULL);
    expect_visit(s, r, item, NULL, b);
    return;
  }
  struct vsm_expectings *expected = &s->stages[(a ? a : b)->place].expected;
  if (expected->n > 0)
    vsm_expect_visit(expected, s->bands, r, a, b, item);
}

static bool is_between(const struct vsm_story *st) {
  return st->open && st->n_open == 0;
}

static void replace_item(struct vsm_stream_state *s, uint32_t item, const struct vsm_retold *r) {
  const struct vsm_story *was = &r->was, *is = &r->is;
  bool a = is_between(was), b = is_between(is);
  replace_rank(&s->open, item, was->open, was->started, is->open, is->started);
  if (is->open && !was->open)
    vsm_moved_opened(&s->moved, item, is->last);
  s->between += (uint64_t)b - (uint64_t)a;
  if (a != b || was->open != is->open || was->started != is->started)
    s->flow.changed = true;
  if (is->exists && is->started < s->first_started)
    s->first_started = is->started;
}

static void expect_item(struct vsm_stream_state *s, uint32_t item, const struct vsm_retold *r,
                        const struct vsm_rewrite *w) {
  struct vsm_set stages = {{0}};
  bool ends = false;
  if (s->expected.n == 0)
    return;
  for (size_t i = w->visits.from; i < w->visits.a; i++)
    vsm_set_add(&stages, w->was->visits[i].place);
  for (size_t i = w->visits.from; i < w->visits.b; i++)
    vsm_set_add(&stages, w->is->visits[i].place);
  for (size_t i = w->marks.from; i < w->marks.a; i++)
    ends = ends || w->was->marks[i].kind == VSM_M_FINISHED;
  for (size_t i = w->marks.from; i < w->marks.b; i++)
    ends = ends || w->is->marks[i].kind == VSM_M_FINISHED;
  vsm_expect_item(&s->expected, s->bands, s->graph, r, stages, ends, item);
}

void vsm_stream_replace(struct vsm_stream_state *s, uint32_t item, const struct vsm_retold *r) {
  struct vsm_rewrite w = vsm_rewrite_of(r);
  if (s->guard)
    vsm_guard_see(s, item, r);
  for (size_t i = w.visits.from; i < w.visits.a || i < w.visits.b; i++) {
    rank_visit(s, item, vsm_rewrite_was(&w, i), vsm_rewrite_is(&w, i));
    expect_visit(s, r, item, vsm_rewrite_was(&w, i), vsm_rewrite_is(&w, i));
    if (s->guard)
      vsm_guard_visit(s, item, vsm_rewrite_was(&w, i), vsm_rewrite_is(&w, i));
  }
  vsm_count(s, &w);
  replace_item(s, item, r);
  vsm_edges_replace(&s->edges, s->bands, s->graph, r);
  expect_item(s, item, r, &w);
  if (s->guard)
    vsm_guard_write(s, item, r);
}

void vsm_stream_add(struct vsm_stream_state *s, uint32_t item, struct vsm_retold *r) {
  vsm_story_clear(&r->was);
  r->same_visits = r->same_marks = 0;
  r->added = (size_t)VSM_FOLD_ALL;
  r->anew = false;
  struct vsm_item *it = vsm_items_at(&s->items, item);
  vsm_stream_fold(s, it, (size_t)VSM_FOLD_ALL, &r->is);
  vsm_stream_replace(s, item, r);
  it->open = r->is.open;
}

void vsm_stream_advance(struct vsm_stream_state *s, int64_t now_us) {
  if (!s->model)
    return;
  vsm_bands_advance(s->bands, now_us);
  vsm_flow_advance(&s->flow, s->bands);
  vsm_series_forget(&s->series, now_us - VSM_SERIES_KEPT_US);
  vsm_expectings_advance(&s->expected, s->bands);
  vsm_edges_advance(&s->edges, s->bands);
  for (unsigned i = 0; i < s->graph->n; i++) {
    vsm_flow_advance(&s->stages[i].flow, s->bands);
    vsm_series_forget(&s->stages[i].series, now_us - VSM_SERIES_KEPT_US);
    vsm_waits_advance(&s->stages[i].waits, s->bands);
    vsm_expectings_advance(&s->stages[i].expected, s->bands);
  }
}

int64_t vsm_stream_deadline(const struct vsm_stream_state *s, int64_t now_us) {
  if (!s->model || s->bands->n == 0)
    return INT64_MAX;
  int64_t step = s->bands->at[0].step_us;
  return now_us - now_us % step + step;
}
