// Each kind reads what is kept for it, and says until when nothing can change by time alone.
#include "core/detect.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/calendar.h"

#include "core/hearing.h"
#include "core/reach.h"

// --- times

static int64_t minute_from(int64_t us) {
  return us > INT64_MAX - VSM_MINUTE_US ? INT64_MAX : (us + VSM_MINUTE_US - 1) / VSM_MINUTE_US * VSM_MINUTE_US;
}

// When the panes of a window are counted anew, at a whole minute.
static int64_t next_pane(int64_t window_us, int64_t now_us) {
  int64_t step = window_us / 60;
  return minute_from(now_us - now_us % step + step);
}

// --- what a subject is

struct asked {
  struct vsm_core *core;
  struct vsm_stream_state *s;
  struct vsm_guard_node *node; // NULL: not watched
  unsigned name;               // of an expectation
  int64_t now;
};

static struct asked ask(struct vsm_core *core, const struct vsm_subject *subject) {
  struct asked a = {.core = core, .now = core->now.us};
  if (subject->stream < 0)
    return a;
  a.s = &core->streams[subject->stream];
  struct vsm_guard *w = a.s->guard;
  if (!w)
    return a;
  a.node = vsm_guard_node(w, subject->place);
  if (!a.node->alerts)
    a.node = NULL;
  if (a.node && (subject->kind == VSM_ITEM_OVERDUE || subject->kind == VSM_SLE_MISSED)) {
    while (a.name < a.node->n_names && strcmp(a.node->names[a.name].name, subject->name) != 0)
      a.name++;
    if (a.name == a.node->n_names)
      a.node = NULL;
  }
  return a;
}

// --- items

static bool take_worst(void *ctx, const struct vsm_reached *m) {
  struct vsm_reached *worst = ctx;
  if (m->came_us < worst->came_us)
    *worst = *m;
  return false; // the first of each rule is its worst
}

static void tell_worst(struct vsm_sign *out, const struct vsm_reached *worst) {
  out->threshold_us = worst->threshold_us;
  out->observed_us = worst->observed_us;
  out->day_us = worst->calendar ? vsm_calendar_day_us(worst->calendar) : 0;
  out->percentile = worst->stall ? worst->stall->percentile : 0;
  out->factor_ppm = worst->stall ? worst->stall->factor_ppm : 0;
  out->by_date = worst->by_date;
}

// What arrived at a whole minute itself counts from the next one on.
static void work_out(const struct asked *a) {
  struct vsm_guard_node *n = a->node;
  const struct vsm_bands *bands = a->s->bands;
  if (n->minute_us <= a->now) {
    vsm_reach_work_out(a->s, n);
    n->minute_us = bands->n > 0 ? next_pane(bands->at[bands->n - 1].length_us, a->now) : INT64_MAX;
  }
  if (n->armed)
    n->minute_us = vsm_earlier_us(n->minute_us, vsm_next_minute(a->now));
}

static void detect_stalled(const struct asked *a, struct vsm_sign *out) {
  struct vsm_guard_node *n = a->node;
  struct vsm_reached worst = {.came_us = INT64_MAX};
  if (n->relative)
    work_out(a);
  vsm_reach_move_stalled(a->s, n, a->now);
  out->count = n->n_stalled;
  out->holds = out->count > 0;
  vsm_reach_stalled_members(a->s, n, a->now, take_worst, &worst);
  tell_worst(out, &worst);
  for (unsigned i = 0; i < n->n_stalls; i++)
    out->due_us = vsm_earlier_us(out->due_us, vsm_reach_stalls_at(&n->stalls[i], n->stalls[i].front.first));
  if (n->relative)
    out->due_us = vsm_earlier_us(out->due_us, n->minute_us);
}

static void detect_overdue(const struct asked *a, struct vsm_sign *out) {
  struct vsm_guard_node *n = a->node;
  struct vsm_guard_name *name = &n->names[a->name];
  struct vsm_reached worst = {.came_us = INT64_MAX};
  vsm_reach_move_overdue(a->s, n, a->name, a->now);
  out->count = name->n_overdue;
  out->holds = out->count > 0;
  vsm_reach_overdue_members(a->s, n, a->name, a->now, take_worst, &worst);
  tell_worst(out, &worst);
  if (a->name == 0 && n->due_front.first != INT64_MAX)
    out->due_us = n->due_front.first + 1;
  for (unsigned i = 0; i < vsm_guard_expectings(a->s, n)->n; i++)
    if (n->expected[i].name == a->name)
      out->due_us = vsm_earlier_us(out->due_us, vsm_reach_overdue_at(&n->expected[i], n->expected[i].front.first));
}

