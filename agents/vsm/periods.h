// Hours, days, weeks and months of a time zone, as its clocks and calendars count them.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum vsm_period { VSM_BY_HOUR, VSM_BY_DAY, VSM_BY_WEEK, VSM_BY_MONTH };
// "hour", "day", "week" (from Monday on), "month"; -1: none of them.
int vsm_period_of(const char *name);

// Uses a zone of the system's tzdata from here on; false where there is none of that name.
bool vsm_periods_zone(const char *zone);
// The last n periods up to the one that holds now: n + 1 times, rising; the last is when it ends.
void vsm_periods(enum vsm_period period, uint64_t now_ns, size_t n, uint64_t *bounds_ns);
// "2025-01-31 13:00" of the zone. Into buf; returns it.
const char *vsm_periods_print(uint64_t ns, char *buf, size_t size);
