// Working time of the simulated company: that of the configuration's calendars, which are the daemon's own.
#include "simulate.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/calendar.h"

int64_t vsm_sim_later(const struct vsm_calendar *c, int64_t t_us, int64_t work_us) {
  if (!c || work_us <= 0)
    return t_us + work_us;
  int64_t when_us = vsm_calendar_when(c, vsm_calendar_worked(c, t_us) + work_us);
  return when_us < VSM_TIME_MAX ? when_us : VSM_TIME_MAX; // after it nothing is simulated
}

int64_t vsm_sim_left(const struct vsm_calendar *c, int64_t t_us) {
  const struct vsm_run *run = &c->runs[c->run_of_day[t_us / VSM_DAY_US]];
  while (run[1].from_s * VSM_SECOND_US <= t_us)
    run++;
  int64_t end_us = (run->from_s + (int64_t)run[1].before_s - run->before_s) * VSM_SECOND_US;
  return end_us > t_us ? end_us - t_us : 0;
}

int64_t vsm_sim_week_us(const struct vsm_calendar *c) {
  int64_t minutes = 0;
  for (unsigned i = 0; i < c->n_hours; i++)
    minutes += c->hours[i].to_m - c->hours[i].from_m;
  return minutes * VSM_MINUTE_US;
}

bool vsm_sim_duration_parse(const char *text, const struct vsm_calendar *calendar, int64_t *out_us) {
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
    *out_us = n * vsm_calendar_day_us(calendar);
    return true;
  }
  for (size_t i = 0; i < sizeof UNITS / sizeof *UNITS; i++)
    if (!strcmp(end, UNITS[i].unit)) {
      *out_us = n * UNITS[i].us;
      return true;
    }
  return false;
}
