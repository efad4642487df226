// Hours, days, weeks and months of a time zone, as its clocks and calendars count them.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vsm_zone;

enum vsm_period { VSM_BY_HOUR, VSM_BY_DAY, VSM_BY_WEEK, VSM_BY_MONTH };
// "hour", "day", "week" (from Monday on), "month"; -1: none of them.
int vsm_period_of(const char *name);

// The last n periods up to the one that holds now: n + 1 times, rising, in whole seconds; the last is when it ends.
// Fewer where they would begin before 1970: returns how many.
size_t vsm_periods(enum vsm_period period, const struct vsm_zone *zone, int64_t now_s, size_t n, int64_t *bounds_s);
// "2025-01-31 13:00" of the zone. Into buf, of at least 20 bytes; returns it.
const char *vsm_periods_print(const struct vsm_zone *zone, int64_t at_s, char *buf, size_t size);
