#include "base/duration.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

// Two units, never more digits than mean something: rounded first, so that 59 m 59.6 s is 1 h 00 m.
const char *vsm_text_duration(double s, char *buf, size_t size) {
  if (!(s >= 0))
    return snprintf(buf, size, "-"), buf;
  if (s < 9.95)
    return snprintf(buf, size, s < 0.05 ? "0 s" : "%.1f s", s), buf;
  if (s < 59.5)
    return snprintf(buf, size, "%.0f s", s), buf;
  unsigned long long m = (unsigned long long)(s < 1e15 ? s / 60 + 0.5 : 1e15), h = (m + 30) / 60, d = (h + 12) / 24;
  if (s < 599.5)
    snprintf(buf, size, "%llu m %02llu s", (unsigned long long)(s + 0.5) / 60, (unsigned long long)(s + 0.5) % 60);
  else if (m < 60)
    snprintf(buf, size, "%llu m", m);
  else if (m < 24 * 60)
    snprintf(buf, size, "%llu h %02llu m", m / 60, m % 60);
  else if (h < 24 * 100)
    snprintf(buf, size, "%llu d %llu h", h / 24, h % 24);
  else
    snprintf(buf, size, "%llu d", d);
  return buf;
}

const char *vsm_text_worked(double s, double day, char *buf, size_t size) {
  double days = day > 0 ? s / day : 0;
  if (!(days >= 0.995)) // one that is below 0, too
    return vsm_text_duration(s, buf, size);
  uint64_t tenths = days < 1e14 ? (uint64_t)(days * 10 + 0.5) : UINT64_C(1000000000000000);
  bool whole = days >= 99.95 || tenths % 10 == 0;
  snprintf(buf, size, whole ? "%.0f wd" : "%.1f wd", whole ? days : (double)tenths / 10);
  return buf;
}
