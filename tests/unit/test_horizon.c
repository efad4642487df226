// What items leave behind that are not held any more: through restarts, under other models, and when items are too
// many. (Random logs: property/sealed.)
#include <stdlib.h>
#include <string.h>

#include "core/calendar.h"
#include "core/state.h"
#include "lib/rig.h"
#include "lib/rig_save.h"
#include "lib/test.h"

static const struct vsm_window windows[] = {{"1d", VSM_DAY_US}, {"30d", 30 * VSM_DAY_US}};
static const uint16_t second[] = {1};
static const char *const segments[] = {"area"};

// Models of one stream, with two stages and with the first of them alone.
struct rig {
  struct vsm_arena arena;
  struct vsm_stage two[2], one[1];
  struct vsm_stream streams[2];
  struct vsm_model *both, *alone;
  struct vsm_core *core;
  struct vsm_effects fx;
};

static struct vsm_stream stream_of(const struct vsm_stage *stages, unsigned n) {
  return (struct vsm_stream){.id = "S",
                             .name = "S",
                             .outcome = "done",
                             .stages = stages,
                             .n_stages = n,
                             .windows = windows,
                             .n_windows = 2,
                             .segments = segments,
                             .n_segments = 1};
}

static struct vsm_template *template_of(struct rig *r, const char *key) {
  struct vsm_field *f = vsm_arena_zalloc(&r->arena, sizeof *f);
  struct vsm_template *t = vsm_arena_zalloc(&r->arena, sizeof *t);
  *f = (struct vsm_field){VSM_F_DATA, vsm_str_of(key)};
  *t = (struct vsm_template){f, 1};
  return t;
}

static struct vsm_model *model_of(struct rig *r, const struct vsm_stream *stream) {
  struct vsm_model *m = rig_model(stream, 1, &r->arena);
  struct vsm_rule *rules = vsm_arena_zalloc(&r->arena, m->n_rules * sizeof *rules);
  memcpy(rules, m->rules, m->n_rules * sizeof *rules);
  for (unsigned i = 0; i < m->n_rules; i++) {
    rules[i].segments = template_of(r, "area");
    rules[i].reason = *template_of(r, "why");
    rules[i].due = *template_of(r, "when");
  }
  m->rules = rules;
  m->items_keep_us = 5 * VSM_DAY_US;
  return m;
}

static int setup(void **state) {
  struct rig *r = calloc(1, sizeof *r);
  vsm_arena_init(&r->arena, 0);
  r->two[0] = (struct vsm_stage){.id = "a", .name = "a", .next = second, .n_next = 1};
  r->two[1] = (struct vsm_stage){.id = "b", .name = "b", .to_outcome = true};
  r->one[0] = (struct vsm_stage){.id = "a", .name = "a", .to_outcome = true};
  r->streams[0] = stream_of(r->two, 2);
  r->streams[1] = stream_of(r->one, 1);
  r->both = model_of(r, &r->streams[0]);
  r->alone = model_of(r, &r->streams[1]);
  *state = r;
  return 0;
}

static int teardown(void **state) {
  struct rig *r = *state;
  vsm_core_destroy(r->core);
  vsm_effects_fini(&r->fx);
  vsm_arena_fini(&r->arena);
  free(r);
  return 0;
}

static void begin(struct rig *r, const struct vsm_model *m) {
  r->core = vsm_core_create(m);
  assert_non_null(r->core);
}

static void reload(struct rig *r, const struct vsm_model *m) {
  assert_int_equal(vsm_core_configure(r->core, m), 0);
}

static enum vsm_result take_with(struct rig *r, int stage, enum vsm_lifecycle l, const char *key, int64_t us,
                                 const char *name, const char *value) {
  struct vsm_attr attr = {vsm_str_of(name), vsm_str_of(value)};
  struct vsm_event e = rig_event(&r->streams[0], stage, l, key, us, &r->arena);
  e.attrs = &attr;
  e.n_attrs = 1;
  assert_int_equal(vsm_core_step(r->core, &e, &r->fx), 0);
  return r->fx.result;
}

static enum vsm_result take(struct rig *r, int stage, enum vsm_lifecycle l, const char *key, int64_t us) {
  return take_with(r, stage, l, key, us, "", "");
}

static void a_reload_that_closes_items_makes_room(void **state) {
  struct rig *r = *state;
  r->both->limits.items = r->alone->limits.items = 3;
  begin(r, r->both);
  for (int i = 0; i < 3; i++)
    take(r, 0, VSM_COMPLETE, vsm_arena_printf(&r->arena, "%d", i), VSM_DAY_US + i);
  assert_int_equal(take(r, 0, VSM_START, "one more", VSM_DAY_US + 3), VSM_REJECTED);
  reload(r, r->alone);
  assert_int_equal(vsm_core_items_open(r->core), 0);
  assert_int_equal(take(r, 0, VSM_START, "one more", VSM_DAY_US + 4), VSM_APPLIED);
}

