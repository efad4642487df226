// Topics are numbered in a table of their own, so that numbers outlive a reload. What subscribers asked for is followed
// as prefixes: ZeroMQ tells of the first that asks for one and of the last that does not any more.
#include "shell/publish.h"

#include <stdio.h>
#include <stdlib.h>
#include <uthash.h>

#include "base/err.h"
#include "base/mem.h"
#include "shell/log.h"
#include "shell/open.h"
#include "wire/publication.h"

enum { SUBSCRIPTION_BYTES_MAX = 1024, QUEUE_MAX = 10000, PREFIXES_MAX = 10000, TOPIC_MAX = 192 };
#define ALL_EVERY_US (5 * VSM_SECOND_US)
#define TRANSITIONS "v1/transition/"

struct topic {
  UT_hash_handle hh;
  uint64_t sequence;
  char name[];
};

struct prefix {
  char *bytes;
  size_t n;
};

struct vsm_publish {
  struct vsm_publish_options o;
  struct vsm_core *core;         // borrowed
  const struct vsm_model *model; // borrowed
  struct vsm_zsock *sock;        // NULL: none
  struct vsm_timer *changed, *all;
  struct topic *topics;
  struct prefix *prefixes; // that may concern transitions
  size_t n_prefixes, cap_prefixes;
  struct vsm_arena arena;
};

static void publish_changed(void *ctx);
static void publish_all(void *ctx);

struct vsm_publish *vsm_publish_create(const struct vsm_publish_options *o) {
  struct vsm_publish *p = calloc(1, sizeof *p);
  if (!p)
    return NULL;
  p->o = *o;
  vsm_arena_init(&p->arena, 0);
  p->changed = vsm_timer_create(o->loop, publish_changed, p);
  p->all = vsm_timer_create(o->loop, publish_all, p);
  if (!p->changed || !p->all) {
    vsm_publish_destroy(p);
    return NULL;
  }
  return p;
}

void vsm_publish_destroy(struct vsm_publish *p) {
  if (!p)
    return;
  vsm_zsock_destroy(p->sock);
  vsm_timer_destroy(p->changed);
  vsm_timer_destroy(p->all);
  struct topic *t, *next;
  HASH_ITER(hh, p->topics, t, next) {
    HASH_DEL(p->topics, t);
    free(t);
  }
  for (size_t i = 0; i < p->n_prefixes; i++)
    free(p->prefixes[i].bytes);
  free(p->prefixes);
  vsm_arena_fini(&p->arena);
  free(p);
}

static bool starts_with(const char *text, size_t n, const char *prefix, size_t n_prefix) {
  return n >= n_prefix && memcmp(text, prefix, n_prefix) == 0;
}

static void forget_prefix(struct vsm_publish *p, const char *bytes, size_t n) {
  for (size_t i = 0; i < p->n_prefixes; i++)
    if (p->prefixes[i].n == n && memcmp(p->prefixes[i].bytes, bytes, n) == 0) {
      free(p->prefixes[i].bytes);
      p->prefixes[i] = p->prefixes[--p->n_prefixes];
      return;
    }
}

// A frame of XPUB: 1 or 0, and the prefix.
static void on_subscription(void *ctx, struct vsm_zsock *sock, const struct vsm_str *frames, size_t n) {
  struct vsm_publish *p = ctx;
  (void)sock;
  if (n != 1 || frames[0].n < 1)
    return;
  const char *prefix = frames[0].p + 1;
  size_t len = frames[0].n - 1, n_transitions = strlen(TRANSITIONS);
  if (!starts_with(prefix, len, TRANSITIONS, n_transitions) && !starts_with(TRANSITIONS, n_transitions, prefix, len))
    return;
  if (frames[0].p[0] == 0) {
    forget_prefix(p, prefix, len);
  } else if (p->n_prefixes < PREFIXES_MAX) {
    p->prefixes = vsm_mem_grow(p->prefixes, p->n_prefixes, &p->cap_prefixes, sizeof *p->prefixes);
    struct prefix *to = &p->prefixes[p->n_prefixes++];
    *to = (struct prefix){vsm_mem_alloc(len), len};
    memcpy(to->bytes, prefix, len);
  }
}

static bool is_wanted(const struct vsm_publish *p, const char *topic, size_t n) {
  for (size_t i = 0; i < p->n_prefixes; i++)
    if (starts_with(topic, n, p->prefixes[i].bytes, p->prefixes[i].n))
      return true;
  return false;
}

int vsm_publish_open(struct vsm_publish *p, const char *endpoint) {
  p->sock =
      vsm_zsock_create(p->o.zcontext, p->o.loop,
                       &(struct vsm_zsock_options){VSM_Z_XPUB, SUBSCRIPTION_BYTES_MAX, QUEUE_MAX, on_subscription, p});
  int err = vsm_open_listener(p->sock, "publish", endpoint);
  if (err)
    return err;
  vsm_timer_set(p->changed, p->o.interval_us);
  vsm_timer_set(p->all, ALL_EVERY_US);
  return 0;
}

