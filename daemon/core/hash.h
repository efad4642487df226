// One hash for the core's tables. Its seed is fixed: the same journal gives the same state.
#pragma once
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/str.h"

static inline uint32_t vsm_hash(struct vsm_str s, uint32_t seed) {
  return (uint32_t)XXH3_64bits_withSeed(s.n ? s.p : "", s.n, seed);
}