// An expectation of stage a in both models, which is judged over this window, with an alert.
static void expect(struct rig *r, int64_t window_us) {
  static struct vsm_alert_rule alerts[VSM_ALERT_KINDS];
  static struct vsm_expectation e;
  for (int i = 0; i < VSM_ALERT_KINDS; i++)
    alerts[i] = (struct vsm_alert_rule){.severity = VSM_WARNING, .announce_us = VSM_HOUR_US, .repeat_us = VSM_DAY_US};
  e = (struct vsm_expectation){.name = "x",
                               .within_us = VSM_HOUR_US,
                               .target_ppm = 900000,
                               .window_us = window_us,
                               .min_count = 5,
                               .from = -1,
                               .to = -1};
  struct vsm_stage *stages[] = {&r->two[0], &r->one[0]};
  for (int i = 0; i < 2; i++) {
    stages[i]->expected = &e;
    stages[i]->n_expected = 1;
    stages[i]->alerts = r->streams[i].alerts = alerts;
  }
}

// What was done and what was within the time, as its alert sees it.
static void assert_judged(struct rig *r, int64_t expected_done, int64_t expected_met) {
  const struct vsm_stream_state *s = &r->core->streams[0];
  int64_t done, met;
  vsm_expecting_judged(&s->stages[0].expected.at[0], s->bands, r->core->now.us, &done, &met);
  assert_int_equal(done, expected_done);
  assert_int_equal(met, expected_met);
}

static void visits(struct rig *r, const char *what, int n, int64_t from_us, int64_t took_us) {
  for (int i = 0; i < n; i++) {
    const char *key = vsm_arena_printf(&r->arena, "%s%d", what, i);
    take(r, 0, VSM_START, key, from_us + i * 2 * VSM_HOUR_US);
    take(r, 0, VSM_COMPLETE, key, from_us + i * 2 * VSM_HOUR_US + took_us);
  }
}

// The core that its bytes are of, in place of the one that wrote them; it must write the same.
static void restart(struct rig *r, const struct vsm_model *m) {
  struct vsm_str bytes = rig_save(r->core), again;
  struct vsm_core *core = NULL;
  assert_int_equal(rig_load(m, bytes, &core), 0);
  vsm_core_destroy(r->core);
  r->core = core;
  again = rig_save(core);
  assert_true(vsm_str_eq(bytes, again));
  free((char *)bytes.p);
  free((char *)again.p);
}

static void an_expectation_is_judged_over_a_window_of_its_own(void **state) {
  struct rig *r = *state;
  expect(r, 90 * VSM_DAY_US); // the stream has none of that length
  begin(r, r->alone);
  visits(r, "slow", 20, 100 * VSM_DAY_US, 2 * VSM_HOUR_US);
  visits(r, "fast", 6, 160 * VSM_DAY_US, VSM_MINUTE_US);
  assert_true(vsm_core_items_held(r->core) < 20);
  assert_judged(r, 26, 6);
  restart(r, r->alone);
  assert_judged(r, 26, 6);
  reload(r, r->alone);
  assert_judged(r, 26, 6);
  reload(r, r->both); // of a fork of its stages nothing changes for this one
  visits(r, "late", 1, 195 * VSM_DAY_US, VSM_MINUTE_US);
  assert_judged(r, 7, 7);
}

// Working from eight to five, or to eleven at night, without these holidays (days since 1970).
static struct vsm_calendar calendar_of(struct rig *r, uint16_t to_hour, const int32_t *holidays, unsigned n) {
  static struct vsm_hours hours[2][7];
  struct vsm_hours *h = hours[to_hour > 17];
  struct vsm_calendar c = {.id = "c", .zone = {.name = "UTC"}, .hours = h, .n_hours = 7, .holidays = holidays};
  c.n_holidays = n;
  for (int i = 0; i < 7; i++)
    h[i] = (struct vsm_hours){(uint8_t)i, 8 * 60, (uint16_t)(to_hour * 60)};
  assert_int_equal(vsm_calendar_expand(&c, &r->arena), 0);
  return c;
}

// The model of stage a alone, whose expectation has this calendar.
static const struct vsm_model *under(struct rig *r, const struct vsm_calendar *calendar) {
  struct vsm_expectation *e = vsm_arena_zalloc(&r->arena, sizeof *e);
  struct vsm_stage *stage = vsm_arena_zalloc(&r->arena, sizeof *stage);
  struct vsm_stream *stream = vsm_arena_zalloc(&r->arena, sizeof *stream);
  *e = *r->one[0].expected;
  e->calendar = calendar;
  *stage = r->one[0];
  stage->expected = e;
  *stream = r->streams[1];
  stream->stages = stage;
  return model_of(r, stream);
}

static uint64_t sle_count(struct rig *r) {
  struct vsm_stage_view v;
  assert_int_equal(vsm_core_view_stage(r->core, 0, 0, &r->arena, &v), 0);
  return v.windows[0].sle[0].count;
}

