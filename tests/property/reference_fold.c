// The fold of one item, sentence by sentence as docs/concepts.md tells it: sort the transitions, walk them once, and
// write down visits. A visit's place in the array is the order in which visits opened, which is what "newest", "last"
// and "since" go by.
#include "property/reference.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/calendar.h"

struct walk {
  const struct ref_graph *g;
  struct vsm_arena *arena;
  struct ref_fold *f;
};

void *ref_grow(struct vsm_arena *arena, void *array, size_t n, size_t element_bytes) {
  if (n & (n - 1)) // room up to the next power of two
    return array;
  void *bigger = vsm_arena_alloc(arena, (n ? 2 * n : 1) * element_bytes);
  assert(bigger);
  if (n)
    memcpy(bigger, array, n * element_bytes);
  return bigger;
}

static int cmp_i64(int64_t a, int64_t b) {
  return (a > b) - (a < b);
}

int ref_transition_cmp(const struct ref_graph *g, const struct ref_transition *a, const struct ref_transition *b) {
  int by_time = cmp_i64(a->t, b->t);
  if (by_time)
    return by_time;
  int64_t place_a = a->stage < 0 ? REF_STAGES_MAX : (int64_t)g->place[a->stage];
  int64_t place_b = b->stage < 0 ? REF_STAGES_MAX : (int64_t)g->place[b->stage];
  int by_place = cmp_i64(place_a, place_b);
  return by_place ? by_place : cmp_i64(a->lifecycle, b->lifecycle);
}

// ---- Questions about the item

static bool is_before(const struct walk *w, int a, int b) {
  return w->g->before[a][b];
}

static bool is_parallel(const struct walk *w, int a, int b) {
  return w->g->parallel[a][b];
}

static struct ref_visit *open_visit_at(struct walk *w, int stage) {
  for (size_t i = 0; i < w->f->n_visits; i++)
    if (w->f->visits[i].stage == stage && w->f->visits[i].how == VSM_OPEN)
      return &w->f->visits[i];
  return NULL;
}

static bool any_open(const struct walk *w) {
  for (size_t i = 0; i < w->f->n_visits; i++)
    if (w->f->visits[i].how == VSM_OPEN)
      return true;
  return false;
}

static bool open_before(const struct walk *w, int stage) {
  for (size_t i = 0; i < w->f->n_visits; i++)
    if (w->f->visits[i].how == VSM_OPEN && is_before(w, w->f->visits[i].stage, stage))
      return true;
  return false;
}

static struct ref_visit *newest_at(struct walk *w, int stage) {
  for (size_t i = w->f->n_visits; i-- > 0;)
    if (w->f->visits[i].stage == stage)
      return &w->f->visits[i];
  return NULL;
}

static bool had_visit_at(struct walk *w, int stage) {
  return newest_at(w, stage) != NULL;
}

static bool had_visit_before(const struct walk *w, int stage) {
  for (size_t i = 0; i < w->f->n_visits; i++)
    if (is_before(w, w->f->visits[i].stage, stage))
      return true;
  return false;
}

// A confirmed visit to it has closed, however it closed.
static bool visited(const struct walk *w, int stage) {
  for (size_t i = 0; i < w->f->n_visits; i++) {
    const struct ref_visit *v = &w->f->visits[i];
    if (v->stage == stage && v->confirmed && v->how != VSM_OPEN)
      return true;
  }
  return false;
}

// No visit at a stage before it, late news aside, has opened since the last confirmed visit to it.
static bool not_sent_back_since(const struct walk *w, int stage) {
  for (size_t i = w->f->n_visits; i-- > 0;) {
    const struct ref_visit *v = &w->f->visits[i];
    if (v->stage == stage && v->confirmed)
      return true;
    if (!v->late && is_before(w, v->stage, stage))
      return false;
  }
  return true;
}

