// The emitter of libvsm: acked, and fire and forget.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>

#include "agents/lib/clock.h"
#include "tests/lib/fake_daemon.h"
#include "tests/lib/test.h"

struct fixture {
  struct fake_daemon daemon;
  // What the callbacks saw.
  unsigned acks, events, accepted, rejected, errors;
  struct vsm_emitter_error error;
  struct vsm_emitter *emit_again;
};

static int setup(void **state) {
  return fake_daemon_setup(state, sizeof(struct fixture));
}

// --- The daemon

static Vsm__V1__EventBatch *receive_batch(struct fixture *x, struct vsm_emitter *e) {
  while (!TURN(emitter, e, x->daemon.router))
    ;
  fake_daemon_receive(&x->daemon);
  Vsm__V1__EventBatch *b = vsm__v1__event_batch__unpack(NULL, (size_t)x->daemon.body_bytes, x->daemon.body);
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
  fake_daemon_answer(&x->daemon, &ack.base);
}

// --- Emitter

static void on_ack(void *ctx, const struct vsm_emitter_ack *ack) {
  struct fixture *x = ctx;
  x->acks++;
  x->events += ack->events;
  x->accepted += ack->accepted;
  x->rejected += ack->rejected;
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
      open_emitter(x, (struct vsm_emitter_options){.source = "crm", .submit = x->daemon.router_at, .batch_events = 3});
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
      x,
      (struct vsm_emitter_options){.submit = x->daemon.router_at, .batch_events = 1, .window = 2, .queue_events = 5});
  emit(e, 5);
  assert_int_equal(vsm_emitter_emit(e, &(struct vsm_emitter_event){.type = "t"}), VSM_CLIENT_EFULL);
  for (unsigned i = 0; i < 2; i++)
    assert_int_equal(count_events(x, e), 1);
  assert_false(fake_turn_emitter(e, x->daemon.router, 20)); // no third one without an ack
  for (unsigned i = 0; i < 4; i++)
    send_ack(x, 1, 0); // of the second, and again
  assert_int_equal(count_events(x, e), 1);
  assert_int_equal(vsm_emitter_pending(e), 4);
  emit(e, 1);
  vsm_emitter_destroy(e);
}

static void test_resend(void **state) {
  struct fixture *x = *state;
  struct vsm_emitter *e = open_emitter(x, (struct vsm_emitter_options){.submit = x->daemon.router_at, .resend_ms = 30});
  emit(e, 2);
  vsm_emitter_flush(e);
  assert_int_equal(count_events(x, e), 2);
  char id[64];
  memcpy(id, x->daemon.id, sizeof id);
  assert_int_equal(count_events(x, e), 2); // no ack came
  assert_memory_equal(x->daemon.id, id, (size_t)x->daemon.id_bytes);
  assert_true(vsm_emitter_counts(e).resent >= 1);
  send_ack(x, 2, 0);
  while (vsm_emitter_pending(e))
    TURN(emitter, e, NULL);
  assert_int_equal(x->acks, 1);
  vsm_emitter_destroy(e);
}

static void close_daemon(struct fixture *x, char at[64]) {
  memcpy(at, x->daemon.router_at, 64);
  zmq_close(x->daemon.router);
  x->daemon.router = NULL;
}

static void open_daemon(struct fixture *x, struct vsm_emitter *e, const char *at) {
  x->daemon.router = zmq_socket(x->daemon.context, ZMQ_ROUTER);
  while (zmq_bind(x->daemon.router, at) != 0) // closing takes its time
    fake_turn_emitter(e, NULL, 5);
}

static void test_reconnect(void **state) {
  struct fixture *x = *state;
  struct vsm_emitter *e = open_emitter(x, (struct vsm_emitter_options){.submit = x->daemon.router_at});
  emit(e, 2);
  vsm_emitter_flush(e);
  assert_int_equal(count_events(x, e), 2);
  char at[64];
  close_daemon(x, at); // with what it had received
  open_daemon(x, e, at);
  assert_int_equal(count_events(x, e), 2); // long before resend_ms
  send_ack(x, 2, 0);
  while (vsm_emitter_pending(e))
    TURN(emitter, e, NULL);
  assert_int_equal(vsm_emitter_counts(e).resent, 1);
  vsm_emitter_destroy(e);
}

