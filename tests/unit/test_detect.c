// Whether the rules of alerts hold, against a look at every open item, by random events, orders and steps of time.
#include <string.h>

#include "core/alert.h"
#include "core/calendar.h"
#include "core/guard.h"
#include "core/state.h"
#include "lib/rig.h"
#include "tests/lib/test.h"

#define FRESH_US (7 * VSM_HOUR_US)
enum { ITEMS = 14, STEPS = 400, RUNS = 3, SUBJECTS_MAX = 64, ITEMS_TOLD = 5 };
#define BEGIN (INT64_C(1736121600) * VSM_SECOND_US) // a Monday, 2025-01-06

// --- the model: a fork into b and c, which join in d; b goes by office hours

static const struct vsm_hours hours[] = {
    {0, 480, 1020}, {1, 480, 1020}, {2, 480, 1020}, {3, 480, 1020}, {4, 480, 1020}};
static struct vsm_calendar office = {.id = "office", .zone = {.name = "UTC"}, .hours = hours, .n_hours = 5};
static const struct vsm_str north[] = {VSM_STR("north")};
static const struct vsm_where in_north = {0, north, 1};
static const char *const segments[] = {"area"};
static const struct vsm_window windows[] = {{"4h", 4 * VSM_HOUR_US}, {"24h", 24 * VSM_HOUR_US}};
#define RULE(kind) [kind] = {.announce_us = 5 * VSM_MINUTE_US, .repeat_us = VSM_DAY_US, .min_visits = 3}
static const struct vsm_alert_rule alerts[VSM_ALERT_KINDS] = {
    RULE(VSM_ITEM_STALLED), RULE(VSM_ITEM_OVERDUE), RULE(VSM_STAGE_STALLED), RULE(VSM_WIP_LIMIT), RULE(VSM_SLE_MISSED)};

static const struct vsm_stall stalls_a[] = {{.after_us = 3 * VSM_HOUR_US, .where = &in_north, .n_where = 1},
                                            {.after_us = 5 * VSM_HOUR_US}};
static const struct vsm_stall stalls_b[] = {{.after_us = 2 * VSM_HOUR_US, .calendar = &office}};
static const struct vsm_stall stalls_c[] = {{.percentile = 85, .factor_ppm = 1500000},
                                            {.after_us = 4 * VSM_HOUR_US, .where = &in_north, .n_where = 1}};
static const struct vsm_stall stalls_all[] = {{.after_us = 8 * VSM_HOUR_US}};
#define SPAN(label, within_h, window_h, from_, to_, ...)                                                               \
  {                                                                                                                    \
    .name = (label), .within_us = (within_h)*VSM_HOUR_US, .target_ppm = 700000, .window_us = (window_h)*VSM_HOUR_US,   \
    .min_count = 2, .from = (from_), .to = (to_), __VA_ARGS__                                                          \
  }
#define EXPECTED(label, within_h, window_h, ...) SPAN(label, within_h, window_h, -1, -1, __VA_ARGS__)
// clang-format off
static const struct vsm_expectation expected_a[] = {EXPECTED("", 6, 24, .ours = false)};
static const struct vsm_expectation expected_b[] = {
    EXPECTED("x", 3, 24, .where = &in_north, .n_where = 1, .calendar = &office), EXPECTED("x", 4, 4, .ours = true),
    EXPECTED("", 5, 3, .calendar = &office)};
static const struct vsm_expectation expected_d[] = {EXPECTED("y", 2, 3, .ours = false)};
static const struct vsm_expectation expected_all[] = {SPAN("z", 7, 24, 1, 3, .to_left = true),
                                                      EXPECTED("", 12, 24, .ours = false)};
// clang-format on
#define LIST(list) (list), sizeof(list) / sizeof *(list)

static struct vsm_stage stages[4];
static struct vsm_stream stream = {.id = "S", .name = "S", .outcome = "done", .stages = stages, .n_stages = 4};

