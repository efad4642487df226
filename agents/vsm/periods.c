#include "periods.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SECOND_NS UINT64_C(1000000000)

int vsm_period_of(const char *name) {
  static const char *const names[] = {"hour", "day", "week", "month"};
  for (int i = 0; i < 4; i++)
    if (strcmp(name, names[i]) == 0)
      return i;
  return -1;
}

bool vsm_periods_zone(const char *zone) {
  const char *dir = getenv("TZDIR");
  char path[512];
  int n = snprintf(path, sizeof path, "%s/%s", dir && *dir ? dir : "/usr/share/zoneinfo", zone);
  bool utc = strcmp(zone, "UTC") == 0;
  if (!utc && (n < 0 || (size_t)n >= sizeof path || !*zone || strstr(zone, "..") || access(path, R_OK) != 0))
    return false;
  setenv("TZ", zone, 1);
  tzset();
  return true;
}

// When the period that holds t began.
static time_t begin_of(enum vsm_period period, time_t t) {
  struct tm tm;
  localtime_r(&t, &tm);
  if (period == VSM_BY_HOUR)
    return t - tm.tm_min * 60 - tm.tm_sec;
  int days = period == VSM_BY_DAY ? 0 : period == VSM_BY_WEEK ? (tm.tm_wday + 6) % 7 : tm.tm_mday - 1;
  struct tm midnight = {.tm_year = tm.tm_year, .tm_mon = tm.tm_mon, .tm_mday = tm.tm_mday - days, .tm_isdst = -1};
  return mktime(&midnight);
}

void vsm_periods(enum vsm_period period, uint64_t now_ns, size_t n, uint64_t *bounds_ns) {
  static const int longest_s[] = {
      [VSM_BY_HOUR] = 2 * 3600 - 1, [VSM_BY_DAY] = 26 * 3600, [VSM_BY_WEEK] = 8 * 86400, [VSM_BY_MONTH] = 32 * 86400};
  time_t last = begin_of(period, (time_t)(now_ns / SECOND_NS));
  time_t end = begin_of(period, last + longest_s[period]); // within the next one, however long this one is
  bounds_ns[n] = (uint64_t)end * SECOND_NS;
  for (size_t i = n; i-- > 0; last = last > 0 ? begin_of(period, last - 1) : 0)
    bounds_ns[i] = (uint64_t)(last > 0 ? last : 0) * SECOND_NS;
}

const char *vsm_periods_print(uint64_t ns, char *buf, size_t size) {
  time_t t = (time_t)(ns / SECOND_NS);
  struct tm tm;
  localtime_r(&t, &tm);
  strftime(buf, size, "%Y-%m-%d %H:%M", &tm);
  return buf;
}
