// The flow of a stream over time: a table, a picture of what was in progress where, and whether Little's law holds. The
// daemon is asked once for each node, so that no answer holds it up for long; all answers are of the same panes.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "cmd.h"
#include "conf/zones.h"
#include "copy.h"
#include "core/calendar.h"
#include "diagram.h"
#include "periods.h"
#include "text.h"

enum { PANES_MAX = 1000, PANES_DEFAULT = 30, STAGES_MAX = 254, TRIES = 20 };
#define SECOND_NS UINT64_C(1000000000)
static const double stable_share = 0.1; // arrivals against departures; work in progress at the end against the start
static const double stable_swing = 0.5; // work in progress against its mean, all the while
static const uint64_t least_completed = 20;

struct node {
  Vsm__V1__SeriesPane *panes; // copies
  size_t n;
  uint64_t end_ns;
  double day_seconds; // 86400, or of a working day where a calendar counts its times
  bool calendar;
  bool more; // earlier ones are still to be asked for
};

struct asked {
  const char *query, *stream, *stage, *window, *by, *zone;
  uint64_t last;
  bool json;
  struct vsm_arena arena;
  struct vsm_zone clocks; // of the zone
  struct vsm_talk *talk;
  // What came back.
  uint64_t now_ns, end_ns;
  Vsm__V1__ValueStream *known;
  const Vsm__V1__Stage *stages[STAGES_MAX]; // of it, those that are shown
  const char *used_window;
  struct node nodes[1 + STAGES_MAX];       // the stream itself, then its stages
  size_t n_stages, n_panes, first, filled; // panes from `first` on are shown
};

static int take_stream(void *ctx, const Vsm__V1__Reply *reply) {
  struct asked *a = ctx;
  const Vsm__V1__ValueStream *s = reply->snapshot->n_value_streams ? reply->snapshot->value_streams[0] : NULL;
  if (!s)
    return VSM_FAILED;
  a->now_ns = reply->snapshot->time_unix_nano;
  s = a->known = vsm_copy(&s->base);
  for (size_t i = 0; i < s->n_stages && a->n_stages < STAGES_MAX; i++)
    if (!*a->stage || strcmp(a->stage, s->stages[i]->id) == 0)
      a->stages[a->n_stages++] = s->stages[i];
  if (a->n_stages == 0) {
    fprintf(stderr, "vsm: no stage \"%s\" in value stream %s; known:", a->stage, a->stream);
    for (size_t i = 0; i < s->n_stages; i++)
      fprintf(stderr, "%s %s", i ? "," : "", s->stages[i]->id);
    fputc('\n', stderr);
    return VSM_FAILED;
  }
  // Without a word, the longest window.
  if (!*a->window && !*a->by && s->n_windows > 1)
    a->used_window = s->windows[s->n_windows - 1]->window;
  return VSM_DONE;
}

static int take_series(void *ctx, const Vsm__V1__Reply *reply) {
  struct asked *a = ctx;
  struct node *node = &a->nodes[a->filled];
  const Vsm__V1__Series *s = reply->series;
  Vsm__V1__SeriesPane *panes = calloc(s->n_panes + node->n + 1, sizeof *panes);
  if (!panes)
    return VSM_FAILED;
  for (size_t i = 0; i < s->n_panes; i++)
    panes[i] = *s->panes[i];
  if (node->n > 0)
    memcpy(panes + s->n_panes, node->panes, node->n * sizeof *panes);
  free(node->panes);
  bool calendar = s->working_day_seconds > 0;
  *node = (struct node){.panes = panes,
                        .n = s->n_panes + node->n,
                        .end_ns = node->n ? node->end_ns : s->end_unix_nano,
                        .day_seconds = calendar ? s->working_day_seconds : 86400,
                        .calendar = calendar,
                        .more = s->more && s->n_panes > 0};
  return VSM_DONE;
}

