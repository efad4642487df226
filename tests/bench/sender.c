#include "sender.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "base/mem.h"
#include "measure.h"
#include "receivers.h"
#include "vsm/v1/event.pb-c.h"

// In flight: enough to keep the receiver busy, little enough to stay in the caches.
enum { EVENTS_IN_FLIGHT = 20000, BATCHES_IN_FLIGHT_MIN = 8, BATCHES_IN_FLIGHT_MAX = 1000, ACK_WAIT_MS = 20000 };
enum { CAPACITY_EVENTS = 500000 };

struct bench_sender {
  void *context, *socket;
};

// --- frames

static char *text(struct vsm_arena *a, struct vsm_str s) {
  return vsm_arena_strndup(a, s.p, s.n);
}

static Vsm__V1__Event *message_of(struct vsm_arena *a, const struct vsm_event *e) {
  Vsm__V1__Event *m = vsm_arena_alloc(a, sizeof *m);
  vsm__v1__event__init(m);
  m->source = text(a, e->source);
  m->id = text(a, e->id);
  m->type = text(a, e->type);
  m->subject = text(a, e->subject);
  m->time_unix_nano = e->time_ns;
  m->n_data = e->n_attrs;
  m->data = vsm_arena_alloc(a, (e->n_attrs + 1) * sizeof(Vsm__V1__Attribute *));
  for (uint32_t i = 0; i < e->n_attrs; i++) {
    m->data[i] = vsm_arena_alloc(a, sizeof *m->data[i]);
    vsm__v1__attribute__init(m->data[i]);
    m->data[i]->key = text(a, e->attrs[i].key);
    m->data[i]->value = text(a, e->attrs[i].value);
  }
  return m;
}

static struct bench_frame pack(struct bench_stream *s, bool opening, unsigned batch, struct vsm_arena *arena) {
  Vsm__V1__EventBatch m = VSM__V1__EVENT_BATCH__INIT;
  struct vsm_event e;
  vsm_arena_reset(arena);
  m.events = vsm_arena_alloc(arena, batch * sizeof *m.events);
  while (m.n_events < batch) {
    if (!opening)
      bench_stream_next(s, arena, &e);
    else if (!bench_stream_open(s, 0, arena, &e))
      break;
    m.events[m.n_events++] = message_of(arena, &e);
  }
  struct bench_frame f = {NULL, vsm__v1__event_batch__get_packed_size(&m), (unsigned)m.n_events};
  f.p = vsm_mem_alloc(f.n + 1);
  vsm__v1__event_batch__pack(&m, f.p);
  return f;
}

void bench_frames_pack(struct bench_frames *f, struct bench_stream *s, bool opening, size_t n_events, unsigned batch) {
  struct vsm_arena arena;
  *f = (struct bench_frames){.at = vsm_mem_alloc((n_events / batch + 1) * sizeof *f->at)};
  vsm_arena_init(&arena, 0);
  while (f->n < n_events / batch) {
    struct bench_frame frame = pack(s, opening, batch, &arena);
    f->at[f->n++] = frame;
    f->n_events += frame.n_events;
    if (frame.n_events < batch)
      break;
  }
  vsm_arena_fini(&arena);
}

void bench_frames_free(struct bench_frames *f) {
  for (size_t i = 0; i < f->n; i++)
    free(f->at[i].p);
  free(f->at);
}

// --- sending

struct bench_sender *bench_sender_create(const char *endpoint) {
  return bench_sender_create_with(endpoint, NULL);
}

static void encrypt(void *socket, const struct bench_keys *k) {
  zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, k->server, sizeof k->server);
  zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, k->client, sizeof k->client);
  zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, k->client_secret, sizeof k->client_secret);
}

struct bench_sender *bench_sender_create_with(const char *endpoint, const struct bench_keys *keys) {
  struct bench_sender *s = vsm_mem_alloc(sizeof *s);
  int none = 0, wait = ACK_WAIT_MS;
  s->context = zmq_ctx_new();
  s->socket = zmq_socket(s->context, ZMQ_DEALER);
  zmq_setsockopt(s->socket, ZMQ_SNDHWM, &none, sizeof none); // what is in flight is bounded here
  zmq_setsockopt(s->socket, ZMQ_RCVHWM, &none, sizeof none);
  zmq_setsockopt(s->socket, ZMQ_LINGER, &none, sizeof none);
  zmq_setsockopt(s->socket, ZMQ_RCVTIMEO, &wait, sizeof wait);
  if (keys)
    encrypt(s->socket, keys);
  if (zmq_connect(s->socket, endpoint) != 0)
    bench_fail(zmq_strerror(zmq_errno()));
  return s;
}

void bench_sender_destroy(struct bench_sender *s) {
  zmq_close(s->socket);
  zmq_ctx_term(s->context);
  free(s);
}

static void keep(void *p, void *hint) { // the frame is ours, and outlives the message
  (void)p;
  (void)hint;
}

