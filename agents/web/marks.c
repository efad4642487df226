// An alert is silenced by what it is about: its kind, stream, stage and source, which it says itself. So the daemon is
// asked for its alerts first; they also say what time it is there, which "for_seconds" counts from.
#include "agents/web/marks.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agents/lib/number.h"
#include "agents/web/api.h"
#include "agents/web/daemon.h"
#include "agents/web/http.h"
#include "agents/web/server.h"
#include "base/mem.h"

enum { TEXT_BYTES_MAX = 1000 };
static const double longest_seconds = 3650 * 86400.0;

struct order {
  const char *by, *why, *item; // in the arena of the exchange
  double for_seconds;
  uint64_t until_unix_nano;
  bool lost;
};

// --- the body

enum what { TEXT, SECONDS, NANOS, FLAG };
struct member {
  const char *name;
  enum what what;
  size_t at;
};

static const struct member silence_members[] = {{"by", TEXT, offsetof(struct order, by)},
                                                {"why", TEXT, offsetof(struct order, why)},
                                                {"item", TEXT, offsetof(struct order, item)},
                                                {"for_seconds", SECONDS, offsetof(struct order, for_seconds)},
                                                {"until_unix_nano", NANOS, offsetof(struct order, until_unix_nano)},
                                                {0}};
static const struct member acknowledge_members[] = {{"by", TEXT, offsetof(struct order, by)},
                                                    {"why", TEXT, offsetof(struct order, why)},
                                                    {"lost", FLAG, offsetof(struct order, lost)},
                                                    {0}};

// Returns what is allowed where the value is not that.
static const char *take_member(struct vsm_exchange *x, const struct member *m, const json_t *value, struct order *o) {
  void *at = (char *)o + m->at;
  switch (m->what) {
  case TEXT:
    if (!json_is_string(value) || json_string_length(value) > TEXT_BYTES_MAX ||
        json_string_length(value) != strlen(json_string_value(value)))
      return "a text of 1,000 bytes at most";
    *(const char **)at =
        vsm_mem_need(vsm_arena_strndup(&x->arena, json_string_value(value), json_string_length(value)), 0);
    return NULL;
  case SECONDS:
    *(double *)at = json_number_value(value);
    return *(double *)at > 0 && *(double *)at <= longest_seconds ? NULL : "seconds, above 0, at most ten years";
  case NANOS:
    *(uint64_t *)at = (uint64_t)json_integer_value(value);
    return json_integer_value(value) > 0 ? NULL : "nanoseconds since 1970";
  case FLAG:
    *(bool *)at = json_is_true(value);
    return json_is_boolean(value) ? NULL : "true, false";
  }
  return "nothing";
}

static bool take_all(struct vsm_exchange *x, const struct member *members, json_t *body, struct order *o) {
  const char *name;
  json_t *value;
  json_object_foreach(body, name, value) {
    const struct member *m = members;
    while (m->name && strcmp(m->name, name) != 0)
      m++;
    const char *allowed = m->name ? take_member(x, m, value, o) : "by, why, and what docs/web.md lists beside them";
    if (!allowed)
      continue;
    vsm_http_problem(x, 400, "\"%.64s\"; allowed: %s", name, allowed);
    return false;
  }
  return true;
}

// NULL: it is no such body, which has been said.
static struct order *read_order(struct vsm_exchange *x, const struct member *members) {
  size_t n;
  json_error_t wrong;
  if (!vsm_http_is_type(x, "application/json")) {
    vsm_http_problem(x, 415, "Content-Type; allowed: application/json");
    return NULL;
  }
  const char *text = vsm_http_body(x, &n);
  json_t *body = json_loadb(text, n, JSON_REJECT_DUPLICATES, &wrong);
  struct order *o = vsm_mem_need(vsm_arena_alloc(&x->arena, sizeof *o), sizeof *o);
  *o = (struct order){.by = "", .why = "", .item = ""};
  bool good = json_is_object(body);
  if (!good)
    vsm_http_problem(x, 400, "the body is no JSON object: %s", body ? "it is something else" : wrong.text);
  good = good && take_all(x, members, body, o);
  json_decref(body);
  return good ? o : NULL;
}

