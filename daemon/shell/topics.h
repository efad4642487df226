// The topics of the publish socket: their names, their numbers, and whether anybody subscribes to them.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "core/model.h"

struct vsm_topics;

struct vsm_topic {
  struct vsm_str name;
  uint64_t sequence;   // of its last publication
  uint32_t subscribed; // subscriptions in force whose prefix its name begins with
};

struct vsm_topics *vsm_topics_create(void);
void vsm_topics_destroy(struct vsm_topics *t); // NULL-safe
// Knows the topics of a model; those known before keep their numbers. The model is not kept.
void vsm_topics_follow(struct vsm_topics *t, const struct vsm_model *model);

// Connection `who` subscribes to a prefix, or did so before.
void vsm_topics_subscribe(struct vsm_topics *t, uint64_t who, struct vsm_str prefix);
// It does not any more. False: it never did, and nothing is changed.
bool vsm_topics_unsubscribe(struct vsm_topics *t, uint64_t who, struct vsm_str prefix);
void vsm_topics_drop(struct vsm_topics *t, uint64_t who);                             // it has ended
bool vsm_topics_asks(const struct vsm_topics *t, uint64_t who, struct vsm_str topic); // for all that begins like this
void vsm_topics_end_subscriptions(struct vsm_topics *t);                              // all of them
// At most so many subscriptions are remembered; while there are more, every topic counts as wanted.
void vsm_topics_bound(struct vsm_topics *t, size_t prefixes);
size_t vsm_topics_subscriptions(const struct vsm_topics *t); // that are in force and remembered
size_t vsm_topics_most(const struct vsm_topics *t);          // as bounded
bool vsm_topics_is_beyond(const struct vsm_topics *t);
bool vsm_topics_wanted(const struct vsm_topics *t, const struct vsm_topic *topic);
bool vsm_topics_transitions_wanted(const struct vsm_topics *t); // any of them

// Indexes as in the model, stage -1: the stream's own. Valid until vsm_topics_destroy().
struct vsm_topic *vsm_topics_metric(const struct vsm_topics *t, unsigned stream, int stage);
struct vsm_topic *vsm_topics_transition(const struct vsm_topics *t, unsigned stream, int stage);
// Of alerts, by ids: of a stage, a stream (stage ""), or a source (stream "").
struct vsm_topic *vsm_topics_alert(struct vsm_topics *t, const char *stream, const char *stage, const char *source);
struct vsm_topic *vsm_topics_status(const struct vsm_topics *t);
// By ids, stage NULL: the number of the last publication of a metric, 0: none yet.
uint64_t vsm_topics_sequence(const struct vsm_topics *t, const char *stream, const char *stage);