// An address at which nobody is yet.
static void make_address(char at[64]) {
  snprintf(at, 64, "ipc://@vsm-test-emitter-%d", (int)getpid());
}

// How often a loop turns in so long.
static unsigned count_turns(struct vsm_emitter *e, int64_t for_ms) {
  unsigned n = 0;
  for (int64_t end_ms = vsm_clock_ms() + for_ms; vsm_clock_ms() < end_ms; n++)
    fake_turn_emitter(e, NULL, (int)for_ms);
  return n;
}

static void test_resend_to_nobody_is_bounded(void **state) {
  struct fixture *x = *state;
  enum { WINDOW = 3, RESEND_MS = 20, ROUNDS = 20 };
  char at[64];
  make_address(at);
  struct vsm_emitter *e = open_emitter(
      x, (struct vsm_emitter_options){.submit = at, .batch_events = 1, .window = WINDOW, .resend_ms = RESEND_MS});
  emit(e, WINDOW + 2);
  assert_true(count_turns(e, ROUNDS * RESEND_MS) <= 4 * ROUNDS);
  assert_int_equal(vsm_emitter_counts(e).resent, WINDOW);
  assert_int_equal(zmq_bind(x->daemon.router, at), 0);
  while (vsm_emitter_pending(e)) {
    assert_int_equal(count_events(x, e), 1);
    send_ack(x, 1, 0);
    fake_turn_emitter(e, NULL, 5);
  }
  assert_int_equal(x->events, WINDOW + 2);
  vsm_emitter_destroy(e);
}

static void test_all_that_a_connection_took_with_it_is_sent_again(void **state) {
  struct fixture *x = *state;
  enum { WINDOW = 64 };
  char at[64];
  struct vsm_emitter *e = open_emitter(
      x, (struct vsm_emitter_options){
             .submit = x->daemon.router_at, .batch_events = 1, .window = WINDOW, .resend_ms = 1000 * FAKE_PATIENCE_MS});
  emit(e, WINDOW);
  for (unsigned i = 0; i < WINDOW; i++)
    assert_int_equal(count_events(x, e), 1);
  close_daemon(x, at);
  open_daemon(x, e, at);
  for (unsigned i = 0; i < WINDOW; i++) {
    assert_int_equal(count_events(x, e), 1);
    send_ack(x, 1, 0);
  }
  while (vsm_emitter_pending(e))
    TURN(emitter, e, NULL);
  assert_int_equal(vsm_emitter_counts(e).resent, WINDOW);
  vsm_emitter_destroy(e);
}

// A turn that only asks how long to wait must not take the news of room away from the next one.
static void test_what_found_no_room_leaves_once_there_is_some(void **state) {
  struct fixture *x = *state;
  static char large[60000];
  memset(large, 'x', sizeof large - 1);
  struct vsm_emitter_event event = {.type = "t", .subject = large};
  int few = 1;
  char at[64];
  make_address(at);
  zmq_setsockopt(x->daemon.router, ZMQ_RCVHWM, &few, sizeof few);
  assert_int_equal(zmq_bind(x->daemon.router, at), 0);
  struct vsm_emitter *e =
      open_emitter(x, (struct vsm_emitter_options){.submit = at, .batch_events = 1, .window = 1, .resend_ms = 1});
  assert_int_equal(vsm_emitter_emit(e, &event), 0);
  assert_int_equal(count_events(x, e), 1);
  uint64_t last = 0;
  while (vsm_emitter_timeout_ms(e) != -1) { // until there is no room even for what was not sent yet
    for (uint64_t before = UINT64_MAX; before != vsm_emitter_counts(e).resent; count_turns(e, 100))
      before = vsm_emitter_counts(e).resent;
    memcpy(x->daemon.id, &last, sizeof last);
    send_ack(x, 1, 0);
    while (vsm_emitter_pending(e))
      TURN(emitter, e, NULL);
    assert_int_equal(vsm_emitter_emit(e, &event), 0);
    last++;
  }
  while (vsm_emitter_timeout_ms(e) != 0) { // all copies are read, and nothing else is done
    zmq_pollitem_t items[] = {{x->daemon.router, 0, ZMQ_POLLIN, 0}, {NULL, vsm_emitter_fd(e), ZMQ_POLLIN, 0}};
    assert_true(zmq_poll(items, 2, FAKE_PATIENCE_MS) > 0);
    if (items[0].revents)
      fake_daemon_receive(&x->daemon);
  }
  for (uint64_t id = 0; id != last;) {
    assert_int_equal(count_events(x, e), 1);
    memcpy(&id, x->daemon.id, sizeof id);
  }
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
  assert_int_equal(vsm_emitter_create(&(struct vsm_emitter_options){.source = "crm", .bind = x->daemon.router_at}, &e),
                   VSM_CLIENT_EIO);
  assert_string_equal(vsm_client_error(VSM_CLIENT_EIO), "no socket or connection");
  assert_string_equal(vsm_client_error(0), "done");
  assert_string_equal(vsm_client_error(-999), "unknown error");

  e = open_emitter(x, (struct vsm_emitter_options){.source = "crm", .submit = x->daemon.router_at, .batch_bytes = 100});
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
      open_emitter(x, (struct vsm_emitter_options){.source = "crm", .submit = x->daemon.router_at, .alive_ms = 20});
  assert_int_equal(count_events(x, e), 0);
  send_ack(x, 0, 0);
  assert_int_equal(count_events(x, e), 0);
  assert_int_equal(x->acks, 0);
  vsm_emitter_destroy(e);
}

