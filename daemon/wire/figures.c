// Core views -> the messages that answers and publications share. Strings of views that end in NUL are borrowed, others
// are copied.
#include "base/err.h"
#include "wire/build.h"

void *vsm_build_array(struct vsm_build *b, size_t n, size_t size) {
  void *p = vsm_arena_zalloc(b->arena, n * size);
  b->failed |= !p;
  return p;
}

char *vsm_build_text(struct vsm_build *b, struct vsm_str s) {
  char *z = vsm_arena_strndup(b->arena, s.p, s.n);
  b->failed |= !z;
  return z;
}

char **vsm_build_texts(struct vsm_build *b, const struct vsm_str *s, size_t n, size_t *n_out) {
  char **out = vsm_build_array(b, n, sizeof *out);
  *n_out = out ? n : 0;
  for (size_t i = 0; i < *n_out; i++)
    out[i] = vsm_build_text(b, s[i]);
  return out;
}

void *vsm_build_message(struct vsm_build *b, const ProtobufCMessageDescriptor *type) {
  ProtobufCMessage *m = vsm_build_array(b, 1, type->sizeof_message);
  if (m)
    protobuf_c_message_init(type, m);
  return m;
}

void *vsm_build_list(struct vsm_build *b, size_t n, const ProtobufCMessageDescriptor *type, size_t *n_out) {
  char *messages = n ? vsm_build_array(b, n, type->sizeof_message) : NULL;
  void **pointers = messages ? vsm_build_array(b, n, sizeof *pointers) : NULL;
  *n_out = pointers ? n : 0;
  for (size_t i = 0; i < *n_out; i++) {
    pointers[i] = messages + i * type->sizeof_message;
    protobuf_c_message_init(type, pointers[i]);
  }
  return pointers;
}

uint64_t vsm_build_nanos(struct vsm_time t) {
  return (uint64_t)t.us * 1000;
}

static Vsm__V1__Age *age(struct vsm_build *b, const struct vsm_age_view *v) {
  Vsm__V1__Age *m = vsm_build_message(b, &vsm__v1__age__descriptor);
  if (!m)
    return NULL;
  m->p50 = v->p50;
  m->p85 = v->p85;
  m->p95 = v->p95;
  m->max = v->max;
  return m;
}

Vsm__V1__Distribution *vsm_build_distribution(struct vsm_build *b, const struct vsm_dist_view *v) {
  Vsm__V1__Distribution *m = vsm_build_message(b, &vsm__v1__distribution__descriptor);
  if (!m)
    return NULL;
  m->count = v->count;
  m->mean = v->mean;
  m->min = v->min;
  m->max = v->max;
  m->p50 = v->p50;
  m->p85 = v->p85;
  m->p95 = v->p95;
  m->p99 = v->p99;
  return m;
}

static Vsm__V1__Sle **sles(struct vsm_build *b, const struct vsm_sle_view *v, size_t n, size_t *n_out) {
  Vsm__V1__Sle **list = vsm_build_list(b, n, &vsm__v1__sle__descriptor, n_out);
  for (size_t i = 0; i < *n_out; i++) {
    list[i]->name = (char *)v[i].name;
    list[i]->within_seconds = v[i].within_seconds;
    list[i]->target = v[i].target;
    list[i]->attained = v[i].attained;
    list[i]->count = v[i].count;
    list[i]->working_day_seconds = v[i].working_day_seconds;
  }
  return list;
}

static void stage_window(struct vsm_build *b, const struct vsm_stage_window_view *v, Vsm__V1__StageWindow *m) {
  m->window = (char *)v->window;
#define X(name) m->name = v->name;
  VSM_STAGE_COUNTS(X)
#undef X
  m->cycle_time = vsm_build_distribution(b, &v->cycle_time);
  m->queue_time = vsm_build_distribution(b, &v->queue_time);
  m->active_time = vsm_build_distribution(b, &v->active_time);
  m->suspended_time = vsm_build_distribution(b, &v->suspended_time);
  m->flow_efficiency = v->flow_efficiency;
  m->first_pass_yield = v->first_pass_yield;
  m->sle = sles(b, v->sle, v->n_sle, &m->n_sle);
}

