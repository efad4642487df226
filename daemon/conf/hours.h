// Working hours and dates as they are written.
#pragma once
#include <stdint.h>

struct vsm_conf_hours {
  int first, last;  // weekdays, 0: Monday
  int from_m, to_m; // minutes of the day
};

// "mon-fri 08:00-17:00". NULL where the text is good, else what is wrong and what is allowed.
const char *vsm_conf_hours_parse(const char *text, struct vsm_conf_hours *out);
// For qsort(), of struct vsm_hours or what begins with one.
int vsm_conf_hours_by_time(const void *a, const void *b);
// "2026-12-25", in days since 1970-01-01; likewise.
const char *vsm_conf_date_parse(const char *text, int32_t *day);
