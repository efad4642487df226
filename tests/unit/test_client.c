// libvsm against a daemon that is played here: plain sockets, whose every answer the test decides on.
#include <vsm/messages.h>
#include <vsm/vsm.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "tests/lib/test.h"

enum { PATIENCE_MS = 10000, ROOM = 1 << 20 };

struct fixture {
  void *context, *router, *pub; // the daemon's
  char router_at[64], pub_at[64];
  // The last message that the router received.
  char peer[64], id[64];
  int peer_bytes, id_bytes;
  uint8_t body[ROOM];
  int body_bytes;
  // What the callbacks saw.
  unsigned acks, events, accepted, rejected, errors;
  struct vsm_emitter_error error;
  unsigned replies, snapshots, publications, gaps, restarts, failures;
  int err;
  uint64_t first, last, sequence, epoch;
  char text[64];
  struct vsm_emitter *emit_again;
};

static void *open_socket(struct fixture *x, int type, const char *at, char *endpoint) {
  void *socket = zmq_socket(x->context, type);
  int none = 0;
  size_t n = 64;
  zmq_setsockopt(socket, ZMQ_LINGER, &none, sizeof none);
  assert_int_equal(zmq_bind(socket, at), 0);
  zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, endpoint, &n);
  return socket;
}

static int setup(void **state) {
  struct fixture *x = calloc(1, sizeof *x);
  x->context = zmq_ctx_new();
  x->router = open_socket(x, ZMQ_ROUTER, "tcp://127.0.0.1:*", x->router_at);
  x->pub = open_socket(x, ZMQ_XPUB, "tcp://127.0.0.1:*", x->pub_at);
  *state = x;
  return 0;
}

static int teardown(void **state) {
  struct fixture *x = *state;
  zmq_close(x->router);
  zmq_close(x->pub);
  zmq_ctx_term(x->context);
  free(x);
  return 0;
}

// --- One turn of a loop: waits for the library or the daemon's socket, lets the library work.

struct client {
  int fd, timeout_ms;
};

static bool turn(struct client c, void *socket, int most_ms) {
  zmq_pollitem_t items[] = {{NULL, c.fd, ZMQ_POLLIN, 0}, {socket, 0, ZMQ_POLLIN, 0}};
  int wait = c.timeout_ms < 0 || c.timeout_ms > most_ms ? most_ms : c.timeout_ms;
  assert_true(zmq_poll(items, socket ? 2 : 1, wait) >= 0);
  return socket && (items[1].revents & ZMQ_POLLIN);
}

