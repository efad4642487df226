// What vsm watch knows: one snapshot, kept up to date by publications, and the answers to what it asked.
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "vsm/messages.h"

struct vsm_watch_model {
  Vsm__V1__Snapshot *snapshot; // NULL: none yet
  Vsm__V1__Items *items;       // of the stage looked at, from the oldest on; NULL: none yet
  Vsm__V1__Items *gathered;    // the same anew, page by page, until there are as many as wanted; NULL: not under way
  size_t wanted;               // of items, at least
  Vsm__V1__Item *item;
  Vsm__V1__Alerts *alerts; // pending or firing; NULL: none known yet
  bool alerts_due;         // they may be others now: ask for them
  bool *without;           // of each stream: it has no such segment as is looked at
  char trouble[200];       // what the daemon says a person must act on
  uint64_t configured_ns;  // when its configuration was taken
  bool outdated;           // streams or stages may be others now: ask for a snapshot
};

void vsm_watch_model_fini(struct vsm_watch_model *m);
// Each takes copies.
void vsm_watch_model_snapshot(struct vsm_watch_model *m, const Vsm__V1__Snapshot *snapshot);
void vsm_watch_model_publication(struct vsm_watch_model *m, const Vsm__V1__Publication *p);
void vsm_watch_model_reply(struct vsm_watch_model *m, const Vsm__V1__Reply *reply);
// Of a stream (stage "") or a stage, the segments that it has now; NULL: the stream has none such.
void vsm_watch_model_segments(struct vsm_watch_model *m, const char *stream, const char *stage,
                              const Vsm__V1__Segments *segments);
// Where the next page of items begins: what to ask for.
const char *vsm_watch_model_cursor(const struct vsm_watch_model *m);
// There are more items, and they are wanted.
bool vsm_watch_model_lacks_items(const struct vsm_watch_model *m);
// Gathers from the oldest on again: what was gathered does not go on.
void vsm_watch_model_regather(struct vsm_watch_model *m);
// Lets go of the answers, so that a page does not show another's.
void vsm_watch_model_forget(struct vsm_watch_model *m);

// The streams and their stages one after another, each stream before its stages (*stage NULL); false: not so many.
bool vsm_watch_model_node(const struct vsm_watch_model *m, size_t at, const Vsm__V1__ValueStream **stream,
                          const Vsm__V1__Stage **stage);
// NULL: there is none such.
const Vsm__V1__Stage *vsm_watch_model_find(const struct vsm_watch_model *m, const char *stream, const char *stage);
// The alert at a place of the list; at -1: of this id. NULL: there is none.
const Vsm__V1__Alert *vsm_watch_model_alert(const struct vsm_watch_model *m, int at, const char *id);
uint64_t vsm_watch_model_now(const struct vsm_watch_model *m); // the daemon's, in nanoseconds; 0: not known
// How many fire; and whether what is in this stage, or the stage itself, stands still by one of them.
Vsm__V1__AlertCounts vsm_watch_model_counts(const struct vsm_watch_model *m);
bool vsm_watch_model_stalled(const struct vsm_watch_model *m, const char *stream, const char *stage);
// The stage at a place in the order of the streams page (without those that have no such part); false: there are not so
// many.
bool vsm_watch_model_stage(const struct vsm_watch_model *m, int at, const Vsm__V1__ValueStream **stream,
                           const Vsm__V1__Stage **stage);
