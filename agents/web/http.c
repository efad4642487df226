#include "agents/web/http.h"

#include <event2/buffer.h>
#include <event2/http.h>
#include <event2/http_struct.h>
#include <event2/keyvalq_struct.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <utlist.h>
#include <xxhash.h>

#include "agents/ask/inquiry.h"
#include "agents/vsm/text.h"
#include "agents/web/assets.h"
#include "agents/web/conns.h"
#include "agents/web/decode.h"
#include "agents/web/gzip.h"
#include "agents/web/server.h"
#include "base/mem.h"
#include "wire/utf8.h"

enum { ARENA_BYTES_MAX = 8 * 1024 * 1024, ETAG_BYTES = 24 };

static const struct {
  int status;
  const char *reason;
} reasons[] = {{200, "OK"},
               {204, "No Content"},
               {303, "See Other"},
               {304, "Not Modified"},
               {400, "Bad Request"},
               {401, "Unauthorized"},
               {403, "Forbidden"},
               {404, "Not Found"},
               {405, "Method Not Allowed"},
               {406, "Not Acceptable"},
               {409, "Conflict"},
               {413, "Content Too Large"},
               {414, "URI Too Long"},
               {415, "Unsupported Media Type"},
               {417, "Expectation Failed"},
               {421, "Misdirected Request"},
               {429, "Too Many Requests"},
               {500, "Internal Server Error"},
               {503, "Service Unavailable"},
               {505, "HTTP Version Not Supported"}};

const char *vsm_http_reason(int status) {
  for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
    if (reasons[i].status == status)
      return reasons[i].reason;
  return "Error";
}

// --- what was asked

static const char *method_name(enum evhttp_cmd_type type) {
  switch (type) {
  case EVHTTP_REQ_GET:
    return "GET";
  case EVHTTP_REQ_HEAD:
    return "HEAD";
  case EVHTTP_REQ_POST:
    return "POST";
  case EVHTTP_REQ_DELETE:
    return "DELETE";
  default:
    return "";
  }
}

const char *vsm_http_header(const struct vsm_exchange *x, const char *name) {
  const char *value = evhttp_find_header(evhttp_request_get_input_headers(x->req), name);
  return value ? value : "";
}

const char *vsm_http_peer(const struct vsm_exchange *x) {
  struct evhttp_connection *evcon = evhttp_request_get_connection(x->req);
  char *address = NULL;
  ev_uint16_t port;
  if (evcon)
    evhttp_connection_get_peer(evcon, &address, &port);
  return address ? address : "";
}

const char *vsm_http_param(const struct vsm_exchange *x, const char *name) {
  for (size_t i = 0; i < x->n_params; i++)
    if (strcmp(x->params[i].name, name) == 0)
      return x->params[i].value;
  return "";
}

const char *vsm_http_body(struct vsm_exchange *x, size_t *n) {
  struct evbuffer *in = evhttp_request_get_input_buffer(x->req);
  *n = evbuffer_get_length(in);
  char *text = vsm_mem_need(vsm_arena_alloc(&x->arena, *n + 1), *n);
  if (*n > 0)
    evbuffer_copyout(in, text, *n);
  text[*n] = '\0';
  return text;
}

bool vsm_http_is_type(const struct vsm_exchange *x, const char *type) {
  const char *said = vsm_http_header(x, "Content-Type");
  size_t n = strlen(type);
  return strncasecmp(said, type, n) == 0 && (said[n] == '\0' || strchr("; \t", said[n]));
}

bool vsm_http_reads(const struct vsm_exchange *x) {
  return strcmp(x->method, "GET") == 0 || strcmp(x->method, "HEAD") == 0;
}

// "text/csv" in "text/html, text/csv;q=0.5"
bool vsm_http_accepts(const struct vsm_exchange *x, const char *type) {
  size_t n = strlen(type);
  for (const char *p = vsm_http_header(x, "Accept"); *p; p += *p == ',') {
    p += strspn(p, " \t");
    size_t all = strcspn(p, ","), name = strcspn(p, ",; \t");
    if (name == n && strncasecmp(p, type, n) == 0) {
      const char *q = memmem(p, all, "q=0", 3);
      return !q || (size_t)(q - p) + 3 + strspn(q + 3, ".0") != all;
    }
    p += all;
  }
  return false;
}

