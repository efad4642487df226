// The gateway: an HTTP server, and the daemon behind it. One loop, nothing waits.
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "agents/web/access.h"

struct vsm_keys;

struct vsm_web_options {
  const char *listen; // 127.0.0.1:8080, [::1]:8080; port 0: a free one
  const char *query, *publish, *submit;
  const char *token_file; // NULL: none; needed beyond loopback
  const char *hosts[VSM_ACCESS_HOSTS_MAX];
  size_t n_hosts;              // names beside loopback's
  const struct vsm_keys *keys; // for all three; NULL: unencrypted
};

struct vsm_web {
  const struct vsm_web_options *options;
  struct event_base *base;
  struct evhttp *http;
  struct vsm_conns *conns;
  struct vsm_daemon_line *daemon;
  struct vsm_relay *relay;
  struct vsm_posts *posts;
  struct vsm_access access;
  struct vsm_exchange *exchanges;  // under way
  struct event *timer, *events[8]; // events: signals and descriptors
  unsigned n_events;
  int64_t alive_us; // the next sign of life to the service manager
  bool stopping;
};

// The loop turns when a descriptor is readable: for as long as the gateway runs, or until the event is freed.
bool vsm_web_watch(struct vsm_web *web, int fd);
struct event *vsm_web_wake_on(struct vsm_web *web, int fd); // NULL: no memory

// What running is made of. False: it could not begin, which is logged; it is to be ended all the same.
bool vsm_web_begin(struct vsm_web *web); // its options are set
void vsm_web_turn(struct vsm_web *web);  // waits for something to do, and does it
void vsm_web_end(struct vsm_web *web);
int vsm_web_run(const struct vsm_web_options *o); // until SIGTERM; the exit status
