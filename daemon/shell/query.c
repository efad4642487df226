// An answer that cannot be sent is given up, as an ack is. One to what changed the state waits until that is on disk.
#include <stdlib.h>

#include "base/err.h"
#include "shell/answers.h"
#include "shell/open.h"

enum { REQUEST_BYTES_MAX = 64 * 1024 };

struct vsm_query_socket *vsm_query_socket_create(const struct vsm_query_socket_options *o) {
  struct vsm_query_socket *q = calloc(1, sizeof *q);
  if (!q)
    return NULL;
  q->o = *o;
  vsm_arena_init(&q->arena, 0);
  return q;
}

void vsm_query_socket_destroy(struct vsm_query_socket *q) {
  if (!q)
    return;
  vsm_zsock_destroy(q->sock);
  vsm_arena_fini(&q->arena);
  vsm_acks_fini(&q->acks);
  free(q);
}

uint64_t vsm_query_socket_bad_frames(const struct vsm_query_socket *q) {
  return q->bad_frames;
}

void vsm_query_socket_set_core(struct vsm_query_socket *q, struct vsm_core *core, const struct vsm_model *model) {
  q->core = core;
  q->model = model;
}

void vsm_query_socket_hold(struct vsm_query_socket *q, bool held) {
  vsm_zsock_hold(q->sock, held);
}

static void send_answer(struct vsm_query_socket *q, const struct vsm_str *frames, size_t n,
                        const struct vsm_zpart *content) {
  if (vsm_reply(q->sock, frames, n, content->p, content->n, content->pack))
    return;
  q->answers_lost++;
  vsm_log_gated(q->o.gates, frames[0], "reply_lost", "bytes=%zu", content->n);
}

void vsm_query_socket_committed(struct vsm_query_socket *q, uint64_t position) {
  struct vsm_str frames[VSM_Z_FRAMES_MAX];
  size_t n;
  q->committed = position;
  while (vsm_acks_take(&q->acks, position, frames, &n))
    send_answer(q, frames, n, &(struct vsm_zpart){.p = &frames[n - 1], .n = frames[n - 1].n, .pack = vsm_pack_bytes});
}

static void on_asked(void *ctx, struct vsm_zsock *sock, const struct vsm_str *frames, size_t n) {
  struct vsm_query_socket *q = ctx;
  struct vsm_message m;
  if (!vsm_request_frames(frames, n)) {
    q->bad_frames++;
    vsm_core_refuse_frame(q->core, (struct vsm_str){0}, VSM_R_BAD_FRAME, 1);
    vsm_log_gated(q->o.gates, frames[0], "refused",
                  "socket=query reason=bad_frame detail=\"a request has two frames: id of 1 to 1024 bytes, request\"");
    return;
  }
  vsm_arena_reset(&q->arena);
  q->caller = vsm_auth_caller(q->o.auth, sock);
  if (vsm_answer(q, frames[n - 1], &m) != 0) {
    vsm_log_gated(q->o.gates, frames[0], "query_failed", "why=\"out of memory\"");
    return;
  }
  if (vsm_log_wants(VSM_LOG_DEBUG))
    vsm_log("asked", "bytes=%zu answer_bytes=%zu", frames[n - 1].n, m.bytes);
  struct vsm_zpart content = {.p = &m, .n = m.bytes, .pack = vsm_pack_message};
  if (q->recorded > q->committed)
    vsm_acks_put(&q->acks, q->recorded, frames, n, &content);
  else
    send_answer(q, frames, n, &content);
}

static void on_peer(void *ctx, struct vsm_zsock *sock, const char *what, struct vsm_str endpoint) {
  vsm_log_peer(((struct vsm_query_socket *)ctx)->o.gates, sock, what, endpoint);
}

static int listen(struct vsm_query_socket *q, const struct vsm_config *c) {
  struct vsm_conf_endpoints own = vsm_open_one(&c->daemon.query), next = vsm_open_one(&c->daemon.curve.next_query);
  return vsm_open_listeners(q->sock, "query", &own, &next, vsm_auth_keys(q->o.auth));
}

int vsm_query_socket_open(struct vsm_query_socket *q, const struct vsm_config *config) {
  struct vsm_zsock_options o = {.kind = VSM_Z_ROUTER,
                                .name = "query",
                                .message_bytes_max = REQUEST_BYTES_MAX,
                                .receive_high_water =
                                    vsm_open_queue(config, config->daemon.limit_query_queue, REQUEST_BYTES_MAX),
                                .send_high_water = (int)config->daemon.limit_query_queue,
                                .fn = on_asked,
                                .on_peer = on_peer,
                                .ctx = q};
  vsm_open_bounds(&o, config);
  q->sock = vsm_zsock_create(q->o.zcontext, q->o.loop, &o);
  return q->sock ? listen(q, config) : VSM_ENOMEM;
}

void vsm_query_socket_tell_bounds(const struct vsm_query_socket *q, struct vsm_bounds *out) {
  if (!q->sock)
    return;
  vsm_open_tell_bounds(q->sock, out);
  uint64_t most = (uint64_t)vsm_zsock_options(q->sock)->send_high_water;
  vsm_bounds_add(out, (struct vsm_bound){"query_queue", "query", 0, most, q->answers_lost});
}

int vsm_query_socket_renew(struct vsm_query_socket *q, const struct vsm_config *config) {
  int err = q->sock ? vsm_zsock_renew(q->sock) : 0;
  return err || !q->sock ? err : listen(q, config);
}
