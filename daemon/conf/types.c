// The scalar types of the configuration: how each is read, what is allowed, and how it is printed.
#include "conf/reader.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

// Plain where nothing could be taken for YAML's own signs; else in double quotes. Control characters cannot occur.
void vsm_conf_print_text(struct vsm_conf_printer *p, const char *text) {
  size_t plain = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._/-");
  if (text[0] != '\0' && text[plain] == '\0' && isalnum((unsigned char)text[0]) && strcmp(text, "null") != 0) {
    fputs(text, p->out);
    return;
  }
  fputc('"', p->out);
  for (; *text; text++) {
    if (*text == '"' || *text == '\\')
      fputc('\\', p->out);
    fputc(*text, p->out);
  }
  fputc('"', p->out);
}

void vsm_conf_print_value(struct vsm_conf_printer *p, const char *text) {
  fputc(' ', p->out);
  vsm_conf_print_text(p, text);
  fputc('\n', p->out);
}

// --- texts

static void text_read(struct vsm_conf_reader *r, const struct vsm_conf_field *f, const struct vsm_yaml *n, void *at) {
  const char *text = vsm_conf_scalar(r, n, "a text");
  size_t where = 0;
  const char *wrong = !text           ? NULL
                      : *text == '\0' ? "empty; allowed: a text"
                      : f->check      ? f->check(text, &where)
                                      : NULL;
  if (wrong)
    vsm_conf_complain(r, n->line, n->column + (unsigned)where + n->quoted, "%s", wrong);
  else
    *(const char **)at = text;
}

static bool text_given(const struct vsm_conf_field *f, const void *at) {
  (void)f;
  return *(const char *const *)at != NULL;
}

static void text_print(struct vsm_conf_printer *p, const struct vsm_conf_field *f, const void *at) {
  (void)f;
  vsm_conf_print_value(p, *(const char *const *)at);
}

const struct vsm_conf_type VSM_T_TEXT = {NULL, text_read, text_given, text_print};

static void word_read(struct vsm_conf_reader *r, const struct vsm_conf_field *f, const struct vsm_yaml *n, void *at) {
  struct vsm_conf_word *w = at;
  text_read(r, f, n, (void *)&w->z);
  w->file = r->file;
  w->line = n->line;
  w->column = n->column;
}

static bool word_given(const struct vsm_conf_field *f, const void *at) {
  (void)f;
  return ((const struct vsm_conf_word *)at)->z != NULL;
}

static void word_print(struct vsm_conf_printer *p, const struct vsm_conf_field *f, const void *at) {
  (void)f;
  vsm_conf_print_value(p, ((const struct vsm_conf_word *)at)->z);
}

const struct vsm_conf_type VSM_T_WORD = {NULL, word_read, word_given, word_print};

// --- choices

static void minus_one_int(const struct vsm_conf_field *f, void *at) {
  (void)f;
  *(int *)at = -1;
}

static void minus_one_int64(const struct vsm_conf_field *f, void *at) {
  (void)f;
  *(int64_t *)at = -1;
}

static const char *choice_name(const void *of, size_t i) {
  return ((const char *const *)of)[i];
}

static void choice_read(struct vsm_conf_reader *r, const struct vsm_conf_field *f, const struct vsm_yaml *n, void *at) {
  const char *text = vsm_conf_scalar(r, n, "one of its words");
  for (int i = 0; text && f->names[i]; i++)
    if (strcmp(text, f->names[i]) == 0) {
      *(int *)at = i;
      return;
    }
  *(int *)at = -2;
  if (text)
    vsm_conf_complain(r, n->line, n->column, "\"%s\" is no value of %s%s", text, f->key,
                      vsm_conf_choice(r->report, text, choice_name, f->names));
}

static bool choice_given(const struct vsm_conf_field *f, const void *at) {
  (void)f;
  return *(const int *)at >= 0;
}

static void choice_print(struct vsm_conf_printer *p, const struct vsm_conf_field *f, const void *at) {
  vsm_conf_print_value(p, f->names[*(const int *)at]);
}

const struct vsm_conf_type VSM_T_CHOICE = {minus_one_int, choice_read, choice_given, choice_print};

// --- numbers

// Digits alone, and no more than `most`.
bool vsm_conf_whole(const char *text, size_t n, int64_t most, int64_t *out) {
  int64_t v = 0;
  for (size_t i = 0; i < n; i++) {
    if (text[i] < '0' || text[i] > '9' || v > (most - (text[i] - '0')) / 10)
      return false;
    v = v * 10 + (text[i] - '0');
  }
  *out = v;
  return n > 0;
}

