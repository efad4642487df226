// A busy node's panes come in several answers, the newest first. A pane may begin or be forgotten between two answers:
// then the nodes do not fit together, and all are asked for anew.
#include "agents/ask/panes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "agents/ask/copy.h"
#include "agents/ask/periods.h"
#include "base/mem.h"

enum { TRIES = 20 };
#define SECOND_NS UINT64_C(1000000000)
static const double stable_share = 0.1; // arrivals against departures; work in progress at the end against the start
static const double stable_swing = 0.5; // work in progress against its mean, all the while
static const uint64_t least_completed = 20;

// --- what is asked

static bool next_node(struct vsm_panes *s, Vsm__V1__Request *out) {
  const struct vsm_panes_node *node = &s->nodes[s->filled];
  if (s->filled > s->n_stages)
    return false;
  vsm__v1__series_request__init(&s->request);
  s->request.stream = (char *)s->o.stream;
  s->request.stage = s->filled ? s->stages[s->filled - 1]->id : (char *)"";
  s->request.window = (char *)(s->bounds ? "" : s->used_window);
  s->request.bounds_unix_nano = s->bounds;
  s->request.n_bounds_unix_nano = s->n_bounds - (s->bounds ? node->n : 0);
  out->kind_case = VSM__V1__REQUEST__KIND_SERIES;
  out->series = &s->request;
  return true;
}

static bool next(struct vsm_inquiry *inquiry, Vsm__V1__Request *out) {
  struct vsm_panes *s = (struct vsm_panes *)inquiry;
  if (*inquiry->why)
    return false;
  if (s->known)
    return next_node(s, out);
  vsm__v1__snapshot_request__init(&s->snapshot);
  s->snapshot.stream = (char *)s->o.stream;
  out->kind_case = VSM__V1__REQUEST__KIND_SNAPSHOT;
  out->snapshot = &s->snapshot;
  return true;
}

// --- what is answered

static bool no_stage(struct vsm_panes *s) {
  char known[VSM_INQUIRY_WHY_BYTES] = "";
  size_t n = 0;
  for (size_t i = 0; i < s->known->n_stages && n < sizeof known; i++)
    n += (size_t)snprintf(known + n, sizeof known - n, "%s %s", i ? "," : "", s->known->stages[i]->id);
  return vsm_inquiry_fail(&s->inquiry, "no stage \"%s\" in value stream %s; known:%s", s->o.stage, s->o.stream, known);
}

static void set_bounds(struct vsm_panes *s) {
  s->bounds_s = vsm_mem_alloc((VSM_PANES_MAX + 1) * sizeof *s->bounds_s);
  s->bounds = vsm_mem_alloc((VSM_PANES_MAX + 1) * sizeof *s->bounds);
  size_t n = vsm_periods((enum vsm_period)vsm_period_of(s->o.by), &s->clocks, (int64_t)(s->now_ns / SECOND_NS),
                         s->o.last ? s->o.last : VSM_PANES_DEFAULT, s->bounds_s);
  s->n_bounds = n + 1;
  for (size_t i = 0; i <= n; i++)
    s->bounds[i] = (uint64_t)s->bounds_s[i] * SECOND_NS;
}

static bool take_stream(struct vsm_panes *s, const Vsm__V1__Snapshot *snapshot) {
  if (snapshot->n_value_streams == 0)
    return vsm_inquiry_fail(&s->inquiry, "no value stream \"%s\"", s->o.stream);
  const Vsm__V1__ValueStream *v = s->known = vsm_copy(&snapshot->value_streams[0]->base);
  s->now_ns = snapshot->time_unix_nano;
  for (size_t i = 0; i < v->n_stages && s->n_stages < VSM_PANES_STAGES_MAX; i++)
    if (!*s->o.stage || strcmp(s->o.stage, v->stages[i]->id) == 0)
      s->stages[s->n_stages++] = v->stages[i];
  if (s->n_stages == 0)
    return no_stage(s);
  if (*s->o.by)
    set_bounds(s);
  else // without a word, the longest window
    s->used_window = *s->o.window ? s->o.window : v->n_windows > 1 ? v->windows[v->n_windows - 1]->window : "";
  return true;
}

