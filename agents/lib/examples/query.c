// Asks for the daemon's status and prints it as JSON.
//   example_query tcp://127.0.0.1:5573
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <vsm/json.h>
#include <vsm/messages.h>
#include <vsm/vsm.h>

static void on_reply(void *ctx, int err, const Vsm__V1__Reply *reply) {
  *(int *)ctx = err;
  if (err)
    return;
  char *json = vsm_json_message(&reply->base, NULL);
  puts(json ? json : "");
  free(json);
}

int main(int argc, char **argv) {
  const char *endpoint = argc > 1 ? argv[1] : VSM_QUERY_DEFAULT;
  Vsm__V1__StatusRequest status = VSM__V1__STATUS_REQUEST__INIT;
  Vsm__V1__Request request = VSM__V1__REQUEST__INIT;
  request.kind_case = VSM__V1__REQUEST__KIND_STATUS;
  request.status = &status;
  struct vsm_query *q;
  int answer = 0, err = vsm_query_create(&(struct vsm_query_options){.query = endpoint}, &q);
  if (err == 0)
    err = vsm_query_ask(q, &request, on_reply, &answer);
  while (err == 0 && vsm_query_pending(q) > 0) {
    poll(&(struct pollfd){.fd = vsm_query_fd(q), .events = POLLIN}, 1, vsm_query_timeout_ms(q));
    err = vsm_query_process(q);
  }
  err = err ? err : answer;
  if (err)
    fprintf(stderr, "%s: %s\n", endpoint, vsm_client_error(err));
  vsm_query_destroy(q);
  return err ? 1 : 0;
}
