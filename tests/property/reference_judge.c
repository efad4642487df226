// Whether the rules of alerts hold at an instant: for each a pass over all items.
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/calendar.h"
#include "property/reference_alerts.h"

static int64_t later(int64_t a, int64_t b) {
  return a > b ? a : b;
}

static bool taken_out(const struct ref_world *w, const struct ref_subject *s, const struct ref_item *item) {
  for (size_t i = 0; i < w->n_silences; i++)
    for (size_t k = 0; w->silences[i].view.item.n && k < item->n_keys; k++)
      if (vsm_str_eq(w->silences[i].view.item, vsm_str_of(item->keys[k])) && ref_silence_fits(w, &w->silences[i], s))
        return true;
  return false;
}

// ---- One item at an instant

static size_t open_visit(const struct ref_item *item, int stage) {
  for (size_t i = 0; i < item->fold.n_visits; i++)
    if (item->fold.visits[i].stage == stage && item->fold.visits[i].how == VSM_OPEN)
      return i;
  return SIZE_MAX;
}

// stage -1: of the item.
static int64_t last_moved(const struct ref_item *item, int stage) {
  int64_t us = item->not_before[REF_STAGES_MAX];
  if (stage >= 0) {
    us = later(us, item->not_before[stage]);
    us = later(us, item->fold.visits[open_visit(item, stage)].entered);
  }
  for (size_t i = 0; i < item->n_transitions; i++)
    if (stage < 0 || item->transitions[i].stage == stage)
      us = later(us, item->transitions[i].t);
  for (int i = 0; i <= REF_STAGES_MAX; i++)
    if (item->has_progress[i] && (stage < 0 || i == stage))
      us = later(us, item->progress[i]);
  return us;
}

// The threshold that counts for it, and what it is now; NULL: there is none. after -1: nothing stalls by it.
static const struct vsm_stall *stall_of(struct ref_world *w, const struct ref_subject *s, const struct ref_item *item,
                                        int64_t *after) {
  const struct vsm_stream *x = &w->model->streams[s->stream];
  const struct vsm_stall *all = s->stage < 0 ? x->stalls : x->stages[s->stage].stalls;
  unsigned n = s->stage < 0 ? x->n_stalls : x->stages[s->stage].n_stalls;
  for (unsigned i = 0; i < n; i++)
    if (ref_all_fit(all[i].where, all[i].n_where, item)) {
      *after = w->stalls[ref_node(w, (unsigned)s->stream, s->stage)][i];
      return &all[i];
    }
  return NULL;
}

static bool is_stalled(struct ref_world *w, const struct ref_subject *s, const struct ref_item *item, int64_t at,
                       struct ref_member *m) {
  int64_t after, moved = last_moved(item, s->stage);
  const struct vsm_stall *stall = stall_of(w, s, item, &after);
  if (!stall || after < 0)
    return false;
  m->held_us = vsm_calendar_when(stall->calendar, vsm_calendar_worked(stall->calendar, moved) + after);
  m->order = (unsigned)(stall - (s->stage < 0 ? w->model->streams[s->stream].stalls
                                              : w->model->streams[s->stream].stages[s->stage].stalls));
  m->why =
      (struct ref_why){after, vsm_calendar_worked(stall->calendar, at) - vsm_calendar_worked(stall->calendar, moved),
                       stall->percentile, stall->factor_ppm, false};
  return m->why.observed_us >= after;
}

static bool is_older(struct ref_world *w, const struct ref_subject *s, const struct ref_item *item, int64_t at,
                     const struct vsm_expectation *e, struct ref_member *m) {
  struct ref_figures f = ref_figures_at(w, (unsigned)s->stream, at);
  int64_t age = ref_counted_age(&f, e, &item->fold, s->stage < 0 ? SIZE_MAX : open_visit(item, s->stage));
  m->held_us = vsm_calendar_when(e->calendar, vsm_calendar_worked(e->calendar, at) - age + e->within_us + 1);
  m->why = (struct ref_why){.threshold_us = e->within_us, .observed_us = age};
  return age > e->within_us;
}

