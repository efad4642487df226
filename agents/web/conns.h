// The connections of the HTTP server, and what bounds them: how many there are, how long a request may take to arrive
// and be answered, how long a client may take to read an answer, how long a connection may do nothing.
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct bufferevent;
struct event_base;
struct evconnlistener;
struct evhttp_request;
struct vsm_conns;

enum {
  VSM_CONNS_BODY_BYTES_MAX = 4 * 1024 * 1024, // of a request
  VSM_CONNS_MAX = 256,                        // further ones wait in the system's queue
  VSM_CONNS_REQUEST_MS = 10000,               // from its first byte to its answer
  VSM_CONNS_READING_MS = 30000,               // from the answer until the client has read it
  VSM_CONNS_IDLE_MS = 60000,                  // between two requests
};

struct vsm_conns *vsm_conns_create(void);
void vsm_conns_destroy(struct vsm_conns *c); // NULL-safe
// The listener stops accepting while there are VSM_CONNS_MAX connections. Borrowed.
void vsm_conns_guard(struct vsm_conns *c, struct evconnlistener *listener);
// Makes the bufferevent of a connection, for evhttp_set_bevcb().
struct bufferevent *vsm_conns_open(struct event_base *base, void *conns);

// The answer to a request begins to go out; it is a stream without an end; it has been sent.
void vsm_conns_answering(struct vsm_conns *c, struct evhttp_request *req);
void vsm_conns_streaming(struct vsm_conns *c, struct evhttp_request *req);
void vsm_conns_answered(struct vsm_conns *c, struct evhttp_request *req);

// Ends what is over its time.
void vsm_conns_turn(struct vsm_conns *c);
int vsm_conns_timeout_ms(const struct vsm_conns *c); // until the next turn; -1: none is needed
