// The figures of a stream, of its stages and of values of attributes: what differs between an item's two stories is
// written once, signed, at the times at which it happened.
#include "core/count.h"

#include <assert.h>
#include <string.h>

static inline struct vsm_difference compare(const void *was, size_t a, const void *is, size_t b, size_t from,
                                            size_t size) {
  const char *x = was, *y = is;
  while (from < a && from < b && memcmp(x + from * size, y + from * size, size) == 0)
    from++;
  while (a > from && b > from && memcmp(x + (a - 1) * size, y + (b - 1) * size, size) == 0)
    a--, b--;
  return (struct vsm_difference){from, a, b};
}

struct vsm_rewrite vsm_rewrite_of(const struct vsm_retold *r) {
  const struct vsm_story *a = &r->was, *b = &r->is;
  struct vsm_rewrite w = {a, b, {0, a->n_visits, b->n_visits}, {0, a->n_marks, b->n_marks}};
  if (r->anew)
    return w;
  w.visits = compare(a->visits, a->n_visits, b->visits, b->n_visits, r->same_visits, sizeof *a->visits);
  w.marks = compare(a->marks, a->n_marks, b->marks, b->n_marks, r->same_marks, sizeof *a->marks);
  return w;
}

// --- where it is written

// Where a story is written: into the figures of all items, and into those of values of attributes, which know counts
// and cycle times alone.
struct target {
  struct vsm_stream_state *s;
  bool whole;
  unsigned n;
  struct vsm_segment *segments[VSM_SEGMENTS_MAX];
};

// A node's figures at an instant.
struct spot {
  const struct target *t;
  int place;                // -1: of the stream
  uint32_t time;            // of tapes
  struct vsm_flow_at whole; // where it is written to
};

static inline struct spot spot(const struct target *t, int place, int64_t us) {
  struct vsm_stream_state *s = t->s;
  struct spot at = {.t = t, .place = place};
  if (t->whole)
    at.whole = vsm_flow_at(place < 0 ? &s->flow : &s->stages[place].flow, s->bands, us);
  if (t->n > 0)
    at.time = vsm_tape_time(s->bands, us);
  return at;
}

static struct vsm_tape *tape(const struct spot *at, unsigned i) {
  struct vsm_segment *segment = at->t->segments[i];
  return at->place < 0 ? &segment->tape : &segment->stages[at->place].tape;
}

static __attribute__((noinline)) void count_segments(const struct spot *at, unsigned slot, int sign) {
  for (unsigned i = 0; i < at->t->n; i++)
    vsm_tape_count(tape(at, i), at->t->s->bands, at->time, slot, sign);
}

static inline void add_count(const struct spot *at, unsigned slot, int sign) {
  if (at->t->whole)
    vsm_flow_count(at->whole, slot, sign);
  if (at->t->n > 0)
    count_segments(at, slot, sign);
}

// Of a stage a visit that was completed and its cycle time, of a stream a finish and its lead time.
static void add_done(const struct spot *at, int64_t us, int sign) {
  static_assert((int)VSM_N_COMPLETED == (int)VSM_N_FINISHED, "tapes count either with the time");
  if (at->t->whole) {
    vsm_flow_count(at->whole, VSM_N_COMPLETED, sign);
    vsm_flow_duration(at->whole, VSM_D_CYCLE, us, sign);
  }
  for (unsigned i = 0; i < at->t->n; i++)
    vsm_tape_duration(tape(at, i), at->t->s->bands, at->time, us, sign);
}

static void count_entry(const struct target *t, const struct vsm_visit *v, int sign) {
  struct spot at = spot(t, v->place, v->entered);
  add_count(&at, VSM_N_ARRIVALS, sign);
  if (v->bits & VSM_V_REWORK)
    add_count(&at, VSM_N_REWORK, sign);
  if (t->whole)
    vsm_series_count(&t->s->stages[v->place].series, v->entered, VSM_SERIES_ARRIVED, sign);
}

static void draw_exit(struct vsm_series *series, const struct vsm_visit *v, int sign) {
  vsm_series_count(series, v->left, VSM_SERIES_DEPARTED, sign);
  if (v->how != VSM_COMPLETED)
    return;
  vsm_series_count(series, v->left, VSM_SERIES_DONE, sign);
  if (!(v->bits & VSM_V_UNOBSERVED))
    vsm_series_duration(series, v->left, vsm_visit_spent(v), sign);
}

static void add_spent(struct vsm_flow_at at, const struct vsm_visit *v, int sign) {
  vsm_flow_duration(at, VSM_D_SUSPENDED, v->spent[VSM_SUSPENDED], sign);
  if (v->bits & VSM_V_WAS_ACTIVE) {
    vsm_flow_duration(at, VSM_D_QUEUE, v->spent[VSM_QUEUED], sign);
    vsm_flow_duration(at, VSM_D_ACTIVE, v->spent[VSM_ACTIVE], sign);
    vsm_flow_effort(at, vsm_visit_spent(v), sign);
  }
}

static void count_exit(const struct target *t, const struct vsm_visit *v, int sign) {
  static const uint8_t slot[] = {[VSM_COMPLETED] = VSM_N_COMPLETED,
                                 [VSM_SKIPPED] = VSM_N_SKIPPED,
                                 [VSM_RETURNED] = VSM_N_RETURNED,
                                 [VSM_WITHDRAWN] = VSM_N_LEFT_WITHDRAWN};
  struct spot at = spot(t, v->place, v->left);
  if (t->whole)
    draw_exit(&t->s->stages[v->place].series, v, sign);
  if (v->how == VSM_COMPLETED && !(v->bits & VSM_V_OWN_COMPLETE))
    add_count(&at, VSM_N_IMPLIED, sign);
  if (v->bits & VSM_V_UNOBSERVED)
    add_count(&at, VSM_N_UNOBSERVED, sign);
  if (v->how != VSM_COMPLETED || (v->bits & VSM_V_UNOBSERVED)) {
    add_count(&at, slot[v->how], sign);
    return;
  }
  add_done(&at, vsm_visit_spent(v), sign);
  if (t->whole)
    add_spent(at.whole, v, sign);
}

