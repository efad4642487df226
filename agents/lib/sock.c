// ZMQ_FD is edge-triggered: it becomes readable when something changed inside, and asking for ZMQ_EVENTS takes that
// back, whatever is left to receive. So nothing here trusts the descriptor: users ask vsm_sock_ready() before each wait
// and get 0 milliseconds while there is work. The descriptors of socket and monitor join the user's epoll set, which
// is level-triggered and thus readable until somebody asks.
#include "agents/lib/sock.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <zmq.h>

#include "agents/lib/keys.h"
#include "agents/lib/zap.h"
#include "base/endpoint.h"
#include "vsm/vsm.h"

enum { LARGEST_MESSAGE_BYTES = 64 * 1024 * 1024, RECONNECT_MS = 100, RECONNECT_MAX_MS = 2000 };
// A peer that is gone without a word is noticed by TCP's keepalive (seconds). ZeroMQ's own heartbeats must stay off:
// where the peer dies while our queue is full, libzmq 4.3.4 stops our process at the next beat (its issues 3937, 4364).
enum { KEEPALIVE_IDLE = 30, KEEPALIVE_INTERVAL = 10, KEEPALIVE_COUNT = 3 };

_Static_assert(sizeof(((struct vsm_sock_frame *)0)->zmq) == sizeof(zmq_msg_t), "room for a zmq_msg_t");

static int join(void *socket, int wait) {
  int fd;
  size_t n = sizeof fd;
  if (zmq_getsockopt(socket, ZMQ_FD, &fd, &n) != 0)
    return -1;
  struct epoll_event e = {.events = EPOLLIN};
  return epoll_ctl(wait, EPOLL_CTL_ADD, fd, &e);
}

static int set_options(void *socket, const struct vsm_sock_options *o) {
  const struct {
    int option, value;
  } ints[] = {{ZMQ_SNDHWM, o->send_hwm},
              {ZMQ_RCVHWM, o->receive_hwm},
              {ZMQ_LINGER, o->linger_ms},
              {ZMQ_RECONNECT_IVL, RECONNECT_MS},
              {ZMQ_RECONNECT_IVL_MAX, RECONNECT_MAX_MS},
              {ZMQ_IPV6, vsm_endpoint_is_ipv6(o->connect ? o->connect : o->bind)},
              {ZMQ_TCP_KEEPALIVE, 1},
              {ZMQ_TCP_KEEPALIVE_IDLE, KEEPALIVE_IDLE},
              {ZMQ_TCP_KEEPALIVE_INTVL, KEEPALIVE_INTERVAL},
              {ZMQ_TCP_KEEPALIVE_CNT, KEEPALIVE_COUNT}};
  for (size_t i = 0; i < sizeof ints / sizeof *ints; i++)
    if (zmq_setsockopt(socket, ints[i].option, &ints[i].value, sizeof ints[i].value) != 0)
      return -1;
  int64_t largest = LARGEST_MESSAGE_BYTES;
  if (zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &largest, sizeof largest) != 0)
    return -1;
  for (size_t i = 0; i < o->n_topics; i++)
    if (zmq_setsockopt(socket, ZMQ_SUBSCRIBE, o->topics[i], strlen(o->topics[i])) != 0)
      return -1;
  return 0;
}

// As a client of what it connects to, as a server of what comes where it binds.
static int set_keys(void *socket, const struct vsm_sock_options *o) {
  static const int yes = 1;
  if (!o->keys || !o->keys->own)
    return 0;
  const struct vsm_key *own = o->keys->own, *server = o->keys->server;
  if (o->bind)
    return zmq_setsockopt(socket, ZMQ_CURVE_SERVER, &yes, sizeof yes) |
           zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, own->secret_key, VSM_KEY_CHARS + 1) |
           zmq_setsockopt(socket, ZMQ_ZAP_DOMAIN, VSM_ZAP_DOMAIN, strlen(VSM_ZAP_DOMAIN));
  return zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, server->public_key, VSM_KEY_CHARS + 1) |
         zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, own->public_key, VSM_KEY_CHARS + 1) |
         zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, own->secret_key, VSM_KEY_CHARS + 1);
}

