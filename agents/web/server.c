// Libevent has the HTTP side; libvsm wants to be asked before each wait. So the loop is turned by hand: everything is
// processed, the shortest time that anything allows is set as a timer, and libevent waits once.
#include "agents/web/server.h"

#include <arpa/inet.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <event2/util.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "agents/lib/clock.h"
#include "agents/web/conns.h"
#include "agents/web/daemon.h"
#include "agents/web/http.h"
#include "agents/web/posts.h"
#include "agents/web/relay.h"
#include "agents/web/routes.h"
#include "base/mem.h"
#include "shell/log.h"
#include "shell/notify.h"

enum { HEADERS_BYTES_MAX = 16 * 1024, BACKLOG = 128, NEVER_S = 365 * 86400 };

static void on_signal(evutil_socket_t number, short what, void *arg) {
  struct vsm_web *web = arg;
  (void)what;
  vsm_log_signal((int)number);
  web->stopping = web->stopping || number == SIGTERM || number == SIGINT;
}

static void on_wake(evutil_socket_t fd, short what, void *arg) {
  (void)fd, (void)what, (void)arg; // the turn does what there is to do
}

static bool keep(struct vsm_web *web, struct event *e) {
  if (e)
    web->events[web->n_events++] = e;
  return e && event_add(e, NULL) == 0;
}

struct event *vsm_web_wake_on(struct vsm_web *web, int fd) {
  struct event *e = event_new(web->base, fd, EV_READ | EV_PERSIST, on_wake, NULL);
  if (e)
    event_add(e, NULL);
  return e;
}

bool vsm_web_watch(struct vsm_web *web, int fd) {
  return keep(web, event_new(web->base, fd, EV_READ | EV_PERSIST, on_wake, NULL));
}

static bool catch_signal(struct vsm_web *web, int number) {
  return keep(web, evsignal_new(web->base, number, on_signal, web));
}

static bool is_loopback(const struct sockaddr *sa) {
  if (sa->sa_family == AF_INET)
    return (ntohl(((const struct sockaddr_in *)sa)->sin_addr.s_addr) >> 24) == 127;
  return sa->sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)sa)->sin6_addr);
}

// "127.0.0.1:8080", "[::1]:0". Returns the address' length; 0: it is none.
static socklen_t parse_address(const char *text, struct sockaddr_storage *out) {
  char host[INET6_ADDRSTRLEN + 3], *end;
  const char *colon = strrchr(text, ':');
  size_t n = colon ? (size_t)(colon - text) : 0;
  unsigned long port = colon ? strtoul(colon + 1, &end, 10) : 0;
  struct sockaddr_in *v4 = (struct sockaddr_in *)out;
  struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
  memset(out, 0, sizeof *out);
  if (n == 0 || n >= sizeof host || colon[1] < '0' || colon[1] > '9' || *end || port > UINT16_MAX)
    return 0;
  memcpy(host, text, n);
  host[n] = '\0';
  v4->sin_family = AF_INET;
  v4->sin_port = htons((uint16_t)port);
  if (inet_pton(AF_INET, host, &v4->sin_addr) == 1)
    return sizeof *v4;
  v6->sin6_family = AF_INET6;
  host[n - 1] = '\0';
  return *host == '[' && text[n - 1] == ']' && inet_pton(AF_INET6, host + 1, &v6->sin6_addr) == 1 ? sizeof *v6 : 0;
}

static bool listen_there(struct vsm_web *web) {
  struct sockaddr_storage where;
  const char *text = web->options->listen;
  socklen_t n = parse_address(text, &where);
  if (n == 0) {
    vsm_log("listen_failed", "listen=%s why=\"not an address and a port\" allowed=\"127.0.0.1:8080, [::1]:8080\"",
            text);
    return false;
  }
  if (!is_loopback((struct sockaddr *)&where) && !web->access.token.z) {
    vsm_log("listen_failed",
            "listen=%s why=\"anybody could read and silence\" allowed=\"loopback: 127.0.0.1, [::1]; others with "
            "--token-file\"",
            text);
    return false;
  }
  struct evconnlistener *l =
      evconnlistener_new_bind(web->base, NULL, NULL, LEV_OPT_REUSEABLE | LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC,
                              BACKLOG, (struct sockaddr *)&where, (int)n);
  if (!l || !evhttp_bind_listener(web->http, l)) {
    vsm_log("listen_failed", "listen=%s why=\"%s\"", text, evutil_socket_error_to_string(EVUTIL_SOCKET_ERROR()));
    return false;
  }
  vsm_conns_guard(web->conns, l);
  return true;
}

