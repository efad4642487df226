#include "core/expect.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/calendar.h"
#include "core/guard.h"

static bool counts_everybody(const struct vsm_expectation *e, unsigned i) {
  for (unsigned k = 0; k < i; k++)
    if (strcmp(e[k].name, e[i].name) == 0)
      return false;
  return e[i].n_where == 0;
}

void vsm_expectings_init(struct vsm_expectings *x, const struct vsm_expectation *e, unsigned n,
                         const struct vsm_calendar *calendar, struct vsm_intern *words, struct vsm_ranks_queue *queue,
                         const struct vsm_bands *bands) {
  *x = (struct vsm_expectings){vsm_mem_alloc(n * sizeof *x->at), n};
  for (unsigned i = 0; i < n; i++) {
    x->at[i].e = &e[i];
    vsm_flow_init(&x->at[i].flow, bands);
    x->at[i].everybody = counts_everybody(e, i);
    x->at[i].by_spent = !e[i].ours && e[i].calendar == calendar;
    x->at[i].all = x->at[i].everybody && !e[i].ours && e[i].from < 0 && e[i].to < 0;
    x->at[i].running.queue = x->at[i].frozen.queue = queue;
    vsm_fits_init(&x->at[i].fits, e[i].where, e[i].n_where, words);
  }
}

void vsm_expectings_fini(struct vsm_expectings *x, const struct vsm_bands *bands) {
  for (unsigned i = 0; i < x->n; i++) {
    vsm_fits_fini(&x->at[i].fits);
    if (x->at[i].own)
      vsm_flow_fini(&x->at[i].judged, x->at[i].own);
    free(x->at[i].own);
    vsm_flow_fini(&x->at[i].flow, bands);
    vsm_ranks_fini(&x->at[i].running);
    vsm_ranks_fini(&x->at[i].frozen);
  }
  free(x->at);
  *x = (struct vsm_expectings){0};
}

static void judge_at(struct vsm_expecting *x, int64_t now_us) {
  if (!x->own)
    return;
  vsm_bands_advance(x->own, now_us);
  vsm_flow_advance(&x->judged, x->own);
}

static int64_t last_advance(const struct vsm_bands *bands) {
  return bands->n > 0 ? bands->at[0].start_us + 59 * bands->at[0].step_us : 0;
}

void vsm_expectings_advance(struct vsm_expectings *x, const struct vsm_bands *bands) {
  for (unsigned i = 0; i < x->n; i++) {
    vsm_flow_advance(&x->at[i].flow, bands);
    judge_at(&x->at[i], last_advance(bands));
  }
}

// Which of the stream's windows it is, as vsm_flow_sum(); -1: none.
static int window_of(const struct vsm_expecting *x, const struct vsm_bands *bands) {
  for (unsigned i = 0; i < bands->n; i++)
    if (bands->at[i].length_us == x->e->window_us)
      return (int)bands->at[i].configured + 1;
  return x->e->window_us == 0 ? 0 : -1;
}

void vsm_expecting_judge(struct vsm_expecting *x, const struct vsm_bands *bands) {
  struct vsm_window window = {"", x->e->window_us};
  struct vsm_stream alone = {.windows = &window, .n_windows = 1};
  if (window_of(x, bands) >= 0)
    return;
  x->own = vsm_mem_need(vsm_bands_create(&alone, last_advance(bands)), sizeof *x->own);
  vsm_flow_init(&x->judged, x->own);
}

void vsm_expecting_judged(struct vsm_expecting *x, const struct vsm_bands *bands, int64_t now_us, int64_t *done,
                          int64_t *met) {
  judge_at(x, now_us);
  const struct vsm_flow *flow = x->own ? &x->judged : &x->flow;
  unsigned window = x->own ? 1 : (unsigned)window_of(x, bands);
  *done = vsm_flow_counted(flow, x->own ? x->own : bands, window, VSM_N_DONE);
  *met = vsm_flow_counted(flow, x->own ? x->own : bands, window, VSM_N_MET);
}

// --- for whom one counts

bool vsm_expecting_fits(const struct vsm_expectings *x, unsigned i, const uint32_t *segments) {
  if (!vsm_fits(&x->at[i].fits, segments))
    return false;
  for (unsigned k = 0; k < i; k++)
    if (strcmp(x->at[k].e->name, x->at[i].e->name) == 0 && vsm_fits(&x->at[k].fits, segments))
      return false;
  return true;
}

