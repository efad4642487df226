// The emitter of libvsm with a spool: what is not published, or published and lost, can be fetched.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>

#include "tests/lib/fake_daemon.h"
#include "tests/lib/test.h"

enum { EVENTS_MAX = 1000 };

struct fixture {
  struct fake_daemon daemon;
  char directory[32], recover_at[64], spool[64];
  void *sub, *dealer;
  char sub_at[64];
  bool have[EVENTS_MAX + 1]; // by number
};

static int setup(void **state) {
  fake_daemon_setup(state, sizeof(struct fixture));
  struct fixture *x = *state;
  strcpy(x->directory, "/tmp/vsm-emitter-XXXXXX");
  assert_non_null(mkdtemp(x->directory));
  snprintf(x->recover_at, sizeof x->recover_at, "ipc://%s/recover", x->directory);
  snprintf(x->spool, sizeof x->spool, "%s/spool", x->directory);
  x->dealer = zmq_socket(x->daemon.context, ZMQ_DEALER);
  return 0;
}

static int teardown(void **state) {
  struct fixture *x = *state;
  int none = 0;
  zmq_setsockopt(x->dealer, ZMQ_LINGER, &none, sizeof none);
  zmq_close(x->dealer);
  if (x->sub)
    zmq_close(x->sub);
  unlink(x->spool);
  unlink(x->recover_at + strlen("ipc://"));
  rmdir(x->directory);
  return fake_daemon_teardown(state);
}

static struct vsm_emitter *open_emitter(struct fixture *x, struct vsm_emitter_options o) {
  struct vsm_emitter *e;
  o.source = "crm";
  assert_int_equal(vsm_emitter_create(&o, &e), 0);
  if (o.recover)
    assert_int_equal(zmq_connect(x->dealer, x->recover_at), 0);
  return e;
}

static void emit(struct vsm_emitter *e, unsigned n) {
  struct vsm_emitter_event event = {.type = "t", .subject = "s"};
  for (unsigned i = 0; i < n; i++)
    assert_int_equal(vsm_emitter_emit(e, &event), 0);
}

static void send_request(struct fixture *x, uint64_t epoch, uint64_t first, uint64_t last) {
  Vsm__V1__RecoverRequest r = VSM__V1__RECOVER_REQUEST__INIT;
  uint8_t frame[256];
  r.source = (char *)"crm";
  r.epoch = epoch;
  r.first = first;
  r.last = last;
  zmq_send(x->dealer, "id", 2, ZMQ_SNDMORE);
  zmq_send(x->dealer, frame, vsm__v1__recover_request__pack(&r, frame), 0);
}

// Notes the numbers of the events that came, and returns how many they were.
static size_t receive_reply(struct fixture *x, struct vsm_emitter *e, uint64_t epoch) {
  static uint8_t frame[2 << 20];
  while (!TURN(emitter, e, x->dealer))
    ;
  char id[8];
  int n = zmq_recv(x->dealer, id, sizeof id, 0);
  if (n == 0)
    n = zmq_recv(x->dealer, id, sizeof id, 0);
  assert_int_equal(n, 2);
  n = zmq_recv(x->dealer, frame, sizeof frame, 0);
  Vsm__V1__RecoverReply *r = vsm__v1__recover_reply__unpack(NULL, (size_t)n, frame);
  assert_non_null(r);
  assert_string_equal(r->batch->source, "crm");
  assert_int_equal(r->batch->epoch, epoch);
  assert_int_equal(r->oldest, 1);
  for (size_t i = 0; i < r->batch->n_events; i++) {
    assert_in_range(r->batch->events[i]->sequence, 1, EVENTS_MAX);
    assert_false(x->have[r->batch->events[i]->sequence]);
    x->have[r->batch->events[i]->sequence] = true;
  }
  size_t events = r->batch->n_events;
  vsm__v1__recover_reply__free_unpacked(r, NULL);
  return events;
}

