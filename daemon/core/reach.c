// A set lies in the order in which its entries come to hold, so that those that do are the ones up to a bound. The
// bound is worked out from now, in the calendar of the rule, and moves forward with it; back only where a relative
// threshold rises. What it passes is gone through once.
#include "core/reach.h"

#include "core/calendar.h"
#include "core/pace.h"

int64_t vsm_reach_latest(const struct vsm_calendar *c, int64_t worked_us) {
  int64_t next = vsm_calendar_when(c, worked_us + 1);
  return next == INT64_MAX ? INT64_MAX : next - 1;
}

static int64_t age(const struct vsm_calendar *c, int64_t since, int64_t now_us) {
  return vsm_calendar_worked(c, now_us) - vsm_calendar_worked(c, since);
}

// --- how far

int64_t vsm_reach_stalled(const struct vsm_guard_stall *s, int64_t now_us) {
  if (s->after_us == INT64_MAX)
    return INT64_MIN;
  return vsm_reach_latest(s->rule->calendar, vsm_calendar_worked(s->rule->calendar, now_us) - s->after_us);
}

int64_t vsm_reach_stalls_at(const struct vsm_guard_stall *s, int64_t key) {
  if (s->after_us == INT64_MAX || key == INT64_MAX)
    return INT64_MAX;
  return vsm_calendar_when(s->rule->calendar, vsm_calendar_worked(s->rule->calendar, key) + s->after_us);
}

const struct vsm_ranks *vsm_reach_open(const struct vsm_stream_state *s, const struct vsm_guard_node *n) {
  return n->place < 0 ? &s->open : &s->stages[n->place].open;
}

const struct vsm_ranks *vsm_reach_set(const struct vsm_stream_state *s, const struct vsm_guard_expected *e) {
  return e->x->all ? vsm_reach_open(s, e->node) : &e->x->running;
}

int64_t vsm_reach_overdue(const struct vsm_guard_expected *e, int64_t now_us) {
  const struct vsm_expectation *x = e->x->e;
  int64_t begun = vsm_calendar_worked(x->calendar, now_us) - x->within_us - 1; // and before, in working time
  return e->x->all ? vsm_reach_latest(x->calendar, begun) : begun;
}

int64_t vsm_reach_overdue_at(const struct vsm_guard_expected *e, int64_t key) {
  const struct vsm_expectation *x = e->x->e;
  if (key == INT64_MAX)
    return INT64_MAX;
  int64_t begun = e->x->all ? vsm_calendar_worked(x->calendar, key) : key;
  return vsm_calendar_when(x->calendar, begun + x->within_us + 1);
}

// --- moving there

struct crossing {
  struct vsm_stream_state *s;
  struct vsm_guard_node *node;
  uint32_t alert;
  uint64_t *members;
  bool dated_out; // those that have a date do not count
};

// The first entry behind k; INT64_MAX: none.
static int64_t first_behind(const struct vsm_ranks *set, int64_t k) {
  struct vsm_ranks_at at = vsm_ranks_seek(set, k == INT64_MAX ? k : k + 1, 0);
  struct vsm_rank e;
  return vsm_ranks_next(set, &at, &e) ? e.us : INT64_MAX;
}

// Most often the bound passes nothing.
static bool passes_nothing(struct vsm_front *f, int64_t k) {
  bool nothing = k >= f->k && k < f->first;
  f->k = nothing ? k : f->k;
  return nothing;
}

static void move(const struct crossing *c, struct vsm_front *f, const struct vsm_ranks *set, int64_t k) {
  int64_t low = k < f->k ? k : f->k, high = k < f->k ? f->k : k;
  int sign = k < f->k ? -1 : 1;
  struct vsm_rank e;
  struct vsm_ranks_at at = vsm_ranks_seek(set, low + 1, 0); // low is never INT64_MAX but where both are
  while (low < high && vsm_ranks_next(set, &at, &e) && e.us <= high)
    if (!c->dated_out || !vsm_guard_is_out(c->s, c->node, e.id))
      vsm_guard_flip(c->node->guard, c->alert, c->members, e.id, sign);
  f->k = k;
  f->first = first_behind(set, k);
}