// A busy node's panes come in several answers, the newest first.
static int ask_node(struct asked *a, const char *stage, uint64_t *bounds, size_t n_bounds) {
  Vsm__V1__SeriesRequest ask_for = VSM__V1__SERIES_REQUEST__INIT;
  Vsm__V1__Request r = VSM__V1__REQUEST__INIT;
  struct node *node = &a->nodes[a->filled];
  int status;
  r.kind_case = VSM__V1__REQUEST__KIND_SERIES;
  r.series = &ask_for;
  ask_for.stream = (char *)a->stream;
  ask_for.stage = (char *)stage;
  ask_for.window = (char *)(bounds ? "" : a->used_window);
  ask_for.bounds_unix_nano = bounds;
  ask_for.n_bounds_unix_nano = n_bounds;
  while ((status = vsm_talk_ask(a->talk, &r, take_series, a)) == VSM_DONE && node->more && node->n + 1 < n_bounds)
    ask_for.n_bounds_unix_nano = n_bounds - node->n;
  a->filled++;
  return status;
}

static void forget_series(struct asked *a) {
  for (size_t i = 0; i < a->filled; i++)
    free(a->nodes[i].panes);
  memset(a->nodes, 0, sizeof a->nodes);
  a->filled = 0;
}

// A pane may begin or be forgotten between two answers: then they do not fit together.
static bool fit(const struct asked *a) {
  for (size_t i = 1; i < a->filled; i++)
    if (a->nodes[i].n != a->nodes[0].n || a->nodes[i].end_ns != a->nodes[0].end_ns)
      return false;
  return true;
}

static int ask_series(struct asked *a, uint64_t *bounds, size_t n_bounds) {
  for (int i = 0; i < TRIES; i++) {
    int status = ask_node(a, "", bounds, n_bounds);
    for (size_t k = 0; k < a->n_stages && status == VSM_DONE; k++)
      status = ask_node(a, a->stages[k]->id, bounds, n_bounds);
    if (status != VSM_DONE)
      return status;
    if (fit(a)) {
      a->n_panes = a->nodes[0].n;
      a->end_ns = a->nodes[0].end_ns;
      a->first = a->last && a->last < a->n_panes ? a->n_panes - a->last : 0;
      return VSM_DONE;
    }
    forget_series(a);
  }
  fputs("vsm: time goes by faster there than the stages can be asked for; try a longer window\n", stderr);
  return VSM_FAILED;
}

// --- Little's law

// In the time that counts the node's cycle times: where a calendar does, means are over its working time and days are
// its working days, for the law holds in either time, but not across them.
struct law {
  double days, wip, throughput, lead_days; // means over the panes
  uint64_t arrivals, departures, completed, wip_before, wip_after;
  const char *unstable; // why it need not hold; NULL: it must
};

static struct law weigh(const struct asked *a, const struct node *node) {
  struct law l = {0};
  double lead = 0;
  uint64_t leads = 0;
  for (size_t i = a->first; i < a->n_panes; i++) {
    const Vsm__V1__SeriesPane *p = &node->panes[i];
    double before = i ? (double)p[-1].wip : (double)p->wip - (double)p->arrivals + (double)p->departures;
    double days = p->seconds / node->day_seconds;
    l.wip_before = i > a->first ? l.wip_before : (uint64_t)before;
    l.wip_after = p->wip;
    l.wip += days * (before + (double)p->wip) / 2;
    l.days += days;
    l.arrivals += p->arrivals;
    l.departures += p->departures;
    l.completed += p->completed;
    lead += p->cycle_time_mean * (double)p->cycle_time_count;
    leads += p->cycle_time_count;
  }
  l.wip = l.days > 0 ? l.wip / l.days : 0;
  double swing = 0; // how far it goes from its mean
  for (size_t i = a->first; i < a->n_panes; i++)
    swing = fmax(swing, fabs((double)node->panes[i].wip - l.wip));
  l.throughput = l.days > 0 ? (double)l.departures / l.days : 0;
  l.lead_days = leads ? lead / (double)leads / node->day_seconds : 0;
  double most = (double)(l.arrivals > l.departures ? l.arrivals : l.departures);
  if (l.completed < least_completed)
    l.unstable = "too little was completed";
  else if (fabs((double)l.arrivals - (double)l.departures) > stable_share * most)
    l.unstable = l.arrivals > l.departures ? "more arrives than leaves" : "more leaves than arrives";
  else if (fabs((double)l.wip_after - (double)l.wip_before) > fmax(1, stable_share * l.wip))
    l.unstable = "the work in progress changes";
  else if (swing > fmax(stable_swing * l.wip, 3 * sqrt(l.wip))) // more than chance
    l.unstable = "the work in progress swings";
  return l;
}