static void set_stage(unsigned i, const char *id, const struct vsm_expectation *e, size_t n_e,
                      const struct vsm_stall *stalls, size_t n_stalls) {
  static const uint16_t to_d[] = {3}, to_b_c[] = {1, 2};
  stages[i] = (struct vsm_stage){.id = id,
                                 .name = id,
                                 .next = i == 0 ? to_b_c : to_d,
                                 .n_next = i == 0   ? 2
                                           : i == 3 ? 0
                                                    : 1,
                                 .to_outcome = i == 3,
                                 .fork_all = i == 0,
                                 .calendar = i == 1 ? &office : NULL,
                                 .expected = e,
                                 .n_expected = (unsigned)n_e,
                                 .stalls = stalls,
                                 .n_stalls = (unsigned)n_stalls,
                                 .stage_stall_us = (2 + i) * VSM_HOUR_US,
                                 .wip_limit = 2 + i,
                                 .min_visits = 3,
                                 .alerts = alerts};
}

struct rig {
  struct vsm_arena arena;
  struct vsm_model *model;
  struct vsm_core *core;
  struct vsm_effects fx;
  uint64_t seed, n_fresh;
  struct vsm_subject subjects[SUBJECTS_MAX];
  struct vsm_sign signs[SUBJECTS_MAX]; // as last looked at
  unsigned n;
  int64_t relative_us; // of c, as of the last whole minute; INT64_MAX: none
  struct vsm_retold told;
};

static struct vsm_template *data(struct rig *r, const char *key) {
  struct vsm_field *f = vsm_arena_zalloc(&r->arena, sizeof *f);
  struct vsm_template *t = vsm_arena_zalloc(&r->arena, sizeof *t);
  *f = (struct vsm_field){VSM_F_DATA, vsm_str_of(key)};
  *t = (struct vsm_template){f, 1};
  return t;
}

static void add_subject(struct rig *r, enum vsm_alert_kind kind, int place, const char *name) {
  r->subjects[r->n++] = (struct vsm_subject){.kind = kind, .stream = 0, .place = place, .name = name};
}

static void setup(struct rig *r, uint64_t seed) {
  *r = (struct rig){.seed = seed, .relative_us = INT64_MAX};
  vsm_arena_init(&r->arena, 0);
  if (!office.runs)
    assert_int_equal(vsm_calendar_expand(&office, &r->arena), 0);
  set_stage(0, "a", LIST(expected_a), LIST(stalls_a));
  set_stage(1, "b", LIST(expected_b), LIST(stalls_b));
  set_stage(2, "c", NULL, 0, LIST(stalls_c));
  set_stage(3, "d", LIST(expected_d), NULL, 0);
  stream.windows = windows, stream.n_windows = 2;
  stream.segments = segments, stream.n_segments = 1;
  stream.expected = expected_all, stream.n_expected = 2;
  stream.stalls = stalls_all, stream.n_stalls = 1;
  stream.alerts = alerts;
  r->model = rig_model(&stream, 1, &r->arena);
  r->model->clock = VSM_CLOCK_WALL;
  for (unsigned i = 0; i < r->model->n_rules; i++) {
    struct vsm_rule *rule = (struct vsm_rule *)&r->model->rules[i];
    rule->segments = data(r, "area");
    rule->due = *data(r, "due");
    rule->not_before = *data(r, "not_before");
    rule->links = data(r, "link");
    rule->n_links = 1;
    rule->party = i % 2 ? VSM_CUSTOMER : VSM_US;
  }
  r->core = vsm_core_create(r->model);
  assert_non_null(r->core);
  static const char *const names[][4] = {{"", NULL}, {"", "x", NULL}, {"", NULL}, {"", "y", NULL}, {"", "z", NULL}};
  for (int place = -1; place < 4; place++) {
    add_subject(r, VSM_ITEM_STALLED, place, "");
    for (const char *const *name = names[place < 0 ? 4 : place]; *name; name++) {
      add_subject(r, VSM_ITEM_OVERDUE, place, *name);
      add_subject(r, VSM_SLE_MISSED, place, *name);
    }
    if (place >= 0)
      add_subject(r, VSM_STAGE_STALLED, place, "");
    if (place >= 0)
      add_subject(r, VSM_WIP_LIMIT, place, "");
  }
}

static void teardown(struct rig *r) {
  vsm_retold_fini(&r->told);
  vsm_core_destroy(r->core);
  vsm_effects_fini(&r->fx);
  vsm_arena_fini(&r->arena);
  office.runs = NULL;
}

// --- what a look at everything says

