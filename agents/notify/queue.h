// Messages that are to be delivered, in the store until they are. For each receiver the next one is the one that has
// waited longest of those before which no other of its group and recipient is left.
#pragma once
#include "agents/notify/page.h"
#include "agents/notify/settings.h"
#include "agents/notify/store.h"

struct vsm_message {
  int64_t id;
  char *delivery, *recipient, *body; // recipient: of mail, else ""
  int64_t made_us, tries, due_us;
};

// For mail a row for each address, of one delivery id.
void vsm_queue_add(struct vsm_store *st, const struct vsm_settings *s, int64_t group, const struct vsm_page *page);
// Mail that was no mail yet when it was made has no recipient: it is for those that it would have now. All of that, but
// for the message that is under way (-1: none).
void vsm_queue_address(struct vsm_store *st, const struct vsm_receiver *to, int64_t under_way);
bool vsm_queue_next(struct vsm_store *st, const char *receiver, struct vsm_message *out); // false: none
void vsm_queue_free(struct vsm_message *m);

void vsm_queue_done(struct vsm_store *st, int64_t id); // delivered, or given up
void vsm_queue_later(struct vsm_store *st, int64_t id, int64_t due_us);
void vsm_queue_back(struct vsm_store *st, const char *receiver, int64_t now_us); // it answers: none need wait longer
// At a start: none waits longer than most_us, however the clock was set since.
void vsm_queue_wake(struct vsm_store *st, int64_t now_us, int64_t most_us);
int64_t vsm_queue_oldest(struct vsm_store *st, int64_t *n); // when the oldest was made; INT64_MAX: none

// How long to wait after so many tries: doubling up to most_us, of which a random part of a half (random: 0 to 1).
int64_t vsm_queue_backoff(const struct vsm_settings *s, int64_t tries, double random);
