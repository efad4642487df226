#include "watch_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "agents/ask/copy.h"

void vsm_watch_model_fini(struct vsm_watch_model *m) {
  vsm_watch_model_forget(m);
  vsm_drop(m->alerts);
  m->alerts = NULL;
  vsm_drop(m->snapshot);
  m->snapshot = NULL;
  free(m->without);
  m->without = NULL;
}

void vsm_watch_model_forget(struct vsm_watch_model *m) {
  vsm_watch_model_regather(m);
  vsm_drop(m->items);
  vsm_drop(m->item);
  m->items = NULL;
  m->item = NULL;
  m->wanted = 0;
}

// --- streams and stages

static Vsm__V1__ValueStream **find_stream(const Vsm__V1__Snapshot *snapshot, const char *id) {
  for (size_t i = 0; snapshot && i < snapshot->n_value_streams; i++)
    if (strcmp(snapshot->value_streams[i]->id, id) == 0)
      return &snapshot->value_streams[i];
  return NULL;
}

static Vsm__V1__Stage **find_stage(const Vsm__V1__ValueStream *s, const char *id) {
  for (size_t i = 0; i < s->n_stages; i++)
    if (strcmp(s->stages[i]->id, id) == 0)
      return &s->stages[i];
  return NULL;
}

const Vsm__V1__Stage *vsm_watch_model_find(const struct vsm_watch_model *m, const char *stream, const char *stage) {
  Vsm__V1__ValueStream **s = find_stream(m->snapshot, stream);
  Vsm__V1__Stage **st = s ? find_stage(*s, stage) : NULL;
  return st ? *st : NULL;
}

// What is published has no segments: those that were asked for stay.
#define KEEP_SEGMENTS(fresh, old)                                                                                      \
  vsm_copy_segments(&(fresh)->segments, &(fresh)->n_segments, (old)->segments, (old)->n_segments)

static void keep_segments(Vsm__V1__ValueStream *fresh, const Vsm__V1__ValueStream *old) {
  KEEP_SEGMENTS(fresh, old);
  for (size_t i = 0; i < fresh->n_stages; i++) {
    Vsm__V1__Stage **stage = find_stage(old, fresh->stages[i]->id);
    if (stage)
      KEEP_SEGMENTS(fresh->stages[i], *stage);
  }
}

void vsm_watch_model_snapshot(struct vsm_watch_model *m, const Vsm__V1__Snapshot *snapshot) {
  Vsm__V1__Snapshot *old = m->snapshot;
  bool *without = vsm_mem_alloc((snapshot->n_value_streams + 1) * sizeof *without);
  m->snapshot = vsm_copy(&snapshot->base);
  for (size_t i = 0; i < m->snapshot->n_value_streams; i++) {
    Vsm__V1__ValueStream **before = find_stream(old, m->snapshot->value_streams[i]->id);
    if (before)
      keep_segments(m->snapshot->value_streams[i], *before);
    without[i] = before && m->without[before - old->value_streams];
  }
  vsm_drop(old);
  free(m->without);
  m->without = without;
  m->outdated = false;
  m->alerts_due = true;
}

void vsm_watch_model_segments(struct vsm_watch_model *m, const char *stream, const char *stage,
                              const Vsm__V1__Segments *segments) {
  Vsm__V1__ValueStream **s = find_stream(m->snapshot, stream);
  Vsm__V1__Stage **st = s ? find_stage(*s, stage) : NULL;
  if (!s || (*stage && !st))
    return; // the configuration is another one by now
  m->without[s - m->snapshot->value_streams] = !segments;
  if (segments && st)
    vsm_copy_segments(&(*st)->segments, &(*st)->n_segments, segments->segments, segments->n_segments);
  else if (segments)
    vsm_copy_segments(&(*s)->segments, &(*s)->n_segments, segments->segments, segments->n_segments);
}

bool vsm_watch_model_node(const struct vsm_watch_model *m, size_t at, const Vsm__V1__ValueStream **stream,
                          const Vsm__V1__Stage **stage) {
  for (size_t i = 0; m->snapshot && i < m->snapshot->n_value_streams; i++) {
    const Vsm__V1__ValueStream *s = m->snapshot->value_streams[i];
    size_t n = m->without[i] ? 1 : 1 + s->n_stages;
    if (at < n) {
      *stream = s;
      *stage = at ? s->stages[at - 1] : NULL;
      return true;
    }
    at -= n;
  }
  return false;
}

// --- items

const char *vsm_watch_model_cursor(const struct vsm_watch_model *m) {
  return m->gathered ? m->gathered->cursor : "";
}

bool vsm_watch_model_lacks_items(const struct vsm_watch_model *m) {
  return m->gathered || (m->items && *m->items->cursor && m->items->n_items < m->wanted);
}

void vsm_watch_model_regather(struct vsm_watch_model *m) {
  vsm_drop(m->gathered);
  m->gathered = NULL;
}

static void take_page(struct vsm_watch_model *m, const Vsm__V1__Items *fresh) {
  Vsm__V1__Items *page = vsm_copy(&fresh->base);
  if (m->gathered)
    vsm_copy_append(m->gathered, page);
  else
    m->gathered = page;
  if (*m->gathered->cursor && m->gathered->n_items < m->wanted)
    return;
  vsm_drop(m->items);
  m->items = m->gathered;
  m->gathered = NULL;
}

