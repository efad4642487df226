// Runs a scenario through the core in several orders. The first comes live: each event is received when it happened or
// some time later, balances are checked after each, the reference is asked now and then. The others come shuffled,
// backwards, or in batches that are announced. At the end each must say what the reference says, and all of them the
// same, byte for byte.
#include "property/scenario.h"

#include <stdlib.h>
#include <string.h>

#include "property/reference.h"

enum order { LIVE, SHUFFLED, BACKWARDS, SHUFFLED_AGAIN, ORDERS };

struct run {
  FILE *out;
  const struct scenario *s;
  enum order order;
  struct vsm_model models[SCENARIO_MODELS_MAX]; // without the rules left out
  struct scenario_event *log;                   // as it comes
  size_t n;
  struct vsm_core *core;
  struct ref *ref;
  struct vsm_arena *arena;
  unsigned wrong;
};

static bool wall(const struct run *r) {
  return r->s->models[0]->clock == VSM_CLOCK_WALL;
}

static void complain(struct run *r, const char *what, const char *name, int64_t expected, int64_t got) {
  r->wrong++;
  fprintf(r->out, "%s %s: expected %lld, got %lld\n", what, name, (long long)expected, (long long)got);
}

static void expect(struct run *r, const char *what, const char *name, int64_t expected, int64_t got) {
  if (expected != got)
    complain(r, what, name, expected, got);
}

// ---- The log in its order

static struct vsm_model without_rules_left_out(const struct vsm_model *from, const bool *out, struct vsm_arena *arena) {
  struct vsm_model m = *from;
  struct vsm_rule *rules = vsm_arena_zalloc(arena, (from->n_rules + 1) * sizeof *rules);
  m.n_rules = 0;
  for (unsigned i = 0; i < from->n_rules; i++)
    if (!out[from->rules[i].line])
      rules[m.n_rules++] = from->rules[i];
  m.rules = rules;
  return m;
}

static uint64_t rank(const struct scenario_event *x, enum order order) {
  struct rig_random r = {.state = x->number * 31 + order};
  switch (order) {
  case LIVE:
    return (uint64_t)(x->us + x->delay_us);
  case BACKWARDS:
    return UINT64_MAX - (uint64_t)x->us;
  case SHUFFLED:
  case SHUFFLED_AGAIN:
  case ORDERS:
    break;
  }
  return rig_next(&r);
}

static bool comes_after(const struct scenario_event *a, const struct scenario_event *b, enum order order) {
  if (a->model != b->model)
    return a->model > b->model;
  uint64_t ra = rank(a, order), rb = rank(b, order);
  return ra != rb ? ra > rb : a->number > b->number;
}

static void put_in_order(struct run *r) {
  r->log = vsm_arena_zalloc(r->arena, (r->s->n_events + 1) * sizeof *r->log);
  for (size_t i = 0; i < r->s->n_events; i++) {
    if (r->s->events[i].out)
      continue;
    size_t at = r->n++;
    for (; at > 0 && comes_after(&r->log[at - 1], &r->s->events[i], r->order); at--)
      r->log[at] = r->log[at - 1];
    r->log[at] = r->s->events[i];
  }
  int64_t received = 0;
  for (size_t i = 0; i < r->n; i++) {
    int64_t at = r->order == LIVE ? r->log[i].us + r->log[i].delay_us : r->s->end_us - (int64_t)(r->n - i);
    if (at > r->s->end_us)
      at = r->s->end_us;
    if (at > received)
      received = at;
    r->log[i].event.received.us = received;
  }
}

// ---- Against the reference

