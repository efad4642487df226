// Expectations and thresholds, and the calendar in force for each. In a calendar a day is not 24 hours, so `d` and `w`
// would say less than they seem to: there `wd` and `h` are asked for; and where no calendar is in force, nothing says
// what a working day is.
#include "conf/resolve.h"

#include <string.h>

#include "conf/names.h"
#include "core/calendar.h"

struct times {
  struct vsm_conf_reader *r;
  const struct vsm_config *config;
  const struct vsm_conf_stream *stream; // NULL for a source
};

static const char *calendar_name(const void *of, size_t i) {
  const struct vsm_config *c = of;
  return i < c->calendars.n ? vsm_conf_or_empty(c->calendars.at[i].id.z) : NULL;
}

static void check_calendar(const struct times *t, const struct vsm_conf_word *w) {
  if (w->z && strcmp(w->z, "none") != 0 && vsm_name_index(w->z, calendar_name, t->config) < 0)
    vsm_conf_blame(t->r, w, "no calendar \"%s\"%s the id of a calendar, or none", w->z,
                   vsm_conf_hint(t->r->report, w->z, calendar_name, t->config));
}

static void resolve_duration(const struct times *t, struct vsm_conf_duration *d, const char *calendar) {
  if (!d->text)
    return;
  const char *unit = d->text + strspn(d->text, "0123456789");
  if (calendar && (strcmp(unit, "d") == 0 || strcmp(unit, "w") == 0))
    vsm_conf_complain(t->r, d->line, d->column,
                      "%s where calendar %s is in force: is it 24 hours, or a working day? "
                      "allowed: wd for working days, h for hours of working time, or calendar: none",
                      d->text, calendar);
  if (!calendar && strcmp(unit, "wd") == 0)
    vsm_conf_complain(t->r, d->line, d->column,
                      "%s where no calendar is in force; allowed: elapsed time (h, d, w), or "
                      "a calendar that says what a working day is",
                      d->text);
  const struct vsm_calendar *c = vsm_conf_calendar(t->config, calendar); // NULL: unknown, which was said
  if (c && c->n_hours && d->working_days)
    d->us = d->working_days * vsm_calendar_day_us(c);
}

static void check_where(const struct times *t, const struct vsm_conf_where *w) {
  for (unsigned i = 0; i < w->n; i++)
    if (vsm_name_index(w->at[i].name.z, vsm_conf_segment, t->stream) < 0)
      vsm_conf_blame(t->r, &w->at[i].name, "no segment \"%s\" in value stream %s%s its segments", w->at[i].name.z,
                     t->stream->id.z, vsm_conf_hint(t->r->report, w->at[i].name.z, vsm_conf_segment, t->stream));
}

// "STAGE/left": the stage.
static const char *span_stage(const struct times *t, const struct vsm_conf_word *w) {
  return vsm_conf_copy(t->r, "%.*s", (int)(strrchr(w->z, '/') - w->z), w->z);
}

static void check_span(const struct times *t, const struct vsm_conf_word *w, bool of_stage) {
  if (!w->z)
    return;
  if (of_stage) {
    vsm_conf_blame(t->r, w, "from and to in a stage's expectation, which is about its visits; allowed: in a stream's");
    return;
  }
  const char *id = span_stage(t, w);
  if (vsm_name_index(id, vsm_conf_stage_id, t->stream) < 0)
    vsm_conf_blame(t->r, w, "no stage \"%s\" in value stream %s%s the id of one of its stages", id, t->stream->id.z,
                   vsm_conf_hint(t->r->report, id, vsm_conf_stage_id, t->stream));
}

static const struct vsm_where *model_where(const struct times *t, const struct vsm_conf_where *w) {
  struct vsm_where *out = vsm_conf_alloc(t->r, w->n + 1, sizeof *out);
  for (unsigned i = 0; i < w->n; i++) {
    struct vsm_str *values = vsm_conf_alloc(t->r, w->at[i].values.n + 1, sizeof *values);
    for (unsigned k = 0; k < w->at[i].values.n; k++)
      values[k] = vsm_str_of(w->at[i].values.at[k].z);
    int attribute = vsm_name_index(w->at[i].name.z, vsm_conf_segment, t->stream);
    out[i].attribute = attribute < 0 ? 0 : (unsigned)attribute; // check_where() complained
    out[i].values = values;
    out[i].n = w->at[i].values.n;
  }
  return out;
}

// The stage's index, *left; -1 where none is given.
static int model_span(const struct times *t, const struct vsm_conf_word *w, bool *left) {
  if (!w->z)
    return -1;
  *left = strcmp(strrchr(w->z, '/'), "/left") == 0;
  return vsm_name_index(span_stage(t, w), vsm_conf_stage_id, t->stream);
}