// Requests that two readers could understand in two ways, and what is not HTTP/1.1 as this server speaks it.
static const char *wrong_headers(struct evkeyvalq *headers) {
  unsigned hosts = 0, lengths = 0, encodings = 0;
  struct evkeyval *h;
  TAILQ_FOREACH(h, headers, next) {
    hosts += strcasecmp(h->key, "Host") == 0;
    lengths += strcasecmp(h->key, "Content-Length") == 0;
    encodings += strcasecmp(h->key, "Transfer-Encoding") == 0;
    if (!*h->key || strpbrk(h->key, " \t"))
      return "a header's name is followed by a blank, or empty";
    if (strcasecmp(h->key, "Content-Length") == 0 && (!*h->value || h->value[strspn(h->value, "0123456789")]))
      return "Content-Length is not a number";
    if (strcasecmp(h->key, "Transfer-Encoding") == 0 && strcasecmp(h->value, "chunked") != 0)
      return "of the transfer encodings, chunked alone is allowed";
  }
  if (hosts != 1)
    return "exactly one Host is needed";
  if (lengths + encodings > 1)
    return "more than one of Content-Length and Transfer-Encoding";
  return NULL;
}

// libevent leaves that of any other method where it is, and takes it for the next request.
static bool is_body_read(enum evhttp_cmd_type type) {
  switch (type) {
  case EVHTTP_REQ_GET:
  case EVHTTP_REQ_POST:
  case EVHTTP_REQ_PUT:
  case EVHTTP_REQ_DELETE:
  case EVHTTP_REQ_OPTIONS:
  case EVHTTP_REQ_CONNECT:
  case EVHTTP_REQ_PATCH:
    return true;
  default:
    return false;
  }
}

static bool has_body(struct evkeyvalq *headers) {
  const char *length = evhttp_find_header(headers, "Content-Length");
  return evhttp_find_header(headers, "Transfer-Encoding") || (length && length[strspn(length, "0")]);
}

static const char *wrong_request(struct evhttp_request *req) {
  struct evkeyvalq *headers = evhttp_request_get_input_headers(req);
  const char *wrong = wrong_headers(headers);
  if (!wrong && has_body(headers) && !is_body_read(evhttp_request_get_command(req)))
    wrong = "a body, and a method that has none";
  return wrong;
}

static const char *take_params(struct vsm_exchange *x, char *text) {
  for (char *p = text, *next; p && *p; p = next) {
    next = strchr(p, '&');
    if (next)
      *next++ = '\0';
    if (!*p)
      continue;
    char *equals = strchr(p, '=');
    if (equals)
      *equals++ = '\0';
    if (x->n_params == VSM_HTTP_PARAMS_MAX)
      return "more than 32 parameters";
    if (!vsm_decode_plus(p) || (equals && !vsm_decode_plus(equals)))
      return "a parameter is not percent-encoded UTF-8";
    if (*vsm_http_param(x, p))
      return "a parameter is given twice";
    x->params[x->n_params++] = (struct vsm_http_param){p, equals ? equals : ""};
  }
  return NULL;
}

// The absolute form ("GET http://host/path") is for proxies, and refused: it would name a second host beside Host.
static const char *take_target(struct vsm_exchange *x, int *status) {
  const char *target = evhttp_request_get_uri(x->req);
  size_t n = strlen(target);
  *status = 400;
  if (n > VSM_HTTP_PATH_BYTES_MAX) {
    *status = 414;
    return "the address is longer than 2,048 bytes";
  }
  if (*target != '/')
    return "the address does not begin with a slash";
  char *path = vsm_mem_need(vsm_arena_strndup(&x->arena, target, n), n);
  char *fragment = strchr(path, '#'), *query = strchr(path, '?');
  if (fragment)
    return "the address has a fragment";
  if (query)
    *query++ = '\0';
  x->path = path; // decoded once the route is known
  return take_params(x, query);
}

