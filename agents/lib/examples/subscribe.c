// Prints the work in progress of each stream: from a snapshot first, then as it changes. Ends after so many changes.
//   example_subscribe tcp://127.0.0.1:5572 tcp://127.0.0.1:5573 10
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <vsm/messages.h>
#include <vsm/vsm.h>

static void on_snapshot(void *ctx, const Vsm__V1__Snapshot *snapshot) {
  (void)ctx;
  for (size_t i = 0; i < snapshot->n_value_streams; i++)
    printf("%s: %lu\n", snapshot->value_streams[i]->id, (unsigned long)snapshot->value_streams[i]->wip);
}

static void on_publication(void *ctx, const char *topic, const Vsm__V1__Publication *p) {
  (void)topic;
  if (p->body_case != VSM__V1__PUBLICATION__BODY_METRIC || p->metric->node_case != VSM__V1__METRIC__NODE_STREAM)
    return;
  printf("%s: %lu\n", p->metric->stream->id, (unsigned long)p->metric->stream->wip);
  --*(int *)ctx;
}

int main(int argc, char **argv) {
  static const char *const topics[] = {"v1/metric/"};
  int left = argc > 3 ? atoi(argv[3]) : 10;
  struct vsm_subscriber *s;
  int err = vsm_subscriber_create(&(struct vsm_subscriber_options){.publish = argc > 1 ? argv[1] : VSM_PUBLISH_DEFAULT,
                                                                   .query = argc > 2 ? argv[2] : VSM_QUERY_DEFAULT,
                                                                   .topics = topics,
                                                                   .n_topics = 1,
                                                                   .on_snapshot = on_snapshot,
                                                                   .on_publication = on_publication,
                                                                   .ctx = &left},
                                  &s);
  while (err == 0 && left > 0) {
    poll(&(struct pollfd){.fd = vsm_subscriber_fd(s), .events = POLLIN}, 1, vsm_subscriber_timeout_ms(s));
    err = vsm_subscriber_process(s);
  }
  if (err)
    fprintf(stderr, "%s\n", vsm_client_error(err));
  vsm_subscriber_destroy(s);
  return err ? 1 : 0;
}
