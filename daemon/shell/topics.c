// A topic lives as long as the daemon, so that a number is never given twice, not even where a reload takes a stream
// out and another brings it back. For each node of the model in force its two topics are found by index.
//
// Subscriptions are prefixes, remembered by connection: ZeroMQ passes on the end of a subscription that its sender
// never had, and nobody may end another's. Each topic counts those that it begins with. They are bounded: while
// subscriptions beyond the bound are in force, every topic counts as wanted, which costs a little work and is never
// wrong.
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

struct prefix {
  UT_hash_handle hh;
  struct vsm_str z;
  char text[];
};

struct subscriber {
  UT_hash_handle hh;
  uint64_t who;
  struct prefix *prefixes; // one at least
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
  struct subscriber *subscribers;
  size_t n_subscriptions, most;
  size_t beyond; // subscriptions in force that are not remembered
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
  for (struct subscriber *s = t->subscribers; s; s = s->hh.next)
    for (struct prefix *one = s->prefixes; one; one = one->hh.next)
      e->topic.subscribed += vsm_str_begins(e->topic.name, one->z);
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
  vsm_topics_end_subscriptions(t);
  struct entry *e, *next;
  HASH_ITER(hh, t->entries, e, next) {
    HASH_DEL(t->entries, e);
    free(e);
  }
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

static struct subscriber *find_subscriber(const struct vsm_topics *t, uint64_t who) {
  struct subscriber *s;
  HASH_FIND(hh, t->subscribers, &who, sizeof who, s);
  return s;
}

static struct subscriber *find_or_add_subscriber(struct vsm_topics *t, uint64_t who) {
  struct subscriber *s = find_subscriber(t, who);
  if (s)
    return s;
  s = vsm_mem_alloc(sizeof *s);
  s->who = who;
  HASH_ADD(hh, t->subscribers, who, sizeof s->who, s);
  return s;
}

static struct prefix *find_prefix(const struct subscriber *s, struct vsm_str prefix) {
  struct prefix *found = NULL;
  if (s)
    HASH_FIND(hh, s->prefixes, prefix.p, prefix.n, found);
  return found;
}

void vsm_topics_subscribe(struct vsm_topics *t, uint64_t who, struct vsm_str prefix) {
  if (find_prefix(find_subscriber(t, who), prefix))
    return;
  if (t->n_subscriptions >= t->most) {
    t->beyond++;
    return;
  }
  struct subscriber *s = find_or_add_subscriber(t, who);
  struct prefix *one = vsm_mem_alloc(sizeof *one + prefix.n + 1);
  memcpy(one->text, prefix.p, prefix.n);
  one->z = (struct vsm_str){one->text, prefix.n};
  HASH_ADD_KEYPTR(hh, s->prefixes, one->text, prefix.n, one);
  t->n_subscriptions++;
  count(t, prefix, 1);
}

static void forget(struct vsm_topics *t, struct subscriber *s, struct prefix *one) {
  HASH_DEL(s->prefixes, one);
  t->n_subscriptions--;
  count(t, one->z, (uint32_t)-1);
  free(one);
  if (s->prefixes)
    return;
  HASH_DEL(t->subscribers, s);
  free(s);
}

bool vsm_topics_unsubscribe(struct vsm_topics *t, uint64_t who, struct vsm_str prefix) {
  struct subscriber *s = find_subscriber(t, who);
  struct prefix *one = find_prefix(s, prefix);
  if (one)
    forget(t, s, one);
  else if (t->beyond > 0)
    t->beyond--;
  return one != NULL;
}

void vsm_topics_drop(struct vsm_topics *t, uint64_t who) {
  struct subscriber *s = find_subscriber(t, who);
  struct prefix *one, *next;
  if (!s)
    return;
  HASH_ITER(hh, s->prefixes, one, next) {
    forget(t, s, one); // and with the last one the subscriber
  }
}

bool vsm_topics_asks(const struct vsm_topics *t, uint64_t who, struct vsm_str topic) {
  const struct subscriber *s = find_subscriber(t, who);
  for (size_t n = 0; s && n <= topic.n; n++)
    if (find_prefix(s, (struct vsm_str){topic.p, n}))
      return true;
  return false;
}

void vsm_topics_end_subscriptions(struct vsm_topics *t) {
  struct subscriber *s, *next;
  HASH_ITER(hh, t->subscribers, s, next) {
    vsm_topics_drop(t, s->who);
  }
  t->beyond = 0;
}

void vsm_topics_bound(struct vsm_topics *t, size_t prefixes) {
  t->most = prefixes;
}

size_t vsm_topics_subscriptions(const struct vsm_topics *t) {
  return t->n_subscriptions;
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