void vsm_watch_model_reply(struct vsm_watch_model *m, const Vsm__V1__Reply *reply) {
  if (reply->kind_case == VSM__V1__REPLY__KIND_SNAPSHOT) {
    vsm_watch_model_snapshot(m, reply->snapshot);
  } else if (reply->kind_case == VSM__V1__REPLY__KIND_ITEMS) {
    take_page(m, reply->items);
  } else if (reply->kind_case == VSM__V1__REPLY__KIND_ITEM) {
    vsm_drop(m->item);
    m->item = vsm_copy(&reply->item->base);
  } else if (reply->kind_case == VSM__V1__REPLY__KIND_ALERTS) {
    vsm_drop(m->alerts);
    m->alerts = vsm_copy(&reply->alerts->base);
  }
}

// --- publications

static bool take_stage(Vsm__V1__ValueStream *s, const Vsm__V1__Stage *fresh) {
  Vsm__V1__Stage **place = find_stage(s, fresh->id);
  if (!place)
    return false;
  Vsm__V1__Stage *old = *place;
  *place = vsm_copy(&fresh->base);
  KEEP_SEGMENTS(*place, old);
  vsm_drop(old);
  return true;
}

// A stream is published without its stages: they stay.
static void take_stream(Vsm__V1__ValueStream **place, const Vsm__V1__ValueStream *fresh) {
  Vsm__V1__ValueStream *old = *place, *c = vsm_copy(&fresh->base);
  c->stages = old->stages;
  c->n_stages = old->n_stages;
  old->stages = NULL;
  old->n_stages = 0;
  KEEP_SEGMENTS(c, old);
  vsm_drop(old);
  *place = c;
}

static void take_metric(struct vsm_watch_model *m, const Vsm__V1__Metric *metric) {
  Vsm__V1__ValueStream **s = find_stream(m->snapshot, metric->value_stream);
  bool known = s;
  if (s && metric->node_case == VSM__V1__METRIC__NODE_STREAM)
    take_stream(s, metric->stream);
  else if (s && metric->node_case == VSM__V1__METRIC__NODE_STAGE)
    known = take_stage(*s, metric->stage);
  m->outdated = m->outdated || !known;
}

static void take_status(struct vsm_watch_model *m, const Vsm__V1__Status *status) {
  snprintf(m->trouble, sizeof m->trouble, "%s", status->trouble);
  m->outdated = m->outdated || (m->configured_ns && m->configured_ns != status->configured_unix_nano);
  m->configured_ns = status->configured_unix_nano;
  if (status->ingest) {
    vsm_drop(m->snapshot->ingest);
    m->snapshot->ingest = vsm_copy(&status->ingest->base);
  }
}

void vsm_watch_model_publication(struct vsm_watch_model *m, const Vsm__V1__Publication *p) {
  if (!m->snapshot)
    return;
  m->snapshot->time_unix_nano = p->time_unix_nano;
  if (p->body_case == VSM__V1__PUBLICATION__BODY_METRIC)
    take_metric(m, p->metric);
  else if (p->body_case == VSM__V1__PUBLICATION__BODY_STATUS)
    take_status(m, p->status);
  else if (p->body_case == VSM__V1__PUBLICATION__BODY_ALERT)
    m->alerts_due = true; // in their order, with what is not published of them
}

bool vsm_watch_model_stage(const struct vsm_watch_model *m, int at, const Vsm__V1__ValueStream **stream,
                           const Vsm__V1__Stage **stage) {
  for (size_t i = 0; m->snapshot && i < m->snapshot->n_value_streams; i++) {
    const Vsm__V1__ValueStream *s = m->snapshot->value_streams[i];
    if (m->without[i])
      continue;
    if (at >= 0 && (size_t)at < s->n_stages) {
      *stream = s;
      *stage = s->stages[at];
      return true;
    }
    at -= (int)s->n_stages;
  }
  return false;
}

// --- alerts

const Vsm__V1__Alert *vsm_watch_model_alert(const struct vsm_watch_model *m, int at, const char *id) {
  for (size_t i = 0; m->alerts && i < m->alerts->n_alerts; i++)
    if (at >= 0 ? (size_t)at == i : strcmp(m->alerts->alerts[i]->id, id) == 0)
      return m->alerts->alerts[i];
  return NULL;
}

uint64_t vsm_watch_model_now(const struct vsm_watch_model *m) {
  return m->snapshot ? m->snapshot->time_unix_nano : 0;
}

Vsm__V1__AlertCounts vsm_watch_model_counts(const struct vsm_watch_model *m) {
  Vsm__V1__AlertCounts c = VSM__V1__ALERT_COUNTS__INIT;
  for (size_t i = 0; m->alerts && i < m->alerts->n_alerts; i++) {
    const Vsm__V1__Alert *a = m->alerts->alerts[i];
    if (strcmp(a->state, "firing") != 0)
      continue;
    uint64_t *n = *a->silenced                           ? &c.silenced
                  : strcmp(a->severity, "critical") == 0 ? &c.critical
                  : strcmp(a->severity, "error") == 0    ? &c.error
                  : strcmp(a->severity, "warning") == 0  ? &c.warning
                                                         : &c.info;
    (*n)++;
  }
  return c;
}

bool vsm_watch_model_stalled(const struct vsm_watch_model *m, const char *stream, const char *stage) {
  for (size_t i = 0; m->alerts && i < m->alerts->n_alerts; i++) {
    const Vsm__V1__Alert *a = m->alerts->alerts[i];
    bool still = strcmp(a->kind, "item_stalled") == 0 || strcmp(a->kind, "stage_stalled") == 0;
    if (still && strcmp(a->state, "firing") == 0 && strcmp(a->value_stream, stream) == 0 &&
        strcmp(a->stage, stage) == 0)
      return true;
  }
  return false;
}
