// One walk over the transitions in canonical order (docs/concepts.md, "How an item is folded"). The walk keeps which
// stages have an open visit, which were ever visited, and how many visits are active; the rest it reads off the list
// of visits. Visits may still change after they closed (a late completion names one), so what the item adds to the
// metrics is read off the list at the end, never on the way.
#include "core/fold.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/calendar.h"

// What two walks that parted have in common: the first visits, which stand in the story of the one that came from
// before. A visit that either changes is common no more.
struct common {
  struct vsm_story *has, *lacks;
  size_t n;
};

struct walk {
  const struct vsm_graph *graph;
  unsigned words; // of sets
  unsigned n_active;
  struct vsm_story *out;
  struct common *common;
  const struct vsm_log *log;
  size_t next_hold; // the first at or behind the transition in hand
  struct vsm_worked worked;
  struct vsm_set open, had, visited; // had: any visit; visited: a confirmed one has closed
  struct vsm_set bypassed, reworked;
  int64_t t;
  int64_t active_since, active_total; // time in which some visit was active
  uint32_t open_at[VSM_STAGES_MAX];   // index of the open visit, where `open` says so
  int64_t bypassed_at[VSM_STAGES_MAX];
};

static void enter(struct walk *w, unsigned s);

static struct vsm_mark *mark(struct walk *w, enum vsm_mark_kind kind, unsigned place, int64_t at) {
  struct vsm_story *o = w->out;
  if (o->n_marks == o->cap_marks)
    o->marks = vsm_mem_grow(o->marks, o->n_marks, &o->cap_marks, sizeof *o->marks);
  struct vsm_mark *m = &o->marks[o->n_marks++];
  *m = (struct vsm_mark){.at = at, .kind = (uint8_t)kind, .place = (uint8_t)place};
  return m;
}

static const struct vsm_visit *visit(const struct walk *w, size_t i) {
  return &(i < w->common->n ? w->common->has : w->out)->visits[i];
}

static void part(struct common *c, size_t i) {
  memcpy(c->lacks->visits + i, c->has->visits + i, (c->n - i) * sizeof *c->has->visits);
  c->n = i;
}

static struct vsm_visit *visit_to_change(struct walk *w, size_t i) {
  if (i < w->common->n)
    part(w->common, i);
  return &w->out->visits[i];
}

static struct vsm_visit *open_visit(struct walk *w, unsigned s) {
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
  vsm_set_add(&w->open, s);
  o->n_open++;
  vsm_set_add(&w->had, s);
  return v;
}

static int64_t worked(struct walk *w, const struct vsm_calendar *c, int64_t from, int64_t to) {
  return c ? vsm_calendar_span(&w->worked, c, from, to) : to - from;
}

static const struct vsm_calendar *calendar(const struct walk *w, const struct vsm_visit *v) {
  return w->graph->at[v->place].calendar;
}

static void count_active(struct walk *w, int change) {
  if (w->n_active == 0)
    w->active_since = w->t;
  w->n_active += (unsigned)change;
  if (w->n_active == 0)
    w->active_total += worked(w, w->graph->calendar, w->active_since, w->t);
}

static void end_wait(struct walk *w, struct vsm_visit *v) {
  struct vsm_mark *m = mark(w, VSM_M_WAITED, v->place, w->t);
  m->from = v->wait_since;
  m->span = worked(w, calendar(w, v), m->from, w->t);
  m->wait = v->wait;
  v->theirs += vsm_wait_party(v->wait) == VSM_US ? 0 : w->t - m->from;
  v->wait_since = 0;
  v->wait = 0;
}

