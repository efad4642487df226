// The emitter numbers the events; each post has a run of these numbers, and no batch has events of two posts. Batches
// are of 16 events, so that an ack names each that was refused. What was not acked in time stays with the emitter,
// which sends it until it is: the post stays in the list without its exchange, so that what waits is bounded.
#include "agents/web/posts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agents/lib/clock.h"
#include "agents/web/api.h"
#include "agents/web/cloudevents.h"
#include "agents/web/daemon.h"
#include "agents/web/http.h"
#include "agents/web/server.h"
#include "base/mem.h"
#include "shell/log.h"
#include "vsm/json.h"

enum {
  BATCH_EVENTS = 16, // as many errors as an ack has room for
  QUEUE_EVENTS = 2 * VSM_CLOUDEVENTS_MAX,
  QUEUE_BYTES = 64 * 1024 * 1024,
};

struct post {
  struct post *next;
  struct vsm_exchange *exchange; // NULL: it was answered that there was no ack in time
  int64_t until_ms;
  uint64_t first;  // number of its first event
  size_t n, acked; // events
  size_t *index;   // of each event: its place in the request
  size_t bytes;
  bool durable;
  uint64_t accepted;
  Vsm__V1__AckError **errors;
  size_t n_errors, cap;
};

struct vsm_posts {
  struct vsm_emitter *emitter;
  struct post *head, **tail; // in the order of their numbers
  uint64_t next;             // number of the next event
  size_t bytes;              // of all posts
};

// --- a post

static void add_error(struct post *p, size_t index, const char *reason, const char *detail) {
  Vsm__V1__AckError *e = vsm_mem_alloc(sizeof *e);
  vsm__v1__ack_error__init(e);
  e->index = (uint32_t)index;
  e->reason = vsm_mem_copy(vsm_str_of(reason));
  e->detail = vsm_mem_copy(vsm_str_of(detail));
  p->errors = vsm_mem_grow(p->errors, p->n_errors, &p->cap, sizeof *p->errors);
  p->errors[p->n_errors++] = e;
}

static void drop(struct post *p) {
  for (size_t i = 0; i < p->n_errors; i++)
    vsm__v1__ack_error__free_unpacked(p->errors[i], NULL);
  free(p->errors);
  free(p->index);
  free(p);
}

static int by_index(const void *a, const void *b) {
  uint32_t x = (*(Vsm__V1__AckError *const *)a)->index, y = (*(Vsm__V1__AckError *const *)b)->index;
  return (x > y) - (x < y);
}

// The ack of the whole request: its fields are the answer's, or members of the problem.
static void answer(struct post *p) {
  Vsm__V1__Ack ack = VSM__V1__ACK__INIT;
  char why[80];
  struct vsm_exchange *x = p->exchange;
  p->exchange = NULL;
  if (p->n_errors > 0)
    qsort(p->errors, p->n_errors, sizeof *p->errors, by_index);
  ack.accepted = (uint32_t)p->accepted;
  ack.rejected = (uint32_t)p->n_errors;
  ack.errors = p->errors;
  ack.n_errors = p->n_errors;
  ack.durable = p->durable;
  char *text = vsm_mem_need(vsm_json_message(&ack.base, NULL), 0);
  if (p->n_errors == 0) {
    vsm_http_reply(x, p->durable ? 200 : 202, "application/json", text, strlen(text));
  } else {
    char *members = NULL;
    text[strlen(text) - 1] = '\0';
    snprintf(why, sizeof why, "%zu of %zu events refused; errors says which, and why", p->n_errors,
             (size_t)p->accepted + p->n_errors);
    if (asprintf(&members, ", %s", text + 1) >= 0)
      vsm_http_problem_with(x, 422, members, why);
    free(members);
  }
  free(text);
}

static void say_late(struct post *p, const char *why) {
  struct vsm_exchange *x = p->exchange;
  p->exchange = NULL;
  vsm_http_set_header(x, "Retry-After", "1");
  vsm_http_problem(x, 503, "%s; the events may count yet: it is safe to post them again where they have a time", why);
}

// --- acks

static struct post *find(const struct vsm_posts *all, uint64_t number) {
  struct post *p = all->head;
  while (p && number >= p->first + p->n)
    p = p->next;
  return p;
}

static void remove_post(struct vsm_posts *all, struct post *p) {
  struct post **link = &all->head;
  while (*link != p)
    link = &(*link)->next;
  *link = p->next;
  if (all->tail == &p->next)
    all->tail = link;
  all->bytes -= p->bytes;
  drop(p);
}

static void on_ack(void *ctx, const struct vsm_emitter_ack *ack) {
  struct vsm_posts *all = ctx;
  struct post *p = find(all, ack->first);
  if (!p)
    return;
  for (size_t i = 0; i < ack->n_errors; i++)
    add_error(p, p->index[ack->errors[i].event - p->first], ack->errors[i].reason, ack->errors[i].detail);
  p->acked += ack->events;
  p->accepted += ack->accepted;
  p->durable = p->durable && ack->durable;
  if (p->acked < p->n)
    return;
  if (p->exchange)
    answer(p);
  remove_post(all, p);
}

