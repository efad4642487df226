// The reference itself against the worked examples: every visit of each item, every figure of each log.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "lib/golden.h"
#include "property/reference.h"

struct check {
  struct vsm_arena *arena;
  const char *name; // of the line
  int wrong;        // in all
  int shown;        // of this line
};

static void complain(struct check *c, const char *what, double expected, double got) {
  c->wrong++;
  if (c->shown++ < 12)
    fprintf(stderr, "%s: %s: expected %.17g, got %.17g\n", c->name, what, expected, got);
}

static void expect_int(struct check *c, const char *what, int64_t expected, int64_t got) {
  if (expected != got)
    complain(c, what, (double)expected, (double)got);
}

static void expect_near(struct check *c, const char *what, const json_t *expected, double got) {
  double e = expected ? json_number_value(expected) : 0;
  if (fabs(e - got) > 1e-9 * fmax(1, fabs(e)))
    complain(c, what, e, got);
}

// ---- fold.jsonl

static void check_visit(struct check *c, const struct vsm_stream *s, const json_t *expected,
                        const struct ref_visit *v) {
  static const char *const hows[] = {"", "completed", "skipped", "returned", "withdrawn"};
  static const char *const states[] = {"queued", "active", "suspended", ""};
  const char *how = json_string_value(golden_get(expected, "how"));
  const char *state = json_string_value(golden_get(expected, "state"));
  expect_int(c, "stage", golden_stage(s, json_string_value(golden_get(expected, "stage"))), v->stage);
  expect_int(c, "how", 0, strcmp(how ? how : "", hows[v->how]));
  expect_int(c, "state", 0, strcmp(state ? state : "", states[v->state]));
  expect_int(c, "entered", json_integer_value(golden_get(expected, "entered")), v->entered);
  if (how)
    expect_int(c, "left", json_integer_value(golden_get(expected, "left")), v->left);
  expect_int(c, "confirmed", json_is_true(golden_get(expected, "confirmed")), v->confirmed);
  expect_int(c, "rework", json_is_true(golden_get(expected, "rework")), v->rework);
  expect_int(c, "unobserved", json_is_true(golden_get(expected, "unobserved")), v->unobserved);
  expect_int(c, "implied", json_is_true(golden_get(expected, "implied")), v->implied);
  expect_int(c, "queued", json_integer_value(golden_get(expected, "queued")), v->queued);
  expect_int(c, "active", json_integer_value(golden_get(expected, "active")), v->active);
  expect_int(c, "suspended", json_integer_value(golden_get(expected, "suspended")), v->suspended);
}

static void check_moments(struct check *c, const char *what, const json_t *expected, const struct ref_moment *got,
                          size_t n) {
  expect_int(c, what, (int64_t)json_array_size(expected), (int64_t)n);
  for (size_t i = 0; i < n && i < json_array_size(expected); i++)
    expect_int(c, what, json_integer_value(json_array_get(expected, i)), got[i].t);
}

static void check_redundant(struct check *c, const struct vsm_stream *s, const json_t *expected,
                            const struct ref_fold *f) {
  expect_int(c, "redundant", (int64_t)json_array_size(expected), (int64_t)f->n_redundant);
  for (size_t i = 0; i < f->n_redundant && i < json_array_size(expected); i++) {
    const json_t *row = json_array_get(expected, i), *stage = json_array_get(row, 0);
    expect_int(c, "redundant stage", json_is_null(stage) ? -1 : golden_stage(s, json_string_value(stage)),
               f->redundant[i].stage);
    expect_int(c, "redundant at", json_integer_value(json_array_get(row, 1)), f->redundant[i].t);
  }
}

static void check_bypassed(struct check *c, const struct vsm_stream *s, const json_t *expected,
                           const struct ref_fold *f) {
  for (unsigned i = 0; i < s->n_stages; i++) {
    const json_t *at = json_object_get(expected, s->stages[i].id);
    expect_int(c, "bypassed", at != NULL, f->bypassed[i]);
    if (at && f->bypassed[i])
      expect_int(c, "bypassed at", json_integer_value(at), f->bypassed_at[i]);
  }
}

static struct ref_transition *as_reference(struct golden_transition *g, size_t n, struct vsm_arena *arena) {
  struct ref_transition *out = vsm_arena_alloc(arena, (n + 1) * sizeof *out);
  for (size_t i = 0; i < n; i++)
    out[i] = (struct ref_transition){g[i].t, g[i].stage, g[i].lifecycle, "", ""};
  return out;
}

static void fold_json(const struct ref_graph *g, const json_t *transitions, struct vsm_arena *arena,
                      struct ref_fold *out) {
  size_t n;
  struct golden_transition *x = golden_transitions(g->stream, transitions, arena, &n);
  ref_fold(g, as_reference(x, n, arena), n, arena, out);
}