static void assert_have(const struct fixture *x, uint64_t first, uint64_t last) {
  for (uint64_t n = first; n <= last; n++)
    assert_true(x->have[n]);
}

static void test_what_is_not_published_is_kept(void **state) {
  struct fixture *x = *state;
  x->sub = fake_daemon_socket(&x->daemon, ZMQ_SUB, x->sub_at);
  struct vsm_emitter *e = open_emitter(
      x, (struct vsm_emitter_options){.publish = x->sub_at, .recover = x->recover_at, .queue_events = 4, .epoch = 7});
  emit(e, 10); // nobody has subscribed
  assert_int_equal(vsm_emitter_pending(e), 4);
  vsm_emitter_lose(e); // 11
  assert_int_equal(vsm_emitter_keep(e, &(struct vsm_emitter_event){.type = "t"}), 0);
  assert_int_equal(vsm_emitter_keep(e, &(struct vsm_emitter_event){.type = "t", .source = "gis"}), VSM_CLIENT_EINVAL);
  send_request(x, 7, 1, UINT64_MAX);
  assert_int_equal(receive_reply(x, e, 7), 11);
  assert_have(x, 1, 10);
  assert_false(x->have[11]);
  assert_true(x->have[12]);
  struct vsm_emitter_counts counts = vsm_emitter_counts(e);
  assert_int_equal(counts.emitted, 11);
  assert_int_equal(counts.kept, 7);
  assert_int_equal(counts.lost, 1);
  assert_int_equal(counts.asked, 1);
  vsm_emitter_destroy(e);
}

static void test_odd_requests(void **state) {
  struct fixture *x = *state;
  struct vsm_emitter *e =
      open_emitter(x, (struct vsm_emitter_options){.bind = "tcp://127.0.0.1:*", .recover = x->recover_at, .epoch = 7});
  emit(e, 3);
  zmq_send(x->dealer, "alone", 5, 0);
  for (int i = 0; i < 5; i++)
    zmq_send(x->dealer, "many", 4, i < 4 ? ZMQ_SNDMORE : 0);
  for (int i = 0; i < 2; i++)
    zmq_send(x->dealer, "\xff\xff", 2, i < 1 ? ZMQ_SNDMORE : 0);
  zmq_send(x->dealer, "", 0, ZMQ_SNDMORE); // as a REQ asks
  send_request(x, 7, 1, 2);
  assert_int_equal(receive_reply(x, e, 7), 2);
  assert_int_equal(vsm_emitter_counts(e).asked, 1);
  vsm_emitter_destroy(e);
}

static void receive_published(struct fixture *x) {
  char topic[64];
  static uint8_t frame[1 << 20];
  assert_true(zmq_recv(x->sub, topic, sizeof topic, 0) > 0);
  int n = zmq_recv(x->sub, frame, sizeof frame, 0);
  Vsm__V1__EventBatch *b = vsm__v1__event_batch__unpack(NULL, (size_t)n, frame);
  assert_non_null(b);
  for (size_t i = 0; i < b->n_events; i++)
    x->have[b->events[i]->sequence] = true;
  vsm__v1__event_batch__free_unpacked(b, NULL);
}