static void count_read(struct vsm_conf_reader *r, const struct vsm_conf_field *f, const struct vsm_yaml *n, void *at) {
  const char *text = vsm_conf_scalar(r, n, "a whole number");
  int64_t v;
  if (text && (!vsm_conf_whole(text, strlen(text), f->most, &v) || v < f->least))
    vsm_conf_complain(r, n->line, n->column,
                      "\"%s\" is no value of %s; allowed: a whole number from %" PRId64 " to %" PRId64, text, f->key,
                      f->least, f->most);
  else if (text)
    *(int64_t *)at = v;
}

static bool count_given(const struct vsm_conf_field *f, const void *at) {
  (void)f;
  return *(const int64_t *)at >= 0;
}

static void count_print(struct vsm_conf_printer *p, const struct vsm_conf_field *f, const void *at) {
  (void)f;
  fprintf(p->out, " %" PRId64 "\n", *(const int64_t *)at);
}

const struct vsm_conf_type VSM_T_COUNT = {minus_one_int64, count_read, count_given, count_print};

static const struct {
  const char *name;
  int shift;
} BYTE_UNITS[] = {{"TiB", 40}, {"GiB", 30}, {"MiB", 20}, {"KiB", 10}, {"B", 0}};
enum { N_BYTE_UNITS = sizeof BYTE_UNITS / sizeof *BYTE_UNITS };

static void bytes_read(struct vsm_conf_reader *r, const struct vsm_conf_field *f, const struct vsm_yaml *n, void *at) {
  const char *text = vsm_conf_scalar(r, n, "a size: 20GiB, 512MiB");
  if (!text)
    return;
  size_t digits = strspn(text, "0123456789");
  char most[40] = "";
  if (f->most > 0)
    snprintf(most, sizeof most, ", at most %" PRId64 "B", f->most);
  for (size_t i = 0; i < N_BYTE_UNITS; i++) {
    int64_t v;
    if (strcmp(text + digits, BYTE_UNITS[i].name) == 0 &&
        vsm_conf_whole(text, digits, INT64_MAX >> BYTE_UNITS[i].shift, &v) && v << BYTE_UNITS[i].shift >= f->least &&
        (f->most == 0 || v << BYTE_UNITS[i].shift <= f->most)) {
      *(int64_t *)at = v << BYTE_UNITS[i].shift;
      return;
    }
  }
  vsm_conf_complain(r, n->line, n->column,
                    "\"%s\" is no size; allowed: a whole number with B, KiB, MiB, GiB or TiB, at least %" PRId64 "B%s",
                    text, f->least, most);
}

static void bytes_print(struct vsm_conf_printer *p, const struct vsm_conf_field *f, const void *at) {
  (void)f;
  int64_t v = *(const int64_t *)at;
  size_t i = 0;
  while (v & ((INT64_C(1) << BYTE_UNITS[i].shift) - 1))
    i++;
  fprintf(p->out, " %" PRId64 "%s\n", v >> BYTE_UNITS[i].shift, BYTE_UNITS[i].name);
}

const struct vsm_conf_type VSM_T_BYTES = {minus_one_int64, bytes_read, count_given, bytes_print};

// Digits, at most one point; no sign, no exponent.
bool vsm_conf_fraction(const char *text, double *out) {
  size_t n = strspn(text, "0123456789");
  size_t m = text[n] == '.' ? 1 + strspn(text + n + 1, "0123456789") : 0;
  *out = strtod(text, NULL);
  return n > 0 && m != 1 && n + m < 18 && text[n + m] == '\0';
}

static void share_read(struct vsm_conf_reader *r, const struct vsm_conf_field *f, const struct vsm_yaml *n, void *at) {
  const char *text = vsm_conf_scalar(r, n, "a share: 0.85");
  double v;
  if (text && (!vsm_conf_fraction(text, &v) || v <= 0 || v > 1))
    vsm_conf_complain(r, n->line, n->column, "\"%s\" is no value of %s; allowed: a share above 0, up to 1: 0.85", text,
                      f->key);
  else if (text)
    *(double *)at = v;
}

static bool share_given(const struct vsm_conf_field *f, const void *at) {
  (void)f;
  return *(const double *)at > 0;
}

// Without an exponent; what can be written has at most 15 decimals.
static void share_print(struct vsm_conf_printer *p, const struct vsm_conf_field *f, const void *at) {
  (void)f;
  char text[32];
  size_t n = (size_t)snprintf(text, sizeof text, "%.15f", *(const double *)at);
  while (text[n - 1] == '0')
    n--;
  n -= text[n - 1] == '.';
  fprintf(p->out, " %.*s\n", (int)n, text);
}

const struct vsm_conf_type VSM_T_SHARE = {NULL, share_read, share_given, share_print};
