// Whom a rule with `where` is about: items whose segments have one of its values in each of its attributes.
#pragma once
#include "core/intern.h"
#include "core/model.h"

struct vsm_fits {
  const struct vsm_where *where;
  unsigned n;
  uint32_t **values; // of each its values, interned
};

void vsm_fits_init(struct vsm_fits *f, const struct vsm_where *where, unsigned n, struct vsm_intern *words);
void vsm_fits_fini(struct vsm_fits *f);
// An item's value of each attribute.
bool vsm_fits(const struct vsm_fits *f, const uint32_t *segments);
// Words of its own.
void vsm_fits_mark(const struct vsm_fits *f, bool *used);
