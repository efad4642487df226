// Which sequence numbers of a source's newest epoch are missing: those between the smallest and the greatest seen that
// did not arrive. An older epoch counts nothing.
//
// Beyond VSM_GAPS_MAX gaps the outermost one also takes in numbers that were seen. How many are missing is known all
// the same; which they are is not, so while any number is listed that was seen, one that arrives is taken for such a
// one. Once everything listed has arrived, nothing is missing.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/bytes.h"

struct vsm_gap {
  uint64_t first, last; // missing, both inclusive
};

struct vsm_sequence {
  uint64_t epoch, first, last; // seen; last 0: none
  struct vsm_gap *gaps;        // rising
  size_t n, cap;
  uint64_t missing;
  uint64_t listed; // numbers in the gaps: more than `missing` where some of them were seen
};

enum { VSM_GAPS_MAX = 4096 };

void vsm_sequence_see(struct vsm_sequence *s, uint64_t epoch, uint64_t number); // number > 0
void vsm_sequence_fini(struct vsm_sequence *s);
// The lowest missing numbers from `from` on, all that are missing in a row. False: none is.
bool vsm_sequence_missing(const struct vsm_sequence *s, uint64_t from, struct vsm_gap *out);

// As bytes, and back into an empty one (core/save.h).
void vsm_sequence_save(const struct vsm_sequence *s, struct vsm_out *o);
void vsm_sequence_load(struct vsm_sequence *s, struct vsm_in *in);