// What was entered between the two comes into a rule's own set, or leaves it.
static void sift(const struct vsm_stream_state *s, struct vsm_guard_node *n, unsigned rule, int64_t low, int64_t high,
                 bool comes) {
  struct vsm_ranks *moved = &n->stalls[rule].moved;
  const struct vsm_ranks *open = vsm_reach_open(s, n);
  struct vsm_rank e;
  struct vsm_ranks_at at = vsm_ranks_seek(open, low + 1, 0);
  while (vsm_ranks_next(open, &at, &e) && e.us <= high) {
    unsigned about;
    int64_t us;
    if (!vsm_guard_sight(s, n, e.id, e.us, &about, &us) || about != rule)
      continue;
    if (comes)
      vsm_ranks_insert(moved, us, e.id);
    else
      vsm_ranks_remove(moved, us, e.id);
    vsm_ranks_settle(moved->queue);
  }
}

void vsm_reach_move_stalled(struct vsm_stream_state *s, struct vsm_guard_node *n, int64_t now_us) {
  struct crossing c = {s, n, n->stalled, &n->n_stalled, false};
  for (unsigned i = 0; i < n->n_stalls; i++) {
    struct vsm_guard_stall *r = &n->stalls[i];
    int64_t k = vsm_reach_stalled(r, now_us), before = r->front.k;
    if (passes_nothing(&r->front, k))
      continue;
    if (before < k)
      sift(s, n, i, before, k, true);
    move(&c, &r->front, &r->moved, k);
    if (k < before)
      sift(s, n, i, k, before, false);
    r->front.first = vsm_earlier_us(r->front.first, first_behind(vsm_reach_open(s, n), k));
  }
}

void vsm_reach_move_overdue(struct vsm_stream_state *s, struct vsm_guard_node *n, unsigned name, int64_t now_us) {
  struct crossing c = {s, n, n->names[name].overdue, &n->names[name].n_overdue, false};
  if (name == 0 && !passes_nothing(&n->due_front, now_us - 1))
    move(&c, &n->due_front, &n->due, now_us - 1);
  c.dated_out = true;
  for (unsigned i = 0; i < vsm_guard_expectings(s, n)->n; i++) {
    struct vsm_guard_expected *x = &n->expected[i];
    int64_t k = x->name == name ? vsm_reach_overdue(x, now_us) : x->front.k;
    if (x->name == name && !passes_nothing(&x->front, k))
      move(&c, &x->front, vsm_reach_set(s, x), k);
  }
}

void vsm_reach_work_out(const struct vsm_stream_state *s, struct vsm_guard_node *n) {
  for (unsigned i = 0; i < n->n_stalls; i++) {
    struct vsm_guard_stall *r = &n->stalls[i];
    int64_t us;
    if (r->rule->after_us > 0)
      continue;
    r->after_us = INT64_MAX;
    if (vsm_pace_at(s, n->place, r->rule->percentile, n->alerts[VSM_ITEM_STALLED].min_visits, &us))
      r->after_us = (int64_t)((vsm_wide)us * r->rule->factor_ppm / 1000000);
  }
  n->armed = false;
}

// --- who they are

void vsm_reach_stalled_members(const struct vsm_stream_state *s, const struct vsm_guard_node *n, int64_t now_us,
                               vsm_reached_fn *fn, void *ctx) {
  (void)s;
  for (unsigned i = 0; i < n->n_stalls; i++) {
    const struct vsm_guard_stall *r = &n->stalls[i];
    const struct vsm_calendar *c = r->rule->calendar;
    struct vsm_ranks_at at = vsm_ranks_seek(&r->moved, INT64_MIN, 0);
    struct vsm_rank e;
    while (vsm_ranks_next(&r->moved, &at, &e) && e.us <= r->front.k) {
      struct vsm_reached m = {.item = e.id,
                              .set = i,
                              .came_us = vsm_reach_stalls_at(r, e.us),
                              .threshold_us = r->after_us,
                              .observed_us = age(c, e.us, now_us),
                              .calendar = c,
                              .stall = r->rule};
      if (!fn(ctx, &m))
        break;
    }
  }
}

