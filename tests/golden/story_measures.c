// Lines of a story that say how something is measured: attributes, working hours, what is expected.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/calendar.h"
#include "golden/story.h"

// ---- calendar ID DAY[-DAY] HH:MM-HH:MM ... [holiday DAY]... (UTC)

static int weekday(const char *text, size_t n) {
  static const char days[] = "montuewedthufrisatsun";
  for (int i = 0; i < 7; i++)
    if (n == 3 && strncmp(days + 3 * i, text, 3) == 0)
      return i;
  return -1;
}

static bool add_hours(struct vsm_hours *hours, unsigned *n, const char *days, const char *times) {
  unsigned h1, m1, h2, m2;
  const char *dash = strchr(days, '-');
  int first = weekday(days, dash ? (size_t)(dash - days) : strlen(days));
  int last = dash ? weekday(dash + 1, strlen(dash + 1)) : first;
  if (first < 0 || last < first || *n + 7 > 7 * VSM_HOURS_A_DAY_MAX ||
      sscanf(times, "%2u:%2u-%2u:%2u", &h1, &m1, &h2, &m2) != 4)
    return false;
  for (int d = first; d <= last; d++)
    hours[(*n)++] = (struct vsm_hours){(uint8_t)d, (uint16_t)(h1 * 60 + m1), (uint16_t)(h2 * 60 + m2)};
  return true;
}

static int by_day(const void *pa, const void *pb) {
  const struct vsm_hours *a = pa, *b = pb;
  return a->weekday != b->weekday ? a->weekday - b->weekday : a->from_m - b->from_m;
}

static bool read_calendar(struct story *s, char **w, unsigned n) {
  struct vsm_calendar *c = vsm_arena_zalloc(&s->arena, sizeof *c);
  struct vsm_hours *hours = vsm_arena_zalloc(&s->arena, 7 * VSM_HOURS_A_DAY_MAX * sizeof *hours);
  int32_t *holidays = vsm_arena_zalloc(&s->arena, STORY_WORDS_MAX * sizeof *holidays);
  if (n < 3 || n % 2 == 0 || s->n_calendars == STORY_MEASURES_MAX)
    return false;
  *c = (struct vsm_calendar){.id = w[0], .zone = {.name = "UTC"}, .hours = hours, .holidays = holidays};
  for (unsigned i = 1; i < n; i += 2) {
    int64_t us;
    if (strcmp(w[i], "holiday") != 0) {
      if (!add_hours(hours, &c->n_hours, w[i], w[i + 1]))
        return false;
    } else if (story_day(w[i + 1], &us))
      holidays[c->n_holidays++] = (int32_t)(us / VSM_DAY_US);
    else
      return false;
  }
  qsort(hours, c->n_hours, sizeof *hours, by_day);
  s->calendars[s->n_calendars++] = c;
  return vsm_calendar_expand(c, &s->arena) == 0;
}

const struct vsm_calendar *story_calendar(struct story *s, const char *id) {
  for (unsigned i = 0; i < s->n_calendars; i++)
    if (strcmp(s->calendars[i]->id, id) == 0)
      return s->calendars[i];
  return NULL;
}

// ---- measure stream|STAGE calendar ID | measure STAGE min_visits N

static struct story_measure *add(struct story *s, char *of) {
  if (s->n_measures == STORY_MEASURES_MAX)
    return NULL;
  struct story_measure *m = &s->measures[s->n_measures++];
  *m = (struct story_measure){.of = strcmp(of, "stream") == 0 ? NULL : of};
  return m;
}

static bool read_measure(struct story *s, char **w, unsigned n) {
  struct story_measure *m = n == 3 ? add(s, w[0]) : NULL;
  if (!m)
    return false;
  if (strcmp(w[1], "min_visits") == 0) {
    m->kind = STORY_MIN_VISITS;
    m->min_visits = strtoull(w[2], NULL, 10);
    return true;
  }
  m->kind = STORY_CALENDAR;
  m->calendar = story_calendar(s, w[2]);
  return strcmp(w[1], "calendar") == 0 && (m->calendar || strcmp(w[2], "none") == 0);
}

