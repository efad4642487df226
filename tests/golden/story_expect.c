// What a story expects: figures of the stream, of a stage, of what came in; an item's visits; when the core wakes next.
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/date.h"
#include "base/err.h"
#include "core/bottleneck.h"
#include "core/forecast.h"
#include "core/map.h"
#include "golden/story.h"

// ---- Numbers by name

// Either a number or a duration, which is compared within 1 %: the core's quantiles are no finer.
static void story_number(struct story *s, const char *what, const char *expected, double got) {
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

void story_figures(struct story *s, const struct story_figure *f, unsigned n_figures, char **w, unsigned n) {
  if (n == 0 || n % 2)
    story_complain(s, "expects figures: NAME VALUE ...");
  for (unsigned i = 0; i + 1 < n; i += 2) {
    unsigned k = 0;
    while (k < n_figures && strcmp(f[k].name, w[i]) != 0)
      k++;
    if (k == n_figures)
      story_complain(s, "there is no figure %s", w[i]);
    else
      story_number(s, w[i], w[i + 1], f[k].value);
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
  const struct story_figure figures[] = {{"wip", (double)v->wip},
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
  story_figures(s, figures, sizeof figures / sizeof *figures, w, n);
}

static void expect_stream(struct story *s, const struct vsm_stream_view *v, const struct vsm_stream_window_view *win,
                          char **w, unsigned n) {
  const struct story_figure figures[] = {{"wip", (double)v->wip},
                                         {"between", (double)v->between},
                                         AGES(v->age),
#define X(name) {#name, (double)win->name},
                                         VSM_STREAM_COUNTS(X)
#undef X
                                             DIST("lead_time", win->lead_time),
                                         {"throughput_per_day", win->throughput_per_day},
                                         {"flow_efficiency", win->flow_efficiency}};
  story_figures(s, figures, sizeof figures / sizeof *figures, w, n);
}

// sle NUMBER attained SHARE count N: of the expectations as they stand in the story, from 1.
static void expect_sle(struct story *s, const struct vsm_sle_view *sle, unsigned n_sle, char **w, unsigned n) {
  unsigned at = n > 1 ? (unsigned)strtoul(w[1], NULL, 10) : 0;
  if (at < 1 || at > n_sle) {
    story_complain(s, "there are %u expectations", n_sle);
    return;
  }
  const struct story_figure figures[] = {{"attained", sle[at - 1].attained}, {"count", (double)sle[at - 1].count}};
  story_figures(s, figures, sizeof figures / sizeof *figures, w + 2, n - 2);
}

// waits PARTY REASON wip N count N seconds TIME; the reason - is none. What nobody ever waited for is 0.
static void expect_waits(struct story *s, const struct vsm_stage_view *v, unsigned window, char **w, unsigned n) {
  struct vsm_str reason = n > 2 && strcmp(w[2], "-") != 0 ? vsm_str_of(w[2]) : VSM_STR("");
  struct story_figure figures[] = {{"wip", 0}, {"count", 0}, {"seconds", 0}};
  for (unsigned i = 0; n > 2 && i < v->n_waits; i++) {
    const struct vsm_wait_view *x = &v->waits[i];
    if (strcmp(x->party, w[1]) != 0 || !vsm_str_eq(x->reason, reason))
      continue;
    figures[0].value = (double)x->wip;
    figures[1].value = (double)x->windows[window].count;
    figures[2].value = x->windows[window].seconds;
  }
  story_figures(s, figures, sizeof figures / sizeof *figures, n > 3 ? w + 3 : w, n > 3 ? n - 3 : 0);
}

// segment NAME=VALUE none | segment NAME=VALUE FIGURE VALUE ...
static void expect_segment(struct story *s, const char *stage, unsigned window, char **w, unsigned n) {
  struct vsm_segments_query query = {.stage = stage ? story_stage(s, stage) : -1, .attribute = -1};
  struct vsm_segment_view *rows, *row = NULL;
  char *value = n > 1 ? strchr(w[1], '=') : NULL;
  long n_rows = value ? vsm_core_view_segments(s->core, &query, &s->arena, &rows) : 0;
  for (long i = 0; i < n_rows; i++)
    if (strncmp(rows[i].attribute, w[1], (size_t)(value - w[1])) == 0 &&
        vsm_str_eq(rows[i].value, vsm_str_of(value + 1)))
      row = &rows[i];
  if (!row || n == 3) {
    s->expected++;
    if (row || n != 3 || strcmp(w[2], "none") != 0)
      story_complain(s, "the segment is %s", row ? "there" : "not there");
    return;
  }
  if (stage) {
    struct vsm_stage_view v = {.wip = row->wip};
    expect_stage(s, &v, &row->windows[window], w + 2, n - 2);
  } else {
    struct vsm_stream_view v = {.wip = row->wip};
    expect_stream(s, &v, &row->stream_windows[window], w + 2, n - 2);
  }
}

// How many events came to what; of those that were refused, by reason, as listed.
static void expect_events(struct story *s, char **w, unsigned n) {
  struct vsm_ingest_view v = vsm_core_ingest(s->core);
#define F(name) {#name, (double)v.name},
#define R(name, text) {text, 0},
  struct story_figure figures[] = {F(received) F(applied) F(duplicates) F(unmapped) F(ignored) F(rejected)
                                       VSM_REASONS(R){"held", (double)vsm_core_items_held(s->core)}};
#undef R
#undef F
  size_t rows;
  const struct vsm_rejected_view *r = vsm_core_rejected(s->core, &s->arena, &rows);
  for (size_t i = 0; i < rows; i++)
    for (size_t k = 0; k < sizeof figures / sizeof *figures; k++)
      if (strcmp(figures[k].name, vsm_reason_name(r[i].reason)) == 0)
        figures[k].value += (double)r[i].count;
  story_figures(s, figures, sizeof figures / sizeof *figures, w, n);
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

// ---- One expectation

static void expect_stage_view(struct story *s, const struct vsm_stage_view *v, unsigned window, char **w, unsigned n) {
  const struct vsm_stage_window_view *win = &v->windows[window];
  if (n > 0 && strcmp(w[0], "sle") == 0)
    expect_sle(s, win->sle, win->n_sle, w, n);
  else if (n > 0 && strcmp(w[0], "waits") == 0)
    expect_waits(s, v, window, w, n);
  else
    expect_stage(s, v, win, w, n);
}

static void expect_stream_view(struct story *s, const struct vsm_stream_view *v, unsigned window, char **w,
                               unsigned n) {
  const struct vsm_stream_window_view *win = &v->windows[window];
  if (n > 0 && strcmp(w[0], "sle") == 0)
    expect_sle(s, win->sle, win->n_sle, w, n);
  else
    expect_stream(s, v, win, w, n);
}

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
  if (n > 0 && strcmp(w[0], "segment") == 0 && (!stage || story_stage(s, stage) >= 0)) {
    expect_segment(s, stage, window, w, n);
    return;
  }
  if (!stage) {
    expect_stream_view(s, &v, window, w, n);
    return;
  }
  for (unsigned i = 0; i < v.n_stages; i++)
    if (strcmp(v.stages[i].id, stage) == 0) {
      expect_stage_view(s, &v.stages[i], window, w, n);
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
    const struct story_figure figures[] = {{"rank", i + 1},
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
      story_figures(s, figures, sizeof figures / sizeof *figures, w + 1, n - 1);
      return;
    }
  }
  story_complain(s, "there is no stage %s", w[0]);
}

// edge [window NAME] FROM -> TO KIND FIGURE VALUE ..., or none
static void expect_edge(struct story *s, char **w, unsigned n) {
  struct vsm_map_view v;
  unsigned window;
  if (!which_window(s, &w, &n, &window))
    return;
  if (n < 4 || strcmp(w[1], "->") != 0 || vsm_core_map(s->core, 0, window, &s->arena, &v) != 0) {
    story_complain(s, "expects an edge: FROM -> TO KIND FIGURE VALUE ...; or there is no memory");
    return;
  }
  const struct vsm_map_edge *e = NULL;
  for (unsigned i = 0; i < v.n_edges; i++)
    if (strcmp(v.edges[i].from, w[0]) == 0 && strcmp(v.edges[i].to, w[2]) == 0)
      e = &v.edges[i];
  const char *kind = e ? vsm_edge_kind_name(e->kind) : "none";
  s->expected++;
  if (strcmp(kind, w[3]) != 0)
    story_complain(s, "this edge is %s, not %s", kind, w[3]);
  else if (e) {
    const struct story_figure figures[] = {
        {"count", (double)e->count}, {"total", (double)e->total}, DIST("handover_time", e->handover_time)};
    story_figures(s, figures, sizeof figures / sizeof *figures, w + 4, n - 4);
  }
}

static bool read_forecast(struct vsm_forecast_query *q, const char *kind, const char *what) {
  if (strcmp(kind, "items") == 0) {
    q->kind = VSM_FORECAST_ITEMS;
    q->items = strtoull(what, NULL, 10);
  } else if (strcmp(kind, "by") == 0) {
    q->kind = VSM_FORECAST_BY;
    return vsm_date_parse(what, strlen(what), &q->by);
  } else if (strcmp(kind, "item") == 0) {
    q->kind = VSM_FORECAST_ITEM;
    q->item = vsm_str_of(what);
  } else
    return strcmp(kind, "open") == 0;
  return true;
}

// forecast open|items N|by DATE|item KEY, then for 50, 85 and 95 % the day or number, or why there is none.
static void expect_forecast(struct story *s, char **w, unsigned n) {
  struct vsm_forecast_query q = {0};
  struct vsm_forecast_view v;
  unsigned words = strcmp(w[0], "open") == 0 ? 1 : 2;
  const char *text = "";
  if (n <= words || !read_forecast(&q, w[0], w[1]) || vsm_core_forecast(s->core, &q, &s->arena, &v) != 0) {
    story_complain(s, "this cannot be forecast");
    return;
  }
  for (unsigned c = 0; c < VSM_CHANCES && v.trouble == VSM_FORECAST_TOLD; c++) {
    char date[VSM_DATE_BYTES];
    vsm_date_print(v.chances[c].day, date);
    text = story_join(s, text,
                      q.kind == VSM_FORECAST_BY ? vsm_arena_printf(&s->arena, "%" PRIu64, v.chances[c].items)
                                                : vsm_arena_strdup(&s->arena, date));
  }
  story_text(s, "forecast", story_join_all(s, w + words, n - words),
             *text ? text : vsm_forecast_trouble_name(v.trouble));
}

// series FROM-TO stage NAME|stream FIGURE VALUE ...
static void expect_series(struct story *s, char **w, unsigned n) {
  int64_t bounds[2];
  struct vsm_series_picture got;
  bool stage = n > 2 && strcmp(w[1], "stage") == 0;
  char *dash = strchr(w[0], '-');
  struct vsm_series_query query = {
      .stage = stage ? story_stage(s, w[2]) : -1, .window = -1, .bounds = bounds, .n_bounds = 2};
  if (!dash || (stage ? query.stage < 0 : n < 2 || strcmp(w[1], "stream") != 0)) {
    story_complain(s, "a series is of FROM-TO stage NAME, or stream");
    return;
  }
  *dash = '\0';
  if (!story_clock(s, w[0], &bounds[0]) || !story_clock(s, dash + 1, &bounds[1]) || bounds[0] % VSM_QUARTER_US ||
      bounds[1] % VSM_QUARTER_US || bounds[0] > bounds[1] ||
      vsm_core_view_series(s->core, &query, &s->arena, &got) != 0 || got.n != 1) {
    story_complain(s, "no pane of quarters of an hour, or none that is kept");
    return;
  }
  const struct vsm_series_pane *p = got.panes;
  const struct story_figure figures[] = {{"arrivals", (double)p->arrivals},
                                         {"departures", (double)p->departures},
                                         {"completed", (double)p->completed},
                                         {"wip", (double)p->wip},
                                         {"cycle_time_count", (double)p->cycle_time_count},
                                         {"cycle_time_p50", p->cycle_time_p50},
                                         {"cycle_time_mean", p->cycle_time_mean}};
  w += stage ? 3 : 2;
  n -= stage ? 3 : 2;
  story_figures(s, figures, sizeof figures / sizeof *figures, w, n);
}

// wakes by TIME
static void expect_wakes(struct story *s, char **w, unsigned n) {
  int64_t at;
  if (n != 2 || strcmp(w[0], "by") != 0 || !story_clock(s, w[1], &at)) {
    story_complain(s, "wakes by TIME");
    return;
  }
  s->expected++;
  if (vsm_core_deadline(s->core).us > at)
    story_complain(s, "the core wakes only at %" PRId64, vsm_core_deadline(s->core).us);
}

static void expect_of_stage(struct story *s, char **w, unsigned n) {
  expect_view(s, w[0], w + 1, n - 1);
}

static void expect_of_stream(struct story *s, char **w, unsigned n) {
  expect_view(s, NULL, w, n);
}

void story_expect(struct story *s, char **w, unsigned n) {
  static const struct {
    const char *word;
    unsigned words; // behind it, at least
    void (*expect)(struct story *, char **, unsigned);
  } kinds[] = {
      {"stage", 2, expect_of_stage},      {"stream", 0, expect_of_stream},  {"events", 0, expect_events},

      {"edge", 0, expect_edge},           {"series", 2, expect_series},     {"bottleneck", 0, expect_bottleneck},
      {"forecast", 2, expect_forecast},   {"item", 2, story_expect_item},   {"row", 4, story_expect_row},
      {"wakes", 2, expect_wakes},         {"alert", 3, story_expect_alert}, {"past", 3, story_expect_past},
      {"alerts", 0, story_expect_alerts},
  };
  for (unsigned k = 0; k < sizeof kinds / sizeof *kinds; k++)
    if (strcmp(w[0], kinds[k].word) == 0 && n > kinds[k].words) {
      kinds[k].expect(s, w + 1, n - 1);
      return;
    }
  story_complain(s, "this cannot be expected");
}
