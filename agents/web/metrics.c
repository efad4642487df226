// Family by family, as both formats demand: for each all that it is of, walked with a stack of labels.
#include "agents/web/metrics.h"

#include <inttypes.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agents/lib/number.h"
#include "agents/web/metrics_table.h"

enum { LABELS_MAX = 10 };

struct walk {
  const struct vsm_metrics *m;
  const struct vsm_metric *family;
  FILE *out;
  bool open, begun; // begun: the family's head is printed
  struct {
    const char *name, *value;
  } labels[LABELS_MAX];
  size_t n_labels;
};

// --- text

static void put_escaped(FILE *out, const char *z) {
  for (const char *p = z ? z : ""; *p; p++)
    if (*p == '\n')
      fputs("\\n", out);
    else if (*p == '"' || *p == '\\')
      fprintf(out, "\\%c", *p);
    else
      fputc(*p, out);
}

// The word behind the last _, where it is a unit.
static const char *unit_of(const char *name) {
  static const char *const units[] = {"seconds", "bytes", "ratio"};
  const char *last = strrchr(name, '_');
  for (size_t i = 0; i < sizeof units / sizeof *units; i++)
    if (last && strcmp(last + 1, units[i]) == 0)
      return units[i];
  return NULL;
}

static const char *suffix(const struct vsm_metric *f) {
  return f->type == VSM_METRIC_COUNTER ? "_total" : f->type == VSM_METRIC_INFO ? "_info" : "";
}

// OpenMetrics names the family, the older format what stands in the samples; and that knows no info.
static void put_head(struct walk *w) {
  static const char *const types[] = {"gauge", "counter", "info"};
  const struct vsm_metric *f = w->family;
  const char *tail = w->open ? "" : suffix(f), *unit = unit_of(f->name);
  enum vsm_metric_type type = !w->open && f->type == VSM_METRIC_INFO ? VSM_METRIC_GAUGE : f->type;
  fprintf(w->out, "# HELP %s%s %s\n# TYPE %s%s %s\n", f->name, tail, f->help, f->name, tail, types[type]);
  if (w->open && unit)
    fprintf(w->out, "# UNIT %s %s\n", f->name, unit);
  w->begun = true;
}

static void push(struct walk *w, const char *name, const char *value) {
  w->labels[w->n_labels].name = name;
  w->labels[w->n_labels++].value = value;
}

static void pop(struct walk *w, size_t n) {
  w->n_labels -= n;
}

static void put_sample(struct walk *w, const char *value) {
  if (!w->begun)
    put_head(w);
  fprintf(w->out, "%s%s", w->family->name, suffix(w->family));
  for (size_t i = 0; i < w->n_labels; i++) {
    fprintf(w->out, "%s%s=\"", i ? "," : "{", w->labels[i].name);
    put_escaped(w->out, w->labels[i].value);
    fputc('"', w->out);
  }
  fprintf(w->out, "%s %s\n", w->n_labels ? "}" : "", value);
}

static void put_number(struct walk *w, double v) {
  char text[VSM_NUMBER_BYTES];
  vsm_number_print(text, v);
  put_sample(w, text);
}

static void put_count(struct walk *w, uint64_t v) {
  char text[VSM_NUMBER_BYTES];
  snprintf(text, sizeof text, "%" PRIu64, v);
  put_sample(w, text);
}

static void put_statistic(struct walk *w, const char *which, double v) {
  push(w, "statistic", which);
  put_number(w, v);
  pop(w, 1);
}

// --- values

static void put_age(struct walk *w, const Vsm__V1__Age *a) {
  put_statistic(w, "p50", a->p50);
  put_statistic(w, "p85", a->p85);
  put_statistic(w, "p95", a->p95);
  put_statistic(w, "max", a->max);
}

static void put_distribution(struct walk *w, const Vsm__V1__Distribution *d) {
  if (d->count == 0)
    return;
  put_statistic(w, "mean", d->mean);
  put_statistic(w, "p50", d->p50);
  put_statistic(w, "p85", d->p85);
  put_statistic(w, "p95", d->p95);
  put_statistic(w, "p99", d->p99);
  put_statistic(w, "max", d->max);
}