static bool is_overdue(struct ref_world *w, const struct ref_subject *s, const struct ref_item *item, int64_t at,
                       struct ref_member *m) {
  const struct vsm_stream *x = &w->model->streams[s->stream];
  const struct vsm_expectation *all = s->stage < 0 ? x->expected : x->stages[s->stage].expected;
  unsigned n = s->stage < 0 ? x->n_expected : x->stages[s->stage].n_expected;
  int64_t due = item->due[s->stage < 0 ? REF_STAGES_MAX : s->stage];
  m->held_us = due + 1;
  m->why = (struct ref_why){.observed_us = at - due, .by_date = true};
  if (due)
    return !*s->name && due < at;
  for (unsigned i = 0; i < n; i++)
    if (m->order = 1 + i, strcmp(all[i].name, s->name) == 0 && ref_fits(all, i, item))
      return is_older(w, s, item, at, &all[i], m);
  return false;
}

static bool counts(struct ref_world *w, const struct ref_subject *s, const struct ref_item *item, int64_t at,
                   struct ref_member *m) {
  *m = (struct ref_member){item->keys, item->n_keys, item->shown, 0, 0, {0}};
  if (s->stage < 0 ? !item->fold.open : open_visit(item, s->stage) == SIZE_MAX)
    return false;
  return s->kind == VSM_ITEM_STALLED ? is_stalled(w, s, item, at, m) : is_overdue(w, s, item, at, m);
}

// ---- Rules at an instant

static int64_t newest_departure(const struct ref_world *w, const struct ref_subject *s) {
  int64_t us = INT64_MIN;
  for (size_t i = 0; i < w->n_items[s->stream]; i++) {
    const struct ref_fold *f = &w->items[s->stream][i].fold;
    for (size_t k = 0; k < f->n_visits; k++)
      if (f->visits[k].stage == s->stage && f->visits[k].how != VSM_OPEN)
        us = later(us, f->visits[k].left);
  }
  return us;
}

static bool stands_still(struct ref_world *w, const struct ref_subject *s, int64_t at, uint64_t *n, struct ref_why *why,
                         int64_t *since) {
  const struct vsm_stage *stage = &w->model->streams[s->stream].stages[s->stage];
  int64_t from = newest_departure(w, s), oldest = INT64_MAX;
  *n = 0;
  for (size_t i = 0; i < w->n_items[s->stream]; i++) {
    const struct ref_fold *f = &w->items[s->stream][i].fold;
    for (size_t k = 0; k < f->n_visits; k++) {
      const struct ref_visit *v = &f->visits[k];
      if (v->stage != s->stage || v->how != VSM_OPEN || v->state == VSM_SUSPENDED)
        continue;
      oldest = v->entered < oldest ? v->entered : oldest;
      ++*n;
    }
  }
  *since = from = later(from, oldest);
  *why = (struct ref_why){.threshold_us = stage->stage_stall_us, .observed_us = ref_worked(stage->calendar, from, at)};
  return *n && at >= from && why->observed_us >= stage->stage_stall_us;
}

static uint64_t open_visits(const struct ref_world *w, const struct ref_subject *s) {
  uint64_t n = 0;
  for (size_t i = 0; i < w->n_items[s->stream]; i++)
    n += open_visit(&w->items[s->stream][i], s->stage) != SIZE_MAX;
  return n;
}

static int cmp_part(const void *a, const void *b) {
  const struct ref_part *x = a, *y = b;
  return x->over != y->over ? (x->over > y->over) - (x->over < y->over) : (x->how > y->how) - (x->how < y->how);
}

static bool same_parts(struct ref_tally a, struct ref_tally b) {
  if (a.n_parts == 0 || a.n_parts != b.n_parts)
    return a.n_parts == b.n_parts;
  qsort(a.parts, a.n_parts, sizeof *a.parts, cmp_part);
  qsort(b.parts, b.n_parts, sizeof *b.parts, cmp_part);
  return memcmp(a.parts, b.parts, a.n_parts * sizeof *a.parts) == 0;
}