struct judged {
  uint64_t count, fresh;
  int64_t worst_us; // how much longer than its threshold, of the worst one, in time of its calendar
  uint64_t done, met;
  int64_t newest_departure, oldest_going;
  uint64_t going, open;
};

static int64_t elapsed(const struct vsm_calendar *c, int64_t from, int64_t to) {
  return vsm_calendar_worked(c, to) - vsm_calendar_worked(c, from);
}

static int64_t max(int64_t a, int64_t b) {
  return a > b ? a : b;
}

static int64_t date_of(struct rig *r, const struct vsm_item *it, enum vsm_value_kind kind, int place) {
  return vsm_items_date(&r->core->streams[0].items, it, kind, place < 0 ? VSM_PLACE_ITEM : (unsigned)place);
}

static int64_t moved(struct rig *r, const struct vsm_item *it, int place, int64_t since) {
  for (unsigned i = 0; i < it->n; i++)
    if (place < 0 || vsm_packed_place(it->log[i]) == (unsigned)place)
      since = max(since, vsm_packed_us(it->log[i]));
  for (unsigned i = 0; i < it->n_progress; i++)
    if (place < 0 || vsm_item_progress(it)[i].place == place)
      since = max(since, vsm_item_progress(it)[i].us);
  if (place >= 0)
    since = max(since, date_of(r, it, VSM_VALUE_NOT_BEFORE, place));
  return max(since, date_of(r, it, VSM_VALUE_NOT_BEFORE, -1));
}

static bool is_north(struct rig *r, const struct vsm_where *where, unsigned n) {
  struct vsm_str value = {0};
  uint32_t word = r->told.is.segments[0];
  if (n == 0)
    return true;
  if (word != (uint32_t)VSM_NO_SEGMENT)
    vsm_intern_parts(&r->core->words, word, &value, 1);
  return vsm_str_eq(value, where->values[0]);
}

static void join(struct judged *j, int64_t over) {
  j->worst_us = j->count++ == 0 ? over : max(j->worst_us, over);
}

static void judge_stall(struct rig *r, struct judged *j, const struct vsm_item *it, int place, int64_t since,
                        const struct vsm_stall *rules, unsigned n) {
  int64_t now = r->core->now.us;
  for (unsigned i = 0; i < n; i++) {
    if (!is_north(r, rules[i].where, rules[i].n_where))
      continue;
    int64_t after = rules[i].after_us ? rules[i].after_us : r->relative_us;
    int64_t from = moved(r, it, place, since), stood = elapsed(rules[i].calendar, from, now);
    if (after != INT64_MAX && stood >= after) {
      join(j, stood);
      j->fresh += elapsed(rules[i].calendar, from, now - FRESH_US) < after;
    }
    return;
  }
}

// What an expectation counts of an open visit or item; -1: it does not count for it.
static int64_t counted(struct rig *r, const struct vsm_expectation *e, unsigned n, unsigned i,
                       const struct vsm_visit *v) {
  int64_t now = r->core->now.us, from = r->told.is.started;
  if (!is_north(r, e[i].where, e[i].n_where))
    return -1;
  for (unsigned k = 0; k < i && k < n; k++)
    if (strcmp(e[k].name, e[i].name) == 0 && is_north(r, e[k].where, e[k].n_where))
      return -1;
  if (v)
    return vsm_expecting_spent(&e[i], &r->told, v, now);
  if (e[i].from >= 0) { // from entering b to leaving d
    int64_t to = INT64_MAX;
    from = INT64_MAX;
    for (size_t k = 0; k < r->told.is.n_visits; k++)
      if (r->told.is.visits[k].place == 1 && r->told.is.visits[k].entered < from)
        from = r->told.is.visits[k].entered;
    for (size_t k = 0; k < r->told.is.n_visits; k++)
      if (r->told.is.visits[k].place == 3 && r->told.is.visits[k].how != VSM_OPEN && r->told.is.visits[k].left >= from)
        to = 0;
    if (from == INT64_MAX || to == 0)
      return -1;
  }
  return elapsed(e[i].calendar, from, now);
}