// Distributions and ages are messages of their own, which may be absent.
static bool made_of_something(const struct vsm_metric_value *v, const char *message) {
  const void *at = message + v->made_of;
  if (v->read == VSM_METRIC_SHARE)
    return *(const uint64_t *)at > 0;
  const Vsm__V1__Distribution *d = *(Vsm__V1__Distribution *const *)at;
  return d && d->count > 0;
}

static void put_value(struct walk *w, const struct vsm_metric_value *v, const char *message) {
  const void *at = message + v->at;
  switch (v->read) {
  case VSM_METRIC_COUNT:
    put_count(w, *(const uint64_t *)at);
    break;
  case VSM_METRIC_KNOWN:
    if (*(const uint64_t *)at)
      put_count(w, *(const uint64_t *)at);
    break;
  case VSM_METRIC_DAYS:
    if (*(const double *)at > 0)
      put_number(w, *(const double *)at * 86400);
    break;
  case VSM_METRIC_NUMBER:
    put_number(w, *(const double *)at);
    break;
  case VSM_METRIC_SHARE:
  case VSM_METRIC_SHARE_OF:
    if (made_of_something(v, message))
      put_number(w, *(const double *)at);
    break;
  case VSM_METRIC_PER_DAY:
    put_number(w, *(const double *)at / 86400);
    break;
  case VSM_METRIC_NANOS:
    if (*(const uint64_t *)at)
      put_number(w, (double)(*(const uint64_t *)at / 1000) / 1e6); // what a double has room for
    break;
  case VSM_METRIC_FLAG:
    put_count(w, *(const protobuf_c_boolean *)at ? 1 : 0);
    break;
  case VSM_METRIC_FILLED:
    put_count(w, **(const char *const *)at ? 1 : 0);
    break;
  case VSM_METRIC_AGE:
    if (*(Vsm__V1__Age *const *)at)
      put_age(w, *(Vsm__V1__Age *const *)at);
    break;
  case VSM_METRIC_DISTRIBUTION:
    if (*(Vsm__V1__Distribution *const *)at)
      put_distribution(w, *(Vsm__V1__Distribution *const *)at);
    break;
  case VSM_METRIC_LABEL:
  case VSM_METRIC_ONE:
    put_count(w, 1);
    break;
  }
}

static void put_info(struct walk *w, const char *message) {
  size_t n = 0;
  for (; n < VSM_METRIC_VALUES_MAX && w->family->values[n].label; n++)
    push(w, w->family->values[n].label, *(const char *const *)(message + w->family->values[n].at));
  put_count(w, 1);
  pop(w, n);
}

static void put(struct walk *w, const void *message) {
  const struct vsm_metric *f = w->family;
  if (!message)
    return;
  if (f->type == VSM_METRIC_INFO)
    put_info(w, message);
  else if (!f->label)
    put_value(w, &f->values[0], message);
  for (size_t i = 0; f->label && i < VSM_METRIC_VALUES_MAX && f->values[i].label; i++) {
    push(w, f->label, f->values[i].label);
    put_value(w, &f->values[i], message);
    pop(w, 1);
  }
}

static void put_window(struct walk *w, const char *window, const void *message) {
  push(w, "window", window);
  put(w, message);
  pop(w, 1);
}

// --- what families are of

// Expectations of one name may be several; their place tells them apart.
static void each_expectation(struct walk *w, const char *window, Vsm__V1__Sle *const *sle, size_t n) {
  for (size_t i = 0; i < n; i++) {
    char place[24];
    snprintf(place, sizeof place, "%zu", i + 1);
    push(w, "expectation", sle[i]->name);
    push(w, "place", place);
    put_window(w, window, sle[i]);
    pop(w, 2);
  }
}

static void each_segment(struct walk *w, Vsm__V1__Segment *const *segments, size_t n, bool windows) {
  for (size_t i = 0; i < n; i++) {
    char *name = NULL;
    if (asprintf(&name, "%s=%s", segments[i]->attribute, segments[i]->value) < 0)
      return;
    push(w, "segment", name);
    if (!windows)
      put(w, segments[i]);
    for (size_t k = 0; windows && k < segments[i]->n_windows; k++)
      put_window(w, segments[i]->windows[k]->window, segments[i]->windows[k]);
    pop(w, 1);
    free(name);
  }
}