// Whether by what came since the last look an expectation counts anything else, or as older: now, and in a week.
static bool other_by_news(struct ref_world *w, const struct ref_subject *s, unsigned at) {
  for (int64_t now = ref_now(w->ref), i = 0; i < 2; i++, now += 7 * VSM_DAY_US) {
    struct ref_figures f = ref_figures_at(w, (unsigned)s->stream, now), then = f;
    then.items = w->then[s->stream];
    then.n_items = w->n_then[s->stream];
    if (!same_parts(ref_tally(&f, s->stage, at, INT64_MIN), ref_tally(&then, s->stage, at, INT64_MIN)))
      return true;
  }
  return false;
}

// Which of two of one name is told of: what is missed, then what has enough to tell, then the smaller share.
static bool is_worse(const struct ref_tally *a, bool a_told, bool a_missed, const struct ref_tally *b, bool b_told,
                     bool b_missed) {
  if (a_missed != b_missed)
    return a_missed;
  if (a_told != b_told)
    return a_told;
  return a_told && (unsigned __int128)a->met * b->count < (unsigned __int128)b->met * a->count;
}

static void judge_missed(struct ref_world *w, const struct ref_subject *s, struct ref_sign *out) {
  const struct vsm_stream *x = &w->model->streams[s->stream];
  const struct vsm_expectation *all = s->stage < 0 ? x->expected : x->stages[s->stage].expected;
  unsigned n = s->stage < 0 ? x->n_expected : x->stages[s->stage].n_expected;
  struct ref_figures f = ref_figures_at(w, (unsigned)s->stream, ref_now(w->ref));
  struct ref_tally worst = {0};
  bool any = false;
  for (unsigned i = 0; i < n; i++) {
    if (strcmp(all[i].name, s->name) != 0)
      continue;
    struct ref_tally t = ref_tally(&f, s->stage, i, ref_window_start(all[i].window_us, f.now));
    bool told = t.count > 0 && t.count >= all[i].min_count,
         missed = told && t.met * 1000000 < t.count * all[i].target_ppm;
    out->untold = out->untold || !told;
    out->by_news = out->by_news || (w->then && other_by_news(w, s, i));
    if (!any || is_worse(&t, told, missed, &worst, out->threshold != 0, out->holds)) {
      worst = t;
      out->holds = missed;
      out->threshold = told ? all[i].target_ppm : 0;
    }
    any = true;
  }
  out->count = worst.count;
  out->observed = worst.count ? worst.met * 1000000 / worst.count : 0;
  out->untold = out->untold && !out->holds;
}

static bool silent(const struct ref_world *w, const struct ref_subject *s, int64_t at, struct ref_why *why) {
  for (unsigned i = 0; i < w->model->n_sources; i++)
    if (strcmp(w->model->sources[i].id, s->source) == 0) {
      const struct vsm_source *x = &w->model->sources[i];
      const struct ref_heard *h = ref_source((struct ref_world *)w, s->source);
      int64_t since = h->since;
      *why = (struct ref_why){.threshold_us = x->silent_us,
                              .observed_us = ref_worked(x->calendar, h->heard >= 0 ? h->heard : since, at)};
      return ref_worked(x->calendar, since, at) >= x->silent_us;
    }
  return false;
}

static uint64_t newer(const int64_t *minutes, size_t n, int64_t than) {
  uint64_t count = 0;
  for (size_t i = 0; i < n; i++)
    count += minutes[i] > than;
  return count;
}

static void judge_refused(struct ref_world *w, const struct ref_subject *s, struct ref_sign *out) {
  const struct ref_heard *h = ref_source(w, s->source);
  int64_t than = ref_now(w->ref) / VSM_MINUTE_US - 15;
  uint64_t good = newer(h->good, h->n_good, than), bad = newer(h->bad, h->n_bad, than);
  out->count = bad;
  out->untold = good + bad == 0;
  out->threshold = s->rule->refused_ppm;
  out->observed = good + bad ? bad * 1000000 / (good + bad) : 0;
  out->holds = bad * 1000000 > (good + bad) * s->rule->refused_ppm;
}