static const struct vsm_expectation *resolve_expected(const struct times *t, const struct vsm_conf_expectations *list,
                                                      const char *calendar, bool of_stage) {
  struct vsm_expectation *out = vsm_conf_alloc(t->r, list->n + 1, sizeof *out);
  for (unsigned i = 0; i < list->n; i++) {
    struct vsm_conf_expected *e = &list->at[i];
    check_calendar(t, &e->calendar);
    resolve_duration(t, &e->within, vsm_conf_in_force(&e->calendar, calendar));
    check_where(t, &e->where);
    check_span(t, &e->from, of_stage);
    check_span(t, &e->to, of_stage);
    if (e->window.us % VSM_MINUTE_US)
      vsm_conf_complain(t->r, e->window.line, e->window.column, "window %s; allowed: whole minutes", e->window.text);
    out[i] = (struct vsm_expectation){
        .name = vsm_conf_or_empty(e->name),
        .within_us = e->within.us,
        .target_ppm = (uint32_t)(e->share * 1e6 + 0.5),
        .window_us = e->window.us,
        .min_count = (uint64_t)e->min_count,
        .where = model_where(t, &e->where),
        .n_where = e->where.n,
        .ours = e->clock == 1,
        .calendar = vsm_conf_calendar(t->config, vsm_conf_in_force(&e->calendar, calendar)),
    };
    out[i].from = model_span(t, &e->from, &out[i].from_left);
    out[i].to = model_span(t, &e->to, &out[i].to_left);
  }
  return out;
}

static const struct vsm_stall *resolve_thresholds(const struct times *t, const struct vsm_conf_thresholds *list,
                                                  const char *calendar) {
  struct vsm_stall *out = vsm_conf_alloc(t->r, list->n + 1, sizeof *out);
  for (unsigned i = 0; i < list->n; i++) {
    struct vsm_conf_threshold *h = &list->at[i];
    const char *own = vsm_conf_in_force(&h->calendar, calendar);
    check_calendar(t, &h->calendar);
    resolve_duration(t, &h->after, own);
    check_where(t, &h->where);
    out[i] = (struct vsm_stall){.after_us = h->after.us,
                                .percentile = h->percentile,
                                .factor_ppm = (uint32_t)(h->factor * 1e6 + 0.5),
                                .where = model_where(t, &h->where),
                                .n_where = h->where.n,
                                .calendar = vsm_conf_calendar(t->config, own)};
  }
  return out;
}

// What is left out is the stream's longest window; said, so that it is printed too.
static void default_windows(struct vsm_conf_expectations *list, const struct vsm_conf_durations *windows) {
  const struct vsm_conf_duration *longest = windows->at;
  for (unsigned i = 1; i < windows->n; i++)
    if (windows->at[i].us > longest->us)
      longest = &windows->at[i];
  for (unsigned i = 0; i < list->n; i++)
    if (!list->at[i].window.text && windows->n)
      list->at[i].window = *longest;
}

static void resolve_stream(const struct times *t, struct vsm_stream *out) {
  struct vsm_stage *stages = (struct vsm_stage *)out->stages; // built by vsm_conf_resolve_streams(), nobody else's yet
  const struct vsm_conf_stream *s = t->stream;
  const struct vsm_conf_durations *windows = s->windows.n ? &s->windows : &t->config->daemon.windows;
  const char *outer = vsm_conf_in_force(&s->calendar, NULL);
  check_calendar(t, &s->calendar);
  struct vsm_conf_expectations own = s->expected; // the members are the stream's own
  default_windows(&own, windows);
  out->expected = resolve_expected(t, &own, outer, false);
  out->n_expected = own.n;
  out->stalls = resolve_thresholds(t, &s->stall_after, outer);
  out->n_stalls = s->stall_after.n;
  for (unsigned i = 0; i < s->stages.n; i++) {
    struct vsm_conf_stage *stage = &s->stages.at[i];
    const char *calendar = vsm_conf_in_force(&stage->calendar, outer);
    check_calendar(t, &stage->calendar);
    struct vsm_conf_expectations expected = stage->expected;
    default_windows(&expected, windows);
    const struct vsm_expectation *resolved = resolve_expected(t, &expected, calendar, true);
    const struct vsm_stall *stalls = resolve_thresholds(t, &stage->stall_after, calendar);
    resolve_duration(t, &stage->stage_stall_after, calendar);
    if (i < out->n_stages) {
      stages[i].expected = resolved;
      stages[i].n_expected = expected.n;
      stages[i].stalls = stalls;
      stages[i].n_stalls = stage->stall_after.n;
      stages[i].stage_stall_us = stage->stage_stall_after.us;
    }
  }
}

void vsm_conf_resolve_times(struct vsm_conf_reader *r, struct vsm_config *config) {
  struct vsm_stream *streams = (struct vsm_stream *)config->model.streams; // ours still, as its stages
  struct vsm_source *sources = (struct vsm_source *)config->model.sources;
  for (unsigned i = 0; i < config->sources.n; i++) {
    struct vsm_conf_source *s = &config->sources.at[i];
    struct times t = {r, config, NULL};
    check_calendar(&t, &s->calendar);
    resolve_duration(&t, &s->silent_after, vsm_conf_in_force(&s->calendar, NULL));
    sources[i].silent_us = s->silent_after.us;
  }
  for (unsigned i = 0; i < config->value_streams.n; i++) {
    struct times t = {r, config, &config->value_streams.at[i]};
    if (t.stream->id.z)
      resolve_stream(&t, &streams[i]);
  }
}