// A subscriber that does not read loses events, and its missing numbers are there to be fetched.
static void test_a_slow_subscriber(void **state) {
  struct fixture *x = *state;
  x->sub = zmq_socket(x->daemon.context, ZMQ_SUB);
  const struct { int option, value; } options[] = {{ZMQ_RCVHWM, 1}, {ZMQ_RCVBUF, 4096}, {ZMQ_LINGER, 0}};
  for (size_t i = 0; i < sizeof options / sizeof *options; i++)
    zmq_setsockopt(x->sub, options[i].option, &options[i].value, sizeof options[i].value);
  size_t n = sizeof x->sub_at;
  assert_int_equal(zmq_bind(x->sub, "tcp://127.0.0.1:*"), 0);
  zmq_getsockopt(x->sub, ZMQ_LAST_ENDPOINT, x->sub_at, &n);
  zmq_setsockopt(x->sub, ZMQ_SUBSCRIBE, "v1/event/", 9);
  struct vsm_emitter *e = open_emitter(
      x, (struct vsm_emitter_options){
             .publish = x->sub_at, .recover = x->recover_at, .batch_events = 1, .publish_batches = 2, .epoch = 7});
  static char large[60001];
  memset(large, 'x', sizeof large - 1);
  struct vsm_emitter_event event = {.type = "t", .subject = large};
  unsigned emitted = 0;
  for (; emitted < 300; emitted++) {
    assert_int_equal(vsm_emitter_emit(e, &event), 0);
    TURN(emitter, e, x->sub);
  }
  while (vsm_emitter_pending(e)) // until it has subscribed
    TURN(emitter, e, x->sub);
  int events;
  for (n = sizeof events; zmq_getsockopt(x->sub, ZMQ_EVENTS, &events, &n) == 0 && (events & ZMQ_POLLIN);)
    receive_published(x);
  unsigned missing = 0;
  for (uint64_t number = 1; number <= emitted; number++)
    missing += !x->have[number];
  assert_true(missing > 0);
  for (uint64_t number = 1; number <= emitted; number++)
    if (!x->have[number]) {
      send_request(x, 7, number, number);
      assert_int_equal(receive_reply(x, e, 7), 1);
    }
  assert_have(x, 1, emitted);
  vsm_emitter_destroy(e);
}

static void test_a_restart(void **state) {
  struct fixture *x = *state;
  struct vsm_emitter_options o = {.bind = "tcp://127.0.0.1:*", .recover = x->recover_at, .spool_path = x->spool};
  o.epoch = 7;
  struct vsm_emitter *e = open_emitter(x, o), *other;
  emit(e, 3);
  o.source = "crm";
  o.recover = NULL;
  assert_int_equal(vsm_emitter_create(&o, &other), VSM_CLIENT_ESPOOL); // one at a time
  vsm_emitter_destroy(e);                                              // before any of it was sent
  o.recover = x->recover_at;
  o.epoch = 0;
  e = open_emitter(x, o);
  emit(e, 2);
  send_request(x, 7, 1, UINT64_MAX);
  assert_int_equal(receive_reply(x, e, 7), 5);
  assert_have(x, 1, 5);
  vsm_emitter_destroy(e);
}

static void test_wrong_options(void **state) {
  struct fixture *x = *state;
  struct vsm_emitter *e;
  static const char *const at = "tcp://127.0.0.1:1", *const bind = "tcp://127.0.0.1:*";
  const struct {
    struct vsm_emitter_options o;
    int err;
  } wrong[] = {
      {{.source = "crm", .submit = at, .recover = bind}, VSM_CLIENT_EINVAL},
      {{.source = "crm", .submit = at, .spool_path = x->spool}, VSM_CLIENT_EINVAL},
      {{.source = "crm", .bind = bind, .recover = "nonsense"}, VSM_CLIENT_EINVAL},
      {{.source = "crm", .bind = bind, .recover = x->daemon.router_at}, VSM_CLIENT_EIO},
      {{.source = "crm", .bind = bind, .recover = bind, .spool_path = x->directory}, VSM_CLIENT_ESPOOL},
  };
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    assert_int_equal(vsm_emitter_create(&wrong[i].o, &e), wrong[i].err);
    assert_null(e);
  }
  e = open_emitter(x, (struct vsm_emitter_options){.bind = bind});
  assert_int_equal(vsm_emitter_keep(e, &(struct vsm_emitter_event){.type = "t"}), VSM_CLIENT_EINVAL);
  vsm_emitter_destroy(e);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
  const struct CMUnitTest tests[] = {TEST(test_what_is_not_published_is_kept), TEST(test_odd_requests),
                                     TEST(test_a_slow_subscriber), TEST(test_a_restart), TEST(test_wrong_options)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