// libevent answers in the version that was asked in, whatever that is.
static bool is_version_known(struct evhttp_request *req) {
  bool known = req->major == 1 && (req->minor == 0 || req->minor == 1);
  if (!known) {
    req->major = 1;
    req->minor = 1;
  }
  return known;
}

struct vsm_exchange *vsm_http_begin(struct vsm_web *web, struct evhttp_request *req) {
  struct vsm_exchange *x = vsm_mem_alloc(sizeof *x);
  int status = 400;
  x->web = web;
  x->req = req;
  x->method = method_name(evhttp_request_get_command(req));
  x->path = x->key = "";
  DL_APPEND(web->exchanges, x);
  vsm_arena_init(&x->arena, ARENA_BYTES_MAX);
  const char *wrong = wrong_request(req);
  if (!is_version_known(req)) {
    status = 505;
    wrong = "the version of HTTP; allowed: 1.1, 1.0";
  }
  if (wrong) // nothing after it on this connection is believed
    vsm_http_set_header(x, "Connection", "close");
  else
    wrong = take_target(x, &status);
  if (!wrong)
    return x;
  vsm_http_problem(x, status, "%s", wrong);
  return NULL;
}

// --- what is answered

void vsm_http_set_header(struct vsm_exchange *x, const char *name, const char *value) {
  struct evkeyvalq *headers = evhttp_request_get_output_headers(x->req);
  evhttp_remove_header(headers, name);
  evhttp_add_header(headers, name, value);
}

static void add_headers(struct vsm_exchange *x) {
  static const char *const headers[][2] = {
      {"Content-Security-Policy", "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"},
      {"X-Content-Type-Options", "nosniff"},
      {"Referrer-Policy", "no-referrer"},
      {"Cross-Origin-Resource-Policy", "same-origin"},
      {"Vary", "Accept, Accept-Encoding, Cookie, Authorization"}};
  for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
    vsm_http_set_header(x, headers[i][0], headers[i][1]);
  if (!evhttp_find_header(evhttp_request_get_output_headers(x->req), "Cache-Control"))
    vsm_http_set_header(x, "Cache-Control", "no-cache");
}

static void on_sent(struct evhttp_request *req, void *web) {
  vsm_conns_answered(((struct vsm_web *)web)->conns, req);
}

static void drop(struct vsm_exchange *x) {
  DL_DELETE(x->web->exchanges, x);
  if (x->drop_state)
    x->drop_state(x->state);
  vsm_inquiry_destroy(x->inquiry);
  vsm_arena_fini(&x->arena);
  free(x);
}

static void answer(struct vsm_exchange *x, int status, struct evbuffer *body) {
  char length[24];
  bool head = strcmp(x->method, "HEAD") == 0;
  snprintf(length, sizeof length, "%zu", evbuffer_get_length(body));
  if (status != 304)
    vsm_http_set_header(x, "Content-Length", length);
  if (head)
    evbuffer_drain(body, evbuffer_get_length(body));
  vsm_conns_answering(x->web->conns, x->req);
  evhttp_request_set_on_complete_cb(x->req, on_sent, x->web);
  evhttp_send_reply(x->req, status, vsm_http_reason(status), body);
  evbuffer_free(body);
  drop(x);
}

void vsm_http_begin_stream(struct vsm_exchange *x, const char *type) {
  vsm_http_set_header(x, "Cache-Control", "no-store");
  add_headers(x);
  vsm_http_set_header(x, "Content-Type", type);
  vsm_conns_streaming(x->web->conns, x->req);
  evhttp_send_reply_start(x->req, 200, vsm_http_reason(200));
}

// The server took a request off its connection where the client had gone, and else frees it itself.
static void drop_with_request(struct vsm_exchange *x) {
  if (!evhttp_request_get_connection(x->req))
    evhttp_request_free(x->req);
  drop(x);
}

void vsm_http_end_stream(struct vsm_exchange *x) {
  drop_with_request(x);
}