static void an_expectation_under_another_calendar_begins_anew(void **state) {
  struct rig *r = *state;
  static const int32_t past[] = {110}, to_come[] = {300};
  struct vsm_calendar day = calendar_of(r, 17, NULL, 0), same = calendar_of(r, 17, to_come, 1),
                      night = calendar_of(r, 23, NULL, 0), other = calendar_of(r, 17, past, 1);
  expect(r, 30 * VSM_DAY_US);
  begin(r, under(r, &day));
  visits(r, "early", 1, 50 * VSM_DAY_US + 9 * VSM_HOUR_US, VSM_HOUR_US);
  visits(r, "late", 1, 120 * VSM_DAY_US + 9 * VSM_HOUR_US, VSM_HOUR_US);
  take(r, 0, VSM_START, "open", 200 * VSM_DAY_US + 9 * VSM_HOUR_US);
  assert_int_equal(vsm_core_items_held(r->core), 1);
  assert_int_equal(sle_count(r), 2);
  const struct vsm_model *m = under(r, &same); // up to the newest visit
  reload(r, m);
  restart(r, m);
  assert_int_equal(sle_count(r), 2);
  reload(r, under(r, &other));
  assert_int_equal(sle_count(r), 0);
  reload(r, under(r, &night));
  assert_int_equal(sle_count(r), 0);
}

static bool is_in_checkpoint(struct rig *r, const char *text) {
  struct vsm_str bytes = rig_save(r->core);
  bool found = memmem(bytes.p, bytes.n, text, strlen(text)) != NULL;
  free((char *)bytes.p);
  return found;
}

static void forget(struct rig *r, const char *key) {
  const struct vsm_str *keys;
  unsigned n, at;
  uint64_t streams;
  assert_int_equal(vsm_core_forget(r->core, -1, vsm_str_of(key), &r->arena, &r->fx, &keys, &n, &at, &streams), 0);
}

// While counts of a stage sleep that the model does not have, the words that they say stay, and those of a forgotten
// item go.
static void what_is_forgotten_goes_while_counts_sleep(void **state) {
  struct rig *r = *state;
  begin(r, r->both);
  take_with(r, 0, VSM_COMPLETE, "1", 100 * VSM_DAY_US, "area", "north");
  take_with(r, 1, VSM_SUSPEND, "1", 100 * VSM_DAY_US + 1, "why", "a sleeping reason");
  take(r, 1, VSM_COMPLETE, "1", 100 * VSM_DAY_US + VSM_HOUR_US);
  take(r, 0, VSM_START, "2", 120 * VSM_DAY_US);
  assert_int_equal(vsm_core_items_held(r->core), 1);
  forget(r, "2");
  reload(r, r->alone);
  take_with(r, 0, VSM_START, "3", 120 * VSM_DAY_US, "when", "2031-05-17T11:22:33Z");
  assert_true(is_in_checkpoint(r, "2031-05-17T11:22:33Z"));
  forget(r, "3");
  assert_false(is_in_checkpoint(r, "2031-05-17T11:22:33Z"));
  restart(r, r->alone);
  reload(r, r->both);
  struct vsm_stage_view v;
  assert_int_equal(vsm_core_view_stage(r->core, 0, 1, &r->arena, &v), 0);
  assert_int_equal(v.windows[0].completed, 1);
  assert_int_equal(v.n_waits, 1);
  assert_true(vsm_str_eq(v.waits[0].reason, VSM_STR("a sleeping reason")));
  struct vsm_segment_view *rows;
  struct vsm_segments_query of_b = {.stage = 1, .attribute = -1};
  assert_int_equal(vsm_core_view_segments(r->core, &of_b, &r->arena, &rows), 1);
  assert_true(vsm_str_eq(rows[0].value, VSM_STR("north")));
  assert_int_equal(rows[0].windows[0].completed, 1);
}

static void the_last_quarter_of_an_hour_of_2099_is_read(void **state) {
  struct rig *r = *state;
  r->alone->limits.items = 1;
  begin(r, r->alone);
  take(r, 0, VSM_START, "1", VSM_TIME_MAX - 2 * VSM_MINUTE_US);
  take(r, 0, VSM_COMPLETE, "1", VSM_TIME_MAX - VSM_MINUTE_US);
  take(r, 0, VSM_START, "2", VSM_TIME_MAX - 1);
  assert_int_equal(vsm_core_items_held(r->core), 1);
  restart(r, r->alone);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(a_reload_that_closes_items_makes_room, setup, teardown),
      cmocka_unit_test_setup_teardown(an_expectation_is_judged_over_a_window_of_its_own, setup, teardown),
      cmocka_unit_test_setup_teardown(an_expectation_under_another_calendar_begins_anew, setup, teardown),
      cmocka_unit_test_setup_teardown(what_is_forgotten_goes_while_counts_sleep, setup, teardown),
      cmocka_unit_test_setup_teardown(the_last_quarter_of_an_hour_of_2099_is_read, setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