#define TURN(kind, object, socket) turn_##kind((object), (socket), PATIENCE_MS)
#define TURN_OF(kind)                                                                                                  \
  static bool turn_##kind(struct vsm_##kind *o, void *socket, int most_ms) {                                           \
    struct client c = {vsm_##kind##_fd(o), vsm_##kind##_timeout_ms(o)};                                                \
    bool readable = turn(c, socket, most_ms);                                                                          \
    assert_int_equal(vsm_##kind##_process(o), 0);                                                                      \
    return readable;                                                                                                   \
  }
TURN_OF(emitter)
TURN_OF(query)
TURN_OF(subscriber)

// --- The daemon

static void receive(struct fixture *x) {
  x->peer_bytes = zmq_recv(x->router, x->peer, sizeof x->peer, 0);
  x->id_bytes = zmq_recv(x->router, x->id, sizeof x->id, 0);
  x->body_bytes = zmq_recv(x->router, x->body, sizeof x->body, 0);
  assert_true(x->peer_bytes > 0 && x->id_bytes > 0 && x->body_bytes >= 0);
}

static Vsm__V1__EventBatch *receive_batch(struct fixture *x, struct vsm_emitter *e) {
  while (!TURN(emitter, e, x->router))
    ;
  receive(x);
  Vsm__V1__EventBatch *b = vsm__v1__event_batch__unpack(NULL, (size_t)x->body_bytes, x->body);
  assert_non_null(b);
  return b;
}

// The batch is looked at only for its number of events.
static unsigned count_events(struct fixture *x, struct vsm_emitter *e) {
  Vsm__V1__EventBatch *b = receive_batch(x, e);
  unsigned n = (unsigned)b->n_events;
  vsm__v1__event_batch__free_unpacked(b, NULL);
  return n;
}

static void answer(struct fixture *x, const ProtobufCMessage *m) {
  static uint8_t room[ROOM];
  size_t n = protobuf_c_message_pack(m, room);
  zmq_send(x->router, x->peer, (size_t)x->peer_bytes, ZMQ_SNDMORE);
  zmq_send(x->router, x->id, (size_t)x->id_bytes, ZMQ_SNDMORE);
  assert_true(zmq_send(x->router, room, n, 0) >= 0);
}

static void send_ack(struct fixture *x, uint32_t accepted, uint32_t rejected) {
  Vsm__V1__Ack ack = VSM__V1__ACK__INIT;
  Vsm__V1__AckError error = VSM__V1__ACK_ERROR__INIT, *errors[] = {&error};
  ack.accepted = accepted;
  ack.rejected = rejected;
  error.index = 1;
  error.reason = (char *)"no_type";
  error.detail = (char *)"detail";
  ack.n_errors = rejected ? 1 : 0;
  ack.errors = errors;
  answer(x, &ack.base);
}

// --- Emitter

static void on_ack(void *ctx, const struct vsm_emitter_ack *ack) {
  struct fixture *x = ctx;
  x->acks++;
  x->events += ack->events;
  x->accepted += ack->accepted;
  x->rejected += ack->rejected;
  x->first = ack->first;
  x->errors += (unsigned)ack->n_errors;
  if (ack->n_errors)
    x->error = ack->errors[0];
  if (x->emit_again)
    vsm_emitter_emit(x->emit_again, &(struct vsm_emitter_event){.type = "again"});
  x->emit_again = NULL;
}

static struct vsm_emitter *open_emitter(struct fixture *x, struct vsm_emitter_options o) {
  struct vsm_emitter *e;
  o.on_ack = on_ack;
  o.ctx = x;
  assert_int_equal(vsm_emitter_create(&o, &e), 0);
  return e;
}

static void emit(struct vsm_emitter *e, unsigned n) {
  struct vsm_emitter_attribute attr = {"region", "north"};
  struct vsm_emitter_event event = {.type = "t", .subject = "s", .data = &attr, .n_data = 1};
  for (unsigned i = 0; i < n; i++)
    assert_int_equal(vsm_emitter_emit(e, &event), 0);
}

static void test_acked(void **state) {
  struct fixture *x = *state;
  struct vsm_emitter *e =
      open_emitter(x, (struct vsm_emitter_options){.source = "crm", .submit = x->router_at, .batch_events = 3});
  emit(e, 7); // two batches, and a third one that lingers
  assert_int_equal(vsm_emitter_pending(e), 7);
  Vsm__V1__EventBatch *b = receive_batch(x, e);
  assert_string_equal(b->source, "crm");
  assert_int_equal(b->n_events, 3);
  assert_string_equal(b->events[2]->type, "t");
  assert_true(b->events[0]->time_unix_nano > UINT64_C(1700000000000000000));
  assert_string_equal(b->events[0]->data[0]->value, "north");
  assert_int_equal(b->events[0]->sequence, 0);
  vsm__v1__event_batch__free_unpacked(b, NULL);
  send_ack(x, 3, 0);
  assert_int_equal(count_events(x, e), 3);
  send_ack(x, 2, 1);
  send_ack(x, 2, 1); // twice: the second one finds nothing
  assert_int_equal(count_events(x, e), 1);
  send_ack(x, 1, 0);
  x->emit_again = e; // from the callback
  while (vsm_emitter_pending(e) != 1)
    TURN(emitter, e, NULL);
  assert_int_equal(count_events(x, e), 1);
  send_ack(x, 1, 0);
  while (vsm_emitter_pending(e))
    TURN(emitter, e, NULL);
  assert_int_equal(x->acks, 4);
  assert_int_equal(x->events, 8);
  assert_int_equal(x->accepted, 7);
  assert_int_equal(x->rejected, 1);
  assert_int_equal(x->errors, 1);
  assert_int_equal(x->error.event, 4);
  struct vsm_emitter_counts counts = vsm_emitter_counts(e);
  assert_int_equal(counts.emitted, 8);
  assert_int_equal(counts.accepted, 7);
  assert_int_equal(counts.rejected, 1);
  assert_int_equal(counts.resent, 0);
  vsm_emitter_destroy(e);
}

static void test_window_and_queue(void **state) {
  struct fixture *x = *state;
  struct vsm_emitter *e = open_emitter(
      x, (struct vsm_emitter_options){.submit = x->router_at, .batch_events = 1, .window = 2, .queue_events = 5});
  emit(e, 5);
  assert_int_equal(vsm_emitter_emit(e, &(struct vsm_emitter_event){.type = "t"}), VSM_CLIENT_EFULL);
  for (unsigned i = 0; i < 2; i++)
    assert_int_equal(count_events(x, e), 1);
  assert_false(turn_emitter(e, x->router, 20)); // no third one without an ack
  for (unsigned i = 0; i < 4; i++)
    send_ack(x, 1, 0); // of the second, and again
  assert_int_equal(count_events(x, e), 1);
  assert_int_equal(vsm_emitter_pending(e), 4);
  emit(e, 1);
  vsm_emitter_destroy(e);
}

static void test_resend(void **state) {
  struct fixture *x = *state;
  struct vsm_emitter *e = open_emitter(x, (struct vsm_emitter_options){.submit = x->router_at, .resend_ms = 30});
  emit(e, 2);
  vsm_emitter_flush(e);
  assert_int_equal(count_events(x, e), 2);
  char id[64];
  memcpy(id, x->id, sizeof id);
  assert_int_equal(count_events(x, e), 2); // no ack came
  assert_memory_equal(x->id, id, (size_t)x->id_bytes);
  assert_true(vsm_emitter_counts(e).resent >= 1);
  send_ack(x, 2, 0);
  while (vsm_emitter_pending(e))
    TURN(emitter, e, NULL);
  assert_int_equal(x->acks, 1);
  vsm_emitter_destroy(e);
}

static void test_reconnect(void **state) {
  struct fixture *x = *state;
  struct vsm_emitter *e = open_emitter(x, (struct vsm_emitter_options){.submit = x->router_at});
  emit(e, 2);
  vsm_emitter_flush(e);
  assert_int_equal(count_events(x, e), 2);
  zmq_close(x->router); // the daemon goes, with what it had received
  char at[64];
  memcpy(at, x->router_at, sizeof at);
  x->router = zmq_socket(x->context, ZMQ_ROUTER);
  while (zmq_bind(x->router, at) != 0) // closing takes its time
    turn_emitter(e, NULL, 5);
  assert_int_equal(count_events(x, e), 2); // long before resend_ms
  send_ack(x, 2, 0);
  while (vsm_emitter_pending(e))
    TURN(emitter, e, NULL);
  assert_int_equal(vsm_emitter_counts(e).resent, 1);
  vsm_emitter_destroy(e);
}

static void test_limits(void **state) {
  struct fixture *x = *state;
  static const struct vsm_emitter_options wrong[] = {
      {.source = "crm"},
      {.source = "crm", .submit = "tcp://127.0.0.1:1", .publish = "tcp://127.0.0.1:1"},
      {.publish = "tcp://127.0.0.1:1"},
      {.source = "c m", .submit = "tcp://127.0.0.1:1"},
      {.source = "crm", .submit = "nonsense"},
      {.source = "crm", .publish = "tcp://127.0.0.1:1", .epoch = UINT64_C(1) << 53},
  };
  struct vsm_emitter *e;
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    assert_int_equal(vsm_emitter_create(&wrong[i], &e), VSM_CLIENT_EINVAL);
    assert_null(e);
  }
  assert_int_equal(vsm_emitter_create(&(struct vsm_emitter_options){.source = "crm", .bind = x->router_at}, &e),
                   VSM_CLIENT_EIO);
  assert_string_equal(vsm_client_error(VSM_CLIENT_EIO), "no socket or connection");
  assert_string_equal(vsm_client_error(0), "done");
  assert_string_equal(vsm_client_error(-999), "unknown error");

  e = open_emitter(x, (struct vsm_emitter_options){.source = "crm", .submit = x->router_at, .batch_bytes = 100});
  static char large[64 * 1024];
  memset(large, 'x', sizeof large - 1);
  struct vsm_emitter_event event = {.type = "t", .subject = large};
  assert_int_equal(vsm_emitter_emit(e, &event), VSM_CLIENT_ELIMIT);
  static const struct vsm_emitter_attribute many[257];
  event = (struct vsm_emitter_event){.type = "t", .data = many, .n_data = 257};
  assert_int_equal(vsm_emitter_emit(e, &event), VSM_CLIENT_ELIMIT);
  event.n_data = 256;
  large[60000] = '\0';
  event.subject = large;
  assert_int_equal(vsm_emitter_emit(e, &event), 0);
  emit(e, 1); // begins a batch of its own
  assert_int_equal(count_events(x, e), 1);
  vsm_emitter_destroy(e);
}

