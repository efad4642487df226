// Quiet hours and digests: when a message may leave, by a calendar.
#pragma once
#include <stdint.h>

struct vsm_calendar;

// `us` itself where it is working time, or there is no calendar; else when that begins. INT64_MAX: never again.
int64_t vsm_quiet_until(const struct vsm_calendar *working, int64_t us);
// When the next stretch of working time begins after `us`: 08:00 and 13:00 where there is a lunch break.
int64_t vsm_quiet_next_stretch(const struct vsm_calendar *c, int64_t us);
