// One step for each transition. The walk keeps which stages have an open visit, which were ever visited, and how many
// visits are active; the rest it reads off the list of visits. Visits may still change after they closed (a late
// completion names one), so what the item adds to the metrics is read off the list at the end, never on the way.
//
// Most streams have at most 64 stages, whose sets are one word. So the steps that nearly all transitions take are
// compiled twice: for sets of one word, and for sets of as many as the graph says. They hand on `words` for that.
#include "core/walk.h"

#include <string.h>

#include "base/mem.h"

#define OFTEN static inline __attribute__((always_inline)) // part of what nearly all transitions need
#define RARELY __attribute__((noinline))                   // kept out of the way of what nearly all transitions need

struct vsm_mark *vsm_walk_mark(struct vsm_walk *w, enum vsm_mark_kind kind, unsigned place, int64_t at) {
  struct vsm_story *o = w->out;
  if (o->n_marks == o->cap_marks)
    o->marks = vsm_mem_grow(o->marks, o->n_marks, &o->cap_marks, sizeof *o->marks);
  struct vsm_mark *m = &o->marks[o->n_marks++];
  *m = (struct vsm_mark){.at = at, .kind = (uint8_t)kind, .place = (uint8_t)place};
  return m;
}

static struct vsm_mark *mark(struct vsm_walk *w, enum vsm_mark_kind kind, unsigned place) {
  return vsm_walk_mark(w, kind, place, w->t);
}

static void part(struct vsm_common *c, size_t i) {
  memcpy(c->lacks->visits + i, c->has->visits + i, (c->n - i) * sizeof *c->has->visits);
  c->n = i;
}

static inline struct vsm_visit *visit_to_change(struct vsm_walk *w, size_t i) {
  if (i < w->common->n)
    part(w->common, i);
  return &w->out->visits[i];
}

// What was worked up to now; without a calendar all time is.
static inline int64_t worked(struct vsm_walk *w, const struct vsm_calendar *c) {
  return c == w->graph->calendar ? w->worked : vsm_calendar_worked(c, w->t);
}

static const struct vsm_calendar *calendar(const struct vsm_walk *w, const struct vsm_visit *v) {
  return w->graph->at[v->place].calendar;
}

OFTEN struct vsm_visit *open_visit(struct vsm_walk *w, unsigned s) {
  struct vsm_story *o = w->out;
  if (o->n_visits == o->cap_visits)
    o->visits = vsm_mem_grow(o->visits, o->n_visits, &o->cap_visits, sizeof *o->visits);
  struct vsm_visit *v = &o->visits[o->n_visits];
  *v = (struct vsm_visit){.entered = w->t, .since = w->t, .place = (uint8_t)s, .state = VSM_QUEUED};
  if (vsm_set_has(&w->visited, s)) {
    v->bits = VSM_V_REWORK;
    vsm_set_add(&w->reworked, s);
  }
  w->open_at[s] = (uint32_t)o->n_visits++;
  w->since[s] = worked(w, w->graph->at[s].calendar);
  vsm_set_add(&w->open, s);
  o->n_open++;
  vsm_set_add(&w->had, s);
  return v;
}

static inline void count_active(struct vsm_walk *w, int change) {
  if (w->n_active == 0)
    w->active_since = w->worked;
  w->n_active += (unsigned)change;
  if (w->n_active == 0)
    w->active_total += w->worked - w->active_since;
}

static RARELY void end_wait(struct vsm_walk *w, struct vsm_visit *v) {
  struct vsm_mark *m = mark(w, VSM_M_WAITED, v->place);
  m->from = v->wait_since;
  m->span = worked(w, calendar(w, v)) - vsm_calendar_worked(calendar(w, v), m->from);
  m->wait = v->wait;
  v->theirs += vsm_wait_party(v->wait) == VSM_US ? 0 : w->t - m->from;
  v->wait_since = 0;
  v->wait = 0;
}

OFTEN void set_state(struct vsm_walk *w, struct vsm_visit *v, enum vsm_visit_state state) {
  if (v->state == state)
    return;
  int64_t now = worked(w, calendar(w, v));
  v->spent[v->state] += now - w->since[v->place];
  w->since[v->place] = now;
  if (v->state == VSM_SUSPENDED)
    end_wait(w, v);
  if (v->state == VSM_ACTIVE)
    count_active(w, -1);
  if (state == VSM_ACTIVE) {
    count_active(w, 1);
    v->bits |= VSM_V_WAS_ACTIVE;
  }
  v->since = w->t;
  v->state = (uint8_t)state;
}

