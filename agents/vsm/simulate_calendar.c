// Working time of the simulated company: a week of hours that comes again, in local time with a fixed offset.
#include "simulate.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const char DAYS[7][4] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

static int read_day(const char **p) {
  for (int i = 0; i < 7; i++)
    if (!strncmp(*p, DAYS[i], 3)) {
      *p += 3;
      return i;
    }
  return -1;
}

static int64_t read_clock(const char **p) {
  int h = 0, m = 0, n = 0;
  if (sscanf(*p, "%2d:%2d%n", &h, &m, &n) != 2 || h > 24 || m > 59 || h * 60 + m > 1440)
    return -1;
  *p += n;
  return (h * 60 + m) * VSM_MINUTE_US;
}

int vsm_sim_hours_parse(const char *text, struct vsm_sim_hours out[7]) {
  int first = read_day(&text), last = first;
  if (first >= 0 && *text == '-') {
    text++;
    last = read_day(&text);
  }
  if (first < 0 || last < first || *text++ != ' ')
    return -1;
  int64_t from = read_clock(&text);
  if (from < 0 || *text++ != '-')
    return -1;
  int64_t to = read_clock(&text);
  if (to <= from || *text)
    return -1;
  for (int d = first; d <= last; d++)
    out[d - first] = (struct vsm_sim_hours){d * VSM_DAY_US + from, d * VSM_DAY_US + to};
  return last - first + 1;
}

static int by_from(const void *a, const void *b) {
  const struct vsm_sim_hours *x = a, *y = b;
  return (x->from_us > y->from_us) - (x->from_us < y->from_us);
}

bool vsm_sim_calendar_close(struct vsm_sim_calendar *c) {
  struct vsm_sim_hours *h = c->week.at;
  bool worked[7] = {false};
  int days = 0;
  if (c->week.n)
    qsort(h, c->week.n, sizeof *h, by_from);
  for (unsigned i = 0; i < c->week.n; i++) {
    if (i && h[i].from_us < h[i - 1].to_us)
      return false;
    c->week_us += h[i].to_us - h[i].from_us;
    bool *day = &worked[h[i].from_us / VSM_DAY_US];
    days += !*day;
    *day = true;
  }
  c->day_us = days ? c->week_us / days : 0;
  return days > 0;
}

// Microseconds since Monday 00:00 local time. 1970-01-01 was a Thursday.
static int64_t since_monday(const struct vsm_sim_calendar *c, int64_t t_us) {
  int64_t r = (t_us + c->offset_us + 3 * VSM_DAY_US) % VSM_SIM_WEEK_US;
  return r < 0 ? r + VSM_SIM_WEEK_US : r;
}

int64_t vsm_sim_later(const struct vsm_sim_calendar *c, int64_t t_us, int64_t work_us) {
  if (!c || work_us <= 0)
    return t_us + work_us;
  const struct vsm_sim_hours *h = c->week.at;
  int64_t at = since_monday(c, t_us), monday = t_us - at;
  monday += work_us / c->week_us * VSM_SIM_WEEK_US;
  work_us %= c->week_us;
  for (unsigned i = 0;; i++) {
    if (i == c->week.n) {
      i = 0;
      at = 0;
      monday += VSM_SIM_WEEK_US;
    }
    int64_t from = h[i].from_us > at ? h[i].from_us : at;
    if (from >= h[i].to_us)
      continue;
    if (work_us <= h[i].to_us - from)
      return monday + from + work_us;
    work_us -= h[i].to_us - from;
  }
}

// Working time from Monday 00:00 to then.
static int64_t of_week(const struct vsm_sim_calendar *c, int64_t at) {
  const struct vsm_sim_hours *h = c->week.at;
  int64_t sum = 0;
  for (unsigned i = 0; i < c->week.n && h[i].from_us < at; i++)
    sum += (h[i].to_us < at ? h[i].to_us : at) - h[i].from_us;
  return sum;
}

int64_t vsm_sim_between(const struct vsm_sim_calendar *c, int64_t from_us, int64_t to_us) {
  if (!c)
    return to_us - from_us;
  int64_t a = since_monday(c, from_us), b = since_monday(c, to_us);
  int64_t weeks = ((to_us - b) - (from_us - a)) / VSM_SIM_WEEK_US;
  return weeks * c->week_us + of_week(c, b) - of_week(c, a);
}

int64_t vsm_sim_left(const struct vsm_sim_calendar *c, int64_t t_us) {
  const struct vsm_sim_hours *h = c->week.at;
  int64_t at = since_monday(c, t_us);
  for (unsigned i = 0; i < c->week.n; i++)
    if (h[i].from_us <= at && at < h[i].to_us)
      return h[i].to_us - at;
  return 0;
}

bool vsm_sim_duration_parse(const char *text, const struct vsm_sim_calendar *calendar, int64_t *out_us) {
  static const struct {
    char unit[4];
    int64_t us;
  } UNITS[] = {{"ms", 1000},       {"s", VSM_SECOND_US}, {"m", VSM_MINUTE_US},
               {"h", VSM_HOUR_US}, {"d", VSM_DAY_US},    {"w", VSM_SIM_WEEK_US}};
  char *end;
  if (!isdigit((unsigned char)*text))
    return false;
  long n = strtol(text, &end, 10);
  if (n > 1000000)
    return false;
  if (!strcmp(end, "wd") && calendar) {
    *out_us = n * calendar->day_us;
    return true;
  }
  for (size_t i = 0; i < sizeof UNITS / sizeof *UNITS; i++)
    if (!strcmp(end, UNITS[i].unit)) {
      *out_us = n * UNITS[i].us;
      return true;
    }
  return false;
}
