#include "base/name.h"

#include <stdint.h>

enum { COMPARED_MAX = 130 }; // bytes of a name; longer ones are near to none

static const bool source_bytes[256] = {
    ['A' ... 'Z'] = true, ['a' ... 'z'] = true, ['0' ... '9'] = true, ['.'] = true, ['_'] = true,
    [':'] = true,         ['/'] = true,         ['~'] = true,         ['%'] = true, ['@'] = true,
    ['+'] = true,         ['#'] = true,         ['-'] = true,
};

bool vsm_name_is_source(struct vsm_str s) {
  if (s.n == 0 || s.n > VSM_SOURCE_BYTES_MAX)
    return false;
  bool good = true;
  for (size_t i = 0; i < s.n; i++)
    good &= source_bytes[(uint8_t)s.p[i]];
  return good;
}

size_t vsm_name_source_span(const char *text) {
  size_t n = 0;
  while (source_bytes[(uint8_t)text[n]])
    n++;
  return n;
}

// Letters to insert, delete or replace to make one of the other; two swapped neighbours count as one. What is certainly
// above `most` is not worked out.
static size_t distance(const char *a, const char *b, size_t most) {
  size_t na = strlen(a), nb = strlen(b);
  if (na > COMPARED_MAX || nb > COMPARED_MAX || na > nb + most || nb > na + most)
    return SIZE_MAX;
  size_t row[3][COMPARED_MAX + 1]; // of a's letter before the last, the last, this
  for (size_t j = 0; j <= nb; j++)
    row[1][j] = j;
  for (size_t i = 1; i <= na; i++) {
    row[2][0] = i;
    for (size_t j = 1; j <= nb; j++) {
      size_t best = row[1][j - 1] + (a[i - 1] != b[j - 1]);
      if (row[1][j] + 1 < best)
        best = row[1][j] + 1;
      if (row[2][j - 1] + 1 < best)
        best = row[2][j - 1] + 1;
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && row[0][j - 2] + 1 < best)
        best = row[0][j - 2] + 1;
      row[2][j] = best;
    }
    memcpy(row[0], row[1], sizeof row[0]);
    memcpy(row[1], row[2], sizeof row[0]);
  }
  return row[1][nb];
}

int vsm_name_index(const char *given, vsm_name_fn *name, const void *of) {
  const char *candidate;
  for (size_t i = 0; (candidate = name(of, i)) != NULL; i++)
    if (strcmp(candidate, given) == 0)
      return (int)i;
  return -1;
}

const char *vsm_name_nearest(const char *given, vsm_name_fn *name, const void *of) {
  size_t n = strlen(given);
  size_t most = n <= 3 ? 1 : n < 6 ? 2 : n / 3;
  const char *best = NULL, *candidate;
  for (size_t i = 0; (candidate = name(of, i)) != NULL; i++) {
    size_t d = distance(given, candidate, most);
    if (d <= most && d < strlen(candidate)) {
      best = candidate;
      most = d ? d - 1 : 0;
    }
  }
  return best;
}
