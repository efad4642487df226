// Endpoints: those that the daemon listens on, and those of sources, which it connects to. Whether it may listen beyond
// this machine depends on daemon.curve and daemon.insecure, and so is asked when all is read.
#include <arpa/inet.h>
#include <string.h>

#include "conf/reader.h"
#include "conf/resolve.h"

#define LISTENERS_ALLOWED "tcp://127.0.0.1:PORT, tcp://ADDRESS:PORT, ipc://PATH or none"

static bool port(const char *text) {
  int64_t v;
  return strcmp(text, "*") == 0 || (vsm_conf_whole(text, strlen(text), 65535, &v) && v > 0);
}

enum reach { NOWHERE, THIS_MACHINE, BEYOND }; // NOWHERE: no address

// 127.0.0.0/8, [::1] and "lo" are this machine; "*", other addresses and names of interfaces lie beyond. A listener
// takes no names of hosts.
static enum reach reach_of(const char *host, size_t n) {
  char text[INET6_ADDRSTRLEN];
  struct in_addr v4;
  struct in6_addr v6;
  bool bracketed = n >= 2 && host[0] == '[' && host[n - 1] == ']';
  host += bracketed;
  n -= bracketed ? 2 : 0;
  if (n >= sizeof text)
    return NOWHERE;
  memcpy(text, host, n);
  text[n] = '\0';
  if (bracketed)
    return inet_pton(AF_INET6, text, &v6) != 1 ? NOWHERE : IN6_IS_ADDR_LOOPBACK(&v6) ? THIS_MACHINE : BEYOND;
  if (inet_pton(AF_INET, text, &v4) == 1)
    return ntohl(v4.s_addr) >> 24 == 127 ? THIS_MACHINE : BEYOND;
  if (strcmp(text, "lo") == 0)
    return THIS_MACHINE;
  size_t name = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");
  bool interface = n > 0 && name == n && text[strspn(text, "0123456789")] != '\0' && strcmp(text, "localhost") != 0;
  return interface || strcmp(text, "*") == 0 ? BEYOND : NOWHERE;
}

// The longest path of a socket in the file system is 107 bytes.
static const char *ipc_check(const char *path) {
  return *path && strlen(path) <= 107 ? NULL : "the path of an ipc endpoint; allowed: 1 to 107 bytes";
}

static const char *listener_check(const char *text) {
  if (strncmp(text, "ipc://", 6) == 0)
    return ipc_check(text + 6);
  const char *colon = strncmp(text, "tcp://", 6) == 0 ? strrchr(text, ':') : NULL;
  if (!colon || colon < text + 6 || !port(colon + 1))
    return "no endpoint; allowed: " LISTENERS_ALLOWED;
  return reach_of(text + 6, (size_t)(colon - text) - 6) != NOWHERE
             ? NULL
             : "no address of this machine; allowed: " LISTENERS_ALLOWED "; ADDRESS: IPv4, [IPv6], an interface or *";
}

bool vsm_conf_is_local(const char *endpoint) {
  const char *colon = strncmp(endpoint, "tcp://", 6) == 0 ? strrchr(endpoint, ':') : NULL;
  return !colon || reach_of(endpoint + 6, (size_t)(colon - endpoint) - 6) == THIS_MACHINE;
}

static const char *peer_check(const char *text) {
  if (strncmp(text, "ipc://", 6) == 0)
    return ipc_check(text + 6);
  const char *colon = strncmp(text, "tcp://", 6) == 0 ? strrchr(text, ':') : NULL;
  bool good = colon && colon > text + 6 && port(colon + 1) && colon[1] != '*' && text[6] != '*';
  return good ? NULL : "no endpoint to connect to; allowed: tcp://HOST:PORT or ipc://PATH";
}

static bool is_none(const struct vsm_yaml *n) {
  return n->kind == VSM_YAML_SCALAR && strcmp(n->text, "none") == 0;
}

// Two sockets cannot listen on one endpoint, a default one included; a wildcard is another port each time.
static void check_listener(struct vsm_conf_reader *r, const struct vsm_yaml *n) {
  bool wild = n->text[strlen(n->text) - 1] == '*';
  for (unsigned i = 0; i < r->n_listeners && !wild; i++) {
    const struct vsm_yaml *m = r->listeners[i], *at = n->line ? n : m;
    if (strcmp(m->text, n->text) == 0)
      vsm_conf_complain(r, at->line, at->column, "\"%s\": two sockets cannot listen there; allowed: one each", n->text);
  }
  if (r->n_listeners < sizeof r->listeners / sizeof *r->listeners) {
    struct vsm_yaml *kept = vsm_conf_alloc(r, 1, sizeof *kept);
    *kept = *n;
    r->listeners[r->n_listeners++] = kept;
  } else
    vsm_conf_complain(r, n->line, n->column, "\"%s\": too many endpoints to listen on; allowed: 32", n->text);
}