static void *open_monitor(const struct vsm_sock *s) {
  char endpoint[64];
  static const int no_linger = 0;
  snprintf(endpoint, sizeof endpoint, "inproc://vsm-monitor-%p", s->socket);
  if (zmq_socket_monitor(s->socket, endpoint, ZMQ_EVENT_HANDSHAKE_SUCCEEDED) != 0)
    return NULL;
  void *monitor = zmq_socket(s->context, ZMQ_PAIR);
  if (!monitor)
    return NULL;
  zmq_setsockopt(monitor, ZMQ_LINGER, &no_linger, sizeof no_linger);
  if (zmq_connect(monitor, endpoint) == 0)
    return monitor;
  zmq_close(monitor);
  return NULL;
}

// A context's first socket starts its threads. They block all signals, but each by itself once it runs: until then it
// would take one that the program reads from a descriptor, and end the process. So they begin with all of them blocked.
static void *open_socket(void *context, int type) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  void *socket = zmq_socket(context, type);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return socket;
}

static int start(struct vsm_sock *s, int wait, const struct vsm_sock_options *o) {
  if (!s->context || !(s->socket = open_socket(s->context, o->type)))
    return VSM_CLIENT_EIO;
  if (set_options(s->socket, o) != 0 || set_keys(s->socket, o) != 0)
    return VSM_CLIENT_EINVAL;
  int err = o->keys && o->bind ? vsm_zap_open(s->context, wait, o->keys, &s->zap) : 0;
  if (err)
    return err;
  if (!(s->monitor = open_monitor(s)) || join(s->socket, wait) != 0 || join(s->monitor, wait) != 0)
    return VSM_CLIENT_EIO;
  if ((o->connect && zmq_connect(s->socket, o->connect) != 0) || (o->bind && zmq_bind(s->socket, o->bind) != 0))
    return errno == EADDRINUSE ? VSM_CLIENT_EIO : VSM_CLIENT_EINVAL;
  return 0;
}

int vsm_sock_open(struct vsm_sock *s, void *context, int wait, const struct vsm_sock_options *options) {
  *s = (struct vsm_sock){.context = context ? context : zmq_ctx_new(), .own_context = !context};
  int err = start(s, wait, options);
  if (err)
    vsm_sock_close(s);
  return err;
}

void vsm_sock_close(struct vsm_sock *s) {
  if (s->socket) {
    zmq_socket_monitor(s->socket, NULL, 0);
    zmq_close(s->socket);
  }
  if (s->monitor)
    zmq_close(s->monitor);
  vsm_zap_close(s->zap);
  if (s->own_context && s->context)
    while (zmq_ctx_term(s->context) != 0 && errno == EINTR)
      ;
  *s = (struct vsm_sock){0};
}

static bool has(void *socket, int event) {
  int events = 0;
  size_t n = sizeof events;
  return zmq_getsockopt(socket, ZMQ_EVENTS, &events, &n) == 0 && (events & event);
}

static bool readable(void *socket) {
  return has(socket, ZMQ_POLLIN);
}

bool vsm_sock_ready(const struct vsm_sock *s) {
  bool monitor = readable(s->monitor), zap = vsm_zap_ready(s->zap); // ask all, always
  return readable(s->socket) || monitor || zap;
}

bool vsm_sock_readable(const struct vsm_sock *s) {
  return readable(s->socket);
}

bool vsm_sock_writable(const struct vsm_sock *s) {
  return has(s->socket, ZMQ_POLLOUT);
}

