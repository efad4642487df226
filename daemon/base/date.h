// Dates of the Gregorian calendar.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Days from 1970-01-01 to a date; y >= 0, m from 1 to 12; d may lie beyond the month's end.
int64_t vsm_date_days(int64_t y, int64_t m, int64_t d);
// Back; from year 0 on.
struct vsm_date {
  int year, month, day; // month and day from 1
};
struct vsm_date vsm_date_of(int64_t days);
int vsm_date_weekday(int64_t days); // 0: Monday
bool vsm_date_exists(int64_t y, int64_t m, int64_t d);

// "2026-12-31", from days since 1970-01-01 (at least 0, before the year 10000) and back. False: no such day, or before
// 1970.
enum { VSM_DATE_BYTES = 11 };
void vsm_date_print(int64_t days, char out[VSM_DATE_BYTES]);
bool vsm_date_parse(const char *p, size_t n, int64_t *days);
