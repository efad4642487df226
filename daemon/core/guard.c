// What is kept for alerts follows from an item's transitions, progress, dates and segments, as its figures do: how it
// was seen is taken back, and how it is seen is added. Most often nothing but a transition was added, and both are read
// off the item as it stands; whoever changes anything else has kept how it was before.
#include "core/guard.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/alert.h"
#include "core/alerts.h"
#include "core/calendar.h"
#include "core/reach.h"
#include "core/state.h"

// --- making one

static bool any_alerts(const struct vsm_stream *m) {
  bool any = m->alerts != NULL;
  for (unsigned i = 0; i < m->n_stages; i++)
    any = any || m->stages[i].alerts;
  return any;
}

static unsigned name_of(struct vsm_guard_node *n, const char *name) {
  unsigned i = 0;
  while (i < n->n_names && strcmp(n->names[i].name, name) != 0)
    i++;
  if (i == n->n_names)
    n->names[n->n_names++] = (struct vsm_guard_name){
        .name = name, .overdue = (uint32_t)VSM_NO_ALERT, .missed = (uint32_t)VSM_NO_ALERT, .minute_us = INT64_MIN};
  return i;
}

static const struct vsm_front nowhere = {INT64_MIN, INT64_MAX};

static void init_stalls(struct vsm_guard_node *n, const struct vsm_stall *rules, unsigned n_rules,
                        struct vsm_intern *words, struct vsm_ranks_queue *queue) {
  n->stalls = vsm_mem_alloc(n_rules * sizeof *n->stalls);
  n->n_stalls = n_rules;
  n->everybody = n_rules > 0 && rules[0].n_where == 0;
  for (unsigned i = 0; i < n_rules; i++) {
    struct vsm_guard_stall *s = &n->stalls[i];
    *s = (struct vsm_guard_stall){.rule = &rules[i], .front = nowhere, .after_us = rules[i].after_us};
    vsm_fits_init(&s->fits, rules[i].where, rules[i].n_where, words);
    s->moved.queue = queue;
    if (rules[i].after_us == 0)
      s->after_us = INT64_MAX;
    n->relative = n->relative || rules[i].after_us == 0;
  }
}

static void init_node(struct vsm_guard_node *n, struct vsm_guard *w, int place, const struct vsm_alert_rule *alerts,
                      struct vsm_expectings *x, const struct vsm_bands *bands, struct vsm_ranks_queue *queue) {
  *n = (struct vsm_guard_node){.guard = w,
                               .alerts = alerts,
                               .place = place,
                               .stalled = (uint32_t)VSM_NO_ALERT,
                               .standing = (uint32_t)VSM_NO_ALERT,
                               .limit = (uint32_t)VSM_NO_ALERT,
                               .minute_us = INT64_MIN,
                               .due_front = nowhere,
                               .still_from_us = INT64_MAX};
  if (!alerts)
    return;
  n->due.queue = n->held.queue = queue;
  n->names = vsm_mem_alloc((x->n + 1) * sizeof *n->names);
  n->expected = vsm_mem_alloc(x->n * sizeof *n->expected);
  name_of(n, "");
  for (unsigned i = 0; i < x->n; i++) {
    n->expected[i] = (struct vsm_guard_expected){n, &x->at[i], nowhere, name_of(n, x->at[i].e->name)};
    x->at[i].guard = &n->expected[i];
    vsm_expecting_judge(&x->at[i], bands);
  }
}

static void watch_stage(struct vsm_guard_node *n, const struct vsm_stage *stage, struct vsm_intern *words,
                        struct vsm_ranks_queue *queue) {
  if (!n->alerts)
    return;
  init_stalls(n, stage->stalls, stage->n_stalls, words, queue);
  n->wip_limit = stage->wip_limit;
  n->still_after_us = stage->stage_stall_us;
  if (n->still_after_us > 0) {
    n->departed = vsm_mem_alloc(sizeof *n->departed);
    vsm_departed_init(n->departed);
  }
}

