// Each answer: begin a Reply with room for its one body, fill the body from the view, measure. How figures become
// protobuf-c's structs: figures.c.
#include "wire/reply.h"

#include "base/date.h"
#include "base/err.h"
#include "vsm/v1/query.pb-c.h"
#include "wire/alert.h"

struct answer {
  struct vsm_build b;
  Vsm__V1__Reply *reply;
};

// Returns the body as its init() leaves it; NULL: no memory.
static void *begin(struct answer *a, struct vsm_arena *arena, Vsm__V1__Reply__KindCase kind) {
  const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field(&vsm__v1__reply__descriptor, kind);
  *a = (struct answer){.b.arena = arena};
  a->reply = vsm_build_message(&a->b, &vsm__v1__reply__descriptor);
  void *body = a->reply ? vsm_build_message(&a->b, field->descriptor) : NULL;
  if (!body)
    return NULL;
  a->reply->kind_case = kind;
  a->reply->snapshot = body; // whatever its type: the members of the oneof share their place
  return body;
}

static int finish(const struct answer *a, struct vsm_message *out) {
  return vsm_build_finish(&a->b, a->reply, out);
}

int vsm_reply_error(const char *text, struct vsm_arena *arena, struct vsm_message *out) {
  struct vsm_build b = {.arena = arena};
  Vsm__V1__Reply *reply = vsm_build_message(&b, &vsm__v1__reply__descriptor);
  if (!reply)
    return VSM_ENOMEM;
  reply->error = (char *)text;
  return vsm_build_finish(&b, reply, out);
}

int vsm_reply_snapshot(const struct vsm_snapshot_view *view, struct vsm_arena *arena, struct vsm_message *out) {
  struct answer a;
  Vsm__V1__Snapshot *m = begin(&a, arena, VSM__V1__REPLY__KIND_SNAPSHOT);
  if (!m)
    return VSM_ENOMEM;
  a.b.sequence = view->sequence;
  a.b.sequence_ctx = view->sequence_ctx;
  m->time_unix_nano = vsm_build_nanos(view->time);
  m->epoch = view->epoch;
  m->ingest = vsm_build_ingest(&a.b, &view->ingest);
  m->value_streams = vsm_build_list(&a.b, view->n_streams, &vsm__v1__value_stream__descriptor, &m->n_value_streams);
  for (size_t i = 0; i < m->n_value_streams; i++)
    vsm_build_stream(&a.b, &view->streams[i], m->value_streams[i]);
  return finish(&a, out);
}

static const char *stage_id(const struct vsm_model *model, unsigned stream, int stage) {
  return stage < 0 ? "" : model->streams[stream].stages[stage].id;
}

static void item_row(struct vsm_build *b, const struct vsm_model *model, const struct vsm_item_row *v,
                     Vsm__V1__ItemRow *m) {
  m->item = vsm_build_text(b, v->item);
  m->value_stream = (char *)model->streams[v->stream].id;
  m->keys = vsm_build_texts(b, v->keys, v->n_keys, &m->n_keys);
  m->stage = (char *)stage_id(model, v->stream, v->stage);
  m->state = (char *)vsm_visit_state_name(v->state);
  m->party = (char *)v->party;
  m->reason = vsm_build_text(b, v->reason);
  m->in_stage_seconds = v->in_stage_seconds;
  m->age_seconds = v->age_seconds;
  m->working_day_seconds = v->working_day_seconds;
  m->age_working_day_seconds = v->age_working_day_seconds;
  m->due_unix_nano = vsm_build_nanos(v->due);
  m->pace = (char *)v->pace;
  m->pace_percentile = v->pace_percentile;
}

int vsm_reply_items(const struct vsm_model *model, const struct vsm_item_row *rows, size_t n, struct vsm_str cursor,
                    struct vsm_arena *arena, struct vsm_message *out) {
  struct answer a;
  Vsm__V1__Items *m = begin(&a, arena, VSM__V1__REPLY__KIND_ITEMS);
  if (!m)
    return VSM_ENOMEM;
  m->cursor = vsm_build_text(&a.b, cursor);
  m->items = vsm_build_list(&a.b, n, &vsm__v1__item_row__descriptor, &m->n_items);
  for (size_t i = 0; i < m->n_items; i++)
    item_row(&a.b, model, &rows[i], m->items[i]);
  return finish(&a, out);
}

