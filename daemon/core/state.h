// What the machine is made of. Seen by core/*.c alone.
#pragma once
#include "core/alerts.h"
#include "core/ledger.h"
#include "core/look.h"
#include "core/stream.h"

// Items of a run of events whose memory is asked for; what is beyond so many is not.
enum { VSM_ASKED_MAX = 8 * VSM_LOOK_MAX };
struct vsm_asked {
  const struct vsm_items *items;
  uint32_t hash;
  struct vsm_trail trail;
};

struct vsm_core {
  const struct vsm_model *model;
  struct vsm_intern words;
  struct vsm_ledger *ledger;
  struct vsm_matcher *matcher;
  // First those of the model, in its order; then those that the model has no more.
  struct vsm_stream_state *streams;
  size_t n_streams;
  bool has_now; // false: the event clock has not begun
  struct vsm_time now;
  int64_t looked_us;      // the now at which vsm_core_look() last looked; not saved, as to look twice changes nothing
  int64_t windows_due_us; // when the start of a window moves next
  int64_t horizon_us;     // core/horizon.h
  int64_t earliest_us;    // of the events accepted since the last midnight; INT64_MAX: none
  uint64_t words_most;    // beyond which words that nothing uses are let go of (core/words.h); 0: not yet known
  uint64_t room;          // vsm_core_set_room()
  uint64_t beyond[VSM_BOUNDED_KINDS]; // vsm_core_filling(), but for what the ledger counts
  uint64_t without_memory;            // events of new items, refused by `room`
  bool all_open;                      // for want of a closed item none could be sealed early, and none has closed since
  struct vsm_hearing hearing;
  struct vsm_alerts alerts;
  struct vsm_noted noted;        // for the alerts; empty between two calls into the core
  vsm_core_sealed_fn *on_sealed; // NULL: nobody
  void *on_sealed_ctx;

  // Scratch of one step.
  struct vsm_ranks_queue ranks; // empty between steps
  struct vsm_retold retold, other;
  struct vsm_look looks[VSM_LOOK_MAX];
  struct vsm_asked asked[VSM_ASKED_MAX];
  size_t asked_from[VSM_LOOK_MAX + 1]; // of each event
  struct vsm_arena text;               // of the looks
};

// Without a model yet: to be configured before anything else. NULL: out of memory.
struct vsm_core *vsm_core_create_bare(const struct vsm_model *model);

static inline struct vsm_stream_state *vsm_core_stream(const struct vsm_core *core, unsigned stream) {
  return &core->streams[stream];
}

// stream -1: any of the model. 0 with the stream and its item; VSM_ENOENT, VSM_EAMBIGUOUS; *streams as vsm_core_item().
int vsm_core_find_item(const struct vsm_core *core, int stream, struct vsm_str key, unsigned *at, uint32_t *id,
                       uint64_t *streams);

// Time since then, in working time where there is a calendar; never below 0.
int64_t vsm_core_age_us(const struct vsm_core *core, const struct vsm_calendar *calendar, int64_t since);

// What readers of items share. Sorted, in the arena; NULL: no memory.
const struct vsm_str *vsm_core_keys(const struct vsm_items *items, const struct vsm_item *it, struct vsm_arena *arena);
void vsm_core_wait(const struct vsm_core *core, uint32_t wait, struct vsm_str *reason, const char **party);
// The values that an item has, in the arena; NULL: no memory.
const struct vsm_segment_value *vsm_core_segments(const struct vsm_core *core, const struct vsm_stream_state *s,
                                                  const struct vsm_story *story, struct vsm_arena *arena, unsigned *n);
// attribute -1: any item has it.
bool vsm_core_has_segment(const struct vsm_core *core, const struct vsm_story *story, int attribute,
                          struct vsm_str value);

// clock.c. Time passes up to a now, with all time steps that are due by then.
void vsm_core_pass_time(struct vsm_core *core, int64_t now_us);
// Looks up anew when windows move next; there is a now.
void vsm_core_rearm(struct vsm_core *core);
