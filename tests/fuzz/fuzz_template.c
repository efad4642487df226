// Bytes as a template, up to the first NUL, and as the fields of an event: a text is at most as long as its room, has
// no field missing where it is given, and does not depend on the room left. Then as a glob, held against the plain
// definition.
#include <assert.h>
#include <stdlib.h>

#include "core/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool plain_match(const char *g, size_t gn, const char *t, size_t tn) {
  if (gn == 0)
    return tn == 0;
  if (*g == '*')
    return plain_match(g + 1, gn - 1, t, tn) || (tn && plain_match(g, gn, t + 1, tn - 1));
  return tn && *g == *t && plain_match(g + 1, gn - 1, t + 1, tn - 1);
}

static void check_expand(const struct vsm_template *t, const struct vsm_event *e) {
  char narrow[8], wide[1 << 16];
  const struct vsm_field *missing = NULL;
  long n = vsm_template_expand(t, e, wide, sizeof wide, &missing);
  long m = vsm_template_expand(t, e, narrow, sizeof narrow, NULL);
  assert(n >= -2 && n <= (long)sizeof wide && m <= (long)sizeof narrow);
  assert((n == -1) == (missing != NULL));
  assert(n < 0 || n > (long)sizeof narrow || (m == n && memcmp(narrow, wide, (size_t)n) == 0));
  assert(n <= (long)sizeof narrow || m == -2);
  if (missing)
    assert(vsm_field_value(missing, e).n == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char *text = strndup((const char *)data, size);
  size_t n = strlen(text);
  struct vsm_str rest = {(const char *)data + n, size - n};
  const struct vsm_attr attrs[] = {{VSM_STR("a"), rest}, {VSM_STR("b"), {NULL, 0}}};
  const struct vsm_event e = {
      .source = VSM_STR("crm"), .type = rest, .subject = VSM_STR("s-1"), .attrs = attrs, .n_attrs = 2};
  struct vsm_arena arena;
  struct vsm_template t;
  const char *what = NULL;
  size_t at = 0;
  vsm_arena_init(&arena, 0);
  if (vsm_template_parse(&arena, text, &t, &at, &what) == 0)
    check_expand(&t, &e);
  else
    assert(what && at < n);
  size_t half = n / 2;
  if (n <= 24)
    assert(vsm_glob_match((struct vsm_str){text, half}, (struct vsm_str){text + half, n - half}) ==
           plain_match(text, half, text + half, n - half));
  vsm_arena_fini(&arena);
  free(text);
  return 0;
}
