#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agents/ask/inquiry.h"
#include "base/mem.h"
#include "cmd.h"
#include "vsm/json.h"

struct vsm_talk {
  const char *endpoint; // borrowed
  struct vsm_query *query;
  vsm_show_fn *show;
  void *ctx;
  bool refusals; // are shown, too
  int status;    // -1: no answer yet
};

void vsm_say_refusal(const char *error) {
  size_t n = strlen(error);
  fprintf(stderr, "vsm: %s%s", error, n && error[n - 1] == '\n' ? "" : "\n");
}

static void on_reply(void *ctx, int err, const Vsm__V1__Reply *reply) {
  struct vsm_talk *t = ctx;
  t->status = VSM_FAILED;
  if (err)
    fprintf(stderr, "vsm: no answer from %s (%s); is vsmd running? vsmd --config FILE starts it\n", t->endpoint,
            vsm_client_error(err));
  else if (*reply->error && !t->refusals)
    vsm_say_refusal(reply->error);
  else
    t->status = t->show(t->ctx, reply);
}

void vsm_say_endpoint(const char *endpoint, int err) {
  fprintf(stderr, "vsm: %s: %s; an endpoint is written like %s or ipc:///run/vsmd/query\n", endpoint,
          vsm_client_error(err), VSM_QUERY_DEFAULT);
}

struct vsm_talk *vsm_talk_begin(const char *endpoint) {
  struct vsm_talk *t = vsm_mem_alloc(sizeof *t);
  t->endpoint = endpoint;
  int err = vsm_query_create(&(struct vsm_query_options){.query = endpoint, .keys = vsm_cli_keys()}, &t->query);
  if (!err)
    return t;
  vsm_say_endpoint(endpoint, err);
  vsm_talk_end(t);
  return NULL;
}

void vsm_talk_end(struct vsm_talk *t) {
  if (t)
    vsm_query_destroy(t->query);
  free(t);
}

static int ask(struct vsm_talk *t, const Vsm__V1__Request *request, vsm_show_fn *show, void *ctx, bool refusals) {
  t->show = show;
  t->ctx = ctx;
  t->refusals = refusals;
  t->status = -1;
  int err = vsm_query_ask(t->query, request, on_reply, t);
  if (err) {
    vsm_say_endpoint(t->endpoint, err);
    return VSM_FAILED;
  }
  while (t->status < 0) {
    struct pollfd p = {.fd = vsm_query_fd(t->query), .events = POLLIN};
    poll(&p, 1, vsm_query_timeout_ms(t->query));
    vsm_query_process(t->query);
  }
  return t->status;
}

int vsm_talk_ask(struct vsm_talk *t, const Vsm__V1__Request *request, vsm_show_fn *show, void *ctx) {
  return ask(t, request, show, ctx, false);
}

int vsm_talk_try(struct vsm_talk *t, const Vsm__V1__Request *request, vsm_show_fn *show, void *ctx) {
  return ask(t, request, show, ctx, true);
}

static int take_step(void *ctx, const Vsm__V1__Reply *reply) {
  struct vsm_inquiry *q = ctx;
  return q->take(q, reply) ? VSM_DONE : VSM_FAILED;
}

int vsm_talk_inquire(struct vsm_talk *t, struct vsm_inquiry *q, void (*each)(void *ctx), void *ctx) {
  Vsm__V1__Request r = VSM__V1__REQUEST__INIT;
  int status = VSM_DONE;
  while (status == VSM_DONE && q->next(q, &r)) {
    if (each)
      each(ctx);
    status = vsm_talk_try(t, &r, take_step, q);
  }
  if (*q->why)
    vsm_say_refusal(q->why);
  return status;
}

static int take_now(void *ctx, const Vsm__V1__Reply *reply) {
  *(uint64_t *)ctx = reply->status->time_unix_nano;
  return VSM_DONE;
}

int vsm_talk_now(struct vsm_talk *t, uint64_t *unix_nano) {
  Vsm__V1__StatusRequest status = VSM__V1__STATUS_REQUEST__INIT;
  Vsm__V1__Request r = VSM__V1__REQUEST__INIT;
  r.kind_case = VSM__V1__REQUEST__KIND_STATUS;
  r.status = &status;
  return vsm_talk_ask(t, &r, take_now, unix_nano);
}

int vsm_ask(const char *endpoint, const Vsm__V1__Request *request, vsm_show_fn *show, void *ctx) {
  struct vsm_talk *t = vsm_talk_begin(endpoint);
  int status = t ? vsm_talk_ask(t, request, show, ctx) : VSM_FAILED;
  vsm_talk_end(t);
  return status;
}

int vsm_print_json(const struct ProtobufCMessage *message) {
  char *text = vsm_json_message(message, NULL);
  if (!text)
    return VSM_FAILED;
  int status = puts(text) < 0 ? VSM_FAILED : VSM_DONE;
  free(text);
  return status;
}