// --- stages

// All that were kept were taken back: the items that are held know it.
static void find_departures(const struct asked *a) {
  struct vsm_story *story = &a->core->other.is;
  vsm_departed_init(a->node->departed);
  for (uint32_t id = 0; id < a->s->items.n; id++) {
    const struct vsm_item *it = vsm_items_at(&a->s->items, id);
    if (it->n_keys == 0)
      continue;
    vsm_stream_fold(a->s, it, (size_t)VSM_FOLD_ALL, story);
    for (size_t i = 0; i < story->n_visits; i++)
      if (story->visits[i].place == a->node->place && story->visits[i].how != VSM_OPEN)
        vsm_departed_add(a->node->departed, story->visits[i].left, 1);
  }
  vsm_story_clear(story);
}

static int64_t newest_departure(const struct asked *a) {
  const struct vsm_stream_state *sealed = a->s->sealed.figures;
  int64_t us, old = sealed ? sealed->stages[a->node->place].departed_us : 0;
  if (!vsm_departed_newest(a->node->departed, &us)) {
    find_departures(a);
    vsm_departed_newest(a->node->departed, &us);
  }
  return us > old ? us : old;
}

// The oldest entry of those that go, if that is later than `us`; else `us`. Most often some of them are older.
static int64_t counted_from(const struct asked *a, int64_t us) {
  const struct vsm_ranks *open = &a->s->stages[a->node->place].open, *held = &a->node->held;
  if (vsm_ranks_below(open, us + 1) > vsm_ranks_below(held, us + 1))
    return us;
  struct vsm_ranks_at at = vsm_ranks_seek(open, us + 1, 0), at_held = vsm_ranks_seek(held, us + 1, 0);
  struct vsm_rank e = {0}, h;
  while (vsm_ranks_next(open, &at, &e) && vsm_ranks_next(held, &at_held, &h) && h.us == e.us && h.id == e.id)
    ;
  return e.us;
}

static int64_t stood(const struct asked *a) {
  const struct vsm_calendar *c = a->s->graph->at[a->node->place].calendar;
  return vsm_calendar_worked(c, a->now) - vsm_calendar_worked(c, a->node->still_from_us);
}

static void detect_standing(const struct asked *a, struct vsm_sign *out) {
  struct vsm_guard_node *n = a->node;
  const struct vsm_calendar *c = a->s->graph->at[n->place].calendar;
  const uint64_t *by_state = a->s->stages[n->place].by_state;
  if (n->still_after_us == 0)
    return;
  int64_t newest = newest_departure(a);
  out->moved_us = n->still && newest > n->still_from_us ? newest : INT64_MIN;
  n->still = false;
  n->still_from_us = INT64_MAX;
  out->count = by_state[VSM_QUEUED] + by_state[VSM_ACTIVE];
  if (out->count == 0)
    return;
  n->still_from_us = counted_from(a, newest);
  out->threshold_us = n->still_after_us;
  out->observed_us = stood(a);
  out->day_us = c ? vsm_calendar_day_us(c) : 0;
  out->holds = n->still = out->observed_us >= out->threshold_us;
  if (!out->holds)
    out->due_us = vsm_calendar_when(c, vsm_calendar_worked(c, n->still_from_us) + n->still_after_us);
}

static void detect_limit(const struct asked *a, struct vsm_sign *out) {
  out->count = out->observed = a->s->stages[a->node->place].open.count;
  out->threshold = a->node->wip_limit;
  out->holds = out->threshold > 0 && out->count > out->threshold;
}

// --- shares

struct share {
  uint64_t count, met;
  uint32_t target_ppm;
  bool told, missed;
  int64_t due_us; // when it can be another one by time alone: the window moves on, or something open becomes too old
};

