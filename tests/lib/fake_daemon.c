#include "tests/lib/fake_daemon.h"

#include <stdlib.h>
#include <zmq.h>

#include "tests/lib/test.h"

void *fake_daemon_socket(struct fake_daemon *d, int type, char *endpoint) {
  void *socket = zmq_socket(d->context, type);
  int none = 0;
  size_t n = 64;
  zmq_setsockopt(socket, ZMQ_LINGER, &none, sizeof none);
  assert_int_equal(zmq_bind(socket, "tcp://127.0.0.1:*"), 0);
  zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, endpoint, &n);
  return socket;
}

int fake_daemon_setup(void **state, size_t fixture_bytes) {
  struct fake_daemon *d = *state = calloc(1, fixture_bytes);
  d->context = zmq_ctx_new();
  d->router = fake_daemon_socket(d, ZMQ_ROUTER, d->router_at);
  d->pub = fake_daemon_socket(d, ZMQ_XPUB, d->pub_at);
  return 0;
}

int fake_daemon_teardown(void **state) {
  struct fake_daemon *d = *state;
  zmq_close(d->router);
  zmq_close(d->pub);
  zmq_ctx_term(d->context);
  free(d);
  return 0;
}

void fake_daemon_receive(struct fake_daemon *d) {
  d->peer_bytes = zmq_recv(d->router, d->peer, sizeof d->peer, 0);
  d->id_bytes = zmq_recv(d->router, d->id, sizeof d->id, 0);
  d->body_bytes = zmq_recv(d->router, d->body, sizeof d->body, 0);
  assert_true(d->peer_bytes > 0 && d->id_bytes > 0 && d->body_bytes >= 0);
}

void fake_daemon_answer(struct fake_daemon *d, const ProtobufCMessage *m) {
  static uint8_t room[FAKE_ROOM];
  size_t n = protobuf_c_message_pack(m, room);
  zmq_send(d->router, d->peer, (size_t)d->peer_bytes, ZMQ_SNDMORE);
  zmq_send(d->router, d->id, (size_t)d->id_bytes, ZMQ_SNDMORE);
  assert_true(zmq_send(d->router, room, n, 0) >= 0);
}

static bool wait_for(int fd, int timeout_ms, void *socket, int most_ms) {
  zmq_pollitem_t items[] = {{NULL, fd, ZMQ_POLLIN, 0}, {socket, 0, ZMQ_POLLIN, 0}};
  int wait = timeout_ms < 0 || timeout_ms > most_ms ? most_ms : timeout_ms;
  assert_true(zmq_poll(items, socket ? 2 : 1, wait) >= 0);
  return socket && (items[1].revents & ZMQ_POLLIN);
}

#define TURN_OF(kind)                                                                                                  \
  bool fake_turn_##kind(struct vsm_##kind *o, void *socket, int most_ms) {                                             \
    bool readable = wait_for(vsm_##kind##_fd(o), vsm_##kind##_timeout_ms(o), socket, most_ms);                         \
    assert_int_equal(vsm_##kind##_process(o), 0);                                                                      \
    return readable;                                                                                                   \
  }
TURN_OF(emitter)
TURN_OF(query)
TURN_OF(subscriber)