// --- the orders

static void on_done(void *ctx, int err, const Vsm__V1__Reply *reply) {
  vsm_api_answer(ctx, "done", err, reply);
}

static const Vsm__V1__Alert *find(const Vsm__V1__Alerts *alerts, const char *id) {
  for (size_t i = 0; i < alerts->n_alerts; i++)
    if (strcmp(alerts->alerts[i]->id, id) == 0)
      return alerts->alerts[i];
  return NULL;
}

static void silence(struct vsm_exchange *x, const Vsm__V1__Alert *a, uint64_t now_nanos) {
  const struct order *o = x->state;
  Vsm__V1__SilenceRequest silence = VSM__V1__SILENCE_REQUEST__INIT;
  Vsm__V1__Request r = VSM__V1__REQUEST__INIT;
  r.kind_case = VSM__V1__REQUEST__KIND_SILENCE;
  r.silence = &silence;
  silence.kind = a->kind;
  silence.stream = a->value_stream;
  silence.stage = a->stage;
  silence.source = a->source;
  silence.item = (char *)o->item;
  silence.by = (char *)o->by;
  silence.why = (char *)o->why;
  silence.until_unix_nano =
      o->until_unix_nano ? o->until_unix_nano : now_nanos + (uint64_t)(o->for_seconds * 1e6) * 1000;
  vsm_api_ask(x, &r, on_done);
}

static void on_alerts(void *ctx, int err, const Vsm__V1__Reply *reply) {
  struct vsm_exchange *x = ctx;
  if (!vsm_api_is_answer(x, "alerts", err, reply))
    return;
  const Vsm__V1__Alert *a = find(reply->alerts, x->key);
  if (a)
    silence(x, a, reply->alerts->time_unix_nano);
  else
    vsm_http_problem(x, 404, "no alert \"%.256s\" is pending or fires", x->key);
}

void vsm_marks_silence(struct vsm_exchange *x) {
  Vsm__V1__AlertsRequest alerts = VSM__V1__ALERTS_REQUEST__INIT;
  Vsm__V1__Request r = VSM__V1__REQUEST__INIT;
  struct order *o = read_order(x, silence_members);
  if (!o)
    return;
  if ((o->for_seconds > 0) == (o->until_unix_nano > 0)) {
    vsm_http_problem(x, 400, "a silence has an end; allowed: one of for_seconds and until_unix_nano");
    return;
  }
  x->state = o;
  r.kind_case = VSM__V1__REQUEST__KIND_ALERTS;
  r.alerts = &alerts;
  vsm_api_ask(x, &r, on_alerts);
}

void vsm_marks_acknowledge(struct vsm_exchange *x) {
  Vsm__V1__AcknowledgeRequest acknowledge = VSM__V1__ACKNOWLEDGE_REQUEST__INIT;
  Vsm__V1__Request r = VSM__V1__REQUEST__INIT;
  const struct order *o = read_order(x, acknowledge_members);
  if (!o)
    return;
  r.kind_case = VSM__V1__REQUEST__KIND_ACKNOWLEDGE;
  r.acknowledge = &acknowledge;
  acknowledge.id = (char *)x->key;
  acknowledge.by = (char *)o->by;
  acknowledge.why = (char *)o->why;
  acknowledge.lost = o->lost;
  vsm_api_ask(x, &r, on_done);
}

void vsm_marks_end(struct vsm_exchange *x) {
  Vsm__V1__SilenceRequest silence = VSM__V1__SILENCE_REQUEST__INIT;
  Vsm__V1__Request r = VSM__V1__REQUEST__INIT;
  if (!vsm_number_read(x->key, &silence.end) || silence.end == 0) {
    vsm_http_problem(x, 404, "no silence \"%.64s\"; a silence has a number, as the list of alerts shows it", x->key);
    return;
  }
  r.kind_case = VSM__V1__REQUEST__KIND_SILENCE;
  r.silence = &silence;
  vsm_api_ask(x, &r, on_done);
}
