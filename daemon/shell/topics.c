// A topic lives as long as the daemon, so that a number is never given twice, not even where a reload takes a stream
// out and another brings it back. For each node of the model in force its two topics are found by index.
//
// Subscriptions are prefixes. ZeroMQ tells of the first who asks for one and of the last who leaves, so a list of them
// is the set in force, and each topic counts those that it begins with. The list is bounded: while prefixes beyond the
// bound are in force, every topic counts as wanted, which costs a little work and is never wrong.
#include "shell/topics.h"

#include <stdio.h>
#include <stdlib.h>
#include <uthash.h>

#include "base/mem.h"

enum { NAME_MAX_BYTES = 192 };

struct entry {
  UT_hash_handle hh;
  struct vsm_topic topic;
  char name[];
};

struct node {
  struct vsm_topic *metric, *transition;
};

struct vsm_topics {
  struct entry *entries;
  struct vsm_topic *status;
  struct node *nodes; // of each stream its own, then its stages'
  size_t n_nodes;
  size_t *first_node; // by stream
  struct vsm_str *prefixes;
  size_t n_prefixes, cap_prefixes;
  size_t most;
  size_t beyond; // prefixes in force that are not in the list
};

static size_t name_topic(char *out, const char *kind, const char *stream, const char *stage) {
  int n = snprintf(out, NAME_MAX_BYTES, "v1/%s/%s/%s%s", kind, stream, stage ? stage : "", stage ? "/" : "");
  return n > 0 ? (size_t)n : 0;
}

static struct entry *find(const struct vsm_topics *t, const char *name, size_t n) {
  struct entry *e;
  HASH_FIND(hh, t->entries, name, n, e);
  return e;
}

static struct vsm_topic *find_or_add(struct vsm_topics *t, const char *name, size_t n) {
  struct entry *e = find(t, name, n);
  if (e)
    return &e->topic;
  e = vsm_mem_alloc(sizeof *e + n + 1);
  memcpy(e->name, name, n);
  e->topic.name = (struct vsm_str){e->name, n};
  for (size_t i = 0; i < t->n_prefixes; i++)
    e->topic.subscribed += vsm_str_begins(e->topic.name, t->prefixes[i]);
  HASH_ADD_KEYPTR(hh, t->entries, e->name, n, e);
  return &e->topic;
}

static struct vsm_topic *node_topic(struct vsm_topics *t, const char *kind, const char *stream, const char *stage) {
  char name[NAME_MAX_BYTES];
  return find_or_add(t, name, name_topic(name, kind, stream, stage));
}

struct vsm_topics *vsm_topics_create(void) {
  struct vsm_topics *t = vsm_mem_alloc(sizeof *t);
  struct vsm_str status = VSM_STR("v1/status/");
  t->status = find_or_add(t, status.p, status.n);
  t->most = SIZE_MAX;
  return t;
}

void vsm_topics_destroy(struct vsm_topics *t) {
  if (!t)
    return;
  struct entry *e, *next;
  HASH_ITER(hh, t->entries, e, next) {
    HASH_DEL(t->entries, e);
    free(e);
  }
  for (size_t i = 0; i < t->n_prefixes; i++)
    free((char *)t->prefixes[i].p);
  free(t->prefixes);
  free(t->nodes);
  free(t->first_node);
  free(t);
}

void vsm_topics_follow(struct vsm_topics *t, const struct vsm_model *model) {
  size_t n = 0;
  for (unsigned i = 0; i < model->n_streams; i++)
    n += 1 + model->streams[i].n_stages;
  free(t->nodes);
  free(t->first_node);
  t->nodes = vsm_mem_alloc((n + 1) * sizeof *t->nodes);
  t->first_node = vsm_mem_alloc((model->n_streams + 1) * sizeof *t->first_node);
  t->n_nodes = n;
  n = 0;
  for (unsigned i = 0; i < model->n_streams; i++) {
    const struct vsm_stream *s = &model->streams[i];
    t->first_node[i] = n;
    for (int k = -1; k < (int)s->n_stages; k++) {
      const char *stage = k < 0 ? NULL : s->stages[k].id;
      t->nodes[n++] = (struct node){node_topic(t, "metric", s->id, stage), node_topic(t, "transition", s->id, stage)};
    }
  }
}

