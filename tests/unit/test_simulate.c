// The simulator's parts: working time, chance, texts, faults, the engine.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agents/vsm/simulate.h"

#define MONDAY INT64_C(1735516800000000) // 2024-12-30T00:00:00Z

static const struct vsm_hours OFFICE[] = {
    {0, 480, 1020}, {1, 480, 1020}, {2, 480, 1020}, {3, 480, 1020}, {4, 480, 1020}};
static struct vsm_arena memory;

static int begin(void **state) {
  (void)state;
  vsm_arena_init(&memory, 0);
  return 0;
}

static int end(void **state) {
  (void)state;
  vsm_arena_fini(&memory);
  return 0;
}

static struct vsm_calendar with_hours(const struct vsm_hours *hours, unsigned n) {
  struct vsm_calendar c = {.id = "c", .hours = hours, .n_hours = n};
  assert_int_equal(vsm_calendar_expand(&c, &memory), 0);
  return c;
}

static struct vsm_calendar office(void) {
  return with_hours(OFFICE, 5);
}

static int64_t at(int day, int hour) {
  return MONDAY + day * VSM_DAY_US + hour * VSM_HOUR_US;
}

static void working_time(void **state) {
  (void)state;
  struct vsm_calendar c = office();
  assert_int_equal(vsm_sim_week_us(&c), 45 * VSM_HOUR_US);
  assert_int_equal(vsm_sim_later(&c, at(0, 9), VSM_HOUR_US), at(0, 10));
  assert_int_equal(vsm_sim_later(&c, at(0, 16), 2 * VSM_HOUR_US), at(1, 9));  // over night
  assert_int_equal(vsm_sim_later(&c, at(4, 16), 2 * VSM_HOUR_US), at(7, 9));  // over the weekend
  assert_int_equal(vsm_sim_later(&c, at(5, 12), 9 * VSM_HOUR_US), at(7, 17)); // from the weekend on
  assert_int_equal(vsm_sim_later(&c, at(0, 9), 90 * VSM_HOUR_US), at(14, 9));
  assert_int_equal(vsm_sim_later(&c, VSM_TIME_MAX - 1, 90 * VSM_HOUR_US), VSM_TIME_MAX);
  assert_int_equal(vsm_sim_later(NULL, at(0, 9), VSM_DAY_US), at(1, 9));
  assert_int_equal(vsm_sim_left(&c, at(0, 9)), 8 * VSM_HOUR_US);
  assert_int_equal(vsm_sim_left(&c, at(0, 18)), 0);
}

static void local_time(void **state) {
  (void)state;
  static const struct vsm_zone_change changes[] = {{1741507200, -18000}, {1762066800, -21600}}; // 2025, Chicago
  struct vsm_zone zone = {.offset_s = -21600, .changes = changes, .n_changes = 2};
  assert_int_equal(vsm_zone_offset(&zone, at(0, 9) / VSM_SECOND_US), -21600);
  assert_int_equal(vsm_zone_offset(&zone, 1741507200 - 1), -21600);
  assert_int_equal(vsm_zone_offset(&zone, 1741507200), -18000);
  assert_int_equal(vsm_zone_offset(&zone, 1762066800), -21600);
}

static void durations(void **state) {
  (void)state;
  struct vsm_calendar c = office();
  int64_t us;
  assert_true(vsm_sim_duration_parse("90m", NULL, &us));
  assert_int_equal(us, 90 * VSM_MINUTE_US);
  assert_true(vsm_sim_duration_parse("2wd", &c, &us));
  assert_int_equal(us, 18 * VSM_HOUR_US);
  assert_false(vsm_sim_duration_parse("2wd", NULL, &us));
  assert_false(vsm_sim_duration_parse("m", NULL, &us));
  assert_false(vsm_sim_duration_parse("5 m", NULL, &us));
}

