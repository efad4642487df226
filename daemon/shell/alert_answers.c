// Questions and orders about alerts.
#include "base/err.h"
#include "shell/alert_since.h"
#include "shell/answers.h"
#include "shell/control.h"

// A stage is one of a value stream.
static int find_stage(struct vsm_query_socket *q, int stream, struct vsm_str name, const char **why) {
  if (name.n == 0 || stream == VSM_ENOENT) // *why is told already
    return stream == VSM_ENOENT ? VSM_ENOENT : -1;
  if (stream >= 0)
    return vsm_answer_find(q, stream, name, why);
  *why = "a stage is asked for without its value stream";
  return VSM_ENOENT;
}

// Whoever watches some streams alone is not told of silences of others, nor of those that are of all.
static long theirs(const struct vsm_query_socket *q, const struct vsm_request *r, struct vsm_silence_view *all,
                   long n) {
  long kept = 0;
  if (vsm_caller_watches_all(&q->caller))
    return n;
  for (long i = 0; i < n; i++)
    if (vsm_str_eq(all[i].stream, r->stream))
      all[kept++] = all[i];
  return kept;
}

int vsm_answer_alerts(struct vsm_query_socket *q, const struct vsm_request *r, int stream, struct vsm_message *out,
                      const char **why) {
  struct vsm_alerts_query query = {.stream = r->stream,
                                   .stage = r->stage,
                                   .source = r->source,
                                   .kind = vsm_find_alert_kind(r->alert_kind, &q->arena, why),
                                   .history = r->history != 0,
                                   .limit = r->limit};
  if (query.kind == VSM_ENOENT)
    return VSM_ENOENT;
  bool unknown = find_stage(q, stream, r->stage, why) == VSM_ENOENT;
  if (unknown && (!query.history || r->stream.n == 0))
    return VSM_ENOENT;
  struct vsm_alert_view *alerts;
  struct vsm_silence_view *silences;
  long n = vsm_core_list_alerts(q->core, &query, &q->arena, &alerts);
  long m = n < 0 ? n : vsm_core_silences(q->core, &q->arena, &silences);
  if (m < 0)
    return VSM_ENOMEM;
  if (unknown && n == 0)
    return VSM_ENOENT;
  *why = NULL; // the history knows it
  m = theirs(q, r, silences, m);
  struct vsm_alert_since since = {q->core, &q->arena};
  struct vsm_alerts_view view = {.context = {q->model, vsm_core_now(q->core), vsm_alert_silent_since, &since},
                                 .epoch = *q->o.epoch,
                                 .alerts = alerts,
                                 .n_alerts = (size_t)n,
                                 .silences = silences,
                                 .n_silences = (size_t)m};
  return vsm_reply_alerts(&view, &q->arena, out);
}

static int order(struct vsm_query_socket *q, const struct vsm_request *r, int stream, struct vsm_message *out,
                 const char **why) {
  struct vsm_ordered done = {0};
  int err = q->o.order(q->o.ctx, r, stream, q->frame, &q->arena, &done, why);
  q->recorded = done.recorded;
  return err ? err : vsm_reply_done((struct vsm_str){0}, "", done.id, &q->arena, out);
}

int vsm_answer_silence(struct vsm_query_socket *q, const struct vsm_request *r, int stream, struct vsm_message *out,
                       const char **why) {
  if (find_stage(q, stream, r->stage, why) == VSM_ENOENT)
    return VSM_ENOENT;
  return order(q, r, stream, out, why);
}

int vsm_answer_acknowledge(struct vsm_query_socket *q, const struct vsm_request *r, int stream, struct vsm_message *out,
                           const char **why) {
  return order(q, r, stream, out, why);
}