static void set_state(struct walk *w, struct vsm_visit *v, enum vsm_visit_state state) {
  if (v->state == state)
    return;
  v->spent[v->state] += worked(w, calendar(w, v), v->since, w->t);
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
static void suspend(struct walk *w, struct vsm_visit *v, uint64_t transition) {
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

static void close_visit(struct walk *w, struct vsm_visit *v, enum vsm_how how) {
  set_state(w, v, VSM_CLOSED);
  v->left = w->t;
  v->how = (uint8_t)how;
  vsm_set_del(&w->open, v->place);
  w->out->n_open--;
  if (v->bits & VSM_V_CONFIRMED)
    vsm_set_add(&w->visited, v->place);
}

static enum vsm_how how_making_way(const struct walk *w, const struct vsm_visit *v, unsigned s) {
  if (!(v->bits & VSM_V_CONFIRMED))
    return VSM_SKIPPED;
  return vsm_set_has(&w->graph->at[v->place].before, s) ? VSM_RETURNED : VSM_COMPLETED;
}

// True where a fork closed forwards.
static bool close_for(struct walk *w, unsigned i, unsigned s) {
  struct vsm_visit *v = visit_to_change(w, w->open_at[i]);
  close_visit(w, v, how_making_way(w, v, s));
  v->bits |= VSM_V_MADE_WAY;
  return w->graph->at[i].fork_all && v->how != VSM_RETURNED;
}

static void bypass(struct walk *w, unsigned b) {
  if (!vsm_set_meet(&w->had, &w->graph->at[b].before, w->words))
    return;
  vsm_set_add(&w->bypassed, b);
  w->bypassed_at[b] = w->t;
}

// Closes what cannot be open beside s. True where forks closed forwards: they are in *forks, which is not set else.
static bool make_way(struct walk *w, unsigned s, struct vsm_set *forks) {
  const struct vsm_node_relations *at = &w->graph->at[s];
  struct vsm_set close = {{0}}, missed = {{0}};
  bool forked = false;
  for (unsigned k = 0; k < w->words; k++) {
    close.w[k] = w->open.w[k] & ~at->parallel.w[k];
    missed.w[k] = at->required.w[k] & ~w->had.w[k] & ~w->bypassed.w[k];
  }
  vsm_set_del(&close, s);
  VSM_SET_EACH(i, &close, w->words) {
    if (!close_for(w, (unsigned)i, s))
      continue;
    if (!forked)
      *forks = (struct vsm_set){{0}};
    forked = true;
    vsm_set_add(forks, (unsigned)i);
  }
  VSM_SET_EACH(b, &missed, w->words)
    bypass(w, (unsigned)b);
  return forked;
}

static void go_on(struct walk *w, const struct vsm_set *stages) {
  VSM_SET_EACH(n, stages, w->words)
    if (!vsm_set_has(&w->open, (unsigned)n) && !vsm_set_meet(&w->open, &w->graph->at[n].before, w->words))
      enter(w, (unsigned)n);
}

// A fork whose own complete is missing still opens its other arms: those that can be held beside s.
static void open_arms(struct walk *w, unsigned s, const struct vsm_set *forks) {
  VSM_SET_EACH(f, forks, w->words) {
    struct vsm_set arms = w->graph->at[f].next;
    for (unsigned k = 0; k < w->words; k++)
      arms.w[k] &= w->graph->at[s].parallel.w[k];
    go_on(w, &arms);
  }
}

static void enter(struct walk *w, unsigned s) {
  struct vsm_set forks;
  bool forked = make_way(w, s, &forks);
  open_visit(w, s);
  if (forked)
    open_arms(w, s, &forks);
}

static struct vsm_mark *mark_end(struct walk *w, enum vsm_mark_kind kind) {
  struct vsm_mark *m = mark(w, kind, VSM_PLACE_ITEM, w->t);
  m->visits = (uint32_t)w->out->n_visits;
  w->out->n_ends++;
  w->out->open = false;
  w->out->finished = kind == VSM_M_FINISHED;
  return m;
}

static void finish(struct walk *w) {
  const struct vsm_calendar *c = w->graph->calendar;
  struct vsm_mark *m = mark_end(w, VSM_M_FINISHED);
  m->from = w->out->started;
  m->span = worked(w, c, m->from, w->t);
  m->active = w->active_total + (w->n_active ? worked(w, c, w->active_since, w->t) : 0);
}

// After a complete at s that took effect in its turn.
static void completed(struct walk *w, unsigned s) {
  const struct vsm_node_relations *at = &w->graph->at[s];
  if (at->n_next == 1 || at->fork_all)
    go_on(w, &at->next);
  if (at->to_outcome && at->n_next == 1 && w->out->n_open == 0 && w->out->open)
    finish(w);
}

static void begin(struct walk *w, unsigned s, enum vsm_lifecycle lifecycle) {
  if (!w->out->open) {
    w->out->open = true;
    mark(w, VSM_M_REOPENED, VSM_PLACE_ITEM, w->t);
  }
  if (!vsm_set_has(&w->open, s))
    enter(w, s);
  struct vsm_visit *v = visit_to_change(w, w->open_at[s]);
  if (lifecycle == VSM_START) {
    v->bits |= VSM_V_CONFIRMED;
    set_state(w, v, VSM_ACTIVE);
  }
}

static void apply(struct walk *w, unsigned s, uint64_t transition) {
  enum vsm_lifecycle lifecycle = vsm_packed_lifecycle(transition);
  struct vsm_visit *v = visit_to_change(w, w->open_at[s]);
  v->bits |= VSM_V_CONFIRMED;
  if (lifecycle == VSM_COMPLETE) {
    v->bits |= VSM_V_OWN_COMPLETE;
    close_visit(w, v, VSM_COMPLETED);
    completed(w, s);
  } else if (lifecycle == VSM_SUSPEND) {
    suspend(w, v, transition);
  } else {
    set_state(w, v, VSM_ACTIVE);
  }
}

// The newest visit at a stage that cannot be held beside s, s itself among them.
static bool is_late_news(const struct walk *w, unsigned s) {
  const struct vsm_node_relations *at = &w->graph->at[s];
  if (!w->out->open)
    return true;
  for (size_t i = w->out->n_visits; i-- > 0;) {
    const struct vsm_visit *v = visit(w, i);
    if (!(v->bits & VSM_V_LATE_NEWS) && !vsm_set_has(&at->parallel, v->place))
      return vsm_set_has(&at->after, v->place);
  }
  return false;
}

// A complete that comes after the item went on belongs to the visit that it went on from.
static bool names_visit(struct walk *w, unsigned s, bool late) {
  size_t i = w->out->n_visits;
  do {
    if (i == 0)
      return false;
  } while (visit(w, --i)->place != s);
  const struct vsm_visit *have = visit(w, i);
  bool unfinished = have->how == VSM_SKIPPED || (have->how == VSM_COMPLETED && !(have->bits & VSM_V_OWN_COMPLETE));
  if (!(unfinished && late) && !((have->bits & VSM_V_MADE_WAY) && have->left == w->t))
    return false;
  struct vsm_visit *v = visit_to_change(w, i);
  v->bits |= VSM_V_CONFIRMED | VSM_V_OWN_COMPLETE;
  v->how = VSM_COMPLETED;
  vsm_set_add(&w->visited, s);
  return true;
}

static bool is_redundant(const struct walk *w, unsigned s) {
  if (!vsm_set_has(&w->visited, s))
    return false;
  for (size_t i = w->out->n_visits; i-- > 0;) {
    const struct vsm_visit *v = visit(w, i);
    if (v->place == s && (v->bits & VSM_V_CONFIRMED))
      return true;
    if (!(v->bits & VSM_V_LATE_NEWS) && vsm_set_has(&w->graph->at[s].before, v->place))
      return false;
  }
  return true;
}

static void unobserved(struct walk *w, unsigned s, bool late) {
  struct vsm_set forks;
  bool forked = !late && make_way(w, s, &forks);
  struct vsm_visit *v = open_visit(w, s);
  v->bits |= VSM_V_CONFIRMED | VSM_V_UNOBSERVED | VSM_V_OWN_COMPLETE | (late ? VSM_V_LATE_NEWS : 0);
  close_visit(w, v, VSM_COMPLETED);
  if (forked)
    open_arms(w, s, &forks);
  if (!late)
    completed(w, s);
}

// Suspend, resume and complete at a stage without an open visit.
static void out_of_turn(struct walk *w, unsigned s, uint64_t transition) {
  enum vsm_lifecycle lifecycle = vsm_packed_lifecycle(transition);
  bool late = is_late_news(w, s);
  if (lifecycle == VSM_COMPLETE && names_visit(w, s, late))
    return;
  if (is_redundant(w, s) || (late && lifecycle != VSM_COMPLETE)) {
    mark(w, VSM_M_REDUNDANT, s, w->t);
    return;
  }
  if (lifecycle == VSM_COMPLETE) {
    unobserved(w, s, late);
  } else {
    enter(w, s);
    apply(w, s, transition);
  }
}

static void end_item(struct walk *w, enum vsm_lifecycle lifecycle) {
  if (!w->out->open) {
    mark(w, VSM_M_REDUNDANT, VSM_PLACE_ITEM, w->t);
    return;
  }
  VSM_SET_EACH(i, &w->open, w->words) {
    struct vsm_visit *v = visit_to_change(w, w->open_at[i]);
    bool confirmed = v->bits & VSM_V_CONFIRMED;
    close_visit(w, v, lifecycle == VSM_WITHDRAW ? VSM_WITHDRAWN : confirmed ? VSM_COMPLETED : VSM_SKIPPED);
  }
  if (lifecycle == VSM_FINISH)
    finish(w);
  else
    mark_end(w, VSM_M_WITHDRAWN);
}

static void step(struct walk *w, unsigned place, uint64_t transition) {
  enum vsm_lifecycle lifecycle = vsm_packed_lifecycle(transition);
  if (place == VSM_PLACE_ITEM)
    end_item(w, lifecycle);
  else if (lifecycle <= VSM_START)
    begin(w, place, lifecycle);
  else if (vsm_set_has(&w->open, place))
    apply(w, place, transition);
  else
    out_of_turn(w, place, transition);
}

static void mark_bypassed(struct walk *w) {
  VSM_SET_EACH(b, &w->bypassed, w->words)
    if (!vsm_set_has(&w->had, (unsigned)b))
      mark(w, VSM_M_BYPASSED, (unsigned)b, w->bypassed_at[b]);
}

// Of these stages.
static void mark_first_passes(struct walk *w, struct vsm_set stages) {
  for (size_t i = 0, n = w->out->n_visits; i < n; i++) {
    const struct vsm_visit *v = visit(w, i);
    if (v->how != VSM_COMPLETED || !vsm_set_has(&stages, v->place))
      continue;
    vsm_set_del(&stages, v->place);
    mark(w, VSM_M_FIRST_PASS, v->place, v->left)->rework = vsm_set_has(&w->reworked, v->place);
  }
}

void vsm_story_clear(struct vsm_story *s) {
  s->n_visits = s->n_marks = 0;
  s->n_open = s->n_ends = 0;
  s->exists = s->open = s->finished = false;
  s->started = s->last = 0;
}

static void walk_on(struct walk *w, size_t from, size_t to) {
  for (size_t i = from; i < to; i++) {
    uint64_t transition = w->log->at[i];
    unsigned place = vsm_packed_place(transition);
    if (place >= w->graph->n && place != VSM_PLACE_ITEM)
      continue; // sleeps
    w->out->last = w->t = vsm_packed_us(transition);
    if (!w->out->exists) {
      w->out->exists = w->out->open = true;
      w->out->started = w->t;
      mark(w, VSM_M_STARTED, VSM_PLACE_ITEM, w->t);
    }
    step(w, place, transition);
  }
}

static void begin_walk(struct walk *w, const struct vsm_graph *graph, const struct vsm_log *log, struct vsm_story *out,
                       struct common *common) {
  memset(w, 0, offsetof(struct walk, open_at)); // what the sets do not name is never read
  w->graph = graph;
  w->words = graph->words;
  w->log = log;
  w->out = out;
  w->common = common;
  vsm_story_clear(out);
}

static void end_walk(struct walk *w, const struct vsm_set *stages) {
  mark_bypassed(w);
  mark_first_passes(w, *stages);
}

void vsm_fold(const struct vsm_graph *graph, const struct vsm_log *log, size_t but, struct vsm_story *out) {
  struct walk w;
  struct common none = {0};
  begin_walk(&w, graph, log, out, &none);
  walk_on(&w, 0, but < log->n ? but : log->n);
  if (but < log->n)
    walk_on(&w, but + 1, log->n);
  end_walk(&w, &w.had);
}

static void *reserve(void *p, size_t *cap, size_t n, size_t size) {
  while (*cap < n)
    p = vsm_mem_grow(p, *cap, cap, size);
  return p;
}

// From here on the two walks have nothing in common but the visits and marks up to now.
static void part_walks(struct walk *to, const struct walk *from, struct vsm_retold *r, struct common *common) {
  memcpy(to, from, offsetof(struct walk, open_at));
  VSM_SET_EACH(i, &from->open, from->words)
    to->open_at[i] = from->open_at[i];
  VSM_SET_EACH(b, &from->bypassed, from->words)
    to->bypassed_at[b] = from->bypassed_at[b];
  to->out = &r->is;
  r->is.visits = reserve(r->is.visits, &r->is.cap_visits, r->was.n_visits, sizeof *r->is.visits);
  r->is.marks = reserve(r->is.marks, &r->is.cap_marks, r->was.n_marks, sizeof *r->is.marks);
  r->is.n_visits = r->was.n_visits;
  r->is.n_marks = r->same_marks = r->was.n_marks;
  r->is.n_open = r->was.n_open;
  r->is.n_ends = r->was.n_ends;
  r->is.exists = r->was.exists;
  r->is.open = r->was.open;
  r->is.finished = r->was.finished;
  r->is.started = r->was.started;
  r->is.last = r->was.last;
  *common = (struct common){&r->was, &r->is, r->was.n_visits};
}

static void add_stages(struct vsm_set *stages, const struct vsm_story *s, size_t from) {
  for (size_t i = from; i < s->n_visits; i++)
    vsm_set_add(stages, s->visits[i].place);
}

void vsm_fold_both(const struct vsm_graph *graph, const struct vsm_log *log, size_t at, struct vsm_retold *r) {
  struct walk was, is;
  struct common common = {0};
  struct vsm_set stages = {{0}}; // of which any visit differs
  begin_walk(&was, graph, log, &r->was, &common);
  walk_on(&was, 0, at);
  part_walks(&is, &was, r, &common);
  walk_on(&was, at + 1, log->n);
  walk_on(&is, at, log->n);
  add_stages(&stages, &r->was, common.n);
  add_stages(&stages, &r->is, common.n);
  end_walk(&was, &stages);
  end_walk(&is, &stages);
  r->same_visits = common.n;
}

void vsm_story_fini(struct vsm_story *s) {
  free(s->visits);
  free(s->marks);
  *s = (struct vsm_story){0};
}

void vsm_retold_fini(struct vsm_retold *r) {
  vsm_story_fini(&r->was);
  vsm_story_fini(&r->is);
}
