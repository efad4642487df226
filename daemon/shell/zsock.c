// ZeroMQ's descriptor is edge-triggered: it tells that something changed, not that something is there, and sending
// takes the news away as well as receiving does. So
//
//   - each socket is kicked once when it is registered,
//   - at each turn it receives a bounded number of messages, that no socket starves another; unless a receive that
//     found nothing was the last thing it did, it asks the socket itself whether more is there (ZMQ_EVENTS), and if so
//     kicks itself again,
//   - and it asks the same after everything that was sent outside of its turn.
//
// Which connections there are is known by the monitor alone, which tells of each its descriptor (shell/zpeers.c).
//
// Nothing here ever waits, but for vsm_zsock_renew(): what cannot be sent is given up, and said so. All options are set
// before bind and connect, since later they do not hold for what is bound already. That is made use of: the key that a
// server is known by is an option too, so one socket can have two endpoints with two keys.
#include "shell/zsock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <zmq.h>

#include "base/endpoint.h"
#include "base/err.h"
#include "base/key.h"
#include "base/mem.h"
#include "shell/zevent.h"

// Of full batches some thousand events, a few milliseconds: so long at most the other sockets have to wait.
enum { TURN_MESSAGES = 100, TURN_BYTES = 1 << 17 };
enum { SOCKETS_MAX = 4096, BACKLOG = 1024 };
enum { HANDSHAKE_MS = 5000, LINGER_MS = 300 };
// Peers that are gone without a word are found by TCP's keepalive (seconds). ZeroMQ's own heartbeats must stay off:
// where a peer dies while its queue is full, libzmq 4.3.4 stops our process at the next beat (its issues 3937 and
// 4364). A limit on how long TCP waits (ZMQ_TCP_MAXRT) would also hit peers that are merely slow to read.
enum { KEEPALIVE_IDLE = 30, KEEPALIVE_INTERVAL = 10, KEEPALIVE_COUNT = 3 };

enum { UNBIND_MS = 2000, PREFIX_BYTES_MAX = 256 };

struct vsm_zcontext {
  void *ctx;
};

// An endpoint as it was asked for, and as it is.
struct binding {
  char *asked, *real;
  bool bound;
};

struct vsm_zsock {
  void *socket;
  struct vsm_zcontext *z; // all that is needed to make it again
  struct vsm_loop *loop;
  struct vsm_zsock_options options;
  struct binding *bindings;
  size_t n_bindings, cap_bindings;
  char subscribed[PREFIX_BYTES_MAX];
  zmq_msg_t *in_hand; // the last frame of the message in hand
  int fd_in_hand;     // over which it came; -1: unknown
  uint64_t peer_in_hand;
  struct vsm_watch *watch;
  bool in_turn; // it will be asked at the end of the turn
  bool held;    // nothing is received
  char endpoint[256];
  struct vsm_zsock *monitor; // what happens to its connections; NULL: nobody asks
  struct vsm_zpeers peers;
  struct vsm_timer *look; // at them
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
  zmq_ctx_set(z->ctx, ZMQ_MAX_SOCKETS, SOCKETS_MAX);
  return z;
}

void vsm_zcontext_destroy(struct vsm_zcontext *z) {
  if (!z)
    return;
  while (zmq_ctx_term(z->ctx) != 0 && errno == EINTR)
    continue;
  free(z);
}

// --- receiving

static bool is_readable(const struct vsm_zsock *s) {
  int events = 0;
  size_t n = sizeof events;
  return zmq_getsockopt(s->socket, ZMQ_EVENTS, &events, &n) == 0 && (events & ZMQ_POLLIN);
}

static void recheck(struct vsm_zsock *s) {
  if (!s->in_turn && !s->held && is_readable(s))
    vsm_watch_kick(s->watch);
}

static int ask_descriptor(void *in_hand) {
  return zmq_msg_get(in_hand, ZMQ_SRCFD); // takes 80 ns
}

static int descriptor(struct vsm_zsock *s, struct vsm_str first) {
  bool says_whose = s->options.kind == VSM_Z_ROUTER;
  return vsm_zpeers_descriptor(&s->peers, says_whose ? first : VSM_STR(""), ask_descriptor, s->in_hand);
}

