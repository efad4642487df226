// One path for every event: the item's story before and its story after are laid beside each other, what is equal at
// both ends is skipped, and the difference is written once, signed, at the times at which it happened.
#include "core/stream.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
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
  vsm_expectings_init(&s->expected, model->expected, model->n_expected, words, queue, s->bands);
  for (unsigned i = 0; i < s->graph->n; i++) {
    const struct vsm_stage *stage = &model->stages[s->graph->at[i].declared];
    vsm_flow_init(&s->stages[i].flow, s->bands);
    vsm_expectings_init(&s->stages[i].expected, stage->expected, stage->n_expected, words, queue, s->bands);
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

// Where a story is written: the figures of all items (segment NULL), or those of one value of an attribute, which know
// counts and cycle times alone.
struct target {
  struct vsm_stream_state *s;
  struct vsm_segment *segment;
};

// A node's figures at an instant.
struct spot {
  const struct vsm_bands *bands;
  struct vsm_tape *tape; // of a segment; NULL: `at`
  int64_t us;
  struct vsm_flow_at at;
};

static struct spot spot(struct target t, struct vsm_tape *tape, struct vsm_flow *flow, int64_t us) {
  struct spot s = {t.s->bands, tape, us, {0}};
  if (!tape)
    s.at = vsm_flow_at(flow, t.s->bands, us);
  return s;
}

static struct spot at_stage(struct target t, unsigned place, int64_t us) {
  return spot(t, t.segment ? &t.segment->stages[place].tape : NULL, &t.s->stages[place].flow, us);
}

static struct spot at_stream(struct target t, int64_t us) {
  return spot(t, t.segment ? &t.segment->tape : NULL, &t.s->flow, us);
}

static void add_count(const struct spot *s, unsigned slot, int sign) {
  if (s->tape)
    vsm_tape_count(s->tape, s->bands, s->us, slot, sign);
  else
    vsm_flow_count(s->at, slot, sign);
}

// Of a stage its cycle time, of a stream its lead time.
static void add_cycle(const struct spot *s, int64_t us, int sign) {
  if (s->tape)
    vsm_tape_duration(s->tape, s->bands, s->us, us, sign);
  else
    vsm_flow_duration(s->at, VSM_D_CYCLE, us, sign);
}

static void count_entry(struct target t, const struct vsm_visit *v, int sign) {
  struct spot at = at_stage(t, v->place, v->entered);
  add_count(&at, VSM_N_ARRIVALS, sign);
  if (!t.segment)
    vsm_series_count(&t.s->stages[v->place].series, v->entered, VSM_SERIES_ARRIVED, sign);
  if (v->bits & VSM_V_REWORK)
    add_count(&at, VSM_N_REWORK, sign);
}

static void count_exit(struct target t, const struct vsm_visit *v, int sign) {
  static const uint8_t slot[] = {[VSM_COMPLETED] = VSM_N_COMPLETED,
                                 [VSM_SKIPPED] = VSM_N_SKIPPED,
                                 [VSM_RETURNED] = VSM_N_RETURNED,
                                 [VSM_WITHDRAWN] = VSM_N_LEFT_WITHDRAWN};
  struct spot at = at_stage(t, v->place, v->left);
  struct vsm_series *series = t.segment ? NULL : &t.s->stages[v->place].series;
  add_count(&at, slot[v->how], sign);
  if (series)
    vsm_series_count(series, v->left, VSM_SERIES_DEPARTED, sign);
  if (v->how != VSM_COMPLETED)
    return;
  if (series)
    vsm_series_count(series, v->left, VSM_SERIES_DONE, sign);
  if (!(v->bits & VSM_V_OWN_COMPLETE))
    add_count(&at, VSM_N_IMPLIED, sign);
  if (v->bits & VSM_V_UNOBSERVED) {
    add_count(&at, VSM_N_UNOBSERVED, sign);
    return;
  }
  int64_t cycle = v->spent[VSM_QUEUED] + v->spent[VSM_ACTIVE] + v->spent[VSM_SUSPENDED];
  add_cycle(&at, cycle, sign);
  if (t.segment)
    return;
  vsm_series_duration(series, v->left, cycle, sign);
  vsm_flow_duration(at.at, VSM_D_SUSPENDED, v->spent[VSM_SUSPENDED], sign);
  if (v->bits & VSM_V_WAS_ACTIVE) {
    vsm_flow_duration(at.at, VSM_D_QUEUE, v->spent[VSM_QUEUED], sign);
    vsm_flow_duration(at.at, VSM_D_ACTIVE, v->spent[VSM_ACTIVE], sign);
    vsm_flow_effort(at.at, cycle, sign);
  }
}

static void count_open(struct target t, const struct vsm_visit *v, int sign) {
  struct vsm_stage_state *stage = &t.s->stages[v->place];
  if (t.segment) {
    t.segment->stages[v->place].open += (uint64_t)sign;
    return;
  }
  stage->flow.changed = true;
  stage->by_state[v->state] += (uint64_t)sign;
  if (v->state == VSM_SUSPENDED)
    vsm_waits_at(&stage->waits, t.s->bands, v->wait)->suspended += (uint64_t)sign;
}

// What two visits have in common is left as it is: most often one that is open changes its state or closes.
static void count_visit(struct target t, const struct vsm_visit *a, const struct vsm_visit *b) {
  bool same_stay = a && b && a->place == b->place && a->entered == b->entered;
  bool same_entry = same_stay && !((a->bits ^ b->bits) & VSM_V_REWORK);
  if (a && a->how == VSM_OPEN)
    count_open(t, a, -1);
  if (b && b->how == VSM_OPEN)
    count_open(t, b, 1);
  if (a && !same_entry)
    count_entry(t, a, -1);
  if (b && !same_entry)
    count_entry(t, b, 1);
  if (a && a->how != VSM_OPEN)
    count_exit(t, a, -1);
  if (b && b->how != VSM_OPEN)
    count_exit(t, b, 1);
}

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

static void count_stage_mark(struct target t, const struct vsm_mark *m, int sign) {
  static const uint8_t slots[] = {
      [VSM_M_REDUNDANT] = VSM_N_REDUNDANT, [VSM_M_BYPASSED] = VSM_N_BYPASSED, [VSM_M_FIRST_PASS] = VSM_N_FIRST_PASSES};
  struct spot at = at_stage(t, m->place, m->at);
  add_count(&at, slots[m->kind], sign);
  if (m->kind == VSM_M_FIRST_PASS && !m->rework)
    add_count(&at, VSM_N_FIRST_CLEAN, sign);
}

static void count_wait(struct vsm_stream_state *s, const struct vsm_mark *m, int sign) {
  struct vsm_wait *wait = vsm_waits_at(&s->stages[m->place].waits, s->bands, m->wait);
  struct vsm_flow_at at = vsm_flow_at(&wait->flow, s->bands, m->at);
  vsm_flow_count(at, VSM_N_WAITS, sign);
  vsm_flow_effort(at, m->span, sign);
  s->stages[m->place].flow.changed = true;
}

static void draw_item_mark(struct vsm_series *series, const struct vsm_mark *m, int sign) {
  if (m->kind == VSM_M_STARTED || m->kind == VSM_M_REOPENED)
    vsm_series_count(series, m->at, VSM_SERIES_ARRIVED, sign);
  if (m->kind == VSM_M_FINISHED || m->kind == VSM_M_WITHDRAWN)
    vsm_series_count(series, m->at, VSM_SERIES_DEPARTED, sign);
  if (m->kind == VSM_M_FINISHED)
    vsm_series_count(series, m->at, VSM_SERIES_DONE, sign);
  if (m->kind == VSM_M_FINISHED && m->at > m->from)
    vsm_series_duration(series, m->at, m->span, sign);
}

static void count_item_mark(struct target t, const struct vsm_mark *m, int sign) {
  static const uint8_t slots[] = {[VSM_M_STARTED] = VSM_N_STARTED,
                                  [VSM_M_REOPENED] = VSM_N_REOPENED,
                                  [VSM_M_FINISHED] = VSM_N_FINISHED,
                                  [VSM_M_WITHDRAWN] = VSM_N_WITHDRAWN,
                                  [VSM_M_REDUNDANT] = VSM_N_ITEM_REDUNDANT};
  struct spot at = at_stream(t, m->at);
  add_count(&at, slots[m->kind], sign);
  if (!t.segment)
    draw_item_mark(&t.s->series, m, sign);
  if (m->kind == VSM_M_FINISHED && m->at > m->from) {
    add_cycle(&at, m->span, sign);
    if (!t.segment)
      vsm_flow_effort(at.at, m->active, sign);
  }
}

static void count_mark(struct target t, const struct vsm_mark *m, int sign) {
  if (m->kind == VSM_M_WAITED) {
    if (!t.segment)
      count_wait(t.s, m, sign);
  } else if (m->place == VSM_PLACE_ITEM) {
    count_item_mark(t, m, sign);
  } else {
    count_stage_mark(t, m, sign);
  }
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

// What differs between an item's two stories: of its visits, of its marks.
struct rewrite {
  const struct vsm_story *was, *is;
  struct difference visits, marks;
};

static struct rewrite difference(const struct vsm_retold *r) {
  const struct vsm_story *a = &r->was, *b = &r->is;
  struct rewrite w = {a, b, {0, a->n_visits, b->n_visits}, {0, a->n_marks, b->n_marks}};
  if (r->anew)
    return w;
  w.visits = compare(a->visits, a->n_visits, b->visits, b->n_visits, r->same_visits, sizeof *a->visits);
  w.marks = compare(a->marks, a->n_marks, b->marks, b->n_marks, r->same_marks, sizeof *a->marks);
  return w;
}

static const struct vsm_visit *was_visit(const struct rewrite *w, size_t i) {
  return i < w->visits.a ? &w->was->visits[i] : NULL;
}
static const struct vsm_visit *is_visit(const struct rewrite *w, size_t i) {
  return i < w->visits.b ? &w->is->visits[i] : NULL;
}

static void count(struct target t, const struct rewrite *w) {
  for (size_t i = w->visits.from; i < w->visits.a || i < w->visits.b; i++)
    count_visit(t, was_visit(w, i), is_visit(w, i));
  for (size_t i = w->marks.from; i < w->marks.a; i++)
    count_mark(t, &w->was->marks[i], -1);
  for (size_t i = w->marks.from; i < w->marks.b; i++)
    count_mark(t, &w->is->marks[i], 1);
}

// An item that has another value now leaves the figures of the old one whole, and enters those of the new one.
static void move_segment(struct vsm_stream_state *s, const struct rewrite *w, struct vsm_segment *from,
                         struct vsm_segment *to) {
  static const struct vsm_story nothing = {0};
  if (from) {
    count((struct target){s, from},
          &(struct rewrite){w->was, &nothing, {0, w->was->n_visits, 0}, {0, w->was->n_marks, 0}});
    from->open -= w->was->open;
  }
  if (to) {
    count((struct target){s, to}, &(struct rewrite){&nothing, w->is, {0, 0, w->is->n_visits}, {0, 0, w->is->n_marks}});
    to->open += w->is->open;
  }
}

static struct vsm_segment *segment_of(struct vsm_stream_state *s, unsigned i, const struct vsm_story *story) {
  if (!story->exists || story->segments[i] == (uint32_t)VSM_NO_SEGMENT)
    return NULL;
  return vsm_segment_at(&s->attributes[i], s->graph->n, story->segments[i]);
}

static void count_segments(struct vsm_stream_state *s, const struct rewrite *w) {
  for (unsigned i = 0; i < s->n_attributes; i++) {
    bool same = w->was->exists && w->is->exists && w->was->segments[i] == w->is->segments[i];
    struct vsm_segment *is = segment_of(s, i, w->is), *was = same ? is : segment_of(s, i, w->was);
    if (was != is) {
      move_segment(s, w, was, is);
    } else if (is) {
      count((struct target){s, is}, w);
      is->open += (uint64_t)w->is->open - (uint64_t)w->was->open;
    }
  }
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
                        const struct rewrite *w) {
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
  struct rewrite w = difference(r);
  if (s->guard)
    vsm_guard_see(s, item, r);
  for (size_t i = w.visits.from; i < w.visits.a || i < w.visits.b; i++) {
    rank_visit(s, item, was_visit(&w, i), is_visit(&w, i));
    expect_visit(s, r, item, was_visit(&w, i), is_visit(&w, i));
    if (s->guard)
      vsm_guard_visit(s, item, was_visit(&w, i), is_visit(&w, i));
  }
  count((struct target){s, NULL}, &w);
  count_segments(s, &w);
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
