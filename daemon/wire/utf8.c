#include "wire/utf8.h"

// The kinds of first bytes: how many bytes follow, and between what bounds the second one lies.
static const struct lead {
  uint8_t first, last, more, low, high;
} leads[] = {
    {0x01, 0x7f, 0, 0x00, 0x00}, {0xc2, 0xdf, 1, 0x80, 0xbf}, {0xe0, 0xe0, 2, 0xa0, 0xbf},
    {0xe1, 0xec, 2, 0x80, 0xbf}, {0xed, 0xed, 2, 0x80, 0x9f}, {0xee, 0xef, 2, 0x80, 0xbf},
    {0xf0, 0xf0, 3, 0x90, 0xbf}, {0xf1, 0xf3, 3, 0x80, 0xbf}, {0xf4, 0xf4, 3, 0x80, 0x8f},
};

// The length of the character at p, 0: none.
static size_t character(const uint8_t *p, size_t n) {
  for (size_t i = 0; i < sizeof leads / sizeof *leads; i++) {
    const struct lead *l = &leads[i];
    if (*p < l->first || *p > l->last)
      continue;
    if (l->more >= n || (l->more && (p[1] < l->low || p[1] > l->high)))
      return 0;
    for (size_t k = 2; k <= l->more; k++)
      if ((p[k] & 0xc0) != 0x80)
        return 0;
    return 1 + (size_t)l->more;
  }
  return 0;
}

bool vsm_utf8_check(struct vsm_str s) {
  const uint8_t *p = (const uint8_t *)s.p;
  for (size_t i = 0, n; i < s.n; i += n)
    if (!(n = character(p + i, s.n - i)))
      return false;
  return true;
}

size_t vsm_utf8_fit(struct vsm_str s, size_t max) {
  if (s.n <= max)
    return s.n;
  while (max && ((uint8_t)s.p[max] & 0xc0) == 0x80)
    max--;
  return max;
}