// One message, all its frames. Returns its bytes, or -1: none is there (nothing else can fail here).
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
    if (n > 0 || s->options.kind != VSM_Z_ROUTER) // whose it is does not come over the connection
      bytes += (long)vsm_zpeers_on_wire(zmq_msg_size(m), s->options.key);
    more = zmq_msg_more(m);
    if (m == &spare)
      zmq_msg_close(m);
    else
      frames[kept++] = (struct vsm_str){zmq_msg_data(m), zmq_msg_size(m)};
  }
  while (n > 0 && s->options.kind == VSM_Z_XPUB && s->monitor && receive(s->monitor) >= 0)
    continue; // what happened before: its descriptor may have been another peer's
  s->in_hand = kept > 0 ? &msgs[kept - 1] : NULL;
  s->fd_in_hand = n > 0 && s->look ? descriptor(s, frames[0]) : -1;
  s->peer_in_hand = vsm_zpeers_number(&s->peers, s->fd_in_hand);
  vsm_zpeers_took(&s->peers, s->fd_in_hand, (uint64_t)bytes);
  if (n > 0)
    s->options.fn(s->options.ctx, s, frames, n);
  s->in_hand = NULL;
  for (size_t i = 0; i < kept; i++)
    zmq_msg_close(&msgs[i]);
  return n > 0 ? bytes : -1;
}

bool vsm_zsock_is_client(const struct vsm_zsock *s) {
  return s->options.key && s->options.server_key;
}

uint64_t vsm_zsock_peer(const struct vsm_zsock *s) {
  return s->peer_in_hand;
}

const char *vsm_zsock_user(const struct vsm_zsock *s) {
  return s->in_hand ? zmq_msg_gets(s->in_hand, "User-Id") : NULL;
}

const char *vsm_zsock_address(const struct vsm_zsock *s) {
  return s->in_hand ? zmq_msg_gets(s->in_hand, "Peer-Address") : NULL;
}

static void take_turn(void *ctx) {
  struct vsm_zsock *s = ctx;
  long bytes = 0, n = 0;
  s->in_turn = true;
  for (int i = 0; i < TURN_MESSAGES && bytes < TURN_BYTES && !s->held && (n = receive(s)) >= 0; i++)
    bytes += n;
  s->in_turn = false;
  if (n >= 0)
    recheck(s);
}

bool vsm_zsock_waits(struct vsm_zsock *s) {
  bool waits = s && !s->held && is_readable(s);
  if (waits)
    vsm_watch_kick(s->watch);
  return waits;
}

void vsm_zsock_hold(struct vsm_zsock *s, bool held) {
  if (!s || s->held == held)
    return;
  s->held = held;
  if (!held)
    vsm_watch_kick(s->watch);
}

// --- life

static void set(void *socket, int option, int value) {
  zmq_setsockopt(socket, option, &value, sizeof value);
}

static void configure(void *socket, const struct vsm_zsock_options *o) {
  int64_t max = (int64_t)o->message_bytes_max;
  zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &max, sizeof max);
  set(socket, ZMQ_LINGER, LINGER_MS);
  set(socket, ZMQ_SNDHWM, o->send_high_water);
  set(socket, ZMQ_RCVHWM, o->receive_high_water);
  set(socket, ZMQ_HANDSHAKE_IVL, o->handshake_ms ? o->handshake_ms : HANDSHAKE_MS);
  set(socket, ZMQ_TCP_KEEPALIVE, 1);
  set(socket, ZMQ_TCP_KEEPALIVE_IDLE, KEEPALIVE_IDLE);
  set(socket, ZMQ_TCP_KEEPALIVE_INTVL, KEEPALIVE_INTERVAL);
  set(socket, ZMQ_TCP_KEEPALIVE_CNT, KEEPALIVE_COUNT);
  set(socket, ZMQ_BACKLOG, BACKLOG);
  if (o->kind == VSM_Z_ROUTER)
    set(socket, ZMQ_ROUTER_MANDATORY, 1); // tells of what could not be sent
  if (o->kind == VSM_Z_XPUB) {
    set(socket, ZMQ_XPUB_NODROP, 1);   // likewise
    set(socket, ZMQ_XPUB_VERBOSER, 1); // tells of every peer's subscriptions, not of the first one's alone
  }
  if (o->kind == VSM_Z_DEALER)
    set(socket, ZMQ_IMMEDIATE, 1);
  if (o->grants)
    set(socket, ZMQ_XPUB_MANUAL, 1);
  if (o->key && o->server_key) {
    zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, o->server_key, VSM_KEY_CHARS + 1);
    zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, o->key->secret_key, VSM_KEY_CHARS + 1);
    zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, o->key->public_key, VSM_KEY_CHARS + 1);
  }
}