static void item_transition(struct vsm_build *b, const struct vsm_transition_view *v, Vsm__V1__ItemTransition *m) {
  m->time_unix_nano = vsm_build_nanos(v->time);
  m->stage = (char *)v->stage;
  m->lifecycle = (char *)vsm_lifecycle_name(v->lifecycle);
  m->source = vsm_build_text(b, v->source);
  m->type = vsm_build_text(b, v->type);
  m->rule = vsm_build_text(b, v->rule);
  m->reason = vsm_build_text(b, v->reason);
  m->party = (char *)v->party;
}

static void visit(struct vsm_build *b, const struct vsm_visit_view *v, Vsm__V1__Visit *m) {
  m->stage = (char *)v->stage;
  m->entered_unix_nano = vsm_build_nanos(v->entered);
  m->left_unix_nano = vsm_build_nanos(v->left);
  m->how = (char *)vsm_how_name(v->how);
  m->rework = v->rework;
  m->unobserved = v->unobserved;
  m->implied = v->implied;
  m->queue_seconds = vsm_seconds(v->queued_us);
  m->active_seconds = vsm_seconds(v->active_us);
  m->suspended_seconds = vsm_seconds(v->suspended_us);
  m->state = (char *)vsm_visit_state_name(v->state);
  m->expected_seconds = vsm_seconds(v->expected_us);
  m->counted_seconds = vsm_seconds(v->counted_us);
  m->working_day_seconds = v->working_day_seconds;
  m->expected_working_day_seconds = v->expected_working_day_seconds;
  m->due_unix_nano = vsm_build_nanos(v->due);
  m->not_before_unix_nano = vsm_build_nanos(v->not_before);
  m->party = (char *)(v->party ? v->party : "");
  m->reason = vsm_build_text(b, v->reason);
}

static void segment_value(struct vsm_build *b, const struct vsm_segment_value *v, Vsm__V1__SegmentValue *m) {
  m->attribute = (char *)v->attribute;
  m->value = vsm_build_text(b, v->value);
}

static void finished(struct vsm_build *b, const struct vsm_finished_row *v, Vsm__V1__FinishedVisit *m) {
  m->item = vsm_build_text(b, v->item);
  m->entered_unix_nano = vsm_build_nanos(v->entered);
  m->left_unix_nano = vsm_build_nanos(v->left);
  m->cycle_seconds = vsm_seconds(v->cycle_us);
  m->queue_seconds = vsm_seconds(v->queued_us);
  m->active_seconds = vsm_seconds(v->active_us);
  m->suspended_seconds = vsm_seconds(v->suspended_us);
  m->segments = vsm_build_list(b, v->n_segments, &vsm__v1__segment_value__descriptor, &m->n_segments);
  for (size_t i = 0; i < m->n_segments; i++)
    segment_value(b, &v->segments[i], m->segments[i]);
}

int vsm_reply_visits(const struct vsm_visits_of *of, const struct vsm_visits_view *view, struct vsm_arena *arena,
                     struct vsm_message *out) {
  struct answer a;
  Vsm__V1__Visits *m = begin(&a, arena, VSM__V1__REPLY__KIND_VISITS);
  if (!m)
    return VSM_ENOMEM;
  m->value_stream = (char *)of->stream;
  m->stage = (char *)of->stage;
  m->window = (char *)of->window;
  m->since_unix_nano = vsm_build_nanos(view->since);
  m->more = view->more;
  m->working_day_seconds = view->working_day_seconds;
  m->cursor = vsm_build_text(&a.b, view->cursor);
  m->visits = vsm_build_list(&a.b, view->n, &vsm__v1__finished_visit__descriptor, &m->n_visits);
  for (size_t i = 0; i < m->n_visits; i++)
    finished(&a.b, &view->rows[i], m->visits[i]);
  return finish(&a, out);
}

