// What random streams measure beside counts, and the values that events carry for it. Calendars have edges within
// seconds of the times at which scenarios begin, so that working hours begin and end whatever the scale of the log.
#include <string.h>

#include "core/calendar.h"
#include "property/scenario_make.h"

// ---- Calendars

static const struct vsm_zone_change changes[] = {
    {1678608000, -18000}, {1699167600, -21600}, {1710057600, -18000}, {1730617200, -21600}, {1741507200, -18000}};
static const int32_t holidays[] = {19675, 19684, 19716}; // 2023-11-14, 2023-11-23, 2023-12-25

#define H(h, m) ((h)*60 + (m))
static const struct vsm_hours office[] = {{0, H(8, 0), H(17, 0)},
                                          {1, H(8, 0), H(17, 0)},
                                          {2, H(8, 0), H(17, 0)},
                                          {3, H(8, 0), H(17, 0)},
                                          {4, H(8, 0), H(17, 0)}};
static const struct vsm_hours night[] = {{1, H(0, 0), H(6, 0)},  {1, H(22, 0), H(24, 0)}, {2, H(0, 0), H(6, 0)},
                                         {3, H(0, 0), H(0, 1)},  {3, H(0, 2), H(0, 3)},   {3, H(0, 10), H(6, 0)},
                                         {6, H(1, 30), H(2, 30)}};
static const struct vsm_hours minutes[] = {{1, H(22, 13), H(22, 14)}, {1, H(22, 15), H(22, 16)},
                                           {1, H(22, 18), H(22, 40)}, {2, H(0, 0), H(24, 0)},
                                           {3, H(0, 0), H(0, 1)},     {3, H(0, 3), H(12, 0)}};

#define HOURS(h) .hours = (h), .n_hours = sizeof(h) / sizeof *(h)
static const struct vsm_calendar *calendar(unsigned which) {
  static struct vsm_calendar all[] = {
      {.id = "office",
       .zone = {"America/Chicago", -21600, changes, sizeof changes / sizeof *changes},
       HOURS(office),
       .holidays = holidays,
       .n_holidays = sizeof holidays / sizeof *holidays},
      {.id = "night", .zone = {.name = "UTC"}, HOURS(night)},
      {.id = "minutes", .zone = {.name = "UTC"}, HOURS(minutes)},
  };
  static struct vsm_arena kept; // working them out takes longer than a scenario
  struct vsm_calendar *c = &all[which % (sizeof all / sizeof *all)];
  if (!c->runs)
    vsm_calendar_expand(c, &kept);
  return c;
}

static const struct vsm_calendar *any_calendar(struct maker *m, unsigned percent) {
  return rig_chance(m->r, percent) ? calendar(rig_below(m->r, 3)) : NULL;
}

// ---- Expectations

static const struct vsm_where *any_where(struct maker *m, const struct vsm_stream *stream, unsigned *n) {
  static const struct vsm_str values[] = {{"red", 3}, {"north", 5}, {"1", 1}, {"green", 5}, {"south", 5}, {"2", 1}};
  struct vsm_where *where = vsm_arena_zalloc(m->arena, 2 * sizeof *where);
  *n = stream->n_segments && rig_chance(m->r, 50) ? 1 + rig_below(m->r, 2) : 0;
  for (unsigned i = 0; i < *n; i++) {
    unsigned first = rig_below(m->r, 6);
    where[i] = (struct vsm_where){rig_below(m->r, stream->n_segments), &values[first], 1 + rig_below(m->r, 6 - first)};
  }
  return where;
}

static int64_t any_time_allowed(struct maker *m) {
  int64_t us = (int64_t)rig_below(m->r, 12) * m->scale_us;
  return rig_chance(m->r, 30) ? us + rig_below(m->r, 1000) : us;
}

