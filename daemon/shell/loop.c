// libevent behind a few calls, so that nothing else depends on it. Watches, timers and signals are each one event with
// a callback of one argument.
//
// A watch that is kicked while it runs is active again at once, and libevent goes on with what is active before it
// looks at timers and signals: under load it would never come to them. So it is told to look after every few
// callbacks, and timers and signals, which are rare and short, go before descriptors.
#include "shell/loop.h"

#include <event2/event.h>
#include <stdlib.h>

#include "base/err.h"

enum { FIRST, LATER, PRIORITIES };
enum { CALLBACKS_BETWEEN_LOOKS = 4 };

struct vsm_loop {
  struct event_base *base;
  vsm_loop_fn *after_each;
  void *after_ctx;
};

struct handler {
  struct vsm_loop *loop;
  struct event *event;
  vsm_loop_fn *fn;
  void *ctx;
};

struct vsm_watch {
  struct handler h;
};
struct vsm_timer {
  struct handler h;
};
struct vsm_catch {
  struct handler h;
};

static void call(evutil_socket_t fd, short what, void *arg) {
  (void)fd, (void)what;
  struct handler *h = arg;
  struct vsm_loop *loop = h->loop; // the call may destroy its handler
  h->fn(h->ctx);
  if (loop->after_each)
    loop->after_each(loop->after_ctx);
}

static struct event_base *create_base(void) {
  struct event_config *c = event_config_new();
  if (!c)
    return NULL;
  event_config_set_max_dispatch_interval(c, NULL, CALLBACKS_BETWEEN_LOOKS, FIRST);
  struct event_base *base = event_base_new_with_config(c);
  event_config_free(c);
  if (base && event_base_priority_init(base, PRIORITIES) != 0) {
    event_base_free(base);
    return NULL;
  }
  return base;
}

struct vsm_loop *vsm_loop_create(void) {
  struct vsm_loop *loop = calloc(1, sizeof *loop);
  if (loop && !(loop->base = create_base())) {
    free(loop);
    return NULL;
  }
  return loop;
}

void vsm_loop_destroy(struct vsm_loop *loop) {
  if (!loop)
    return;
  event_base_free(loop->base);
  free(loop);
}

int vsm_loop_run(struct vsm_loop *loop) {
  return event_base_dispatch(loop->base) < 0 ? VSM_EIO : 0;
}

void vsm_loop_stop(struct vsm_loop *loop) {
  event_base_loopbreak(loop->base);
}

void vsm_loop_after_each(struct vsm_loop *loop, vsm_loop_fn *fn, void *ctx) {
  loop->after_each = fn;
  loop->after_ctx = ctx;
}

static void *create(struct vsm_loop *loop, int fd, short what, vsm_loop_fn *fn, void *ctx) {
  struct handler *h = calloc(1, sizeof *h);
  if (!h)
    return NULL;
  *h = (struct handler){.loop = loop, .event = event_new(loop->base, fd, what, call, h), .fn = fn, .ctx = ctx};
  if (h->event)
    event_priority_set(h->event, what & EV_READ ? LATER : FIRST);
  if (!h->event || ((what & (EV_READ | EV_SIGNAL)) && event_add(h->event, NULL) != 0)) {
    if (h->event)
      event_free(h->event);
    free(h);
    return NULL;
  }
  return h;
}

static void destroy(void *p) {
  struct handler *h = p;
  if (!h)
    return;
  event_free(h->event);
  free(h);
}

struct vsm_watch *vsm_watch_create(struct vsm_loop *loop, int fd, vsm_loop_fn *fn, void *ctx) {
  return create(loop, fd, EV_READ | EV_PERSIST, fn, ctx);
}
void vsm_watch_destroy(struct vsm_watch *w) {
  destroy(w);
}
void vsm_watch_kick(struct vsm_watch *w) {
  event_active(w->h.event, EV_READ, 0);
}

struct vsm_timer *vsm_timer_create(struct vsm_loop *loop, vsm_loop_fn *fn, void *ctx) {
  return create(loop, -1, 0, fn, ctx);
}
void vsm_timer_destroy(struct vsm_timer *t) {
  destroy(t);
}
// From now on: libevent would count from when it began its round of callbacks.
void vsm_timer_set(struct vsm_timer *t, int64_t in_us) {
  if (in_us < 0)
    in_us = 0;
  event_base_update_cache_time(event_get_base(t->h.event));
  event_add(t->h.event, &(struct timeval){.tv_sec = in_us / 1000000, .tv_usec = in_us % 1000000});
}
void vsm_timer_clear(struct vsm_timer *t) {
  event_del(t->h.event);
}

struct vsm_catch *vsm_catch_create(struct vsm_loop *loop, int signal, vsm_loop_fn *fn, void *ctx) {
  return create(loop, signal, EV_SIGNAL | EV_PERSIST, fn, ctx);
}
void vsm_catch_destroy(struct vsm_catch *c) {
  destroy(c);
}
