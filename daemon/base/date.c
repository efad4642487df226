#include "base/date.h"

#include <string.h>

#include "base/text.h"

// Years run from March, so that the leap day is the last.
int64_t vsm_date_days(int64_t y, int64_t m, int64_t d) {
  y -= m <= 2;
  int64_t era = y / 400, of_era = y % 400;
  int64_t of_year = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
  return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

// The year and the month are found by trying: both are bounded by what they begin with.
void vsm_date_print(int64_t days, char out[VSM_DATE_BYTES]) {
  int64_t y = 1970 + days / 366, m = 1;
  while (vsm_date_days(y + 1, 1, 1) <= days)
    y++;
  while (m < 12 && vsm_date_days(y, m + 1, 1) <= days)
    m++;
  int64_t d = days - vsm_date_days(y, m, 1) + 1;
  vsm_text_format(out, VSM_DATE_BYTES, "%04d-%02d-%02d", (int)y, (int)m, (int)d);
}

bool vsm_date_parse(const char *p, size_t n, int64_t *days) {
  static const char pattern[] = "0000-00-00";
  int64_t number[3] = {0}, part = 0;
  char again[VSM_DATE_BYTES];
  if (n != sizeof pattern - 1)
    return false;
  for (size_t i = 0; i < n; i++) {
    if (pattern[i] == '-' ? p[i] != '-' : p[i] < '0' || p[i] > '9')
      return false;
    if (pattern[i] == '-')
      part++;
    else
      number[part] = number[part] * 10 + p[i] - '0';
  }
  if (number[0] < 1970 || number[1] < 1 || number[1] > 12)
    return false;
  *days = vsm_date_days(number[0], number[1], number[2]);
  if (*days < 0)
    return false;
  vsm_date_print(*days, again);
  return memcmp(again, p, n) == 0; // else the month has no such day
}