static void compare_visit(struct run *r, const char *key, const struct vsm_stream *s, const struct ref_visit *e,
                          const struct vsm_visit_view *g, int64_t now) {
  int64_t since = e->how == VSM_OPEN && now > e->since ? now - e->since : 0;
  expect(r, key, "visit stage", 0, strcmp(s->stages[e->stage].id, g->stage));
  expect(r, key, "visit entered", e->entered, g->entered.us);
  expect(r, key, "visit left", e->left, g->left.us);
#define X(field) expect(r, key, "visit " #field, e->field, g->field);
  X(how)
  X(state)
  X(confirmed)
  X(rework)
  X(unobserved) X(implied)
#undef X
      expect(r, key, "visit queued", e->queued + (e->state == VSM_QUEUED ? since : 0), g->queued_us);
  expect(r, key, "visit active", e->active + (e->state == VSM_ACTIVE ? since : 0), g->active_us);
  expect(r, key, "visit suspended", e->suspended + (e->state == VSM_SUSPENDED ? since : 0), g->suspended_us);
  if (g->how != VSM_OPEN)
    expect(r, key, "queued + active + suspended = cycle time", g->left.us - g->entered.us,
           g->queued_us + g->active_us + g->suspended_us);
}

static void compare_transitions(struct run *r, const char *key, const struct vsm_stream *s, const struct ref_item *e,
                                const struct vsm_item_view *g) {
  size_t at = 0;
  int64_t progress = 0, expected_progress = 0;
  for (unsigned i = 0; i < g->n_transitions; i++) {
    const struct vsm_transition_view *x = &g->transitions[i];
    if (x->lifecycle == VSM_PROGRESS) {
      progress += x->time.us + 1;
      continue;
    }
    if (at < e->n_transitions) {
      const struct ref_transition *t = &e->transitions[at];
      expect(r, key, "transition time", t->t, x->time.us);
      expect(r, key, "transition lifecycle", t->lifecycle, x->lifecycle);
      expect(r, key, "transition stage", 0, strcmp(t->stage < 0 ? "" : s->stages[t->stage].id, x->stage));
    }
    at++;
  }
  expect(r, key, "transitions", (int64_t)e->n_transitions, (int64_t)at);
  for (unsigned i = 0; i <= REF_STAGES_MAX; i++)
    expected_progress += e->has_progress[i] ? e->progress[i] + 1 : 0;
  expect(r, key, "sum of the newest progress of each stage", expected_progress, progress);
}

static void compare_item(struct run *r, const struct vsm_stream *s, unsigned stream, const struct ref_item *e,
                         const char *key) {
  struct vsm_item_view g;
  uint64_t streams;
  int err = vsm_core_item(r->core, (int)stream, vsm_str_of(key), r->arena, &g, &streams);
  expect(r, key, "is found", 0, err);
  if (err)
    return;
  const char *state = e->fold.open ? "open" : e->fold.ended_by == VSM_FINISH ? "finished" : "withdrawn";
  expect(r, key, "state", 0, strcmp(state, g.state));
  expect(r, key, "shown by its first key", 1, vsm_str_eq(vsm_str_of(e->shown), g.item));
  expect(r, key, "keys", (int64_t)e->n_keys, g.n_keys);
  for (size_t i = 0; i < e->n_keys && i < g.n_keys; i++)
    expect(r, key, e->keys[i], 1, vsm_str_eq(vsm_str_of(e->keys[i]), g.keys[i]));
  compare_transitions(r, key, s, e, &g);
  expect(r, key, "visits", (int64_t)e->fold.n_visits, g.n_visits);
  for (size_t i = 0; i < e->fold.n_visits && i < g.n_visits; i++)
    compare_visit(r, key, s, &e->fold.visits[i], &g.visits[i], ref_now(r->ref));
}

static void compare_counts(struct run *r) {
  struct vsm_ingest_view got = vsm_core_ingest(r->core);
  struct ref_counts e = ref_counts(r->ref);
  expect(r, "events", "received", (int64_t)e.received, (int64_t)got.received);
  expect(r, "events", "applied or duplicates", (int64_t)e.mapped, (int64_t)(got.applied + got.duplicates));
  expect(r, "events", "unmapped", (int64_t)e.unmapped, (int64_t)got.unmapped);
  expect(r, "events", "ignored", (int64_t)e.ignored, (int64_t)got.ignored);
  expect(r, "events", "rejected", (int64_t)e.rejected, (int64_t)got.rejected);
}