static int watch(struct vsm_zsock *s) {
  int fd;
  size_t n = sizeof fd;
  if (zmq_getsockopt(s->socket, ZMQ_FD, &fd, &n) != 0 || !(s->watch = vsm_watch_create(s->loop, fd, take_turn, s)))
    return VSM_ENOMEM;
  vsm_watch_kick(s->watch);
  return 0;
}

static void on_connection_event(void *ctx, struct vsm_zsock *monitor, const struct vsm_str *frames, size_t n) {
  struct vsm_zsock *s = ctx;
  struct vsm_zevent e = vsm_zevent_read(frames[0]);
  (void)monitor;
  if (n != 2 || !e.word)
    return;
  s->peer_in_hand = vsm_zpeers_number(&s->peers, e.value);
  s->options.on_peer(s->options.ctx, s, vsm_zpeers_note(&s->peers, e.word, e.value, s->options.connections_max),
                     frames[1]);
}

static void on_greedy(void *ctx, const char *endpoint) {
  struct vsm_zsock *s = ctx;
  s->options.on_peer(s->options.ctx, s, "peer_cut_off", vsm_str_of(endpoint));
}

static void look_at_peers(void *ctx) {
  struct vsm_zsock *s = ctx;
  vsm_zpeers_look(&s->peers, s->options.peer_bytes_max, on_greedy, s);
  vsm_timer_set(s->look, VSM_ZPEERS_LOOK_US);
}

static int start_monitor(struct vsm_zsock *s) {
  char endpoint[64];
  int events = vsm_zevents() | ZMQ_EVENT_CLOSED; // for vsm_zsock_renew()
  snprintf(endpoint, sizeof endpoint, "inproc://monitor-%p", s->socket);
  s->monitor = calloc(1, sizeof *s->monitor);
  if (!s->monitor)
    return VSM_ENOMEM;
  *s->monitor = (struct vsm_zsock){
      .socket = zmq_socket(s->z->ctx, ZMQ_PAIR), .loop = s->loop, .options = {.fn = on_connection_event, .ctx = s}};
  if (!s->monitor->socket)
    return VSM_ENOMEM;
  // libzmq's own thread waits where it is full, and would never wake if we closed it then
  set(s->monitor->socket, ZMQ_RCVHWM, 0);
  if (watch(s->monitor) != 0 || zmq_socket_monitor(s->socket, endpoint, events) != 0 ||
      zmq_connect(s->monitor->socket, endpoint) != 0 || !(s->look = vsm_timer_create(s->loop, look_at_peers, s)))
    return VSM_ENOMEM;
  look_at_peers(s);
  return 0;
}

// The socket and what hangs on it.
static int open_socket(struct vsm_zsock *s) {
  static const int type[] = {
      [VSM_Z_SUB] = ZMQ_SUB, [VSM_Z_ROUTER] = ZMQ_ROUTER, [VSM_Z_XPUB] = ZMQ_XPUB, [VSM_Z_DEALER] = ZMQ_DEALER};
  s->socket = zmq_socket(s->z->ctx, type[s->options.kind]);
  if (!s->socket)
    return VSM_ENOMEM;
  configure(s->socket, &s->options);
  int err = watch(s);
  return !err && s->options.on_peer ? start_monitor(s) : err;
}

static void close_socket(struct vsm_zsock *s) {
  if (s->monitor)
    zmq_socket_monitor(s->socket, NULL, 0);
  vsm_zsock_destroy(s->monitor);
  s->monitor = NULL;
  vsm_zpeers_cut_all(&s->peers);
  vsm_timer_destroy(s->look);
  s->look = NULL;
  vsm_watch_destroy(s->watch);
  s->watch = NULL;
  if (s->socket)
    zmq_close(s->socket);
  s->socket = NULL;
}

