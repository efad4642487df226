// The core against the reference: what became of each event, and at any time all figures and items.
#include "property/scenario_check.h"

#include <string.h>

void check_equal(struct check *c, const char *what, const char *name, int64_t expected, int64_t got) {
  if (expected == got)
    return;
  c->wrong++;
  fprintf(c->out, "%s %s: expected %lld, got %lld\n", what, name, (long long)expected, (long long)got);
}

// What the first expectation that counts for the item allows a visit to the stage; 0: none.
static int64_t allowed(const struct vsm_stage *stage, const struct ref_item *item) {
  for (unsigned i = 0; i < stage->n_expected; i++)
    if (ref_fits(stage->expected, i, item))
      return stage->expected[i].within_us;
  return 0;
}

static void compare_wait(struct check *c, const char *key, const struct ref_fold *f, size_t visit,
                         const struct vsm_visit_view *g) {
  const char *reason = "", *party = "";
  for (size_t i = 0; i < f->n_waits; i++)
    if (f->waits[i].visit == visit && f->waits[i].to == INT64_MAX) {
      reason = f->waits[i].reason;
      party = f->waits[i].party;
    }
  check_equal(c, key, "visit party", 0, strcmp(party, g->party ? g->party : ""));
  check_equal(c, key, "visit reason", 1, vsm_str_eq(vsm_str_of(reason), g->reason));
}

static void compare_visit(struct check *c, const char *key, const struct vsm_stream *s, const struct ref_item *item,
                          size_t visit, const struct vsm_visit_view *g, int64_t now) {
  const struct ref_visit *e = &item->fold.visits[visit];
  const struct vsm_calendar *calendar = s->stages[e->stage].calendar;
  int64_t since = e->how == VSM_OPEN ? ref_worked(calendar, e->since, now) : 0;
  check_equal(c, key, "visit stage", 0, strcmp(s->stages[e->stage].id, g->stage));
  check_equal(c, key, "visit entered", e->entered, g->entered.us);
  check_equal(c, key, "visit left", e->left, g->left.us);
#define X(field) check_equal(c, key, "visit " #field, e->field, g->field);
  X(how)
  X(state)
  X(confirmed)
  X(rework)
  X(unobserved)
  X(implied)
#undef X
  check_equal(c, key, "visit queued", e->queued + (e->state == VSM_QUEUED ? since : 0), g->queued_us);
  check_equal(c, key, "visit active", e->active + (e->state == VSM_ACTIVE ? since : 0), g->active_us);
  check_equal(c, key, "visit suspended", e->suspended + (e->state == VSM_SUSPENDED ? since : 0), g->suspended_us);
  if (g->how != VSM_OPEN)
    check_equal(c, key, "queued + active + suspended = cycle time", ref_worked(calendar, g->entered.us, g->left.us),
                g->queued_us + g->active_us + g->suspended_us);
  check_equal(c, key, "visit expected", allowed(&s->stages[e->stage], item), g->expected_us);
  check_equal(c, key, "visit due", item->due[e->stage], g->due.us);
  check_equal(c, key, "visit not before", item->not_before[e->stage], g->not_before.us);
  compare_wait(c, key, &item->fold, visit, g);
}

static void compare_segments_of(struct check *c, const char *key, const struct vsm_stream *s, const struct ref_item *e,
                                const struct vsm_item_view *g) {
  unsigned at = 0;
  for (unsigned i = 0; i < s->n_segments; i++) {
    if (!e->segments[i])
      continue;
    bool there = at < g->n_segments && strcmp(g->segments[at].attribute, s->segments[i]) == 0 &&
                 vsm_str_eq(g->segments[at].value, vsm_str_of(e->segments[i]));
    check_equal(c, key, s->segments[i], 1, there);
    at++;
  }
  check_equal(c, key, "segments", at, g->n_segments);
}

