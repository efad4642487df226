#include "conf/tzrule.h"

#include <ctype.h>
#include <string.h>

#include "base/date.h"

// "CST", or "<+0330>" where it is not of letters alone.
static bool skip_name(const char **p) {
  const char *from = *p;
  if (*from == '<') {
    *p = strchr(from, '>');
    return *p && *(*p)++ == '>';
  }
  while (isalpha((unsigned char)**p))
    (*p)++;
  return *p - from >= 3;
}

static bool number(const char **p, int least, int most, int *out) {
  const char *from = *p;
  *out = 0;
  while (isdigit((unsigned char)**p) && *p - from < 4)
    *out = *out * 10 + (*(*p)++ - '0');
  return *p > from && *out >= least && *out <= most;
}

// [+-]h[:mm[:ss]]
static bool clock_time(const char **p, int most_hours, int32_t *out_s) {
  int sign = **p == '-' ? -1 : 1, hours, minutes = 0, seconds = 0;
  if (**p == '-' || **p == '+')
    (*p)++;
  if (!number(p, 0, most_hours, &hours))
    return false;
  if (**p == ':' && ((*p)++, !number(p, 0, 59, &minutes)))
    return false;
  if (**p == ':' && ((*p)++, !number(p, 0, 59, &seconds)))
    return false;
  *out_s = sign * (hours * 3600 + minutes * 60 + seconds);
  return true;
}

// ",M3.2.0/2", ",J60", ",0/24"
static bool summer_day(const char **p, struct vsm_tzrule_day *out) {
  *out = (struct vsm_tzrule_day){.kind = VSM_TZ_DAY, .time_s = 2 * 3600};
  if (*(*p)++ != ',')
    return false;
  bool good;
  if (**p == 'M') {
    (*p)++;
    out->kind = VSM_TZ_MONTH_WEEK;
    good = number(p, 1, 12, &out->month) && *(*p)++ == '.' && number(p, 1, 5, &out->week) && *(*p)++ == '.' &&
           number(p, 0, 6, &out->day);
  } else if (**p == 'J') {
    (*p)++;
    out->kind = VSM_TZ_DAY_WITHOUT_LEAP;
    good = number(p, 1, 365, &out->day);
  } else {
    good = number(p, 0, 365, &out->day);
  }
  if (good && **p == '/') {
    (*p)++;
    good = clock_time(p, 167, &out->time_s);
  }
  return good;
}

// POSIX counts offsets westwards.
static bool offset(const char **p, int32_t *out_s) {
  bool good = clock_time(p, 24, out_s);
  *out_s = -*out_s;
  return good;
}

bool vsm_tzrule_parse(const char *text, struct vsm_tzrule *out) {
  const char *p = text;
  *out = (struct vsm_tzrule){0};
  if (!skip_name(&p) || !offset(&p, &out->offset_s))
    return false;
  if (*p == '\0')
    return true;
  out->has_summer = true;
  out->summer_offset_s = out->offset_s + 3600;
  if (!skip_name(&p) || (*p != ',' && !offset(&p, &out->summer_offset_s)))
    return false;
  return summer_day(&p, &out->begins) && summer_day(&p, &out->ends) && *p == '\0' &&
         out->summer_offset_s >= VSM_TZ_OFFSET_LEAST_S && out->summer_offset_s <= VSM_TZ_OFFSET_MOST_S;
}

static int64_t day_in(const struct vsm_tzrule_day *d, int year) {
  int64_t new_year = vsm_date_days(year, 1, 1);
  if (d->kind == VSM_TZ_DAY)
    return new_year + d->day;
  bool leap = vsm_date_days(year, 3, 1) - new_year == 60;
  if (d->kind == VSM_TZ_DAY_WITHOUT_LEAP)
    return new_year + d->day - 1 + (leap && d->day >= 60);
  int64_t first = vsm_date_days(year, d->month, 1);
  int weekday = (vsm_date_weekday(first) + 1) % 7; // 0: Sunday
  int of_month = 1 + (d->day - weekday + 7) % 7 + (d->week - 1) * 7;
  return first - 1 + (vsm_date_exists(year, d->month, of_month) ? of_month : of_month - 7); // the fifth is the last
}

void vsm_tzrule_year(const struct vsm_tzrule *r, int year, struct vsm_tzrule_change out[2]) {
  int64_t begins_s = day_in(&r->begins, year) * 86400 + r->begins.time_s - r->offset_s;
  int64_t ends_s = day_in(&r->ends, year) * 86400 + r->ends.time_s - r->summer_offset_s;
  out[0] = (struct vsm_tzrule_change){begins_s, r->summer_offset_s, true};
  out[1] = (struct vsm_tzrule_change){ends_s, r->offset_s, false};
}
