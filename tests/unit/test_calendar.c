// Working time: cases that can be counted by hand, and calendars made at random against clocks that are read second by
// second.
#include "core/calendar.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/date.h"
#include "tests/lib/arena.h"
#include "tests/lib/test.h"

#define N(array) (sizeof(array) / sizeof *(array))

// 2026-03-08T02:00 CST the clocks go on to 03:00, 2026-11-01T02:00 CDT back to 01:00.
static const struct vsm_zone_change CHICAGO[] = {{1772956800, -5 * 3600}, {1793516400, -6 * 3600}};

static int64_t at(int64_t year, int month, int day, int hour, int minute, int offset_h) {
  return vsm_date_days(year, month, day) * VSM_DAY_US + (hour - offset_h) * VSM_HOUR_US + minute * VSM_MINUTE_US;
}

static struct vsm_calendar chicago(struct vsm_arena *arena, const struct vsm_hours *hours, unsigned n,
                                   const int32_t *holidays, unsigned n_holidays) {
  struct vsm_calendar c = {.zone = {.offset_s = -6 * 3600, .changes = CHICAGO, .n_changes = N(CHICAGO)},
                           .hours = hours,
                           .n_hours = n,
                           .holidays = holidays,
                           .n_holidays = n_holidays};
  assert_int_equal(vsm_calendar_expand(&c, arena), 0);
  return c;
}

static void assert_between(const struct vsm_calendar *c, int64_t from_us, int64_t to_us, int64_t want_us) {
  assert_int_equal(vsm_calendar_worked(c, to_us) - vsm_calendar_worked(c, from_us), want_us);
}

static void a_week_in_an_office(void **state) {
  struct vsm_hours week[10];
  for (unsigned i = 0; i < 10; i++)
    week[i] = i % 2 ? (struct vsm_hours){(uint8_t)(i / 2), 13 * 60, 17 * 60}
                    : (struct vsm_hours){(uint8_t)(i / 2), 8 * 60, 12 * 60};
  int32_t holidays[] = {(int32_t)vsm_date_days(2026, 1, 1), (int32_t)vsm_date_days(2026, 1, 3)};
  struct vsm_calendar c = chicago(*state, week, 10, holidays, 2);
  assert_int_equal(vsm_calendar_day_us(&c), 8 * VSM_HOUR_US);
  // Wednesday, 2025-12-31
  assert_between(&c, at(2025, 12, 31, 0, 0, -6), at(2025, 12, 31, 8, 0, -6), 0);
  assert_between(&c, at(2025, 12, 31, 11, 0, -6), at(2025, 12, 31, 14, 30, -6), 150 * VSM_MINUTE_US);
  assert_between(&c, at(2025, 12, 31, 16, 0, -6), at(2026, 1, 2, 9, 0, -6), 2 * VSM_HOUR_US); // the 1st is a holiday
  assert_between(&c, at(2025, 12, 29, 0, 0, -6), at(2026, 1, 5, 0, 0, -6), 32 * VSM_HOUR_US);
  assert_between(&c, at(2026, 1, 3, 0, 0, -6), at(2026, 1, 5, 0, 0, -6), 0); // a weekend, a holiday in it
  int64_t entered_us = at(2025, 12, 31, 16, 0, -6);
  int64_t due = vsm_calendar_when(&c, vsm_calendar_worked(&c, entered_us) + 2 * vsm_calendar_day_us(&c));
  assert_int_equal(due, at(2026, 1, 5, 16, 0, -6));
  due = vsm_calendar_when(&c, vsm_calendar_worked(&c, entered_us) + VSM_HOUR_US);
  assert_int_equal(due, at(2025, 12, 31, 17, 0, -6)); // the earliest: not the next morning
}

