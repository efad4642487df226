// Expectations: for each a pass over all items. Of a stage it is about visits: what was completed in the window, and
// what is open and already older than allowed. Of a stream it is about items between two times. Where the text leaves
// it open, this is how it is read:
//  - "the first time after that" may be the same instant: a stage is left and the next one entered at once;
//  - from the first transition to the finish each finish counts, of another span the first one alone;
//  - a span that was not reached is open as long as the item is, and not counted once that has ended;
//  - `clock: ours` of an item leaves out the time in which any of its visits waited for others.
#include <string.h>

#include "property/reference.h"

static bool where_fits(const struct vsm_where *where, const struct ref_item *item) {
  const char *value = item->segments[where->attribute];
  for (unsigned i = 0; value && i < where->n; i++)
    if (vsm_str_eq(where->values[i], vsm_str_of(value)))
      return true;
  return false;
}

bool ref_all_fit(const struct vsm_where *where, unsigned n, const struct ref_item *item) {
  for (unsigned i = 0; i < n; i++)
    if (!where_fits(&where[i], item))
      return false;
  return true;
}

// Of those with one name the first that fits counts.
bool ref_fits(const struct vsm_expectation *all, unsigned at, const struct ref_item *item) {
  for (unsigned i = 0; i < at; i++)
    if (strcmp(all[i].name, all[at].name) == 0 && ref_all_fit(all[i].where, all[i].n_where, item))
      return false;
  return ref_all_fit(all[at].where, all[at].n_where, item);
}

// visit SIZE_MAX: any.
static int64_t took(const struct ref_figures *x, const struct vsm_expectation *e, const struct ref_fold *f,
                    size_t visit, int64_t from, int64_t to) {
  struct ref_span *others = NULL;
  size_t n = 0;
  for (size_t i = 0; e->ours && i < f->n_waits; i++)
    if ((visit == SIZE_MAX || visit == f->waits[i].visit) && strcmp(f->waits[i].party, "us") != 0)
      REF_PUSH(x->arena, others, n, (struct ref_span){f->waits[i].from, f->waits[i].to});
  return ref_worked(e->calendar, from, to) - ref_covered(x, e->calendar, others, n, from, to);
}

// Of what is open. What is said to have happened has, also where it was said to lie a little ahead of now; what waits
// for others under `clock: ours` stands still since then.
static int64_t age(const struct ref_figures *x, const struct vsm_expectation *e, const struct ref_fold *f, size_t visit,
                   int64_t begin) {
  int64_t still = INT64_MAX, last = x->now;
  for (size_t i = 0; e->ours && i < f->n_waits; i++) {
    const struct ref_wait *w = &f->waits[i];
    if ((visit != SIZE_MAX && visit != w->visit) || strcmp(w->party, "us") == 0)
      continue;
    if (w->to == INT64_MAX)
      still = w->from < still ? w->from : still;
    else if (w->to > last)
      last = w->to;
  }
  if (still != INT64_MAX)
    return still > begin ? took(x, e, f, visit, begin, still) : 0;
  return took(x, e, f, visit, begin, last) - ref_worked(e->calendar, x->now, last);
}

static void add_done(const struct ref_figures *x, struct ref_tally *t, const struct vsm_expectation *e, int64_t over,
                     int64_t us) {
  t->count++;
  t->met += us <= e->within_us;
  REF_PUSH(x->arena, t->parts, t->n_parts, (struct ref_part){over, us <= e->within_us});
}

static void add_open(const struct ref_figures *x, struct ref_tally *t, const struct vsm_expectation *e, int64_t us) {
  t->count += us > e->within_us;
  REF_PUSH(x->arena, t->parts, t->n_parts, (struct ref_part){INT64_MAX, us});
}

// ---- Of a stage

static void add_visits(const struct ref_figures *x, const struct vsm_expectation *e, const struct ref_fold *f,
                       int stage, int64_t from, struct ref_tally *t) {
  for (size_t i = 0; i < f->n_visits; i++) {
    const struct ref_visit *v = &f->visits[i];
    if (v->stage != stage)
      continue;
    if (v->how == VSM_OPEN)
      add_open(x, t, e, age(x, e, f, i, v->entered));
    else if (v->how == VSM_COMPLETED && !v->unobserved && v->left >= from)
      add_done(x, t, e, v->left, took(x, e, f, i, v->entered, v->left));
  }
}