static void of_stream(struct walk *w, const Vsm__V1__ValueStream *s) {
  enum vsm_metric_of of = w->family->of;
  if (of == VSM_METRIC_OF_STREAM)
    put(w, s);
  for (size_t i = 0; i < s->n_windows; i++) {
    const Vsm__V1__StreamWindow *window = s->windows[i];
    if (of == VSM_METRIC_OF_STREAM_WINDOW)
      put_window(w, window->window, window);
    else if (of == VSM_METRIC_OF_STREAM_EXPECTATION)
      each_expectation(w, window->window, window->sle, window->n_sle);
  }
  if (of == VSM_METRIC_OF_STREAM_SEGMENT || of == VSM_METRIC_OF_STREAM_SEGMENT_WINDOW)
    each_segment(w, s->segments, s->n_segments, of == VSM_METRIC_OF_STREAM_SEGMENT_WINDOW);
}

static void wait_window(struct walk *w, const Vsm__V1__Stage *s, const char *party, const char *window) {
  struct vsm_metric_wait_window sum = {0};
  for (size_t i = 0; i < s->n_waits; i++)
    for (size_t k = 0; k < s->waits[i]->n_windows && strcmp(s->waits[i]->party, party) == 0; k++)
      if (strcmp(s->waits[i]->windows[k]->window, window) == 0) {
        sum.count += s->waits[i]->windows[k]->count;
        sum.seconds += s->waits[i]->windows[k]->seconds;
      }
  put_window(w, window, &sum);
}

static void each_wait(struct walk *w, const Vsm__V1__Stage *s) {
  static const char *const parties[] = {"us", "customer", "third-party"};
  for (size_t p = 0; p < sizeof parties / sizeof *parties; p++) {
    struct vsm_metric_wait sum = {0};
    bool any = false;
    for (size_t i = 0; i < s->n_waits; i++)
      if (strcmp(s->waits[i]->party, parties[p]) == 0) {
        sum.wip += s->waits[i]->wip;
        any = true;
      }
    push(w, "party", parties[p]);
    if (any && w->family->of == VSM_METRIC_OF_STAGE_WAIT)
      put(w, &sum);
    for (size_t i = 0; any && w->family->of == VSM_METRIC_OF_STAGE_WAIT_WINDOW && i < s->n_windows; i++)
      wait_window(w, s, parties[p], s->windows[i]->window);
    pop(w, 1);
  }
}

static void of_stage(struct walk *w, const Vsm__V1__Stage *s) {
  enum vsm_metric_of of = w->family->of;
  if (of == VSM_METRIC_OF_STAGE)
    put(w, s);
  for (size_t i = 0; i < s->n_windows; i++) {
    const Vsm__V1__StageWindow *window = s->windows[i];
    if (of == VSM_METRIC_OF_STAGE_WINDOW)
      put_window(w, window->window, window);
    else if (of == VSM_METRIC_OF_STAGE_EXPECTATION)
      each_expectation(w, window->window, window->sle, window->n_sle);
  }
  if (of == VSM_METRIC_OF_STAGE_WAIT || of == VSM_METRIC_OF_STAGE_WAIT_WINDOW)
    each_wait(w, s);
  if (of == VSM_METRIC_OF_STAGE_SEGMENT || of == VSM_METRIC_OF_STAGE_SEGMENT_WINDOW)
    each_segment(w, s->segments, s->n_segments, of == VSM_METRIC_OF_STAGE_SEGMENT_WINDOW);
}

static void each_stream(struct walk *w) {
  const Vsm__V1__Snapshot *snapshot = w->m->snapshot;
  for (size_t i = 0; snapshot && i < snapshot->n_value_streams; i++) {
    const Vsm__V1__ValueStream *s = snapshot->value_streams[i];
    push(w, "stream", s->id);
    of_stream(w, s);
    for (size_t k = 0; k < s->n_stages; k++) {
      push(w, "stage", s->stages[k]->id);
      of_stage(w, s->stages[k]);
      pop(w, 1);
    }
    pop(w, 1);
  }
}

static void each_source(struct walk *w) {
  const Vsm__V1__Sources *sources = w->m->sources;
  for (size_t i = 0; sources && i < sources->n_sources && i < VSM_METRICS_SOURCES_MAX; i++) {
    push(w, "source", sources->sources[i]->source);
    put(w, sources->sources[i]);
    pop(w, 1);
  }
}

static const char *muted(const Vsm__V1__Alert *a) {
  return *a->silenced ? "silence" : *a->inhibited_by ? "blind" : *a->acknowledged ? "acknowledgement" : "";
}