static void hours_that_the_clocks_skip_or_repeat(void **state) {
  static const struct vsm_hours sunday[] = {{6, 90, 150}};
  struct vsm_calendar c = chicago(*state, sunday, 1, NULL, 0);
  assert_between(&c, at(2026, 3, 1, 0, 0, -6), at(2026, 3, 2, 0, 0, -6), 60 * VSM_MINUTE_US);
  assert_between(&c, at(2026, 3, 8, 0, 0, -6), at(2026, 3, 9, 0, 0, -5), 30 * VSM_MINUTE_US); // 01:30 to 02:00
  assert_between(&c, at(2026, 3, 8, 1, 59, -6), at(2026, 3, 8, 3, 0, -5), VSM_MINUTE_US);     // the same instant
  assert_between(&c, at(2026, 11, 1, 0, 0, -5), at(2026, 11, 2, 0, 0, -6), 90 * VSM_MINUTE_US);
  assert_between(&c, at(2026, 11, 1, 1, 30, -5), at(2026, 11, 1, 2, 0, -5), 30 * VSM_MINUTE_US); // first 01:30 to 02:00
  assert_between(&c, at(2026, 11, 1, 1, 0, -6), at(2026, 11, 1, 1, 30, -6), 0); // 01:00 again, before the hours
  assert_between(&c, at(2026, 11, 1, 1, 30, -6), at(2026, 11, 1, 2, 30, -6), 60 * VSM_MINUTE_US);
}

// The examples of docs/concepts.md.
static void from_a_friday_to_a_monday(void **state) {
  struct vsm_hours week[5];
  for (uint8_t day = 0; day < 5; day++)
    week[day] = (struct vsm_hours){day, 8 * 60, 17 * 60};
  struct vsm_calendar c = chicago(*state, week, 5, NULL, 0);
  int64_t friday_us = at(2026, 3, 6, 16, 0, -6);
  assert_between(&c, friday_us, at(2026, 3, 9, 9, 30, -5), 150 * VSM_MINUTE_US);
  int64_t due_us = vsm_calendar_when(&c, vsm_calendar_worked(&c, friday_us) + vsm_calendar_day_us(&c));
  assert_int_equal(due_us, at(2026, 3, 9, 16, 0, -5));
  static const struct vsm_hours call[] = {{0, 420, 1140}, {1, 420, 1140}, {2, 420, 1140},
                                          {3, 420, 1140}, {4, 420, 1140}, {5, 480, 840}};
  c = (struct vsm_calendar){.hours = call, .n_hours = N(call)};
  assert_int_equal(vsm_calendar_day_us(&c), 11 * VSM_HOUR_US);
}

static void a_night_shift_lasts_as_long_as_it_lasts(void **state) {
  static const struct vsm_hours night[] = {{5, 22 * 60, 24 * 60}, {6, 0, 6 * 60}};
  struct vsm_calendar c = chicago(*state, night, 2, NULL, 0);
  assert_between(&c, at(2026, 3, 7, 12, 0, -6), at(2026, 3, 8, 12, 0, -5), 7 * VSM_HOUR_US);
  assert_between(&c, at(2026, 10, 31, 12, 0, -5), at(2026, 11, 1, 12, 0, -6), 9 * VSM_HOUR_US);
  assert_between(&c, at(2026, 6, 6, 12, 0, -5), at(2026, 6, 7, 12, 0, -5), 8 * VSM_HOUR_US);
}

static void around_the_clock_is_plain_time(void **state) {
  struct vsm_hours week[7];
  for (uint8_t i = 0; i < 7; i++)
    week[i] = (struct vsm_hours){i, 0, VSM_DAY_MINUTES};
  struct vsm_calendar c = chicago(*state, week, 7, NULL, 0);
  assert_int_equal(c.n_runs, 1);
  assert_int_equal(vsm_calendar_day_us(&c), VSM_DAY_US);
  static const int64_t times[] = {0, 1, 1772956800000000, VSM_TIME_MAX - 1, VSM_TIME_MAX};
  for (size_t i = 0; i < N(times); i++) {
    assert_int_equal(vsm_calendar_worked(&c, times[i]), times[i]);
    assert_int_equal(vsm_calendar_when(&c, times[i]), times[i]);
  }
  assert_int_equal(vsm_calendar_worked(&c, -1), 0);
  assert_int_equal(vsm_calendar_worked(&c, INT64_MAX), VSM_TIME_MAX);
  assert_int_equal(vsm_calendar_when(&c, VSM_TIME_MAX + 1), INT64_MAX);
}