struct vsm_zsock *vsm_zsock_create(struct vsm_zcontext *z, struct vsm_loop *loop, const struct vsm_zsock_options *o) {
  struct vsm_zsock *s = calloc(1, sizeof *s);
  if (!s)
    return NULL;
  *s = (struct vsm_zsock){.z = z, .loop = loop, .options = *o};
  if (open_socket(s) == 0)
    return s;
  vsm_zsock_destroy(s);
  return NULL;
}

void vsm_zsock_destroy(struct vsm_zsock *s) {
  if (!s)
    return;
  close_socket(s);
  for (size_t i = 0; i < s->n_bindings; i++) {
    free(s->bindings[i].asked);
    free(s->bindings[i].real);
  }
  free(s->bindings);
  vsm_zpeers_fini(&s->peers);
  free(s);
}

const char *vsm_zsock_name(const struct vsm_zsock *s) {
  return s->options.name;
}

const struct vsm_zsock_options *vsm_zsock_options(const struct vsm_zsock *s) {
  return &s->options;
}

struct vsm_zsock_counts vsm_zsock_counts(const struct vsm_zsock *s) {
  return s ? s->peers.counts : (struct vsm_zsock_counts){0};
}

// One event of the monitor is taken. Is it that nobody listens at an endpoint any more?
static bool take_closed(struct vsm_zsock *monitor) {
  uint8_t event[6] = {0};
  char endpoint[256];
  int n = zmq_recv(monitor->socket, event, sizeof event, 0);
  zmq_recv(monitor->socket, endpoint, sizeof endpoint, 0);
  return n == sizeof event && vsm_zevent_read((struct vsm_str){(char *)event, sizeof event}).number == ZMQ_EVENT_CLOSED;
}

// ZeroMQ's own thread lets go of endpoints, after the call: the path of an ipc one would be taken away from who had
// bound it meanwhile.
static void unbind(struct vsm_zsock *s) {
  size_t open = 0;
  for (size_t i = 0; i < s->n_bindings; i++) {
    open += s->bindings[i].bound && zmq_unbind(s->socket, s->bindings[i].real) == 0;
    s->bindings[i].bound = false;
  }
  zmq_pollitem_t item = {.socket = s->monitor ? s->monitor->socket : NULL, .events = ZMQ_POLLIN};
  while (item.socket && open > 0 && zmq_poll(&item, 1, UNBIND_MS) > 0)
    open -= take_closed(s->monitor);
}

int vsm_zsock_renew(struct vsm_zsock *s) {
  unbind(s);
  set(s->socket, ZMQ_LINGER, 0);
  close_socket(s);
  int err = open_socket(s);
  bool lost =
      !err && *s->subscribed && zmq_setsockopt(s->socket, ZMQ_SUBSCRIBE, s->subscribed, strlen(s->subscribed)) != 0;
  return lost ? VSM_EIO : err;
}

// --- binding and connecting

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

// Who is met at what is bound next. The domain, without which libzmq asks nobody whether a client may come, is the
// socket's name.
static void serve(struct vsm_zsock *s, const struct vsm_key *key) {
  s->options.key = key; // what comes is encrypted
  set(s->socket, ZMQ_CURVE_SERVER, 1);
  zmq_setsockopt(s->socket, ZMQ_CURVE_SECRETKEY, key->secret_key, VSM_KEY_CHARS + 1);
  zmq_setsockopt(s->socket, ZMQ_ZAP_DOMAIN, s->options.name, strlen(s->options.name));
}

// The one that it had before (vsm_zsock_renew()), or a new one.
static struct binding *binding_of(struct vsm_zsock *s, const char *asked) {
  for (size_t i = 0; i < s->n_bindings; i++)
    if (!s->bindings[i].bound && strcmp(s->bindings[i].asked, asked) == 0)
      return &s->bindings[i];
  s->bindings = vsm_mem_grow(s->bindings, s->n_bindings, &s->cap_bindings, sizeof *s->bindings);
  struct binding *b = &s->bindings[s->n_bindings++];
  *b = (struct binding){.asked = vsm_mem_need(strdup(asked), strlen(asked))};
  return b;
}