static void test_acked_alive(void **state) {
  struct fixture *x = *state;
  struct vsm_emitter *e =
      open_emitter(x, (struct vsm_emitter_options){.source = "crm", .submit = x->router_at, .alive_ms = 20});
  assert_int_equal(count_events(x, e), 0);
  send_ack(x, 0, 0);
  assert_int_equal(count_events(x, e), 0);
  assert_int_equal(x->acks, 0);
  vsm_emitter_destroy(e);
}

// --- Fire and forget

static Vsm__V1__EventBatch *receive_published(struct fixture *x, void *sub, struct vsm_emitter *e) {
  char topic[64];
  while (!TURN(emitter, e, sub))
    ;
  int n = zmq_recv(sub, topic, sizeof topic, 0);
  assert_int_equal(n, sizeof "v1/event/crm/" - 1);
  assert_memory_equal(topic, "v1/event/crm/", (size_t)n);
  n = zmq_recv(sub, x->body, sizeof x->body, 0);
  assert_true(n >= 0);
  Vsm__V1__EventBatch *b = vsm__v1__event_batch__unpack(NULL, (size_t)n, x->body);
  assert_non_null(b);
  return b;
}

static void test_published(void **state) {
  struct fixture *x = *state;
  char at[64];
  void *sub = open_socket(x, ZMQ_SUB, "tcp://127.0.0.1:*", at);
  struct vsm_emitter *e = open_emitter(
      x, (struct vsm_emitter_options){
             .source = "crm", .publish = at, .batch_events = 2, .queue_events = 4, .alive_ms = 20, .epoch = 7});
  emit(e, 4); // nobody has subscribed: they wait
  assert_int_equal(vsm_emitter_emit(e, &(struct vsm_emitter_event){.type = "lost"}), VSM_CLIENT_EFULL);
  assert_int_equal(vsm_emitter_emit(e, &(struct vsm_emitter_event){.type = "t", .source = "gis"}), VSM_CLIENT_EINVAL);
  zmq_setsockopt(sub, ZMQ_SUBSCRIBE, "v1/other/", 9);
  zmq_setsockopt(sub, ZMQ_SUBSCRIBE, "v1/event/", 9);
  for (uint64_t i = 0; i < 2; i++) {
    Vsm__V1__EventBatch *b = receive_published(x, sub, e);
    assert_int_equal(b->epoch, 7);
    assert_int_equal(b->n_events, 2);
    assert_int_equal(b->events[1]->sequence, 2 * i + 2);
    vsm__v1__event_batch__free_unpacked(b, NULL);
  }
  assert_int_equal(vsm_emitter_pending(e), 0);
  emit(e, 1);
  Vsm__V1__EventBatch *b = receive_published(x, sub, e);
  assert_int_equal(b->events[0]->sequence, 6); // 5 was lost, and its number says so
  vsm__v1__event_batch__free_unpacked(b, NULL);
  b = receive_published(x, sub, e); // a sign of life
  assert_int_equal(b->n_events, 0);
  assert_string_equal(b->source, "crm");
  vsm__v1__event_batch__free_unpacked(b, NULL);
  assert_int_equal(vsm_emitter_counts(e).lost, 1);
  zmq_setsockopt(sub, ZMQ_UNSUBSCRIBE, "v1/event/", 9);
  zmq_close(sub);
  vsm_emitter_destroy(e);
}

