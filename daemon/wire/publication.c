#include "wire/publication.h"

#include "base/err.h"
#include "wire/alert.h"

static Vsm__V1__Publication *begin(struct vsm_build *b, const struct vsm_publication *head) {
  Vsm__V1__Publication *m = vsm_build_message(b, &vsm__v1__publication__descriptor);
  if (!m)
    return NULL;
  m->epoch = head->epoch;
  m->sequence = head->sequence;
  m->time_unix_nano = vsm_build_nanos(head->time);
  return m;
}

static Vsm__V1__Metric *metric(struct vsm_build *b, Vsm__V1__Publication *p, const char *stream) {
  Vsm__V1__Metric *m = vsm_build_message(b, &vsm__v1__metric__descriptor);
  if (!m)
    return NULL;
  m->value_stream = (char *)stream;
  p->body_case = VSM__V1__PUBLICATION__BODY_METRIC;
  p->metric = m;
  return m;
}

int vsm_publish_stream(const struct vsm_publication *head, const struct vsm_stream_view *view, struct vsm_arena *arena,
                       struct vsm_message *out) {
  struct vsm_build b = {.arena = arena};
  Vsm__V1__Publication *p = begin(&b, head);
  Vsm__V1__Metric *m = p ? metric(&b, p, view->id) : NULL;
  Vsm__V1__ValueStream *node = m ? vsm_build_message(&b, &vsm__v1__value_stream__descriptor) : NULL;
  if (!node)
    return VSM_ENOMEM;
  vsm_build_stream(&b, view, node);
  node->sequence = head->sequence;
  m->node_case = VSM__V1__METRIC__NODE_STREAM;
  m->stream = node;
  return vsm_build_finish(&b, p, out);
}

int vsm_publish_stage(const struct vsm_publication *head, const char *stream, const struct vsm_stage_view *view,
                      struct vsm_arena *arena, struct vsm_message *out) {
  struct vsm_build b = {.arena = arena};
  Vsm__V1__Publication *p = begin(&b, head);
  Vsm__V1__Metric *m = p ? metric(&b, p, stream) : NULL;
  Vsm__V1__Stage *node = m ? vsm_build_message(&b, &vsm__v1__stage__descriptor) : NULL;
  if (!node)
    return VSM_ENOMEM;
  vsm_build_stage(&b, stream, view, node);
  node->sequence = head->sequence;
  m->node_case = VSM__V1__METRIC__NODE_STAGE;
  m->stage = node;
  return vsm_build_finish(&b, p, out);
}

int vsm_publish_transition(const struct vsm_publication *head, const struct vsm_model *model,
                           const struct vsm_change *change, struct vsm_str source, struct vsm_str type,
                           struct vsm_arena *arena, struct vsm_message *out) {
  struct vsm_build b = {.arena = arena};
  Vsm__V1__Publication *p = begin(&b, head);
  Vsm__V1__Transition *t = p ? vsm_build_message(&b, &vsm__v1__transition__descriptor) : NULL;
  if (!t)
    return VSM_ENOMEM;
  const struct vsm_stream *stream = &model->streams[change->stream];
  t->time_unix_nano = vsm_build_nanos(change->time);
  t->value_stream = (char *)stream->id;
  t->stage = change->stage < 0 ? NULL : (char *)stream->stages[change->stage].id;
  t->lifecycle = (char *)vsm_lifecycle_name(change->lifecycle);
  t->item = vsm_build_text(&b, change->item);
  t->source = vsm_build_text(&b, source);
  t->type = vsm_build_text(&b, type);
  p->body_case = VSM__V1__PUBLICATION__BODY_TRANSITION;
  p->transition = t;
  return vsm_build_finish(&b, p, out);
}

int vsm_publish_alert(const struct vsm_publication *head, const struct vsm_sentence_context *context,
                      const struct vsm_alert_view *alert, struct vsm_arena *arena, struct vsm_message *out) {
  struct vsm_build b = {.arena = arena};
  Vsm__V1__Publication *p = begin(&b, head);
  Vsm__V1__Alert *a = p ? vsm_build_message(&b, &vsm__v1__alert__descriptor) : NULL;
  if (!a)
    return VSM_ENOMEM;
  vsm_build_alert(&b, context, alert, a);
  p->body_case = VSM__V1__PUBLICATION__BODY_ALERT;
  p->alert = a;
  return vsm_build_finish(&b, p, out);
}

int vsm_publish_status(const struct vsm_publication *head, const struct vsm_status_view *status,
                       struct vsm_arena *arena, struct vsm_message *out) {
  struct vsm_build b = {.arena = arena};
  Vsm__V1__Publication *p = begin(&b, head);
  Vsm__V1__Status *s = p ? vsm_build_message(&b, &vsm__v1__status__descriptor) : NULL;
  if (!s)
    return VSM_ENOMEM;
  vsm_build_status(&b, status, s);
  p->body_case = VSM__V1__PUBLICATION__BODY_STATUS;
  p->status = s;
  return vsm_build_finish(&b, p, out);
}
