// What a story expects: figures of the stream, of a stage, of what came in; an item's visits; when the core wakes next.
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "core/bottleneck.h"
#include "golden/story.h"

// ---- Numbers by name

struct figure {
  const char *name;
  double value;
};

// Either a number or a duration, which is compared within 1 %: the core's quantiles are no finer.
static void expect_number(struct story *s, const char *what, const char *expected, double got) {
  char *end;
  double e = strtod(expected, &end);
  int64_t us;
  s->expected++;
  if (!*end) {
    if (fabs(e - got) > 5e-7)
      story_complain(s, "%s is %.9g, not %s", what, got, expected);
  } else if (!story_duration(expected, &us))
    story_complain(s, "%s is no number and no duration", expected);
  else if (fabs((double)us / 1e6 - got) > 0.01 * (double)us / 1e6)
    story_complain(s, "%s is %.9g s, not %s", what, got, expected);
}

// NAME VALUE pairs.
static void expect_figures(struct story *s, const struct figure *f, unsigned n_figures, char **w, unsigned n) {
  if (n == 0 || n % 2)
    story_complain(s, "expects figures: NAME VALUE ...");
  for (unsigned i = 0; i + 1 < n; i += 2) {
    unsigned k = 0;
    while (k < n_figures && strcmp(f[k].name, w[i]) != 0)
      k++;
    if (k == n_figures)
      story_complain(s, "there is no figure %s", w[i]);
    else
      expect_number(s, w[i], w[i + 1], f[k].value);
  }
}

#define DIST(name, d)                                                                                                  \
  {name ".count", (double)(d).count}, {name ".mean", (d).mean}, {name ".min", (d).min}, {name ".max", (d).max},        \
      {name ".p50", (d).p50}, {name ".p85", (d).p85}, {name ".p95", (d).p95}, {                                        \
    name ".p99", (d).p99                                                                                               \
  }
#define AGES(a)                                                                                                        \
  {"age.p50", (a).p50}, {"age.p85", (a).p85}, {"age.p95", (a).p95}, {                                                  \
    "age.max", (a).max                                                                                                 \
  }

static void expect_stage(struct story *s, const struct vsm_stage_view *v, const struct vsm_stage_window_view *win,
                         char **w, unsigned n) {
  const struct figure figures[] = {{"wip", (double)v->wip},
                                   {"queued", (double)v->queued},
                                   {"active", (double)v->active},
                                   {"suspended", (double)v->suspended},
                                   AGES(v->age),
#define X(name) {#name, (double)win->name},
                                   VSM_STAGE_COUNTS(X)
#undef X
                                       DIST("cycle_time", win->cycle_time),
                                   DIST("queue_time", win->queue_time),
                                   DIST("active_time", win->active_time),
                                   DIST("suspended_time", win->suspended_time),
                                   {"flow_efficiency", win->flow_efficiency},
                                   {"first_pass_yield", win->first_pass_yield}};
  expect_figures(s, figures, sizeof figures / sizeof *figures, w, n);
}

static void expect_stream(struct story *s, const struct vsm_stream_view *v, const struct vsm_stream_window_view *win,
                          char **w, unsigned n) {
  const struct figure figures[] = {{"wip", (double)v->wip},
                                   {"between", (double)v->between},
                                   AGES(v->age),
#define X(name) {#name, (double)win->name},
                                   VSM_STREAM_COUNTS(X)
#undef X
                                       DIST("lead_time", win->lead_time),
                                   {"throughput_per_day", win->throughput_per_day},
                                   {"flow_efficiency", win->flow_efficiency}};
  expect_figures(s, figures, sizeof figures / sizeof *figures, w, n);
}

