#include "watch_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static void drop(void *message) {
  if (message)
    protobuf_c_message_free_unpacked(message, NULL);
}

static void *copy(const ProtobufCMessage *m) {
  size_t n = protobuf_c_message_get_packed_size(m);
  uint8_t *bytes = vsm_mem_alloc(n);
  protobuf_c_message_pack(m, bytes);
  ProtobufCMessage *c = vsm_mem_need(protobuf_c_message_unpack(m->descriptor, NULL, n, bytes), n);
  free(bytes);
  return c;
}

void vsm_watch_model_fini(struct vsm_watch_model *m) {
  vsm_watch_model_forget(m);
  drop(m->snapshot);
  m->snapshot = NULL;
}

void vsm_watch_model_forget(struct vsm_watch_model *m) {
  vsm_watch_model_regather(m);
  drop(m->items);
  drop(m->item);
  m->items = NULL;
  m->item = NULL;
  m->wanted = 0;
}

void vsm_watch_model_snapshot(struct vsm_watch_model *m, const Vsm__V1__Snapshot *snapshot) {
  drop(m->snapshot);
  m->snapshot = copy(&snapshot->base);
  m->outdated = false;
}

// --- items

const char *vsm_watch_model_cursor(const struct vsm_watch_model *m) {
  return m->gathered ? m->gathered->cursor : "";
}

bool vsm_watch_model_lacks_items(const struct vsm_watch_model *m) {
  return m->gathered || (m->items && *m->items->cursor && m->items->n_items < m->wanted);
}

void vsm_watch_model_regather(struct vsm_watch_model *m) {
  drop(m->gathered);
  m->gathered = NULL;
}

// The rows of a page, and where it ends, go over to those before it.
static void append(Vsm__V1__Items *to, Vsm__V1__Items *page) {
  size_t n = to->n_items + page->n_items;
  if (page->n_items > 0) {
    to->items = vsm_mem_need(realloc(to->items, n * sizeof *to->items), n);
    memcpy(to->items + to->n_items, page->items, page->n_items * sizeof *to->items);
  }
  to->n_items = n;
  page->n_items = 0;
  char *cursor = to->cursor;
  to->cursor = page->cursor;
  page->cursor = cursor;
  drop(page);
}

static void take_page(struct vsm_watch_model *m, const Vsm__V1__Items *fresh) {
  Vsm__V1__Items *page = copy(&fresh->base);
  if (m->gathered)
    append(m->gathered, page);
  else
    m->gathered = page;
  if (*m->gathered->cursor && m->gathered->n_items < m->wanted)
    return;
  drop(m->items);
  m->items = m->gathered;
  m->gathered = NULL;
}

void vsm_watch_model_reply(struct vsm_watch_model *m, const Vsm__V1__Reply *reply) {
  if (reply->kind_case == VSM__V1__REPLY__KIND_SNAPSHOT) {
    vsm_watch_model_snapshot(m, reply->snapshot);
  } else if (reply->kind_case == VSM__V1__REPLY__KIND_ITEMS) {
    take_page(m, reply->items);
  } else if (reply->kind_case == VSM__V1__REPLY__KIND_ITEM) {
    drop(m->item);
    m->item = copy(&reply->item->base);
  }
}

// --- publications

static Vsm__V1__ValueStream **find_stream(const struct vsm_watch_model *m, const char *id) {
  for (size_t i = 0; i < m->snapshot->n_value_streams; i++)
    if (strcmp(m->snapshot->value_streams[i]->id, id) == 0)
      return &m->snapshot->value_streams[i];
  return NULL;
}

static bool take_stage(Vsm__V1__ValueStream *s, const Vsm__V1__Stage *fresh) {
  for (size_t i = 0; i < s->n_stages; i++)
    if (strcmp(s->stages[i]->id, fresh->id) == 0) {
      drop(s->stages[i]);
      s->stages[i] = copy(&fresh->base);
      return true;
    }
  return false;
}

// A stream is published without its stages: they stay.
static void take_stream(Vsm__V1__ValueStream **place, const Vsm__V1__ValueStream *fresh) {
  Vsm__V1__ValueStream *old = *place, *c = copy(&fresh->base);
  c->stages = old->stages;
  c->n_stages = old->n_stages;
  old->stages = NULL;
  old->n_stages = 0;
  drop(old);
  *place = c;
}

static void take_metric(struct vsm_watch_model *m, const Vsm__V1__Metric *metric) {
  Vsm__V1__ValueStream **s = find_stream(m, metric->value_stream);
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
    drop(m->snapshot->ingest);
    m->snapshot->ingest = copy(&status->ingest->base);
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
}

bool vsm_watch_model_stage(const struct vsm_watch_model *m, int at, const Vsm__V1__ValueStream **stream,
                           const Vsm__V1__Stage **stage) {
  for (size_t i = 0; m->snapshot && i < m->snapshot->n_value_streams; i++) {
    const Vsm__V1__ValueStream *s = m->snapshot->value_streams[i];
    if (at >= 0 && (size_t)at < s->n_stages) {
      *stream = s;
      *stage = s->stages[at];
      return true;
    }
    at -= (int)s->n_stages;
  }
  return false;
}