// --- Queries

static void on_reply(void *ctx, int err, const Vsm__V1__Reply *reply) {
  struct fixture *x = ctx;
  x->replies++;
  x->err = err;
  snprintf(x->text, sizeof x->text, "%s", reply ? reply->error : "");
}

static void ask(struct fixture *x, struct vsm_query *q) {
  Vsm__V1__Request request = VSM__V1__REQUEST__INIT;
  Vsm__V1__StatusRequest status = VSM__V1__STATUS_REQUEST__INIT;
  request.kind_case = VSM__V1__REQUEST__KIND_STATUS;
  request.status = &status;
  assert_int_equal(vsm_query_ask(q, &request, on_reply, x), 0);
}

static void test_query(void **state) {
  struct fixture *x = *state;
  struct vsm_query *q;
  assert_int_equal(vsm_query_create(&(struct vsm_query_options){0}, &q), VSM_CLIENT_EINVAL);
  assert_int_equal(vsm_query_create(&(struct vsm_query_options){.query = x->router_at, .timeout_ms = 1000}, &q), 0);
  ask(x, q);
  ask(x, q);
  ask(x, q);
  while (!TURN(query, q, x->router))
    ;
  receive(x); // the first is never answered
  while (!TURN(query, q, x->router))
    ;
  receive(x);
  Vsm__V1__Request *r = vsm__v1__request__unpack(NULL, (size_t)x->body_bytes, x->body);
  assert_int_equal(r->kind_case, VSM__V1__REQUEST__KIND_STATUS);
  vsm__v1__request__free_unpacked(r, NULL);
  Vsm__V1__Reply reply = VSM__V1__REPLY__INIT;
  reply.error = (char *)"no";
  answer(x, &reply.base);
  answer(x, &reply.base); // nobody asked
  while (x->replies < 1)
    TURN(query, q, NULL);
  assert_int_equal(x->err, 0);
  assert_string_equal(x->text, "no");
  while (!TURN(query, q, x->router))
    ;
  receive(x);
  zmq_send(x->router, x->peer, (size_t)x->peer_bytes, ZMQ_SNDMORE); // wrong numbers of frames are passed over
  zmq_send(x->router, x->id, (size_t)x->id_bytes, 0);
  zmq_send(x->router, x->peer, (size_t)x->peer_bytes, ZMQ_SNDMORE);
  zmq_send(x->router, x->id, (size_t)x->id_bytes, ZMQ_SNDMORE);
  zmq_send(x->router, "", 0, ZMQ_SNDMORE);
  zmq_send(x->router, "", 0, ZMQ_SNDMORE);
  zmq_send(x->router, "", 0, 0);
  zmq_send(x->router, x->peer, (size_t)x->peer_bytes, ZMQ_SNDMORE);
  zmq_send(x->router, x->id, (size_t)x->id_bytes, ZMQ_SNDMORE);
  zmq_send(x->router, "\xff", 1, 0);
  while (x->replies < 2)
    TURN(query, q, NULL);
  assert_int_equal(x->err, VSM_CLIENT_EFORMAT);
  assert_int_equal(vsm_query_pending(q), 1);
  while (x->replies < 3)
    TURN(query, q, NULL);
  assert_int_equal(x->err, VSM_CLIENT_ETIMEOUT);
  ask(x, q);
  vsm_query_destroy(q); // with a question open
}

