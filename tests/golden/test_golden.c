// The core against the worked examples, through its public functions alone. Skips, visibly, where they are absent.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/golden.h"
#include "lib/rig.h"

struct check {
  struct vsm_arena *arena;
  const char *name;
  int wrong, shown;
};

static void complain(struct check *c, const char *where, const char *what, double expected, double got) {
  c->wrong++;
  if (c->shown++ < 12)
    fprintf(stderr, "%s: %s %s: expected %.17g, got %.17g\n", c->name, where, what, expected, got);
}

static void expect_int(struct check *c, const char *where, const char *what, int64_t expected, int64_t got) {
  if (expected != got)
    complain(c, where, what, (double)expected, (double)got);
}

static int64_t get_int(const json_t *object, const char *key) {
  return json_integer_value(golden_get(object, key));
}

static struct vsm_core *core_of(struct check *c, const struct vsm_stream *stream) {
  struct vsm_core *core = vsm_core_create(rig_model(stream, 1, c->arena));
  if (!core)
    abort();
  return core;
}

static void feed(struct check *c, struct vsm_core *core, const struct vsm_stream *stream, const char *key,
                 const json_t *transitions) {
  size_t n;
  struct golden_transition *x = golden_transitions(stream, transitions, c->arena, &n);
  struct vsm_effects fx = {0};
  for (size_t i = 0; i < n; i++) {
    struct vsm_event e = rig_event(stream, x[i].stage, x[i].lifecycle, key, x[i].t, c->arena);
    if (vsm_core_step(core, &e, &fx) != 0 || (fx.result != VSM_APPLIED && fx.result != VSM_DUPLICATE))
      complain(c, key, fx.detail, VSM_APPLIED, fx.result);
  }
  vsm_effects_fini(&fx);
}

// ---- fold.jsonl: every visit of each item

static void check_visit(struct check *c, const json_t *e, const struct vsm_visit_view *v, int64_t now) {
  const char *how = json_string_value(golden_get(e, "how")), *state = json_string_value(golden_get(e, "state"));
  const char *stage = json_string_value(golden_get(e, "stage"));
  expect_int(c, stage, "stage", 0, strcmp(stage, v->stage));
  expect_int(c, stage, "how", 0, strcmp(how ? how : "", vsm_how_name(v->how)));
  expect_int(c, stage, "state", 0, strcmp(state ? state : "", vsm_visit_state_name(v->state)));
  expect_int(c, stage, "entered", get_int(e, "entered"), v->entered.us);
  expect_int(c, stage, "left", how ? get_int(e, "left") : 0, v->left.us);
  expect_int(c, stage, "confirmed", json_is_true(golden_get(e, "confirmed")), v->confirmed);
  expect_int(c, stage, "rework", json_is_true(golden_get(e, "rework")), v->rework);
  expect_int(c, stage, "unobserved", json_is_true(golden_get(e, "unobserved")), v->unobserved);
  expect_int(c, stage, "implied", json_is_true(golden_get(e, "implied")), v->implied);
  // The examples stop at an open visit's last change of state, the core goes on up to now.
  int64_t queued = get_int(e, "queued"), active = get_int(e, "active"), suspended = get_int(e, "suspended");
  int64_t since = how ? 0 : now - (v->entered.us + queued + active + suspended);
  expect_int(c, stage, "queued", queued + (v->state == VSM_QUEUED ? since : 0), v->queued_us);
  expect_int(c, stage, "active", active + (v->state == VSM_ACTIVE ? since : 0), v->active_us);
  expect_int(c, stage, "suspended", suspended + (v->state == VSM_SUSPENDED ? since : 0), v->suspended_us);
}

static int64_t count_redundant(const json_t *redundant, const char *stage) {
  int64_t n = 0;
  for (size_t i = 0; i < json_array_size(redundant); i++) {
    const char *at = json_string_value(json_array_get(json_array_get(redundant, i), 0));
    n += stage && at ? strcmp(stage, at) == 0 : !stage && !at;
  }
  return n;
}

static void check_item_counts(struct check *c, const json_t *line, const struct vsm_stream_view *v) {
  const json_t *redundant = golden_get(line, "redundant");
  const struct vsm_stream_window_view *all = &v->windows[0];
  expect_int(c, "stream", "started", 1, (int64_t)all->started);
#define X(name) expect_int(c, "stream", #name, (int64_t)json_array_size(golden_get(line, #name)), (int64_t)all->name);
  X(finished)
  X(withdrawn)
  X(reopened)
#undef X
  expect_int(c, "stream", "redundant", count_redundant(redundant, NULL), (int64_t)all->redundant);
  expect_int(c, "stream", "wip", json_is_true(golden_get(line, "open")), (int64_t)v->wip);
  expect_int(c, "stream", "between", json_is_true(golden_get(line, "between")), (int64_t)v->between);
  for (unsigned i = 0; i < v->n_stages; i++) {
    const struct vsm_stage_view *s = &v->stages[i];
    bool bypassed = json_object_get(golden_get(line, "bypassed"), s->id) != NULL;
    expect_int(c, s->id, "bypassed", bypassed, (int64_t)s->windows[0].bypassed);
    expect_int(c, s->id, "redundant", count_redundant(redundant, s->id), (int64_t)s->windows[0].redundant);
  }
}

