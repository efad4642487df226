// The query client and the subscriber of libvsm.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "tests/lib/fake_daemon.h"
#include "tests/lib/test.h"

struct fixture {
  struct fake_daemon daemon;
  // What the callbacks saw.
  unsigned replies, snapshots, publications, gaps, restarts, failures;
  int err;
  uint64_t first, last, sequence, epoch;
  char text[64];
};

static int setup(void **state) {
  return fake_daemon_setup(state, sizeof(struct fixture));
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
  assert_int_equal(vsm_query_create(&(struct vsm_query_options){.query = x->daemon.router_at, .timeout_ms = 1000}, &q),
                   0);
  ask(x, q);
  ask(x, q);
  ask(x, q);
  while (!TURN(query, q, x->daemon.router))
    ;
  fake_daemon_receive(&x->daemon); // the first is never answered
  while (!TURN(query, q, x->daemon.router))
    ;
  fake_daemon_receive(&x->daemon);
  Vsm__V1__Request *r = vsm__v1__request__unpack(NULL, (size_t)x->daemon.body_bytes, x->daemon.body);
  assert_int_equal(r->kind_case, VSM__V1__REQUEST__KIND_STATUS);
  vsm__v1__request__free_unpacked(r, NULL);
  Vsm__V1__Reply reply = VSM__V1__REPLY__INIT;
  reply.error = (char *)"no";
  fake_daemon_answer(&x->daemon, &reply.base);
  fake_daemon_answer(&x->daemon, &reply.base); // nobody asked
  while (x->replies < 1)
    TURN(query, q, NULL);
  assert_int_equal(x->err, 0);
  assert_string_equal(x->text, "no");
  while (!TURN(query, q, x->daemon.router))
    ;
  fake_daemon_receive(&x->daemon);
  zmq_send(x->daemon.router, x->daemon.peer, (size_t)x->daemon.peer_bytes,
           ZMQ_SNDMORE); // wrong numbers of frames are passed over
  zmq_send(x->daemon.router, x->daemon.id, (size_t)x->daemon.id_bytes, 0);
  zmq_send(x->daemon.router, x->daemon.peer, (size_t)x->daemon.peer_bytes, ZMQ_SNDMORE);
  zmq_send(x->daemon.router, x->daemon.id, (size_t)x->daemon.id_bytes, ZMQ_SNDMORE);
  zmq_send(x->daemon.router, "", 0, ZMQ_SNDMORE);
  zmq_send(x->daemon.router, "", 0, ZMQ_SNDMORE);
  zmq_send(x->daemon.router, "", 0, 0);
  zmq_send(x->daemon.router, x->daemon.peer, (size_t)x->daemon.peer_bytes, ZMQ_SNDMORE);
  zmq_send(x->daemon.router, x->daemon.id, (size_t)x->daemon.id_bytes, ZMQ_SNDMORE);
  zmq_send(x->daemon.router, "\xff", 1, 0);
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
  zmq_send(x->daemon.pub, topic, strlen(topic), ZMQ_SNDMORE);
  zmq_send(x->daemon.pub, room, n, 0);
}

