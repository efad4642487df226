// Periods of zones, against times worked out by hand (date -d 'TZ="ZONE" ...' +%s tells them too).
#include "agents/ask/periods.h"

#include "base/arena.h"
#include "conf/zones.h"
#include "core/calendar.h"

#include "tests/lib/test.h"

enum { HOUR = 3600, DAY = 24 * HOUR, MOST = 1000 };

static struct vsm_arena arena;

static struct vsm_zone zone(const char *name) {
  struct vsm_zone z;
  const char *why = vsm_zone_by_name(name, &arena, &z);
  if (why)
    fail_msg("%s", why);
  return z;
}

// The one of the periods back from now that ends at `end` lasts so long.
static void assert_lasts(enum vsm_period period, const char *name, int64_t now, int64_t end, int64_t lasts) {
  struct vsm_zone z = zone(name);
  int64_t bounds[MOST + 1];
  size_t n = vsm_periods(period, &z, now, MOST, bounds);
  assert_true(bounds[n - 1] <= now && now < bounds[n]);
  for (size_t i = 0; i < n; i++) {
    assert_true(bounds[i] < bounds[i + 1]);
    if (bounds[i + 1] == end) {
      assert_int_equal(end - bounds[i], lasts);
      return;
    }
  }
  fail_msg("no period of %s ends at %lld", name, (long long)end);
}

static void test_days_when_clocks_change(void **state) {
  (void)state;
  const int64_t now = 1701388800;                                                         // 2023-12-01T00:00:00Z
  assert_lasts(VSM_BY_DAY, "UTC", now, 1699228800, DAY);                                  // 2023-11-06T00:00:00Z
  assert_lasts(VSM_BY_DAY, "America/Chicago", now, 1699250400, 25 * HOUR);                // 2023-11-06T06:00:00Z
  assert_lasts(VSM_BY_DAY, "America/Chicago", now, 1678683600, 23 * HOUR);                // 2023-03-13T05:00:00Z
  assert_lasts(VSM_BY_DAY, "Asia/Kathmandu", now, 1699208100, DAY);                       // 2023-11-05T18:15:00Z
  assert_lasts(VSM_BY_DAY, "Australia/Lord_Howe", now, 1696165200, 23 * HOUR + HOUR / 2); // 2023-10-01T13:00:00Z
}

// At 01:00 the clocks go back to 00:00: the day begins at the first of the two midnights.
static void test_midnight_shown_twice(void **state) {
  (void)state;
  const int64_t now = 1701388800;
  assert_lasts(VSM_BY_DAY, "America/Havana", now, 1699246800, 25 * HOUR);  // 2023-11-06T05:00:00Z
  assert_lasts(VSM_BY_DAY, "Atlantic/Azores", now, 1698627600, 25 * HOUR); // 2023-10-30T01:00:00Z
}

// At 24:00 they go forward to 01:00; and where they go back to 23:00 then, the day goes on.
static void test_midnight_skipped(void **state) {
  (void)state;
  const int64_t now = 1542000000;                                            // 2018-11-12
  assert_lasts(VSM_BY_DAY, "America/Sao_Paulo", now, 1541383200, 23 * HOUR); // 2018-11-05T02:00:00Z
  assert_lasts(VSM_BY_DAY, "America/Sao_Paulo", now, 1518922800, 25 * HOUR); // 2018-02-18T03:00:00Z
}

static void test_hours_weeks_months(void **state) {
  (void)state;
  const int64_t now = 1699170000;                                      // 2023-11-05T07:40:00Z, 01:40 again
  assert_lasts(VSM_BY_HOUR, "America/Chicago", now, 1699171200, HOUR); // both hours of 01:00
  assert_lasts(VSM_BY_HOUR, "America/Chicago", now, 1699167600, HOUR);
  assert_lasts(VSM_BY_HOUR, "Asia/Kathmandu", now, 1699168500, HOUR);             // 07:15Z is 13:00
  assert_lasts(VSM_BY_HOUR, "Australia/Lord_Howe", 1696090000, 1696087800, HOUR); // up to 02:00, which becomes 02:30
  assert_lasts(VSM_BY_HOUR, "Australia/Lord_Howe", 1696100000, 1696089600, HOUR / 2);
  assert_lasts(VSM_BY_WEEK, "America/Chicago", now, 1699250400, 7 * DAY + HOUR); // from Monday on
  assert_lasts(VSM_BY_MONTH, "America/Chicago", now, 1701410400, 30 * DAY + HOUR);
  assert_lasts(VSM_BY_MONTH, "UTC", now, 1677628800, 28 * DAY); // February 2023
}

static void test_not_before_1970(void **state) {
  (void)state;
  struct vsm_zone z = zone("UTC");
  int64_t bounds[11];
  char text[32];
  assert_int_equal(vsm_periods(VSM_BY_DAY, &z, 3 * DAY + 5, 10, bounds), 3);
  assert_int_equal(bounds[0], DAY);
  assert_int_equal(bounds[3], 4 * DAY);
  assert_string_equal(vsm_periods_print(&z, 1709208000, text, sizeof text), "2024-02-29 12:00");
  z = zone("Asia/Kathmandu");
  assert_string_equal(vsm_periods_print(&z, 1709208000, text, sizeof text), "2024-02-29 17:45");
}

static void test_no_zone(void **state) {
  (void)state;
  struct vsm_zone z;
  assert_non_null(strstr(vsm_zone_by_name("America/Chicgo", &arena, &z), "did you mean \"America/Chicago\"?"));
  assert_non_null(strstr(vsm_zone_by_name("chicago", &arena, &z), "did you mean \"America/Chicago\"?"));
  assert_non_null(vsm_zone_by_name("America", &arena, &z));  // a folder
  assert_non_null(vsm_zone_by_name("zone.tab", &arena, &z)); // a table
  assert_non_null(vsm_zone_by_name("", &arena, &z));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_days_when_clocks_change), cmocka_unit_test(test_midnight_shown_twice),
      cmocka_unit_test(test_midnight_skipped),        cmocka_unit_test(test_hours_weeks_months),
      cmocka_unit_test(test_not_before_1970),         cmocka_unit_test(test_no_zone),
  };
  vsm_arena_init(&arena, 0);
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  vsm_arena_fini(&arena);
  return failed;
}