// Another pair of reason and party than the one it waits for ends that suspension and begins the next.
static RARELY void suspend(struct vsm_walk *w, struct vsm_visit *v, uint64_t transition) {
  const struct vsm_log *log = w->log;
  while (w->next_hold < log->n_holds && log->holds[w->next_hold].transition < transition)
    w->next_hold++;
  bool held = w->next_hold < log->n_holds && log->holds[w->next_hold].transition == transition;
  uint32_t wait = held ? log->holds[w->next_hold].wait : 0;
  if (v->state == VSM_SUSPENDED && v->wait == wait)
    return;
  if (v->state == VSM_SUSPENDED)
    end_wait(w, v);
  else
    set_state(w, v, VSM_SUSPENDED);
  v->wait = wait;
  v->wait_since = w->t;
}

OFTEN void close_visit(struct vsm_walk *w, struct vsm_visit *v, enum vsm_how how) {
  set_state(w, v, VSM_CLOSED);
  v->left = w->t;
  v->how = (uint8_t)how;
  vsm_set_del(&w->open, v->place);
  w->out->n_open--;
  if (v->bits & VSM_V_CONFIRMED)
    vsm_set_add(&w->visited, v->place);
}

static enum vsm_how how_making_way(const struct vsm_walk *w, const struct vsm_visit *v, unsigned s) {
  if (!(v->bits & VSM_V_CONFIRMED))
    return VSM_SKIPPED;
  return vsm_set_has(&w->graph->at[v->place].before, s) ? VSM_RETURNED : VSM_COMPLETED;
}

// True where a fork closed forwards.
static RARELY bool close_for(struct vsm_walk *w, unsigned i, unsigned s) {
  struct vsm_visit *v = visit_to_change(w, w->open_at[i]);
  close_visit(w, v, how_making_way(w, v, s));
  v->bits |= VSM_V_MADE_WAY;
  return w->graph->at[i].fork_all && v->how != VSM_RETURNED;
}

static RARELY void bypass(struct vsm_walk *w, unsigned b) {
  if (!vsm_set_meet(&w->had, &w->graph->at[b].before, w->graph->words))
    return;
  vsm_set_add(&w->bypassed, b);
  w->bypassed_at[b] = w->t;
}

// Closes what cannot be open beside s, which is not open itself. True where forks closed forwards: they are in *forks,
// which is not set else.
OFTEN bool make_way(struct vsm_walk *w, unsigned words, unsigned s, struct vsm_set *forks) {
  const struct vsm_node_relations *at = &w->graph->at[s];
  struct vsm_set close, missed;
  bool forked = false;
  for (unsigned k = 0; k < words; k++) {
    close.w[k] = w->open.w[k] & ~at->parallel.w[k];
    missed.w[k] = at->required.w[k] & ~w->had.w[k] & ~w->bypassed.w[k];
  }
  VSM_SET_EACH(i, &close, words) {
    if (!close_for(w, (unsigned)i, s))
      continue;
    if (!forked)
      *forks = (struct vsm_set){{0}};
    forked = true;
    vsm_set_add(forks, (unsigned)i);
  }
  VSM_SET_EACH(b, &missed, words)
    bypass(w, (unsigned)b);
  return forked;
}

static void open_arms(struct vsm_walk *w, unsigned s, const struct vsm_set *forks);

OFTEN void enter(struct vsm_walk *w, unsigned words, unsigned s) {
  struct vsm_set forks;
  bool forked = make_way(w, words, s, &forks);
  open_visit(w, s);
  if (forked)
    open_arms(w, s, &forks);
}

OFTEN void go_on(struct vsm_walk *w, unsigned words, const struct vsm_set *stages) {
  VSM_SET_EACH(n, stages, words)
    if (!vsm_set_has(&w->open, (unsigned)n) && !vsm_set_meet(&w->open, &w->graph->at[n].before, words))
      enter(w, words, (unsigned)n);
}