// --- Subscriber

static void on_snapshot(void *ctx, const Vsm__V1__Snapshot *snapshot) {
  struct fixture *x = ctx;
  x->snapshots++;
  x->epoch = snapshot->epoch;
}

static void on_publication(void *ctx, const char *topic, const Vsm__V1__Publication *p) {
  struct fixture *x = ctx;
  x->publications++;
  x->sequence = p->sequence;
  snprintf(x->text, sizeof x->text, "%s", topic);
}

static void on_gap(void *ctx, const char *topic, uint64_t first, uint64_t last) {
  struct fixture *x = ctx;
  (void)topic;
  x->gaps++;
  x->first = first;
  x->last = last;
}

static void on_restart(void *ctx, uint64_t epoch) {
  struct fixture *x = ctx;
  x->restarts++;
  x->epoch = epoch;
}

static void on_error(void *ctx, int err, const char *text) {
  struct fixture *x = ctx;
  x->failures++;
  x->err = err;
  snprintf(x->text, sizeof x->text, "%s", text);
}

static void publish(struct fixture *x, const char *topic, uint64_t epoch, uint64_t sequence) {
  Vsm__V1__Publication p = VSM__V1__PUBLICATION__INIT;
  p.epoch = epoch;
  p.sequence = sequence;
  uint8_t room[64];
  size_t n = vsm__v1__publication__pack(&p, room);
  zmq_send(x->pub, topic, strlen(topic), ZMQ_SNDMORE);
  zmq_send(x->pub, room, n, 0);
}

