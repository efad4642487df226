#include "conf/names.h"

#include <stdlib.h>
#include <string.h>

static int by_word(const void *pa, const void *pb) {
  const struct vsm_conf_word *a = *(const struct vsm_conf_word *const *)pa,
                             *b = *(const struct vsm_conf_word *const *)pb;
  int c = strcmp(a->z, b->z);
  if (c == 0)
    c = (a->line > b->line) - (a->line < b->line);
  return c ? c : (a->column > b->column) - (a->column < b->column);
}

void vsm_conf_check_twice(struct vsm_conf_reader *r, const struct vsm_conf_word *first, size_t n, size_t size,
                          const char *what) {
  const struct vsm_conf_word **sorted = vsm_conf_alloc(r, n + 1, sizeof *sorted);
  size_t m = 0;
  for (size_t i = 0; i < n; i++) {
    const struct vsm_conf_word *w = (const void *)((const char *)first + i * size);
    if (w->z)
      sorted[m++] = w;
  }
  qsort(sorted, m, sizeof *sorted, by_word);
  for (size_t i = 1; i < m; i++)
    if (strcmp(sorted[i - 1]->z, sorted[i]->z) == 0)
      vsm_conf_blame(r, sorted[i], "%s \"%s\" is given twice (first on line %u); allowed: once", what, sorted[i]->z,
                     sorted[i - 1]->line);
}

const char *vsm_conf_stage_id(const void *of, size_t i) {
  const struct vsm_conf_stream *s = of;
  return i < s->stages.n ? vsm_conf_or_empty(s->stages.at[i].id.z) : NULL;
}

const char *vsm_conf_segment(const void *of, size_t i) {
  const struct vsm_conf_stream *s = of;
  return i < s->segments.n ? s->segments.at[i].z : NULL;
}