// --- elapsed time

enum { ANY_PLACE = -1 };
#define NOT_FROZEN INT64_MAX

static int64_t worked(const struct vsm_expectation *e, int64_t us) {
  return vsm_calendar_worked(e->calendar, us);
}

static int64_t frozen_since(const struct vsm_visit *v) {
  bool frozen = v->how == VSM_OPEN && v->state == VSM_SUSPENDED && vsm_wait_party(v->wait) != VSM_US;
  return frozen ? v->wait_since : NOT_FROZEN;
}

// Since when some open visit, at one stage or anywhere, waits for others; NOT_FROZEN: none does.
static int64_t any_frozen_since(const struct vsm_retold *r, const struct vsm_story *story, int place) {
  int64_t first = NOT_FROZEN;
  for (size_t i = 0; i < story->n_visits; i++) {
    const struct vsm_visit *v = vsm_retold_visit(r, story, i);
    int64_t since = place == ANY_PLACE || v->place == place ? frozen_since(v) : NOT_FROZEN;
    first = since < first ? since : first;
  }
  return first;
}

// Of [from, to] the time in which something waited for others: at one stage, or anywhere. What still waits does so to
// the end; the other waits stand by their ends, so from the last to the first each adds what lies before those behind
// it.
static int64_t theirs(const struct vsm_expectation *e, const struct vsm_retold *r, const struct vsm_story *story,
                      int place, int64_t from, int64_t to) {
  int64_t total = 0, behind = to, still = any_frozen_since(r, story, place);
  if (still < to) {
    behind = still > from ? still : from;
    total = worked(e, to) - worked(e, behind);
  }
  for (size_t i = story->n_marks; i-- > 0;) {
    const struct vsm_mark *m = vsm_retold_mark(r, story, i);
    if (m->kind != VSM_M_WAITED || vsm_wait_party(m->wait) == VSM_US || (place != ANY_PLACE && m->place != place))
      continue;
    int64_t begin = m->from > from ? m->from : from, end = m->at < behind ? m->at : behind;
    if (begin >= end)
      continue;
    total += worked(e, end) - worked(e, begin);
    behind = begin;
  }
  return total;
}

struct stay {
  const struct vsm_retold *r;
  const struct vsm_story *story;
  int place;
  int64_t from;
};

static int64_t elapsed(const struct vsm_expectation *e, const struct stay *s, int64_t to) {
  int64_t span = worked(e, to) - worked(e, s->from);
  return e->ours ? span - theirs(e, s->r, s->story, s->place, s->from, to) : span;
}

static void count_in(struct vsm_flow *flow, struct vsm_bands *bands, int64_t at, bool met, int sign) {
  struct vsm_flow_at f = vsm_flow_at(flow, bands, at);
  vsm_flow_count(f, VSM_N_DONE, sign);
  if (met)
    vsm_flow_count(f, VSM_N_MET, sign);
}

static void count_done(struct vsm_expecting *x, struct vsm_bands *bands, int64_t at, int64_t took, int sign) {
  count_in(&x->flow, bands, at, took <= x->e->within_us, sign);
  if (x->own)
    count_in(&x->judged, x->own, at, took <= x->e->within_us, sign);
  if (x->guard)
    vsm_guard_done(x->guard, at, took <= x->e->within_us, sign);
}

static struct vsm_standing standing(const struct vsm_expectation *e, const struct stay *s, int64_t frozen_since) {
  if (e->ours && frozen_since != NOT_FROZEN)
    return (struct vsm_standing){true, true, elapsed(e, s, frozen_since)};
  int64_t key = worked(e, s->from);
  return (struct vsm_standing){true, false,
                               e->ours ? key + theirs(e, s->r, s->story, s->place, s->from, INT64_MAX) : key};
}

static void stand(struct vsm_expecting *x, struct vsm_standing s, uint32_t item, int sign) {
  struct vsm_ranks *ranks = s.frozen ? &x->frozen : &x->running;
  if (sign > 0)
    vsm_ranks_insert(ranks, s.key, item);
  else
    vsm_ranks_remove(ranks, s.key, item);
  x->flow.changed = true;
}

static bool stands_same(struct vsm_standing a, struct vsm_standing b) {
  return a.open == b.open && a.frozen == b.frozen && a.key == b.key;
}