static void judge_gap(struct ref_world *w, const struct ref_subject *s, struct ref_sign *out) {
  const struct ref_heard *h = ref_source(w, s->source);
  size_t n;
  struct ref_number *missing = ref_missing(w->ref, s->source, &n);
  for (size_t i = 0; i < n; i++) {
    bool given_up = false;
    for (size_t k = 0; k < h->n_given_up; k++)
      given_up = given_up || (h->given_up[k].epoch == missing[i].epoch && h->given_up[k].number == missing[i].number);
    out->count += !given_up;
  }
  out->observed = out->count;
  out->holds = out->count > 0;
}

static void list(struct ref_world *w, const struct ref_subject *s, const struct ref_item *item, int64_t from_us,
                 struct ref_sign *out) {
  const struct vsm_stream *x = &w->model->streams[s->stream];
  int64_t now = ref_now(w->ref), since = item->fold.started;
  if (s->stage >= 0)
    since = item->fold.visits[open_visit(item, s->stage)].entered;
  int64_t age = ref_worked(s->stage < 0 ? x->calendar : x->stages[s->stage].calendar, since, now);
  REF_PUSH(w->arena, out->items, out->n_items, (struct ref_listed){from_us, item->shown, now > since ? age : 0});
}

// Of kinds without members: who is open, or with `going` neither that nor suspended.
static void list_open(struct ref_world *w, const struct ref_subject *s, bool going, struct ref_sign *out) {
  for (size_t i = 0; i < w->n_items[s->stream]; i++) {
    const struct ref_item *item = &w->items[s->stream][i];
    size_t visit = s->stage < 0 ? SIZE_MAX : open_visit(item, s->stage);
    if (s->stage < 0 ? !item->fold.open : visit == SIZE_MAX)
      continue;
    if (going && item->fold.visits[visit].state == VSM_SUSPENDED)
      continue;
    list(w, s, item, s->stage < 0 ? item->fold.started : item->fold.visits[visit].entered, out);
  }
}

static void judge_items(struct ref_world *w, const struct ref_subject *s, struct ref_sign *out) {
  struct ref_member m, worst = {.held_us = INT64_MAX};
  for (size_t i = 0; i < w->n_items[s->stream]; i++) {
    const struct ref_item *item = &w->items[s->stream][i];
    if (!counts(w, s, item, ref_now(w->ref), &m) || taken_out(w, s, item))
      continue;
    REF_PUSH(w->arena, out->members, out->n_members, m);
    list(w, s, item, m.held_us, out);
    if (m.held_us < worst.held_us || (m.held_us == worst.held_us && m.order < worst.order))
      worst = m;
  }
  out->why = worst.why;
  out->count = out->n_members;
  out->holds = out->count > 0;
}

void ref_judge(struct ref_world *w, const struct ref_subject *s, bool whole, struct ref_sign *out) {
  *out = (struct ref_sign){0};
  switch (s->kind) {
  case VSM_ITEM_STALLED:
  case VSM_ITEM_OVERDUE:
    judge_items(w, s, out);
    break;
  case VSM_STAGE_STALLED:
    out->holds = stands_still(w, s, ref_now(w->ref), &out->count, &out->why, &out->still_from);
    list_open(w, s, true, out);
    break;
  case VSM_WIP_LIMIT:
    out->count = open_visits(w, s);
    out->observed = out->count;
    out->threshold = w->model->streams[s->stream].stages[s->stage].wip_limit;
    out->holds = out->count > out->threshold;
    list_open(w, s, false, out);
    break;
  case VSM_SLE_MISSED:
    if (whole)
      judge_missed(w, s, out);
    else
      out->untold = true;
    list_open(w, s, false, out);
    break;
  case VSM_SOURCE_SILENT:
    out->holds = silent(w, s, ref_now(w->ref), &out->why);
    break;
  case VSM_SOURCE_REFUSED:
    judge_refused(w, s, out);
    break;
  case VSM_SOURCE_GAP:
    judge_gap(w, s, out);
    break;
  case VSM_ALERT_KINDS:
    assert(false);
  }
}

