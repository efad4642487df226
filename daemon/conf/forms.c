// Forms that a text can have. None needs more than the text.
#include "conf/forms.h"

#include <string.h>

#include "base/err.h"
#include "base/key.h"
#include "base/mem.h"
#include "base/name.h"
#include "conf/clients.h"
#include "conf/hours.h"
#include "core/template.h"

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
#define ID_LETTERS LETTERS "._-"

// The length of the UTF-8 character at p; 0: none, or one that is too long for what it says, a surrogate, or too large.
static size_t character(const unsigned char *p, unsigned *code) {
  static const unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
  size_t n = p[0] < 0x80 ? 1 : (p[0] & 0xe0) == 0xc0 ? 2 : (p[0] & 0xf0) == 0xe0 ? 3 : (p[0] & 0xf8) == 0xf0 ? 4 : 0;
  *code = n == 1 ? p[0] : p[0] & (0x7f >> n);
  for (size_t i = 1; i < n; i++) {
    if ((p[i] & 0xc0) != 0x80)
      return 0;
    *code = *code << 6 | (p[i] & 0x3f);
  }
  return n && *code >= least[n] && *code <= 0x10ffff && (*code < 0xd800 || *code > 0xdfff) ? n : 0;
}

const char *vsm_form_text(const char *text, size_t *at) {
  const unsigned char *p = (const unsigned char *)text;
  for (unsigned code; *p; p += character(p, &code)) {
    *at = (size_t)(p - (const unsigned char *)text);
    if (character(p, &code) == 0)
      return "not UTF-8; allowed: text in UTF-8";
    // ASCII's and Unicode's control characters, its line and paragraph separators, the byte order mark and the two
    // that are no characters
    if (code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x2028 || code == 0x2029 || code == 0xfeff ||
        code == 0xfffe || code == 0xffff)
      return "a control character or line break; allowed: text of one line";
  }
  return NULL;
}

const char *vsm_form_id(const char *text, size_t *at) {
  *at = strspn(text, ID_LETTERS);
  if (text[*at] != '\0')
    return "no id; allowed: letters, digits, dot, underscore and hyphen, 1 to 64 of them";
  if (*at <= VSM_ID_MAX)
    return NULL;
  *at = 0;
  return "an id too long; allowed: 1 to 64 letters, digits, dots, underscores and hyphens";
}

// An id that is not `word`, which means something else where ids of its kind stand.
static const char *id_but(const char *text, size_t *at, const char *word, const char *why) {
  const char *wrong = vsm_form_id(text, at);
  if (wrong || strcmp(text, word) != 0)
    return wrong;
  *at = 0;
  return why;
}

const char *vsm_form_stream_id(const char *text, size_t *at) {
  return id_but(text, at, "source",
                "\"source\" is no id of a value stream: topics of sources begin so; allowed: any other id");
}

const char *vsm_form_stage_id(const char *text, size_t *at) {
  return id_but(text, at, "outcome",
                "\"outcome\" is no id of a stage: it stands for the stream's end; allowed: any other id");
}

const char *vsm_form_calendar_id(const char *text, size_t *at) {
  return id_but(text, at, "none", "\"none\" is no id of a calendar: it stands for none; allowed: any other id");
}

static const char *source_length(const char *text, size_t *at) {
  if (strlen(text) <= VSM_SOURCE_BYTES_MAX)
    return NULL;
  *at = 0;
  return "a source's name too long; allowed: 1 to 128 bytes";
}

const char *vsm_form_source(const char *text, size_t *at) {
  *at = vsm_name_source_span(text);
  if (text[*at] != '\0')
    return "no name of a source; allowed: letters, digits and . _ : / ~ % @ + # -";
  return source_length(text, at);
}

const char *vsm_form_glob_source(const char *text, size_t *at) {
  *at = vsm_name_source_span(text);
  while (text[*at] == '*')
    *at += 1 + vsm_name_source_span(text + *at + 1);
  if (text[*at] != '\0')
    return "no name of a source; allowed: letters, digits and . _ : / ~ % @ + # -, and * for any run of them";
  return source_length(text, at);
}

const char *vsm_form_template(const char *text, size_t *at) {
  struct vsm_arena scratch;
  struct vsm_template t;
  const char *what = NULL;
  vsm_arena_init(&scratch, 0);
  int err = vsm_template_parse(&scratch, text, &t, at, &what);
  vsm_mem_need(err == VSM_ENOMEM ? NULL : &t, strlen(text));
  vsm_arena_fini(&scratch);
  return err ? what : NULL;
}

const char *vsm_form_field(const char *text, size_t *at) {
  struct vsm_field f;
  const char *what = NULL;
  *at = 0;
  return vsm_field_parse(text, &f, &what) ? what : NULL;
}

// Names of the database have no dots, so that none leads out of its folder.
const char *vsm_form_zone(const char *text, size_t *at) {
  *at = strspn(text, LETTERS "_+-/");
  bool good = text[*at] == '\0' && text[0] != '/' && *at <= 64;
  *at = 0;
  return good ? NULL : "no name of a time zone; allowed: a name as America/Chicago, or UTC";
}

const char *vsm_form_week(const char *text, size_t *at) {
  struct vsm_conf_hours hours;
  *at = 0;
  return vsm_conf_hours_parse(text, &hours);
}

const char *vsm_form_date(const char *text, size_t *at) {
  int32_t day;
  *at = 0;
  return vsm_conf_date_parse(text, &day);
}

const char *vsm_form_span(const char *text, size_t *at) {
  const char *slash = strrchr(text, '/');
  *at = slash ? (size_t)(slash - text) + 1 : 0;
  bool good = slash && slash != text && (strcmp(slash, "/entered") == 0 || strcmp(slash, "/left") == 0);
  return good ? NULL : "no end of a span; allowed: STAGE/entered or STAGE/left";
}

const char *vsm_form_key(const char *text, size_t *at) {
  *at = 0;
  return vsm_key_well_formed(text) ? NULL : "no public key; allowed: 40 characters of Z85";
}

const char *vsm_form_role(const char *text, size_t *at) {
  *at = 0;
  return vsm_role_of(text) ? NULL : "no role; allowed: emit, watch, control";
}