static void no_calendar_is_plain_time(void **state) {
  (void)state;
  assert_int_equal(vsm_calendar_worked(NULL, 17), 17);
  assert_int_equal(vsm_calendar_when(NULL, 17), 17);
  assert_int_equal(vsm_calendar_day_us(NULL), VSM_DAY_US);
}

static void a_working_day_is_the_mean_rounded_down(void **state) {
  (void)state;
  static const struct vsm_hours week[] = {{0, 0, 1}, {1, 0, 1}, {1, 5, 6}, {3, 0, 1}}; // 4 minutes on 3 days
  struct vsm_calendar c = {.hours = week, .n_hours = N(week)};
  assert_int_equal(vsm_calendar_day_us(&c), 80000000);
  static const struct vsm_hours odd[] = {{0, 0, 1}, {1, 0, 1}, {2, 0, 1}, {3, 0, 1}, {4, 0, 1}, {5, 0, 1}, {6, 0, 2}};
  c = (struct vsm_calendar){.hours = odd, .n_hours = N(odd)};
  assert_int_equal(vsm_calendar_day_us(&c), 68571428); // 480 s / 7
}

// --- at random

enum { DAYS = 40, SECONDS = DAYS * VSM_DAY_SECONDS };

struct random_calendar {
  struct vsm_hours hours[7 * VSM_HOURS_A_DAY_MAX];
  int32_t holidays[DAYS];
  struct vsm_zone_change changes[6];
  int64_t base_day;               // where it is read second by second
  uint32_t worked_s[SECONDS + 1]; // since then
  struct vsm_calendar c;
};

static int by_minute(const void *a, const void *b) {
  return *(const int *)a - *(const int *)b;
}

static void make_hours(struct random_calendar *r, uint64_t *seed) {
  for (uint8_t day = 0; day < 7; day++) {
    int cuts[2 * VSM_HOURS_A_DAY_MAX];
    unsigned n = (unsigned)test_below(seed, VSM_HOURS_A_DAY_MAX + 1);
    for (unsigned i = 0; i < 2 * n; i++)
      cuts[i] = (int)test_below(seed, 4) ? (int)test_below(seed, VSM_DAY_MINUTES + 1) : (int)test_below(seed, 25) * 60;
    qsort(cuts, 2 * n, sizeof *cuts, by_minute);
    for (unsigned i = 0; i < n; i++)
      if (cuts[2 * i] < cuts[2 * i + 1])
        r->hours[r->c.n_hours++] = (struct vsm_hours){day, (uint16_t)cuts[2 * i], (uint16_t)cuts[2 * i + 1]};
  }
  r->c.hours = r->hours;
}

static int32_t random_offset(uint64_t *seed) {
  static const int32_t step[] = {3600, 1800, 1};
  int32_t s = step[test_below(seed, N(step))];
  return (int32_t)test_below(seed, (uint64_t)(50 * 3600 / s)) * s - 25 * 3600;
}

static void make_zone(struct random_calendar *r, uint64_t *seed) {
  r->c.zone = (struct vsm_zone){.offset_s = random_offset(seed), .changes = r->changes};
  int64_t at_s = r->base_day * VSM_DAY_SECONDS;
  for (unsigned i = 0; i < N(r->changes); i++) {
    at_s += 1 + (int64_t)test_below(seed, SECONDS / N(r->changes));
    if (at_s < VSM_TIME_MAX / VSM_SECOND_US)
      r->changes[r->c.zone.n_changes++] = (struct vsm_zone_change){(uint32_t)at_s, random_offset(seed)};
  }
}

