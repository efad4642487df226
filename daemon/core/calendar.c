// All that a calendar says is written out once as runs of working time in UTC, up to 2100: with five working days a
// week 34,000 of them, of 8 bytes. Run i begins at from[i] and adds before[i + 1] - before[i], so that what was worked
// up to t is the smaller of before[i] + t - from[i] and before[i + 1], where i is the last run that has begun. A table
// of UTC days finds that run within a few steps (a day has few), and its neighbours in time are its neighbours in
// memory. Everything in it is a whole second: hours are whole minutes, offsets of zones and their changes whole
// seconds.
#include "core/calendar.h"

#include "base/arena.h"
#include "base/date.h"
#include "base/err.h"
#include "core/hash.h"

#define END_S (VSM_TIME_MAX / VSM_SECOND_US)

// Runs as they are written; with at NULL they are only counted.
struct draft {
  struct vsm_run *at;
  uint32_t n;
  int64_t end_s, worked_s; // of the last one; worked up to its end
};

static struct draft draft_begin(struct vsm_run *at) {
  struct draft d = {.at = at, .n = 1};
  if (at)
    at[0] = (struct vsm_run){0, 0};
  return d;
}

static void draft_add(struct draft *d, int64_t from_s, int64_t to_s) {
  if (from_s >= to_s)
    return;
  if (from_s > d->end_s) { // else it goes on where the last one ended
    if (d->at)
      d->at[d->n] = (struct vsm_run){(uint32_t)from_s, (uint32_t)d->worked_s};
    d->n++;
  }
  d->worked_s += to_s - from_s;
  d->end_s = to_s;
}

static bool is_holiday(const struct vsm_calendar *c, int64_t day) {
  unsigned low = 0, high = c->n_holidays;
  while (low < high) {
    unsigned mid = low + (high - low) / 2;
    if (c->holidays[mid] < day)
      low = mid + 1;
    else
      high = mid;
  }
  return low < c->n_holidays && c->holidays[low] == day;
}

// Days since 1970-01-01 begin and end at local midnight; zones are at most 26 hours from UTC.
static int64_t day_of(int64_t local_s) {
  return (local_s + 2 * VSM_DAY_SECONDS) / VSM_DAY_SECONDS - 2;
}

// The hours within [from_s, to_s), in which local time is UTC + offset_s.
static void add_stretch(const struct vsm_calendar *c, struct draft *d, int64_t from_s, int64_t to_s, int64_t offset_s) {
  int64_t from = from_s + offset_s, to = to_s + offset_s; // as the clocks show them
  for (int64_t day = day_of(from); day * VSM_DAY_SECONDS < to; day++) {
    if (is_holiday(c, day))
      continue;
    for (unsigned i = 0; i < c->n_hours; i++) {
      const struct vsm_hours *h = &c->hours[i];
      if (h->weekday != vsm_date_weekday(day))
        continue;
      int64_t begin = day * VSM_DAY_SECONDS + h->from_m * 60, end = day * VSM_DAY_SECONDS + h->to_m * 60;
      draft_add(d, (begin > from ? begin : from) - offset_s, (end < to ? end : to) - offset_s);
    }
  }
}

static void add_all(const struct vsm_calendar *c, struct draft *d) {
  int64_t from_s = 0, offset_s = c->zone.offset_s;
  for (unsigned i = 0; i < c->zone.n_changes; i++) {
    add_stretch(c, d, from_s, c->zone.changes[i].at_s, offset_s);
    from_s = c->zone.changes[i].at_s;
    offset_s = c->zone.changes[i].offset_s;
  }
  add_stretch(c, d, from_s, END_S, offset_s);
}

static void find_runs_of_days(const struct vsm_run *runs, uint32_t *run_of_day) {
  uint32_t run = 0;
  for (uint32_t day = 0; day < VSM_CALENDAR_DAYS; day++) {
    while (runs[run + 1].from_s <= day * VSM_DAY_SECONDS)
      run++;
    run_of_day[day] = run;
  }
}

int vsm_calendar_expand(struct vsm_calendar *c, struct vsm_arena *arena) {
  struct draft d = draft_begin(NULL);
  add_all(c, &d);
  struct vsm_run *runs = vsm_arena_alloc(arena, (d.n + 1) * sizeof *runs);
  uint32_t *run_of_day = vsm_arena_alloc(arena, VSM_CALENDAR_DAYS * sizeof *run_of_day);
  if (!runs || !run_of_day)
    return VSM_ENOMEM;
  d = draft_begin(runs);
  add_all(c, &d);
  runs[d.n] = (struct vsm_run){UINT32_MAX, (uint32_t)d.worked_s};
  find_runs_of_days(runs, run_of_day);
  c->runs = runs;
  c->n_runs = d.n;
  c->run_of_day = run_of_day;
  return 0;
}

