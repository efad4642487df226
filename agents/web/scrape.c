// One question after the other, so that no scrape holds the daemon: its status, the snapshot, sources and alerts, and
// with segments=true a question for each stream and stage. What is not answered is left out.
#include "agents/web/scrape.h"

#include <stdlib.h>
#include <string.h>

#include "agents/ask/copy.h"
#include "agents/web/daemon.h"
#include "agents/web/http.h"
#include "agents/web/metrics.h"
#include "agents/web/server.h"
#include "base/mem.h"

enum step { STATUS, SNAPSHOT, SOURCES, ALERTS, SEGMENTS };

struct scrape {
  struct vsm_exchange *exchange;
  enum step step;
  Vsm__V1__Status *status;
  Vsm__V1__Snapshot *snapshot;
  Vsm__V1__Sources *sources;
  Vsm__V1__Alerts *alerts;
  size_t stream, stage; // whose segments are next; stage 0: the stream's own
};

static void drop(void *scrape) {
  struct scrape *s = scrape;
  vsm_drop(s->status);
  vsm_drop(s->snapshot);
  vsm_drop(s->sources);
  vsm_drop(s->alerts);
  free(s);
}

static void finish(struct scrape *s) {
  struct vsm_exchange *x = s->exchange;
  bool open = vsm_http_accepts(x, "application/openmetrics-text");
  size_t n = 0;
  const struct vsm_access *a = &x->web->access;
  const struct vsm_metrics m = {.status = s->status,
                                .snapshot = s->snapshot,
                                .sources = s->sources,
                                .alerts = s->alerts,
                                .logins = {a->logins.failed, a->logins.put_off},
                                .bearers = {a->bearers.failed, a->bearers.put_off}};
  char *text = vsm_metrics_print(&m, open, &n);
  vsm_http_reply(x, 200, open ? VSM_METRICS_OPEN : VSM_METRICS_TEXT, vsm_mem_need(text, n), n);
  free(text);
}

static Vsm__V1__ValueStream *stream_at(const struct scrape *s) {
  return s->snapshot && s->stream < s->snapshot->n_value_streams ? s->snapshot->value_streams[s->stream] : NULL;
}

static void keep_segments(struct scrape *s, const Vsm__V1__Segments *segments) {
  Vsm__V1__ValueStream *stream = stream_at(s);
  Vsm__V1__Stage *stage = s->stage ? stream->stages[s->stage - 1] : NULL;
  vsm_copy_segments(stage ? &stage->segments : &stream->segments, stage ? &stage->n_segments : &stream->n_segments,
                    segments->segments, segments->n_segments);
}

static void keep(struct scrape *s, const Vsm__V1__Reply *reply) {
  switch (reply->kind_case) {
  case VSM__V1__REPLY__KIND_STATUS:
    s->status = vsm_copy(&reply->status->base);
    break;
  case VSM__V1__REPLY__KIND_SNAPSHOT:
    s->snapshot = vsm_copy(&reply->snapshot->base);
    break;
  case VSM__V1__REPLY__KIND_SOURCES:
    s->sources = vsm_copy(&reply->sources->base);
    break;
  case VSM__V1__REPLY__KIND_ALERTS:
    s->alerts = vsm_copy(&reply->alerts->base);
    break;
  case VSM__V1__REPLY__KIND_SEGMENTS:
    keep_segments(s, reply->segments);
    break;
  default: // an error: what was asked for is left out
    break;
  }
}

// The next node, or false: that was the last.
static bool next_node(struct scrape *s) {
  s->stage++;
  if (stream_at(s) && s->stage > stream_at(s)->n_stages) {
    s->stream++;
    s->stage = 0;
  }
  return stream_at(s) != NULL;
}

static bool next(struct scrape *s) {
  if (s->step == SEGMENTS)
    return next_node(s);
  s->step++;
  return s->step < SEGMENTS || (strcmp(vsm_http_param(s->exchange, "segments"), "true") == 0 && stream_at(s) != NULL);
}

static void go_on(struct scrape *s);

static void on_reply(void *ctx, int err, const Vsm__V1__Reply *reply) {
  struct scrape *s = ctx;
  if (!err)
    keep(s, reply);
  if (!err && next(s))
    go_on(s);
  else
    finish(s);
}

static void go_on(struct scrape *s) {
  Vsm__V1__Request r = VSM__V1__REQUEST__INIT;
  Vsm__V1__StatusRequest status = VSM__V1__STATUS_REQUEST__INIT;
  Vsm__V1__SnapshotRequest snapshot = VSM__V1__SNAPSHOT_REQUEST__INIT;
  Vsm__V1__SourcesRequest sources = VSM__V1__SOURCES_REQUEST__INIT;
  Vsm__V1__AlertsRequest alerts = VSM__V1__ALERTS_REQUEST__INIT;
  Vsm__V1__SegmentsRequest segments = VSM__V1__SEGMENTS_REQUEST__INIT;
  switch (s->step) {
  case STATUS:
    r.kind_case = VSM__V1__REQUEST__KIND_STATUS;
    r.status = &status;
    break;
  case SNAPSHOT:
    r.kind_case = VSM__V1__REQUEST__KIND_SNAPSHOT;
    r.snapshot = &snapshot;
    break;
  case SOURCES:
    r.kind_case = VSM__V1__REQUEST__KIND_SOURCES;
    r.sources = &sources;
    break;
  case ALERTS:
    r.kind_case = VSM__V1__REQUEST__KIND_ALERTS;
    r.alerts = &alerts;
    break;
  case SEGMENTS:
    r.kind_case = VSM__V1__REQUEST__KIND_SEGMENTS;
    r.segments = &segments;
    segments.stream = stream_at(s)->id;
    segments.stage = s->stage ? stream_at(s)->stages[s->stage - 1]->id : segments.stage;
    break;
  }
  if (vsm_daemon_line_ask(s->exchange->web->daemon, &r, on_reply, s) != 0)
    finish(s);
}

void vsm_scrape(struct vsm_exchange *x) {
  struct scrape *s = vsm_mem_alloc(sizeof *s);
  s->exchange = x;
  x->state = s;
  x->drop_state = drop;
  go_on(s);
}