// The real port, where 0 was asked for.
static void say_ready(const struct vsm_web *web, struct evhttp_bound_socket *bound) {
  struct sockaddr_storage at;
  socklen_t n = sizeof at;
  const char *colon = strrchr(web->options->listen, ':');
  unsigned port = (unsigned)atoi(colon + 1);
  if (getsockname(evhttp_bound_socket_get_fd(bound), (struct sockaddr *)&at, &n) == 0)
    port = ntohs(at.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&at)->sin6_port
                                          : ((struct sockaddr_in *)&at)->sin_port);
  vsm_log("ready", "version=%s address=http://%.*s:%u/ query=%s publish=%s submit=%s", VSM_VERSION,
          (int)(colon - web->options->listen), web->options->listen, port, web->options->query, web->options->publish,
          web->options->submit);
}

static void take_bound(struct evhttp_bound_socket *bound, void *web) {
  say_ready(web, bound);
}

static bool read_access(struct vsm_web *web) {
  char why[512];
  struct vsm_access *a = &web->access;
  memcpy(a->hosts, web->options->hosts, sizeof a->hosts);
  a->n_hosts = web->options->n_hosts;
  if (!web->options->token_file || !vsm_access_read_token(a, web->options->token_file, why, sizeof why))
    return true;
  vsm_log("start_failed", "why=\"%s\"", why);
  return false;
}

bool vsm_web_begin(struct vsm_web *web) {
  web->base = event_base_new();
  web->http = web->base ? evhttp_new(web->base) : NULL;
  web->timer = web->base ? evtimer_new(web->base, on_wake, NULL) : NULL;
  if (!web->http || !web->timer || !catch_signal(web, SIGTERM) || !catch_signal(web, SIGINT) ||
      !catch_signal(web, SIGUSR1) || !catch_signal(web, SIGUSR2)) {
    vsm_log("start_failed", "why=\"no descriptors or memory\"");
    return false;
  }
  if (!read_access(web))
    return false;
  web->conns = vsm_conns_create();
  evhttp_set_bevcb(web->http, vsm_conns_open, web->conns);
  evhttp_set_max_headers_size(web->http, HEADERS_BYTES_MAX);
  evhttp_set_max_body_size(web->http, VSM_CONNS_BODY_BYTES_MAX);
  evhttp_set_timeout(web->http, NEVER_S);                 // conns.c has the times
  evhttp_set_allowed_methods(web->http, (ev_uint16_t)~0); // routes.c refuses, in words
  evhttp_set_gencb(web->http, vsm_routes_dispatch, web);
  if (!(web->daemon = vsm_daemon_line_create(web->options->query, web->options->keys)) ||
      !vsm_web_watch(web, vsm_daemon_line_fd(web->daemon)) ||
      !(web->relay = vsm_relay_create(web, web->options->publish)) ||
      !(web->posts = vsm_posts_create(web->options->submit, web->options->keys)) ||
      !vsm_web_watch(web, vsm_posts_fd(web->posts)) || !listen_there(web))
    return false;
  evhttp_foreach_bound_socket(web->http, take_bound, web);
  vsm_notify("READY=1");
  return true;
}

// The bufferevents held by the connections are the last to go.
void vsm_web_end(struct vsm_web *web) {
  vsm_relay_close(web->relay);
  vsm_posts_destroy(web->posts);
  vsm_http_drop_all(web);
  if (web->http)
    evhttp_free(web->http);
  vsm_conns_destroy(web->conns);
  vsm_relay_destroy(web->relay);
  vsm_daemon_line_destroy(web->daemon);
  vsm_access_fini(&web->access);
  for (unsigned i = 0; i < web->n_events; i++)
    event_free(web->events[i]);
  if (web->timer)
    event_free(web->timer);
  if (web->base)
    event_base_free(web->base);
}

void vsm_web_turn(struct vsm_web *web) {
  vsm_daemon_line_process(web->daemon);
  vsm_relay_turn(web->relay);
  vsm_posts_process(web->posts);
  vsm_conns_turn(web->conns);
  int wait_ms = vsm_clock_sooner(vsm_daemon_line_timeout_ms(web->daemon), vsm_conns_timeout_ms(web->conns));
  wait_ms = vsm_clock_sooner(wait_ms, vsm_relay_timeout_ms(web->relay));
  wait_ms = vsm_clock_sooner(wait_ms, vsm_posts_timeout_ms(web->posts));
  vsm_notify_alive(&web->alive_us, vsm_clock_ms() * 1000);
  wait_ms = vsm_clock_sooner(wait_ms, vsm_clock_until(vsm_clock_ms(), web->alive_us / 1000));
  if (wait_ms >= 0)
    event_add(web->timer, &(struct timeval){wait_ms / 1000, wait_ms % 1000 * 1000});
  event_base_loop(web->base, EVLOOP_ONCE);
}

int vsm_web_run(const struct vsm_web_options *o) {
  struct vsm_web web = {.options = o};
  signal(SIGPIPE, SIG_IGN);
  bool good = vsm_web_begin(&web);
  while (good && !web.stopping)
    vsm_web_turn(&web);
  vsm_notify("STOPPING=1");
  vsm_web_end(&web);
  return good ? 0 : 1;
}
