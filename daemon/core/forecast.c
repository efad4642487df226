// The days of a stream are read from its quarters of an hour, midnight by midnight of its calendar's zone. Today is
// neither past nor ahead: it is not over, so it is not drawn from, and what it still brings is not promised.
#include "core/forecast.h"

#include "base/err.h"
#include "core/bottleneck.h"
#include "core/calendar.h"
#include "core/state.h"

const char *vsm_forecast_kind_name(enum vsm_forecast_kind k) {
  static const char *const names[] = {"open", "items", "by", "item"};
  return names[k];
}

struct room {
  uint32_t done[VSM_FORECAST_HISTORY];
  uint8_t kind[VSM_FORECAST_HISTORY];
  uint8_t kind_ahead[VSM_FORECAST_AHEAD];
  uint64_t totals[VSM_FORECAST_TRIALS];
};

struct reading {
  const struct vsm_core *core;
  const struct vsm_stream_state *s;
  const struct vsm_calendar *calendar; // of the stream; NULL: none
  int64_t today;
  struct room *room;
  struct vsm_days days;
};

static uint8_t kind_of(const struct vsm_calendar *c, int64_t begin_us, int64_t end_us) {
  return vsm_calendar_worked(c, end_us) > vsm_calendar_worked(c, begin_us);
}

// From the day after the first that has any: before it nothing could be done yet, or nothing was told.
static void read_past(struct reading *r, enum vsm_series_what what) {
  int64_t begin = vsm_calendar_midnight(r->calendar, r->today - VSM_FORECAST_HISTORY);
  bool begun = false;
  for (int64_t day = r->today - VSM_FORECAST_HISTORY; day < r->today; day++) {
    int64_t counts[3] = {0}, end = vsm_calendar_midnight(r->calendar, day + 1);
    vsm_series_counts(&r->s->series, begin < 0 ? 0 : begin, end, counts);
    if (begun) {
      r->room->done[r->days.n] = counts[what] > 0 ? (uint32_t)counts[what] : 0;
      r->room->kind[r->days.n++] = kind_of(r->calendar, begin, end);
    }
    begun |= counts[what] > 0;
    begin = end;
  }
}

static void read_ahead(struct reading *r) {
  int64_t begin = vsm_calendar_midnight(r->calendar, r->today + 1);
  for (unsigned i = 0; i < VSM_FORECAST_AHEAD; i++) {
    int64_t end = vsm_calendar_midnight(r->calendar, r->today + 2 + i);
    r->room->kind_ahead[i] = kind_of(r->calendar, begin, end);
    begin = end;
  }
  r->days.n_ahead = VSM_FORECAST_AHEAD;
}

// What the days drawn from brought.
static void tell_sample(const struct reading *r, struct vsm_forecast_view *out) {
  int64_t counts[3] = {0};
  out->days = r->days.n < VSM_FORECAST_SAMPLED ? r->days.n : VSM_FORECAST_SAMPLED;
  out->first_day = r->today - out->days;
  for (unsigned i = r->days.n - out->days; i < r->days.n; i++)
    out->done += r->days.done[i];
  vsm_series_counts(&r->s->series, vsm_calendar_midnight(r->calendar, out->first_day),
                    vsm_calendar_midnight(r->calendar, r->today), counts);
  out->started = counts[VSM_SERIES_ARRIVED] > 0 ? (uint64_t)counts[VSM_SERIES_ARRIVED] : 0;
  out->ended = counts[VSM_SERIES_DEPARTED] > 0 ? (uint64_t)counts[VSM_SERIES_DEPARTED] : 0;
  out->growing = vsm_more_comes(out->started, out->ended);
}

// Returns how many days ahead the answer reaches, with 85 %; 0: beyond those looked at.
static unsigned tell_when(const struct reading *r, uint64_t items, uint64_t seed, struct vsm_forecast_view *out) {
  unsigned days[VSM_CHANCES];
  out->trials = vsm_days_until(&r->days, items, seed, days);
  for (unsigned c = 0; c < VSM_CHANCES; c++) {
    if (days[c] == 0 && items > 0)
      continue;
    out->chances[c] = (struct vsm_forecast_chance){
        .told = true,
        .day = r->today + days[c],
        .when = {items == 0 ? r->core->now.us : vsm_calendar_midnight(r->calendar, r->today + 1 + days[c])},
    };
  }
  return days[1];
}

static unsigned tell_how_many(const struct reading *r, int64_t by, uint64_t seed, struct vsm_forecast_view *out) {
  uint64_t items[VSM_CHANCES];
  unsigned horizon = (unsigned)(by - r->today);
  out->trials = vsm_days_count(&r->days, horizon, seed, r->room->totals, items);
  for (unsigned c = 0; c < VSM_CHANCES; c++)
    out->chances[c] = (struct vsm_forecast_chance){
        .told = true, .items = items[c], .day = by, .when = {vsm_calendar_midnight(r->calendar, by + 1)}};
  return horizon;
}

static void tell_test(const struct reading *r, uint64_t seed, unsigned horizon, struct vsm_forecast_view *out) {
  struct vsm_back_test test;
  vsm_days_test(&r->days, horizon, seed, &test);
  out->tests = test.tests;
  out->test_days = horizon;
  for (unsigned c = 0; c < VSM_CHANCES; c++)
    out->chances[c].inside = test.inside[c];
}

static int forecast_days(struct reading *r, const struct vsm_forecast_query *q, struct vsm_arena *arena,
                         struct vsm_forecast_view *out) {
  if (q->kind == VSM_FORECAST_BY && (q->by <= r->today || q->by > r->today + VSM_FORECAST_AHEAD))
    return VSM_EINVAL;
  r->room = vsm_arena_alloc(arena, sizeof *r->room);
  if (!r->room)
    return VSM_ENOMEM;
  r->days = (struct vsm_days){.done = r->room->done, .kind = r->room->kind, .kind_ahead = r->room->kind_ahead};
  if (r->core->has_now)
    read_past(r, q->kind == VSM_FORECAST_OPEN ? VSM_SERIES_DEPARTED : VSM_SERIES_DONE);
  read_ahead(r);
  tell_sample(r, out);
  out->trouble = vsm_days_trouble(&r->days, r->days.n);
  if (out->trouble != VSM_FORECAST_TOLD)
    return 0;
  unsigned horizon =
      q->kind == VSM_FORECAST_BY ? tell_how_many(r, q->by, q->seed, out) : tell_when(r, out->items, q->seed, out);
  tell_test(r, q->seed, horizon, out);
  return 0;
}

int vsm_core_forecast(struct vsm_core *core, const struct vsm_forecast_query *q, struct vsm_arena *arena,
                      struct vsm_forecast_view *out) {
  const struct vsm_stream_state *s = vsm_core_stream(core, q->stream);
  const struct vsm_calendar *calendar = s->model->calendar;
  struct reading r = {.core = core, .s = s, .calendar = calendar, .today = vsm_calendar_date(calendar, core->now.us)};
  *out = (struct vsm_forecast_view){.id = s->model->id,
                                    .zone = calendar ? calendar->zone.name : "UTC",
                                    .kind = q->kind,
                                    .items = q->kind == VSM_FORECAST_OPEN ? s->open.count : q->items,
                                    .by = q->by,
                                    .first_day = r.today,
                                    .stage = ""};
  return q->kind == VSM_FORECAST_ITEM ? vsm_core_forecast_item(core, q, out) : forecast_days(&r, q, arena, out);
}
