// Events are packed into the batch at hand at once. When it is full, or has lingered, it is sealed and joins the queue,
// a list in the order of emission: first those under way, then, from `unsent` on, those that wait for the window (or,
// fire and forget, for a subscriber). An ack takes its batch out of the list, wherever it stands. To send again is to
// send what is under way once more, under the same id, so that whichever ack comes first counts and the other finds
// nothing. Fire and forget uses an XPUB, since that hears of subscriptions: what is sent before the first is lost.
//
// With a spool (spool.c) each event is there under its number before it is sent, or instead of it. What of them arrived
// nobody tells us: the daemon asks for what it misses.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>
#include <zmq.h>

#include "agents/lib/clock.h"
#include "agents/lib/outbatch.h"
#include "agents/lib/sock.h"
#include "agents/lib/spool.h"
#include "agents/lib/unpack.h"
#include "base/name.h"
#include "vsm/v1/event.pb-c.h"
#include "vsm/vsm.h"

enum {
  BATCH_EVENTS_MAX = 65536,
  BATCH_BYTES_MAX = 4 * 1024 * 1024 - VSM_OUTBATCH_EVENT_BYTES - 1024, // the last event may lie beyond it
  ACK_ARENA_BYTES = 1024 * 1024,
  ACK_ERRORS_MAX = 16,
  PUBLISH_LINGER_MS = 1000,
  WINDOW_MAX = INT32_MAX / 2,
  SPOOL_BYTES = 64 * 1024 * 1024,
  ANSWERS_HWM = 4,  // for a peer that does not read them; of a mebibyte
  ANSWERS_TURN = 4, // before other work
};

struct vsm_emitter {
  struct vsm_emitter_options options; // numbers and callback; of its strings none is used after _create
  char source[VSM_SOURCE_BYTES_MAX + 1];
  char topic[VSM_SOURCE_BYTES_MAX + sizeof "v1/event//"];
  bool acked;
  int wait;
  struct vsm_sock sock;
  unsigned connections;
  size_t subscribers;      // of XPUB: subscriptions that our topic falls under
  struct vsm_spool *spool; // NULL: none
  struct vsm_sock recover; // where options.recover

  struct vsm_outbatch *filling;
  struct vsm_outbatch *head, **tail;
  struct vsm_outbatch **unsent; // the link to the first one that was not sent
  unsigned under_way;
  size_t pending; // events
  uint64_t next_event, next_id, sequence;
  int64_t alive_at_ms; // when the next sign of life is due

  struct vsm_arena arena; // of the ack in hand
  struct vsm_emitter_counts counts;
};

static unsigned or_default(unsigned value, unsigned fallback, unsigned most) {
  return value == 0 ? fallback : value > most ? most : value;
}

static bool options_fit(const struct vsm_emitter_options *o) {
  bool acked = o->submit != NULL;
  bool has_source = o->source && *o->source;
  if (acked + (o->publish != NULL) + (o->bind != NULL) != 1 || o->epoch >> 53)
    return false;
  if (acked && (o->recover || o->spool_path))
    return false;
  return has_source ? vsm_name_is_source(vsm_str_of(o->source)) : acked;
}

static void take_options(struct vsm_emitter *e, const struct vsm_emitter_options *o) {
  struct vsm_emitter_options *mine = &e->options;
  *mine = *o;
  mine->batch_events = or_default(o->batch_events, 100, BATCH_EVENTS_MAX);
  mine->batch_bytes = or_default(o->batch_bytes, 1024 * 1024, BATCH_BYTES_MAX);
  mine->linger_ms = or_default(o->linger_ms, 10, INT32_MAX);
  mine->queue_events = or_default(o->queue_events, 100000, UINT32_MAX);
  mine->window = or_default(o->window, 64, WINDOW_MAX);
  mine->resend_ms = or_default(o->resend_ms, 10000, INT32_MAX);
  mine->alive_ms = or_default(o->alive_ms, 60000, INT32_MAX);
  mine->publish_batches = or_default(o->publish_batches, 10000, INT32_MAX);
  e->acked = o->submit != NULL;
  if (e->acked)
    mine->epoch = 0;
  else if (mine->epoch == 0)
    mine->epoch = vsm_clock_nanos() / 1000;
  snprintf(e->source, sizeof e->source, "%s", o->source ? o->source : "");
  snprintf(e->topic, sizeof e->topic, "v1/event/%s/", e->source);
  e->alive_at_ms = vsm_clock_ms() + mine->alive_ms;
}

