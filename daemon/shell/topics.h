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
  uint32_t subscribed; // prefixes in force that its name begins with
};

struct vsm_topics *vsm_topics_create(void);
void vsm_topics_destroy(struct vsm_topics *t); // NULL-safe
// Knows the topics of a model; those known before keep their numbers. The model is not kept.
void vsm_topics_follow(struct vsm_topics *t, const struct vsm_model *model);

// A frame that an XPUB socket received: 1 and a prefix for the first who subscribes to it, 0 and a prefix when the
// last one does not any more. Anything else is no subscription, and passed over.
void vsm_topics_subscribe(struct vsm_topics *t, struct vsm_str frame);
void vsm_topics_end_subscriptions(struct vsm_topics *t); // all of them
// At most so many prefixes are told apart; while there are more, every topic counts as wanted.
void vsm_topics_bound(struct vsm_topics *t, size_t prefixes);
size_t vsm_topics_prefixes(const struct vsm_topics *t); // that are in force and told apart
size_t vsm_topics_most(const struct vsm_topics *t);     // as bounded
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
