#include "base/date.h"

#include "base/text.h"

// Years run from March, so that the leap day is the last.
int64_t vsm_date_days(int64_t y, int64_t m, int64_t d) {
  y -= m <= 2;
  int64_t era = y / 400, of_era = y % 400;
  int64_t of_year = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
  return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

// Howard Hinnant's calendar arithmetic: eras of 400 years that begin in March.
struct vsm_date vsm_date_of(int64_t days) {
  int64_t since = days + 719468, era = since / 146097, of_era = since % 146097;
  int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  int64_t of_year = of_era - (365 * year + year / 4 - year / 100), month = (5 * of_year + 2) / 153;
  struct vsm_date date = {.month = (int)(month < 10 ? month + 3 : month - 9),
                          .day = (int)(of_year - (153 * month + 2) / 5 + 1)};
  date.year = (int)(year + era * 400 + (date.month <= 2));
  return date;
}

int vsm_date_weekday(int64_t days) {
  return (int)((days % 7 + 10) % 7); // 1970-01-01 was a Thursday
}

bool vsm_date_exists(int64_t y, int64_t m, int64_t d) {
  static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  bool leap = y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
  return m >= 1 && m <= 12 && d >= 1 && d <= days[m - 1] + (m == 2 && leap);
}

void vsm_date_print(int64_t days, char out[VSM_DATE_BYTES]) {
  struct vsm_date d = vsm_date_of(days);
  vsm_text_format(out, VSM_DATE_BYTES, "%04d-%02d-%02d", d.year, d.month, d.day);
}

bool vsm_date_parse(const char *p, size_t n, int64_t *days) {
  static const char pattern[] = "0000-00-00";
  int64_t number[3] = {0}, part = 0;
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
  if (number[0] < 1970 || !vsm_date_exists(number[0], number[1], number[2]))
    return false;
  *days = vsm_date_days(number[0], number[1], number[2]);
  return true;
}
