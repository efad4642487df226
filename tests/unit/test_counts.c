// What is counted though it is no event that the rules saw: signs of life, frames that were no batch, events that the
// wire found wrong.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/rig.h"

static const struct vsm_stage stage = {.id = "repair", .name = "repair", .to_outcome = true};
static const struct vsm_stream stream = {.id = "S", .name = "S", .outcome = "done", .stages = &stage, .n_stages = 1};

struct rig {
  struct vsm_arena arena;
  struct vsm_core *core;
  struct vsm_effects fx;
};

static int setup(void **state) {
  static struct rig rig;
  rig = (struct rig){0};
  vsm_arena_init(&rig.arena, 0);
  rig.core = vsm_core_create(rig_model(&stream, 1, &rig.arena));
  *state = &rig;
  return rig.core ? 0 : -1;
}

static int teardown(void **state) {
  struct rig *r = *state;
  vsm_core_destroy(r->core);
  vsm_effects_fini(&r->fx);
  vsm_arena_fini(&r->arena);
  return 0;
}

static struct vsm_source_view only_source(struct rig *r) {
  size_t n;
  const struct vsm_source_view *rows = vsm_core_sources(r->core, &r->arena, &n);
  assert_int_equal(n, 1);
  return rows[0];
}

static struct vsm_rate_view rate(struct rig *r) {
  size_t n;
  const struct vsm_source_view *rows = vsm_core_sources(r->core, &r->arena, &n);
  return n ? rows[n - 1].rate : (struct vsm_rate_view){0}; // "test" is behind "other"
}

static void a_sign_of_life_counts_nothing(void **state) {
  struct rig *r = *state;
  assert_int_equal(vsm_core_alive(r->core, VSM_STR("crm"), (struct vsm_time){5000}), 0);
  struct vsm_source_view source = only_source(r);
  assert_true(vsm_str_eq(source.source, VSM_STR("crm")));
  assert_int_equal(source.last.us, 5000);
  assert_int_equal(source.counts.received, 0);
  assert_int_equal(vsm_core_ingest(r->core).received, 0);
}

static void a_frame_that_is_no_batch(void **state) {
  struct rig *r = *state;
  vsm_core_refuse_frame(r->core, VSM_STR("crm"), VSM_R_BAD_FRAME, 1);
  vsm_core_refuse_frame(r->core, VSM_STR("crm"), VSM_R_BATCH_TOO_LARGE, 70000);
  struct vsm_ingest_view v = vsm_core_ingest(r->core);
  assert_int_equal(v.received, 70001);
  assert_int_equal(v.rejected, 70001);
  size_t n;
  const struct vsm_rejected_view *rows = vsm_core_rejected(r->core, &r->arena, &n);
  assert_int_equal(n, 2);
  assert_int_equal(rows[0].reason, VSM_R_BAD_FRAME);
  assert_int_equal(rows[0].count, 1);
  assert_int_equal(rows[1].reason, VSM_R_BATCH_TOO_LARGE);
  assert_int_equal(rows[1].count, 70000);
}

static void what_the_wire_found_wrong(void **state) {
  struct rig *r = *state;
  struct vsm_event e = rig_event(&stream, 0, VSM_START, "i1", 1000, &r->arena);
  e.refused = VSM_R_TOO_MANY_ATTRIBUTES;
  e.refused_detail = "257 of them";
  assert_int_equal(vsm_core_step(r->core, &e, &r->fx), 0);
  assert_int_equal(r->fx.result, VSM_REJECTED);
  assert_int_equal(r->fx.reason, VSM_R_TOO_MANY_ATTRIBUTES);
  assert_string_equal(r->fx.detail, "257 of them");
  assert_int_equal(vsm_core_items_held(r->core), 0);
  assert_int_equal(vsm_core_ingest(r->core).rejected, 1);
  assert_int_equal(vsm_core_now(r->core).us, 0); // and time has not begun
}

static void changes_say_what_was_new(void **state) {
  struct rig *r = *state;
  struct vsm_event e = rig_event(&stream, 0, VSM_START, "i1", 1000, &r->arena);
  assert_int_equal(vsm_core_step(r->core, &e, &r->fx), 0);
  assert_int_equal(r->fx.result, VSM_APPLIED);
  assert_int_equal(r->fx.n_changes, 1);
  assert_int_equal(r->fx.changes[0].stream, 0);
  assert_int_equal(r->fx.changes[0].stage, 0);
  assert_int_equal(r->fx.changes[0].lifecycle, VSM_START);
  assert_int_equal(r->fx.changes[0].time.us, 1000);
  assert_true(vsm_str_eq(r->fx.changes[0].item, VSM_STR("i1")));
  assert_int_equal(vsm_core_step(r->core, &e, &r->fx), 0);
  assert_int_equal(r->fx.result, VSM_DUPLICATE);
  assert_int_equal(r->fx.n_changes, 0);
}

// --- how much comes, and how much usually does

static void send(struct rig *r, int64_t minute, unsigned events) {
  for (unsigned i = 0; i < events; i++) {
    struct vsm_event e = rig_event(&stream, 0, VSM_START, vsm_arena_printf(&r->arena, "%d %u", (int)minute, i),
                                   minute * VSM_MINUTE_US, &r->arena);
    assert_int_equal(vsm_core_step(r->core, &e, &r->fx), 0);
  }
}

// By an event of another source.
static void pass(struct rig *r, int64_t to_us) {
  struct vsm_event e = rig_event(&stream, 0, VSM_START, "other", to_us, &r->arena);
  e.source = VSM_STR("other");
  assert_int_equal(vsm_core_step(r->core, &e, &r->fx), 0);
}

// From the quarter of an hour that begins at 600 minutes: 30 events in each of four, then a night, then 6.
static void what_is_usual_is_told_by_quarters_in_which_anything_came(void **state) {
  struct rig *r = *state;
  for (int q = 0; q < 4; q++) {
    assert_int_equal(rate(r).usual_milli, 0);
    for (int minute = 0; minute < 15; minute++)
      send(r, 600 + 15 * q + minute, 2);
  }
  assert_int_equal(rate(r).usual_milli, 0); // the fourth is under way
  assert_int_equal(rate(r).recent, 30);
  assert_int_equal(rate(r).recent_us, 14 * VSM_MINUTE_US);
  pass(r, (660 + 600) * VSM_MINUTE_US + 30 * 1000000);
  assert_int_equal(rate(r).usual_milli, 30000);
  assert_int_equal(rate(r).recent, 0);
  assert_int_equal(rate(r).recent_us, 14 * VSM_MINUTE_US + 30 * 1000000);
  send(r, 1275, 6);
  assert_int_equal(rate(r).usual_milli, 30000);
  assert_int_equal(rate(r).recent, 6);
  pass(r, 1290 * VSM_MINUTE_US);
  assert_int_equal(rate(r).usual_milli, 25200); // (4 * 30 + 6) / 5
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(a_sign_of_life_counts_nothing, setup, teardown),
      cmocka_unit_test_setup_teardown(a_frame_that_is_no_batch, setup, teardown),
      cmocka_unit_test_setup_teardown(what_the_wire_found_wrong, setup, teardown),
      cmocka_unit_test_setup_teardown(changes_say_what_was_new, setup, teardown),
      cmocka_unit_test_setup_teardown(what_is_usual_is_told_by_quarters_in_which_anything_came, setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