static void stream_window(struct vsm_build *b, const struct vsm_stream_window_view *v, Vsm__V1__StreamWindow *m) {
  m->window = (char *)v->window;
#define X(name) m->name = v->name;
  VSM_STREAM_COUNTS(X)
#undef X
  m->throughput_per_day = v->throughput_per_day;
  m->flow_efficiency = v->flow_efficiency;
  m->lead_time = vsm_build_distribution(b, &v->lead_time);
  m->sle = sles(b, v->sle, v->n_sle, &m->n_sle);
}

static void wait(struct vsm_build *b, const struct vsm_wait_view *v, Vsm__V1__Wait *m) {
  m->party = (char *)v->party;
  m->reason = vsm_build_text(b, v->reason);
  m->wip = v->wip;
  m->windows = vsm_build_list(b, v->n_windows, &vsm__v1__wait_window__descriptor, &m->n_windows);
  for (size_t i = 0; i < m->n_windows; i++) {
    m->windows[i]->window = (char *)v->windows[i].window;
    m->windows[i]->count = v->windows[i].count;
    m->windows[i]->seconds = v->windows[i].seconds;
  }
}

static void segment_of_stage(struct vsm_build *b, const struct vsm_stage_window_view *v, Vsm__V1__SegmentWindow *m) {
  m->window = (char *)v->window;
#define X(name) m->name = v->name;
  VSM_STAGE_COUNTS(X)
#undef X
  m->cycle_time = vsm_build_distribution(b, &v->cycle_time);
}

static void segment_of_stream(struct vsm_build *b, const struct vsm_stream_window_view *v, Vsm__V1__SegmentWindow *m) {
  m->window = (char *)v->window;
#define X(name) m->name = v->name;
  VSM_STREAM_COUNTS(X)
#undef X
  m->lead_time = vsm_build_distribution(b, &v->lead_time);
}

void vsm_build_segment(struct vsm_build *b, const struct vsm_segment_view *v, Vsm__V1__Segment *m) {
  m->attribute = (char *)v->attribute;
  m->value = vsm_build_text(b, v->value);
  m->wip = v->wip;
  m->windows = vsm_build_list(b, v->n_windows, &vsm__v1__segment_window__descriptor, &m->n_windows);
  for (size_t i = 0; i < m->n_windows; i++) {
    if (v->windows)
      segment_of_stage(b, &v->windows[i], m->windows[i]);
    else
      segment_of_stream(b, &v->stream_windows[i], m->windows[i]);
  }
}

void vsm_build_stage(struct vsm_build *b, const char *stream, const struct vsm_stage_view *v, Vsm__V1__Stage *m) {
  m->id = (char *)v->id;
  m->name = (char *)v->name;
  m->sequence = b->sequence ? b->sequence(b->sequence_ctx, stream, v->id) : 0;
  m->wip = v->wip;
  m->queued = v->queued;
  m->active = v->active;
  m->suspended = v->suspended;
  m->working_day_seconds = v->working_day_seconds;
  m->age = age(b, &v->age);
  m->windows = vsm_build_list(b, v->n_windows, &vsm__v1__stage_window__descriptor, &m->n_windows);
  for (size_t i = 0; i < m->n_windows; i++)
    stage_window(b, &v->windows[i], m->windows[i]);
  m->waits = vsm_build_list(b, v->n_waits, &vsm__v1__wait__descriptor, &m->n_waits);
  for (size_t i = 0; i < m->n_waits; i++)
    wait(b, &v->waits[i], m->waits[i]);
}

void vsm_build_stream(struct vsm_build *b, const struct vsm_stream_view *v, Vsm__V1__ValueStream *m) {
  m->id = (char *)v->id;
  m->name = (char *)v->name;
  m->sequence = b->sequence ? b->sequence(b->sequence_ctx, v->id, NULL) : 0;
  m->wip = v->wip;
  m->between = v->between;
  m->working_day_seconds = v->working_day_seconds;
  m->age = age(b, &v->age);
  m->windows = vsm_build_list(b, v->n_windows, &vsm__v1__stream_window__descriptor, &m->n_windows);
  for (size_t i = 0; i < m->n_windows; i++)
    stream_window(b, &v->windows[i], m->windows[i]);
  m->stages = vsm_build_list(b, v->n_stages, &vsm__v1__stage__descriptor, &m->n_stages);
  for (size_t i = 0; i < m->n_stages; i++)
    vsm_build_stage(b, v->id, &v->stages[i], m->stages[i]);
}