static void spans_have_their_median(void **state) {
  (void)state;
  struct vsm_sim_span span = {.median_us = VSM_HOUR_US, .max_us = VSM_DAY_US, .sigma = 1.3379}; // p85: 4 h
  struct vsm_sim_random r;
  int below_median = 0, below_p85 = 0, longest = 0;
  vsm_sim_random_init(&r, 5);
  for (int i = 0; i < 20000; i++) {
    int64_t us = vsm_sim_random_span(&r, &span);
    assert_true(us > 0 && us <= span.max_us && us % 1000 == 0);
    below_median += us < VSM_HOUR_US;
    below_p85 += us < 4 * VSM_HOUR_US;
    longest += us > span.max_us * 99 / 100;
  }
  assert_in_range(below_median, 9600, 10400);
  assert_in_range(below_p85, 16700, 17300);
  assert_in_range(longest, 0, 20); // the 180 that would have been longer are anywhere
}

static void texts(void **state) {
  (void)state;
  struct vsm_arena arena;
  vsm_arena_init(&arena, 0);
  struct vsm_sim_attribute zone = {.name = "zone", .values = {"North", "South"}, .n = 2};
  struct vsm_sim_stream stream = {.id = "S", .attributes = {&zone, 1}};
  struct vsm_sim_item item = {.stream = &stream, .t_us = at(0, 15), .day = 241230, .of_day = 7, .value = {1}};
  struct vsm_sim_moment moment = {at(0, 12) + 1000, at(0, 11), at(0, 13)};
  static const struct {
    const char *text, *expected;
  } GOOD[] = {{"SO-{n}", "SO-2412300007"},
              {"{zone}:{hour}", "South:2024-12-30T15Z"},
              {"{T-60m}", "2024-12-30T14:00:00Z"},
              {"{now}", "2024-12-30T12:00:00.001Z"},
              {"{begin}..{end+1d}", "2024-12-30T11:00:00Z..2024-12-31T13:00:00Z"}};
  for (size_t i = 0; i < sizeof GOOD / sizeof *GOOD; i++) {
    struct vsm_sim_text text;
    char out[128];
    assert_null(vsm_sim_text_parse(&arena, &stream, GOOD[i].text, &text));
    assert_int_equal(vsm_sim_text_write(&text, &item, &moment, out, sizeof out), strlen(GOOD[i].expected));
    assert_string_equal(out, GOOD[i].expected);
    assert_int_equal(vsm_sim_text_write(&text, &item, &moment, out, 5), 4); // cut, and ended
  }
  static const char *const BAD[] = {"{", "{other}", "{n+1h}", "{now+soon}", "{}"};
  for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
    struct vsm_sim_text text;
    assert_non_null(vsm_sim_text_parse(&arena, &stream, BAD[i], &text));
  }
  vsm_arena_fini(&arena);
}

