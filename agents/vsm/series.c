// The flow of a stream over time: a table, a picture of what was in progress where, and whether Little's law holds.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agents/ask/periods.h"
#include "agents/ask/panes.h"
#include "cmd.h"
#include "diagram.h"
#include "text.h"

#define SECOND_NS UINT64_C(1000000000)

// --- Little's law

static void print_law(FILE *out, const struct vsm_panes *s, const struct vsm_panes_node *node) {
  struct vsm_panes_law l = vsm_panes_law(s, node);
  char took[32];
  double product = l.throughput * l.lead_days;
  vsm_text_worked(l.lead_days * node->day_seconds, node->calendar ? node->day_seconds : 0, took, sizeof took);
  fprintf(out, "\nLittle's law: mean WIP %.1f\n  throughput %.2f a %s x mean %s time %s = %.1f", l.wip, l.throughput,
          node->calendar ? "working day" : "day", node == s->nodes ? "lead" : "cycle", took, product);
  if (!l.unstable)
    fprintf(out, " (ratio %.2f)", product > 0 ? l.wip / product : 0);
  fprintf(out, "\n  %s: %llu in, %llu out, WIP %llu to %llu\n", l.unstable ? "not stable" : "stable",
          (unsigned long long)l.arrivals, (unsigned long long)l.departures, (unsigned long long)l.wip_before,
          (unsigned long long)l.wip_after);
  if (l.unstable)
    fprintf(out, "  the two need not agree: %s\n", l.unstable);
}

// --- text

static const char *print_start(const struct vsm_panes *s, size_t pane, char *buf, size_t size) {
  return vsm_periods_print(&s->clocks, (int64_t)(s->nodes[0].panes[pane].start_unix_nano / SECOND_NS), buf, size);
}

static void print_table(FILE *out, const struct vsm_panes *s) {
  char start[32], in[24], left[24], cumulative_in[24], cumulative_out[24], wip[24], p50[32];
  uint64_t arrivals = 0, departures = 0;
  const struct vsm_panes_node *node = vsm_panes_shown(s);
  double day = node->calendar ? node->day_seconds : 0;
  struct vsm_text_table *t = vsm_text_table_create("lrrrrrr", "from", "in", "out", "all in", "all out", "wip",
                                                   node == s->nodes ? "lead p50" : "cycle p50");
  for (size_t i = s->first; i < s->n_panes; i++) {
    const Vsm__V1__SeriesPane *p = &node->panes[i];
    arrivals += p->arrivals;
    departures += p->departures;
    vsm_text_table_row(t, print_start(s, i, start, sizeof start), vsm_text_number(p->arrivals, in, sizeof in),
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
static void fill_bands(const struct vsm_panes *s, double *at[]) {
  const struct vsm_panes_node *whole = vsm_panes_shown(s);
  double left = 0;
  for (size_t i = s->first; i < s->n_panes; i++) {
    size_t pane = i - s->first;
    double between = (double)whole->panes[i].wip;
    at[0][pane] = left += (double)whole->panes[i].departures;
    for (size_t k = s->n_stages; k > 0; k--) {
      double wip = (double)s->nodes[k].panes[i].wip;
      at[1 + s->n_stages - k][pane] = wip;
      between -= wip;
    }
    at[1 + s->n_stages][pane] = between > 0 ? between : 0;
  }
}

static void print_flow(FILE *out, const struct vsm_panes *s) {
  size_t n = s->n_panes - s->first, n_bands = s->n_stages + 2;
  double *at[VSM_PANES_STAGES_MAX + 2];
  struct vsm_diagram_band bands[VSM_PANES_STAGES_MAX + 2];
  char from[32], to[32], wip[24];
  double *all = n ? calloc(n * n_bands, sizeof *all) : NULL;
  if (!all)
    return;
  for (size_t i = 0; i < n_bands; i++) {
    at[i] = all + i * n;
    bands[i] = (struct vsm_diagram_band){i == 0 ? '.' : i > s->n_stages ? '-' : letter(s->n_stages - i), at[i]};
  }
  fill_bands(s, at);
  fputs("\ncumulative flow:\n", out);
  vsm_diagram_print(&(struct vsm_diagram){bands, n_bands, n, print_start(s, s->first, from, sizeof from),
                                          print_start(s, s->n_panes - 1, to, sizeof to)},
                    out);
  for (size_t k = 0; k < s->n_stages; k++)
    fprintf(out, "  %c %s: %s in progress\n", letter(k), s->stages[k]->name,
            vsm_text_number(s->nodes[k + 1].panes[s->n_panes - 1].wip, wip, sizeof wip));
  fprintf(out, "  . %s\n", *s->o.stage ? "left the stage" : "finished or withdrawn");
  if (at[n_bands - 1][n - 1] > 0 && !*s->o.stage)
    fprintf(out, "  - between stages: %.0f\n", at[n_bands - 1][n - 1]);
  free(all);
}

static void print_text(FILE *out, const struct vsm_panes *s) {
  fprintf(out, "%s %s", s->o.stream, s->known->name);
  if (*s->o.stage)
    fprintf(out, ", %s", s->stages[0]->name);
  if (s->used_window)
    fprintf(out, ": window %s\n\n", s->used_window);
  else
    fprintf(out, ": by %s, %s\n\n", s->o.by, s->o.zone);
  print_table(out, s);
  print_flow(out, s);
  print_law(out, s, vsm_panes_shown(s));
}

// --- the command

static int run(const char *query, const struct vsm_panes_options *o, bool json) {
  struct vsm_panes *s = vsm_panes_create(o, "--");
  struct vsm_talk *talk = *s->inquiry.why ? NULL : vsm_talk_begin(query);
  int status = talk ? vsm_talk_inquire(talk, &s->inquiry, NULL, NULL) : VSM_FAILED;
  if (!talk && *s->inquiry.why) {
    vsm_say_refusal(s->inquiry.why);
    status = VSM_WRONG_USAGE;
  }
  vsm_talk_end(talk);
  if (status == VSM_DONE && json)
    vsm_panes_json(stdout, s);
  else if (status == VSM_DONE)
    print_text(stdout, s);
  vsm_inquiry_destroy(&s->inquiry);
  return status;
}

int vsm_cmd_series(int argc, char **argv) {
  struct vsm_panes_options o = {.stage = "", .window = "", .by = "", .zone = "UTC"};
  const char *query = VSM_QUERY_DEFAULT;
  bool json = false;
  const struct vsm_flag flags[] = {
      {"query", VSM_FLAG_TEXT, &query, "ENDPOINT", "the daemon's query socket (" VSM_QUERY_DEFAULT ")"},
      {"stage", VSM_FLAG_TEXT, &o.stage, "ID", "this stage of it alone"},
      {"window", VSM_FLAG_TEXT, &o.window, "NAME", "the panes of a configured window: 24h (the last one configured)"},
      {"by", VSM_FLAG_TEXT, &o.by, "UNIT", "hour, day, week or month instead, of the last 400 days"},
      {"zone", VSM_FLAG_TEXT, &o.zone, "ZONE", "whose days and weeks: America/Chicago (UTC)"},
      {"last", VSM_FLAG_COUNT, &o.last, "N", "so many of them: 30, up to 1000; of a window all"},
      {"json", VSM_FLAG, &json, NULL, "as JSON"},
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
  o.stream = argv[1];
  return run(query, &o, json);
}