static bool works(const struct vsm_calendar *c, int64_t utc_s) {
  int64_t offset_s = c->zone.offset_s;
  for (unsigned i = 0; i < c->zone.n_changes && c->zone.changes[i].at_s <= utc_s; i++)
    offset_s = c->zone.changes[i].offset_s;
  int64_t local_s = utc_s + offset_s + 70 * VSM_DAY_SECONDS, day = local_s / VSM_DAY_SECONDS - 70;
  int64_t minute = local_s % VSM_DAY_SECONDS / 60;
  for (unsigned i = 0; i < c->n_holidays; i++)
    if (c->holidays[i] == day)
      return false;
  for (unsigned i = 0; i < c->n_hours; i++)
    if (c->hours[i].weekday == (day + 73) % 7 && c->hours[i].from_m <= minute && minute < c->hours[i].to_m)
      return true;
  return false;
}

static void make_calendar(struct random_calendar *r, struct vsm_arena *arena, uint64_t *seed) {
  static const int64_t bases[] = {0, 20000, VSM_CALENDAR_DAYS - DAYS};
  memset(r, 0, sizeof *r); // too large for the stack
  r->base_day = bases[test_below(seed, N(bases))];
  make_hours(r, seed);
  make_zone(r, seed);
  for (int32_t day = -2; day < DAYS && r->c.n_holidays < DAYS; day++)
    if (test_below(seed, 9) == 0)
      r->holidays[r->c.n_holidays++] = (int32_t)r->base_day + day;
  r->c.holidays = r->holidays;
  for (uint32_t s = 0; s < SECONDS; s++)
    r->worked_s[s + 1] = r->worked_s[s] + works(&r->c, r->base_day * VSM_DAY_SECONDS + s);
  assert_int_equal(vsm_calendar_expand(&r->c, arena), 0);
}

static int64_t read_off(const struct random_calendar *r, int64_t us) {
  int64_t s = us / VSM_SECOND_US;
  if (s == SECONDS)
    return r->worked_s[SECONDS] * VSM_SECOND_US;
  return r->worked_s[s] * VSM_SECOND_US + (r->worked_s[s + 1] - r->worked_s[s]) * (us % VSM_SECOND_US);
}

static void clocks_read_second_by_second(void **state) {
  struct random_calendar *r = malloc(sizeof *r);
  uint64_t seed = 20260308;
  for (int round = 0; round < 12; round++) {
    vsm_arena_reset(*state);
    make_calendar(r, *state, &seed);
    int64_t base_us = r->base_day * VSM_DAY_US, worked_before_us = vsm_calendar_worked(&r->c, base_us);
    for (int i = 0; i < 20000; i++) {
      int64_t us = (int64_t)test_below(&seed, SECONDS * (uint64_t)VSM_SECOND_US + 1);
      if (i % 3 == 0)
        us -= us % VSM_MINUTE_US;
      int64_t worked_us = vsm_calendar_worked(&r->c, base_us + us);
      assert_int_equal(worked_us - worked_before_us, read_off(r, us));
      if (worked_us == worked_before_us)
        continue; // not within these days
      int64_t when_us = vsm_calendar_when(&r->c, worked_us);
      assert_true(when_us <= base_us + us && when_us > base_us);
      assert_int_equal(vsm_calendar_worked(&r->c, when_us), worked_us);
      assert_int_equal(vsm_calendar_worked(&r->c, when_us - 1), worked_us - 1); // none is earlier
    }
  }
  free(r);
}