int vsm_reply_item(const struct vsm_model *model, const struct vsm_item_view *item, struct vsm_arena *arena,
                   struct vsm_message *out) {
  struct answer a;
  Vsm__V1__Item *m = begin(&a, arena, VSM__V1__REPLY__KIND_ITEM);
  if (!m)
    return VSM_ENOMEM;
  m->item = vsm_build_text(&a.b, item->item);
  m->value_stream = (char *)model->streams[item->stream].id;
  m->keys = vsm_build_texts(&a.b, item->keys, item->n_keys, &m->n_keys);
  m->state = (char *)item->state;
  m->transitions = vsm_build_list(&a.b, item->n_transitions, &vsm__v1__item_transition__descriptor, &m->n_transitions);
  for (size_t i = 0; i < m->n_transitions; i++)
    item_transition(&a.b, &item->transitions[i], m->transitions[i]);
  m->visits = vsm_build_list(&a.b, item->n_visits, &vsm__v1__visit__descriptor, &m->n_visits);
  for (size_t i = 0; i < m->n_visits; i++)
    visit(&a.b, &item->visits[i], m->visits[i]);
  m->due_unix_nano = vsm_build_nanos(item->due);
  m->not_before_unix_nano = vsm_build_nanos(item->not_before);
  m->segments = vsm_build_list(&a.b, item->n_segments, &vsm__v1__segment_value__descriptor, &m->n_segments);
  for (size_t i = 0; i < m->n_segments; i++)
    segment_value(&a.b, &item->segments[i], m->segments[i]);
  return finish(&a, out);
}

static void series_pane(const struct vsm_series_pane *v, Vsm__V1__SeriesPane *m) {
  m->start_unix_nano = vsm_build_nanos(v->start);
  m->arrivals = (uint64_t)v->arrivals;
  m->departures = (uint64_t)v->departures;
  m->completed = (uint64_t)v->completed;
  m->wip = v->wip;
  m->cycle_time_count = v->cycle_time_count;
  m->cycle_time_p50 = v->cycle_time_p50;
  m->cycle_time_mean = v->cycle_time_mean;
  m->seconds = v->seconds;
}

int vsm_reply_series(const struct vsm_series_view *view, struct vsm_arena *arena, struct vsm_message *out) {
  struct answer a;
  Vsm__V1__Series *m = begin(&a, arena, VSM__V1__REPLY__KIND_SERIES);
  if (!m)
    return VSM_ENOMEM;
  m->value_stream = (char *)view->stream;
  m->stage = (char *)view->stage;
  m->window = (char *)view->window;
  m->end_unix_nano = vsm_build_nanos(view->picture.end);
  m->more = view->picture.more;
  m->working_day_seconds = view->picture.working_day_seconds;
  m->panes = vsm_build_list(&a.b, view->picture.n, &vsm__v1__series_pane__descriptor, &m->n_panes);
  for (size_t i = 0; i < m->n_panes; i++)
    series_pane(&view->picture.panes[i], m->panes[i]);
  return finish(&a, out);
}

int vsm_reply_segments(const struct vsm_segment_view *rows, size_t n, struct vsm_arena *arena,
                       struct vsm_message *out) {
  struct answer a;
  Vsm__V1__Segments *m = begin(&a, arena, VSM__V1__REPLY__KIND_SEGMENTS);
  if (!m)
    return VSM_ENOMEM;
  m->segments = vsm_build_list(&a.b, n, &vsm__v1__segment__descriptor, &m->n_segments);
  for (size_t i = 0; i < m->n_segments; i++)
    vsm_build_segment(&a.b, &rows[i], m->segments[i]);
  return finish(&a, out);
}

static void edge(struct vsm_build *b, const struct vsm_map_edge *v, Vsm__V1__Edge *m) {
  m->from = (char *)v->from;
  m->to = (char *)v->to;
  m->kind = (char *)vsm_edge_kind_name(v->kind);
  m->count = v->count;
  m->total = v->total;
  m->handover_time = vsm_build_distribution(b, &v->handover_time);
  m->working_day_seconds = v->working_day_seconds;
}

static void edges_stage(const struct vsm_map_stage *v, Vsm__V1__EdgesStage *m) {
  m->id = (char *)v->id;
  m->name = (char *)v->name;
  m->wip = v->wip;
  m->arrivals = v->arrivals;
  m->skipped = v->skipped;
  m->bypassed = v->bypassed;
  m->rework = v->rework;
  m->unobserved = v->unobserved;
}