// What is open and already too old lies up to the first entry that is not yet.
static struct share share_of(const struct asked *a, const struct vsm_guard_expected *x) {
  const struct vsm_expectation *e = x->x->e;
  const struct vsm_ranks *set = vsm_reach_set(a->s, x);
  struct vsm_ranks_at at = vsm_ranks_seek(set, vsm_reach_overdue(x, a->now) + 1, 0);
  uint64_t older = vsm_ranks_before(set, at) + vsm_expecting_frozen_older(x->x);
  struct vsm_rank next;
  int64_t done, met;
  vsm_expecting_judged(x->x, a->s->bands, a->now, &done, &met);
  struct share s = {.count = (uint64_t)done + older, .met = (uint64_t)met, .target_ppm = e->target_ppm};
  s.due_us = vsm_ranks_next(set, &at, &next) ? minute_from(vsm_reach_overdue_at(x, next.us)) : INT64_MAX;
  if (e->window_us > 0)
    s.due_us = vsm_earlier_us(s.due_us, next_pane(e->window_us, a->now));
  s.told = s.count > 0 && s.count >= e->min_count;
  s.missed = s.told && s.met * 1000000 < s.count * e->target_ppm;
  return s;
}

static bool is_worse(const struct share *a, const struct share *b) {
  if (a->missed != b->missed)
    return a->missed;
  if (a->told != b->told)
    return a->told;
  return a->told && a->met * b->count < b->met * a->count;
}

// Of all expectations of a name.
struct shares {
  struct share worst;
  bool all_told;
  int64_t due_us;
};

static struct shares look_at_shares(const struct asked *a) {
  struct shares all = {.all_told = true, .due_us = INT64_MAX};
  for (unsigned i = 0; i < vsm_guard_expectings(a->s, a->node)->n; i++) {
    if (a->node->expected[i].name != a->name)
      continue;
    struct share s = share_of(a, &a->node->expected[i]);
    all.all_told = all.all_told && s.told;
    all.due_us = vsm_earlier_us(all.due_us, s.due_us);
    if (is_worse(&s, &all.worst))
      all.worst = s;
  }
  return all;
}

// What arrived at a whole minute itself counts from the next one on.
static void detect_missed(const struct asked *a, struct vsm_sign *out) {
  struct vsm_guard_name *name = &a->node->names[a->name];
  if (name->minute_us > a->now) {
    if (name->armed)
      name->minute_us = vsm_earlier_us(name->minute_us, vsm_next_minute(a->now));
    out->untold = true;
    out->due_us = name->minute_us;
    return;
  }
  struct shares all = look_at_shares(a);
  struct share worst = all.worst;
  out->due_us = all.due_us;
  out->by_news = name->news != 0;
  out->holds = worst.missed;
  out->untold = !worst.missed && !all.all_told;
  name->news = 0;
  name->armed = false;
  name->calm = !out->holds && !out->untold;
  name->minute_us = out->due_us;
  out->count = worst.count;
  out->threshold = worst.target_ppm;
  out->observed = worst.count ? worst.met * 1000000 / worst.count : 0;
}

// --- before the minute is over

static bool hasten(struct vsm_core *core, bool waits, uint32_t alert, int64_t *minute_us) {
  if (!waits || alert == (uint32_t)VSM_NO_ALERT)
    return false;
  *minute_us = core->now.us;
  vsm_noted_touch(&core->noted, alert);
  return true;
}

static bool hasten_node(struct vsm_core *core, struct vsm_guard_node *n, bool by_time) {
  int64_t next = vsm_next_minute(core->now.us);
  bool any = n->relative && hasten(core, n->armed || (by_time && n->minute_us == next), n->stalled, &n->minute_us);
  for (unsigned i = 0; i < n->n_names; i++) {
    struct vsm_guard_name *name = &n->names[i];
    any |= hasten(core, name->armed || (by_time && name->minute_us == next), name->missed, &name->minute_us);
  }
  return any;
}

bool vsm_detect_hasten(struct vsm_core *core, bool by_time) {
  bool any = false;
  for (size_t i = 0; i < core->n_streams; i++) {
    struct vsm_guard *g = core->streams[i].guard;
    for (int place = -1; g && place < (int)g->n_stages; place++)
      any |= hasten_node(core, vsm_guard_node(g, place), by_time);
  }
  return any;
}

// --- all kinds

typedef void detect_fn(const struct asked *a, struct vsm_sign *out);
static detect_fn *const kinds[VSM_ALERT_KINDS] = {
    [VSM_ITEM_STALLED] = detect_stalled, [VSM_ITEM_OVERDUE] = detect_overdue, [VSM_STAGE_STALLED] = detect_standing,
    [VSM_WIP_LIMIT] = detect_limit,      [VSM_SLE_MISSED] = detect_missed,
};

