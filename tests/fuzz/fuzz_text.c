// Bytes as small texts of all kinds, up to the first NUL: times, dates, working hours, names, ids, rules of time zones,
// keys of XML, and all that a configuration's words may have to look like. The first byte says which. What is read can
// be written and is read again as the same; what is wrong is said in words.
#undef NDEBUG
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "agents/lib/number.h"
#include "agents/vsm/text.h"
#include "agents/vsm/xml_key.h"
#include "base/date.h"
#include "base/name.h"
#include "base/when.h"
#include "conf/forms.h"
#include "conf/hours.h"
#include "conf/tzrule.h"
#include "wire/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void when(const char *z) {
  uint64_t ns, again;
  char text[VSM_WHEN_BYTES];
  if (!vsm_when_parse(z, &ns))
    return;
  assert(ns > 0);
  vsm_when_print((int64_t)(ns / 1000), text);
  assert(strlen(text) == VSM_WHEN_BYTES - 4);
  assert(ns < 1000000000 || (vsm_when_parse(text, &again) && again == ns - ns % 1000000000));
}

static void date(const char *z) {
  int64_t days, again;
  char text[VSM_DATE_BYTES];
  if (!vsm_date_parse(z, strlen(z), &days))
    return;
  vsm_date_print(days, text);
  assert(strcmp(text, z) == 0 && vsm_date_parse(text, strlen(text), &again) && again == days);
  struct vsm_date d = vsm_date_of(days);
  assert(vsm_date_exists(d.year, d.month, d.day) && vsm_date_days(d.year, d.month, d.day) == days);
}

static void hours(const char *z) {
  struct vsm_conf_hours h;
  int32_t day;
  if (!vsm_conf_hours_parse(z, &h))
    assert(h.first >= 0 && h.first <= 6 && h.last >= 0 && h.last <= 6 && h.from_m >= 0 && h.from_m < h.to_m &&
           h.to_m <= 1440);
  if (!vsm_conf_date_parse(z, &day))
    assert(day >= 0);
}

static void tz_rule(const char *z) {
  struct vsm_tzrule r;
  struct vsm_tzrule_change c[2];
  if (!vsm_tzrule_parse(z, &r))
    return;
  assert(r.offset_s >= VSM_TZ_OFFSET_LEAST_S && r.offset_s <= VSM_TZ_OFFSET_MOST_S);
  for (int year = 1969; r.has_summer && year < 2101; year++) {
    vsm_tzrule_year(&r, year, c);
    assert(c[0].to_summer != c[1].to_summer);
  }
}

static void xml_key(const char *z) {
  struct vsm_str key = vsm_str_of(z);
  char *out = malloc(sizeof VSM_XML_DATA + 5 * key.n + 1), *plain = strdup(z);
  const char *escaped = vsm_xml_key(key, out);
  if (strncmp(escaped, VSM_XML_DATA, sizeof VSM_XML_DATA - 1) == 0) {
    char *back = strdup(escaped + sizeof VSM_XML_DATA - 1);
    assert(vsm_xml_unkey(back) && strcmp(back, z) == 0);
    free(back);
  } else {
    assert(strcmp(escaped, z) == 0);
  }
  vsm_xml_unkey(plain);
  free(plain);
  free(out);
}

static void name(const char *z) {
  struct vsm_str s = vsm_str_of(z);
  assert(!vsm_name_is_source(s) || (vsm_name_source_span(z) == s.n && s.n <= VSM_SOURCE_BYTES_MAX));
  assert(vsm_name_source_span(z) <= s.n);
}

static void shown(const char *z) {
  char narrow[9], wide[512], *json = NULL;
  size_t n = 0;
  assert(strlen(vsm_text_plain(z, narrow, sizeof narrow)) < sizeof narrow);
  assert(vsm_utf8_check(vsm_str_of(z)) == 0 || vsm_text_width(z) <= (int)(2 * strlen(z)));
  vsm_text_plain(z, wide, sizeof wide);
  for (const char *p = wide; *p; p++)
    assert((unsigned char)*p >= ' ' && *p != 0x7f);
  FILE *out = open_memstream(&json, &n);
  vsm_text_json(out, z, strlen(z));
  fclose(out);
  assert(n >= 2 && json[0] == '"' && json[n - 1] == '"');
  free(json);
}

static void number(const char *z) {
  char text[VSM_NUMBER_BYTES];
  double v = strtod(z, NULL);
  vsm_number_print(text, v);
  assert(v != v || v - v != 0 || strtod(text, NULL) == v);
}

static void forms(const char *z) {
  static const char *(*const all[])(const char *, size_t *) = {
      vsm_form_text,   vsm_form_id,   vsm_form_stream_id,   vsm_form_stage_id, vsm_form_calendar_id,
      vsm_form_source, vsm_form_week, vsm_form_glob_source, vsm_form_template, vsm_form_field,
      vsm_form_zone,   vsm_form_date, vsm_form_span,        vsm_form_key,      vsm_form_role};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    size_t at = 0;
    const char *wrong = all[i](z, &at);
    assert(!wrong || (*wrong && at <= strlen(z)));
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static void (*const kinds[])(const char *) = {when, date, hours, tz_rule, xml_key, name, shown, number, forms};
  if (size < 1)
    return -1;
  char *z = strndup((const char *)data + 1, size - 1);
  kinds[data[0] % (sizeof kinds / sizeof *kinds)](z);
  free(z);
  return 0;
}