static int open_spool(struct vsm_emitter *e, const struct vsm_emitter_options *o) {
  if (!o->recover && !o->spool_path)
    return 0;
  struct vsm_spool_options spool = {.path = o->spool_path,
                                    .bytes = o->spool_bytes ? o->spool_bytes : SPOOL_BYTES,
                                    .source = e->source,
                                    .epoch = o->epoch};
  int err = vsm_spool_open(&spool, &e->spool);
  if (err)
    return err;
  e->options.epoch = vsm_spool_epoch(e->spool);
  e->sequence = vsm_spool_last(e->spool);
  struct vsm_sock_options sock = {
      .type = ZMQ_ROUTER, .send_hwm = ANSWERS_HWM, .receive_hwm = 1000, .bind = o->recover, .keys = o->keys};
  return o->recover ? vsm_sock_open(&e->recover, e->sock.context, e->wait, &sock) : 0;
}

// Acked: batches that wait in the socket. Twice the window, since libzmq tells of room only once half of that was read:
// so what a connection took with it finds room again behind all else that is under way.
static int send_hwm(const struct vsm_emitter *e) {
  return (int)(e->acked ? 2 * e->options.window : e->options.publish_batches);
}

int vsm_emitter_create(const struct vsm_emitter_options *options, struct vsm_emitter **out) {
  *out = NULL;
  if (!options_fit(options))
    return VSM_CLIENT_EINVAL;
  struct vsm_emitter *e = calloc(1, sizeof *e);
  if (!e)
    return VSM_CLIENT_ENOMEM;
  take_options(e, options);
  vsm_arena_init(&e->arena, ACK_ARENA_BYTES);
  e->tail = e->unsent = &e->head;
  struct vsm_sock_options sock = {.type = e->acked ? ZMQ_DEALER : ZMQ_XPUB,
                                  .send_hwm = send_hwm(e),
                                  .linger_ms = e->acked ? 0 : PUBLISH_LINGER_MS,
                                  .connect = e->acked ? options->submit : options->publish,
                                  .bind = options->bind,
                                  .keys = options->keys};
  e->wait = epoll_create1(EPOLL_CLOEXEC);
  int err = e->wait < 0 ? VSM_CLIENT_EIO : vsm_sock_open(&e->sock, options->zmq_context, e->wait, &sock);
  if (!err)
    err = open_spool(e, options);
  if (err)
    vsm_emitter_destroy(e);
  else
    *out = e;
  return err;
}

void vsm_emitter_destroy(struct vsm_emitter *e) {
  if (!e)
    return;
  vsm_sock_close(&e->recover);
  vsm_sock_close(&e->sock);
  vsm_spool_close(e->spool);
  if (e->wait >= 0)
    close(e->wait);
  for (struct vsm_outbatch *b = e->head, *next; b; b = next) {
    next = b->next;
    vsm_outbatch_destroy(b);
  }
  vsm_outbatch_destroy(e->filling);
  vsm_arena_fini(&e->arena);
  free(e);
}

// --- Sending

static void seal(struct vsm_emitter *e) {
  struct vsm_outbatch *b = e->filling;
  if (!b)
    return;
  e->filling = NULL;
  b->id = e->next_id++;
  *e->tail = b;
  e->tail = &b->next;
}

static bool send_batch(struct vsm_emitter *e, struct vsm_outbatch *b) {
  bool sent = e->acked ? vsm_sock_send(&e->sock, &b->id, sizeof b->id, b->p, b->n)
                       : vsm_sock_send(&e->sock, e->topic, strlen(e->topic), b->p, b->n);
  if (sent) {
    b->since_ms = vsm_clock_ms();
    e->alive_at_ms = b->since_ms + e->options.alive_ms;
  }
  return sent;
}

// Takes the batch that a link points to out of the list; the caller owns it.
static struct vsm_outbatch *take(struct vsm_emitter *e, struct vsm_outbatch **link) {
  struct vsm_outbatch *b = *link;
  *link = b->next;
  if (e->unsent == &b->next)
    e->unsent = link;
  if (e->tail == &b->next)
    e->tail = link;
  e->pending -= b->events;
  return b;
}

static void send_waiting(struct vsm_emitter *e) {
  while (*e->unsent && (e->acked ? e->under_way < e->options.window : e->subscribers > 0)) {
    if (!send_batch(e, *e->unsent))
      return;
    if (e->acked) {
      e->under_way++;
      e->unsent = &(*e->unsent)->next;
    } else
      vsm_outbatch_destroy(take(e, e->unsent));
  }
}

