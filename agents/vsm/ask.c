#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "vsm/json.h"

struct asking {
  vsm_show_fn *show;
  void *ctx;
  const char *endpoint;
  int status; // -1: no answer yet
};

static void on_reply(void *ctx, int err, const Vsm__V1__Reply *reply) {
  struct asking *a = ctx;
  if (err) {
    fprintf(stderr, "vsm: no answer from %s (%s); is vsmd running? vsmd --config FILE starts it\n", a->endpoint,
            vsm_client_error(err));
    a->status = VSM_FAILED;
  } else if (*reply->error) {
    size_t n = strlen(reply->error);
    fprintf(stderr, "vsm: %s%s", reply->error, reply->error[n - 1] == '\n' ? "" : "\n");
    a->status = VSM_FAILED;
  } else {
    a->status = a->show(a->ctx, reply);
  }
}

void vsm_say_endpoint(const char *endpoint, int err) {
  fprintf(stderr, "vsm: %s: %s; an endpoint is written like %s or ipc:///run/vsmd/query\n", endpoint,
          vsm_client_error(err), VSM_QUERY_DEFAULT);
}

int vsm_ask(const char *endpoint, const Vsm__V1__Request *request, vsm_show_fn *show, void *ctx) {
  struct asking a = {show, ctx, endpoint, -1};
  struct vsm_query *q;
  int err = vsm_query_create(&(struct vsm_query_options){.query = endpoint}, &q);
  if (!err)
    err = vsm_query_ask(q, request, on_reply, &a);
  if (err) {
    vsm_say_endpoint(endpoint, err);
    vsm_query_destroy(q);
    return VSM_FAILED;
  }
  while (a.status < 0) {
    struct pollfd p = {.fd = vsm_query_fd(q), .events = POLLIN};
    poll(&p, 1, vsm_query_timeout_ms(q));
    vsm_query_process(q);
  }
  vsm_query_destroy(q);
  return a.status;
}

int vsm_print_json(const struct ProtobufCMessage *message) {
  char *text = vsm_json_message(message, NULL);
  if (!text)
    return VSM_FAILED;
  int status = puts(text) < 0 ? VSM_FAILED : VSM_DONE;
  free(text);
  return status;
}