static void count_open(const struct target *t, const struct vsm_visit *v, int sign) {
  struct vsm_stage_state *stage = &t->s->stages[v->place];
  for (unsigned i = 0; i < t->n; i++)
    t->segments[i]->stages[v->place].open += (uint64_t)sign;
  if (!t->whole)
    return;
  stage->flow.changed = true;
  stage->by_state[v->state] += (uint64_t)sign;
  if (v->state == VSM_SUSPENDED)
    vsm_waits_at(&stage->waits, t->s->bands, v->wait)->suspended += (uint64_t)sign;
}

// What two visits have in common is left as it is: most often one that is open changes its state or closes.
static void count_visit(const struct target *t, const struct vsm_visit *a, const struct vsm_visit *b) {
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

static void count_stage_mark(const struct target *t, const struct vsm_mark *m, int sign) {
  static const uint8_t slots[] = {
      [VSM_M_REDUNDANT] = VSM_N_REDUNDANT, [VSM_M_BYPASSED] = VSM_N_BYPASSED, [VSM_M_FIRST_PASS] = VSM_N_FIRST_PASSES};
  struct spot at = spot(t, m->place, m->at);
  if (m->kind != VSM_M_FIRST_PASS || m->rework) {
    add_count(&at, slots[m->kind], sign);
    return;
  }
  if (t->whole)
    vsm_flow_count(at.whole, VSM_N_FIRST_PASSES, sign); // tapes count it with the other
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

static void count_item_mark(const struct target *t, const struct vsm_mark *m, int sign) {
  static const uint8_t slots[] = {[VSM_M_STARTED] = VSM_N_STARTED,
                                  [VSM_M_REOPENED] = VSM_N_REOPENED,
                                  [VSM_M_FINISHED] = VSM_N_FINISHED,
                                  [VSM_M_WITHDRAWN] = VSM_N_WITHDRAWN,
                                  [VSM_M_REDUNDANT] = VSM_N_ITEM_REDUNDANT};
  struct spot at = spot(t, -1, m->at);
  if (t->whole)
    draw_item_mark(&t->s->series, m, sign);
  if (m->kind != VSM_M_FINISHED || m->at <= m->from) {
    add_count(&at, slots[m->kind], sign);
    return;
  }
  add_done(&at, m->span, sign);
  if (t->whole)
    vsm_flow_effort(at.whole, m->active, sign);
}

static void count_mark(const struct target *t, const struct vsm_mark *m, int sign) {
  if (m->kind == VSM_M_WAITED) {
    if (t->whole)
      count_wait(t->s, m, sign);
  } else if (m->place == VSM_PLACE_ITEM) {
    count_item_mark(t, m, sign);
  } else {
    count_stage_mark(t, m, sign);
  }
}

static void count(const struct target *t, const struct vsm_rewrite *w) {
  for (size_t i = w->visits.from; i < w->visits.a || i < w->visits.b; i++)
    count_visit(t, vsm_rewrite_was(w, i), vsm_rewrite_is(w, i));
  for (size_t i = w->marks.from; i < w->marks.a; i++)
    count_mark(t, &w->was->marks[i], -1);
  for (size_t i = w->marks.from; i < w->marks.b; i++)
    count_mark(t, &w->is->marks[i], 1);
  for (unsigned i = 0; i < t->n; i++)
    t->segments[i]->open += (uint64_t)w->is->open - (uint64_t)w->was->open;
}

// An item that has another value now leaves the figures of the old one whole, and enters those of the new one.
static void move_segment(struct vsm_stream_state *s, const struct vsm_rewrite *w, struct vsm_segment *from,
                         struct vsm_segment *to) {
  static const struct vsm_story nothing = {0};
  if (from)
    count(&(struct target){s, false, 1, {from}},
          &(struct vsm_rewrite){w->was, &nothing, {0, w->was->n_visits, 0}, {0, w->was->n_marks, 0}});
  if (to)
    count(&(struct target){s, false, 1, {to}},
          &(struct vsm_rewrite){&nothing, w->is, {0, 0, w->is->n_visits}, {0, 0, w->is->n_marks}});
}

static struct vsm_segment *segment_of(struct vsm_stream_state *s, unsigned i, const struct vsm_story *story) {
  if (!story->exists || story->segments[i] == (uint32_t)VSM_NO_SEGMENT)
    return NULL;
  return vsm_segment_at(&s->attributes[i], s->graph->n, story->segments[i]);
}

// Most often an item keeps its values, whose figures are written with those of all items.
void vsm_count(struct vsm_stream_state *s, const struct vsm_rewrite *w) {
  struct target whole = {.s = s, .whole = true};
  for (unsigned i = 0; i < s->n_attributes; i++) {
    bool same = w->was->exists && w->is->exists && w->was->segments[i] == w->is->segments[i];
    struct vsm_segment *is = segment_of(s, i, w->is), *was = same ? is : segment_of(s, i, w->was);
    if (was != is)
      move_segment(s, w, was, is);
    else if (is)
      whole.segments[whole.n++] = is;
  }
  count(&whole, w);
}