static void judge_overdue(struct rig *r, struct judged *j, const struct vsm_item *it, int place, const char *name,
                          const struct vsm_visit *v, const struct vsm_expectation *e, unsigned n) {
  int64_t due = date_of(r, it, VSM_VALUE_DUE, place);
  if (due && *name == '\0' && due < r->core->now.us)
    join(j, r->core->now.us - due);
  for (unsigned i = 0; !due && i < n; i++) {
    int64_t age = strcmp(e[i].name, name) == 0 ? counted(r, e, n, i, v) : -1;
    if (age > e[i].within_us)
      join(j, age - e[i].within_us);
  }
}

static void judge_item(struct rig *r, const struct vsm_subject *s, uint32_t id, struct judged *j) {
  const struct vsm_item *it = vsm_items_at(&r->core->streams[0].items, id);
  vsm_stream_fold(&r->core->streams[0], it, (size_t)VSM_FOLD_ALL, &r->told.is);
  const struct vsm_story *story = &r->told.is;
  if (s->place < 0 && story->open && s->kind == VSM_ITEM_STALLED)
    judge_stall(r, j, it, -1, story->started, stream.stalls, stream.n_stalls);
  if (s->place < 0 && story->open && s->kind == VSM_ITEM_OVERDUE)
    judge_overdue(r, j, it, -1, s->name, NULL, stream.expected, stream.n_expected);
  for (size_t i = 0; s->place >= 0 && i < story->n_visits; i++) {
    const struct vsm_visit *v = &story->visits[i];
    const struct vsm_stage *stage = &stages[s->place];
    if (v->place != s->place)
      continue;
    if (v->how != VSM_OPEN) {
      j->newest_departure = max(j->newest_departure, v->left);
      continue;
    }
    j->open++;
    if (v->state != VSM_SUSPENDED && j->going++ == 0)
      j->oldest_going = v->entered;
    if (v->state != VSM_SUSPENDED && v->entered < j->oldest_going)
      j->oldest_going = v->entered;
    if (s->kind == VSM_ITEM_STALLED)
      judge_stall(r, j, it, s->place, v->entered, stage->stalls, stage->n_stalls);
    if (s->kind == VSM_ITEM_OVERDUE)
      judge_overdue(r, j, it, s->place, s->name, v, stage->expected, stage->n_expected);
  }
}

static struct judged judge(struct rig *r, const struct vsm_subject *s) {
  struct judged j = {0};
  const struct vsm_items *items = &r->core->streams[0].items;
  for (uint32_t id = 0; id < items->n; id++)
    if (vsm_items_at(items, id)->n_keys > 0)
      judge_item(r, s, id, &j);
  return j;
}

// --- shares, by what was completed since the window began

static struct judged share(struct rig *r, const struct vsm_expectation *e, unsigned n, unsigned i, int place) {
  struct judged j = {0};
  const struct vsm_items *items = &r->core->streams[0].items;
  int64_t now = r->core->now.us, step = e[i].window_us / 60, begin = now - now % step - 59 * step;
  for (uint32_t id = 0; id < items->n; id++) {
    const struct vsm_item *it = vsm_items_at(items, id);
    if (it->n_keys == 0)
      continue;
    vsm_stream_fold(&r->core->streams[0], it, (size_t)VSM_FOLD_ALL, &r->told.is);
    for (size_t k = 0; k < r->told.is.n_visits; k++) {
      const struct vsm_visit *v = &r->told.is.visits[k];
      int64_t spent = v->place == place ? counted(r, e, n, i, v) : -1;
      if (spent < 0)
        continue;
      bool done = v->how == VSM_COMPLETED && !(v->bits & VSM_V_UNOBSERVED) && v->left >= begin;
      j.done += done || (v->how == VSM_OPEN && spent > e[i].within_us);
      j.met += done && spent <= e[i].within_us;
    }
  }
  return j;
}

static bool is_missed(struct rig *r, const struct vsm_subject *s, bool *untold) {
  const struct vsm_stage *stage = &stages[s->place];
  bool missed = false;
  *untold = false;
  for (unsigned i = 0; i < stage->n_expected; i++) {
    if (strcmp(stage->expected[i].name, s->name) != 0)
      continue;
    struct judged j = share(r, stage->expected, stage->n_expected, i, s->place);
    if (j.done >= 2)
      missed = missed || j.met * 10 < j.done * 7;
    else
      *untold = true;
  }
  *untold = *untold && !missed;
  return missed;
}

// --- looking and comparing

