// What random models watch: thresholds of all kinds, within the scale of the log.
#include <inttypes.h>
#include <string.h>

#include "core/calendar.h"
#include "property/alerts.h"

struct watching {
  struct rig_random *r;
  struct vsm_arena *arena;
  int64_t span_us; // of the log
};

// A part of the log's time.
static int64_t some_time(struct watching *w, unsigned percent) {
  int64_t us = w->span_us * (int64_t)rig_below(w->r, percent + 1) / 100;
  return us + (int64_t)rig_below(w->r, 3) + 1;
}

static const struct vsm_alert_rule *make_rules(struct watching *w) {
  struct vsm_alert_rule *rules = vsm_arena_zalloc(w->arena, VSM_ALERT_KINDS * sizeof *rules);
  for (unsigned k = 0; k < VSM_ALERT_KINDS; k++)
    rules[k] = (struct vsm_alert_rule){
        .severity = (enum vsm_severity)rig_below(w->r, 4),
        .for_us = rig_chance(w->r, 60) ? 0 : some_time(w, 20),
        .keep_us = rig_chance(w->r, 60) ? 0 : some_time(w, 20),
        .announce_us = VSM_SECOND_US / 1000 + (rig_chance(w->r, 50) ? 5 * VSM_MINUTE_US : some_time(w, 10)),
        .repeat_us = VSM_SECOND_US / 1000 + (rig_chance(w->r, 70) ? VSM_DAY_US : w->span_us / 20 + some_time(w, 60)),
        .min_visits = rig_below(w->r, 4),
        .refused_ppm = rig_chance(w->r, 50) ? 50000 : 400000};
  return rules;
}

static const struct vsm_calendar *either(struct watching *w, const struct vsm_calendar *a,
                                         const struct vsm_calendar *b) {
  return rig_chance(w->r, 80) ? a : b;
}

static const struct vsm_stall *make_stalls(struct watching *w, const struct vsm_stream *stream,
                                           const struct vsm_calendar *calendar, unsigned *n) {
  static const struct vsm_str values[] = {{"red", 3}, {"north", 5}, {"1", 1}, {"green", 5}};
  static const unsigned percentiles[] = {50, 85, 95, 99};
  struct vsm_stall *all = vsm_arena_zalloc(w->arena, 3 * sizeof *all);
  *n = rig_chance(w->r, 70) ? 1 + rig_below(w->r, 3) : 0;
  for (unsigned i = 0; i < *n; i++) {
    struct vsm_where *where = vsm_arena_zalloc(w->arena, sizeof *where);
    all[i] = (struct vsm_stall){.after_us = some_time(w, 40), .calendar = calendar, .where = where};
    if (rig_chance(w->r, 35)) {
      all[i].after_us = 0;
      all[i].percentile = percentiles[rig_below(w->r, 4)];
      all[i].factor_ppm = 500000 * (1 + rig_below(w->r, 4));
    } else
      all[i].calendar = either(w, calendar, stream->calendar);
    if (stream->n_segments && rig_chance(w->r, 50)) {
      unsigned first = rig_below(w->r, 4);
      *where = (struct vsm_where){rig_below(w->r, stream->n_segments), &values[first], 1 + rig_below(w->r, 4 - first)};
      all[i].n_where = 1;
    }
  }
  return all;
}

static void watch_expected(struct watching *w, const struct vsm_stream *stream, const struct vsm_expectation *all,
                           unsigned n) {
  for (unsigned i = 0; i < n; i++) {
    struct vsm_expectation *e = (struct vsm_expectation *)&all[i]; // just made
    e->target_ppm = 100000 * (1 + rig_below(w->r, 10));
    e->min_count = rig_below(w->r, 4);
    e->window_us = rig_chance(w->r, 80) ? stream->windows[rig_below(w->r, stream->n_windows)].us : 2 * VSM_DAY_US;
  }
}

static void watch_stream(struct watching *w, struct vsm_stream *stream) {
  struct vsm_stage *stages = (struct vsm_stage *)stream->stages; // just made
  stream->alerts = make_rules(w);
  stream->stalls = make_stalls(w, stream, stream->calendar, &stream->n_stalls);
  watch_expected(w, stream, stream->expected, stream->n_expected);
  for (unsigned i = 0; i < stream->n_stages; i++) {
    stages[i].alerts = rig_chance(w->r, 50) ? stream->alerts : rig_chance(w->r, 90) ? make_rules(w) : NULL;
    stages[i].stalls = make_stalls(w, stream, stages[i].calendar, &stages[i].n_stalls);
    stages[i].stage_stall_us = rig_chance(w->r, 50) ? some_time(w, 30) : 0;
    stages[i].wip_limit = rig_chance(w->r, 50) ? 1 + rig_below(w->r, 3) : 0;
    watch_expected(w, stream, stages[i].expected, stages[i].n_expected);
  }
}

static void watch_sources(struct watching *w, struct vsm_model *model) {
  struct vsm_source *sources = vsm_arena_zalloc(w->arena, 3 * sizeof *sources);
  model->alerts = rig_chance(w->r, 50) ? make_rules(w) : NULL;
  if (!model->n_sources && rig_chance(w->r, 30))
    return;
  memcpy(sources, model->sources, model->n_sources * sizeof *sources);
  if (!model->n_sources) {
    sources[0] = (struct vsm_source){.id = "crm"};
    sources[1] = (struct vsm_source){.id = "wms"};
    model->n_sources = 2;
  }
  for (unsigned i = 0; i < model->n_sources; i++) {
    sources[i].silent_us = rig_chance(w->r, 70) ? some_time(w, 30) : 0;
    sources[i].alerts = rig_chance(w->r, 90) ? make_rules(w) : NULL;
  }
  model->sources = sources;
}