static void check_fold_line(const json_t *line, void *arg) {
  struct check *c = arg;
  c->name = json_string_value(golden_get(line, "name"));
  c->shown = 0;
  const struct vsm_stream *s = golden_stream(golden_get(line, "stream"), NULL, c->arena);
  struct ref_graph g;
  struct ref_fold f;
  ref_graph_of(s, &g);
  fold_json(&g, golden_get(line, "transitions"), c->arena, &f);
  const json_t *visits = golden_get(line, "visits");
  expect_int(c, "visits", (int64_t)json_array_size(visits), (int64_t)f.n_visits);
  bool any_open = false;
  for (size_t i = 0; i < f.n_visits; i++) {
    any_open = any_open || f.visits[i].how == VSM_OPEN;
    if (i < json_array_size(visits))
      check_visit(c, s, json_array_get(visits, i), &f.visits[i]);
  }
  expect_int(c, "started", json_integer_value(golden_get(line, "started")), f.started);
  check_moments(c, "finished", golden_get(line, "finished"), f.finished, f.n_finished);
  check_moments(c, "withdrawn", golden_get(line, "withdrawn"), f.withdrawn, f.n_withdrawn);
  check_moments(c, "reopened", golden_get(line, "reopened"), f.reopened, f.n_reopened);
  check_redundant(c, s, golden_get(line, "redundant"), &f);
  check_bypassed(c, s, golden_get(line, "bypassed"), &f);
  expect_int(c, "open", json_is_true(golden_get(line, "open")), f.open);
  expect_int(c, "between", json_is_true(golden_get(line, "between")), f.open && !any_open);
  vsm_arena_reset(c->arena);
}

// ---- metrics.jsonl

static void check_distribution(struct check *c, const char *what, const json_t *e, const struct vsm_dist_view *d) {
  expect_int(c, what, json_integer_value(golden_get(e, "count")), (int64_t)d->count);
#define X(field) expect_near(c, what, json_object_get(e, #field), d->field);
  X(mean) X(min) X(max) X(p50) X(p85) X(p95) X(p99)
#undef X
}

static void check_stage_window(struct check *c, const json_t *e, const struct vsm_stage_window_view *w) {
#define X(field) expect_int(c, #field, json_integer_value(golden_get(e, #field)), (int64_t)w->field);
  VSM_STAGE_COUNTS(X)
#undef X
#define X(field) check_distribution(c, #field, golden_get(e, #field), &w->field);
  X(cycle_time)
  X(queue_time)
  X(active_time)
  X(suspended_time)
#undef X
  expect_near(c, "flow_efficiency", golden_get(e, "flow_efficiency"), w->flow_efficiency);
  expect_near(c, "first_pass_yield", golden_get(e, "first_pass_yield"), w->first_pass_yield);
}

static void check_stream_window(struct check *c, const json_t *e, const struct vsm_stream_window_view *w) {
#define X(field) expect_int(c, #field, json_integer_value(golden_get(e, #field)), (int64_t)w->field);
  VSM_STREAM_COUNTS(X)
#undef X
  check_distribution(c, "lead_time", golden_get(e, "lead_time"), &w->lead_time);
  expect_near(c, "stream flow_efficiency", golden_get(e, "flow_efficiency"), w->flow_efficiency);
}

static void check_stage(struct check *c, const json_t *e, const struct vsm_stage_view *v) {
#define X(field) expect_int(c, #field, json_integer_value(golden_get(e, #field)), (int64_t)v->field);
  X(wip)
  X(queued)
  X(active)
  X(suspended)
#undef X
  expect_near(c, "oldest_age", golden_get(e, "oldest_age"), v->age.max);
  for (unsigned i = 0; i < v->n_windows; i++)
    check_stage_window(c, golden_get(golden_get(e, "windows"), v->windows[i].window), &v->windows[i]);
}

static void check_metrics_line(const json_t *line, void *arg) {
  struct check *c = arg;
  c->name = json_string_value(golden_get(line, "name"));
  c->shown = 0;
  const json_t *items = golden_get(line, "items"), *metrics = golden_get(line, "metrics");
  const struct vsm_stream *s = golden_stream(golden_get(line, "stream"), golden_get(line, "windows"), c->arena);
  struct ref_graph g;
  ref_graph_of(s, &g);
  struct ref_item *folded = vsm_arena_zalloc(c->arena, json_object_size(items) * sizeof *folded);
  size_t n = 0;
  const char *key;
  json_t *transitions;
  json_object_foreach((json_t *)items, key, transitions) fold_json(&g, transitions, c->arena, &folded[n++].fold);

  struct vsm_stream_view v;
  ref_view(&g, folded, n, json_integer_value(golden_get(line, "now")), c->arena, &v);
  expect_int(c, "wip", json_integer_value(golden_get(metrics, "wip")), (int64_t)v.wip);
  expect_int(c, "between", json_integer_value(golden_get(metrics, "between")), (int64_t)v.between);
  for (unsigned i = 0; i < v.n_windows; i++)
    check_stream_window(c, golden_get(golden_get(metrics, "windows"), v.windows[i].window), &v.windows[i]);
  for (unsigned i = 0; i < v.n_stages; i++)
    check_stage(c, golden_get(golden_get(metrics, "stages"), v.stages[i].id), &v.stages[i]);
  vsm_arena_reset(c->arena);
}

int main(void) {
  struct vsm_arena arena;
  vsm_arena_init(&arena, 0);
  struct check c = {.arena = &arena};
  int status = golden_run(check_fold_line, check_metrics_line, &c, &c.wrong);
  vsm_arena_fini(&arena);
  return status;
}
