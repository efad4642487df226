// A quantile sketch of durations in microseconds, integers only: one bucket per leading zeros and 6 bits of mantissa,
// so that a value read back is at most 1/128 off. Adding is linear: what was added can be taken back, and sketches can
// be added to each other.
#pragma once
#include <stdint.h>

#include "core/bytes.h"
#include "core/view.h"

enum { VSM_SKETCH_BUCKETS = 64 * 48 }; // values below 2^53

// v >= 0; values below 128 have buckets of their own.
static inline unsigned vsm_sketch_bucket(int64_t v) {
  if (v < 128)
    return (unsigned)v;
  unsigned shift = 63 - 6 - (unsigned)__builtin_clzll((uint64_t)v);
  return shift * 64 + (unsigned)(v >> shift);
}
// The middle of a bucket, and its least value.
int64_t vsm_sketch_value(unsigned bucket);
int64_t vsm_sketch_least(unsigned bucket);

struct vsm_sketch {
  int64_t *counts; // of buckets first .. first + n
  uint32_t first, n;
  int64_t count;
  vsm_wide sum; // exact
};

void vsm_sketch_add(struct vsm_sketch *s, unsigned bucket, int64_t n); // count and bucket, not sum; n may be negative
void vsm_sketch_merge(struct vsm_sketch *into, const struct vsm_sketch *from);
// The bucket of the nearest rank; of an empty sketch any.
unsigned vsm_sketch_percentile(const struct vsm_sketch *s, unsigned percent);
void vsm_sketch_clear(struct vsm_sketch *s); // keeps its memory
void vsm_sketch_fini(struct vsm_sketch *s);
struct vsm_dist_view vsm_sketch_view(const struct vsm_sketch *s);

// As bytes, and back into an empty one (core/save.h).
void vsm_sketch_save(const struct vsm_sketch *s, struct vsm_out *o);
void vsm_sketch_load(struct vsm_sketch *s, struct vsm_in *in);