static void print_law(FILE *out, const struct asked *a, const struct node *node) {
  struct law l = weigh(a, node);
  char took[32];
  double product = l.throughput * l.lead_days;
  vsm_text_worked(l.lead_days * node->day_seconds, node->calendar ? node->day_seconds : 0, took, sizeof took);
  fprintf(out, "\nLittle's law: mean WIP %.1f\n  throughput %.2f a %s x mean %s time %s = %.1f", l.wip, l.throughput,
          node->calendar ? "working day" : "day", node == a->nodes ? "lead" : "cycle", took, product);
  if (!l.unstable)
    fprintf(out, " (ratio %.2f)", product > 0 ? l.wip / product : 0);
  fprintf(out, "\n  %s: %llu in, %llu out, WIP %llu to %llu\n", l.unstable ? "not stable" : "stable",
          (unsigned long long)l.arrivals, (unsigned long long)l.departures, (unsigned long long)l.wip_before,
          (unsigned long long)l.wip_after);
  if (l.unstable)
    fprintf(out, "  the two need not agree: %s\n", l.unstable);
}

// --- text

static const struct node *shown(const struct asked *a) {
  return *a->stage ? &a->nodes[1] : &a->nodes[0];
}

static const char *print_start(const struct asked *a, size_t pane, char *buf, size_t size) {
  return vsm_periods_print(&a->clocks, (int64_t)(a->nodes[0].panes[pane].start_unix_nano / SECOND_NS), buf, size);
}

static void print_table(FILE *out, const struct asked *a) {
  char start[32], in[24], left[24], cumulative_in[24], cumulative_out[24], wip[24], p50[32];
  uint64_t arrivals = 0, departures = 0;
  const struct node *node = shown(a);
  double day = node->calendar ? node->day_seconds : 0;
  struct vsm_text_table *t = vsm_text_table_create("lrrrrrr", "from", "in", "out", "all in", "all out", "wip",
                                                   node == a->nodes ? "lead p50" : "cycle p50");
  for (size_t i = a->first; i < a->n_panes; i++) {
    const Vsm__V1__SeriesPane *p = &node->panes[i];
    arrivals += p->arrivals;
    departures += p->departures;
    vsm_text_table_row(t, print_start(a, i, start, sizeof start), vsm_text_number(p->arrivals, in, sizeof in),
                       vsm_text_number(p->departures, left, sizeof left),
                       vsm_text_number(arrivals, cumulative_in, sizeof cumulative_in),
                       vsm_text_number(departures, cumulative_out, sizeof cumulative_out),
                       vsm_text_number(p->wip, wip, sizeof wip),
                       p->cycle_time_count ? vsm_text_worked(p->cycle_time_p50, day, p50, sizeof p50) : "-");
  }
  vsm_text_table_print(t, out);
}

static char letter(size_t stage) {
  static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  return letters[stage % (sizeof letters - 1)];
}

// What left since the first pane began, then the stages from the last to the first, then what is in none of them.
static void fill_bands(const struct asked *a, double *at[]) {
  const struct node *whole = shown(a);
  double left = 0;
  for (size_t i = a->first; i < a->n_panes; i++) {
    size_t pane = i - a->first;
    double between = (double)whole->panes[i].wip;
    at[0][pane] = left += (double)whole->panes[i].departures;
    for (size_t k = a->n_stages; k > 0; k--) {
      double wip = (double)a->nodes[k].panes[i].wip;
      at[1 + a->n_stages - k][pane] = wip;
      between -= wip;
    }
    at[1 + a->n_stages][pane] = between > 0 ? between : 0;
  }
}

