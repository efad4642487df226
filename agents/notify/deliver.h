// Brings what the store has for each receiver there: one thing at a time for each, all receivers side by side.
#pragma once
#include "agents/notify/channel.h"
#include "agents/notify/queue.h"
#include "agents/notify/settings.h"
#include "agents/notify/standing.h"
#include "agents/notify/store.h"

struct vsm_deliver;

struct vsm_deliver_counts {
  uint64_t sent, again, refused, given_up;
};

struct vsm_deliver *vsm_deliver_create(const struct vsm_settings *s, struct vsm_store *st, struct vsm_carrier *c);
// Another configuration, of the same state directory; the one before is not looked at any more. Pauses are over. Within
// a change of the store.
void vsm_deliver_follow(struct vsm_deliver *d, const struct vsm_settings *s);
void vsm_deliver_destroy(struct vsm_deliver *d); // NULL-safe; after the carrier's transfers and children
void vsm_deliver_turn(struct vsm_deliver *d, int64_t now_us, int64_t mono_us);
int64_t vsm_deliver_due(struct vsm_deliver *d); // when to turn next; INT64_MAX: nothing waits
// Since when the oldest that waits has waited, be it a message or what an Alertmanager does not take; INT64_MAX: none.
int64_t vsm_deliver_oldest(struct vsm_deliver *d);
struct vsm_deliver_counts vsm_deliver_counts(const struct vsm_deliver *d);