// Sends again what was sent at or before a time. Where there is no room enough waits to be read; it is tried later.
static void send_again(struct vsm_emitter *e, int64_t sent_ms) {
  for (struct vsm_outbatch *b = e->head; b != *e->unsent; b = b->next)
    if (b->since_ms <= sent_ms) {
      b->since_ms = vsm_clock_ms();
      e->counts.resent += send_batch(e, b);
    }
}

static int begin_batch(struct vsm_emitter *e, const char *source) {
  e->filling = vsm_outbatch_create(source, e->options.epoch);
  if (!e->filling)
    return VSM_CLIENT_ENOMEM;
  e->filling->first = e->next_event;
  e->filling->since_ms = vsm_clock_ms();
  return 0;
}

void vsm_emitter_lose(struct vsm_emitter *e) {
  if (e->acked)
    return;
  e->sequence++; // a hole that the daemon sees
  if (e->spool)
    vsm_spool_put(e->spool, e->sequence, NULL, 0);
  e->counts.lost++;
}

// Adds the event to the batch at hand, and to the spool; to the spool alone where it is not to be sent.
static int add(struct vsm_emitter *e, const struct vsm_emitter_event *event, bool sent) {
  int err = e->filling ? 0 : begin_batch(e, e->source);
  if (err)
    return err;
  struct vsm_outbatch *b = e->filling;
  size_t before = b->n;
  err = vsm_outbatch_add(b, event, e->acked ? 0 : e->sequence + 1);
  if (!err && e->spool)
    vsm_spool_put(e->spool, e->sequence + 1, b->p + before, b->n - before);
  if (!err && !sent) {
    b->n = before;
    b->events--;
  }
  if (b->events == 0) {
    vsm_outbatch_destroy(b);
    e->filling = NULL;
  }
  return err;
}

static bool is_ours(const struct vsm_emitter *e, const char *source) {
  return e->acked || !source || !*source || strcmp(source, e->source) == 0;
}

int vsm_emitter_keep(struct vsm_emitter *e, const struct vsm_emitter_event *event) {
  if (!e->spool || !is_ours(e, event->source))
    return VSM_CLIENT_EINVAL;
  int err = add(e, event, false);
  if (err)
    return err;
  e->sequence++;
  e->counts.emitted++;
  e->counts.kept++;
  return 0;
}

int vsm_emitter_emit(struct vsm_emitter *e, const struct vsm_emitter_event *event) {
  if (!is_ours(e, event->source))
    return VSM_CLIENT_EINVAL;
  bool full = e->pending >= e->options.queue_events;
  if (full && e->spool)
    return vsm_emitter_keep(e, event);
  if (full) {
    vsm_emitter_lose(e);
    return VSM_CLIENT_EFULL;
  }
  int err = add(e, event, true);
  if (err)
    return err;
  e->sequence++;
  e->next_event++;
  e->pending++;
  e->counts.emitted++;
  if (e->filling->events >= e->options.batch_events || e->filling->n >= e->options.batch_bytes)
    vsm_emitter_flush(e);
  return 0;
}

void vsm_emitter_flush(struct vsm_emitter *e) {
  seal(e);
  send_waiting(e);
}

int vsm_emitter_alive(struct vsm_emitter *e, const char *source) {
  source = source ? source : e->source;
  if (!vsm_name_is_source(vsm_str_of(source)) || !is_ours(e, source))
    return VSM_CLIENT_EINVAL;
  seal(e);
  int err = begin_batch(e, source);
  if (!err)
    vsm_emitter_flush(e);
  return err;
}

// --- Receiving

static void report(struct vsm_emitter *e, const struct vsm_outbatch *b, const Vsm__V1__Ack *ack) {
  e->counts.accepted += ack->accepted;
  e->counts.rejected += ack->rejected;
  if (!e->options.on_ack || b->events == 0)
    return;
  struct vsm_emitter_error errors[ACK_ERRORS_MAX];
  size_t n = ack->n_errors < ACK_ERRORS_MAX ? ack->n_errors : ACK_ERRORS_MAX;
  for (size_t i = 0; i < n; i++)
    errors[i] =
        (struct vsm_emitter_error){b->first + ack->errors[i]->index, ack->errors[i]->reason, ack->errors[i]->detail};
  struct vsm_emitter_ack out = {.first = b->first,
                                .events = b->events,
                                .accepted = ack->accepted,
                                .rejected = ack->rejected,
                                .durable = ack->durable,
                                .errors = errors,
                                .n_errors = n};
  e->options.on_ack(e->options.ctx, &out);
}