static void forget_nodes(struct vsm_panes *s) {
  for (size_t i = 0; i <= VSM_PANES_STAGES_MAX; i++)
    free(s->nodes[i].panes);
  memset(s->nodes, 0, sizeof s->nodes);
  s->filled = 0;
}

static bool fit(const struct vsm_panes *s) {
  for (size_t i = 1; i < s->filled; i++)
    if (s->nodes[i].n != s->nodes[0].n || s->nodes[i].end_ns != s->nodes[0].end_ns)
      return false;
  return true;
}

// All nodes are there.
static bool finish(struct vsm_panes *s) {
  if (fit(s)) {
    s->n_panes = s->nodes[0].n;
    s->end_ns = s->nodes[0].end_ns;
    s->first = s->o.last && s->o.last < s->n_panes ? s->n_panes - s->o.last : 0;
    return true;
  }
  forget_nodes(s);
  return ++s->tries < TRIES ||
         vsm_inquiry_fail(&s->inquiry,
                          "time goes by faster there than the stages can be asked for; try a longer window");
}

static bool take_series(struct vsm_panes *s, const Vsm__V1__Series *series) {
  struct vsm_panes_node *node = &s->nodes[s->filled];
  Vsm__V1__SeriesPane *panes = vsm_mem_alloc((series->n_panes + node->n + 1) * sizeof *panes);
  for (size_t i = 0; i < series->n_panes; i++)
    panes[i] = *series->panes[i];
  if (node->n > 0)
    memcpy(panes + series->n_panes, node->panes, node->n * sizeof *panes);
  free(node->panes);
  bool calendar = series->working_day_seconds > 0;
  *node = (struct vsm_panes_node){.panes = panes,
                                  .n = series->n_panes + node->n,
                                  .end_ns = node->n ? node->end_ns : series->end_unix_nano,
                                  .day_seconds = calendar ? series->working_day_seconds : 86400,
                                  .calendar = calendar,
                                  .more = series->more && series->n_panes > 0};
  if (node->more && node->n + 1 < s->n_bounds)
    return true;
  s->filled++;
  return s->filled <= s->n_stages || finish(s);
}

static bool take(struct vsm_inquiry *inquiry, const Vsm__V1__Reply *reply) {
  struct vsm_panes *s = (struct vsm_panes *)inquiry;
  if (!vsm_inquiry_granted(inquiry, reply, s->known ? VSM__V1__REPLY__KIND_SERIES : VSM__V1__REPLY__KIND_SNAPSHOT))
    return false;
  return s->known ? take_series(s, reply->series) : take_stream(s, reply->snapshot);
}

static void destroy(struct vsm_inquiry *inquiry) {
  struct vsm_panes *s = (struct vsm_panes *)inquiry;
  forget_nodes(s);
  free(s->bounds);
  free(s->bounds_s);
  vsm_drop(s->known);
  vsm_arena_fini(&s->arena);
  free(s);
}

static void check(struct vsm_panes *s, const char *dash) {
  const char *why = NULL;
  if (*s->o.window && *s->o.by)
    vsm_inquiry_fail(&s->inquiry, "both %swindow and %sby; allowed: one of them", dash, dash);
  else if (*s->o.by && vsm_period_of(s->o.by) < 0)
    vsm_inquiry_fail(&s->inquiry, "%sby %s; allowed: hour, day, week, month", dash, s->o.by);
  else if (s->o.last > VSM_PANES_MAX)
    vsm_inquiry_fail(&s->inquiry, "%slast is at most %d", dash, VSM_PANES_MAX);
  else if (strcmp(s->o.zone, "UTC") != 0 && (why = vsm_zone_by_name(s->o.zone, &s->arena, &s->clocks)) != NULL)
    vsm_inquiry_fail(&s->inquiry, "%s", why);
}

