// Integers in n bytes, the lowest first, as files have them.
#pragma once
#include <stdint.h>

static inline void vsm_little_put(unsigned char *out, uint64_t v, unsigned n) {
  for (unsigned i = 0; i < n; i++)
    out[i] = (unsigned char)(v >> 8 * i);
}

static inline uint64_t vsm_little_get(const unsigned char *in, unsigned n) {
  uint64_t v = 0;
  for (unsigned i = 0; i < n; i++)
    v |= (uint64_t)in[i] << 8 * i;
  return v;
}