static void compare_transitions(struct check *c, const char *key, const struct vsm_stream *s, const struct ref_item *e,
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
      check_equal(c, key, "transition time", t->t, x->time.us);
      check_equal(c, key, "transition lifecycle", t->lifecycle, x->lifecycle);
      check_equal(c, key, "transition reason", 1, vsm_str_eq(vsm_str_of(t->reason), x->reason));
      check_equal(c, key, "transition party", 0, strcmp(t->party, x->party));
      check_equal(c, key, "transition stage", 0, strcmp(t->stage < 0 ? "" : s->stages[t->stage].id, x->stage));
    }
    at++;
  }
  check_equal(c, key, "transitions", (int64_t)e->n_transitions, (int64_t)at);
  for (unsigned i = 0; i <= REF_STAGES_MAX; i++)
    expected_progress += e->has_progress[i] ? e->progress[i] + 1 : 0;
  check_equal(c, key, "sum of the newest progress of each stage", expected_progress, progress);
}

static void compare_item(struct check *c, const struct vsm_stream *s, unsigned stream, const struct ref_item *e,
                         const char *key) {
  struct vsm_item_view g;
  uint64_t streams;
  int err = vsm_core_item(c->core, (int)stream, vsm_str_of(key), c->arena, &g, &streams);
  check_equal(c, key, "is found", 0, err);
  if (err)
    return;
  const char *state = e->fold.open ? "open" : e->fold.ended_by == VSM_FINISH ? "finished" : "withdrawn";
  check_equal(c, key, "state", 0, strcmp(state, g.state));
  check_equal(c, key, "shown by its first key", 1, vsm_str_eq(vsm_str_of(e->shown), g.item));
  check_equal(c, key, "keys", (int64_t)e->n_keys, g.n_keys);
  for (size_t i = 0; i < e->n_keys && i < g.n_keys; i++)
    check_equal(c, key, e->keys[i], 1, vsm_str_eq(vsm_str_of(e->keys[i]), g.keys[i]));
  check_equal(c, key, "due", e->due[REF_STAGES_MAX], g.due.us);
  check_equal(c, key, "not before", e->not_before[REF_STAGES_MAX], g.not_before.us);
  compare_segments_of(c, key, s, e, &g);
  compare_transitions(c, key, s, e, &g);
  check_equal(c, key, "visits", (int64_t)e->fold.n_visits, g.n_visits);
  for (size_t i = 0; i < e->fold.n_visits && i < g.n_visits; i++)
    compare_visit(c, key, s, e, i, &g.visits[i], ref_now(c->ref));
}

// What is listed must add up to what was counted.
static void check_lists(struct check *c) {
  struct vsm_ingest_view all = vsm_core_ingest(c->core), sum = {0};
  size_t n;
  const struct vsm_source_view *sources = vsm_core_sources(c->core, c->arena, &n);
  for (size_t i = 0; i < n; i++) {
#define X(field) sum.field += sources[i].counts.field;
    X(received) X(applied) X(duplicates) X(unmapped) X(ignored) X(rejected)
#undef X
  }
#define X(field) check_equal(c, "sources add up to", #field, (int64_t)all.field, (int64_t)sum.field)
  X(received);
  X(applied);
  X(duplicates);
  X(unmapped);
  X(ignored);
  X(rejected);
#undef X
  const struct vsm_unmapped_view *unmapped = vsm_core_unmapped(c->core, c->arena, &n);
  for (size_t i = 0; i < n; i++)
    sum.unmapped -= unmapped[i].count;
  check_equal(c, "unmapped kinds add up to", "unmapped", 0, (int64_t)sum.unmapped);
  const struct vsm_rejected_view *rejected = vsm_core_rejected(c->core, c->arena, &n);
  for (size_t i = 0; i < n; i++)
    sum.rejected -= rejected[i].count;
  check_equal(c, "rejected kinds add up to at least", "rejected", 1, (int64_t)sum.rejected <= 0);
}

static void compare_counts(struct check *c) {
  struct vsm_ingest_view got = vsm_core_ingest(c->core);
  struct ref_counts e = ref_counts(c->ref);
  check_equal(c, "events", "received", (int64_t)e.received, (int64_t)got.received);
  check_equal(c, "events", "applied or duplicates", (int64_t)e.mapped, (int64_t)(got.applied + got.duplicates));
  check_equal(c, "events", "unmapped", (int64_t)e.unmapped, (int64_t)got.unmapped);
  check_equal(c, "events", "ignored", (int64_t)e.ignored, (int64_t)got.ignored);
  check_equal(c, "events", "rejected", (int64_t)e.rejected, (int64_t)got.rejected);
}