Vsm__V1__Ingest *vsm_build_ingest(struct vsm_build *b, const struct vsm_ingest_view *v) {
  Vsm__V1__Ingest *m = vsm_build_message(b, &vsm__v1__ingest__descriptor);
  if (!m)
    return NULL;
  m->received = v->received;
  m->applied = v->applied;
  m->duplicates = v->duplicates;
  m->unmapped = v->unmapped;
  m->ignored = v->ignored;
  m->rejected = v->rejected;
  m->gaps = v->gaps;
  return m;
}

static void build_bounds(struct vsm_build *b, const struct vsm_bounds *bounds, Vsm__V1__Status *m) {
  m->bounds = vsm_build_list(b, bounds->n, &vsm__v1__bound__descriptor, &m->n_bounds);
  for (size_t i = 0; i < m->n_bounds; i++) {
    const struct vsm_bound *v = &bounds->at[i];
    m->bounds[i]->name = (char *)v->name;
    m->bounds[i]->socket = (char *)v->socket;
    m->bounds[i]->now = v->now;
    m->bounds[i]->most = v->most;
    m->bounds[i]->beyond = v->beyond;
  }
}

static void build_lags(struct vsm_build *b, const struct vsm_lags_view *lags, Vsm__V1__Status *m) {
  m->lags = vsm_build_list(b, lags->n, &vsm__v1__source_lag__descriptor, &m->n_lags);
  for (size_t i = 0; i < m->n_lags; i++) {
    const struct vsm_lag_view *v = &lags->at[i];
    m->lags[i]->source = vsm_build_text(b, v->source);
    m->lags[i]->delay_p95_seconds = v->delay_p95_seconds;
    m->lags[i]->last_unix_nano = vsm_build_nanos(v->last);
  }
}

void vsm_build_status(struct vsm_build *b, const struct vsm_status_view *v, Vsm__V1__Status *m) {
  m->version = (char *)v->version;
  m->clock = (char *)v->clock;
  m->time_unix_nano = vsm_build_nanos(v->time);
  m->epoch = v->epoch;
  m->durable = v->durable;
  m->ingest = vsm_build_ingest(b, &v->ingest);
  m->items_open = v->items_open;
  m->items_held = v->items_held;
  m->memory_bytes = v->memory_bytes;
  m->uptime_seconds = v->uptime_seconds;
  m->configuration = (char *)v->configuration;
  m->configured_unix_nano = vsm_build_nanos(v->configured);
  m->trouble = (char *)v->trouble;
  m->bad_frames = v->bad_frames;
  m->acks_lost = v->acks_lost;
  m->received_per_second = v->received_per_second;
  m->waiting_bytes = v->waiting_bytes;
  m->commit_worst_seconds = v->commit_worst_seconds;
  m->disk_free_bytes = v->disk_free_bytes;
  m->disk_days_left = v->disk_days_left;
  m->security = (char *)(v->security ? v->security : "");
  m->refused_handshakes = v->refused_handshakes;
  m->refused_messages = v->refused_messages;
  m->state = (char *)(v->state ? v->state : "");
  m->rebuild = vsm_build_message(b, &vsm__v1__rebuild_status__descriptor);
  if (m->rebuild) {
    m->rebuild->state = (char *)(v->rebuild.state ? v->rebuild.state : "");
    m->rebuild->percent = v->rebuild.percent;
    m->rebuild->why = (char *)(v->rebuild.why ? v->rebuild.why : "");
    m->rebuild->position = v->rebuild.position;
  }
  m->alerts = vsm_build_message(b, &vsm__v1__alert_counts__descriptor);
  if (m->alerts) {
    m->alerts->critical = v->alerts.firing[VSM_CRITICAL];
    m->alerts->error = v->alerts.firing[VSM_ERROR];
    m->alerts->warning = v->alerts.firing[VSM_WARNING];
    m->alerts->info = v->alerts.firing[VSM_INFO];
    m->alerts->silenced = v->alerts.silenced;
  }
  build_bounds(b, &v->bounds, m);
  build_lags(b, &v->lags, m);
}

int vsm_build_finish(const struct vsm_build *b, const void *content, struct vsm_message *out) {
  if (b->failed)
    return VSM_ENOMEM;
  *out = (struct vsm_message){content, protobuf_c_message_get_packed_size(content)};
  return 0;
}