// ---- Why no more

static bool is_of(const struct ref_item *item, const struct ref_member *m) {
  for (size_t i = 0; i < item->n_keys; i++)
    for (size_t k = 0; k < m->n_keys; k++)
      if (strcmp(item->keys[i], m->keys[k]) == 0)
        return true;
  return false;
}

// Of one that counted and does no more: it left the stage, or ended, or moved. A date, or what is asked of it, that has
// changed is no such time.
static int64_t moved_on(struct ref_world *w, const struct ref_subject *s, const struct ref_item *item) {
  int64_t after, us = INT64_MIN;
  for (size_t i = 0; i < item->n_transitions; i++)
    us = later(us, item->transitions[i].t);
  for (size_t i = 0; s->stage >= 0 && i < item->fold.n_visits; i++)
    if (item->fold.visits[i].stage == s->stage)
      us = item->fold.visits[i].left;
  if (s->stage < 0 ? !item->fold.open : open_visit(item, s->stage) == SIZE_MAX)
    return us;
  return s->kind == VSM_ITEM_STALLED && stall_of(w, s, item, &after) ? last_moved(item, s->stage) : INT64_MIN;
}

int64_t ref_ended(struct ref_world *w, const struct ref_subject *s, const struct ref_sign *before,
                  const struct ref_sign *now) {
  int64_t us = INT64_MIN;
  if (s->kind == VSM_STAGE_STALLED) {
    us = newest_departure(w, s);
    return before->holds && us > before->still_from ? us : INT64_MIN;
  }
  for (size_t i = 0; !now->holds && i < before->n_members; i++)
    for (size_t k = 0; k < w->n_items[s->stream]; k++)
      if (is_of(&w->items[s->stream][k], &before->members[i]))
        us = later(us, moved_on(w, s, &w->items[s->stream][k]));
  return us;
}

// ---- When, by time alone

// Whether item number `i` counts, or with SIZE_MAX the rule holds, then.
static bool at_instant(struct ref_world *w, const struct ref_subject *s, size_t i, int64_t at) {
  struct ref_member m;
  struct ref_why why;
  uint64_t n;
  int64_t from;
  if (i != SIZE_MAX)
    return counts(w, s, &w->items[s->stream][i], at, &m);
  return s->kind == VSM_STAGE_STALLED ? stands_still(w, s, at, &n, &why, &from) : silent(w, s, at, &why);
}

// Between two whole minutes what counts goes on counting, and what holds goes on holding: by halves.
static int64_t first_instant(struct ref_world *w, const struct ref_subject *s, size_t i, int64_t limit) {
  int64_t no = ref_now(w->ref), yes = limit;
  if (at_instant(w, s, i, no) || !at_instant(w, s, i, limit))
    return INT64_MAX;
  while (yes - no > 1) {
    int64_t middle = no + (yes - no) / 2;
    if (at_instant(w, s, i, middle))
      yes = middle;
    else
      no = middle;
  }
  return yes;
}

int64_t ref_next_by_time(struct ref_world *w, const struct ref_subject *s, int64_t limit) {
  int64_t next = INT64_MAX;
  if (s->kind == VSM_STAGE_STALLED || s->kind == VSM_SOURCE_SILENT)
    return first_instant(w, s, SIZE_MAX, limit);
  if (s->kind != VSM_ITEM_STALLED && s->kind != VSM_ITEM_OVERDUE)
    return next;
  for (size_t i = 0; i < w->n_items[s->stream]; i++) {
    int64_t at = first_instant(w, s, i, limit);
    next = at < next ? at : next;
  }
  return next;
}
