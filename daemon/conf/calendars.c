// Calendars: the words of the week become hours by weekday, the zone's name what its clocks show, dates days. The core
// works out from these when there is working time (core/calendar.c).
#include "conf/resolve.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "conf/hours.h"
#include "conf/names.h"
#include "conf/zones.h"
#include "core/calendar.h"

// Hours of one weekday, and the word that says so.
struct spoken {
  struct vsm_hours hours;
  const struct vsm_conf_word *word;
};

static void say_hours(struct spoken *all, unsigned *n, const struct vsm_conf_word *w) {
  struct vsm_conf_hours h;
  if (vsm_conf_hours_parse(w->z, &h)) // complained about as it was read
    return;
  for (int day = h.first; day <= h.last; day++)
    all[(*n)++] = (struct spoken){{(uint8_t)day, (uint16_t)h.from_m, (uint16_t)h.to_m}, w};
}

static void complain_overlap(struct vsm_conf_reader *r, const struct vsm_conf_word *a, const struct vsm_conf_word *b) {
  bool a_first = a->line != b->line ? a->line < b->line : a->column < b->column;
  const struct vsm_conf_word *first = a_first ? a : b, *second = a_first ? b : a;
  vsm_conf_blame(r, second, "working hours that overlap \"%s\" (line %u); allowed: each hour once", first->z,
                 first->line);
}

static void check_hours(struct vsm_conf_reader *r, const struct spoken *all, unsigned n) {
  const struct spoken *furthest = all; // of this weekday: ends last
  unsigned of_day = 0;
  for (unsigned i = 0; i < n; i++) {
    if (i > 0 && all[i].hours.weekday != all[i - 1].hours.weekday) {
      furthest = &all[i];
      of_day = 0;
    }
    if (++of_day == VSM_HOURS_A_DAY_MAX + 1)
      vsm_conf_blame(r, all[i].word, "more than %d stretches of working hours in one day; allowed: up to that many",
                     VSM_HOURS_A_DAY_MAX);
    if (of_day > 1 && all[i].hours.from_m < furthest->hours.to_m)
      complain_overlap(r, furthest->word, all[i].word);
    if (all[i].hours.to_m > furthest->hours.to_m)
      furthest = &all[i];
  }
}

static void resolve_week(struct vsm_conf_reader *r, const struct vsm_conf_words *week, struct vsm_calendar *out) {
  struct spoken *all = vsm_conf_alloc(r, (size_t)week->n * 7 + 1, sizeof *all);
  for (unsigned i = 0; i < week->n; i++)
    say_hours(all, &out->n_hours, &week->at[i]);
  qsort(all, out->n_hours, sizeof *all, vsm_conf_hours_by_time);
  check_hours(r, all, out->n_hours);
  struct vsm_hours *hours = vsm_conf_alloc(r, out->n_hours + 1, sizeof *hours);
  for (unsigned i = 0; i < out->n_hours; i++)
    hours[i] = all[i].hours;
  out->hours = hours;
}

static int by_day(const void *a, const void *b) {
  int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
  return (x > y) - (x < y);
}

static void resolve_holidays(struct vsm_conf_reader *r, const struct vsm_conf_words *dates, struct vsm_calendar *out) {
  int32_t *days = vsm_conf_alloc(r, dates->n + 1, sizeof *days);
  for (unsigned i = 0; i < dates->n; i++)
    if (!vsm_conf_date_parse(dates->at[i].z, &days[out->n_holidays]))
      out->n_holidays++;
  qsort(days, out->n_holidays, sizeof *days, by_day);
  if (dates->n)
    vsm_conf_check_twice(r, dates->at, dates->n, sizeof *dates->at, "holiday");
  out->holidays = days;
}

struct vsm_calendar *vsm_conf_resolve_calendars(struct vsm_conf_reader *r, struct vsm_config *config) {
  unsigned n = config->calendars.n < VSM_CALENDARS_MAX ? config->calendars.n : VSM_CALENDARS_MAX;
  struct vsm_calendar *calendars = vsm_conf_alloc(r, n + 1, sizeof *calendars);
  if (config->calendars.n)
    vsm_conf_check_twice(r, &config->calendars.at->id, config->calendars.n, sizeof *config->calendars.at, "calendar");
  for (unsigned i = 0; i < n; i++) {
    const struct vsm_conf_calendar *from = &config->calendars.at[i];
    calendars[i].id = from->id.z;
    if (from->zone.z)
      vsm_conf_zone(r, &from->zone, &calendars[i].zone);
    resolve_week(r, &from->week, &calendars[i]);
    resolve_holidays(r, &from->holidays, &calendars[i]);
  }
  config->model.calendars = calendars;
  config->model.n_calendars = n;
  return calendars;
}

void vsm_conf_expand_calendars(struct vsm_conf_reader *r, struct vsm_calendar *calendars, unsigned n) {
  for (unsigned i = 0; i < n; i++)
    if (vsm_calendar_expand(&calendars[i], r->arena) != 0)
      vsm_mem_need(NULL, VSM_CALENDAR_DAYS);
}

const char *vsm_conf_in_force(const struct vsm_conf_word *own, const char *outer) {
  return !own->z ? outer : strcmp(own->z, "none") == 0 ? NULL : own->z;
}

const struct vsm_calendar *vsm_conf_calendar(const struct vsm_config *config, const char *id) {
  for (unsigned i = 0; id && i < config->model.n_calendars; i++)
    if (config->model.calendars[i].id && strcmp(config->model.calendars[i].id, id) == 0)
      return &config->model.calendars[i];
  return NULL;
}