static const struct vsm_expectation *make_expected(struct maker *m, const struct vsm_stream *stream, bool of_stage,
                                                   const struct vsm_calendar *in_force, unsigned *n) {
  struct vsm_expectation *all = vsm_arena_zalloc(m->arena, 4 * sizeof *all);
  *n = m->waiting || rig_chance(m->r, 50) ? 1 + rig_below(m->r, 4) : 0;
  for (unsigned i = 0; i < *n; i++) {
    struct vsm_expectation *e = &all[i];
    *e = (struct vsm_expectation){.name = PICK(m, "", "x", "y"),
                                  .within_us = any_time_allowed(m),
                                  .target_ppm = 850000,
                                  .window_us = rig_chance(m->r, 70) ? stream->windows[0].us : 2 * VSM_DAY_US,
                                  .min_count = 20,
                                  .ours = rig_chance(m->r, m->waiting ? 70 : 40),
                                  .calendar = rig_chance(m->r, 25) ? any_calendar(m, 60) : in_force,
                                  .from = -1,
                                  .to = -1};
    e->where = any_where(m, stream, &e->n_where);
    if (!of_stage && rig_chance(m->r, 60)) {
      e->from = (int)rig_below(m->r, stream->n_stages + 1) - 1;
      e->to = (int)rig_below(m->r, stream->n_stages + 1) - 1;
      e->from_left = rig_chance(m->r, 50);
      e->to_left = rig_chance(m->r, 70);
    }
  }
  return all;
}

// ---- Streams

static void make_attributes(struct maker *m, struct vsm_stream *stream) {
  const char **names = vsm_arena_zalloc(m->arena, 3 * sizeof *names);
  static const char *const all[] = {"kind", "area", "alt"};
  unsigned first = rig_below(m->r, 3);
  stream->n_segments = rig_chance(m->r, 60) ? 1 + rig_below(m->r, 3) : 0;
  for (unsigned i = 0; i < stream->n_segments; i++)
    names[i] = all[(first + i) % 3];
  stream->segments = names;
}

void make_measures(struct maker *m, struct vsm_stream *stream) {
  struct vsm_stage *stages = (struct vsm_stage *)stream->stages; // just made
  make_attributes(m, stream);
  stream->calendar = any_calendar(m, 30);
  stream->expected = make_expected(m, stream, false, stream->calendar, &stream->n_expected);
  for (unsigned i = 0; i < stream->n_stages; i++) {
    stages[i].calendar = rig_chance(m->r, 70) ? stream->calendar : any_calendar(m, 60);
    stages[i].min_visits = rig_below(m->r, 4);
    stages[i].expected = make_expected(m, stream, true, stages[i].calendar, &stages[i].n_expected);
  }
}

// ---- Values

static struct vsm_template of_attribute(struct maker *m, const char *name) {
  const char *other = rig_chance(m->r, 20) ? PICK(m, "{data.area}", "fixed", "is {data.kind}", "{subject}") : NULL;
  return make_template(m, other ? other : vsm_arena_printf(m->arena, "{data.%s}", name));
}

void make_values(struct maker *m, struct vsm_rule *rule, const struct vsm_stream *stream) {
  struct vsm_template *segments = vsm_arena_zalloc(m->arena, 3 * sizeof *segments);
  for (unsigned i = 0; i < stream->n_segments; i++)
    segments[i] = of_attribute(m, stream->segments[i]);
  rule->segments = segments;
  if (rig_chance(m->r, 25))
    rule->due = make_template(m, PICK(m, "{data.when}", "2023-11-1{data.alt}"));
  if (rig_chance(m->r, 10))
    rule->not_before = make_template(m, "{data.when}");
}

void make_segments_anew(struct maker *m, struct vsm_rule *rule, const struct vsm_stream *before,
                        const struct vsm_stream *stream) {
  struct vsm_template *segments = vsm_arena_zalloc(m->arena, 3 * sizeof *segments);
  for (unsigned i = 0; i < stream->n_segments; i++) {
    segments[i] = of_attribute(m, stream->segments[i]);
    for (unsigned k = 0; k < before->n_segments; k++)
      if (strcmp(before->segments[k], stream->segments[i]) == 0)
        segments[i] = rule->segments[k];
  }
  rule->segments = segments;
}

void make_attrs(struct maker *m, struct vsm_attr *attrs, uint32_t *n) {
  if (rig_chance(m->r, 60))
    attrs[(*n)++] = (struct vsm_attr){VSM_STR("area"), vsm_str_of(PICK(m, "north", "south", "east", ""))};
  if (rig_chance(m->r, 40))
    attrs[(*n)++] =
        (struct vsm_attr){VSM_STR("when"), vsm_str_of(PICK(m, "2023-11-20T00:00:00Z", "2023-11-20T01:30:00+02:00",
                                                           "2023-11-19 23:59", "2024-01-01T00:00:00.5Z", "soon"))};
}
