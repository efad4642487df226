#include "core/fits.h"

#include <stdlib.h>

#include "base/mem.h"

void vsm_fits_init(struct vsm_fits *f, const struct vsm_where *where, unsigned n, struct vsm_intern *words) {
  *f = (struct vsm_fits){where, n, vsm_mem_alloc(n * sizeof *f->values)};
  for (unsigned i = 0; i < n; i++) {
    f->values[i] = vsm_mem_alloc(where[i].n * sizeof **f->values);
    for (unsigned k = 0; k < where[i].n; k++)
      f->values[i][k] = vsm_intern(words, &where[i].values[k], 1);
  }
}

void vsm_fits_fini(struct vsm_fits *f) {
  for (unsigned i = 0; i < f->n; i++)
    free(f->values[i]);
  free(f->values);
  *f = (struct vsm_fits){0};
}

bool vsm_fits(const struct vsm_fits *f, const uint32_t *segments) {
  for (unsigned i = 0; i < f->n; i++) {
    bool any = false;
    for (unsigned k = 0; k < f->where[i].n && !any; k++)
      any = f->values[i][k] == segments[f->where[i].attribute];
    if (!any)
      return false;
  }
  return true;
}

void vsm_fits_mark(const struct vsm_fits *f, bool *used) {
  for (unsigned i = 0; i < f->n; i++)
    for (unsigned k = 0; k < f->where[i].n; k++)
      used[f->values[i][k]] = true;
}
