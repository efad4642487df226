// How an age compares with the ages at which visits to the stage were completed, over the stream's longest window
// (over all time where it has none).
#pragma once
#include "base/arena.h"
#include "core/stream.h"

struct vsm_pace;

// In the arena; NULL: no memory.
struct vsm_pace *vsm_pace_read(const struct vsm_stream_state *s, unsigned place, struct vsm_arena *arena);
// Enough visits for an answer?
bool vsm_pace_told(const struct vsm_pace *p);
// "on_pace" up to the median, "slow" up to p85, "at_risk" up to p95, else "over"; "" where it is not told.
const char *vsm_pace_word(const struct vsm_pace *p, int64_t age_us);
// The percentage of visits that were completed at this age or before, rounded down; 0 where it is not told.
unsigned vsm_pace_percentile(const struct vsm_pace *p, int64_t age_us);
// A percentile of the stage's cycle time, or with place -1 of the stream's lead time, as it is published. False: there
// are fewer than `least` of them, or none.
bool vsm_pace_at(const struct vsm_stream_state *s, int place, unsigned percent, uint64_t least, int64_t *us);
