// Dates of the Gregorian calendar.
#pragma once
#include <stdint.h>

// Days from 1970-01-01 to a date; y >= 0, m from 1 to 12; d may lie beyond the month's end.
int64_t vsm_date_days(int64_t y, int64_t m, int64_t d);
