// Small models and events for tests that drive the core by its public functions. All in the arena given.
#pragma once
#include <stdio.h>

#include "base/arena.h"
#include "core/map.h"
#include "core/model.h"
#include "core/view.h"

// A model of these streams with the event clock and, for each stage and lifecycle, one rule: source "test", type
// "STREAM/STAGE LIFECYCLE" (of the item: "STREAM LIFECYCLE"), item "{subject}".
struct vsm_model *rig_model(const struct vsm_stream *streams, unsigned n_streams, struct vsm_arena *arena);

// The event that such a rule takes. stage -1: of the item.
struct vsm_event rig_event(const struct vsm_stream *stream, int stage, enum vsm_lifecycle lifecycle,
                           const char *subject, int64_t us, struct vsm_arena *arena);

// As sent; the instant 0 cannot be said and becomes its first nanosecond, which is cut off again.
uint64_t rig_time_ns(int64_t us);

// Says what the core's views say, every figure in full: two equal texts are two equal views.
void rig_print_stream(FILE *out, const struct vsm_stream_view *v);
void rig_print_item(FILE *out, const struct vsm_item_view *v);
// All streams of the model and all their open items, read through the core's queries.
char *rig_print_core(struct vsm_core *core, const struct vsm_model *model); // owned by the caller

// Compares all figures: counts and means exactly, quantiles within 1 % or 1 us, ages within 1 % or 1 s (the oldest
// exactly). Writes each difference to `out`; returns how many.
unsigned rig_compare_stream(FILE *out, const struct vsm_stream_view *expected, const struct vsm_stream_view *got);
// Likewise of one value of an attribute, of a stage or with stage "" of the stream: what a segment has, no more.
unsigned rig_compare_segment(FILE *out, const char *stage, const struct vsm_segment_view *expected,
                             const struct vsm_segment_view *got);

// Likewise of the observed map.
unsigned rig_compare_map(FILE *out, const struct vsm_map_view *expected, const struct vsm_map_view *got);

// Checks what must hold of any view, over all time. Writes what does not to `out`; returns how many.
unsigned rig_check_balances(FILE *out, const struct vsm_stream_view *v);

// A reproducible stream of numbers: from a seed, or where bytes are given from those (then 0 for ever).
struct rig_random {
  uint64_t state;
  const uint8_t *bytes, *end; // NULL: by the seed
};
uint64_t rig_next(struct rig_random *r);
unsigned rig_below(struct rig_random *r, unsigned n); // 0 .. n-1
bool rig_chance(struct rig_random *r, unsigned percent);
bool rig_exhausted(const struct rig_random *r); // never, by a seed