struct vsm_guard *vsm_guard_create(struct vsm_core *core, struct vsm_stream_state *s) {
  const struct vsm_stream *m = s->model;
  struct vsm_intern *words = &core->words;
  struct vsm_ranks_queue *queue = &core->ranks;
  if (!any_alerts(m))
    return NULL;
  struct vsm_guard *w = vsm_mem_alloc(sizeof *w);
  w->core = core;
  w->noted = &core->noted;
  w->n_stages = s->graph->n;
  w->stages = vsm_mem_alloc(w->n_stages * sizeof *w->stages);
  struct vsm_seen *seen[] = {&w->was, &w->is, &w->kept, &w->other};
  for (size_t i = 0; i < sizeof seen / sizeof *seen; i++)
    seen[i]->visits = vsm_mem_alloc(w->n_stages * sizeof *seen[i]->visits);
  init_node(&w->stream, w, -1, m->alerts, &s->expected, s->bands, queue);
  if (m->alerts)
    init_stalls(&w->stream, m->stalls, m->n_stalls, words, queue);
  for (unsigned i = 0; i < w->n_stages; i++) {
    const struct vsm_stage *stage = &m->stages[s->graph->at[i].declared];
    init_node(&w->stages[i], w, (int)i, stage->alerts, &s->stages[i].expected, s->bands, queue);
    watch_stage(&w->stages[i], stage, words, queue);
  }
  return w;
}

static void fini_node(struct vsm_guard_node *n) {
  for (unsigned i = 0; i < n->n_stalls; i++) {
    vsm_fits_fini(&n->stalls[i].fits);
    vsm_ranks_fini(&n->stalls[i].moved);
  }
  free(n->stalls);
  free(n->names);
  free(n->expected);
  free(n->departed);
  vsm_ranks_fini(&n->due);
  vsm_ranks_fini(&n->held);
}

void vsm_guard_destroy(struct vsm_guard *w) {
  if (!w)
    return;
  fini_node(&w->stream);
  for (unsigned i = 0; i < w->n_stages; i++)
    fini_node(&w->stages[i]);
  free(w->stages);
  free(w->was.visits);
  free(w->is.visits);
  free(w->kept.visits);
  free(w->other.visits);
  free(w);
}

void vsm_guard_mark_words(struct vsm_guard *w, bool *used) {
  memset(w->dates, 0, sizeof w->dates); // words that go leave their numbers to others
  for (unsigned i = 0; i < w->stream.n_stalls; i++)
    vsm_fits_mark(&w->stream.stalls[i].fits, used);
  for (unsigned k = 0; k < w->n_stages; k++)
    for (unsigned i = 0; i < w->stages[k].n_stalls; i++)
      vsm_fits_mark(&w->stages[k].stalls[i].fits, used);
}

// --- how an item was seen, and is

bool vsm_guard_is_out(const struct vsm_stream_state *s, const struct vsm_guard_node *node, uint32_t item) {
  const struct vsm_item *it = vsm_items_at(&s->items, item);
  unsigned place = node->place < 0 ? VSM_PLACE_ITEM : (unsigned)node->place;
  return vsm_item_value(it, VSM_VALUE_DUE, 0, place) ||
         vsm_silence_covers(s->guard->core, VSM_ITEM_OVERDUE, s, node->place, item);
}

const struct vsm_seen_visit *vsm_seen_at(const struct vsm_seen *seen, int place) {
  if (place < 0)
    return seen->open ? &seen->item : NULL;
  for (unsigned i = 0; i < seen->n; i++)
    if (seen->visits[i].place == place)
      return &seen->visits[i];
  return NULL;
}

static bool is_out(const struct vsm_seen *seen, int place) {
  const struct vsm_seen_visit *v = vsm_seen_at(seen, place);
  return !v || v->out;
}

// --- writing what differs

// Something of a set: there or not, and where.
struct mark {
  bool there;
  int64_t us;
};

// An entry that moves within one set. False: it stays where it is.
static bool shift(struct vsm_ranks *set, uint32_t item, struct mark was, struct mark is) {
  if (was.there == is.there && (!was.there || was.us == is.us))
    return false;
  if (was.there)
    vsm_ranks_remove(set, was.us, item);
  if (is.there)
    vsm_ranks_insert(set, is.us, item);
  return true;
}

static bool is_member(const struct vsm_front *f, struct mark m) {
  return m.there && m.us <= f->k;
}

// Where an entry comes before all that were still to be waited for, it is due earlier than was told.
static void come_first(struct vsm_guard *w, struct vsm_front *f, struct mark m, uint32_t alert) {
  if (!m.there || m.us <= f->k || m.us >= f->first)
    return;
  f->first = m.us;
  vsm_noted_touch(w->noted, alert);
}

// In the rule's own set.
static struct mark stall_mark(const struct vsm_guard_node *n, const struct vsm_seen_visit *v, unsigned rule) {
  return (struct mark){v && v->stall == rule && vsm_guard_is_old(n, v), v ? v->moved : 0};
}

