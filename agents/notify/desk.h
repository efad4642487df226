// What is told of alerts, to whom and when. Changes come in, messages come out (queue.h), and what an Alertmanager is
// to know (standing.h). All that it remembers lies in the store; time is an argument.
#pragma once
#include "agents/notify/alert.h"
#include "agents/notify/settings.h"
#include "agents/notify/store.h"

enum { VSM_DESK_NOTICES_MAX = 100 }; // in one message; more make another one

struct vsm_desk {
  const struct vsm_settings *settings; // borrowed, as the store
  struct vsm_store *store;
};

// A change as it was published. One that is no newer than what is known does nothing.
void vsm_desk_publish(struct vsm_desk *d, const Vsm__V1__Alert *a, int64_t now_us);
// All that the daemon has, pending and firing, and what was resolved: what is known and in neither is over.
void vsm_desk_list(struct vsm_desk *d, const Vsm__V1__Alerts *live, const Vsm__V1__Alerts *history, int64_t now_us);
// An alert that is known and fires.
bool vsm_desk_fires(struct vsm_desk *d, const char *id);

// Other routes are in force: what fires is offered to those that were not told of it.
void vsm_desk_offer_all(struct vsm_desk *d, int64_t now_us);

int64_t vsm_desk_due(struct vsm_desk *d); // when the next group is to be told; INT64_MAX: none waits
// Makes a message of a group that is due. False: none is.
bool vsm_desk_flush(struct vsm_desk *d, int64_t now_us);
// The clock was put back: groups that wait for no calendar are due as if they began to wait now.
void vsm_desk_wake(struct vsm_desk *d, int64_t now_us);
void vsm_desk_prune(struct vsm_desk *d, int64_t now_us); // forgets what was over long ago; now and then