struct vsm_panes *vsm_panes_create(const struct vsm_panes_options *o, const char *dash) {
  struct vsm_panes *s = vsm_mem_alloc(sizeof *s);
  s->inquiry = (struct vsm_inquiry){.next = next, .take = take, .destroy = destroy};
  s->o = *o;
  if (!*s->o.zone)
    s->o.zone = "UTC";
  vsm_arena_init(&s->arena, 0);
  check(s, dash);
  return s;
}

const struct vsm_panes_node *vsm_panes_shown(const struct vsm_panes *s) {
  return *s->o.stage ? &s->nodes[1] : &s->nodes[0];
}

// --- Little's law

struct vsm_panes_law vsm_panes_law(const struct vsm_panes *s, const struct vsm_panes_node *node) {
  struct vsm_panes_law l = {0};
  double lead = 0;
  uint64_t leads = 0;
  for (size_t i = s->first; i < s->n_panes; i++) {
    const Vsm__V1__SeriesPane *p = &node->panes[i];
    double before = i ? (double)p[-1].wip : (double)p->wip - (double)p->arrivals + (double)p->departures;
    double days = p->seconds / node->day_seconds;
    l.wip_before = i > s->first ? l.wip_before : (uint64_t)before;
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
  for (size_t i = s->first; i < s->n_panes; i++)
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

// --- JSON

static void print_figures(FILE *out, const Vsm__V1__SeriesPane *p) {
  fprintf(out,
          "\"arrivals\": %llu, \"departures\": %llu, \"completed\": %llu, \"wip\": %llu, \"cycle_time_count\": %llu, "
          "\"cycle_time_p50\": %.17g, \"cycle_time_mean\": %.17g, \"seconds\": %.17g",
          (unsigned long long)p->arrivals, (unsigned long long)p->departures, (unsigned long long)p->completed,
          (unsigned long long)p->wip, (unsigned long long)p->cycle_time_count, p->cycle_time_p50, p->cycle_time_mean,
          p->seconds);
}

void vsm_panes_json(FILE *out, const struct vsm_panes *s) {
  const struct vsm_panes_node *shown = vsm_panes_shown(s);
  struct vsm_panes_law l = vsm_panes_law(s, shown);
  fprintf(out, "{\"value_stream\": \"%s\", \"window\": \"%s\", \"by\": \"%s\", \"zone\": \"%s\", \"panes\": [",
          s->o.stream, s->used_window ? s->used_window : "", s->used_window ? "" : s->o.by,
          s->used_window ? "" : s->o.zone);
  for (size_t i = s->first; i < s->n_panes; i++) {
    fprintf(out, "%s{\"start_unix_nano\": %llu, ", i > s->first ? ", " : "",
            (unsigned long long)s->nodes[0].panes[i].start_unix_nano);
    print_figures(out, &s->nodes[0].panes[i]);
    fprintf(out, ", \"stages\": [");
    for (size_t k = 1; k <= s->n_stages; k++) {
      fprintf(out, "%s{\"id\": \"%s\", ", k > 1 ? ", " : "", s->stages[k - 1]->id);
      print_figures(out, &s->nodes[k].panes[i]);
      fputc('}', out);
    }
    fputs("]}", out);
  }
  fprintf(out,
          "], \"end_unix_nano\": %llu, \"littles_law\": {\"stable\": %s, \"mean_wip\": %.17g, \"throughput_per_day\": "
          "%.17g, \"mean_time_seconds\": %.17g, \"working_day_seconds\": %.17g}}\n",
          (unsigned long long)s->end_ns, l.unstable ? "false" : "true", l.wip, l.throughput,
          l.lead_days * shown->day_seconds, shown->calendar ? shown->day_seconds : 0);
}