static void write_stalls(struct vsm_guard_node *n, uint32_t item, const struct vsm_seen_visit *was,
                         const struct vsm_seen_visit *is) {
  int members = 0;
  bool concerned = false;
  for (unsigned i = 0; i < n->n_stalls; i++) {
    struct vsm_guard_stall *rule = &n->stalls[i];
    struct mark a = stall_mark(n, was, i), b = stall_mark(n, is, i);
    if (is && is->stall == i)
      come_first(n->guard, &rule->front, (struct mark){true, is->moved}, n->stalled);
    if (!shift(&rule->moved, item, a, b))
      continue;
    concerned = concerned || is_member(&rule->front, a) || is_member(&rule->front, b);
    members += is_member(&rule->front, b) - is_member(&rule->front, a);
  }
  if (members != 0)
    vsm_guard_flip(n->guard, n->stalled, &n->n_stalled, item, members);
  else if (concerned)
    vsm_noted_touch(n->guard->noted, n->stalled);
}

static void write_due(struct vsm_guard_node *n, uint32_t item, const struct vsm_seen_visit *was,
                      const struct vsm_seen_visit *is) {
  struct vsm_guard_name *name = &n->names[0];
  struct mark a = {was && was->due, was ? was->due : 0}, b = {is && is->due, is ? is->due : 0};
  if (!shift(&n->due, item, a, b))
    return;
  int members = is_member(&n->due_front, b) - is_member(&n->due_front, a);
  if (members != 0)
    vsm_guard_flip(n->guard, name->overdue, &name->n_overdue, item, members);
  else if (is_member(&n->due_front, b))
    vsm_noted_touch(n->guard->noted, name->overdue);
  come_first(n->guard, &n->due_front, b, name->overdue);
}

// Most often what was open goes on, and is young.
static inline bool is_seen_same(const struct vsm_seen_visit *a, const struct vsm_seen_visit *b) {
  return a && b && a->entered == b->entered && a->moved == b->moved && a->due == b->due && a->stall == b->stall;
}

static void write_difference(struct vsm_guard_node *n, uint32_t item, const struct vsm_seen_visit *was,
                             const struct vsm_seen_visit *is) {
  write_stalls(n, item, was, is);
  if ((was && was->due) || (is && is->due))
    write_due(n, item, was, is);
}

static inline void write_at(struct vsm_guard_node *n, uint32_t item, const struct vsm_seen_visit *was,
                            const struct vsm_seen_visit *is) {
  if (!is_seen_same(was, is))
    write_difference(n, item, was, is);
}

// What a relative threshold is worked out from has changed.
static void arm(struct vsm_guard_node *n) {
  if (!n->relative || n->armed)
    return;
  n->armed = true;
  vsm_noted_touch(n->guard->noted, n->stalled);
}

void vsm_guard_write(struct vsm_stream_state *s, uint32_t item, const struct vsm_retold *r) {
  struct vsm_guard *w = s->guard;
  if (w->stream.alerts)
    write_at(&w->stream, item, vsm_seen_at(w->seen, -1), vsm_seen_at(&w->is, -1));
  for (unsigned i = 0; i < w->seen->n; i++) {
    const struct vsm_seen_visit *was = &w->seen->visits[i];
    write_at(&w->stages[was->place], item, was, vsm_seen_at(&w->is, was->place));
  }
  for (unsigned i = 0; i < w->is.n; i++)
    if (!vsm_seen_at(w->seen, w->is.visits[i].place))
      write_at(&w->stages[w->is.visits[i].place], item, NULL, &w->is.visits[i]);
  if (r->was.n_ends > 0 || r->is.n_ends > 0)
    arm(&w->stream);
}

// --- stages that stand still, or hold too much

static bool is_going(const struct vsm_visit *v) {
  return v->how == VSM_OPEN && v->state != VSM_SUSPENDED;
}

// Where something left, or began to go, later than what was counted from at the last look, it is due no earlier.
static void count_still(struct vsm_guard_node *n, uint32_t item, const struct vsm_visit *v, int sign) {
  bool earlier = n->still_from_us == INT64_MAX;
  if (v->how != VSM_OPEN) {
    vsm_departed_add(n->departed, v->left, sign);
    earlier = earlier || (sign < 0 && v->left >= n->still_from_us);
  } else if (is_going(v)) {
    earlier = earlier || (sign > 0 && v->entered < n->still_from_us);
  } else if (sign > 0) {
    vsm_ranks_insert(&n->held, v->entered, item);
  } else {
    vsm_ranks_remove(&n->held, v->entered, item);
  }
  if (n->still || earlier)
    vsm_noted_touch(n->guard->noted, n->standing);
}