static void faults(void **state) {
  (void)state;
  const char *wms = "wms", *stage = "S/a";
  struct vsm_sim_which which = {.systems = {&wms, 1}};
  static const struct vsm_hours SUNDAY = {6, 120, 240};
  struct vsm_sim_batches batches = {which, VSM_HOUR_US};
  struct vsm_sim_outage outage = {which, with_hours(&SUNDAY, 1), {0}};
  struct vsm_sim_ahead ahead = {which, 40 * VSM_SECOND_US};
  struct vsm_sim_period week = {10 * VSM_DAY_US, 7 * VSM_DAY_US, 0};
  struct vsm_sim_storm storm = {{&stage, 1}, week};
  struct vsm_sim_renamed renamed = {which, "new", week};
  struct vsm_sim_say say = {.source = "wms", .type = "old"}, other = {.source = "crm", .type = "old"};
  struct vsm_sim_faults f = {.batches = {&batches, 1}};
  assert_int_equal(vsm_sim_fault_sent(&f, NULL, &say, MONDAY, at(0, 9) + 5), at(0, 10));
  assert_int_equal(vsm_sim_fault_sent(&f, NULL, &other, MONDAY, at(0, 9) + 5), at(0, 9) + 5);
  f = (struct vsm_sim_faults){
      .outages = {&outage, 1}, .clocks = {&ahead, 1}, .storms = {&storm, 1}, .renamed = {&renamed, 1}};
  assert_int_equal(vsm_sim_fault_sent(&f, NULL, &say, MONDAY, at(6, 3)), at(6, 4));
  assert_int_equal(vsm_sim_fault_sent(&f, NULL, &say, MONDAY, at(6, 4)), at(6, 4));
  assert_true(vsm_sim_fault_down(&f, "wms", MONDAY, at(6, 3)));
  assert_false(vsm_sim_fault_down(&f, "wms", MONDAY, at(6, 4)));
  assert_false(vsm_sim_fault_down(&f, "crm", MONDAY, at(6, 3)));
  struct vsm_sim_outage now_and_then = {which, {0}, {VSM_DAY_US, 2 * VSM_HOUR_US, 3 * VSM_DAY_US}};
  f.outages.at = &now_and_then;
  assert_int_equal(vsm_sim_fault_sent(&f, NULL, &say, MONDAY, at(0, 1)), at(0, 1));
  assert_int_equal(vsm_sim_fault_sent(&f, NULL, &say, MONDAY, at(1, 0)), at(1, 2));
  assert_int_equal(vsm_sim_fault_sent(&f, NULL, &say, MONDAY, at(4, 1)), at(4, 2));
  assert_false(vsm_sim_fault_down(&f, "wms", MONDAY, at(4, 2)));
  assert_int_equal(vsm_sim_fault_clock(&f, &say, at(0, 0)), at(0, 0) + 40 * VSM_SECOND_US);
  assert_string_equal(vsm_sim_fault_type(&f, &say, 11 * VSM_DAY_US), "new");
  assert_string_equal(vsm_sim_fault_type(&f, &say, 18 * VSM_DAY_US), "old");
  // A day's work begun half a day before the storm ends half a day after it; elsewhere nothing stands still.
  assert_int_equal(vsm_sim_fault_later(&f, "S", "a", MONDAY, NULL, at(9, 12), VSM_DAY_US), at(17, 12));
  assert_int_equal(vsm_sim_fault_later(&f, "S", "a", MONDAY, NULL, at(12, 0), VSM_DAY_US), at(18, 0));
  assert_int_equal(vsm_sim_fault_later(&f, "S", "b", MONDAY, NULL, at(9, 12), VSM_DAY_US), at(10, 12));
}

static void each_item_runs_to_its_end(void **state) {
  (void)state;
  struct vsm_sim_world world;
  assert_int_equal(vsm_sim_world_read(&world, VSM_SIMULATION, stderr), 0);
  struct vsm_sim_event *event = malloc(sizeof *event);
  for (uint64_t items = 1; items <= 201; items += 50) {
    struct vsm_sim_options options = {.seed = items, .start_us = MONDAY, .items = items, .faults = true};
    struct vsm_sim_engine *e = vsm_sim_engine_create(&world, &options);
    assert_non_null(e);
    for (int64_t last = 0; vsm_sim_engine_next(e, event) > 0; last = event->sent_us)
      assert_true(event->sent_us >= last);
    assert_int_equal(vsm_sim_engine_started(e), items);
    assert_int_equal(vsm_sim_engine_ended(e), items);
    vsm_sim_engine_destroy(e);
  }
  free(event);
  vsm_sim_world_fini(&world);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(working_time),
      cmocka_unit_test(local_time),
      cmocka_unit_test(durations),
      cmocka_unit_test(spans_have_their_median),
      cmocka_unit_test(texts),
      cmocka_unit_test(faults),
      cmocka_unit_test(each_item_runs_to_its_end),
  };
  return cmocka_run_group_tests(tests, begin, end);
}
