// The flow of a stream over time: a table, a picture of what was in progress where, and whether Little's law holds. The
// daemon is asked once for each node, so that no answer holds it up for long; all answers are of the same panes.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "periods.h"
#include "text.h"

enum { BAR = 40, PANES_MAX = 1000, PANES_DEFAULT = 30, STAGES_MAX = 254 };
static const double stable_share = 0.1; // arrivals against departures; work in progress at the end against the start
static const uint64_t least_completed = 20;

struct node {
  const char *id;
  Vsm__V1__SeriesPane *panes; // a copy
};

struct asked {
  const char *query, *stream, *stage, *window, *by, *zone;
  uint64_t last;
  bool json;
  // What came back.
  uint64_t now_ns, end_ns;
  char *name, *used_window;
  char *ids[STAGES_MAX], *names[STAGES_MAX];
  struct node nodes[1 + STAGES_MAX]; // the stream itself, then its stages
  size_t n_stages, n_panes, filled;
  bool moved; // a pane began between two answers: they do not fit together
};

static int take_stream(void *ctx, const Vsm__V1__Reply *reply) {
  struct asked *a = ctx;
  const Vsm__V1__ValueStream *s = reply->snapshot->n_value_streams ? reply->snapshot->value_streams[0] : NULL;
  if (!s)
    return VSM_FAILED;
  a->now_ns = reply->snapshot->time_unix_nano;
  a->name = strdup(s->name);
  for (size_t i = 0; i < s->n_stages && a->n_stages < STAGES_MAX; i++)
    if (!*a->stage || strcmp(a->stage, s->stages[i]->id) == 0) {
      a->ids[a->n_stages] = strdup(s->stages[i]->id);
      a->names[a->n_stages++] = strdup(s->stages[i]->name);
    }
  if (a->n_stages == 0) {
    fprintf(stderr, "vsm: no stage \"%s\" in %s\n", a->stage, a->stream);
    return VSM_FAILED;
  }
  // Without a word, the longest window.
  if (!*a->window && !*a->by && s->n_windows > 1)
    a->used_window = strdup(s->windows[s->n_windows - 1]->window);
  return VSM_DONE;
}

static int take_series(void *ctx, const Vsm__V1__Reply *reply) {
  struct asked *a = ctx;
  const Vsm__V1__Series *s = reply->series;
  Vsm__V1__SeriesPane *panes = calloc(s->n_panes + 1, sizeof *panes);
  for (size_t i = 0; panes && i < s->n_panes; i++)
    panes[i] = *s->panes[i];
  a->nodes[a->filled] = (struct node){a->filled ? a->ids[a->filled - 1] : "", panes};
  if (a->filled++ == 0) {
    a->n_panes = s->n_panes;
    a->end_ns = s->end_unix_nano;
  }
  a->moved = a->moved || s->n_panes != a->n_panes || s->end_unix_nano != a->end_ns;
  return panes ? VSM_DONE : VSM_FAILED;
}

static int ask_nodes(struct asked *a, uint64_t *bounds, size_t n_bounds) {
  for (size_t i = 0; i <= a->n_stages; i++) {
    Vsm__V1__SeriesRequest ask_for = VSM__V1__SERIES_REQUEST__INIT;
    Vsm__V1__Request r = VSM__V1__REQUEST__INIT;
    r.kind_case = VSM__V1__REQUEST__KIND_SERIES;
    r.series = &ask_for;
    ask_for.stream = (char *)a->stream;
    ask_for.stage = i ? a->ids[i - 1] : (char *)"";
    ask_for.window = bounds ? (char *)"" : a->used_window;
    ask_for.bounds_unix_nano = bounds;
    ask_for.n_bounds_unix_nano = n_bounds;
    if (vsm_ask(a->query, &r, take_series, a) != VSM_DONE)
      return VSM_FAILED;
  }
  return VSM_DONE;
}

static void forget_series(struct asked *a) {
  for (size_t i = 0; i < a->filled; i++)
    free(a->nodes[i].panes);
  a->filled = 0;
  a->moved = false;
}

static int ask_series(struct asked *a, uint64_t *bounds, size_t n_bounds) {
  int status;
  do {
    forget_series(a);
    status = ask_nodes(a, bounds, n_bounds);
  } while (status == VSM_DONE && a->moved);
  return status;
}

// --- Little's law

struct law {
  double days, wip, throughput, lead_days; // means over the panes
  uint64_t arrivals, departures, completed, wip_before, wip_after;
  const char *unstable; // why it need not hold; NULL: it must
};