static struct vsm_subscriber *open_subscriber(struct fixture *x, const char *query, unsigned timeout_ms) {
  struct vsm_subscriber *s;
  struct vsm_subscriber_options o = {.publish = x->daemon.pub_at,
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
  while (!TURN(subscriber, s, x->daemon.pub))
    ;
  assert_int_equal(zmq_recv(x->daemon.pub, topic, sizeof topic, 0), 4);
  assert_memory_equal(topic, "\001v1/", 4);
  return s;
}

// Answers a question for a snapshot; epoch 0: with an error.
static void answer_snapshot(struct fixture *x, uint64_t epoch, uint64_t sequence) {
  fake_daemon_receive(&x->daemon);
  Vsm__V1__Request *r = vsm__v1__request__unpack(NULL, (size_t)x->daemon.body_bytes, x->daemon.body);
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
  fake_daemon_answer(&x->daemon, &reply.base);
}

static void send_snapshot(struct fixture *x, struct vsm_subscriber *s, uint64_t epoch, uint64_t sequence) {
  while (!TURN(subscriber, s, x->daemon.router))
    ;
  answer_snapshot(x, epoch, sequence);
}

static void wait_publications(struct fixture *x, struct vsm_subscriber *s, unsigned n) {
  while (x->publications < n)
    TURN(subscriber, s, NULL);
}

static void test_subscriber(void **state) {
  struct fixture *x = *state;
  struct vsm_subscriber *s = open_subscriber(x, x->daemon.router_at, 0);
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

// The daemon ends, and another one begins at the same endpoint.
static void begin_daemon_anew(struct fixture *x, struct vsm_subscriber *s) {
  char topic[64];
  zmq_close(x->daemon.pub);
  x->daemon.pub = zmq_socket(x->daemon.context, ZMQ_XPUB);
  while (zmq_bind(x->daemon.pub, x->daemon.pub_at) != 0) // closing takes its time
    zmq_poll(NULL, 0, 1);
  zmq_pollitem_t subscribed = {x->daemon.pub, 0, ZMQ_POLLIN, 0};
  while (zmq_poll(&subscribed, 1, 10) == 0) // the subscriber does nothing meanwhile
    vsm_subscriber_timeout_ms(s);           // but send its subscription
  assert_int_equal(zmq_recv(x->daemon.pub, topic, sizeof topic, 0), 4);
}

static void test_a_smaller_epoch_after_a_reconnect_is_a_restart(void **state) {
  struct fixture *x = *state;
  struct vsm_subscriber *s = open_subscriber(x, NULL, 0);
  publish(x, "v1/status/", 20, 8);
  wait_publications(x, s, 1);
  publish(x, "v1/status/", 20, 9);
  while (vsm_subscriber_timeout_ms(s) != 0) // it is there, and waits
    zmq_poll(NULL, 0, 1);
  begin_daemon_anew(x, s);
  publish(x, "v1/status/", 10, 1);
  wait_publications(x, s, 3);
  assert_int_equal(x->restarts, 1);
  assert_int_equal(x->epoch, 10);
  assert_int_equal(x->sequence, 1);
  assert_int_equal(x->gaps, 0);
  publish(x, "v1/status/", 9, 7); // on the same connection
  publish(x, "v1/status/", 10, 2);
  wait_publications(x, s, 4);
  assert_int_equal(x->sequence, 2);
  assert_int_equal(x->restarts, 1);
  vsm_subscriber_destroy(s);
}

static void test_what_waits_from_before_a_snapshot_of_a_smaller_epoch(void **state) {
  struct fixture *x = *state;
  struct vsm_subscriber *s = open_subscriber(x, x->daemon.router_at, 0);
  send_snapshot(x, s, 20, 5);
  publish(x, "v1/status/", 20, 1);
  wait_publications(x, s, 1);
  for (uint64_t i = 2; i <= 9; i++)
    publish(x, "v1/status/", 20, i);
  while (vsm_subscriber_timeout_ms(s) != 0)
    zmq_poll(NULL, 0, 1);
  begin_daemon_anew(x, s);
  publish(x, "v1/status/", 10, 1);
  publish(x, "v1/status/", 10, 2);
  send_snapshot(x, s, 10, 1);
  wait_publications(x, s, 3); // none that waited, nor another question for each of them
  assert_int_equal(x->snapshots, 2);
  assert_int_equal(x->sequence, 2);
  assert_int_equal(x->restarts, 0); // the snapshot told it
  assert_false(fake_turn_subscriber(s, x->daemon.router, 20));
  vsm_subscriber_destroy(s);
}

static void test_failed_snapshot(void **state) {
  struct fixture *x = *state;
  struct vsm_subscriber *s = open_subscriber(x, x->daemon.router_at, 50);
  send_snapshot(x, s, 0, 0); // an error
  while (x->failures < 1)
    TURN(subscriber, s, NULL);
  assert_string_equal(x->text, "no such stream");
  while (x->failures < 2) // asked again, and not answered
    TURN(subscriber, s, NULL);
  assert_int_equal(x->err, VSM_CLIENT_ETIMEOUT);
  while (x->snapshots < 1)
    if (TURN(subscriber, s, x->daemon.router))
      answer_snapshot(x, 3, 1);
  vsm_subscriber_destroy(s);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fake_daemon_teardown)
  const struct CMUnitTest tests[] = {TEST(test_query),
                                     TEST(test_subscriber),
                                     TEST(test_subscriber_without_snapshots),
                                     TEST(test_a_smaller_epoch_after_a_reconnect_is_a_restart),
                                     TEST(test_what_waits_from_before_a_snapshot_of_a_smaller_epoch),
                                     TEST(test_failed_snapshot)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