void vsm_publish_set_core(struct vsm_publish *p, struct vsm_core *core, const struct vsm_model *model) {
  p->core = core;
  p->model = model;
}

void vsm_publish_set_interval(struct vsm_publish *p, int64_t interval_us) {
  p->o.interval_us = interval_us;
}

static size_t name_topic(char *out, const char *kind, const char *stream, const char *stage) {
  int n = snprintf(out, TOPIC_MAX, "v1/%s/%s/%s%s", kind, stream, stage ? stage : "", stage ? "/" : "");
  return n > 0 ? (size_t)n : 0;
}

static struct topic *find_topic(const struct vsm_publish *p, const char *name, size_t n) {
  struct topic *t;
  HASH_FIND(hh, p->topics, name, n, t);
  return t;
}

static struct topic *topic_of(struct vsm_publish *p, const char *name, size_t n) {
  struct topic *t = find_topic(p, name, n);
  if (t)
    return t;
  t = vsm_mem_alloc(sizeof *t + n + 1);
  memcpy(t->name, name, n);
  HASH_ADD_KEYPTR(hh, p->topics, t->name, n, t);
  return t;
}

uint64_t vsm_publish_sequence(void *ctx, const char *stream, const char *stage) {
  char name[TOPIC_MAX];
  const struct topic *t = find_topic(ctx, name, name_topic(name, "metric", stream, stage));
  return t ? t->sequence : 0;
}

static struct vsm_publication next(struct vsm_publish *p, const char *topic, size_t n) {
  return (struct vsm_publication){p->o.epoch, ++topic_of(p, topic, n)->sequence, vsm_core_now(p->core)};
}

static void pack(const void *message, void *out) {
  vsm_message_pack(message, out);
}

static void send(struct vsm_publish *p, const char *topic, size_t n, const struct vsm_message *m) {
  vsm_zsock_send(p->sock, (struct vsm_zpart[]){{.p = topic, .n = n}, {.p = m, .n = m->bytes, .pack = pack}}, 2);
}

static void publish_node(struct vsm_publish *p, unsigned stream, int stage) {
  const struct vsm_stream *s = &p->model->streams[stream];
  char topic[TOPIC_MAX];
  size_t n = name_topic(topic, "metric", s->id, stage < 0 ? NULL : s->stages[stage].id);
  struct vsm_publication head = next(p, topic, n);
  struct vsm_stream_view stream_view;
  struct vsm_stage_view stage_view;
  struct vsm_message m;
  vsm_arena_reset(&p->arena);
  int err = stage < 0 ? vsm_core_view_node(p->core, stream, &p->arena, &stream_view)
                      : vsm_core_view_stage(p->core, stream, (unsigned)stage, &p->arena, &stage_view);
  if (!err)
    err = stage < 0 ? vsm_publish_stream(&head, &stream_view, &p->arena, &m)
                    : vsm_publish_stage(&head, s->id, &stage_view, &p->arena, &m);
  if (err)
    vsm_log("publish_failed", "topic=%s why=\"%s\"", topic, vsm_err_text(err));
  else
    send(p, topic, n, &m);
}

static void publish_nodes(struct vsm_publish *p, bool all) {
  for (unsigned i = 0; i < p->model->n_streams; i++)
    for (int k = -1; k < (int)p->model->streams[i].n_stages; k++)
      if (vsm_core_take_changed(p->core, i, k) || all)
        publish_node(p, i, k);
}

static void publish_changed(void *ctx) {
  struct vsm_publish *p = ctx;
  struct vsm_status_view unused;
  p->o.status(p->o.ctx, &unused);
  publish_nodes(p, false);
  vsm_timer_set(p->changed, p->o.interval_us);
}

static void publish_all(void *ctx) {
  struct vsm_publish *p = ctx;
  static const char topic[] = "v1/status/";
  struct vsm_status_view status;
  struct vsm_message m;
  p->o.status(p->o.ctx, &status);
  publish_nodes(p, true);
  struct vsm_publication head = next(p, topic, sizeof topic - 1);
  vsm_arena_reset(&p->arena);
  if (vsm_publish_status(&head, &status, &p->arena, &m) == 0)
    send(p, topic, sizeof topic - 1, &m);
  vsm_timer_set(p->all, ALL_EVERY_US);
}

void vsm_publish_change(struct vsm_publish *p, const struct vsm_change *c, const struct vsm_event *e) {
  if (!p->sock || p->n_prefixes == 0)
    return;
  const struct vsm_stream *s = &p->model->streams[c->stream];
  char topic[TOPIC_MAX];
  size_t n = name_topic(topic, "transition", s->id, c->stage < 0 ? NULL : s->stages[c->stage].id);
  struct vsm_message m;
  if (!is_wanted(p, topic, n))
    return;
  struct vsm_publication head = next(p, topic, n);
  vsm_arena_reset(&p->arena);
  if (vsm_publish_transition(&head, p->model, c, e->source, e->type, &p->arena, &m) == 0)
    send(p, topic, n, &m);
}