static void compare_all(struct run *r, const struct vsm_model *model) {
  uint64_t open = 0;
  compare_counts(r);
  expect(r, "time", "now", ref_now(r->ref), vsm_core_now(r->core).us);
  for (unsigned s = 0; s < model->n_streams; s++) {
    size_t n;
    struct ref_item *items = ref_items(r->ref, s, &n);
    struct ref_graph g;
    struct vsm_stream_view expected, got;
    ref_graph_of(&model->streams[s], &g);
    ref_view(&g, items, n, ref_now(r->ref), r->arena, &expected);
    expect(r, "view", "error", 0, vsm_core_view_stream(r->core, s, r->arena, &got));
    r->wrong += rig_compare_stream(r->out, &expected, &got);
    open += expected.wip;
    for (size_t i = 0; i < n; i++)
      for (size_t k = 0; k < items[i].n_keys; k++)
        compare_item(r, &model->streams[s], s, &items[i], items[i].keys[k]);
  }
  expect(r, "items", "open", (int64_t)open, (int64_t)vsm_core_items_open(r->core));
}

// ---- One run

static void check_balances(struct run *r, const struct vsm_model *model) {
  struct vsm_arena arena;
  vsm_arena_init(&arena, 0);
  for (unsigned s = 0; s < model->n_streams; s++) {
    struct vsm_stream_view v;
    expect(r, "view", "error", 0, vsm_core_view_stream(r->core, s, &arena, &v));
    r->wrong += rig_check_balances(r->out, &v);
  }
  vsm_arena_fini(&arena);
}

static void advance(struct run *r, int64_t us) {
  if (!wall(r))
    return;
  struct vsm_time due = vsm_core_deadline(r->core);
  if (r->order == LIVE && due.us < us) // a step that the shell would take on its timer
    vsm_core_advance(r->core, due);
  vsm_core_advance(r->core, (struct vsm_time){us});
  if (r->ref)
    ref_advance(r->ref, (struct vsm_time){us});
}

static void step(struct run *r, const struct vsm_event *e, struct vsm_effects *fx) {
  advance(r, e->received.us);
  expect(r, "step", "error", 0, vsm_core_step(r->core, e, fx));
  ref_take(r->ref, e);
}

static void run_log(struct run *r) {
  struct vsm_effects fx = {0};
  unsigned model = 0;
  for (size_t i = 0; i < r->n && !r->wrong; i++) {
    for (; model < r->log[i].model; model++) {
      expect(r, "configure", "error", 0, vsm_core_configure(r->core, &r->models[model + 1]));
      ref_configure(r->ref, &r->models[model + 1]);
    }
    step(r, &r->log[i].event, &fx);
    if (r->order == LIVE && (r->n < 50 || r->log[i].number % 16 == 0))
      check_balances(r, &r->models[model]);
    if (r->order == LIVE && r->log[i].number % 19 == 0)
      compare_all(r, &r->models[model]);
    if (r->wrong)
      fprintf(r->out, "after event %zu of %zu\n", i + 1, r->n);
  }
  for (; model + 1 < r->s->n_models; model++) {
    expect(r, "configure", "error", 0, vsm_core_configure(r->core, &r->models[model + 1]));
    ref_configure(r->ref, &r->models[model + 1]);
  }
  advance(r, r->s->end_us);
  vsm_effects_fini(&fx);
}

// Items in the order of the keys by which they are shown.
static int cmp_shown(const void *a, const void *b) {
  return strcmp(((const struct ref_item *)a)->shown, ((const struct ref_item *)b)->shown);
}

