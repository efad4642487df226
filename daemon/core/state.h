// What the machine is made of. Seen by core/*.c alone.
#pragma once
#include "core/ledger.h"
#include "core/look.h"
#include "core/stream.h"

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
  struct vsm_retold retold, other;
  struct vsm_look looks[VSM_LOOK_MAX];
  struct vsm_arena text; // of the looks
};

static inline struct vsm_stream_state *vsm_core_stream(const struct vsm_core *core, unsigned stream) {
  return &core->streams[stream];
}

// Looks up anew when the next time step is due; there is a now.
void vsm_core_rearm(struct vsm_core *core);
