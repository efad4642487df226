// Bytes of an EventBatch frame -> events. Zero-copy: everything points into the frame.
#pragma once
#include <stddef.h>

#include "base/arena.h"
#include "core/event.h"

enum {
  VSM_FRAME_BYTES_MAX = 4 * 1024 * 1024,
  VSM_BATCH_EVENTS_MAX = 65536,
  VSM_EVENT_BYTES_MAX = 64 * 1024, // as in the frame, without its tag and length
  VSM_ATTRS_MAX = 256,
  // What decoding one frame within the limits takes from the arena at most.
  VSM_BATCH_ARENA_BYTES = 128 * 1024 * 1024,
};
#define VSM_EPOCH_MAX ((UINT64_C(1) << 53) - 1)

struct vsm_batch {
  struct vsm_str source; // as sent: checked only where events need it; {0} where it is not usable
  uint64_t epoch;
  struct vsm_event *events; // in the arena; those at fault say so in `refused`, the others are good
  size_t n_events;

  // The frame as a whole: VSM_R_NONE, or why nothing of it is taken (then n_events is 0). VSM_R_BAD_SOURCE and
  // VSM_R_BAD_UTF8 are those of a batch without events.
  enum vsm_reason refused;
  const char *refused_detail; // static text
  uint64_t refused_events;    // what the counts grow by: its events where they can be told, else 1
};

// `received` is copied into each event. Of an event at fault source and type are kept where they are usable, and
// else empty. Returns 0, or VSM_ENOMEM where the arena is exhausted. Any bytes are safe.
int vsm_wire_decode_batch(struct vsm_str frame, struct vsm_time received, struct vsm_arena *arena,
                          struct vsm_batch *out);

// What a daemon takes may be less. Refuses the whole of a batch that was decoded from so many bytes and is beyond that;
// what the journal has was within it once, and is taken whatever the bounds are now.
struct vsm_batch_bounds {
  size_t frame_bytes, events;
};
void vsm_batch_bound(struct vsm_batch *batch, size_t frame_bytes, const struct vsm_batch_bounds *bounds);

// A batch's frame without some of its events, by index; out: room for as many bytes. Returns how many it has.
size_t vsm_wire_without(struct vsm_str frame, const bool *drop, unsigned char *out);
