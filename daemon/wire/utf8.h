// Is it text: UTF-8 (shortest forms, no surrogates) without NUL?
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

bool vsm_utf8_check(struct vsm_str s);
// The longest beginning of at most max bytes that does not end within a character.
size_t vsm_utf8_fit(struct vsm_str s, size_t max);

// True where all 8 bytes lie in 0x01..0x7f: a byte's high bit is set, or borrowing for a zero byte sets it.
static inline bool vsm_utf8_plain8(uint64_t w) {
  return (((w - UINT64_C(0x0101010101010101)) | w) & UINT64_C(0x8080808080808080)) == 0;
}

// The same answer as vsm_utf8_check(), fast for what nearly all text is.
static inline bool vsm_utf8_valid(struct vsm_str s) {
  uint64_t w;
  if (s.n >= 8) {
    for (size_t i = 0; i < s.n - 8; i += 8) {
      memcpy(&w, s.p + i, 8);
      if (!vsm_utf8_plain8(w))
        return vsm_utf8_check(s);
    }
    memcpy(&w, s.p + s.n - 8, 8); // overlaps what was seen
  } else if (s.n >= 4) {
    uint32_t a, b;
    memcpy(&a, s.p, 4);
    memcpy(&b, s.p + s.n - 4, 4);
    w = (uint64_t)a << 32 | b;
  } else {
    w = UINT64_C(0x0101010101010101);
    for (size_t i = 0; i < s.n; i++)
      w = w << 8 | (uint8_t)s.p[i];
  }
  return vsm_utf8_plain8(w) || vsm_utf8_check(s);
}
