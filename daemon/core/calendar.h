// Working time: a week of hours that comes again, in a time zone, without its holidays. Working is whenever the zone's
// clocks show a time within the hours of a day that is no holiday: what a change of the clocks skips is no time at all,
// and what it repeats is worked twice.
#pragma once
#include <stdint.h>

#include "base/time.h"

struct vsm_arena;

enum {
  VSM_CALENDARS_MAX = 64,
  VSM_HOURS_A_DAY_MAX = 8, // runs of working hours in one day
  VSM_DAY_MINUTES = 24 * 60,
  VSM_DAY_SECONDS = 24 * 60 * 60,
  VSM_CALENDAR_DAYS = VSM_TIME_MAX / VSM_DAY_US, // 1970 .. 2099
};

// Local time = UTC + offset, until the next change.
struct vsm_zone_change {
  uint32_t at_s; // since 1970-01-01T00:00:00Z, not 0
  int32_t offset_s;
};

// What a zone's clocks show from 1970 up to 2100, rules of the future written out.
struct vsm_zone {
  const char *name;
  int32_t offset_s; // at 1970-01-01T00:00:00Z
  const struct vsm_zone_change *changes;
  unsigned n_changes; // ascending, before VSM_TIME_MAX
};

struct vsm_hours {
  uint8_t weekday;       // 0: Monday
  uint16_t from_m, to_m; // minutes of the local day: from < to <= VSM_DAY_MINUTES
};

// A run of working time: from_s on, until the next run's before_s is reached.
struct vsm_run {
  uint32_t from_s;   // since 1970-01-01T00:00:00Z
  uint32_t before_s; // worked before it
};

struct vsm_calendar {
  const char *id;
  struct vsm_zone zone;
  const struct vsm_hours *hours; // by weekday, then time; none overlap; at least one, VSM_HOURS_A_DAY_MAX a day
  unsigned n_hours;
  const int32_t *holidays; // local days since 1970-01-01, ascending
  unsigned n_holidays;
  // What follows from these; set by vsm_calendar_expand().
  const struct vsm_run *runs; // by time; the first at 0 may be empty, one at the end stands behind all time
  unsigned n_runs;            // without that one
  const uint32_t *run_of_day; // of each UTC day: the last run that has begun at its midnight
};

// Local time less UTC, in seconds, at a time in seconds since 1970-01-01T00:00:00Z.
int64_t vsm_zone_offset(const struct vsm_zone *zone, int64_t at_s);

// Works out the runs, in `arena`. 0 or VSM_ENOMEM.
int vsm_calendar_expand(struct vsm_calendar *c, struct vsm_arena *arena);

// Working time from 1970-01-01T00:00:00Z to then, so that b's less a's is what was worked between them. Never falls.
// Before 1970 there is none, and none after 2099. Without a calendar (NULL) all time counts: `us` itself.
int64_t vsm_calendar_worked(const struct vsm_calendar *c, int64_t us);
// The other way: the earliest time at which so much has been worked; INT64_MAX where it never will be. NULL as above.
int64_t vsm_calendar_when(const struct vsm_calendar *c, int64_t worked_us);
// The same for calendars that say the same of all time before then (before VSM_TIME_MAX).
uint32_t vsm_calendar_hash(const struct vsm_calendar *c, int64_t until_us);
// Days since 1970-01-01 as the zone's clocks count them, and when such a day begins: the first quarter of an hour (UTC)
// at which they show it. NULL: UTC.
int64_t vsm_calendar_date(const struct vsm_calendar *c, int64_t us);
int64_t vsm_calendar_midnight(const struct vsm_calendar *c, int64_t day);
// One working day, `wd`: the mean of the weekdays that have working hours, holidays or not; rounded down to a
// microsecond. NULL: a day. Needs no runs.
int64_t vsm_calendar_day_us(const struct vsm_calendar *c);
