#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t vsm_text_format(char *buf, size_t size, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  int n = vsnprintf(buf, size, fmt, ap);
  va_end(ap);
  if (n < 0)
    return 0;
  return (size_t)n < size ? (size_t)n : size - 1;
}

void vsm_sort(void *base, size_t n, size_t size, int (*cmp)(const void *, const void *)) {
  if (n > 1)
    qsort(base, n, size, cmp);
}

bool vsm_text_ends(const char *text, const char *end) {
  size_t n = strlen(text), k = strlen(end);
  return n >= k && memcmp(text + n - k, end, k) == 0;
}
