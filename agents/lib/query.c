// Questions carry a running number as their request id; the list holds those without an answer, in the order of asking
// and, as all have the same time to be answered, in the order of running out.
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>
#include <zmq.h>

#include "agents/lib/clock.h"
#include "agents/lib/sock.h"
#include "agents/lib/unpack.h"
#include "vsm/v1/query.pb-c.h"
#include "vsm/vsm.h"

enum { REPLY_ARENA_BYTES = 1024 * 1024 * 1024, TIMEOUT_MS = 5000 };

struct question {
  struct question *next;
  uint64_t id;
  int64_t until_ms;
  vsm_query_fn *fn;
  void *ctx;
};

struct vsm_query {
  int wait;
  struct vsm_sock sock;
  unsigned timeout_ms;
  uint64_t next_id;
  struct question *head, **tail;
  size_t n;
  struct vsm_arena arena; // of the reply in hand
};

int vsm_query_create(const struct vsm_query_options *options, struct vsm_query **out) {
  *out = NULL;
  if (!options->query)
    return VSM_CLIENT_EINVAL;
  struct vsm_query *q = calloc(1, sizeof *q);
  if (!q)
    return VSM_CLIENT_ENOMEM;
  q->timeout_ms = options->timeout_ms ? options->timeout_ms : TIMEOUT_MS;
  q->tail = &q->head;
  vsm_arena_init(&q->arena, REPLY_ARENA_BYTES);
  struct vsm_sock_options sock = {.type = ZMQ_DEALER, .connect = options->query, .keys = options->keys};
  q->wait = epoll_create1(EPOLL_CLOEXEC);
  int err = q->wait < 0 ? VSM_CLIENT_EIO : vsm_sock_open(&q->sock, options->zmq_context, q->wait, &sock);
  if (err)
    vsm_query_destroy(q);
  else
    *out = q;
  return err;
}

void vsm_query_destroy(struct vsm_query *q) {
  if (!q)
    return;
  vsm_sock_close(&q->sock);
  if (q->wait >= 0)
    close(q->wait);
  for (struct question *a = q->head, *next; a; a = next) {
    next = a->next;
    free(a);
  }
  vsm_arena_fini(&q->arena);
  free(q);
}

int vsm_query_ask(struct vsm_query *q, const struct Vsm__V1__Request *request, vsm_query_fn *fn, void *ctx) {
  size_t n = vsm__v1__request__get_packed_size(request);
  struct question *a = malloc(sizeof *a);
  uint8_t *bytes = malloc(n + 1);
  int err = a && bytes ? 0 : VSM_CLIENT_ENOMEM;
  if (err == 0) {
    *a = (struct question){NULL, q->next_id++, vsm_clock_ms() + q->timeout_ms, fn, ctx};
    vsm__v1__request__pack(request, bytes);
    if (!vsm_sock_send(&q->sock, &a->id, sizeof a->id, bytes, n))
      err = VSM_CLIENT_EIO;
  }
  free(bytes);
  if (err) {
    free(a);
    return err;
  }
  *q->tail = a;
  q->tail = &a->next;
  q->n++;
  return 0;
}

// Out of the list first, so that the callback may ask again.
static void answer(struct vsm_query *q, struct question **link, int err, const Vsm__V1__Reply *reply) {
  struct question a = **link;
  if (q->tail == &(*link)->next)
    q->tail = link;
  free(*link);
  *link = a.next;
  q->n--;
  a.fn(a.ctx, err, reply);
}

static void take_reply(struct vsm_query *q, const struct vsm_sock_message *m) {
  uint64_t id;
  if (m->head.n != sizeof id)
    return;
  memcpy(&id, m->head.p, sizeof id);
  for (struct question **link = &q->head; *link; link = &(*link)->next)
    if ((*link)->id == id) {
      const Vsm__V1__Reply *reply = vsm_unpack(&q->arena, &vsm__v1__reply__descriptor, m->body.p, m->body.n);
      answer(q, link, reply ? 0 : VSM_CLIENT_EFORMAT, reply);
      vsm_arena_reset(&q->arena);
      return;
    }
}

int vsm_query_process(struct vsm_query *q) {
  struct vsm_sock_message m;
  vsm_sock_connections(&q->sock);
  while (vsm_sock_receive(&q->sock, &m)) {
    take_reply(q, &m);
    vsm_sock_message_close(&m);
  }
  int64_t now = vsm_clock_ms();
  while (q->head && q->head->until_ms <= now)
    answer(q, &q->head, VSM_CLIENT_ETIMEOUT, NULL);
  return 0;
}

size_t vsm_query_pending(const struct vsm_query *q) {
  return q->n;
}

int vsm_query_fd(const struct vsm_query *q) {
  return q->wait;
}

int vsm_query_timeout_ms(struct vsm_query *q) {
  if (vsm_sock_ready(&q->sock))
    return 0;
  return q->head ? vsm_clock_until(vsm_clock_ms(), q->head->until_ms) : -1;
}