static void test_acked_alive_of_others(void **state) {
  struct fixture *x = *state;
  struct vsm_emitter *e = open_emitter(x, (struct vsm_emitter_options){.submit = x->daemon.router_at});
  assert_int_equal(vsm_emitter_alive(e, NULL), VSM_CLIENT_EINVAL); // it has no source of its own
  assert_int_equal(vsm_emitter_alive(e, "billing"), 0);
  Vsm__V1__EventBatch *b = receive_batch(x, e);
  assert_int_equal(b->n_events, 0);
  assert_string_equal(b->source, "billing");
  vsm__v1__event_batch__free_unpacked(b, NULL);
  send_ack(x, 0, 0);
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
  n = zmq_recv(sub, x->daemon.body, sizeof x->daemon.body, 0);
  assert_true(n >= 0);
  Vsm__V1__EventBatch *b = vsm__v1__event_batch__unpack(NULL, (size_t)n, x->daemon.body);
  assert_non_null(b);
  return b;
}

static void test_published(void **state) {
  struct fixture *x = *state;
  char at[64];
  void *sub = fake_daemon_socket(&x->daemon, ZMQ_SUB, at);
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

static void test_waiting_for_a_subscriber_takes_no_turns(void **state) {
  struct fixture *x = *state;
  enum { ALIVE_MS = 20, ROUNDS = 10 };
  char at[64];
  void *sub = fake_daemon_socket(&x->daemon, ZMQ_SUB, at);
  struct vsm_emitter *e =
      open_emitter(x, (struct vsm_emitter_options){.source = "crm", .publish = at, .alive_ms = ALIVE_MS});
  unsigned idle = count_turns(e, ROUNDS * ALIVE_MS); // nothing to tell but a sign of life
  emit(e, 1);
  unsigned waiting = count_turns(e, ROUNDS * ALIVE_MS);
  zmq_setsockopt(sub, ZMQ_SUBSCRIBE, "v1/event/", 9);
  for (unsigned events = 0, alive = 0; events < 1 || alive < 2;) { // they go on behind it
    Vsm__V1__EventBatch *b = receive_published(x, sub, e);
    events += (unsigned)b->n_events;
    alive += events == 1 && b->n_events == 0;
    vsm__v1__event_batch__free_unpacked(b, NULL);
  }
  zmq_close(sub);
  vsm_emitter_destroy(e);
  assert_true(idle <= 4 * ROUNDS);
  assert_true(waiting <= 4 * ROUNDS);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fake_daemon_teardown)
  const struct CMUnitTest tests[] = {TEST(test_acked),
                                     TEST(test_window_and_queue),
                                     TEST(test_resend),
                                     TEST(test_reconnect),
                                     TEST(test_resend_to_nobody_is_bounded),
                                     TEST(test_all_that_a_connection_took_with_it_is_sent_again),
                                     TEST(test_what_found_no_room_leaves_once_there_is_some),
                                     TEST(test_limits),
                                     TEST(test_acked_alive),
                                     TEST(test_acked_alive_of_others),
                                     TEST(test_published),
                                     TEST(test_waiting_for_a_subscriber_takes_no_turns)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