// A fork whose own complete is missing still opens its other arms: those that can be held beside s.
static RARELY void open_arms(struct vsm_walk *w, unsigned s, const struct vsm_set *forks) {
  unsigned words = w->graph->words;
  VSM_SET_EACH(f, forks, words) {
    struct vsm_set arms = w->graph->at[f].next;
    for (unsigned k = 0; k < words; k++)
      arms.w[k] &= w->graph->at[s].parallel.w[k];
    go_on(w, words, &arms);
  }
}

static struct vsm_mark *mark_end(struct vsm_walk *w, enum vsm_mark_kind kind) {
  struct vsm_mark *m = mark(w, kind, VSM_PLACE_ITEM);
  m->visits = (uint32_t)w->out->n_visits;
  w->out->n_ends++;
  w->out->open = false;
  w->out->finished = kind == VSM_M_FINISHED;
  return m;
}

static RARELY void finish(struct vsm_walk *w) {
  struct vsm_mark *m = mark_end(w, VSM_M_FINISHED);
  m->from = w->out->started;
  m->span = w->worked - vsm_calendar_worked(w->graph->calendar, m->from);
  m->active = w->active_total + (w->n_active ? w->worked - w->active_since : 0);
}

// After a complete at s that took effect in its turn.
OFTEN void completed(struct vsm_walk *w, unsigned words, unsigned s) {
  const struct vsm_node_relations *at = &w->graph->at[s];
  if (at->n_next == 1 || at->fork_all)
    go_on(w, words, &at->next);
  if (at->to_outcome && at->n_next == 1 && w->out->n_open == 0 && w->out->open)
    finish(w);
}

OFTEN void begin(struct vsm_walk *w, unsigned words, unsigned s, enum vsm_lifecycle lifecycle) {
  if (!w->out->open) {
    w->out->open = true;
    mark(w, VSM_M_REOPENED, VSM_PLACE_ITEM);
  }
  if (!vsm_set_has(&w->open, s))
    enter(w, words, s);
  struct vsm_visit *v = visit_to_change(w, w->open_at[s]);
  if (lifecycle == VSM_START) {
    v->bits |= VSM_V_CONFIRMED;
    set_state(w, v, VSM_ACTIVE);
  }
}

OFTEN void apply(struct vsm_walk *w, unsigned words, unsigned s, uint64_t transition) {
  enum vsm_lifecycle lifecycle = vsm_packed_lifecycle(transition);
  struct vsm_visit *v = visit_to_change(w, w->open_at[s]);
  v->bits |= VSM_V_CONFIRMED;
  if (lifecycle == VSM_COMPLETE) {
    v->bits |= VSM_V_OWN_COMPLETE;
    close_visit(w, v, VSM_COMPLETED);
    completed(w, words, s);
  } else if (lifecycle == VSM_SUSPEND) {
    suspend(w, v, transition);
  } else {
    set_state(w, v, VSM_ACTIVE);
  }
}

// The newest visit at a stage that cannot be held beside s, s itself among them.
static bool is_late_news(const struct vsm_walk *w, unsigned s) {
  const struct vsm_node_relations *at = &w->graph->at[s];
  if (!w->out->open)
    return true;
  for (size_t i = w->out->n_visits; i-- > 0;) {
    const struct vsm_visit *v = vsm_walk_visit(w, i);
    if (!(v->bits & VSM_V_LATE_NEWS) && !vsm_set_has(&at->parallel, v->place))
      return vsm_set_has(&at->after, v->place);
  }
  return false;
}

// A complete that comes after the item went on belongs to the visit that it went on from.
static bool names_visit(struct vsm_walk *w, unsigned s, bool late) {
  size_t i = w->out->n_visits;
  do {
    if (i == 0)
      return false;
  } while (vsm_walk_visit(w, --i)->place != s);
  const struct vsm_visit *have = vsm_walk_visit(w, i);
  bool unfinished = have->how == VSM_SKIPPED || (have->how == VSM_COMPLETED && !(have->bits & VSM_V_OWN_COMPLETE));
  if (!(unfinished && late) && !((have->bits & VSM_V_MADE_WAY) && have->left == w->t))
    return false;
  struct vsm_visit *v = visit_to_change(w, i);
  v->bits |= VSM_V_CONFIRMED | VSM_V_OWN_COMPLETE;
  v->how = VSM_COMPLETED;
  vsm_set_add(&w->visited, s);
  return true;
}