// ---- Of a stream

// The first time, not before `from`, at which the item entered the stage or left it; INT64_MAX: none.
static int64_t first_time(const struct ref_fold *f, int stage, bool left, int64_t from) {
  int64_t first = INT64_MAX;
  for (size_t i = 0; i < f->n_visits; i++) {
    const struct ref_visit *v = &f->visits[i];
    if (v->stage != stage || (left && v->how == VSM_OPEN))
      continue;
    int64_t t = left ? v->left : v->entered;
    if (t >= from && t < first)
      first = t;
  }
  return first;
}

static int64_t first_finish(const struct ref_fold *f, int64_t from) {
  for (size_t i = 0; i < f->n_finished; i++)
    if (f->finished[i].t >= from)
      return f->finished[i].t;
  return INT64_MAX;
}

// Of the one span that is counted; INT64_MAX: not yet, or each finish counts.
static int64_t end_of(const struct vsm_expectation *e, const struct ref_fold *f, int64_t begin) {
  if (e->from < 0 && e->to < 0)
    return INT64_MAX;
  return e->to < 0 ? first_finish(f, begin) : first_time(f, e->to, e->to_left, begin);
}

static int64_t begin_of(const struct vsm_expectation *e, const struct ref_fold *f) {
  return e->from < 0 ? f->started : first_time(f, e->from, e->from_left, INT64_MIN);
}

static void add_item(const struct ref_figures *x, const struct vsm_expectation *e, const struct ref_fold *f,
                     int64_t from, struct ref_tally *t) {
  int64_t begin = begin_of(e, f);
  if (begin == INT64_MAX)
    return;
  int64_t end = end_of(e, f, begin);
  for (size_t i = 0; e->from < 0 && e->to < 0 && i < f->n_finished; i++)
    if (f->finished[i].t >= from)
      add_done(x, t, e, f->finished[i].t, took(x, e, f, SIZE_MAX, begin, f->finished[i].t));
  if (end != INT64_MAX && end >= from)
    add_done(x, t, e, end, took(x, e, f, SIZE_MAX, begin, end));
  else if (end == INT64_MAX && f->open)
    add_open(x, t, e, age(x, e, f, SIZE_MAX, begin));
}

int64_t ref_counted_age(const struct ref_figures *x, const struct vsm_expectation *e, const struct ref_fold *f,
                        size_t visit) {
  if (visit != SIZE_MAX)
    return f->visits[visit].how == VSM_OPEN ? age(x, e, f, visit, f->visits[visit].entered) : -1;
  int64_t begin = begin_of(e, f);
  return f->open && begin != INT64_MAX && end_of(e, f, begin) == INT64_MAX ? age(x, e, f, SIZE_MAX, begin) : -1;
}

struct ref_tally ref_tally(const struct ref_figures *x, int stage, unsigned at, int64_t from) {
  const struct vsm_stream *s = x->g->stream;
  const struct vsm_expectation *all = stage < 0 ? s->expected : s->stages[stage].expected;
  struct ref_tally t = {0};
  for (size_t k = 0; k < x->n_items; k++) {
    if (!ref_fits(all, at, &x->items[k]))
      continue;
    if (stage < 0)
      add_item(x, &all[at], &x->items[k].fold, from, &t);
    else
      add_visits(x, &all[at], &x->items[k].fold, stage, from, &t);
  }
  return t;
}

struct vsm_sle_view *ref_sle(const struct ref_figures *x, int stage, int64_t from, unsigned *n) {
  const struct vsm_stream *s = x->g->stream;
  const struct vsm_expectation *all = stage < 0 ? s->expected : s->stages[stage].expected;
  struct vsm_sle_view *rows = NULL;
  size_t n_rows = 0;
  *n = stage < 0 ? s->n_expected : s->stages[stage].n_expected;
  for (unsigned i = 0; i < *n; i++) {
    struct ref_tally t = ref_tally(x, stage, i, from);
    REF_PUSH(x->arena, rows, n_rows,
             (struct vsm_sle_view){.name = all[i].name,
                                   .within_seconds = (double)all[i].within_us / 1e6,
                                   .target = all[i].target_ppm / 1e6,
                                   .attained = t.count ? (double)t.met / (double)t.count : 0,
                                   .count = t.count});
  }
  return rows;
}