// Of a suspend, resume or complete at a stage with no open visit.
static bool is_late_news(const struct walk *w, int stage) {
  if (!w->f->open)
    return true;
  for (size_t i = w->f->n_visits; i-- > 0;) {
    const struct ref_visit *v = &w->f->visits[i];
    if (!v->late && !is_parallel(w, v->stage, stage))
      return is_before(w, stage, v->stage);
  }
  return false;
}

// ---- What happens to a visit

int64_t ref_worked(const struct vsm_calendar *calendar, int64_t from, int64_t to) {
  return to > from ? vsm_calendar_worked(calendar, to) - vsm_calendar_worked(calendar, from) : 0;
}

static void account(struct walk *w, struct ref_visit *v, int64_t t) {
  int64_t passed = ref_worked(w->g->stream->stages[v->stage].calendar, v->since, t);
  if (v->state == VSM_QUEUED)
    v->queued += passed;
  else if (v->state == VSM_SUSPENDED)
    v->suspended += passed;
  else if (v->state == VSM_ACTIVE) {
    v->active += passed;
    REF_PUSH(w->arena, w->f->active, w->f->n_active, (struct ref_span){v->since, t});
  }
  v->since = t;
}

static struct ref_wait *wait_of(struct walk *w, const struct ref_visit *v) {
  for (size_t i = 0; i < w->f->n_waits; i++)
    if (w->f->waits[i].visit == (size_t)(v - w->f->visits) && w->f->waits[i].to == INT64_MAX)
      return &w->f->waits[i];
  return NULL;
}

static void end_wait(struct walk *w, const struct ref_visit *v, int64_t t) {
  struct ref_wait *wait = wait_of(w, v);
  if (wait)
    wait->to = t;
}

// Another pair ends the suspension and begins the next.
static void begin_wait(struct walk *w, const struct ref_visit *v, const struct ref_transition *x) {
  const struct ref_wait *wait = wait_of(w, v);
  if (wait && strcmp(wait->reason, x->reason) == 0 && strcmp(wait->party, x->party) == 0)
    return;
  end_wait(w, v, x->t);
  REF_PUSH(w->arena, w->f->waits, w->f->n_waits,
           (struct ref_wait){(size_t)(v - w->f->visits), x->t, INT64_MAX, x->reason, x->party});
}

static void set_state(struct walk *w, struct ref_visit *v, enum vsm_visit_state state, int64_t t) {
  if (v->state == state)
    return;
  account(w, v, t);
  end_wait(w, v, t);
  v->state = state;
  if (state == VSM_ACTIVE)
    v->ever_active = true;
}

// own: by a complete of its own
static void close_visit(struct walk *w, struct ref_visit *v, enum vsm_how how, bool own, int64_t t) {
  account(w, v, t);
  end_wait(w, v, t);
  v->state = VSM_CLOSED;
  v->how = how;
  v->left = t;
  v->implied = how == VSM_COMPLETED && !own;
}

static void open_visit(struct walk *w, int stage, int64_t t) {
  bool rework = visited(w, stage);
  REF_PUSH(w->arena, w->f->visits, w->f->n_visits,
           (struct ref_visit){.stage = stage, .entered = t, .since = t, .state = VSM_QUEUED, .rework = rework});
  w->f->bypassed[stage] = false; // any visit takes that back
}

static void close_item(struct walk *w, enum vsm_lifecycle by, int64_t t) {
  w->f->open = false;
  w->f->ended_by = by;
  if (by == VSM_FINISH)
    REF_PUSH(w->arena, w->f->finished, w->f->n_finished, (struct ref_moment){-1, t, w->f->n_visits});
  else
    REF_PUSH(w->arena, w->f->withdrawn, w->f->n_withdrawn, (struct ref_moment){-1, t, w->f->n_visits});
}

static void redundant(struct walk *w, int stage, int64_t t) {
  REF_PUSH(w->arena, w->f->redundant, w->f->n_redundant, (struct ref_moment){stage, t, w->f->n_visits});
}

// ---- Making way, entering, going on