static void count_visit(struct vsm_stream_state *s, uint32_t item, const struct vsm_visit *v, int sign) {
  struct vsm_guard_node *n = &s->guard->stages[v->place];
  if (n->wip_limit > 0 && v->how == VSM_OPEN && s->stages[v->place].open.count >= n->wip_limit)
    vsm_noted_touch(n->guard->noted, n->limit);
  if (n->still_after_us > 0)
    count_still(n, item, v, sign);
  if (v->how == VSM_COMPLETED && !(v->bits & VSM_V_UNOBSERVED))
    arm(n);
}

void vsm_guard_visit(struct vsm_stream_state *s, uint32_t item, const struct vsm_visit *was,
                     const struct vsm_visit *is) {
  bool same = was && is && was->place == is->place && was->entered == is->entered && was->how == VSM_OPEN &&
              is->how == VSM_OPEN && is_going(was) == is_going(is);
  if (same)
    return;
  if (was)
    count_visit(s, item, was, -1);
  if (is)
    count_visit(s, item, is, 1);
}

// --- expectations

bool vsm_guard_is_older(const struct vsm_guard_expected *e, struct vsm_standing s) {
  return s.open && (s.frozen ? s.key > e->x->e->within_us : s.key <= e->front.k);
}

// It is looked at in the next minute: that the time for it changed needs no look of its own.
static void arm_share(struct vsm_guard_expected *e) {
  struct vsm_guard_name *name = &e->node->names[e->name];
  struct vsm_core *core = e->node->guard->core;
  int64_t next = vsm_next_minute(core->now.us);
  name->calm = false;
  if (name->armed)
    return;
  name->armed = true;
  if (name->minute_us <= core->now.us) {
    vsm_noted_touch(e->node->guard->noted, name->missed);
  } else if (name->minute_us > next) {
    name->minute_us = next;
    vsm_alerts_await_minute(core, name->missed);
  }
}

// What is added and taken back again leaves no trace in the sum of such numbers.
static uint64_t trace(const struct vsm_guard_expected *e, unsigned what, int64_t us) {
  uint64_t h = (uint64_t)us * UINT64_C(0x9e3779b97f4a7c15) + (uint64_t)(e - e->node->expected) * 4 + what;
  h = (h ^ h >> 32) * UINT64_C(0xd6e8feb86659fd93);
  return h ^ h >> 29;
}

static void note_news(struct vsm_guard_expected *e, unsigned what, int64_t us, int sign) {
  e->node->names[e->name].news += (uint64_t)sign * trace(e, what, us);
  arm_share(e);
}

// Is it met, while nothing is told of it? Then what can only raise the share is no news: a quiet alert does not end, so
// that nobody asks what ended it.
static bool is_calm(const struct vsm_guard_expected *e) {
  const struct vsm_guard_name *name = &e->node->names[e->name];
  return name->calm && vsm_alerts_is_quiet(e->node->guard->core, name->missed);
}

void vsm_guard_done(struct vsm_guard_expected *e, int64_t at, bool met, int sign) {
  if (!met || sign < 0 || !is_calm(e))
    note_news(e, met, at, sign);
}

// Does what stands so count now, or will it before the share is looked at next? No time is worked faster than it
// passes.
static bool counts_soon(const struct vsm_guard_expected *e, struct vsm_standing s) {
  int64_t minute_us = e->node->names[e->name].minute_us;
  if (s.frozen || vsm_guard_is_older(e, s))
    return vsm_guard_is_older(e, s);
  if (e->x->all && s.key >= minute_us - e->x->e->within_us)
    return false;
  return vsm_reach_overdue_at(e, s.key) <= minute_us;
}

static void note_standing(struct vsm_guard_expected *e, struct vsm_standing s, int sign) {
  if (!s.open || (is_calm(e) && !counts_soon(e, s)))
    return;
  int64_t key = e->x->all ? vsm_calendar_worked(e->x->e->calendar, s.key) : s.key;
  note_news(e, 2 + s.frozen, key, sign);
}

void vsm_guard_stood(struct vsm_guard_expected *e, struct vsm_standing was, struct vsm_standing is, bool same,
                     uint32_t item) {
  struct vsm_guard *w = e->node->guard;
  struct vsm_guard_name *name = &e->node->names[e->name];
  bool older = vsm_guard_is_older(e, is);
  if (same && !older)
    return;
  bool a = vsm_guard_is_older(e, was) && !is_out(w->seen, e->node->place), b = older && !is_out(&w->is, e->node->place);
  if (!same) {
    note_standing(e, was, -1);
    note_standing(e, is, 1);
  }
  if (a != b)
    vsm_guard_flip(w, name->overdue, &name->n_overdue, item, b - a);
  else if (b)
    vsm_noted_touch(w->noted, name->overdue);
  come_first(w, &e->front, (struct mark){is.open && !is.frozen && !older, is.key}, name->overdue);
}