void vsm_detect(struct vsm_core *core, const struct vsm_subject *subject, struct vsm_sign *out) {
  *out = (struct vsm_sign){.moved_us = INT64_MIN, .due_us = INT64_MAX};
  if (!kinds[subject->kind]) {
    vsm_hearing_detect(core, subject, out);
    return;
  }
  struct asked a = ask(core, subject);
  if (a.node)
    kinds[subject->kind](&a, out);
}

void vsm_detect_observe(struct vsm_core *core, const struct vsm_subject *subject, struct vsm_sign *sign) {
  struct vsm_reached worst = {.came_us = INT64_MAX};
  struct asked a = ask(core, subject);
  if (subject->kind == VSM_SOURCE_SILENT)
    sign->observed_us = vsm_hearing_unheard_us(core, subject->source);
  if (!a.node)
    return;
  if (subject->kind == VSM_ITEM_STALLED)
    vsm_reach_stalled_members(a.s, a.node, a.now, take_worst, &worst);
  if (subject->kind == VSM_ITEM_OVERDUE)
    vsm_reach_overdue_members(a.s, a.node, a.name, a.now, take_worst, &worst);
  if (worst.came_us != INT64_MAX)
    tell_worst(sign, &worst);
  if (subject->kind == VSM_STAGE_STALLED && a.node->still)
    sign->observed_us = stood(&a);
}

void vsm_detect_bind(struct vsm_core *core, const struct vsm_subject *subject, uint32_t alert) {
  struct asked a = ask(core, subject);
  if (!a.node)
    return;
  struct vsm_guard_name *name = &a.node->names[a.name];
  *(subject->kind == VSM_ITEM_STALLED    ? &a.node->stalled
    : subject->kind == VSM_STAGE_STALLED ? &a.node->standing
    : subject->kind == VSM_WIP_LIMIT     ? &a.node->limit
    : subject->kind == VSM_ITEM_OVERDUE  ? &name->overdue
                                         : &name->missed) = alert;
}

// --- sets that were made anew

static bool is_met(const struct asked *a) {
  struct shares all = look_at_shares(a);
  return !all.worst.missed && all.all_told;
}

static void begin_node(struct asked *a) {
  if (a->node->relative)
    work_out(a);
  vsm_reach_move_stalled(a->s, a->node, a->now);
  for (unsigned i = 0; i < a->node->n_names; i++) {
    struct vsm_guard_name *name = &a->node->names[i];
    vsm_reach_move_overdue(a->s, a->node, i, a->now);
    a->name = i;
    if (!name->armed && name->minute_us > a->now) // as it was left, so that it is looked at when it would have been
      name->calm = is_met(a);
  }
}

void vsm_detect_begin(struct vsm_core *core) {
  for (size_t i = 0; i < core->n_streams; i++) {
    struct asked a = {.core = core, .s = &core->streams[i], .now = core->now.us};
    struct vsm_guard *w = a.s->guard;
    for (unsigned k = 0; w && k <= w->n_stages; k++) {
      a.node = k < w->n_stages ? &w->stages[k] : &w->stream;
      if (a.node->alerts)
        begin_node(&a);
    }
  }
  core->noted.n_flips = 0; // they came into new sets, which is no news
}

// An item is counted anew, and seen by alerts as it was or is, but not both.
static void count_again(struct vsm_core *core, unsigned stream, uint32_t item, bool out) {
  struct vsm_stream_state *s = &core->streams[stream];
  struct vsm_retold *r = &core->retold;
  const struct vsm_item *it = vsm_items_at(&s->items, item);
  if (!s->guard)
    return;
  vsm_stream_fold(s, it, (size_t)VSM_FOLD_ALL, &r->was);
  vsm_stream_fold(s, it, (size_t)VSM_FOLD_ALL, &r->is);
  r->same_visits = r->same_marks = 0;
  r->added = (size_t)VSM_FOLD_ALL;
  r->anew = true;
  if (out)
    s->guard->take_out = true;
  else
    vsm_guard_unsee(s->guard);
  s->guard->before = (struct vsm_guard_before){0};
  vsm_stream_replace(s, item, r);
  vsm_ranks_settle(&core->ranks);
}

void vsm_detect_take_out(struct vsm_core *core, unsigned stream, uint32_t item) {
  count_again(core, stream, item, true);
}

void vsm_detect_put_back(struct vsm_core *core, unsigned stream, uint32_t item) {
  count_again(core, stream, item, false);
}