static struct law weigh(const struct asked *a, const struct node *node) {
  struct law l = {0};
  double lead = 0;
  uint64_t leads = 0;
  for (size_t i = 0; i < a->n_panes; i++) {
    const Vsm__V1__SeriesPane *p = &node->panes[i];
    double before = i ? (double)p[-1].wip : (double)p->wip - (double)p->arrivals + (double)p->departures;
    uint64_t end = i + 1 < a->n_panes ? p[1].start_unix_nano : a->end_ns < a->now_ns ? a->end_ns : a->now_ns;
    double days = end > p->start_unix_nano ? (double)(end - p->start_unix_nano) / 86400e9 : 0;
    l.wip_before = i ? l.wip_before : (uint64_t)before;
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
  l.throughput = l.days > 0 ? (double)l.departures / l.days : 0;
  l.lead_days = leads ? lead / (double)leads / 86400 : 0;
  double most = (double)(l.arrivals > l.departures ? l.arrivals : l.departures);
  if (l.completed < least_completed)
    l.unstable = "too little was completed";
  else if (fabs((double)l.arrivals - (double)l.departures) > stable_share * most)
    l.unstable = l.arrivals > l.departures ? "more arrives than leaves" : "more leaves than arrives";
  else if (fabs((double)l.wip_after - (double)l.wip_before) > fmax(1, stable_share * l.wip))
    l.unstable = "the work in progress changes";
  return l;
}

static void print_law(FILE *out, const struct asked *a, const struct node *node) {
  struct law l = weigh(a, node);
  double product = l.throughput * l.lead_days;
  fprintf(out, "\nLittle's law: mean WIP %.1f; throughput %.2f a day x mean %s time %.2f d = %.1f", l.wip, l.throughput,
          node == a->nodes ? "lead" : "cycle", l.lead_days, product);
  if (l.unstable)
    fprintf(out, "\n  not stable (%s: %llu in, %llu out, WIP %llu to %llu), so the two need not agree\n", l.unstable,
            (unsigned long long)l.arrivals, (unsigned long long)l.departures, (unsigned long long)l.wip_before,
            (unsigned long long)l.wip_after);
  else
    fprintf(out, " (ratio %.2f)\n  stable: %llu in, %llu out, WIP %llu to %llu\n", product > 0 ? l.wip / product : 0,
            (unsigned long long)l.arrivals, (unsigned long long)l.departures, (unsigned long long)l.wip_before,
            (unsigned long long)l.wip_after);
}

// --- text

static const struct node *shown(const struct asked *a) {
  return *a->stage ? &a->nodes[1] : &a->nodes[0];
}

static void print_table(FILE *out, const struct asked *a, size_t first) {
  char start[32], in[24], left[24], cumulative_in[24], cumulative_out[24], wip[24], p50[32];
  uint64_t arrivals = 0, departures = 0;
  const struct node *node = shown(a);
  struct vsm_text_table *t = vsm_text_table_create("lrrrrrr", "from", "in", "out", "all in", "all out", "wip",
                                                   node == a->nodes ? "lead p50" : "cycle p50");
  for (size_t i = first; i < a->n_panes; i++) {
    const Vsm__V1__SeriesPane *p = &node->panes[i];
    arrivals += p->arrivals;
    departures += p->departures;
    vsm_text_table_row(t, vsm_periods_print(p->start_unix_nano, start, sizeof start),
                       vsm_text_number(p->arrivals, in, sizeof in), vsm_text_number(p->departures, left, sizeof left),
                       vsm_text_number(arrivals, cumulative_in, sizeof cumulative_in),
                       vsm_text_number(departures, cumulative_out, sizeof cumulative_out),
                       vsm_text_number(p->wip, wip, sizeof wip),
                       p->cycle_time_count ? vsm_text_duration(p->cycle_time_p50, p50, sizeof p50) : "-");
  }
  vsm_text_table_print(t, out);
}

static char letter(size_t stage) {
  static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  return letters[stage % (sizeof letters - 1)];
}

// A row a pane: what was in progress at its end, stage by stage, the last one first as in a cumulative flow diagram.
static void print_picture(FILE *out, const struct asked *a, size_t first) {
  char start[32], bar[BAR + 1];
  double most = 1;
  for (size_t i = first; i < a->n_panes; i++) {
    double sum = 0;
    for (size_t k = 1; k <= a->n_stages; k++)
      sum += (double)a->nodes[k].panes[i].wip;
    most = sum > most ? sum : most;
  }
  fprintf(out, "\nwork in progress, the last stage at the left:\n");
  for (size_t i = first; i < a->n_panes; i++) {
    double sum = 0;
    size_t n = 0;
    for (size_t k = a->n_stages; k > 0; k--) {
      sum += (double)a->nodes[k].panes[i].wip;
      while (n < BAR && (double)n + 0.5 < sum / most * BAR)
        bar[n++] = letter(k - 1);
    }
    bar[n] = '\0';
    fprintf(out, "  %s |%-*s| %.0f\n", vsm_periods_print(a->nodes[0].panes[i].start_unix_nano, start, sizeof start),
            BAR, bar, sum);
  }
  for (size_t k = 0; k < a->n_stages; k++)
    fprintf(out, "  %c %s\n", letter(k), a->names[k]);
}

static void print_text(FILE *out, const struct asked *a) {
  size_t first = a->last && a->last < a->n_panes ? a->n_panes - a->last : 0;
  fprintf(out, "%s %s", a->stream, a->name);
  if (*a->stage)
    fprintf(out, ", %s", a->names[0]);
  if (a->used_window)
    fprintf(out, ": window %s\n\n", a->used_window);
  else
    fprintf(out, ": by %s, %s\n\n", a->by, a->zone);
  print_table(out, a, first);
  print_picture(out, a, first);
  print_law(out, a, shown(a));
}

// --- JSON

static void print_figures(FILE *out, const Vsm__V1__SeriesPane *p) {
  fprintf(out,
          "\"arrivals\": %llu, \"departures\": %llu, \"completed\": %llu, \"wip\": %llu, \"cycle_time_count\": %llu, "
          "\"cycle_time_p50\": %.17g, \"cycle_time_mean\": %.17g",
          (unsigned long long)p->arrivals, (unsigned long long)p->departures, (unsigned long long)p->completed,
          (unsigned long long)p->wip, (unsigned long long)p->cycle_time_count, p->cycle_time_p50, p->cycle_time_mean);
}

static void print_json(FILE *out, const struct asked *a) {
  size_t first = a->last && a->last < a->n_panes ? a->n_panes - a->last : 0;
  struct law l = weigh(a, shown(a));
  fprintf(out, "{\"value_stream\": \"%s\", \"window\": \"%s\", \"by\": \"%s\", \"zone\": \"%s\", \"panes\": [",
          a->stream, a->used_window ? a->used_window : "", a->used_window ? "" : a->by, a->used_window ? "" : a->zone);
  for (size_t i = first; i < a->n_panes; i++) {
    fprintf(out, "%s{\"start_unix_nano\": %llu, ", i > first ? ", " : "",
            (unsigned long long)a->nodes[0].panes[i].start_unix_nano);
    print_figures(out, &a->nodes[0].panes[i]);
    fprintf(out, ", \"stages\": [");
    for (size_t k = 1; k <= a->n_stages; k++) {
      fprintf(out, "%s{\"id\": \"%s\", ", k > 1 ? ", " : "", a->ids[k - 1]);
      print_figures(out, &a->nodes[k].panes[i]);
      fputc('}', out);
    }
    fputs("]}", out);
  }
  fprintf(out,
          "], \"end_unix_nano\": %llu, \"littles_law\": {\"stable\": %s, \"mean_wip\": %.17g, \"throughput_per_day\": "
          "%.17g, \"mean_time_seconds\": %.17g}}\n",
          (unsigned long long)a->end_ns, l.unstable ? "false" : "true", l.wip, l.throughput, l.lead_days * 86400);
}

// --- the command

static void free_all(struct asked *a) {
  forget_series(a);
  for (size_t i = 0; i < a->n_stages; i++) {
    free(a->ids[i]);
    free(a->names[i]);
  }
  free(a->name);
  free(a->used_window);
}

static int ask(struct asked *a) {
  Vsm__V1__SnapshotRequest ask_for = VSM__V1__SNAPSHOT_REQUEST__INIT;
  Vsm__V1__Request r = VSM__V1__REQUEST__INIT;
  static uint64_t bounds[PANES_MAX + 1];
  r.kind_case = VSM__V1__REQUEST__KIND_SNAPSHOT;
  r.snapshot = &ask_for;
  ask_for.stream = (char *)a->stream;
  if (vsm_ask(a->query, &r, take_stream, a) != VSM_DONE)
    return VSM_FAILED;
  if (!*a->by)
    return ask_series(a, NULL, 0);
  size_t n = a->last ? a->last : PANES_DEFAULT;
  vsm_periods((enum vsm_period)vsm_period_of(a->by), a->now_ns, n, bounds);
  while (n > 1 && bounds[1] == 0) { // before 1970
    memmove(bounds, bounds + 1, n * sizeof *bounds);
    n--;
  }
  return ask_series(a, bounds, n + 1);
}

static int check(const struct asked *a) {
  if (*a->window && *a->by)
    fprintf(stderr, "vsm: both --window and --by; allowed: one of them\n");
  else if (*a->by && vsm_period_of(a->by) < 0)
    fprintf(stderr, "vsm: --by %s; allowed: hour, day, week, month\n", a->by);
  else if (a->last > PANES_MAX)
    fprintf(stderr, "vsm: --last is at most %d\n", PANES_MAX);
  else if (!vsm_periods_zone(a->zone))
    fprintf(stderr, "vsm: no time zone \"%s\" on this system; names are like America/Chicago, or UTC\n", a->zone);
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
  if ((status = check(&a)) != VSM_DONE)
    return status;
  if (*a.window)
    a.used_window = strdup(a.window);
  status = ask(&a);
  if (status == VSM_DONE && a.json)
    print_json(stdout, &a);
  else if (status == VSM_DONE)
    print_text(stdout, &a);
  free_all(&a);
  return status;
}