int vsm_reply_edges(struct vsm_time now, const struct vsm_map_view *map, struct vsm_arena *arena,
                    struct vsm_message *out) {
  struct answer a;
  Vsm__V1__Edges *m = begin(&a, arena, VSM__V1__REPLY__KIND_EDGES);
  if (!m)
    return VSM_ENOMEM;
  m->time_unix_nano = vsm_build_nanos(now);
  m->value_stream = (char *)map->id;
  m->name = (char *)map->name;
  m->outcome = (char *)map->outcome;
  m->window = (char *)map->window;
  m->left_off = map->left_off;
  m->stages = vsm_build_list(&a.b, map->n_stages, &vsm__v1__edges_stage__descriptor, &m->n_stages);
  for (size_t i = 0; i < m->n_stages; i++)
    edges_stage(&map->stages[i], m->stages[i]);
  m->edges = vsm_build_list(&a.b, map->n_edges, &vsm__v1__edge__descriptor, &m->n_edges);
  for (size_t i = 0; i < m->n_edges; i++)
    edge(&a.b, &map->edges[i], m->edges[i]);
  return finish(&a, out);
}

static void reasons(struct vsm_build *b, const uint32_t signals[VSM_SIGNALS], Vsm__V1__BottleneckStage *m) {
  size_t room;
  m->reasons = vsm_build_list(b, VSM_SIGNALS, &vsm__v1__bottleneck_reason__descriptor, &room);
  for (unsigned i = 0; i < room; i++) { // put in its place among those before it
    size_t at = m->n_reasons;
    if (signals[i] == 0)
      continue;
    Vsm__V1__BottleneckReason *reason = m->reasons[m->n_reasons++];
    reason->signal = (char *)vsm_signal_name((enum vsm_signal)i);
    reason->weight = (double)signals[i] / VSM_PPM;
    for (; at > 0 && m->reasons[at - 1]->weight < reason->weight; at--)
      m->reasons[at] = m->reasons[at - 1];
    m->reasons[at] = reason;
  }
}

static void bottleneck_stage(struct vsm_build *b, const struct vsm_bottleneck_row *v, Vsm__V1__BottleneckStage *m) {
  m->stage = (char *)v->stage;
  m->score = (double)v->score_ppm / VSM_PPM;
  reasons(b, v->signals, m);
  m->wip = v->wip;
  m->queued = v->queued;
  m->suspended = v->suspended;
  m->arrivals = v->arrivals;
  m->departures = v->departures;
  m->growth = (double)v->arrivals - (double)v->departures;
  m->queue_share = v->queue_share;
  m->p85_seconds = v->p85_seconds;
  m->older = v->older;
  m->older_share = v->wip ? (double)v->older / (double)v->wip : 0;
  m->older_usual_share = v->older_usual_share;
  m->working_day_seconds = v->working_day_seconds;
}

static void bottleneck_stream(struct vsm_build *b, const struct vsm_bottleneck_view *v, Vsm__V1__BottleneckStream *m) {
  m->value_stream = (char *)v->id;
  m->window = (char *)v->window;
  m->window_seconds = v->window_seconds;
  m->observed_seconds = v->observed_seconds;
  m->stages = vsm_build_list(b, v->n_rows, &vsm__v1__bottleneck_stage__descriptor, &m->n_stages);
  for (unsigned i = 0; i < m->n_stages; i++) {
    bottleneck_stage(b, &v->rows[i], m->stages[i]);
    m->stages[i]->rank = i + 1;
  }
}

int vsm_reply_bottleneck(struct vsm_time now, const struct vsm_bottleneck_view *streams, size_t n,
                         struct vsm_arena *arena, struct vsm_message *out) {
  struct answer a;
  Vsm__V1__Bottleneck *m = begin(&a, arena, VSM__V1__REPLY__KIND_BOTTLENECK);
  if (!m)
    return VSM_ENOMEM;
  m->time_unix_nano = vsm_build_nanos(now);
  m->value_streams = vsm_build_list(&a.b, n, &vsm__v1__bottleneck_stream__descriptor, &m->n_value_streams);
  for (size_t i = 0; i < m->n_value_streams; i++)
    bottleneck_stream(&a.b, &streams[i], m->value_streams[i]);
  return finish(&a, out);
}

static char *date(struct vsm_build *b, int64_t day) {
  char text[VSM_DATE_BYTES];
  vsm_date_print(day, text);
  return vsm_build_text(b, vsm_str_of(text));
}

