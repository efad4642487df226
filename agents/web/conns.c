// libevent's server tells nobody when a connection begins or ends, and its timeouts are about silence: a client that
// sends a byte a second outlives them. So each connection's bufferevent is made here and held by a second reference.
// The server lets go of its own by taking its callbacks off, which is how it is seen here that a connection is over.
// One that is over its time is shut down: the server then reads an end, and lets go of it.
#include "agents/web/conns.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "agents/lib/clock.h"
#include "agents/web/refused.h"
#include "base/mem.h"

// INPUT_BYTES_MAX: what may wait unread. libevent takes a body once all of it is there, so a body must have room.
enum { TURN_MS = 250, INPUT_BYTES_MAX = VSM_CONNS_BODY_BYTES_MAX + 64 * 1024 };

enum phase { IDLE, REQUEST, READING, STREAM };

struct conn {
  struct bufferevent *bev; // held
  enum phase phase;
  int64_t since_ms;
  bool refused; // by libevent, which may say so twice
};

struct vsm_conns {
  struct conn **at;
  size_t n, cap;
  struct evconnlistener *listener;
  bool full; // it does not accept
  int64_t turn_ms;
};

struct vsm_conns *vsm_conns_create(void) {
  return vsm_mem_alloc(sizeof(struct vsm_conns));
}

static void drop(struct vsm_conns *c, size_t i) {
  bufferevent_decref(c->at[i]->bev);
  free(c->at[i]);
  c->at[i] = c->at[--c->n];
}

void vsm_conns_destroy(struct vsm_conns *c) {
  while (c && c->n > 0)
    drop(c, c->n - 1);
  if (c)
    free(c->at);
  free(c);
}

void vsm_conns_guard(struct vsm_conns *c, struct evconnlistener *listener) {
  c->listener = listener;
}

static bool is_over(const struct conn *conn) {
  bufferevent_data_cb read, write;
  bufferevent_event_cb event;
  void *ctx;
  bufferevent_getcb(conn->bev, &read, &write, &event, &ctx);
  return !read && !write && !event;
}

static void sweep(struct vsm_conns *c) {
  for (size_t i = c->n; i > 0; i--)
    if (is_over(c->at[i - 1]))
      drop(c, i - 1);
  if (c->full && c->n < VSM_CONNS_MAX && c->listener)
    evconnlistener_enable(c->listener);
  c->full = c->n >= VSM_CONNS_MAX;
}

// The first byte of a request.
static void on_input(struct evbuffer *input, const struct evbuffer_cb_info *info, void *arg) {
  struct conn *conn = arg;
  (void)input;
  if (info->n_added > 0 && conn->phase == IDLE) {
    conn->phase = REQUEST;
    conn->since_ms = vsm_clock_ms();
  }
}

// An answer while nothing of ours is going out is libevent's own. It is whole when its last piece is added, and on its
// way to the client no earlier than the loop waits again.
static void on_output(struct evbuffer *output, const struct evbuffer_cb_info *info, void *arg) {
  struct conn *conn = arg;
  bool ours = (conn->phase == READING || conn->phase == STREAM) && !conn->refused;
  if (info->n_added == 0 || ours || !vsm_refused_is(output))
    return;
  conn->refused = true;
  conn->phase = READING;
  conn->since_ms = vsm_clock_ms();
  vsm_refused_replace(output);
}

struct bufferevent *vsm_conns_open(struct event_base *base, void *arg) {
  struct vsm_conns *c = arg;
  if (c->n + 1 >= VSM_CONNS_MAX)
    sweep(c); // who comes and goes quickly waits for no turn
  struct bufferevent *bev = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
  if (!bev)
    return NULL;
  struct conn *conn = vsm_mem_alloc(sizeof *conn);
  *conn = (struct conn){.bev = bev, .since_ms = vsm_clock_ms()};
  bufferevent_incref(bev);
  bufferevent_setwatermark(bev, EV_READ, 0, INPUT_BYTES_MAX);
  evbuffer_add_cb(bufferevent_get_input(bev), on_input, conn);
  evbuffer_add_cb(bufferevent_get_output(bev), on_output, conn);
  c->at = vsm_mem_grow(c->at, c->n, &c->cap, sizeof *c->at);
  c->at[c->n++] = conn;
  c->full = c->n >= VSM_CONNS_MAX;
  if (c->full && c->listener)
    evconnlistener_disable(c->listener);
  return bev;
}

static void set(struct vsm_conns *c, struct evhttp_request *req, enum phase phase) {
  struct evhttp_connection *evcon = evhttp_request_get_connection(req);
  struct bufferevent *bev = evcon ? evhttp_connection_get_bufferevent(evcon) : NULL;
  for (size_t i = 0; bev && i < c->n; i++)
    if (c->at[i]->bev == bev) {
      c->at[i]->phase = phase;
      c->at[i]->since_ms = vsm_clock_ms();
      return;
    }
}

void vsm_conns_answering(struct vsm_conns *c, struct evhttp_request *req) {
  set(c, req, READING);
}

void vsm_conns_streaming(struct vsm_conns *c, struct evhttp_request *req) {
  set(c, req, STREAM);
}

void vsm_conns_answered(struct vsm_conns *c, struct evhttp_request *req) {
  set(c, req, IDLE);
}

static bool is_late(const struct conn *conn, int64_t now_ms) {
  static const int64_t most_ms[] = {
      [IDLE] = VSM_CONNS_IDLE_MS, [REQUEST] = VSM_CONNS_REQUEST_MS, [READING] = VSM_CONNS_READING_MS};
  return conn->phase != STREAM && now_ms - conn->since_ms >= most_ms[conn->phase];
}

void vsm_conns_turn(struct vsm_conns *c) {
  int64_t now_ms = vsm_clock_ms();
  if (now_ms < c->turn_ms)
    return;
  c->turn_ms = now_ms + TURN_MS;
  sweep(c);
  for (size_t i = 0; i < c->n; i++)
    if (is_late(c->at[i], now_ms)) {
      bufferevent_setwatermark(c->at[i]->bev, EV_READ, 0, 0); // else one that is full never reads its end
      shutdown(bufferevent_getfd(c->at[i]->bev), SHUT_RDWR);
    }
}

int vsm_conns_timeout_ms(const struct vsm_conns *c) {
  return c->n ? vsm_clock_until(vsm_clock_ms(), c->turn_ms) : -1;
}