unsigned vsm_sock_connections(const struct vsm_sock *s) {
  unsigned n = 0;
  char event[256];
  vsm_zap_serve(s->zap);
  while (zmq_recv(s->monitor, event, sizeof event, ZMQ_DONTWAIT) >= 0) { // two frames: the event, the endpoint
    if (zmq_recv(s->monitor, event, sizeof event, ZMQ_DONTWAIT) >= 0)
      n++;
  }
  return n;
}

bool vsm_sock_send(struct vsm_sock *s, const void *head, size_t head_bytes, const void *body, size_t body_bytes) {
  return zmq_send(s->socket, head, head_bytes, ZMQ_DONTWAIT | ZMQ_SNDMORE) >= 0 &&
         zmq_send(s->socket, body, body_bytes, ZMQ_DONTWAIT) >= 0;
}

static bool receive_frame(struct vsm_sock *s, struct vsm_sock_frame *f) {
  zmq_msg_t *msg = (zmq_msg_t *)f->zmq;
  zmq_msg_init(msg);
  if (zmq_msg_recv(msg, s->socket, ZMQ_DONTWAIT) < 0)
    return false;
  f->p = zmq_msg_data(msg);
  f->n = zmq_msg_size(msg);
  return true;
}

static bool more(struct vsm_sock_frame *f) {
  return zmq_msg_more((zmq_msg_t *)f->zmq);
}

static void skip_rest(struct vsm_sock *s) {
  struct vsm_sock_frame f;
  for (bool go_on = true; go_on && receive_frame(s, &f); zmq_msg_close((zmq_msg_t *)f.zmq))
    go_on = more(&f);
}

bool vsm_sock_receive(struct vsm_sock *s, struct vsm_sock_message *m) {
  while (receive_frame(s, &m->head)) {
    if (!more(&m->head)) {
      zmq_msg_close((zmq_msg_t *)m->head.zmq);
      continue;
    }
    if (!receive_frame(s, &m->body))
      return false;
    if (!more(&m->body))
      return true;
    vsm_sock_message_close(m);
    skip_rest(s);
  }
  return false;
}

void vsm_sock_message_close(struct vsm_sock_message *m) {
  zmq_msg_close((zmq_msg_t *)m->head.zmq);
  zmq_msg_close((zmq_msg_t *)m->body.zmq);
}

bool vsm_sock_receive_request(struct vsm_sock *s, struct vsm_sock_request *r) {
  for (;;) {
    r->n = 0;
    bool go_on = true;
    while (go_on && r->n < VSM_SOCK_REQUEST_FRAMES && receive_frame(s, &r->frames[r->n]))
      go_on = more(&r->frames[r->n++]);
    if (r->n == 0)
      return false;
    bool is_request = !go_on && (r->n == 3 || (r->n == 4 && r->frames[1].n == 0));
    if (is_request)
      return true;
    vsm_sock_request_close(r);
    if (go_on)
      skip_rest(s);
  }
}

const struct vsm_sock_frame *vsm_sock_request_body(const struct vsm_sock_request *r) {
  return &r->frames[r->n - 1];
}

void vsm_sock_reply(struct vsm_sock *s, const struct vsm_sock_request *r, const void *body, size_t n) {
  for (unsigned i = 0; i + 1 < r->n; i++)
    if (zmq_send(s->socket, r->frames[i].p, r->frames[i].n, ZMQ_DONTWAIT | ZMQ_SNDMORE) < 0)
      return;
  zmq_send(s->socket, body, n, ZMQ_DONTWAIT);
}

void vsm_sock_request_close(struct vsm_sock_request *r) {
  for (unsigned i = 0; i < r->n; i++)
    zmq_msg_close((zmq_msg_t *)r->frames[i].zmq);
}

long vsm_sock_receive_frame(struct vsm_sock *s, void *buf, size_t size) {
  int n = zmq_recv(s->socket, buf, size, ZMQ_DONTWAIT);
  return n < 0 ? -1 : (size_t)n < size ? n : (long)size;
}