// --- requests

static const char *find_header(void *ctx, const char *name) {
  const char *value = vsm_http_header(ctx, name);
  return *value ? value : NULL;
}

// What can be sent goes to the emitter; the rest is refused.
static void emit(struct vsm_posts *all, struct post *p, const struct vsm_cloudevents *c) {
  p->first = all->next;
  p->index = vsm_mem_alloc((c->n_events + 1) * sizeof *p->index);
  for (size_t i = 0; i < c->n_refusals; i++)
    add_error(p, c->refusals[i].index, c->refusals[i].reason, c->refusals[i].detail);
  for (size_t i = 0; i < c->n_events; i++) {
    int err = vsm_emitter_emit(all->emitter, &c->events[i]);
    if (err)
      add_error(p, c->index[i], "event_too_large",
                err == VSM_CLIENT_ELIMIT ? "more than 64 KiB" : vsm_client_error(err));
    else
      p->index[p->n++] = c->index[i];
  }
  all->next += p->n;
  vsm_emitter_flush(all->emitter);
}

static void take(struct vsm_posts *all, struct vsm_exchange *x, const struct vsm_cloudevents *c, size_t bytes) {
  struct post *p = vsm_mem_alloc(sizeof *p);
  *p = (struct post){.exchange = x, .until_ms = vsm_clock_ms() + VSM_POSTS_MS, .bytes = bytes, .durable = true};
  emit(all, p, c);
  if (p->n == 0) {
    p->durable = false;
    answer(p);
    drop(p);
    return;
  }
  *all->tail = p;
  all->tail = &p->next;
  all->bytes += bytes;
}

void vsm_posts_take(struct vsm_exchange *x) {
  struct vsm_posts *all = x->web->posts;
  struct vsm_cloudevents_request r = {.header = find_header, .ctx = x};
  struct vsm_cloudevents c;
  r.body = vsm_http_body(x, &r.n);
  vsm_cloudevents_read(&c, &r);
  size_t bytes = r.n + c.arena.used_bytes;
  if (c.status) {
    vsm_http_problem(x, c.status, "%s", c.why);
  } else if (vsm_daemon_line_stale_since(x->web->daemon)) {
    vsm_api_say_gone(x);
  } else if (vsm_emitter_pending(all->emitter) + c.n_events > QUEUE_EVENTS || all->bytes + bytes > QUEUE_BYTES) {
    vsm_http_set_header(x, "Retry-After", "1");
    vsm_http_problem(x, 503, "as many events as there is room for wait for the daemon's ack; none of these was taken");
  } else {
    take(all, x, &c, bytes);
  }
  vsm_cloudevents_fini(&c);
}

// --- its place in a loop

struct vsm_posts *vsm_posts_create(const char *submit, const struct vsm_keys *keys) {
  struct vsm_posts *p = vsm_mem_alloc(sizeof *p);
  const struct vsm_emitter_options options = {.submit = submit,
                                              .keys = keys,
                                              .batch_events = BATCH_EVENTS,
                                              .queue_events = QUEUE_EVENTS,
                                              .on_ack = on_ack,
                                              .ctx = p};
  int err = vsm_emitter_create(&options, &p->emitter);
  p->tail = &p->head;
  if (err == 0)
    return p;
  vsm_log("start_failed", "submit=%s why=\"%s\"", submit, vsm_client_error(err));
  free(p);
  return NULL;
}

void vsm_posts_destroy(struct vsm_posts *p) {
  if (!p)
    return;
  while (p->head) {
    if (p->head->exchange)
      say_late(p->head, "vsm-web ends before the daemon's ack");
    remove_post(p, p->head);
  }
  vsm_emitter_destroy(p->emitter);
  free(p);
}

int vsm_posts_fd(const struct vsm_posts *p) {
  return vsm_emitter_fd(p->emitter);
}

// Answered ones have no time.
int vsm_posts_timeout_ms(struct vsm_posts *all) {
  int wait_ms = vsm_emitter_timeout_ms(all->emitter);
  int64_t now_ms = vsm_clock_ms();
  for (const struct post *p = all->head; p; p = p->next)
    if (p->exchange)
      return vsm_clock_sooner(wait_ms, vsm_clock_until(now_ms, p->until_ms));
  return wait_ms;
}

void vsm_posts_process(struct vsm_posts *all) {
  vsm_emitter_process(all->emitter);
  int64_t now_ms = vsm_clock_ms();
  for (struct post *p = all->head; p; p = p->next)
    if (p->exchange && p->until_ms <= now_ms)
      say_late(p, "the daemon has not acked within 5 s");
}