static void move(struct vsm_expecting *x, struct vsm_standing was, struct vsm_standing is, uint32_t item) {
  if (x->guard)
    vsm_guard_stood(x->guard, was, is, stands_same(was, is), item);
  if (x->all || stands_same(was, is))
    return;
  if (was.open)
    stand(x, was, item, -1);
  if (is.open)
    stand(x, is, item, 1);
}

// --- visits

int64_t vsm_expecting_spent(const struct vsm_expectation *e, const struct vsm_retold *r, const struct vsm_visit *v,
                            int64_t now_us) {
  struct stay s = {r, &r->is, v->place, v->entered};
  int64_t to = v->how == VSM_OPEN ? now_us : v->left;
  if (e->ours && frozen_since(v) < to)
    to = frozen_since(v);
  return to > v->entered ? elapsed(e, &s, to) : 0;
}

struct outcome {
  struct vsm_standing standing;
  bool done;
  int64_t took;
};

static inline struct outcome outcome(const struct vsm_expecting *x, const struct vsm_retold *r,
                                     const struct vsm_story *story, const struct vsm_visit *v) {
  const struct vsm_expectation *e = x->e;
  struct stay s = {r, story, v->place, v->entered};
  if (v->how == VSM_OPEN && x->all)
    return (struct outcome){.standing = {true, false, v->entered}};
  if (v->how == VSM_OPEN)
    return (struct outcome){.standing = standing(e, &s, frozen_since(v))};
  if (v->how != VSM_COMPLETED || (v->bits & VSM_V_UNOBSERVED))
    return (struct outcome){0};
  return (struct outcome){.done = true, .took = x->by_spent ? vsm_visit_spent(v) : elapsed(e, &s, v->left)};
}

void vsm_expect_visit(struct vsm_expectings *x, struct vsm_bands *bands, const struct vsm_retold *r,
                      const struct vsm_visit *was, const struct vsm_visit *is, uint32_t item) {
  for (unsigned i = 0; i < x->n; i++) {
    struct vsm_expecting *k = &x->at[i];
    struct outcome a = {0}, b = {0};
    if (was && vsm_expecting_counts(x, i, r->was.segments))
      a = outcome(k, r, &r->was, was);
    if (is && vsm_expecting_counts(x, i, r->is.segments))
      b = outcome(k, r, &r->is, is);
    move(k, a.standing, b.standing, item);
    if (a.done)
      count_done(k, bands, was->left, a.took, -1);
    if (b.done)
      count_done(k, bands, is->left, b.took, 1);
  }
}

// --- items

// One story of an item, under one expectation.
struct course {
  const struct vsm_expectation *e;
  const struct vsm_graph *graph;
  const struct vsm_retold *r;
  const struct vsm_story *story;
  bool once;     // the first time of reaching the end alone counts; else each finish
  int64_t begin; // INT64_MAX: it did not begin, or does not count
  int64_t end;   // where one counts alone; INT64_MAX: not reached, or told
  size_t next;   // mark to look at
};

// The first time from `us` on at which the stage was entered, or left; INT64_MAX: none.
static int64_t first_time(const struct course *c, int stage, bool left, int64_t us) {
  unsigned place = c->graph->place_of[stage];
  int64_t first = INT64_MAX;
  for (size_t i = 0; i < c->story->n_visits; i++) {
    const struct vsm_visit *v = vsm_retold_visit(c->r, c->story, i);
    if (v->place != place || (left && v->how == VSM_OPEN))
      continue;
    int64_t at = left ? v->left : v->entered;
    if (at >= us && at < first)
      first = at;
  }
  return first;
}

static int64_t begin_of(const struct course *c) {
  if (!c->story->exists)
    return INT64_MAX;
  return c->e->from < 0 ? c->story->started : first_time(c, c->e->from, c->e->from_left, 0);
}

static int64_t next_finish(struct course *c) {
  while (c->next < c->story->n_marks) {
    const struct vsm_mark *m = vsm_retold_mark(c->r, c->story, c->next++);
    if (m->kind == VSM_M_FINISHED && m->at >= c->begin)
      return m->at;
  }
  return INT64_MAX;
}

static struct course course(const struct vsm_expectings *x, unsigned i, const struct vsm_graph *graph,
                            const struct vsm_retold *r, const struct vsm_story *story) {
  const struct vsm_expectation *e = x->at[i].e;
  struct course c = {e, graph, r, story, e->from >= 0 || e->to >= 0, INT64_MAX, INT64_MAX, 0};
  if (vsm_expecting_counts(x, i, story->segments))
    c.begin = begin_of(&c);
  if (c.once && c.begin != INT64_MAX)
    c.end = e->to < 0 ? next_finish(&c) : first_time(&c, e->to, e->to_left, c.begin);
  return c;
}

