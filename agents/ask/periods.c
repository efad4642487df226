// A day begins at the first instant at which the zone's clocks show it, or a later one where they skip midnight. If
// they show midnight twice, only the first begins a day, so that days never overlap and none is empty; weeks and months
// begin with their first day. An hour begins whenever the clocks show a whole one, and where they jump by a part of
// one.
#include "agents/ask/periods.h"

#include <stdio.h>
#include <string.h>

#include "base/date.h"
#include "core/calendar.h"

enum { HOUR_S = 3600, DAY_S = 24 * HOUR_S };

int vsm_period_of(const char *name) {
  static const char *const names[] = {"hour", "day", "week", "month"};
  for (int i = 0; i < 4; i++)
    if (strcmp(name, names[i]) == 0)
      return i;
  return -1;
}

// A time in which the zone's clocks keep one offset.
struct span {
  int64_t from_s, to_s;
  int32_t offset_s;
};

static struct span span_at(const struct vsm_zone *z, unsigned i) {
  return (struct span){i ? z->changes[i - 1].at_s : 0, i < z->n_changes ? z->changes[i].at_s : INT64_MAX,
                       i ? z->changes[i - 1].offset_s : z->offset_s};
}

static struct span span_of(const struct vsm_zone *z, int64_t at_s) {
  unsigned i = 0;
  while (i < z->n_changes && z->changes[i].at_s <= at_s)
    i++;
  return span_at(z, i);
}

// The first instant at which the clocks show midnight of a local day, or later.
static int64_t day_begins(const struct vsm_zone *z, int64_t day) {
  for (unsigned i = 0; i < z->n_changes; i++) {
    struct span s = span_at(z, i);
    int64_t at = day * DAY_S - s.offset_s;
    if (at < s.to_s)
      return at > s.from_s ? at : s.from_s;
  }
  struct span last = span_at(z, z->n_changes);
  int64_t at = day * DAY_S - last.offset_s;
  return at > last.from_s ? at : last.from_s;
}

// The local day that holds an instant. Near a midnight that is shown twice the clocks are a day behind.
static int64_t day_of(const struct vsm_zone *z, int64_t at_s) {
  int64_t day = (at_s + vsm_zone_offset(z, at_s)) / DAY_S;
  return day_begins(z, day + 1) <= at_s ? day + 1 : day;
}

// The first day of a period so many behind (or before) that of a day.
static int64_t first_day(enum vsm_period period, int64_t day, int64_t behind) {
  if (period == VSM_BY_DAY)
    return day + behind;
  if (period == VSM_BY_WEEK)
    return day - vsm_date_weekday(day) + 7 * behind;
  struct vsm_date date = vsm_date_of(day);
  int64_t months = date.year * 12 + date.month - 1 + behind;
  return vsm_date_days(months / 12, months % 12 + 1, 1);
}

static int64_t hour_begins(const struct vsm_zone *z, int64_t at_s) {
  struct span s = span_of(z, at_s);
  int64_t begin = at_s - (at_s + s.offset_s) % HOUR_S;
  return begin > s.from_s ? begin : s.from_s;
}

static int64_t hour_ends(const struct vsm_zone *z, int64_t at_s) {
  struct span s = span_of(z, at_s);
  int64_t end = at_s - (at_s + s.offset_s) % HOUR_S + HOUR_S;
  return end < s.to_s ? end : s.to_s;
}

size_t vsm_periods(enum vsm_period period, const struct vsm_zone *zone, int64_t now_s, size_t n, int64_t *bounds_s) {
  int64_t day = day_of(zone, now_s);
  size_t left = n;
  bounds_s[n] = period == VSM_BY_HOUR ? hour_ends(zone, now_s) : day_begins(zone, first_day(period, day, 1));
  while (left > 0) {
    int64_t begin = period == VSM_BY_HOUR ? hour_begins(zone, left == n ? now_s : bounds_s[left] - 1)
                                          : day_begins(zone, first_day(period, day, (int64_t)left - (int64_t)n));
    if (begin <= 0)
      break;
    bounds_s[--left] = begin;
  }
  memmove(bounds_s, bounds_s + left, (n - left + 1) * sizeof *bounds_s);
  return n - left;
}

const char *vsm_periods_print(const struct vsm_zone *zone, int64_t at_s, char *buf, size_t size) {
  int64_t local = at_s + vsm_zone_offset(zone, at_s);
  char date[VSM_DATE_BYTES];
  vsm_date_print(local / DAY_S, date);
  snprintf(buf, size, "%s %02d:%02d", date, (int)(local % DAY_S / HOUR_S), (int)(local % HOUR_S / 60));
  return buf;
}