static void print_flow(FILE *out, const struct asked *a) {
  size_t n = a->n_panes - a->first, n_bands = a->n_stages + 2;
  double *at[STAGES_MAX + 2];
  struct vsm_diagram_band bands[STAGES_MAX + 2];
  char from[32], to[32], wip[24];
  double *all = n ? calloc(n * n_bands, sizeof *all) : NULL;
  if (!all)
    return;
  for (size_t i = 0; i < n_bands; i++) {
    at[i] = all + i * n;
    bands[i] = (struct vsm_diagram_band){i == 0 ? '.' : i > a->n_stages ? '-' : letter(a->n_stages - i), at[i]};
  }
  fill_bands(a, at);
  fputs("\ncumulative flow:\n", out);
  vsm_diagram_print(&(struct vsm_diagram){bands, n_bands, n, print_start(a, a->first, from, sizeof from),
                                          print_start(a, a->n_panes - 1, to, sizeof to)},
                    out);
  for (size_t k = 0; k < a->n_stages; k++)
    fprintf(out, "  %c %s: %s in progress\n", letter(k), a->stages[k]->name,
            vsm_text_number(a->nodes[k + 1].panes[a->n_panes - 1].wip, wip, sizeof wip));
  fprintf(out, "  . %s\n", *a->stage ? "left the stage" : "finished or withdrawn");
  if (at[n_bands - 1][n - 1] > 0 && !*a->stage)
    fprintf(out, "  - between stages: %.0f\n", at[n_bands - 1][n - 1]);
  free(all);
}

static void print_text(FILE *out, const struct asked *a) {
  fprintf(out, "%s %s", a->stream, a->known->name);
  if (*a->stage)
    fprintf(out, ", %s", a->stages[0]->name);
  if (a->used_window)
    fprintf(out, ": window %s\n\n", a->used_window);
  else
    fprintf(out, ": by %s, %s\n\n", a->by, a->zone);
  print_table(out, a);
  print_flow(out, a);
  print_law(out, a, shown(a));
}

// --- JSON

static void print_figures(FILE *out, const Vsm__V1__SeriesPane *p) {
  fprintf(out,
          "\"arrivals\": %llu, \"departures\": %llu, \"completed\": %llu, \"wip\": %llu, \"cycle_time_count\": %llu, "
          "\"cycle_time_p50\": %.17g, \"cycle_time_mean\": %.17g, \"seconds\": %.17g",
          (unsigned long long)p->arrivals, (unsigned long long)p->departures, (unsigned long long)p->completed,
          (unsigned long long)p->wip, (unsigned long long)p->cycle_time_count, p->cycle_time_p50, p->cycle_time_mean,
          p->seconds);
}

static void print_json(FILE *out, const struct asked *a) {
  struct law l = weigh(a, shown(a));
  fprintf(out, "{\"value_stream\": \"%s\", \"window\": \"%s\", \"by\": \"%s\", \"zone\": \"%s\", \"panes\": [",
          a->stream, a->used_window ? a->used_window : "", a->used_window ? "" : a->by, a->used_window ? "" : a->zone);
  for (size_t i = a->first; i < a->n_panes; i++) {
    fprintf(out, "%s{\"start_unix_nano\": %llu, ", i > a->first ? ", " : "",
            (unsigned long long)a->nodes[0].panes[i].start_unix_nano);
    print_figures(out, &a->nodes[0].panes[i]);
    fprintf(out, ", \"stages\": [");
    for (size_t k = 1; k <= a->n_stages; k++) {
      fprintf(out, "%s{\"id\": \"%s\", ", k > 1 ? ", " : "", a->stages[k - 1]->id);
      print_figures(out, &a->nodes[k].panes[i]);
      fputc('}', out);
    }
    fputs("]}", out);
  }
  fprintf(out,
          "], \"end_unix_nano\": %llu, \"littles_law\": {\"stable\": %s, \"mean_wip\": %.17g, \"throughput_per_day\": "
          "%.17g, \"mean_time_seconds\": %.17g, \"working_day_seconds\": %.17g}}\n",
          (unsigned long long)a->end_ns, l.unstable ? "false" : "true", l.wip, l.throughput,
          l.lead_days * shown(a)->day_seconds, shown(a)->calendar ? shown(a)->day_seconds : 0);
}

// --- the command

static void free_all(struct asked *a) {
  forget_series(a);
  vsm_talk_end(a->talk);
  vsm_drop(a->known);
  vsm_arena_fini(&a->arena);
}