// ---- expected stream|STAGE within TIME [name NAME] [from|to STAGE/entered|left] [where NAME=VALUE[,VALUE]...]
//      [clock ours] [calendar ID] [share 85%] [over WINDOW] [min_count N]

static bool read_end(struct story *s, char *text, const char **stage, bool *left) {
  char *slash = strchr(text, '/');
  if (!slash)
    return false;
  *slash++ = '\0';
  *stage = text;
  *left = strcmp(slash, "left") == 0;
  return story_stage(s, text) >= 0 && (*left || strcmp(slash, "entered") == 0);
}

bool story_where(struct story *s, char *text, const struct vsm_where **out) {
  struct vsm_where *where = vsm_arena_zalloc(&s->arena, sizeof *where);
  struct vsm_str *values = vsm_arena_zalloc(&s->arena, STORY_WORDS_MAX * sizeof *values);
  char *value = strchr(text, '='), *at = NULL;
  if (!value)
    return false;
  *value++ = '\0';
  while (where->attribute < s->n_segments && strcmp(s->segments[where->attribute], text) != 0)
    where->attribute++;
  where->values = values;
  for (char *v = strtok_r(value, ",", &at); v; v = strtok_r(NULL, ",", &at))
    values[where->n++] = vsm_str_of(v);
  *out = where;
  return where->attribute < s->n_segments;
}

static bool read_share(const char *text, uint32_t *ppm) {
  char *end;
  *ppm = (uint32_t)(strtod(text, &end) * 10000 + 0.5);
  return end > text && strcmp(end, "%") == 0;
}

static bool read_expected(struct story *s, char **w, unsigned n) {
  struct story_measure *m = n >= 3 && n % 2 ? add(s, w[0]) : NULL;
  if (!m)
    return false;
  struct vsm_expectation *e = &m->expected;
  m->kind = STORY_EXPECTED;
  *e = (struct vsm_expectation){.name = "", .target_ppm = 850000, .window_us = VSM_DAY_US, .min_count = 20};
  for (unsigned i = 1; i < n; i += 2) {
    char *value = w[i + 1];
    bool good = false;
    if (strcmp(w[i], "within") == 0)
      good = story_duration(value, &e->within_us);
    else if (strcmp(w[i], "name") == 0)
      good = (e->name = value) != NULL;
    else if (strcmp(w[i], "from") == 0)
      good = read_end(s, value, &m->from, &e->from_left);
    else if (strcmp(w[i], "to") == 0)
      good = read_end(s, value, &m->to, &e->to_left);
    else if (strcmp(w[i], "where") == 0)
      e->n_where = good = story_where(s, value, &e->where);
    else if (strcmp(w[i], "share") == 0)
      good = read_share(value, &e->target_ppm);
    else if (strcmp(w[i], "over") == 0)
      good = story_duration(value, &e->window_us);
    else if (strcmp(w[i], "min_count") == 0)
      good = (e->min_count = strtoull(value, NULL, 10)) > 0;
    else if (strcmp(w[i], "clock") == 0)
      good = e->ours = strcmp(value, "ours") == 0;
    else if (strcmp(w[i], "calendar") == 0)
      good = (e->calendar = story_calendar(s, value)) != NULL;
    if (!good)
      return false;
  }
  return true;
}

static bool read_segments(struct story *s, char **w, unsigned n) {
  for (unsigned i = 0; i < n && s->n_segments < STORY_SEGMENTS_MAX; i++)
    s->segments[s->n_segments++] = w[i];
  return n > 0 && n <= STORY_SEGMENTS_MAX && s->n_rules == 0; // rules carry them
}

bool story_measure(struct story *s, char **w, unsigned n) {
  if (strcmp(w[0], "segments") == 0)
    return read_segments(s, w + 1, n - 1);
  if (strcmp(w[0], "calendar") == 0)
    return read_calendar(s, w + 1, n - 1);
  if (strcmp(w[0], "measure") == 0)
    return read_measure(s, w + 1, n - 1);
  return strcmp(w[0], "expected") == 0 && read_expected(s, w + 1, n - 1);
}