static char *print_all(struct run *r, const struct vsm_model *model) {
  char *text = NULL, *view = rig_print_core(r->core, model);
  size_t size = 0, n;
  FILE *out = open_memstream(&text, &size);
  fputs(view, out);
  free(view);
  for (unsigned s = 0; s < model->n_streams; s++) {
    struct ref_item *items = ref_items(r->ref, s, &n);
    if (n)
      qsort(items, n, sizeof *items, cmp_shown);
    for (size_t i = 0; i < n; i++) {
      struct vsm_item_view v;
      uint64_t streams;
      if (vsm_core_item(r->core, (int)s, vsm_str_of(items[i].shown), r->arena, &v, &streams) == 0)
        rig_print_item(out, &v);
    }
  }
  fclose(out);
  return text;
}

// Returns all that the core says at the end, owned by the caller.
static char *run_in(FILE *out, const struct scenario *s, enum order order, unsigned *wrong) {
  struct vsm_arena arena;
  vsm_arena_init(&arena, 0);
  struct run r = {.out = out, .s = s, .order = order, .arena = &arena};
  for (unsigned i = 0; i < s->n_models; i++)
    r.models[i] = without_rules_left_out(s->models[i], s->rules_out, &arena);
  put_in_order(&r);
  r.core = vsm_core_create(&r.models[0]);
  r.ref = ref_create(&r.models[0], &arena);
  run_log(&r);
  const struct vsm_model *last = &r.models[s->n_models - 1];
  if (!r.wrong)
    compare_all(&r, last);
  if (!r.wrong)
    check_balances(&r, last);
  char *text = print_all(&r, last);
  vsm_core_destroy(r.core);
  vsm_arena_fini(&arena);
  *wrong += r.wrong;
  return text;
}

// The first lines that differ.
static void print_difference(FILE *out, const char *live, const char *now) {
  while (*live) {
    size_t n = strcspn(live, "\n"), m = strcspn(now, "\n");
    if (n != m || memcmp(live, now, n) != 0) {
      fprintf(out, "not what the core says of the log live:\n  live %.*s\n  now  %.*s\n", (int)n, live, (int)m, now);
      return;
    }
    live += n + (live[n] == '\n');
    now += m + (now[m] == '\n');
  }
}

unsigned scenario_run(FILE *out, const struct scenario *s) {
  static const char *const names[] = {"live", "shuffled", "backwards", "shuffled again, in batches"};
  unsigned wrong = 0;
  char *first = NULL;
  for (enum order order = LIVE; order < ORDERS && !wrong; order++) {
    char *text = run_in(out, s, order, &wrong);
    if (!wrong && first && strcmp(first, text) != 0) {
      print_difference(out, first, text);
      wrong++;
    }
    if (wrong)
      fprintf(out, "in the order: %s\n", names[order]);
    if (first)
      free(text);
    else
      first = text;
  }
  free(first);
  return wrong;
}

// ---- Smaller

static bool fails(const struct scenario *s) {
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  bool failed = scenario_run(out, s) > 0;
  fclose(out);
  free(text);
  return failed;
}

// Leaves out `n` events from one on, where it fails without them too.
static bool leave_out(struct scenario *s, size_t from, size_t n) {
  bool changed = false, *before = malloc(s->n_events * sizeof *before);
  for (size_t i = 0; i < s->n_events; i++) {
    before[i] = s->events[i].out;
    if (i >= from && i < from + n && !s->events[i].out)
      changed = s->events[i].out = true;
  }
  if (changed && !fails(s)) {
    for (size_t i = 0; i < s->n_events; i++)
      s->events[i].out = before[i];
    changed = false;
  }
  free(before);
  return changed;
}

void scenario_shrink(struct scenario *s) {
  for (bool changed = true; changed;) {
    changed = false;
    for (size_t chunk = s->n_events; chunk > 0; chunk /= 2)
      for (size_t from = 0; from < s->n_events; from += chunk)
        changed = leave_out(s, from, chunk) || changed;
  }
  for (unsigned line = 1; line <= s->n_lines; line++) {
    s->rules_out[line] = true;
    if (!fails(s))
      s->rules_out[line] = false;
  }
}