static void each_alert(struct walk *w) {
  const Vsm__V1__Alerts *alerts = w->m->alerts;
  for (size_t i = 0; alerts && i < alerts->n_alerts && i < VSM_METRICS_ALERTS_MAX; i++) {
    const Vsm__V1__Alert *a = alerts->alerts[i];
    size_t before = w->n_labels;
    push(w, "kind", a->kind);
    push(w, "severity", a->severity);
    push(w, "state", a->state);
    push(w, "stream", a->value_stream);
    push(w, "stage", a->stage);
    push(w, "source", a->source);
    push(w, "expectation", a->name);
    push(w, "muted", muted(a));
    put(w, a);
    w->n_labels = before;
  }
}

static void each_bound(struct walk *w) {
  const Vsm__V1__Status *status = w->m->status;
  for (size_t i = 0; status && i < status->n_bounds; i++) {
    push(w, "bound", status->bounds[i]->name);
    push(w, "socket", status->bounds[i]->socket);
    put(w, status->bounds[i]);
    pop(w, 2);
  }
}

static void put_family(struct walk *w) {
  const Vsm__V1__Status *status = w->m->status;
  switch (w->family->of) {
  case VSM_METRIC_OF_STATUS:
    put(w, status);
    break;
  case VSM_METRIC_OF_INGEST:
    put(w, status ? status->ingest : NULL);
    break;
  case VSM_METRIC_OF_ALERT_COUNTS:
    put(w, status ? status->alerts : NULL);
    break;
  case VSM_METRIC_OF_BOUND:
    each_bound(w);
    break;
  case VSM_METRIC_OF_SOURCE:
    each_source(w);
    break;
  case VSM_METRIC_OF_ALERT:
    each_alert(w);
    break;
  default:
    each_stream(w);
  }
}

// Of the page itself.
static void put_own(const struct walk *w, const char *name, const char *help, uint64_t value) {
  const struct vsm_metric family = {.name = name, .help = help, .type = VSM_METRIC_GAUGE};
  struct walk own = {.m = w->m, .family = &family, .out = w->out, .open = w->open};
  put_count(&own, value);
}

static void put_refused(const struct walk *w, const char *name, const char *help, const struct vsm_metrics_refused *r) {
  const struct vsm_metric family = {.name = name, .help = help, .type = VSM_METRIC_COUNTER};
  struct walk own = {.m = w->m, .family = &family, .out = w->out, .open = w->open};
  const struct {
    const char *why;
    uint64_t n;
  } refused[] = {{"token", r->wrong}, {"too_many", r->put_off}};
  for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
    push(&own, "reason", refused[i].why);
    put_count(&own, refused[i].n);
    pop(&own, 1);
  }
}

static uint64_t beyond(size_t n, size_t most) {
  return n > most ? n - most : 0;
}

static void put_all(struct walk *w) {
  const struct vsm_metrics *m = w->m;
  put_own(w, "vsm_up", "1: the daemon has answered.", m->status != NULL);
  put_own(w, "vsm_metrics_left_off", "Sources and alerts that found no room on this page.",
          (m->sources ? beyond(m->sources->n_sources, VSM_METRICS_SOURCES_MAX) : 0) +
              (m->alerts ? beyond(m->alerts->n_alerts, VSM_METRICS_ALERTS_MAX) : 0));
  put_refused(w, "vsm_logins_refused", "Log-ins at the gateway that were refused.", &m->logins);
  put_refused(w, "vsm_tokens_refused", "Requests at the gateway with a wrong token.", &m->bearers);
  for (size_t i = 0; i < vsm_metrics_table_n; i++) {
    w->family = &vsm_metrics_table[i];
    w->begun = false;
    put_family(w);
  }
  if (w->open)
    fputs("# EOF\n", w->out);
}

char *vsm_metrics_print(const struct vsm_metrics *m, bool open, size_t *n) {
  char *text = NULL;
  struct walk w = {.m = m, .open = open, .out = open_memstream(&text, n)};
  locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0), before;
  if (!w.out || !plain) {
    if (w.out)
      fclose(w.out);
    if (plain)
      freelocale(plain);
    free(text);
    return NULL;
  }
  before = uselocale(plain); // of this thread
  put_all(&w);
  uselocale(before);
  freelocale(plain);
  if (fclose(w.out) == 0)
    return text;
  free(text);
  return NULL;
}