static bool is_redundant(const struct vsm_walk *w, unsigned s) {
  if (!vsm_set_has(&w->visited, s))
    return false;
  for (size_t i = w->out->n_visits; i-- > 0;) {
    const struct vsm_visit *v = vsm_walk_visit(w, i);
    if (v->place == s && (v->bits & VSM_V_CONFIRMED))
      return true;
    if (!(v->bits & VSM_V_LATE_NEWS) && vsm_set_has(&w->graph->at[s].before, v->place))
      return false;
  }
  return true;
}

static void unobserved(struct vsm_walk *w, unsigned s, bool late) {
  struct vsm_set forks;
  bool forked = !late && make_way(w, w->graph->words, s, &forks);
  struct vsm_visit *v = open_visit(w, s);
  v->bits |= VSM_V_CONFIRMED | VSM_V_UNOBSERVED | VSM_V_OWN_COMPLETE | (late ? VSM_V_LATE_NEWS : 0);
  close_visit(w, v, VSM_COMPLETED);
  if (forked)
    open_arms(w, s, &forks);
  if (!late)
    completed(w, w->graph->words, s);
}

// Suspend, resume and complete at a stage without an open visit.
static RARELY void out_of_turn(struct vsm_walk *w, unsigned s, uint64_t transition) {
  enum vsm_lifecycle lifecycle = vsm_packed_lifecycle(transition);
  bool late = is_late_news(w, s);
  if (lifecycle == VSM_COMPLETE && names_visit(w, s, late))
    return;
  if (is_redundant(w, s) || (late && lifecycle != VSM_COMPLETE)) {
    mark(w, VSM_M_REDUNDANT, s);
    return;
  }
  if (lifecycle == VSM_COMPLETE) {
    unobserved(w, s, late);
  } else {
    enter(w, w->graph->words, s);
    apply(w, w->graph->words, s, transition);
  }
}

static RARELY void end_item(struct vsm_walk *w, enum vsm_lifecycle lifecycle) {
  if (!w->out->open) {
    mark(w, VSM_M_REDUNDANT, VSM_PLACE_ITEM);
    return;
  }
  VSM_SET_EACH(i, &w->open, w->graph->words) {
    struct vsm_visit *v = visit_to_change(w, w->open_at[i]);
    bool confirmed = v->bits & VSM_V_CONFIRMED;
    close_visit(w, v, lifecycle == VSM_WITHDRAW ? VSM_WITHDRAWN : confirmed ? VSM_COMPLETED : VSM_SKIPPED);
  }
  if (lifecycle == VSM_FINISH)
    finish(w);
  else
    mark_end(w, VSM_M_WITHDRAWN);
}

OFTEN void step(struct vsm_walk *w, unsigned words, unsigned place, uint64_t transition) {
  enum vsm_lifecycle lifecycle = vsm_packed_lifecycle(transition);
  if (place == VSM_PLACE_ITEM)
    end_item(w, lifecycle);
  else if (lifecycle <= VSM_START)
    begin(w, words, place, lifecycle);
  else if (vsm_set_has(&w->open, place))
    apply(w, words, place, transition);
  else
    out_of_turn(w, place, transition);
}

OFTEN void steps(struct vsm_walk *w, unsigned words, size_t from, size_t to) {
  for (size_t i = from; i < to; i++) {
    uint64_t transition = w->log->at[i];
    if (vsm_packed_sleeps(transition, w->graph->n))
      continue;
    w->out->last = w->t = vsm_packed_us(transition);
    w->worked = w->graph->calendar ? vsm_calendar_worked(w->graph->calendar, w->t) : w->t;
    if (!w->out->exists) {
      w->out->exists = w->out->open = true;
      w->out->started = w->t;
      mark(w, VSM_M_STARTED, VSM_PLACE_ITEM);
    }
    step(w, words, vsm_packed_place(transition), transition);
  }
}

void vsm_walk_on(struct vsm_walk *w, size_t from, size_t to) {
  if (w->graph->words == 1)
    steps(w, 1, from, to);
  else
    steps(w, w->graph->words, from, to);
}