static struct vsm_subscriber *open_subscriber(struct fixture *x, const char *query, unsigned timeout_ms) {
  struct vsm_subscriber *s;
  struct vsm_subscriber_options o = {.publish = x->pub_at,
                                     .query = query,
                                     .stream = "RCV-01",
                                     .timeout_ms = timeout_ms,
                                     .on_snapshot = on_snapshot,
                                     .on_publication = on_publication,
                                     .on_gap = on_gap,
                                     .on_restart = on_restart,
                                     .on_error = on_error,
                                     .ctx = x};
  assert_int_equal(vsm_subscriber_create(&o, &s), 0);
  char topic[64];
  while (!TURN(subscriber, s, x->pub))
    ;
  assert_int_equal(zmq_recv(x->pub, topic, sizeof topic, 0), 4);
  assert_memory_equal(topic, "\001v1/", 4);
  return s;
}

// Answers a question for a snapshot; epoch 0: with an error.
static void answer_snapshot(struct fixture *x, uint64_t epoch, uint64_t sequence) {
  receive(x);
  Vsm__V1__Request *r = vsm__v1__request__unpack(NULL, (size_t)x->body_bytes, x->body);
  assert_int_equal(r->kind_case, VSM__V1__REQUEST__KIND_SNAPSHOT);
  assert_string_equal(r->snapshot->stream, "RCV-01");
  vsm__v1__request__free_unpacked(r, NULL);
  Vsm__V1__Reply reply = VSM__V1__REPLY__INIT;
  Vsm__V1__Snapshot snapshot = VSM__V1__SNAPSHOT__INIT;
  Vsm__V1__ValueStream stream = VSM__V1__VALUE_STREAM__INIT, *streams[] = {&stream};
  Vsm__V1__Stage stage = VSM__V1__STAGE__INIT, *stages[] = {&stage};
  snapshot.epoch = epoch;
  snapshot.value_streams = streams;
  snapshot.n_value_streams = 1;
  stream.id = (char *)"RCV-01";
  stream.sequence = sequence;
  stream.stages = stages;
  stream.n_stages = 1;
  stage.id = (char *)"a";
  stage.sequence = sequence;
  if (epoch) {
    reply.kind_case = VSM__V1__REPLY__KIND_SNAPSHOT;
    reply.snapshot = &snapshot;
  } else
    reply.error = (char *)"no such stream";
  answer(x, &reply.base);
}