static void chances(struct vsm_build *b, const struct vsm_forecast_view *v, Vsm__V1__Forecast *m) {
  m->chances = vsm_build_list(b, VSM_CHANCES, &vsm__v1__forecast_chance__descriptor, &m->n_chances);
  for (unsigned i = 0; i < m->n_chances; i++) {
    const struct vsm_forecast_chance *from = &v->chances[i];
    Vsm__V1__ForecastChance *to = m->chances[i];
    to->chance = vsm_chance_percent[i] / 100.0;
    to->tested = v->tests ? (double)from->inside / v->tests : 0;
    if (!from->told)
      continue;
    to->date = date(b, from->day);
    to->unix_nano = vsm_build_nanos(from->when);
    to->items = from->items;
  }
}

int vsm_reply_forecast(struct vsm_time now, const struct vsm_forecast_query *query, const struct vsm_forecast_view *v,
                       struct vsm_arena *arena, struct vsm_message *out) {
  struct answer a;
  Vsm__V1__Forecast *m = begin(&a, arena, VSM__V1__REPLY__KIND_FORECAST);
  if (!m)
    return VSM_ENOMEM;
  m->value_stream = (char *)v->id;
  m->time_unix_nano = vsm_build_nanos(now);
  m->kind = (char *)vsm_forecast_kind_name(v->kind);
  m->items = v->items;
  if (v->kind == VSM_FORECAST_BY)
    m->by = date(&a.b, v->by);
  m->item = vsm_build_text(&a.b, query->item);
  m->seed = query->seed;
  m->trouble = (char *)vsm_forecast_trouble_name(v->trouble);
  if (v->trouble == VSM_FORECAST_TOLD)
    chances(&a.b, v, m);
  m->trials = v->trials;
  m->tests = v->tests;
  m->test_days = v->test_days;
  m->zone = (char *)v->zone;
  if (v->days > 0)
    m->first_date = date(&a.b, v->first_day);
  m->days = v->days;
  m->done = v->done;
  m->started = v->started;
  m->ended = v->ended;
  m->growing = v->growing;
  m->stage = (char *)v->stage;
  m->in_stage_seconds = v->in_stage_seconds;
  m->like = v->like;
  m->like_withdrawn = v->like_withdrawn;
  return finish(&a, out);
}

int vsm_reply_unmapped(const struct vsm_unmapped_view *rows, size_t n, struct vsm_arena *arena,
                       struct vsm_message *out) {
  struct answer a;
  Vsm__V1__Unmapped *m = begin(&a, arena, VSM__V1__REPLY__KIND_UNMAPPED);
  if (!m)
    return VSM_ENOMEM;
  m->unmapped = vsm_build_list(&a.b, n, &vsm__v1__unmapped_row__descriptor, &m->n_unmapped);
  for (size_t i = 0; i < m->n_unmapped; i++) {
    m->unmapped[i]->source = vsm_build_text(&a.b, rows[i].source);
    m->unmapped[i]->type = vsm_build_text(&a.b, rows[i].type);
    m->unmapped[i]->count = rows[i].count;
    m->unmapped[i]->last_unix_nano = vsm_build_nanos(rows[i].last);
  }
  return finish(&a, out);
}

int vsm_reply_rejected(const struct vsm_rejected_view *rows, size_t n, struct vsm_arena *arena,
                       struct vsm_message *out) {
  struct answer a;
  Vsm__V1__Rejected *m = begin(&a, arena, VSM__V1__REPLY__KIND_REJECTED);
  if (!m)
    return VSM_ENOMEM;
  m->rejected = vsm_build_list(&a.b, n, &vsm__v1__rejected_row__descriptor, &m->n_rejected);
  for (size_t i = 0; i < m->n_rejected; i++) {
    m->rejected[i]->source = vsm_build_text(&a.b, rows[i].source);
    m->rejected[i]->type = vsm_build_text(&a.b, rows[i].type);
    m->rejected[i]->reason = (char *)vsm_reason_name(rows[i].reason);
    m->rejected[i]->detail = vsm_build_text(&a.b, rows[i].detail);
    m->rejected[i]->count = rows[i].count;
  }
  return finish(&a, out);
}

static double a_minute(const struct vsm_rate_view *r) {
  return r->recent ? (double)r->recent / (vsm_seconds(r->recent_us) / 60) : 0;
}