static void check_fold_line(const json_t *line, void *arg) {
  struct check *c = arg;
  c->name = json_string_value(golden_get(line, "name"));
  c->shown = 0;
  const struct vsm_stream *stream = golden_stream(golden_get(line, "stream"), NULL, c->arena);
  struct vsm_core *core = core_of(c, stream);
  feed(c, core, stream, "item", golden_get(line, "transitions"));

  struct vsm_item_view item;
  struct vsm_stream_view view;
  uint64_t streams;
  const json_t *visits = golden_get(line, "visits");
  if (vsm_core_item(core, -1, VSM_STR("item"), c->arena, &item, &streams) != 0) {
    complain(c, "item", "found", 1, 0);
    item.n_visits = 0;
  }
  expect_int(c, "item", "visits", (int64_t)json_array_size(visits), item.n_visits);
  for (unsigned i = 0; i < item.n_visits && i < json_array_size(visits); i++)
    check_visit(c, json_array_get(visits, i), &item.visits[i], vsm_core_now(core).us);
  if (vsm_core_view_stream(core, 0, c->arena, &view) == 0)
    check_item_counts(c, line, &view);
  vsm_core_destroy(core);
  vsm_arena_reset(c->arena);
}

// ---- metrics.jsonl: every figure of a log

static void expect_near(struct check *c, const char *where, const char *what, const json_t *e, double got, double share,
                        double allowed) {
  double expected = e ? json_number_value(e) : 0;
  if (!(fabs(expected - got) <= fmax(share * fabs(expected), allowed)))
    complain(c, where, what, expected, got);
}

static void check_distribution(struct check *c, const char *where, const char *what, const json_t *e,
                               const struct vsm_dist_view *d) {
  expect_int(c, where, what, get_int(e, "count"), (int64_t)d->count);
  expect_near(c, where, what, json_object_get(e, "mean"), d->mean, 1e-12, 1e-9);
#define X(field) expect_near(c, where, what, json_object_get(e, #field), d->field, 0.01, 1e-6);
  X(min) X(max) X(p50) X(p85) X(p95) X(p99)
#undef X
}

static void check_stage(struct check *c, const json_t *e, const struct vsm_stage_view *v) {
#define X(field) expect_int(c, v->id, #field, get_int(e, #field), (int64_t)v->field);
  X(wip)
  X(queued)
  X(active)
  X(suspended)
#undef X
  expect_near(c, v->id, "oldest_age", golden_get(e, "oldest_age"), v->age.max, 1e-12, 1e-9);
  for (unsigned i = 0; i < v->n_windows; i++) {
    const struct vsm_stage_window_view *w = &v->windows[i];
    const json_t *we = golden_get(golden_get(e, "windows"), w->window);
#define X(field) expect_int(c, v->id, #field, get_int(we, #field), (int64_t)w->field);
    VSM_STAGE_COUNTS(X)
#undef X
#define X(field) check_distribution(c, v->id, #field, golden_get(we, #field), &w->field);
    X(cycle_time)
    X(queue_time)
    X(active_time)
    X(suspended_time)
#undef X
#define X(field) expect_near(c, v->id, #field, golden_get(we, #field), w->field, 1e-12, 1e-12);
    X(flow_efficiency) X(first_pass_yield)
#undef X
  }
}

static void check_stream(struct check *c, const json_t *e, const struct vsm_stream_view *v) {
  expect_int(c, "stream", "wip", get_int(e, "wip"), (int64_t)v->wip);
  expect_int(c, "stream", "between", get_int(e, "between"), (int64_t)v->between);
  for (unsigned i = 0; i < v->n_windows; i++) {
    const struct vsm_stream_window_view *w = &v->windows[i];
    const json_t *we = golden_get(golden_get(e, "windows"), w->window);
#define X(field) expect_int(c, w->window, #field, get_int(we, #field), (int64_t)w->field);
    VSM_STREAM_COUNTS(X)
#undef X
    check_distribution(c, w->window, "lead_time", golden_get(we, "lead_time"), &w->lead_time);
    expect_near(c, w->window, "flow_efficiency", golden_get(we, "flow_efficiency"), w->flow_efficiency, 1e-12, 1e-12);
  }
  for (unsigned i = 0; i < v->n_stages; i++)
    check_stage(c, golden_get(golden_get(e, "stages"), v->stages[i].id), &v->stages[i]);
}

static void check_metrics_line(const json_t *line, void *arg) {
  struct check *c = arg;
  c->name = json_string_value(golden_get(line, "name"));
  c->shown = 0;
  const json_t *items = golden_get(line, "items");
  const struct vsm_stream *stream = golden_stream(golden_get(line, "stream"), golden_get(line, "windows"), c->arena);
  struct vsm_core *core = core_of(c, stream);
  const char *key;
  json_t *transitions;
  json_object_foreach((json_t *)items, key, transitions) feed(c, core, stream, key, transitions);

  struct vsm_stream_view view;
  expect_int(c, "log", "now", get_int(line, "now"), vsm_core_now(core).us);
  if (vsm_core_view_stream(core, 0, c->arena, &view) == 0)
    check_stream(c, golden_get(line, "metrics"), &view);
  vsm_core_destroy(core);
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
