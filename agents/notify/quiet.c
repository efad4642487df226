// A calendar's runs of working time lie in one array by time (core/calendar.h). Two that touch, as at midnight, are one
// stretch.
#include "agents/notify/quiet.h"

#include "core/calendar.h"

static int64_t length_s(const struct vsm_calendar *c, unsigned i) {
  return (int64_t)c->runs[i + 1].before_s - c->runs[i].before_s;
}

// The last run that has begun at a time; 0 where none has.
static unsigned run_at(const struct vsm_calendar *c, int64_t at_s) {
  unsigned low = 0, high = c->n_runs;
  while (high - low > 1) {
    unsigned middle = low + (high - low) / 2;
    if (c->runs[middle].from_s <= at_s)
      low = middle;
    else
      high = middle;
  }
  return low;
}

// The start of the first run from number i on that has any time and begins after at_us.
static int64_t next_start(const struct vsm_calendar *c, unsigned i, int64_t at_us, bool of_stretch) {
  for (int64_t before_s = -1; i < c->n_runs; i++) {
    bool goes_on = of_stretch && before_s == c->runs[i].from_s;
    int64_t from_us = (int64_t)c->runs[i].from_s * VSM_SECOND_US;
    if (length_s(c, i) == 0)
      continue;
    if (from_us > at_us && !goes_on)
      return from_us;
    before_s = c->runs[i].from_s + length_s(c, i);
  }
  return INT64_MAX;
}

int64_t vsm_quiet_until(const struct vsm_calendar *c, int64_t us) {
  if (!c || us == INT64_MAX)
    return us;
  unsigned i = c->n_runs ? run_at(c, us / VSM_SECOND_US) : 0;
  int64_t from_us = c->n_runs ? (int64_t)c->runs[i].from_s * VSM_SECOND_US : INT64_MAX;
  if (from_us <= us && us < from_us + length_s(c, i) * VSM_SECOND_US)
    return us;
  return next_start(c, i, us, false);
}

int64_t vsm_quiet_next_stretch(const struct vsm_calendar *c, int64_t us) {
  return c->n_runs ? next_start(c, run_at(c, us / VSM_SECOND_US), us, true) : INT64_MAX;
}