static void take_relative(struct rig *r) {
  struct vsm_stage_view v;
  assert_int_equal(vsm_core_view_stage(r->core, 0, 2, &r->arena, &v), 0);
  const struct vsm_dist_view *d = &v.windows[2].cycle_time;
  r->relative_us = d->count >= 3 ? (int64_t)((vsm_wide)(int64_t)(d->p85 * 1e6 + 0.5) * 3 / 2) : INT64_MAX;
}

static void compare(struct rig *r, unsigned i, bool minute) {
  const struct vsm_subject *s = &r->subjects[i];
  const struct vsm_sign *got = &r->signs[i];
  struct judged j = judge(r, s);
  int64_t now = r->core->now.us;
  if (s->kind == VSM_ITEM_STALLED || s->kind == VSM_ITEM_OVERDUE) {
    assert_int_equal(got->count, j.count);
    assert_int_equal(got->holds, j.count > 0);
    struct vsm_str newest[ITEMS_TOLD];
    uint64_t fresh;
    r->n_fresh += vsm_detect_newest(r->core, s, now - FRESH_US, &r->arena, newest, ITEMS_TOLD, &fresh);
    assert_int_equal(fresh, s->kind == VSM_ITEM_STALLED ? j.fresh : 0);
    if (j.count == 1 && s->kind == VSM_ITEM_STALLED)
      assert_int_equal(got->observed_us, j.worst_us);
    if (j.count == 1 && s->kind == VSM_ITEM_OVERDUE)
      assert_int_equal(got->observed_us - got->threshold_us, j.worst_us);
  } else if (s->kind == VSM_WIP_LIMIT) {
    assert_int_equal(got->count, j.open);
    assert_int_equal(got->holds, j.open > stages[s->place].wip_limit);
  } else if (s->kind == VSM_STAGE_STALLED) {
    int64_t stood = elapsed(stages[s->place].calendar, max(j.newest_departure, j.oldest_going), now);
    assert_int_equal(got->count, j.going);
    assert_int_equal(got->holds, j.going > 0 && stood >= stages[s->place].stage_stall_us);
  } else if (minute && s->place >= 0 && !got->untold) {
    bool untold, missed = is_missed(r, s, &untold);
    assert_int_equal(got->holds, missed);
    assert_false(untold);
  }
  if (got->due_us <= now)
    fail_msg("to be looked at again at once");
}

static void compare_items(struct rig *r, unsigned i) {
  struct vsm_alert_item_view told[ITEMS_TOLD];
  unsigned n = vsm_detect_items(r->core, &r->subjects[i], &r->arena, told, ITEMS_TOLD);
  uint64_t count = r->signs[i].count;
  if (r->subjects[i].kind == VSM_SLE_MISSED)
    return;
  assert_int_equal(n, count < ITEMS_TOLD ? count : ITEMS_TOLD);
  for (unsigned k = 1; k < n && r->subjects[i].kind >= VSM_STAGE_STALLED; k++)
    assert_true(told[k].age_seconds <= told[k - 1].age_seconds);
}

// What the core itself has looked at, when it was due or noted: each alert that holds fires, for none waits.
static void compare_alerts(struct rig *r) {
  struct vsm_alert_view *rows;
  struct vsm_alerts_query all = {.kind = -1};
  long n = vsm_core_list_alerts(r->core, &all, &r->arena, &rows);
  assert_true(n >= 0);
  for (unsigned i = 0; i < r->n; i++) {
    const struct vsm_subject *s = &r->subjects[i];
    long k = 0;
    const char *stage = s->place < 0 ? "" : stages[s->place].id;
    while (k < n &&
           (rows[k].kind != s->kind || strcmp(rows[k].stage, stage) != 0 || strcmp(rows[k].name, s->name) != 0))
      k++;
    if (s->kind == VSM_SLE_MISSED)
      continue;
    assert_int_equal(k < n, r->signs[i].holds);
    if (k < n)
      assert_int_equal(rows[k].sign.count, r->signs[i].count);
  }
}

static void look(struct rig *r, bool minute) {
  for (unsigned i = 0; i < r->n; i++)
    vsm_detect(r->core, &r->subjects[i], &r->signs[i]);
  for (unsigned i = 0; i < r->n; i++) {
    compare(r, i, minute);
    compare_items(r, i);
  }
  compare_alerts(r);
}

