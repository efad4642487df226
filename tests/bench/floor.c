#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>
#include <zmq.h>

#include "base/arena.h"
#include "measure.h"
#include "receivers.h"
#include "vsm/v1/event.pb-c.h"

enum { ARENA_BYTES = 128 << 20, IDENTITY_BYTES = 256 };

static void *take(void *arena, size_t n) {
  return vsm_arena_alloc(arena, n);
}
static void give_back(void *arena, void *p) { // all at once, when the next batch comes
  (void)arena;
  (void)p;
}

// One batch: identity, request id, EventBatch in; identity, request id, Ack out. False: the socket is gone.
static bool serve(void *socket, struct vsm_arena *arena) {
  ProtobufCAllocator allocator = {take, give_back, arena};
  char identity[IDENTITY_BYTES];
  zmq_msg_t id, frame;
  zmq_msg_init(&id);
  zmq_msg_init(&frame);
  int n = zmq_recv(socket, identity, sizeof identity, 0);
  if (n < 0 || zmq_msg_recv(&id, socket, 0) < 0 || zmq_msg_recv(&frame, socket, 0) < 0)
    return false;
  vsm_arena_reset(arena);
  Vsm__V1__EventBatch *batch = vsm__v1__event_batch__unpack(&allocator, zmq_msg_size(&frame), zmq_msg_data(&frame));
  Vsm__V1__Ack ack = VSM__V1__ACK__INIT;
  ack.accepted = batch ? (uint32_t)batch->n_events : 0;
  zmq_send(socket, identity, (size_t)n, ZMQ_SNDMORE);
  zmq_msg_send(&id, socket, ZMQ_SNDMORE);
  zmq_msg_close(&frame);
  zmq_msg_init_size(&frame, vsm__v1__ack__get_packed_size(&ack));
  vsm__v1__ack__pack(&ack, zmq_msg_data(&frame));
  return zmq_msg_send(&frame, socket, 0) >= 0;
}

static void run(int report) {
  struct vsm_arena arena;
  char endpoint[64];
  size_t n = sizeof endpoint;
  int none = 0;
  void *socket = zmq_socket(zmq_ctx_new(), ZMQ_ROUTER);
  zmq_setsockopt(socket, ZMQ_SNDHWM, &none, sizeof none);
  zmq_setsockopt(socket, ZMQ_RCVHWM, &none, sizeof none);
  vsm_arena_init(&arena, ARENA_BYTES);
  if (zmq_bind(socket, "tcp://127.0.0.1:*") != 0 || zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, endpoint, &n) != 0 ||
      write(report, endpoint, n) < 0)
    exit(1);
  close(report);
  while (serve(socket, &arena))
    ;
}

void bench_floor_start(struct bench_receiver *r) {
  int report[2];
  *r = (struct bench_receiver){0};
  if (pipe(report) != 0 || (r->pid = fork()) < 0) {
    perror("bench: floor");
    exit(1);
  }
  if (r->pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    bench_pin(1);
    run(report[1]);
    _exit(1);
  }
  close(report[1]);
  if (read(report[0], r->endpoint, sizeof r->endpoint - 1) <= 0) {
    fprintf(stderr, "bench: the floor did not start\n");
    exit(1);
  }
  close(report[0]);
}