int vsm_zsock_bind(struct vsm_zsock *s, const char *endpoint, const struct vsm_key *key, const char **why) {
  struct binding *b = binding_of(s, endpoint);
  set(s->socket, ZMQ_IPV6, vsm_endpoint_is_ipv6(endpoint));
  if (key)
    serve(s, key);
  int err = settle(s, zmq_bind(s->socket, b->real ? b->real : endpoint), why);
  if (err)
    return err;
  free(b->real);
  b->real = vsm_mem_need(strdup(s->endpoint), sizeof s->endpoint);
  b->bound = true;
  return 0;
}

int vsm_zsock_connect(struct vsm_zsock *s, const char *endpoint, const char **why) {
  set(s->socket, ZMQ_IPV6, vsm_endpoint_is_ipv6(endpoint));
  return settle(s, zmq_connect(s->socket, endpoint), why);
}

const char *vsm_zsock_endpoint(const struct vsm_zsock *s) {
  return s->endpoint;
}

void vsm_zsock_grant(struct vsm_zsock *s, struct vsm_str prefix, bool subscribed) {
  zmq_setsockopt(s->socket, subscribed ? ZMQ_SUBSCRIBE : ZMQ_UNSUBSCRIBE, prefix.p, prefix.n);
}

int vsm_zsock_subscribe(struct vsm_zsock *s, const char *prefix) {
  snprintf(s->subscribed, sizeof s->subscribed, "%s", prefix);
  return zmq_setsockopt(s->socket, ZMQ_SUBSCRIBE, prefix, strlen(prefix)) == 0 ? 0 : VSM_EIO;
}

// --- sending

static bool make(zmq_msg_t *m, const struct vsm_zpart *part) {
  if (zmq_msg_init_size(m, part->n) != 0)
    return false;
  if (part->pack)
    part->pack(part->p, zmq_msg_data(m));
  else if (part->n > 0)
    memcpy(zmq_msg_data(m), part->p, part->n);
  return true;
}

static bool send_frames(struct vsm_zsock *s, zmq_msg_t *msgs, size_t n) {
  bool sent = true;
  for (size_t i = 0; i < n && sent; i++)
    sent = zmq_msg_send(&msgs[i], s->socket, ZMQ_DONTWAIT | (i + 1 < n ? ZMQ_SNDMORE : 0)) >= 0;
  return sent;
}

// An XPUB that may not drop sends to nobody where one subscriber's queue is full, and says so. Then it may, once: that
// one is left out from now on, unasked, until it has read half of what waits for it.
static bool send_but_to_the_full(struct vsm_zsock *s, zmq_msg_t *msgs, size_t n) {
  s->peers.counts.queues_full++;
  set(s->socket, ZMQ_XPUB_NODROP, 0);
  bool sent = send_frames(s, msgs, n);
  set(s->socket, ZMQ_XPUB_NODROP, 1);
  return sent;
}

// All frames are made before the first is sent, and whether the message can be sent shows at the first.
bool vsm_zsock_send(struct vsm_zsock *s, const struct vsm_zpart *parts, size_t n) {
  zmq_msg_t msgs[VSM_Z_FRAMES_MAX];
  size_t made = 0, bytes = 0;
  for (; made < n && make(&msgs[made], &parts[made]); made++)
    bytes += made > 0 ? vsm_zpeers_on_wire(parts[made].n, s->options.key) : 0; // whose it is stays here
  bool sent = made == n && send_frames(s, msgs, n);
  if (!sent && made == n && s->options.kind == VSM_Z_XPUB && errno == EAGAIN)
    sent = send_but_to_the_full(s, msgs, n);
  if (sent && s->in_hand) // an answer
    vsm_zpeers_sent(&s->peers, s->fd_in_hand, bytes);
  for (size_t i = 0; i < made; i++)
    zmq_msg_close(&msgs[i]);
  recheck(s);
  return sent;
}

// --- keys

bool vsm_zkey_complete(struct vsm_key *key) {
  char made[VSM_KEY_CHARS + 1];
  if (zmq_curve_public(made, key->secret_key) != 0)
    return false;
  memcpy(key->public_key, made, sizeof made);
  return true;
}

void vsm_zkey_text(const char *raw, char *out) {
  zmq_z85_encode(out, (const uint8_t *)raw, 32);
}