static int64_t next_due(const struct rig *r) {
  int64_t due = INT64_MAX;
  for (unsigned i = 0; i < r->n; i++)
    due = r->signs[i].due_us < due ? r->signs[i].due_us : due;
  return due;
}

static void pass(struct rig *r, int64_t to) {
  for (int64_t due; (due = next_due(r)) <= to;) {
    vsm_core_advance(r->core, (struct vsm_time){due});
    bool minute = due % VSM_MINUTE_US == 0;
    if (minute)
      take_relative(r);
    look(r, minute);
  }
  vsm_core_advance(r->core, (struct vsm_time){to});
  look(r, false);
}

// --- random events

static const char *time_text(struct rig *r, int64_t us) {
  return vsm_arena_printf(&r->arena, "%lld.%06lld", (long long)(us / VSM_SECOND_US), (long long)(us % VSM_SECOND_US));
}

static void one_event(struct rig *r) {
  int64_t now = r->core->now.us, us = now;
  if (test_below(&r->seed, 3) == 0)
    us -= (int64_t)test_below(&r->seed, 9 * VSM_HOUR_US);
  int stage = (int)test_below(&r->seed, 9) / 2 % 5 - 1;
  enum vsm_lifecycle l =
      stage < 0 ? VSM_FINISH + (enum vsm_lifecycle)test_below(&r->seed, 2)
                : (enum vsm_lifecycle[]){VSM_SCHEDULE, VSM_START,    VSM_SUSPEND,  VSM_RESUME,
                                         VSM_COMPLETE, VSM_COMPLETE, VSM_PROGRESS, VSM_START}[test_below(&r->seed, 8)];
  struct vsm_attr attrs[4];
  uint32_t n = 0;
  if (test_below(&r->seed, 4) == 0)
    attrs[n++] = (struct vsm_attr){VSM_STR("area"), vsm_str_of(test_below(&r->seed, 2) ? "north" : "south")};
  if (test_below(&r->seed, 6) == 0)
    attrs[n++] = (struct vsm_attr){VSM_STR("due"),
                                   vsm_str_of(time_text(r, us + (int64_t)test_below(&r->seed, 12 * VSM_HOUR_US)))};
  if (test_below(&r->seed, 8) == 0)
    attrs[n++] = (struct vsm_attr){VSM_STR("not_before"),
                                   vsm_str_of(time_text(r, us + (int64_t)test_below(&r->seed, 8 * VSM_HOUR_US)))};
  if (test_below(&r->seed, 12) == 0)
    attrs[n++] = (struct vsm_attr){
        VSM_STR("link"), vsm_str_of(vsm_arena_printf(&r->arena, "k%d", (int)test_below(&r->seed, 3 * ITEMS)))};
  // A few names at a time, so that items come, go on and are united.
  uint64_t name = test_below(&r->seed, ITEMS) + (uint64_t)((now - BEGIN) / (40 * VSM_HOUR_US)) * 5;
  struct vsm_event e = rig_event(&stream, stage, l, vsm_arena_printf(&r->arena, "k%d", (int)name), us, &r->arena);
  e.received.us = now;
  e.attrs = attrs;
  e.n_attrs = n;
  assert_int_equal(vsm_core_step(r->core, &e, &r->fx), 0);
}

static void random_run(void **state) {
  (void)state;
  for (uint64_t run = 0; run < RUNS; run++) {
    static struct rig r;
    setup(&r, run * 77 + 1);
    vsm_core_advance(r.core, (struct vsm_time){BEGIN});
    look(&r, true);
    for (unsigned i = 0; i < STEPS; i++) {
      one_event(&r);
      look(&r, false);
      if (test_below(&r.seed, 2))
        pass(&r, r.core->now.us + (int64_t)test_below(&r.seed, test_below(&r.seed, 10) ? 900 : 7200) * VSM_SECOND_US +
                     (int64_t)test_below(&r.seed, 2));
      if (test_below(&r.seed, 100) == 0) {
        assert_int_equal(vsm_core_configure(r.core, r.model), 0);
        take_relative(&r);
        look(&r, false);
      }
    }
    assert_true(r.n_fresh > 100);
    teardown(&r);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(random_run)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