// The next time at which the item reached the end; INT64_MAX: no more.
static int64_t next_end(struct course *c) {
  int64_t end = c->end;
  if (!c->once)
    return c->begin == INT64_MAX ? INT64_MAX : next_finish(c);
  c->end = INT64_MAX;
  return end;
}

static struct vsm_standing standing_of(const struct vsm_expecting *x, const struct course *c) {
  if (c->begin == INT64_MAX || !c->story->open || c->end != INT64_MAX)
    return (struct vsm_standing){0};
  if (x->all)
    return (struct vsm_standing){true, false, c->begin};
  int64_t frozen = c->e->ours ? any_frozen_since(c->r, c->story, ANY_PLACE) : NOT_FROZEN;
  if (frozen < c->begin)
    frozen = c->begin;
  return standing(c->e, &(struct stay){c->r, c->story, ANY_PLACE, c->begin}, frozen);
}

struct vsm_standing vsm_expecting_standing(const struct vsm_expectings *x, unsigned i, const struct vsm_graph *graph,
                                           const struct vsm_retold *r, const struct vsm_visit *visit) {
  if (visit)
    return vsm_expecting_counts(x, i, r->is.segments) ? outcome(&x->at[i], r, &r->is, visit).standing
                                                      : (struct vsm_standing){0};
  struct course c = course(x, i, graph, r, &r->is);
  return standing_of(&x->at[i], &c);
}

static int64_t took(const struct course *c, int64_t end) {
  return end == INT64_MAX ? -1 : elapsed(c->e, &(struct stay){c->r, c->story, ANY_PLACE, c->begin}, end);
}

static void expect_item(struct vsm_expecting *x, struct vsm_bands *bands, struct course *was, struct course *is,
                        uint32_t item) {
  move(x, standing_of(x, was), standing_of(x, is), item);
  for (;;) {
    int64_t ea = next_end(was), eb = next_end(is);
    if (ea == INT64_MAX && eb == INT64_MAX)
      return;
    int64_t da = took(was, ea), db = took(is, eb);
    if (ea == eb && da == db)
      continue;
    if (ea != INT64_MAX)
      count_done(x, bands, ea, da, -1);
    if (eb != INT64_MAX)
      count_done(x, bands, eb, db, 1);
  }
}

// Nothing that the expectation looks at differs between the two stories.
static bool is_untouched(const struct vsm_expectation *e, const struct vsm_graph *graph, const struct vsm_retold *r,
                         const struct vsm_set *stages, bool ends) {
  const struct vsm_story *a = &r->was, *b = &r->is;
  return !r->anew && !e->ours && a->exists && b->exists && a->open == b->open && a->started == b->started &&
         (e->from < 0 || !vsm_set_has(stages, graph->place_of[e->from])) &&
         (e->to < 0 ? !ends : !vsm_set_has(stages, graph->place_of[e->to]));
}

void vsm_expect_item(struct vsm_expectings *x, struct vsm_bands *bands, const struct vsm_graph *graph,
                     const struct vsm_retold *r, struct vsm_set stages, bool ends, uint32_t item) {
  for (unsigned i = 0; i < x->n; i++) {
    const struct vsm_expectation *e = x->at[i].e;
    if (is_untouched(e, graph, r, &stages, ends))
      continue;
    struct course was = course(x, i, graph, r, &r->was), is = course(x, i, graph, r, &r->is);
    expect_item(&x->at[i], bands, &was, &is, item);
  }
}

uint64_t vsm_expecting_frozen_older(const struct vsm_expecting *x) {
  return x->frozen.count - vsm_ranks_below(&x->frozen, x->e->within_us + 1);
}

uint64_t vsm_expecting_older(const struct vsm_expecting *x, const struct vsm_ranks *open, int64_t now_us) {
  int64_t within = x->e->within_us, begun = worked(x->e, now_us) - within; // in working time
  if (x->all)
    return begun <= 0 ? 0 : vsm_ranks_below(open, vsm_calendar_when(x->e->calendar, begun));
  return vsm_ranks_below(&x->running, begun) + vsm_expecting_frozen_older(x);
}