uint64_t vsm_reach_newly_stalled(const struct vsm_guard_node *n, int64_t since_us, vsm_reached_fn *fn, void *ctx) {
  uint64_t all = 0;
  for (unsigned i = 0; i < n->n_stalls; i++) {
    const struct vsm_guard_stall *r = &n->stalls[i];
    int64_t low = vsm_reach_stalled(r, since_us), high = r->front.k;
    if (high <= low)
      continue;
    size_t first = vsm_ranks_below(&r->moved, low + 1);
    size_t end = high == INT64_MAX ? r->moved.count : vsm_ranks_below(&r->moved, high + 1);
    all += end - first;
    for (size_t k = end; k-- > first;) {
      struct vsm_rank e = vsm_ranks_select(&r->moved, k);
      struct vsm_reached m = {.item = e.id, .set = i, .came_us = vsm_reach_stalls_at(r, e.us)};
      if (!fn(ctx, &m))
        break;
    }
  }
  return all;
}

static void dated_members(const struct vsm_guard_node *n, int64_t now_us, vsm_reached_fn *fn, void *ctx) {
  struct vsm_ranks_at at = vsm_ranks_seek(&n->due, INT64_MIN, 0);
  struct vsm_rank e;
  while (vsm_ranks_next(&n->due, &at, &e) && e.us <= n->due_front.k) {
    struct vsm_reached m = {.item = e.id, .came_us = e.us + 1, .observed_us = now_us - e.us, .by_date = true};
    if (!fn(ctx, &m))
      break;
  }
}

static void running_members(const struct vsm_stream_state *s, const struct vsm_guard_expected *x, int64_t now_us,
                            vsm_reached_fn *fn, void *ctx) {
  const struct vsm_calendar *c = x->x->e->calendar;
  const struct vsm_ranks *set = vsm_reach_set(s, x);
  struct vsm_ranks_at at = vsm_ranks_seek(set, INT64_MIN, 0);
  struct vsm_rank e;
  while (vsm_ranks_next(set, &at, &e) && e.us <= x->front.k) {
    if (vsm_guard_is_out(s, x->node, e.id))
      continue;
    struct vsm_reached m = {.item = e.id,
                            .set = (unsigned)(1 + 2 * (x - x->node->expected)),
                            .came_us = vsm_reach_overdue_at(x, e.us),
                            .threshold_us = x->x->e->within_us,
                            .observed_us = x->x->all ? age(c, e.us, now_us) : vsm_calendar_worked(c, now_us) - e.us,
                            .calendar = c};
    if (!fn(ctx, &m))
      break;
  }
}

// What waits for others does not age; it stands as if it had begun so long ago.
static void frozen_members(const struct vsm_stream_state *s, const struct vsm_guard_expected *x, int64_t now_us,
                           vsm_reached_fn *fn, void *ctx) {
  const struct vsm_expectation *e = x->x->e;
  const struct vsm_ranks *set = &x->x->frozen;
  for (size_t i = set->count; i-- > 0;) {
    struct vsm_rank r = vsm_ranks_select(set, i);
    if (r.us <= e->within_us)
      break;
    if (vsm_guard_is_out(s, x->node, r.id))
      continue;
    struct vsm_reached m = {
        .item = r.id,
        .set = (unsigned)(2 + 2 * (x - x->node->expected)),
        .came_us = vsm_reach_overdue_at(x, vsm_calendar_worked(e->calendar, now_us) - r.us),
        .threshold_us = e->within_us,
        .observed_us = r.us,
        .calendar = e->calendar,
    };
    if (!fn(ctx, &m))
      break;
  }
}

void vsm_reach_overdue_members(const struct vsm_stream_state *s, const struct vsm_guard_node *n, unsigned name,
                               int64_t now_us, vsm_reached_fn *fn, void *ctx) {
  if (name == 0)
    dated_members(n, now_us, fn, ctx);
  for (unsigned i = 0; i < vsm_guard_expectings(s, n)->n; i++) {
    if (n->expected[i].name != name)
      continue;
    running_members(s, &n->expected[i], now_us, fn, ctx);
    frozen_members(s, &n->expected[i], now_us, fn, ctx);
  }
}
