// The rule behind a time zone's last listed change, in the words of POSIX TZ: "CST6CDT,M3.2.0,M11.1.0".
#pragma once
#include <stdbool.h>
#include <stdint.h>

enum { VSM_TZ_OFFSET_LEAST_S = -89999, VSM_TZ_OFFSET_MOST_S = 93599 }; // of a zone: RFC 8536, 3.2

// A day of any year, and the local time on it.
struct vsm_tzrule_day {
  enum { VSM_TZ_MONTH_WEEK, VSM_TZ_DAY_WITHOUT_LEAP, VSM_TZ_DAY } kind;
  int month, week, day; // the week's day from Sunday, 0; or the year's: from 1 without a leap day, else from 0
  int32_t time_s;       // may lie days off
};

struct vsm_tzrule {
  int32_t offset_s; // local time = UTC + offset
  bool has_summer;
  int32_t summer_offset_s;
  struct vsm_tzrule_day begins, ends; // of summer, each in the local time before it
};

struct vsm_tzrule_change {
  int64_t at_s;
  int32_t offset_s;
  bool to_summer;
};

// False where it is none.
bool vsm_tzrule_parse(const char *text, struct vsm_tzrule *out);
// The two changes of a year, from 1969, of a rule that has summer time: to it, and back.
void vsm_tzrule_year(const struct vsm_tzrule *r, int year, struct vsm_tzrule_change out[2]);