static int64_t first_us(const struct scenario *s) {
  int64_t us = s->end_us;
  for (size_t i = 0; i < s->n_events; i++)
    us = s->events[i].us < us ? s->events[i].us : us;
  return us;
}

enum { LOOKS_MAX = 1500 };

static int64_t last_us(const struct scenario *s) {
  int64_t us = s->end_us;
  for (size_t i = 0; i < s->n_events; i++)
    us = s->events[i].us + s->events[i].delay_us > us ? s->events[i].us + s->events[i].delay_us : us;
  return us;
}

bool alerts_short_enough(const struct scenario *s) {
  int64_t minutes = (last_us(s) - first_us(s)) / VSM_MINUTE_US;
  return first_us(s) > VSM_DAY_US && minutes <= LOOKS_MAX && minutes * (int64_t)s->n_events <= LOOKS_MAX;
}

// Of every other model, so that items go on for long, too.
static void without_links(const struct vsm_model *m) {
  for (unsigned i = 0; i < m->n_rules; i++)
    ((struct vsm_rule *)m->rules)[i].n_links = 0; // just made
}

void alerts_watch(struct scenario *s, struct rig_random *r, struct vsm_arena *arena) {
  struct watching w = {.r = r, .arena = arena, .span_us = last_us(s) - first_us(s) + 20};
  uint64_t state = r->state;
  for (unsigned i = 0; i < s->n_models; i++) {
    struct vsm_model *m = s->models[i];
    if (i && rig_chance(r, 50))
      r->state = state; // much as before
    if (m->n_streams && m->streams[0].alerts)
      continue; // the first one again
    if (rig_chance(r, 50))
      without_links(m);
    watch_sources(&w, m);
    for (unsigned k = 0; k < m->n_streams; k++)
      watch_stream(&w, (struct vsm_stream *)&m->streams[k]); // just made
  }
}

// ---- For people

static void print_rules(FILE *out, const char *of, const struct vsm_alert_rule *rules) {
  for (unsigned k = 0; rules && k < VSM_ALERT_KINDS; k++)
    fprintf(out,
            "    %s %s: severity %u, for %" PRId64 ", keep %" PRId64 ", announce %" PRId64 ", repeat %" PRId64
            ", min_visits %" PRIu64 ", refused %u ppm\n",
            of, vsm_alert_kind_name((enum vsm_alert_kind)k), (unsigned)rules[k].severity, rules[k].for_us,
            rules[k].keep_us, rules[k].announce_us, rules[k].repeat_us, rules[k].min_visits, rules[k].refused_ppm);
}

static void print_stalls(FILE *out, const char *of, const struct vsm_stream *s, const struct vsm_stall *all,
                         unsigned n) {
  for (unsigned i = 0; i < n; i++) {
    fprintf(out, "    %s stall_after %" PRId64 " us, or p%u x %u ppm%s%s", of, all[i].after_us, all[i].percentile,
            all[i].factor_ppm, all[i].calendar ? ", calendar " : "", all[i].calendar ? all[i].calendar->id : "");
    for (unsigned k = 0; k < all[i].n_where; k++) {
      fprintf(out, " where %s", s->segments[all[i].where[k].attribute]);
      for (unsigned j = 0; j < all[i].where[k].n; j++)
        fprintf(out, " %.*s", (int)all[i].where[k].values[j].n, all[i].where[k].values[j].p);
    }
    fputc('\n', out);
  }
}

static void print_missed(FILE *out, const char *of, const struct vsm_expectation *all, unsigned n) {
  for (unsigned i = 0; i < n; i++)
    fprintf(out, "    %s expected \"%s\": target %u ppm, min_count %" PRIu64 ", window %" PRId64 "\n", of, all[i].name,
            all[i].target_ppm, all[i].min_count, all[i].window_us);
}

void alerts_print_watched(FILE *out, const struct vsm_model *m) {
  print_rules(out, "any source", m->alerts);
  for (unsigned i = 0; i < m->n_sources; i++) {
    fprintf(out, "    source %s silent_after %" PRId64 "\n", m->sources[i].id, m->sources[i].silent_us);
    print_rules(out, m->sources[i].id, m->sources[i].alerts);
  }
  for (unsigned k = 0; k < m->n_streams; k++) {
    const struct vsm_stream *s = &m->streams[k];
    print_rules(out, s->id, s->alerts);
    print_stalls(out, s->id, s, s->stalls, s->n_stalls);
    print_missed(out, s->id, s->expected, s->n_expected);
    for (unsigned i = 0; i < s->n_stages; i++) {
      const struct vsm_stage *x = &s->stages[i];
      if (x->alerts != s->alerts)
        print_rules(out, x->id, x->alerts);
      print_stalls(out, x->id, s, x->stalls, x->n_stalls);
      print_missed(out, x->id, x->expected, x->n_expected);
      fprintf(out, "    %s stage_stall_after %" PRId64 ", wip_limit %" PRIu64 "%s\n", x->id, x->stage_stall_us,
              x->wip_limit, x->alerts ? "" : ", not watched");
    }
  }
}
