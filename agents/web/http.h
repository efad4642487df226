// One request and its answer. Everything that is answered goes out by vsm_http_reply(), so that every answer has the
// headers that keep browsers to this page, an ETag, and gzip where it is asked for.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

struct evhttp_request;
struct vsm_conns;
struct vsm_web;

enum { VSM_HTTP_PARAMS_MAX = 32, VSM_HTTP_PATH_BYTES_MAX = 2048 };

struct vsm_http_param {
  const char *name, *value; // decoded
};

// Lives until it is answered, which happens once.
struct vsm_exchange {
  struct vsm_exchange *prev, *next; // of those under way
  struct vsm_web *web;              // borrowed
  struct evhttp_request *req;       // libevent's
  const struct vsm_route *route;    // NULL: none yet
  const char *method;               // "GET"
  const char *path;                 // decoded, but for what stands in `key`
  const char *key;                  // what a * of the route's pattern stood for, decoded; "": nothing
  struct vsm_http_param params[VSM_HTTP_PARAMS_MAX];
  size_t n_params;
  void *state;                          // of a handler that waits
  void (*drop_state)(void *state);      // called when the exchange is freed; NULL: nothing
  struct vsm_inquiry *inquiry;          // or what it asks; goes with the exchange
  void (*show)(struct vsm_exchange *x); // its result
  struct vsm_arena arena;               // all of the above
};

// Takes a request apart. NULL: it is not one that is answered; that has been said to the client.
struct vsm_exchange *vsm_http_begin(struct vsm_web *web, struct evhttp_request *req);

const char *vsm_http_header(const struct vsm_exchange *x, const char *name);           // "": none
const char *vsm_http_param(const struct vsm_exchange *x, const char *name);            // "": none
void vsm_http_set_header(struct vsm_exchange *x, const char *name, const char *value); // of the answer
bool vsm_http_is_type(const struct vsm_exchange *x, const char *type);                 // the body, by its Content-Type
bool vsm_http_reads(const struct vsm_exchange *x);                                     // GET or HEAD
bool vsm_http_accepts(const struct vsm_exchange *x, const char *type); // in Accept by its name, without q=0
// The body as text, in the arena. *n: its length.
const char *vsm_http_body(struct vsm_exchange *x, size_t *n);

// The answer is a stream without an end: its headers go out, the handler sends what follows, and says when the
// connection is gone (within its close callback, or where it has closed it itself), which frees the exchange.
void vsm_http_begin_stream(struct vsm_exchange *x, const char *type);
void vsm_http_end_stream(struct vsm_exchange *x);
// Frees what is under way, unanswered: before the server ends.
void vsm_http_drop_all(struct vsm_web *web);

const char *vsm_http_reason(int status);                 // "Not Found"
const char *vsm_http_peer(const struct vsm_exchange *x); // its address; "": unknown

// Each answers, and frees the exchange.
void vsm_http_reply(struct vsm_exchange *x, int status, const char *type, const void *p, size_t n);
void vsm_http_json(struct vsm_exchange *x, char *text); // 200; takes the text, as of malloc(); NULL: 500
struct vsm_asset;
void vsm_http_asset(struct vsm_exchange *x, const struct vsm_asset *a);
// application/problem+json (RFC 9457). detail: what was wrong and what is allowed.
void vsm_http_problem(struct vsm_exchange *x, int status, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
// The same with members of its own: ", \"name\": value".
void vsm_http_problem_with(struct vsm_exchange *x, int status, const char *members, const char *detail);