void check_all(struct check *c, const struct vsm_model *model) {
  uint64_t open = 0;
  compare_counts(c);
  check_equal(c, "events", "gaps", (int64_t)ref_gaps(c->ref), (int64_t)vsm_core_ingest(c->core).gaps);
  check_lists(c);
  check_equal(c, "time", "now", ref_now(c->ref), vsm_core_now(c->core).us);
  for (unsigned s = 0; s < model->n_streams; s++) {
    size_t n;
    struct ref_item *items = ref_items(c->ref, s, &n);
    struct ref_graph g;
    struct vsm_stream_view expected, got;
    ref_graph_of(&model->streams[s], &g);
    ref_view(&g, items, n, ref_now(c->ref), c->arena, &expected);
    check_equal(c, "view", "error", 0, vsm_core_view_stream(c->core, s, c->arena, &got));
    c->wrong += rig_compare_stream(c->out, &expected, &got);
    open += expected.wip;
    check_rows(c, s, &model->streams[s], items, n);
    check_visits(c, s, &model->streams[s], items, n, &expected);
    check_segments(c, s, &g, items, n);
    check_pace(c, s, &g, items, n);
    check_series(c, s, &model->streams[s], items, n);
    check_map(c, s, &g, items, n, &expected);
    check_bottleneck(c, s, &g, items, n, &expected);
    check_forecast(c, s, &model->streams[s], items, n);
    for (size_t i = 0; i < n; i++)
      for (size_t k = 0; k < items[i].n_keys; k++)
        compare_item(c, &model->streams[s], s, &items[i], items[i].keys[k]);
  }
  check_equal(c, "items", "open", (int64_t)open, (int64_t)vsm_core_items_open(c->core));
}

void check_balances(struct check *c, const struct vsm_model *model) {
  struct vsm_arena arena;
  vsm_arena_init(&arena, 0);
  for (unsigned s = 0; s < model->n_streams; s++) {
    struct vsm_stream_view v;
    check_equal(c, "view", "error", 0, vsm_core_view_stream(c->core, s, &arena, &v));
    c->wrong += rig_check_balances(c->out, &v);
  }
  vsm_arena_fini(&arena);
}

// ---- One event

static const char *const results[] = {"mapped", "mapped", "unmapped", "ignored", "rejected"};

static const char *result_by_reference(struct ref_counts before, struct ref_counts after) {
  return after.mapped > before.mapped       ? "mapped"
         : after.unmapped > before.unmapped ? "unmapped"
         : after.ignored > before.ignored   ? "ignored"
                                            : "rejected";
}

// What each rule would make of it, which is shown without applying it, must lead to the same.
static const char *result_by_rules(struct check *c, const struct vsm_model *model, const struct vsm_event *e) {
  struct vsm_match *rows = NULL;
  long n = vsm_match_event(model, e, c->arena, &rows);
  bool mapped = false, ignored = false;
  for (long i = 0; i < n; i++) {
    ignored = ignored || rows[i].rule->ignore;
    mapped = mapped || (!rows[i].rule->ignore && rows[i].reason == VSM_R_NONE);
  }
  return mapped ? "mapped" : ignored ? "ignored" : n ? "rejected" : "unmapped";
}

void check_step(struct check *c, const struct vsm_model *model, const struct vsm_event *e, struct vsm_effects *fx) {
  struct ref_counts before = ref_counts(c->ref);
  enum vsm_reason reason = ref_take(c->ref, e);
  const char *expected = result_by_reference(before, ref_counts(c->ref));
  check_equal(c, "step", "error", 0, vsm_core_step(c->core, e, fx));
  const char *got = results[fx->result];
  if (strcmp(expected, got) != 0)
    check_equal(c, expected, got, 1, 0);
  check_equal(c, "changes", vsm_result_name(fx->result), 1, fx->result == VSM_APPLIED || fx->n_changes == 0);
  check_equal(c, "reason", vsm_reason_name(reason), reason, fx->reason);
  bool by_rules = fx->reason == VSM_R_NONE || fx->reason == VSM_R_MISSING_FIELD;
  if (by_rules && strcmp(expected, result_by_rules(c, model, e)) != 0)
    check_equal(c, "by rules", result_by_rules(c, model, e), 1, 0);
  compare_counts(c);
}