int vsm_reply_sources(const struct vsm_source_view *rows, size_t n, struct vsm_arena *arena, struct vsm_message *out) {
  struct answer a;
  Vsm__V1__Sources *m = begin(&a, arena, VSM__V1__REPLY__KIND_SOURCES);
  if (!m)
    return VSM_ENOMEM;
  m->sources = vsm_build_list(&a.b, n, &vsm__v1__source_row__descriptor, &m->n_sources);
  for (size_t i = 0; i < m->n_sources; i++) {
    m->sources[i]->source = vsm_build_text(&a.b, rows[i].source);
    m->sources[i]->last_unix_nano = vsm_build_nanos(rows[i].last);
    m->sources[i]->received = rows[i].counts.received;
    m->sources[i]->applied = rows[i].counts.applied;
    m->sources[i]->duplicates = rows[i].counts.duplicates;
    m->sources[i]->unmapped = rows[i].counts.unmapped;
    m->sources[i]->ignored = rows[i].counts.ignored;
    m->sources[i]->rejected = rows[i].counts.rejected;
    m->sources[i]->gaps = rows[i].counts.gaps;
    m->sources[i]->delay_p95_seconds = rows[i].delay_p95_seconds;
    m->sources[i]->per_minute = a_minute(&rows[i].rate);
    m->sources[i]->usual_per_minute = (double)rows[i].rate.usual_milli / 15000;
  }
  return finish(&a, out);
}

int vsm_reply_status(const struct vsm_status_view *status, struct vsm_arena *arena, struct vsm_message *out) {
  struct answer a;
  Vsm__V1__Status *m = begin(&a, arena, VSM__V1__REPLY__KIND_STATUS);
  if (!m)
    return VSM_ENOMEM;
  vsm_build_status(&a.b, status, m);
  return finish(&a, out);
}

int vsm_reply_reloaded(const char *configuration, struct vsm_arena *arena, struct vsm_message *out) {
  struct answer a;
  Vsm__V1__Reloaded *m = begin(&a, arena, VSM__V1__REPLY__KIND_RELOAD);
  if (!m)
    return VSM_ENOMEM;
  m->configuration = (char *)configuration;
  return finish(&a, out);
}

static void silence(struct vsm_build *b, const struct vsm_silence_view *v, Vsm__V1__Silence *m) {
  m->id = v->id;
  m->kind = (char *)(v->kind < 0 ? "" : vsm_alert_kind_name((enum vsm_alert_kind)v->kind));
  m->stream = vsm_build_text(b, v->stream);
  m->stage = vsm_build_text(b, v->stage);
  m->source = vsm_build_text(b, v->source);
  m->item = vsm_build_text(b, v->item);
  m->mark = vsm_build_message(b, &vsm__v1__alert_mark__descriptor);
  if (m->mark)
    vsm_build_mark(b, &v->mark, m->mark);
}

int vsm_reply_alerts(const struct vsm_alerts_view *view, struct vsm_arena *arena, struct vsm_message *out) {
  struct answer a;
  Vsm__V1__Alerts *m = begin(&a, arena, VSM__V1__REPLY__KIND_ALERTS);
  if (!m)
    return VSM_ENOMEM;
  m->time_unix_nano = vsm_build_nanos(view->context.now);
  m->epoch = view->epoch;
  m->alerts = vsm_build_list(&a.b, view->n_alerts, &vsm__v1__alert__descriptor, &m->n_alerts);
  for (size_t i = 0; i < m->n_alerts; i++)
    vsm_build_alert(&a.b, &view->context, &view->alerts[i], m->alerts[i]);
  m->silences = vsm_build_list(&a.b, view->n_silences, &vsm__v1__silence__descriptor, &m->n_silences);
  for (size_t i = 0; i < m->n_silences; i++)
    silence(&a.b, &view->silences[i], m->silences[i]);
  return finish(&a, out);
}

int vsm_reply_done(struct vsm_str item, const char *stream, uint64_t id, struct vsm_arena *arena,
                   struct vsm_message *out) {
  struct answer a;
  Vsm__V1__Done *m = begin(&a, arena, VSM__V1__REPLY__KIND_DONE);
  if (!m)
    return VSM_ENOMEM;
  m->item = vsm_build_text(&a.b, item);
  m->value_stream = (char *)stream;
  m->id = id;
  return finish(&a, out);
}
