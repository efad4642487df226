// What a reload cannot change.
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"

static bool same_text(const char *a, const char *b) {
  return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_endpoints(const struct vsm_conf_endpoints *a, const struct vsm_conf_endpoints *b) {
  bool same = a->n == b->n;
  for (unsigned i = 0; same && i < a->n; i++)
    same = strcmp(a->at[i], b->at[i]) == 0;
  return same;
}

static bool same_socket_limits(const struct vsm_conf_daemon *a, const struct vsm_conf_daemon *b) {
  return a->limit_connections == b->limit_connections && a->limit_handshake.us == b->limit_handshake.us &&
         a->limit_frame_bytes == b->limit_frame_bytes && a->limit_subscriptions == b->limit_subscriptions &&
         a->limit_submit_queue == b->limit_submit_queue && a->limit_subscribe_queue == b->limit_subscribe_queue &&
         a->limit_ack_queue == b->limit_ack_queue && a->limit_publish_queue == b->limit_publish_queue &&
         a->limit_query_queue == b->limit_query_queue && a->limit_peer_memory_bytes == b->limit_peer_memory_bytes;
}

char *vsm_config_needs_restart(const struct vsm_config *a, const struct vsm_config *b) {
  const struct vsm_conf_daemon *x = &a->daemon, *y = &b->daemon;
  const struct {
    const char *key;
    bool same;
  } keys[] = {
      {"daemon.clock", a->model.clock == b->model.clock},
      {"daemon.state", same_text(x->state, y->state)},
      {"daemon.subscribe", same_endpoints(&x->subscribe, &y->subscribe)},
      {"daemon.submit", same_text(x->submit, y->submit)},
      {"daemon.publish", same_text(x->publish, y->publish)},
      {"daemon.query", same_text(x->query, y->query)},
      {"a limit of sockets in daemon.limits (peer_memory, connections, handshake, frame, subscriptions, a queue)",
       same_socket_limits(x, y)},
      {"whether daemon.curve is given", !x->curve.key == !y->curve.key}};
  char *text = NULL;
  size_t n;
  FILE *f = open_memstream(&text, &n);
  for (size_t i = 0; f && i < sizeof keys / sizeof *keys; i++)
    if (!keys[i].same)
      fprintf(f, "%s: %s differs, and takes a restart; the configuration in force stays\n", b->path, keys[i].key);
  if (f)
    fclose(f);
  if (text && *text)
    return text;
  free(text);
  return NULL;
}

bool vsm_config_next_differs(const struct vsm_config *a, const struct vsm_config *b) {
  const struct vsm_conf_daemon *x = &a->daemon, *y = &b->daemon;
  return !same_endpoints(&x->curve.next_subscribe, &y->curve.next_subscribe) ||
         !same_text(x->curve.next_submit, y->curve.next_submit) ||
         !same_text(x->curve.next_publish, y->curve.next_publish) ||
         !same_text(x->curve.next_query, y->curve.next_query);
}
