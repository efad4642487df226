#include "base/when.h"

#include <stddef.h>
#include <stdio.h>

#include "base/date.h"
#include "base/time.h"

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static bool number(const char **p, int digits, int64_t *out) {
  *out = 0;
  for (int i = 0; i < digits; i++, (*p)++) {
    if (!is_digit(**p))
      return false;
    *out = *out * 10 + (**p - '0');
  }
  return true;
}

// ".25" -> 250000000; digits beyond the ninth are dropped.
static bool fraction(const char **p, int64_t *nano) {
  *nano = 0;
  if (**p != '.' && **p != ',')
    return true;
  int64_t unit = 100000000;
  const char *first = ++*p;
  for (; is_digit(**p); (*p)++, unit /= 10)
    *nano += (**p - '0') * unit;
  return *p > first;
}

static bool zone(const char **p, int64_t *seconds) {
  int64_t h, m = 0;
  *seconds = 0;
  if (**p == '\0')
    return true;
  if (**p == 'Z' || **p == 'z')
    return (*p)++, true;
  int sign = **p == '-' ? -1 : 1;
  if (**p != '+' && **p != '-')
    return false;
  (*p)++;
  if (!number(p, 2, &h))
    return false;
  if (**p == ':')
    (*p)++;
  if (**p && !number(p, 2, &m))
    return false;
  *seconds = sign * (h * 3600 + m * 60);
  return h < 24 && m < 60;
}

static bool in_range(int64_t seconds, int64_t nano, uint64_t *out) {
  if (seconds < 0 || seconds >= INT64_C(4102444800) || (seconds == 0 && nano == 0))
    return false;
  *out = (uint64_t)seconds * 1000000000u + (uint64_t)nano;
  return true;
}

static bool unix_seconds(const char *p, uint64_t *out) {
  int64_t s = 0, nano;
  const char *first = p;
  for (; is_digit(*p) && p - first < 11; p++)
    s = s * 10 + (*p - '0');
  return p > first && fraction(&p, &nano) && *p == '\0' && in_range(s, nano, out);
}

bool vsm_when_parse(const char *text, uint64_t *unix_nano) {
  const char *p = text;
  int64_t y, mo, d, h = 0, mi = 0, s = 0, nano = 0, offset = 0;
  if (!number(&p, 4, &y) || *p++ != '-' || !number(&p, 2, &mo) || *p++ != '-' || !number(&p, 2, &d))
    return unix_seconds(text, unix_nano);
  if (!vsm_date_exists(y, mo, d))
    return false;
  if (*p == 'T' || *p == 't' || *p == ' ') {
    p++;
    if (!number(&p, 2, &h) || *p++ != ':' || !number(&p, 2, &mi))
      return false;
    if (*p == ':' && (p++, !number(&p, 2, &s)))
      return false;
    if (!fraction(&p, &nano) || !zone(&p, &offset))
      return false;
  }
  if (*p != '\0' || h > 23 || mi > 59 || s > 60)
    return false;
  return in_range(vsm_date_days(y, mo, d) * 86400 + h * 3600 + mi * 60 + s - offset, nano, unix_nano);
}

void vsm_when_print(int64_t us, char out[VSM_WHEN_BYTES]) {
  char day[VSM_DATE_BYTES];
  int second = (int)(us % VSM_DAY_US / VSM_SECOND_US);
  vsm_date_print(us / VSM_DAY_US, day);
  snprintf(out, VSM_WHEN_BYTES, "%sT%02d:%02d:%02dZ", day, second / 3600, second / 60 % 60, second % 60);
}