// Returns the `fork: all` stages whose visits closed, other than as returned.
static uint32_t make_way(struct walk *w, int stage, int64_t t) {
  uint32_t forks = 0;
  for (size_t i = 0; i < w->f->n_visits; i++) {
    struct ref_visit *v = &w->f->visits[i];
    if (v->how != VSM_OPEN || v->stage == stage || is_parallel(w, v->stage, stage))
      continue;
    enum vsm_how how = !v->confirmed ? VSM_SKIPPED : is_before(w, stage, v->stage) ? VSM_RETURNED : VSM_COMPLETED;
    close_visit(w, v, how, false, t);
    v->way_made = true;
    if (w->g->stream->stages[v->stage].fork_all && how != VSM_RETURNED)
      forks |= UINT32_C(1) << v->stage;
  }
  for (int b = 0; b < (int)w->g->stream->n_stages; b++)
    if (w->g->required[b][stage] && !had_visit_at(w, b) && had_visit_before(w, b) && !w->f->bypassed[b]) {
      w->f->bypassed[b] = true;
      w->f->bypassed_at[b] = t;
    }
  return forks;
}

static bool is_next(const struct walk *w, int of, int stage) {
  const struct vsm_stage *s = &w->g->stream->stages[of];
  for (unsigned i = 0; i < s->n_next; i++)
    if (s->next[i] == stage)
      return true;
  return false;
}

static void enter(struct walk *w, int stage, int64_t t);

// To the next stages of one; parallel_to: only those parallel to that one, -1: all.
static void go_on(struct walk *w, int from, int parallel_to, int64_t t) {
  for (unsigned place = 0; place < w->g->stream->n_stages; place++) {
    int n = (int)w->g->order[place];
    if (is_next(w, from, n) && (parallel_to < 0 || is_parallel(w, n, parallel_to)) && !open_before(w, n) &&
        !open_visit_at(w, n))
      enter(w, n, t);
  }
}

static void open_other_arms(struct walk *w, uint32_t forks, int stage, int64_t t) {
  for (unsigned place = 0; place < w->g->stream->n_stages; place++)
    if (forks >> w->g->order[place] & 1)
      go_on(w, (int)w->g->order[place], stage, t);
}

static void enter(struct walk *w, int stage, int64_t t) {
  uint32_t forks = make_way(w, stage, t);
  open_visit(w, stage, t);
  open_other_arms(w, forks, stage, t);
}

// ---- The walk

static void walk_in(struct walk *w, const struct ref_transition *x) { // schedule, start
  if (!w->f->open) {
    w->f->open = true;
    REF_PUSH(w->arena, w->f->reopened, w->f->n_reopened, (struct ref_moment){-1, x->t, w->f->n_visits});
  }
  if (!open_visit_at(w, x->stage))
    enter(w, x->stage, x->t);
  struct ref_visit *v = open_visit_at(w, x->stage);
  if (x->lifecycle == VSM_START) {
    v->confirmed = true;
    set_state(w, v, VSM_ACTIVE, x->t);
  }
}

static void after_complete(struct walk *w, int stage, int64_t t) {
  const struct vsm_stage *s = &w->g->stream->stages[stage];
  if (s->n_next + s->to_outcome == 1 || s->fork_all)
    go_on(w, stage, -1, t);
  if (s->n_next == 0 && !any_open(w))
    close_item(w, VSM_FINISH, t);
}

static void apply_to_visit(struct walk *w, struct ref_visit *v, const struct ref_transition *x) {
  v->confirmed = true;
  if (x->lifecycle == VSM_SUSPEND) {
    set_state(w, v, VSM_SUSPENDED, x->t);
    begin_wait(w, v, x);
  } else if (x->lifecycle == VSM_RESUME)
    set_state(w, v, VSM_ACTIVE, x->t);
  else {
    close_visit(w, v, VSM_COMPLETED, true, x->t);
    after_complete(w, x->stage, x->t);
  }
}