static int ask(struct asked *a) {
  Vsm__V1__SnapshotRequest ask_for = VSM__V1__SNAPSHOT_REQUEST__INIT;
  Vsm__V1__Request r = VSM__V1__REQUEST__INIT;
  static int64_t bounds_s[PANES_MAX + 1];
  static uint64_t bounds[PANES_MAX + 1];
  r.kind_case = VSM__V1__REQUEST__KIND_SNAPSHOT;
  r.snapshot = &ask_for;
  ask_for.stream = (char *)a->stream;
  a->talk = vsm_talk_begin(a->query);
  if (!a->talk || vsm_talk_ask(a->talk, &r, take_stream, a) != VSM_DONE)
    return VSM_FAILED;
  if (!*a->by)
    return ask_series(a, NULL, 0);
  size_t n = vsm_periods((enum vsm_period)vsm_period_of(a->by), &a->clocks, (int64_t)(a->now_ns / SECOND_NS),
                         a->last ? a->last : PANES_DEFAULT, bounds_s);
  for (size_t i = 0; i <= n; i++)
    bounds[i] = (uint64_t)bounds_s[i] * SECOND_NS;
  return ask_series(a, bounds, n + 1);
}

static int check(struct asked *a) {
  const char *why;
  if (*a->window && *a->by)
    fprintf(stderr, "vsm: both --window and --by; allowed: one of them\n");
  else if (*a->by && vsm_period_of(a->by) < 0)
    fprintf(stderr, "vsm: --by %s; allowed: hour, day, week, month\n", a->by);
  else if (a->last > PANES_MAX)
    fprintf(stderr, "vsm: --last is at most %d\n", PANES_MAX);
  else if (strcmp(a->zone, "UTC") != 0 && (why = vsm_zone_by_name(a->zone, &a->arena, &a->clocks)) != NULL)
    fprintf(stderr, "vsm: %s\n", why);
  else
    return VSM_DONE;
  return VSM_WRONG_USAGE;
}

int vsm_cmd_series(int argc, char **argv) {
  struct asked a = {.query = VSM_QUERY_DEFAULT, .stage = "", .window = "", .by = "", .zone = "UTC"};
  const struct vsm_flag flags[] = {
      {"query", VSM_FLAG_TEXT, &a.query, "ENDPOINT", "the daemon's query socket (" VSM_QUERY_DEFAULT ")"},
      {"stage", VSM_FLAG_TEXT, &a.stage, "ID", "this stage of it alone"},
      {"window", VSM_FLAG_TEXT, &a.window, "NAME", "the panes of a configured window: 24h (the last one configured)"},
      {"by", VSM_FLAG_TEXT, &a.by, "UNIT", "hour, day, week or month instead, of the last 400 days"},
      {"zone", VSM_FLAG_TEXT, &a.zone, "ZONE", "whose days and weeks: America/Chicago (UTC)"},
      {"last", VSM_FLAG_COUNT, &a.last, "N", "so many of them: 30, up to 1000; of a window all"},
      {"json", VSM_FLAG, &a.json, NULL, "as JSON"},
  };
  int n, status = vsm_options(
             argc, argv,
             &(struct vsm_usage){
                 "vsm series STREAM [--stage ID] [--window NAME | --by UNIT [--zone ZONE]] [--last N] [--json]",
                 "The flow over time: what came, what left, what was in progress, and how long it took.",
                 "  vsm series RCV-01 --window 24h\n"
                 "  vsm series RCV-01 --by week --zone America/Chicago --last 12\n"
                 "  vsm series AOV-04 --by hour --json\n",
                 VSM_ARRAY(flags), 1, 1},
             &n);
  if (status >= 0)
    return status;
  a.stream = argv[1];
  vsm_arena_init(&a.arena, 0);
  if (*a.window)
    a.used_window = a.window;
  status = check(&a);
  if (status == VSM_DONE)
    status = ask(&a);
  if (status == VSM_DONE && a.json)
    print_json(stdout, &a);
  else if (status == VSM_DONE)
    print_text(stdout, &a);
  free_all(&a);
  return status;
}