static void send_snapshot(struct fixture *x, struct vsm_subscriber *s, uint64_t epoch, uint64_t sequence) {
  while (!TURN(subscriber, s, x->router))
    ;
  answer_snapshot(x, epoch, sequence);
}

static void wait_publications(struct fixture *x, struct vsm_subscriber *s, unsigned n) {
  while (x->publications < n)
    TURN(subscriber, s, NULL);
}

static void test_subscriber(void **state) {
  struct fixture *x = *state;
  struct vsm_subscriber *s = open_subscriber(x, x->router_at, 0);
  static const char stream[] = "v1/metric/RCV-01/", stage[] = "v1/metric/RCV-01/a/", status[] = "v1/status/";
  for (uint64_t i = 4; i <= 6; i++)
    publish(x, stream, 10, i);
  send_snapshot(x, s, 10, 5); // 4 and 5 are in it
  wait_publications(x, s, 1);
  assert_int_equal(x->snapshots, 1);
  assert_int_equal(x->sequence, 6);
  assert_int_equal(x->gaps, 0);
  publish(x, stage, 10, 8);  // 6 and 7 never came
  publish(x, status, 10, 3); // the first of its topic begins the count
  publish(x, status, 10, 5);
  wait_publications(x, s, 4);
  assert_int_equal(x->gaps, 2);
  assert_int_equal(x->first, 4);
  assert_int_equal(x->last, 4);
  publish(x, status, 9, 99); // from before
  publish(x, stream, 11, 1); // the daemon began anew
  wait_publications(x, s, 5);
  assert_int_equal(x->restarts, 1);
  assert_int_equal(x->epoch, 11);
  publish(x, stream, 11, 2);
  send_snapshot(x, s, 11, 1);
  wait_publications(x, s, 6);
  assert_int_equal(x->snapshots, 2);
  assert_int_equal(x->sequence, 2);
  assert_int_equal(x->gaps, 2);
  vsm_subscriber_destroy(s);
}

static void test_subscriber_without_snapshots(void **state) {
  struct fixture *x = *state;
  struct vsm_subscriber *s;
  assert_int_equal(vsm_subscriber_create(&(struct vsm_subscriber_options){0}, &s), VSM_CLIENT_EINVAL);
  struct vsm_subscriber_options wrong = {.publish = "tcp://127.0.0.1:1", .query = "nonsense"};
  assert_int_equal(vsm_subscriber_create(&wrong, &s), VSM_CLIENT_EINVAL);
  s = open_subscriber(x, NULL, 0);
  publish(x, "v1/status/", 1, 8);
  wait_publications(x, s, 1);
  publish(x, "v1/status/", 2, 1);
  wait_publications(x, s, 2);
  assert_int_equal(x->restarts, 1);
  vsm_subscriber_destroy(s);
}

static void test_failed_snapshot(void **state) {
  struct fixture *x = *state;
  struct vsm_subscriber *s = open_subscriber(x, x->router_at, 50);
  send_snapshot(x, s, 0, 0); // an error
  while (x->failures < 1)
    TURN(subscriber, s, NULL);
  assert_string_equal(x->text, "no such stream");
  while (x->failures < 2) // asked again, and not answered
    TURN(subscriber, s, NULL);
  assert_int_equal(x->err, VSM_CLIENT_ETIMEOUT);
  while (x->snapshots < 1)
    if (TURN(subscriber, s, x->router))
      answer_snapshot(x, 3, 1);
  vsm_subscriber_destroy(s);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
  const struct CMUnitTest tests[] = {
      TEST(test_acked),           TEST(test_window_and_queue),
      TEST(test_resend),          TEST(test_reconnect),
      TEST(test_limits),          TEST(test_acked_alive),
      TEST(test_published),       TEST(test_query),
      TEST(test_subscriber),      TEST(test_subscriber_without_snapshots),
      TEST(test_failed_snapshot),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
