#include "conf/hours.h"

#include <string.h>

#include "base/date.h"
#include "core/calendar.h"

static int weekday(const char *text) {
  static const char names[] = "montuewedthufrisatsun";
  for (int i = 0; i < 7; i++)
    if (strncmp(text, names + 3 * i, 3) == 0)
      return i;
  return -1;
}

// Two digits, up to `most`; -1: not.
static int two_digits(const char *text, int most) {
  if (strspn(text, "0123456789") < 2)
    return -1;
  int v = (text[0] - '0') * 10 + text[1] - '0';
  return v <= most ? v : -1;
}

// "08:00": minutes since midnight, 24:00 included; -1: none.
static int clock_time(const char *text) {
  int h = two_digits(text, 24);
  int m = h >= 0 && text[2] == ':' ? two_digits(text + 3, 59) : -1;
  return m < 0 || (h == 24 && m > 0) ? -1 : h * 60 + m;
}

const char *vsm_conf_hours_parse(const char *text, struct vsm_conf_hours *out) {
  const char *wrong =
      "no working hours; allowed: a day or days and from-to: \"mon-fri 08:00-17:00\", \"sat 08:00-14:00\"";
  out->first = out->last = weekday(text);
  if (out->first < 0)
    return wrong;
  text += 3;
  if (*text == '-') {
    out->last = weekday(text + 1);
    text += out->last < 0 ? 0 : 4;
  }
  if (out->last >= 0 && out->last < out->first)
    return "days in the wrong order; allowed: from the earlier one, mon first";
  if (out->last < 0 || *text != ' ')
    return wrong;
  text += strspn(text, " ");
  out->from_m = clock_time(text);
  out->to_m = out->from_m >= 0 && text[5] == '-' ? clock_time(text + 6) : -1;
  if (out->to_m < 0 || text[11] != '\0')
    return wrong;
  return out->from_m < out->to_m ? NULL
                                 : "working hours that end before they begin; allowed: from-to within one day, "
                                   "to 24:00 at the latest";
}

int vsm_conf_hours_by_time(const void *pa, const void *pb) {
  const struct vsm_hours *a = pa, *b = pb;
  int c = (a->weekday > b->weekday) - (a->weekday < b->weekday);
  if (c == 0)
    c = (a->from_m > b->from_m) - (a->from_m < b->from_m);
  return c ? c : (a->to_m > b->to_m) - (a->to_m < b->to_m);
}

const char *vsm_conf_date_parse(const char *text, int32_t *day) {
  static const char *const wrong = "no date; allowed: YEAR-MONTH-DAY: 2026-12-25";
  if (strlen(text) != 10 || strspn(text, "0123456789") != 4 || text[4] != '-' || text[7] != '-')
    return wrong;
  int year = two_digits(text, 99) * 100 + two_digits(text + 2, 99);
  int month = two_digits(text + 5, 12), of_month = two_digits(text + 8, 31);
  if (!vsm_date_exists(year, month, of_month))
    return wrong;
  int64_t days = vsm_date_days(year, month, of_month);
  *day = (int32_t)days;
  return days >= 0 && days < VSM_CALENDAR_DAYS ? NULL : "a date too far away; allowed: 1970-01-01 to 2099-12-31";
}
