// Asked: identity, "", "1.0", request id, domain, address, peer's identity, "CURVE", 32 bytes of public key.
// Answered: identity, "", "1.0", request id, "200" or "400", a text, user id, metadata (none).
#include "agents/lib/zap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <zmq.h>

#include "agents/lib/keys.h"
#include "vsm/vsm.h"

enum { IDENTITY, ID = 3, DOMAIN, MECHANISM = 7, CREDENTIALS, FRAMES, FRAME_BYTES = 256, RAW_KEY_BYTES = 32 };

struct vsm_zap {
  void *socket;
  char allowed[VSM_KEY_CHARS + 1];
};

struct asked {
  char frames[FRAMES][FRAME_BYTES];
  int bytes[FRAMES];
  int n;
};

static bool readable(const struct vsm_zap *z) {
  int events = 0;
  size_t n = sizeof events;
  return zmq_getsockopt(z->socket, ZMQ_EVENTS, &events, &n) == 0 && (events & ZMQ_POLLIN);
}

static int start(struct vsm_zap *z, void *context, int wait, const struct vsm_keys *keys) {
  static const int no_linger = 0;
  int fd;
  size_t n = sizeof fd;
  memcpy(z->allowed, keys->server->public_key, sizeof z->allowed);
  z->socket = zmq_socket(context, ZMQ_ROUTER);
  if (!z->socket)
    return VSM_CLIENT_EIO;
  zmq_setsockopt(z->socket, ZMQ_LINGER, &no_linger, sizeof no_linger);
  if (zmq_bind(z->socket, "inproc://zeromq.zap.01") != 0)
    return errno == EADDRINUSE ? 1 : VSM_CLIENT_EIO;
  struct epoll_event e = {.events = EPOLLIN};
  bool joined = zmq_getsockopt(z->socket, ZMQ_FD, &fd, &n) == 0 && epoll_ctl(wait, EPOLL_CTL_ADD, fd, &e) == 0;
  return joined ? 0 : VSM_CLIENT_EIO;
}

int vsm_zap_open(void *context, int wait, const struct vsm_keys *keys, struct vsm_zap **out) {
  struct vsm_zap *z = *out = calloc(1, sizeof *z);
  int err = z ? start(z, context, wait, keys) : VSM_CLIENT_ENOMEM;
  if (err) {
    vsm_zap_close(z);
    *out = NULL;
  }
  return err < 0 ? err : 0;
}

void vsm_zap_close(struct vsm_zap *z) {
  if (z && z->socket)
    zmq_close(z->socket);
  free(z);
}

bool vsm_zap_ready(const struct vsm_zap *z) {
  return z && readable(z);
}

// A frame beyond those that there are takes the place of the last one, and n says so.
static bool receive(struct vsm_zap *z, struct asked *a) {
  a->n = 0;
  for (int more = 1; more; a->n++) {
    int at = a->n < FRAMES ? a->n : FRAMES - 1;
    size_t n = sizeof more;
    a->bytes[at] = zmq_recv(z->socket, a->frames[at], FRAME_BYTES, ZMQ_DONTWAIT);
    if (a->bytes[at] < 0)
      return false;
    if (a->bytes[at] > FRAME_BYTES)
      a->bytes[at] = FRAME_BYTES;
    zmq_getsockopt(z->socket, ZMQ_RCVMORE, &more, &n);
  }
  return true;
}

static bool is(const struct asked *a, int frame, const char *text) {
  return (size_t)a->bytes[frame] == strlen(text) && memcmp(a->frames[frame], text, strlen(text)) == 0;
}

static bool is_allowed(const struct vsm_zap *z, const struct asked *a) {
  char key[VSM_KEY_CHARS + 1];
  if (!is(a, DOMAIN, VSM_ZAP_DOMAIN) || !is(a, MECHANISM, "CURVE") || a->bytes[CREDENTIALS] != RAW_KEY_BYTES)
    return false;
  zmq_z85_encode(key, (const uint8_t *)a->frames[CREDENTIALS], RAW_KEY_BYTES);
  return strcmp(key, z->allowed) == 0;
}

static void send(struct vsm_zap *z, const void *p, int bytes, bool more) {
  zmq_send(z->socket, p, (size_t)bytes, ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0));
}

void vsm_zap_serve(struct vsm_zap *z) {
  struct asked a;
  while (z && receive(z, &a)) {
    if (a.n != FRAMES)
      continue;
    bool allowed = is_allowed(z, &a);
    send(z, a.frames[IDENTITY], a.bytes[IDENTITY], true);
    send(z, "", 0, true);
    send(z, "1.0", 3, true);
    send(z, a.frames[ID], a.bytes[ID], true);
    send(z, allowed ? "200" : "400", 3, true);
    send(z, allowed ? "OK" : "no", 2, true);
    send(z, "", 0, true);
    send(z, "", 0, false);
  }
}
