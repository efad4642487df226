// Durations: an elapsed time (250ms 90s 15m 8h 3d 2w), or working days of a calendar (5wd), kept as it was written so
// that it is printed so; and thresholds, which may also be a percentile times a factor. Whether elapsed days or working
// days may stand somewhere depends on the calendar in force, which is known only once all is read (times.c).
#include "conf/reader.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"

static const struct {
  const char *name;
  int64_t us;
} UNITS[] = {{"ms", 1000},       {"s", VSM_SECOND_US}, {"m", VSM_MINUTE_US},
             {"h", VSM_HOUR_US}, {"d", VSM_DAY_US},    {"w", 7 * VSM_DAY_US}};

int vsm_conf_duration_parse(const char *text, struct vsm_conf_duration *out, const char **what) {
  *what = "no duration; allowed: a whole number with ms, s, m, h, d, w or wd: 250ms 90s 15m 8h 3d 2w 5wd";
  bool minus = text[0] == '-';
  const char *number = text + minus;
  size_t digits = strspn(number, "0123456789");
  const int64_t most_us = VSM_TIME_MAX;
  int64_t v;
  *out = (struct vsm_conf_duration){.text = text};
  if (strcmp(number + digits, "wd") == 0 && vsm_conf_whole(number, digits, 36500, &v)) {
    out->working_days = (uint32_t)v;
    return minus ? VSM_EFORMAT : 0;
  }
  for (size_t i = 0; i < sizeof UNITS / sizeof *UNITS; i++)
    if (strcmp(number + digits, UNITS[i].name) == 0 && vsm_conf_whole(number, digits, most_us / UNITS[i].us, &v)) {
      out->us = (minus ? -v : v) * UNITS[i].us;
      return 0;
    }
  return VSM_EFORMAT;
}

// The value of one field, checked against what the field allows.
static bool duration_of(struct vsm_conf_reader *r, const struct vsm_conf_field *f, const struct vsm_yaml *n,
                        struct vsm_conf_duration *out) {
  const char *text = vsm_conf_scalar(r, n, "a duration: 90s, 15m, 8h");
  const char *what = NULL;
  struct vsm_conf_duration d;
  if (!text)
    return false;
  if (vsm_conf_duration_parse(text, &d, &what) == 0) {
    if (d.us < 0 && !(f->flags & VSM_CONF_SIGNED))
      what = "a negative duration; allowed: 0s and more";
    else if (d.working_days && !(f->flags & VSM_CONF_WORKING))
      what = "working days; allowed here: elapsed time, ms s m h d w";
    else if (!d.working_days && !(f->flags & VSM_CONF_SIGNED) && d.us < f->least)
      what = f->least >= VSM_MINUTE_US ? "too short; allowed: 1m and more" : "too short; allowed: 1ms and more";
    else if (f->most && d.us > f->most)
      what = "too long; allowed: up to 1h";
    else
      what = NULL;
  }
  if (what)
    vsm_conf_complain(r, n->line, n->column, "\"%s\": %s", text, what);
  *out = d;
  out->line = n->line;
  out->column = n->column;
  return !what;
}

static void duration_read(struct vsm_conf_reader *r, const struct vsm_conf_field *f, const struct vsm_yaml *n,
                          void *at) {
  struct vsm_conf_duration d;
  if (duration_of(r, f, n, &d))
    memcpy(at, &d, sizeof d);
}

static bool duration_given(const struct vsm_conf_field *f, const void *at) {
  (void)f;
  return ((const struct vsm_conf_duration *)at)->text != NULL;
}

static void duration_print(struct vsm_conf_printer *p, const struct vsm_conf_field *f, const void *at) {
  (void)f;
  vsm_conf_print_value(p, ((const struct vsm_conf_duration *)at)->text);
}

const struct vsm_conf_type VSM_T_DURATION = {NULL, duration_read, duration_given, duration_print};

// A duration, or a percentile of the stage's cycle time or the stream's lead time, times a factor: "p95 x 2".
static void threshold_read(struct vsm_conf_reader *r, const struct vsm_conf_field *f, const struct vsm_yaml *n,
                           void *at) {
  struct vsm_conf_threshold *t = at;
  t->line = n->line;
  t->column = n->column;
  if (n->kind != VSM_YAML_SCALAR || n->text[0] != 'p') {
    duration_read(r, f, n, &t->after);
    return;
  }
  static const unsigned percentiles[] = {50, 85, 95, 99};
  char *end;
  unsigned long p = strtoul(n->text + 1, &end, 10);
  for (size_t i = 0; i < 4; i++)
    if (p == percentiles[i] && end - n->text == 3 && strncmp(end, " x ", 3) == 0 &&
        vsm_conf_fraction(end + 3, &t->factor) && t->factor >= 0.01 && t->factor <= 1000) {
      t->percentile = (unsigned)p;
      return;
    }
  vsm_conf_complain(r, n->line, n->column,
                    "\"%s\" is no threshold; allowed: a duration, or p50, p85, p95 or p99 times "
                    "a factor of 0.01 to 1000: \"p95 x 2\"",
                    n->text);
}

static bool threshold_given(const struct vsm_conf_field *f, const void *at) {
  (void)f;
  const struct vsm_conf_threshold *t = at;
  return t->percentile || t->after.text;
}

static void threshold_print(struct vsm_conf_printer *p, const struct vsm_conf_field *f, const void *at) {
  const struct vsm_conf_threshold *t = at;
  if (t->percentile)
    fprintf(p->out, " \"p%u x %.15g\"\n", t->percentile, t->factor);
  else
    duration_print(p, f, &t->after);
}

const struct vsm_conf_type VSM_T_THRESHOLD = {NULL, threshold_read, threshold_given, threshold_print};