static void send_frame(struct bench_sender *s, size_t id, const struct bench_frame *f) {
  zmq_msg_t m;
  zmq_msg_init_data(&m, f->p, f->n, keep, NULL);
  if (zmq_send(s->socket, &id, sizeof id, ZMQ_SNDMORE) < 0 || zmq_msg_send(&m, s->socket, 0) < 0)
    bench_fail(zmq_strerror(zmq_errno()));
}

// False: none is there (only with ZMQ_DONTWAIT). Acks come in the order of the batches.
static bool receive_ack(struct bench_sender *s, size_t id, const struct bench_frame *f, int flags) {
  size_t got = 0;
  uint8_t bytes[4096];
  if (zmq_recv(s->socket, &got, sizeof got, flags) < 0) {
    if (flags == 0)
      bench_fail("an ack is missing");
    return false;
  }
  int n = zmq_recv(s->socket, bytes, sizeof bytes, 0);
  Vsm__V1__Ack *ack = n >= 0 ? vsm__v1__ack__unpack(NULL, (size_t)n, bytes) : NULL;
  if (!ack || got != id)
    bench_fail("this is not the ack that is due");
  if (ack->accepted != f->n_events || ack->rejected != 0) {
    fprintf(stderr, "bench: of %u events %u were accepted: %s %s\n", f->n_events, ack->accepted,
            ack->n_errors ? ack->errors[0]->reason : "", ack->n_errors ? ack->errors[0]->detail : "");
    exit(1);
  }
  vsm__v1__ack__free_unpacked(ack, NULL);
  return true;
}

double bench_send(struct bench_sender *s, const struct bench_frames *f) {
  size_t sent = 0, acked = 0, most = EVENTS_IN_FLIGHT / (f->n ? f->at[0].n_events : 1);
  most = most < BATCHES_IN_FLIGHT_MIN ? BATCHES_IN_FLIGHT_MIN : most;
  most = most > BATCHES_IN_FLIGHT_MAX ? BATCHES_IN_FLIGHT_MAX : most;
  int64_t began = bench_now_ns();
  while (acked < f->n) {
    for (; sent < f->n && sent - acked < most; sent++)
      send_frame(s, sent, &f->at[sent]);
    receive_ack(s, acked, &f->at[acked], 0);
    for (acked++; acked < sent && receive_ack(s, acked, &f->at[acked], ZMQ_DONTWAIT);)
      acked++;
  }
  return (double)f->n_events * 1e9 / (double)(bench_now_ns() - began);
}

void bench_send_opening(struct bench_sender *s, struct bench_stream *stream) {
  for (bool more = true; more;) {
    struct bench_frames frames;
    bench_frames_pack(&frames, stream, true, 1000000, 1000);
    more = frames.n_events > 0;
    if (more)
      bench_send(s, &frames);
    bench_frames_free(&frames);
  }
}

double bench_capacity(struct bench_sender *s, struct bench_stream *stream, unsigned batch) {
  double rates[3];
  for (int i = 0; i < 3; i++) {
    struct bench_frames frames;
    bench_frames_pack(&frames, stream, false, CAPACITY_EVENTS, batch);
    rates[i] = bench_send(s, &frames);
    bench_frames_free(&frames);
  }
  return bench_median(rates, 3);
}

// Until something can be received or the time has come. The descriptor tells of changes alone: so first it is asked.
static void wait_until(struct bench_sender *s, int64_t due_ns) {
  int fd, events;
  size_t n = sizeof fd;
  zmq_getsockopt(s->socket, ZMQ_FD, &fd, &n);
  n = sizeof events;
  zmq_getsockopt(s->socket, ZMQ_EVENTS, &events, &n);
  int64_t ns = due_ns - bench_now_ns();
  if (!(events & ZMQ_POLLIN) && ns > 0)
    ppoll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, &(struct timespec){ns / 1000000000, ns % 1000000000}, NULL);
}

double bench_send_paced(struct bench_sender *s, const struct bench_frames *f, double rate, bench_ack_fn *fn,
                        void *ctx) {
  double gap_ns = 1e9 * f->at[0].n_events / rate;
  int64_t began = bench_now_ns(), heard = began;
  size_t sent = 0, acked = 0, events = 0;
  for (bool more = true; more || acked < sent;) {
    int64_t now = bench_now_ns(), due = began + (int64_t)(gap_ns * (double)sent);
    if (more && now >= due) {
      send_frame(s, sent, &f->at[sent]);
      events += f->at[sent++].n_events;
    } else {
      wait_until(s, more ? due : now + ACK_WAIT_MS * INT64_C(1000000));
    }
    while (acked < sent && receive_ack(s, acked, &f->at[acked], ZMQ_DONTWAIT)) {
      heard = bench_now_ns();
      more &= fn(ctx, heard - began - (int64_t)(gap_ns * (double)acked));
      acked++;
    }
    more &= sent < f->n;
    if (acked < sent && bench_now_ns() - heard > ACK_WAIT_MS * INT64_C(1000000))
      bench_fail("an ack is missing");
  }
  return (double)events * 1e9 / (double)(bench_now_ns() - began);
}
