#include "shell/zsock.h"

#include <errno.h>
#include <stdlib.h>
#include <zmq.h>

#include "base/err.h"

// A turn ends after so much, that no socket starves another.
enum { TURN_MESSAGES = 100, TURN_BYTES = 1 << 20, HANDSHAKE_MS = 5000, LINGER_MS = 300, HEARTBEAT_MS = 10000 };

struct vsm_zcontext {
  void *ctx;
};

struct vsm_zsock {
  void *socket;
  struct vsm_watch *watch;
  vsm_zsock_fn *fn;
  void *ctx;
  char endpoint[256];
};

struct vsm_zcontext *vsm_zcontext_create(void) {
  struct vsm_zcontext *z = calloc(1, sizeof *z);
  if (!z)
    return NULL;
  z->ctx = zmq_ctx_new();
  if (!z->ctx) {
    free(z);
    return NULL;
  }
  zmq_ctx_set(z->ctx, ZMQ_BLOCKY, 0);
  zmq_ctx_set(z->ctx, ZMQ_MAX_SOCKETS, 4096);
  return z;
}

void vsm_zcontext_destroy(struct vsm_zcontext *z) {
  if (!z)
    return;
  while (zmq_ctx_term(z->ctx) != 0 && errno == EINTR)
    continue;
  free(z);
}

static bool is_readable(const struct vsm_zsock *s) {
  int events = 0;
  size_t n = sizeof events;
  return zmq_getsockopt(s->socket, ZMQ_EVENTS, &events, &n) == 0 && (events & ZMQ_POLLIN);
}

static void recheck(struct vsm_zsock *s) {
  if (is_readable(s))
    vsm_watch_kick(s->watch);
}

// One message, all its frames. Returns its bytes, or -1: none is there.
static long receive(struct vsm_zsock *s) {
  zmq_msg_t msgs[VSM_Z_FRAMES_MAX];
  struct vsm_str frames[VSM_Z_FRAMES_MAX];
  size_t n = 0, kept = 0;
  long bytes = 0;
  for (bool more = true; more; n++) {
    zmq_msg_t spare, *m = kept < VSM_Z_FRAMES_MAX ? &msgs[kept] : &spare;
    zmq_msg_init(m);
    if (zmq_msg_recv(m, s->socket, ZMQ_DONTWAIT) < 0) {
      zmq_msg_close(m);
      break;
    }
    bytes += (long)zmq_msg_size(m);
    more = zmq_msg_more(m);
    if (m == &spare)
      zmq_msg_close(m);
    else
      frames[kept++] = (struct vsm_str){zmq_msg_data(m), zmq_msg_size(m)};
  }
  if (n > 0)
    s->fn(s->ctx, s, frames, n);
  for (size_t i = 0; i < kept; i++)
    zmq_msg_close(&msgs[i]);
  return n > 0 ? bytes : -1;
}

static void turn(void *ctx) {
  struct vsm_zsock *s = ctx;
  long bytes = 0;
  for (int i = 0; i < TURN_MESSAGES && bytes < TURN_BYTES; i++) {
    long n = receive(s);
    if (n < 0)
      break;
    bytes += n;
  }
  recheck(s);
}

static void set(void *socket, int option, int value) {
  zmq_setsockopt(socket, option, &value, sizeof value);
}

static void configure(void *socket, const struct vsm_zsock_options *o) {
  int64_t max = (int64_t)o->message_bytes_max;
  zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &max, sizeof max);
  set(socket, ZMQ_LINGER, LINGER_MS);
  set(socket, ZMQ_SNDHWM, o->send_high_water);
  set(socket, ZMQ_RCVHWM, 1000);
  set(socket, ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS);
  set(socket, ZMQ_HEARTBEAT_IVL, HEARTBEAT_MS);
  set(socket, ZMQ_HEARTBEAT_TIMEOUT, 3 * HEARTBEAT_MS);
  set(socket, ZMQ_BACKLOG, 1024);
}

struct vsm_zsock *vsm_zsock_create(struct vsm_zcontext *z, struct vsm_loop *loop, const struct vsm_zsock_options *o) {
  static const int type[] = {[VSM_Z_SUB] = ZMQ_SUB, [VSM_Z_ROUTER] = ZMQ_ROUTER, [VSM_Z_XPUB] = ZMQ_XPUB};
  struct vsm_zsock *s = calloc(1, sizeof *s);
  if (!s)
    return NULL;
  s->fn = o->fn;
  s->ctx = o->ctx;
  int fd;
  size_t n = sizeof fd;
  s->socket = zmq_socket(z->ctx, type[o->kind]);
  if (!s->socket)
    goto fail;
  configure(s->socket, o);
  if (zmq_getsockopt(s->socket, ZMQ_FD, &fd, &n) != 0 || !(s->watch = vsm_watch_create(loop, fd, turn, s)))
    goto fail;
  vsm_watch_kick(s->watch);
  return s;
fail:
  vsm_zsock_destroy(s);
  return NULL;
}

void vsm_zsock_destroy(struct vsm_zsock *s) {
  if (!s)
    return;
  vsm_watch_destroy(s->watch);
  if (s->socket)
    zmq_close(s->socket);
  free(s);
}

static int settle(struct vsm_zsock *s, int rc, const char **why) {
  if (rc != 0) {
    *why = zmq_strerror(errno);
    return errno == EADDRINUSE ? VSM_EINUSE : VSM_EIO;
  }
  size_t n = sizeof s->endpoint;
  zmq_getsockopt(s->socket, ZMQ_LAST_ENDPOINT, s->endpoint, &n);
  recheck(s);
  return 0;
}

int vsm_zsock_bind(struct vsm_zsock *s, const char *endpoint, const char **why) {
  return settle(s, zmq_bind(s->socket, endpoint), why);
}

int vsm_zsock_connect(struct vsm_zsock *s, const char *endpoint, const char **why) {
  return settle(s, zmq_connect(s->socket, endpoint), why);
}

const char *vsm_zsock_endpoint(const struct vsm_zsock *s) {
  return s->endpoint;
}

int vsm_zsock_subscribe(struct vsm_zsock *s, const char *prefix) {
  return zmq_setsockopt(s->socket, ZMQ_SUBSCRIBE, prefix, strlen(prefix)) == 0 ? 0 : VSM_EIO;
}

static bool send_part(struct vsm_zsock *s, const struct vsm_zpart *part, bool more) {
  zmq_msg_t m;
  if (zmq_msg_init_size(&m, part->n) != 0)
    return false;
  if (part->pack)
    part->pack(part->p, zmq_msg_data(&m));
  else if (part->n > 0)
    memcpy(zmq_msg_data(&m), part->p, part->n);
  if (zmq_msg_send(&m, s->socket, ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0)) >= 0)
    return true;
  zmq_msg_close(&m);
  return false;
}

bool vsm_zsock_send(struct vsm_zsock *s, const struct vsm_zpart *parts, size_t n) {
  bool sent = true;
  for (size_t i = 0; i < n && sent; i++)
    sent = send_part(s, &parts[i], i + 1 < n);
  recheck(s);
  return sent;
}
