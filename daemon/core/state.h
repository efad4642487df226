// What the machine is made of. Seen by core/*.c alone.
#pragma once
#include "core/ledger.h"
#include "core/match.h"
#include "core/stream.h"

// A rule that matches the event in hand, worked out before anything is changed.
struct vsm_claim {
  const struct vsm_rule *rule;
  uint32_t origin;
  struct vsm_str key;
  uint32_t hash;
  uint32_t item; // of the key; VSM_ITEM_NONE: none yet
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
  struct vsm_time deadline;

  // Scratch of one step.
  struct vsm_story before, after, other;
  struct vsm_claim *claims;
  size_t cap_claims;
  struct vsm_arena text;
};

static inline struct vsm_stream_state *vsm_core_stream(const struct vsm_core *core, unsigned stream) {
  return &core->streams[stream];
}

// Looks up anew when the next time step is due; there is a now.
void vsm_core_rearm(struct vsm_core *core);
