// What an Alertmanager is to know: it wants the state of each alert again and again, and lets go of one that it did not
// hear of for a while. A resolved one is sent for some rounds after it was taken, in case it lost the first.
#pragma once
#include "agents/notify/alert.h"
#include "agents/notify/store.h"

enum { VSM_STANDING_BATCH = 200, VSM_STANDING_ROUNDS = 4 };

void vsm_standing_fire(struct vsm_store *st, const char *receiver, const Vsm__V1__Alert *a, int64_t now_us);
// What is known of it changed: wherever it stands already, silenced or not.
void vsm_standing_refresh(struct vsm_store *st, const Vsm__V1__Alert *a, int64_t now_us);
void vsm_standing_end(struct vsm_store *st, const Vsm__V1__Alert *a, int64_t now_us);
void vsm_standing_wake(struct vsm_store *st, int64_t now_us);         // at a start all of them are due
int64_t vsm_standing_due(struct vsm_store *st, const char *receiver); // INT64_MAX: nothing to say

// What is due as the body of POST /api/v2/alerts, for free(); NULL: nothing is. `sent` remembers what is in it.
struct vsm_standing_sent {
  struct {
    char *alert;
    int64_t ends_us; // 0: it fires
  } at[VSM_STANDING_BATCH];
  size_t n;
};
char *vsm_standing_batch(struct vsm_store *st, const char *receiver, int64_t resend_us, int64_t now_us,
                         struct vsm_standing_sent *sent);
// It was taken: again after resend_us. With done, those that are over are let go of.
void vsm_standing_took(struct vsm_store *st, const char *receiver, int64_t resend_us, int64_t now_us,
                       const struct vsm_standing_sent *sent, bool done);
void vsm_standing_free(struct vsm_standing_sent *sent);

// The body for one alert alone, for a test.
char *vsm_standing_one(const Vsm__V1__Alert *a, int64_t starts_us, int64_t ends_us);