bool vsm_config_is_insecure(const struct vsm_config *c) {
  const struct vsm_conf_daemon *d = &c->daemon;
  const char *const single[] = {d->submit, d->publish, d->query};
  bool beyond = false;
  for (size_t i = 0; i < sizeof single / sizeof *single; i++)
    beyond |= single[i] && !vsm_conf_is_local(single[i]);
  for (unsigned i = 0; i < d->subscribe.n; i++)
    beyond |= !vsm_conf_is_local(d->subscribe.at[i]);
  return beyond && !d->curve.key;
}

void vsm_conf_check_reach(struct vsm_conf_reader *r, const struct vsm_conf_daemon *d) {
  for (unsigned i = 0; i < r->n_listeners && !d->curve.key && d->insecure != 1; i++) {
    const struct vsm_yaml *n = r->listeners[i];
    if (!vsm_conf_is_local(n->text))
      vsm_conf_complain(r, n->line, n->column,
                        "\"%s\": listens beyond this machine, where anybody could speak and hear; allowed: tcp on "
                        "127.0.0.1 or [::1], ipc, any with daemon.curve, or daemon.insecure: true",
                        n->text);
  }
}

void vsm_conf_check_server_keys(struct vsm_conf_reader *r, const struct vsm_config *c) {
  for (unsigned i = 0; i < c->sources.n && !c->daemon.curve.key; i++)
    if (c->sources.at[i].server_key && c->sources.at[i].id.z) // else that it has no id was said
      vsm_conf_blame(r, &c->sources.at[i].id,
                     "\"server_key\" of source %s has no key of ours beside it; allowed: with daemon.curve",
                     c->sources.at[i].id.z);
}

static void endpoint_read(struct vsm_conf_reader *r, const struct vsm_yaml *n, const char *(*check)(const char *),
                          const char **at) {
  const char *text = vsm_conf_scalar(r, n, "an endpoint");
  const char *wrong = text ? check(text) : NULL;
  if (wrong)
    vsm_conf_complain(r, n->line, n->column, "\"%s\": %s", text, wrong);
  else if (text)
    *at = text;
  if (*at && check == listener_check)
    check_listener(r, n);
}

static void listener_read(struct vsm_conf_reader *r, const struct vsm_conf_field *f, const struct vsm_yaml *n,
                          void *at) {
  (void)f;
  if (!is_none(n))
    endpoint_read(r, n, listener_check, at);
}

// A listener with a default is always said: none is a value too.
static bool listener_given(const struct vsm_conf_field *f, const void *at) {
  return f->fallback || *(const char *const *)at;
}

static void listener_print(struct vsm_conf_printer *p, const struct vsm_conf_field *f, const void *at) {
  (void)f;
  const char *text = *(const char *const *)at;
  vsm_conf_print_value(p, text ? text : "none");
}

const struct vsm_conf_type VSM_T_LISTENER = {NULL, listener_read, listener_given, listener_print};

static void listeners_read(struct vsm_conf_reader *r, const struct vsm_conf_field *f, const struct vsm_yaml *n,
                           void *at) {
  (void)f;
  struct vsm_conf_endpoints *list = at;
  if (is_none(n))
    return;
  bool one = n->kind == VSM_YAML_SCALAR;
  list->at = vsm_conf_alloc(r, one ? 1 : n->n + 1, sizeof *list->at);
  for (const struct vsm_yaml *m = one ? n : n->first; m; m = one ? NULL : m->next) {
    endpoint_read(r, m, listener_check, &list->at[list->n]);
    list->n += list->at[list->n] != NULL;
  }
}

static bool listeners_given(const struct vsm_conf_field *f, const void *at) {
  return f->fallback || ((const struct vsm_conf_endpoints *)at)->n;
}

static void listeners_print(struct vsm_conf_printer *p, const struct vsm_conf_field *f, const void *at) {
  (void)f;
  const struct vsm_conf_endpoints *list = at;
  for (unsigned i = 0; i < list->n; i++) {
    fputs(i ? ", " : " [", p->out);
    vsm_conf_print_text(p, list->at[i]);
  }
  fputs(list->n ? "]\n" : " none\n", p->out);
}

const struct vsm_conf_type VSM_T_LISTENERS = {NULL, listeners_read, listeners_given, listeners_print};

static void peer_read(struct vsm_conf_reader *r, const struct vsm_conf_field *f, const struct vsm_yaml *n, void *at) {
  (void)f;
  endpoint_read(r, n, peer_check, at);
}

static bool peer_given(const struct vsm_conf_field *f, const void *at) {
  (void)f;
  return *(const char *const *)at != NULL;
}

const struct vsm_conf_type VSM_T_PEER = {NULL, peer_read, peer_given, listener_print};