void vsm_http_drop_all(struct vsm_web *web) {
  while (web->exchanges)
    drop_with_request(web->exchanges);
}

// One of a list, weak or strong; "*" is any.
static bool is_known(const struct vsm_exchange *x, const char *etag) {
  const char *known = vsm_http_header(x, "If-None-Match");
  return vsm_http_reads(x) && *known && (strcmp(known, "*") == 0 || strstr(known, etag));
}

static bool wants_gzip(const struct vsm_exchange *x) {
  const char *p = strstr(vsm_http_header(x, "Accept-Encoding"), "gzip");
  if (!p)
    return false;
  p += strlen("gzip");
  p += strspn(p, " ");
  if (strncmp(p, ";q=0", 4) != 0)
    return true;
  return p[4] == '.' && strspn(p + 5, "0") < strspn(p + 5, "0123456789");
}

void vsm_http_reply(struct vsm_exchange *x, int status, const char *type, const void *p, size_t n) {
  struct evbuffer *body = vsm_mem_need(evbuffer_new(), 0);
  bool zip = n > VSM_GZIP_LEAST_BYTES && wants_gzip(x);
  char etag[ETAG_BYTES];
  add_headers(x);
  vsm_http_set_header(x, "Content-Type", type);
  if (status == 200) {
    snprintf(etag, sizeof etag, "\"%016llx%s\"", (unsigned long long)XXH3_64bits(p, n), zip ? "z" : "");
    vsm_http_set_header(x, "ETag", etag);
    if (is_known(x, etag)) {
      answer(x, 304, body);
      return;
    }
  }
  if (zip && vsm_gzip(p, n, body))
    vsm_http_set_header(x, "Content-Encoding", "gzip");
  else
    evbuffer_add(body, p, n);
  answer(x, status, body);
}

void vsm_http_json(struct vsm_exchange *x, char *text) {
  if (text)
    vsm_http_reply(x, 200, "application/json", text, strlen(text));
  else
    vsm_http_problem(x, 500, "the answer is larger than the memory there is");
  free(text);
}

// Nobody is without gzip but by hand.
void vsm_http_asset(struct vsm_exchange *x, const struct vsm_asset *a) {
  struct evbuffer *body = vsm_mem_need(evbuffer_new(), 0);
  add_headers(x);
  vsm_http_set_header(x, "Content-Type", a->type);
  vsm_http_set_header(x, "ETag", a->etag);
  if (is_known(x, a->etag)) {
    answer(x, 304, body);
    return;
  }
  if (wants_gzip(x)) {
    vsm_http_set_header(x, "Content-Encoding", "gzip");
    evbuffer_add_reference(body, a->gz, a->gz_bytes, NULL, NULL);
  } else if (!vsm_gunzip(a->gz, a->gz_bytes, body)) {
    evbuffer_free(body);
    vsm_http_problem(x, 500, "a file of the dashboard cannot be unpacked");
    return;
  }
  answer(x, 200, body);
}

void vsm_http_problem_with(struct vsm_exchange *x, int status, const char *members, const char *detail) {
  char *text = NULL;
  size_t n = 0;
  FILE *out = vsm_mem_need(open_memstream(&text, &n), 0);
  fprintf(out, "{\"type\": \"about:blank\", \"title\": \"%s\", \"status\": %d, \"detail\": ", vsm_http_reason(status),
          status);
  vsm_text_json(out, detail, strlen(detail));
  fprintf(out, "%s}\n", members);
  fclose(out);
  vsm_http_set_header(x, "Cache-Control", "no-store");
  vsm_http_reply(x, status, "application/problem+json", text, n);
  free(text);
}

void vsm_http_problem(struct vsm_exchange *x, int status, const char *fmt, ...) {
  char detail[1024];
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(detail, sizeof detail, fmt, ap);
  va_end(ap);
  if (!vsm_utf8_check(vsm_str_of(detail))) // a header that is repeated there, or a text that was cut
    for (char *p = detail; *p; p++)
      *p = (unsigned char)*p < 0x80 ? *p : '?';
  vsm_http_problem_with(x, status, "", detail);
}