int64_t vsm_calendar_worked(const struct vsm_calendar *c, int64_t us) {
  if (!c)
    return us;
  if (us < 0)
    return 0;
  if (us >= VSM_TIME_MAX)
    return c->runs[c->n_runs].before_s * VSM_SECOND_US;
  const struct vsm_run *run = &c->runs[c->run_of_day[us / VSM_DAY_US]];
  while (run[1].from_s * VSM_SECOND_US <= us)
    run++;
  int64_t worked_us = run->before_s * VSM_SECOND_US + us - run->from_s * VSM_SECOND_US;
  int64_t all_us = run[1].before_s * VSM_SECOND_US;
  return worked_us < all_us ? worked_us : all_us;
}

uint32_t vsm_calendar_hash(const struct vsm_calendar *c, int64_t until_us) {
  int64_t worked_us = vsm_calendar_worked(c, until_us); // which says where the last run ends
  uint32_t last = c->run_of_day[until_us / VSM_DAY_US];
  while (c->runs[last + 1].from_s * VSM_SECOND_US < until_us)
    last++;
  while (last > 0 && c->runs[last].from_s * VSM_SECOND_US >= until_us)
    last--;
  uint32_t hash = vsm_hash((struct vsm_str){(const char *)&worked_us, sizeof worked_us}, 0);
  return vsm_hash((struct vsm_str){(const char *)c->runs, (last + 1) * sizeof *c->runs}, hash);
}

// The last run before which less was worked, which is more than 0. It is looked for where it would lie if work were
// spread evenly over all time, and from there on in steps that double.
static uint32_t run_before(const struct vsm_calendar *c, int64_t worked_us) {
  const struct vsm_run *runs = c->runs;
  uint64_t all_s = runs[c->n_runs].before_s, worked_s = (uint64_t)(worked_us / VSM_SECOND_US);
  uint32_t low = (uint32_t)(worked_s * (c->n_runs - 1) / all_s), high = low, step = 1;
  while (low > 0 && runs[low].before_s * VSM_SECOND_US >= worked_us) {
    high = low;
    low = low > step ? low - step : 0;
    step *= 2;
  }
  for (high = high > low ? high : low + 1; high < c->n_runs && runs[high].before_s * VSM_SECOND_US < worked_us;) {
    low = high;
    high = c->n_runs - high > step ? high + step : c->n_runs;
    step *= 2;
  }
  while (high - low > 1) {
    uint32_t mid = low + (high - low) / 2;
    if (runs[mid].before_s * VSM_SECOND_US < worked_us)
      low = mid;
    else
      high = mid;
  }
  return low;
}

int64_t vsm_calendar_when(const struct vsm_calendar *c, int64_t worked_us) {
  if (!c)
    return worked_us;
  if (worked_us <= 0)
    return 0;
  if (worked_us > c->runs[c->n_runs].before_s * VSM_SECOND_US)
    return INT64_MAX;
  const struct vsm_run *run = &c->runs[run_before(c, worked_us)];
  return run->from_s * VSM_SECOND_US + worked_us - run->before_s * VSM_SECOND_US;
}

int64_t vsm_zone_offset(const struct vsm_zone *z, int64_t s) {
  unsigned low = 0, high = z->n_changes; // the last change that has come is the one before low
  while (low < high) {
    unsigned mid = low + (high - low) / 2;
    if (z->changes[mid].at_s <= s)
      low = mid + 1;
    else
      high = mid;
  }
  return low > 0 ? z->changes[low - 1].offset_s : z->offset_s;
}

int64_t vsm_calendar_date(const struct vsm_calendar *c, int64_t us) {
  int64_t s = us / VSM_SECOND_US;
  return day_of(s + (c ? vsm_zone_offset(&c->zone, s) : 0));
}

int64_t vsm_calendar_midnight(const struct vsm_calendar *c, int64_t day) {
  enum { QUARTER_S = 15 * 60, ZONE_QUARTERS = 26 * 4 };
  int64_t utc = day * (VSM_DAY_SECONDS / QUARTER_S), low = utc - ZONE_QUARTERS, high = utc + ZONE_QUARTERS;
  if (!c)
    return day * VSM_DAY_US;
  while (low < high) { // clocks that are put back over midnight show the day twice; any of its beginnings will do
    int64_t mid = low + (high - low) / 2;
    if (vsm_calendar_date(c, mid * QUARTER_S * VSM_SECOND_US) < day)
      low = mid + 1;
    else
      high = mid;
  }
  return low * QUARTER_S * VSM_SECOND_US;
}

int64_t vsm_calendar_day_us(const struct vsm_calendar *c) {
  if (!c)
    return VSM_DAY_US;
  int64_t minutes = 0, days = 0;
  for (unsigned i = 0; i < c->n_hours; i++) {
    minutes += c->hours[i].to_m - c->hours[i].from_m;
    days += i == 0 || c->hours[i].weekday != c->hours[i - 1].weekday;
  }
  return minutes * VSM_MINUTE_US / days;
}
