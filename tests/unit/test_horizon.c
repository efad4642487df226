// What items leave behind that are not held any more: through restarts, under other models, and when items are too
// many. (Random logs: property/sealed.)
#include <stdlib.h>
#include <string.h>

#include "core/state.h"
#include "lib/rig.h"
#include "lib/rig_save.h"
#include "lib/test.h"

static const struct vsm_window windows[] = {{"1d", VSM_DAY_US}, {"30d", 30 * VSM_DAY_US}};
static const uint16_t second[] = {1};

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
  return (struct vsm_stream){
      .id = "S", .name = "S", .outcome = "done", .stages = stages, .n_stages = n, .windows = windows, .n_windows = 2};
}

static int setup(void **state) {
  struct rig *r = calloc(1, sizeof *r);
  vsm_arena_init(&r->arena, 0);
  r->two[0] = (struct vsm_stage){.id = "a", .name = "a", .next = second, .n_next = 1};
  r->two[1] = (struct vsm_stage){.id = "b", .name = "b", .to_outcome = true};
  r->one[0] = (struct vsm_stage){.id = "a", .name = "a", .to_outcome = true};
  r->streams[0] = stream_of(r->two, 2);
  r->streams[1] = stream_of(r->one, 1);
  r->both = rig_model(&r->streams[0], 1, &r->arena);
  r->alone = rig_model(&r->streams[1], 1, &r->arena);
  r->both->items_keep_us = r->alone->items_keep_us = 5 * VSM_DAY_US;
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

static enum vsm_result take(struct rig *r, int stage, enum vsm_lifecycle l, const char *key, int64_t us) {
  struct vsm_event e = rig_event(&r->streams[0], stage, l, key, us, &r->arena);
  assert_int_equal(vsm_core_step(r->core, &e, &r->fx), 0);
  return r->fx.result;
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

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(a_reload_that_closes_items_makes_room, setup, teardown),
      cmocka_unit_test_setup_teardown(an_expectation_is_judged_over_a_window_of_its_own, setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