static void dates_of_a_zone(void **state) {
  struct vsm_hours week[] = {{0, 0, VSM_DAY_MINUTES}};
  struct vsm_calendar c = chicago(*state, week, 1, NULL, 0);
  int64_t day = vsm_date_days(2026, 3, 8);
  assert_int_equal(vsm_calendar_midnight(&c, day), at(2026, 3, 8, 0, 0, -6));
  assert_int_equal(vsm_calendar_midnight(&c, day + 1), at(2026, 3, 9, 0, 0, -5)); // 23 hours later
  assert_int_equal(vsm_calendar_midnight(&c, vsm_date_days(2026, 11, 2)), at(2026, 11, 2, 0, 0, -6));
  assert_int_equal(vsm_calendar_date(&c, at(2026, 3, 8, 0, 0, -6)), day);
  assert_int_equal(vsm_calendar_date(&c, at(2026, 3, 8, 0, 0, -6) - 1), day - 1);
  assert_int_equal(vsm_calendar_midnight(NULL, day), day * VSM_DAY_US);
  assert_int_equal(vsm_calendar_date(NULL, day * VSM_DAY_US - 1), day - 1);
  for (int64_t d = vsm_date_days(2026, 1, 1); d < vsm_date_days(2027, 1, 1); d++) {
    assert_int_equal(vsm_calendar_date(&c, vsm_calendar_midnight(&c, d)), d);
    assert_int_equal(vsm_calendar_date(&c, vsm_calendar_midnight(&c, d) - 1), d - 1);
  }
}

static void dates_as_the_system_has_them(void **state) {
  (void)state;
  for (int64_t day = 0; day < VSM_CALENDAR_DAYS + 800; day++) {
    time_t at = (time_t)(day * VSM_DAY_SECONDS);
    struct tm tm;
    struct vsm_date date = vsm_date_of(day);
    assert_non_null(gmtime_r(&at, &tm));
    assert_true(date.year == tm.tm_year + 1900 && date.month == tm.tm_mon + 1 && date.day == tm.tm_mday);
    assert_int_equal(vsm_date_weekday(day), (tm.tm_wday + 6) % 7);
    assert_int_equal(vsm_date_days(date.year, date.month, date.day), day);
    assert_true(vsm_date_exists(date.year, date.month, date.day));
  }
  assert_int_equal(vsm_date_weekday(-1), 2); // a Wednesday
  assert_false(vsm_date_exists(2026, 2, 29) || vsm_date_exists(2100, 2, 29) || vsm_date_exists(2026, 12, 32));
  assert_false(vsm_date_exists(2026, 0, 1) || vsm_date_exists(2026, 13, 1) || vsm_date_exists(2026, 1, 0));
}

static void dates_as_text(void **state) {
  char text[VSM_DATE_BYTES];
  int64_t back;
  (void)state;
  for (int64_t day = 0; day < VSM_CALENDAR_DAYS + 800; day++) {
    vsm_date_print(day, text);
    assert_true(vsm_date_parse(text, strlen(text), &back));
    assert_int_equal(back, day);
  }
  vsm_date_print(vsm_date_days(2024, 2, 29), text);
  assert_string_equal(text, "2024-02-29");
  static const char *const bad[] = {"",           "2026-1-1",   "2026-02-29", "2026-13-01", "2026-00-01", "2026-04-31",
                                    "2026/01/01", "1969-12-31", "2026-01-00", "2026-01-1x", "2026-01-011"};
  for (size_t i = 0; i < N(bad); i++)
    assert_false(vsm_date_parse(bad[i], strlen(bad[i]), &back));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_week_in_an_office),
      cmocka_unit_test(hours_that_the_clocks_skip_or_repeat),
      cmocka_unit_test(from_a_friday_to_a_monday),
      cmocka_unit_test(a_night_shift_lasts_as_long_as_it_lasts),
      cmocka_unit_test(around_the_clock_is_plain_time),
      cmocka_unit_test(no_calendar_is_plain_time),
      cmocka_unit_test(a_working_day_is_the_mean_rounded_down),
      cmocka_unit_test(clocks_read_second_by_second),
      cmocka_unit_test(dates_of_a_zone),
      cmocka_unit_test(dates_as_the_system_has_them),
      cmocka_unit_test(dates_as_text),
  };
  return cmocka_run_group_tests(tests, arena_setup, arena_teardown);
}