// --- subscriptions

static void count(struct vsm_topics *t, struct vsm_str prefix, uint32_t by) {
  for (struct entry *e = t->entries; e; e = e->hh.next)
    if (vsm_str_begins(e->topic.name, prefix))
      e->topic.subscribed += by;
}

static void add(struct vsm_topics *t, struct vsm_str prefix) {
  if (t->n_prefixes >= t->most) {
    t->beyond++;
    return;
  }
  char *copy = vsm_mem_alloc(prefix.n + 1);
  memcpy(copy, prefix.p, prefix.n);
  t->prefixes = vsm_mem_grow(t->prefixes, t->n_prefixes, &t->cap_prefixes, sizeof *t->prefixes);
  t->prefixes[t->n_prefixes++] = (struct vsm_str){copy, prefix.n};
  count(t, prefix, 1);
}

static void take_out(struct vsm_topics *t, struct vsm_str prefix) {
  for (size_t i = 0; i < t->n_prefixes; i++)
    if (vsm_str_eq(t->prefixes[i], prefix)) {
      free((char *)t->prefixes[i].p);
      t->prefixes[i] = t->prefixes[--t->n_prefixes];
      count(t, prefix, (uint32_t)-1);
      return;
    }
  if (t->beyond > 0)
    t->beyond--;
}

void vsm_topics_subscribe(struct vsm_topics *t, struct vsm_str frame) {
  if (frame.n == 0)
    return;
  struct vsm_str prefix = {frame.p + 1, frame.n - 1};
  if (frame.p[0] == 1)
    add(t, prefix);
  else if (frame.p[0] == 0)
    take_out(t, prefix);
}

void vsm_topics_end_subscriptions(struct vsm_topics *t) {
  while (t->n_prefixes > 0)
    free((char *)t->prefixes[--t->n_prefixes].p);
  t->beyond = 0;
  for (struct entry *e = t->entries; e; e = e->hh.next)
    e->topic.subscribed = 0;
}

void vsm_topics_bound(struct vsm_topics *t, size_t prefixes) {
  t->most = prefixes;
}

size_t vsm_topics_prefixes(const struct vsm_topics *t) {
  return t->n_prefixes;
}

size_t vsm_topics_most(const struct vsm_topics *t) {
  return t->most;
}

bool vsm_topics_is_beyond(const struct vsm_topics *t) {
  return t->beyond > 0;
}

bool vsm_topics_wanted(const struct vsm_topics *t, const struct vsm_topic *topic) {
  return topic->subscribed > 0 || t->beyond > 0;
}

bool vsm_topics_transitions_wanted(const struct vsm_topics *t) {
  for (size_t i = 0; i < t->n_nodes; i++)
    if (vsm_topics_wanted(t, t->nodes[i].transition))
      return true;
  return false;
}

// --- finding

static const struct node *node_of(const struct vsm_topics *t, unsigned stream, int stage) {
  return &t->nodes[t->first_node[stream] + (size_t)(stage + 1)];
}

struct vsm_topic *vsm_topics_metric(const struct vsm_topics *t, unsigned stream, int stage) {
  return node_of(t, stream, stage)->metric;
}

struct vsm_topic *vsm_topics_transition(const struct vsm_topics *t, unsigned stream, int stage) {
  return node_of(t, stream, stage)->transition;
}

struct vsm_topic *vsm_topics_status(const struct vsm_topics *t) {
  return t->status;
}

struct vsm_topic *vsm_topics_alert(struct vsm_topics *t, const char *stream, const char *stage, const char *source) {
  if (!*stream)
    return node_topic(t, "alert", "source", source);
  return node_topic(t, "alert", stream, *stage ? stage : NULL);
}

uint64_t vsm_topics_sequence(const struct vsm_topics *t, const char *stream, const char *stage) {
  char name[NAME_MAX_BYTES];
  const struct entry *e = find(t, name, name_topic(name, "metric", stream, stage));
  return e ? e->topic.sequence : 0;
}