static void take_ack(struct vsm_emitter *e, uint64_t id, const Vsm__V1__Ack *ack) {
  for (struct vsm_outbatch **link = &e->head; *link && link != e->unsent; link = &(*link)->next)
    if ((*link)->id == id) {
      struct vsm_outbatch *b = take(e, link);
      e->under_way--;
      report(e, b, ack); // which may emit
      vsm_outbatch_destroy(b);
      return;
    }
}

static void receive_acks(struct vsm_emitter *e) {
  struct vsm_sock_message m;
  while (vsm_sock_receive(&e->sock, &m)) {
    uint64_t id;
    const Vsm__V1__Ack *ack = vsm_unpack(&e->arena, &vsm__v1__ack__descriptor, m.body.p, m.body.n);
    if (ack && m.head.n == sizeof id) {
      memcpy(&id, m.head.p, sizeof id);
      take_ack(e, id, ack);
    }
    vsm_arena_reset(&e->arena);
    vsm_sock_message_close(&m);
  }
}

static void receive_subscriptions(struct vsm_emitter *e) {
  char frame[1024];
  for (long n; (n = vsm_sock_receive_frame(&e->sock, frame, sizeof frame)) >= 0;) {
    size_t prefix = n > 0 ? (size_t)n - 1 : 0;
    if (n == 0 || prefix > strlen(e->topic) || memcmp(frame + 1, e->topic, prefix) != 0)
      continue;
    if (frame[0] == 1)
      e->subscribers++;
    else if (e->subscribers > 0)
      e->subscribers--;
  }
}

static void answer(struct vsm_emitter *e) {
  struct vsm_sock_request r;
  vsm_sock_connections(&e->recover);
  for (int i = 0; i < ANSWERS_TURN && vsm_sock_receive_request(&e->recover, &r); i++) {
    size_t n;
    const struct vsm_sock_frame *request = vsm_sock_request_body(&r);
    const void *reply = vsm_spool_answer(e->spool, request->p, request->n, &n);
    if (reply) {
      vsm_sock_reply(&e->recover, &r, reply, n);
      e->counts.asked++;
    }
    vsm_sock_request_close(&r);
  }
}

// What waits is itself a sign of life once it leaves.
static bool may_say_alive(const struct vsm_emitter *e) {
  return e->source[0] && !e->filling && !*e->unsent;
}

static void keep_alive(struct vsm_emitter *e, int64_t now_ms) {
  if (!may_say_alive(e) || now_ms < e->alive_at_ms)
    return;
  e->alive_at_ms = now_ms + e->options.alive_ms;
  if (begin_batch(e, e->source) == 0)
    seal(e);
}

int vsm_emitter_process(struct vsm_emitter *e) {
  unsigned connections = vsm_sock_connections(&e->sock);
  bool reconnected = connections && e->connections;
  e->connections += connections;
  if (e->acked)
    receive_acks(e);
  else
    receive_subscriptions(e);
  if (e->recover.socket)
    answer(e);
  int64_t now = vsm_clock_ms();
  if (e->acked && e->under_way)
    send_again(e, reconnected ? now : now - e->options.resend_ms);
  if (e->filling && now - e->filling->since_ms >= e->options.linger_ms)
    seal(e);
  keep_alive(e, now);
  send_waiting(e);
  return 0;
}

int vsm_emitter_fd(const struct vsm_emitter *e) {
  return e->wait;
}

// What found the socket full. Its descriptor told that there is room again to whoever asked first.
static bool may_send(const struct vsm_emitter *e) {
  return e->acked && *e->unsent && e->under_way < e->options.window && vsm_sock_writable(&e->sock);
}

int vsm_emitter_timeout_ms(struct vsm_emitter *e) {
  bool asked = e->recover.socket && vsm_sock_ready(&e->recover); // ask both, always
  if (vsm_sock_ready(&e->sock) || asked || may_send(e))
    return 0;
  int64_t now = vsm_clock_ms();
  int wait = may_say_alive(e) ? vsm_clock_until(now, e->alive_at_ms) : -1;
  if (e->filling)
    wait = vsm_clock_sooner(wait, vsm_clock_until(now, e->filling->since_ms + e->options.linger_ms));
  if (e->acked)
    for (struct vsm_outbatch *b = e->head; b != *e->unsent; b = b->next)
      wait = vsm_clock_sooner(wait, vsm_clock_until(now, b->since_ms + e->options.resend_ms));
  return wait;
}

size_t vsm_emitter_pending(const struct vsm_emitter *e) {
  return e->pending;
}

struct vsm_emitter_counts vsm_emitter_counts(const struct vsm_emitter *e) {
  return e->counts;
}