static void expect_events(struct story *s, char **w, unsigned n) {
  struct vsm_ingest_view v = vsm_core_ingest(s->core);
#define F(name)                                                                                                        \
  { #name, (double)v.name }
  const struct figure figures[] = {F(received), F(applied), F(duplicates), F(unmapped), F(ignored), F(rejected)};
#undef F
  expect_figures(s, figures, sizeof figures / sizeof *figures, w, n);
}

// [window NAME]: which of the windows; all time without.
static bool which_window(struct story *s, char ***w, unsigned *n, unsigned *at) {
  *at = 0;
  if (*n < 2 || strcmp((*w)[0], "window") != 0)
    return true;
  for (unsigned i = 0; i < s->n_windows; i++)
    if (strcmp(s->windows[i].name, (*w)[1]) == 0)
      *at = i + 1;
  if (!*at)
    story_complain(s, "there is no window %s", (*w)[1]);
  *w += 2;
  *n -= 2;
  return *at > 0;
}

// ---- Items

// A visit as a story writes it: STAGE:HOW-OR-STATE:CYCLE-TIME[:rework][:unobserved][:implied]
static const char *visit_text(struct story *s, const struct vsm_visit_view *v) {
  int64_t us = v->queued_us + v->active_us + v->suspended_us;
  const char *how = v->how == VSM_OPEN ? vsm_visit_state_name(v->state) : vsm_how_name(v->how), *length = "";
  static const struct {
    int64_t us;
    char unit;
  } units[] = {{VSM_DAY_US, 'd'}, {VSM_HOUR_US, 'h'}, {VSM_MINUTE_US, 'm'}, {VSM_SECOND_US, 's'}};
  for (unsigned i = 0; i < 4; us %= units[i++].us)
    if (us / units[i].us)
      length = vsm_arena_printf(&s->arena, "%s%" PRId64 "%c", length, us / units[i].us, units[i].unit);
  return vsm_arena_printf(&s->arena, "%s:%s:%s%s%s%s", v->stage, how, *length ? length : "0s",
                          v->rework ? ":rework" : "", v->unobserved ? ":unobserved" : "", v->implied ? ":implied" : "");
}

static void expect_text(struct story *s, const char *what, const char *expected, const char *got) {
  s->expected++;
  if (strcmp(expected, got) != 0)
    story_complain(s, "%s: \"%s\", not \"%s\"", what, got, expected);
}

static const char *join(struct story *s, const char *before, const char *word) {
  return vsm_arena_printf(&s->arena, "%s%s%s", before, *before ? " " : "", word);
}

static const char *join_all(struct story *s, char **w, unsigned n) {
  const char *text = "";
  for (unsigned i = 0; i < n; i++)
    text = join(s, text, w[i]);
  return text;
}

// item KEY unknown | item KEY STATE | item KEY shown KEY | item KEY keys KEY... | item KEY visits VISIT...
static void expect_item(struct story *s, char **w, unsigned n) {
  struct vsm_item_view v;
  uint64_t streams;
  int err = vsm_core_item(s->core, 0, vsm_str_of(w[0]), &s->arena, &v, &streams);
  const char *text = "", *rest = join_all(s, w + 2, n - 2);
  if (err || strcmp(w[1], "unknown") == 0) {
    expect_text(s, w[0], w[1], err == VSM_ENOENT ? "unknown" : "known");
    return;
  }
  if (strcmp(w[1], "visits") == 0) {
    for (unsigned i = 0; i < v.n_visits; i++)
      text = join(s, text, visit_text(s, &v.visits[i]));
    expect_text(s, w[0], rest, text);
  } else if (strcmp(w[1], "keys") == 0) {
    for (unsigned i = 0; i < v.n_keys; i++)
      text = join(s, text, vsm_arena_strndup(&s->arena, v.keys[i].p, v.keys[i].n));
    expect_text(s, w[0], rest, text);
  } else if (strcmp(w[1], "shown") == 0)
    expect_text(s, w[0], rest, vsm_arena_strndup(&s->arena, v.item.p, v.item.n));
  else
    expect_text(s, w[0], w[1], v.state);
}

// ---- One expectation

static void expect_view(struct story *s, const char *stage, char **w, unsigned n) {
  struct vsm_stream_view v;
  unsigned window;
  if (!which_window(s, &w, &n, &window))
    return;
  if (vsm_core_view_stream(s->core, 0, &s->arena, &v) != 0) {
    story_complain(s, "the core has no memory");
    return;
  }
  if (rig_check_balances(stderr, &v))
    story_complain(s, "the figures do not add up");
  if (!stage) {
    expect_stream(s, &v, &v.windows[window], w, n);
    return;
  }
  for (unsigned i = 0; i < v.n_stages; i++)
    if (strcmp(v.stages[i].id, stage) == 0) {
      expect_stage(s, &v.stages[i], &v.stages[i].windows[window], w, n);
      return;
    }
  story_complain(s, "there is no stage %s", stage);
}

// bottleneck [window NAME] STAGE FIGURE VALUE ...
static void expect_bottleneck(struct story *s, char **w, unsigned n) {
  struct vsm_bottleneck_view v;
  unsigned window;
  if (!which_window(s, &w, &n, &window))
    return;
  if (n == 0 || vsm_core_bottleneck(s->core, 0, window, &s->arena, &v) != 0) {
    story_complain(s, "no stage, or no memory");
    return;
  }
  for (unsigned i = 0; i < v.n_rows; i++) {
    const struct vsm_bottleneck_row *r = &v.rows[i];
    const struct figure figures[] = {{"rank", i + 1},
                                     {"score", r->score_ppm / 1e6},
                                     {"overload", r->signals[VSM_SIGNAL_OVERLOAD] / 1e6},
                                     {"growth", r->signals[VSM_SIGNAL_GROWTH] / 1e6},
                                     {"queue", r->signals[VSM_SIGNAL_QUEUE] / 1e6},
                                     {"late", r->signals[VSM_SIGNAL_LATE] / 1e6},
                                     {"arrivals", (double)r->arrivals},
                                     {"departures", (double)r->departures},
                                     {"p85", r->p85_seconds},
                                     {"older", (double)r->older},
                                     {"older_usual_share", r->older_usual_share}};
    if (strcmp(r->stage, w[0]) == 0) {
      expect_figures(s, figures, sizeof figures / sizeof *figures, w + 1, n - 1);
      return;
    }
  }
  story_complain(s, "there is no stage %s", w[0]);
}

void story_expect(struct story *s, char **w, unsigned n) {
  int64_t at;
  if (strcmp(w[0], "stage") == 0 && n > 2)
    expect_view(s, w[1], w + 2, n - 2);
  else if (strcmp(w[0], "stream") == 0)
    expect_view(s, NULL, w + 1, n - 1);
  else if (strcmp(w[0], "events") == 0)
    expect_events(s, w + 1, n - 1);
  else if (strcmp(w[0], "bottleneck") == 0)
    expect_bottleneck(s, w + 1, n - 1);
  else if (strcmp(w[0], "item") == 0 && n > 2)
    expect_item(s, w + 1, n - 1);
  else if (strcmp(w[0], "wakes") == 0 && n == 3 && story_clock(s, w[2], &at)) { // wakes by TIME
    s->expected++;
    if (vsm_core_deadline(s->core).us > at)
      story_complain(s, "the core wakes only at %" PRId64, vsm_core_deadline(s->core).us);
  } else
    story_complain(s, "this cannot be expected");
}