// Whether a complete names the newest visit at its stage.
static bool names(struct walk *w, const struct ref_transition *x, bool late) {
  struct ref_visit *v = newest_at(w, x->stage);
  if (x->lifecycle != VSM_COMPLETE || !v)
    return false;
  bool without_own = v->how == VSM_SKIPPED || (v->how == VSM_COMPLETED && v->implied);
  if (!(without_own && late) && !(v->way_made && v->left == x->t))
    return false;
  v->confirmed = true;
  v->how = VSM_COMPLETED;
  v->implied = false;
  return true;
}

static void record_unobserved(struct walk *w, const struct ref_transition *x, bool late) {
  uint32_t forks = late ? 0 : make_way(w, x->stage, x->t);
  open_visit(w, x->stage, x->t);
  struct ref_visit *v = newest_at(w, x->stage);
  v->confirmed = v->unobserved = true;
  v->late = late;
  close_visit(w, v, VSM_COMPLETED, true, x->t);
  if (late)
    return;
  open_other_arms(w, forks, x->stage, x->t);
  after_complete(w, x->stage, x->t);
}

static void walk_without_visit(struct walk *w, const struct ref_transition *x) { // suspend, resume, complete
  bool late = is_late_news(w, x->stage);
  if (names(w, x, late))
    return;
  if ((visited(w, x->stage) && not_sent_back_since(w, x->stage)) || (late && x->lifecycle != VSM_COMPLETE))
    redundant(w, x->stage, x->t);
  else if (x->lifecycle == VSM_COMPLETE)
    record_unobserved(w, x, late);
  else {
    enter(w, x->stage, x->t);
    apply_to_visit(w, open_visit_at(w, x->stage), x);
  }
}

static void walk_end(struct walk *w, const struct ref_transition *x) { // finish, withdraw
  if (!w->f->open) {
    redundant(w, -1, x->t);
    return;
  }
  for (size_t i = 0; i < w->f->n_visits; i++) {
    struct ref_visit *v = &w->f->visits[i];
    if (v->how == VSM_OPEN)
      close_visit(w, v,
                  x->lifecycle == VSM_WITHDRAW ? VSM_WITHDRAWN
                  : v->confirmed               ? VSM_COMPLETED
                                               : VSM_SKIPPED,
                  false, x->t);
  }
  close_item(w, x->lifecycle, x->t);
}

static void walk_one(struct walk *w, const struct ref_transition *x) {
  if (!w->f->ever) {
    w->f->ever = w->f->open = true;
    w->f->started = x->t;
  }
  if (x->stage < 0)
    walk_end(w, x);
  else if (x->lifecycle == VSM_SCHEDULE || x->lifecycle == VSM_START)
    walk_in(w, x);
  else if (open_visit_at(w, x->stage))
    apply_to_visit(w, open_visit_at(w, x->stage), x);
  else
    walk_without_visit(w, x);
}

void ref_fold(const struct ref_graph *g, const struct ref_transition *transitions, size_t n, struct vsm_arena *arena,
              struct ref_fold *out) {
  *out = (struct ref_fold){0};
  struct walk w = {.g = g, .arena = arena, .f = out};
  struct ref_transition *sorted = NULL;
  size_t n_sorted = 0;
  for (size_t i = 0; i < n; i++) {
    if (transitions[i].lifecycle == VSM_PROGRESS)
      continue;
    REF_PUSH(arena, sorted, n_sorted, transitions[i]);
    for (size_t k = n_sorted - 1; k > 0 && ref_transition_cmp(g, &sorted[k - 1], &sorted[k]) > 0; k--) {
      struct ref_transition swap = sorted[k];
      sorted[k] = sorted[k - 1];
      sorted[k - 1] = swap;
    }
  }
  for (size_t i = 0; i < n_sorted; i++)
    if (i == 0 || ref_transition_cmp(g, &sorted[i - 1], &sorted[i]) != 0)
      walk_one(&w, &sorted[i]);
}
