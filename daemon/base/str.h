// Text as a view: bytes with a length, not owned, not NUL-terminated.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct vsm_str {
  const char *p; // may be NULL where n is 0
  size_t n;
};

#define VSM_STR(lit) ((struct vsm_str){(lit), sizeof(lit) - 1})

static inline struct vsm_str vsm_str_of(const char *z) {
  return (struct vsm_str){z, z ? strlen(z) : 0};
}

static inline bool vsm_str_eq(struct vsm_str a, struct vsm_str b) {
  return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool vsm_str_begins(struct vsm_str text, struct vsm_str with) {
  return text.n >= with.n && (with.n == 0 || memcmp(text.p, with.p, with.n) == 0);
}

// Order by bytes, a prefix first.
static inline int vsm_str_cmp(struct vsm_str a, struct vsm_str b) {
  size_t n = a.n < b.n ? a.n : b.n;
  int c = n ? memcmp(a.p, b.p, n) : 0;
  return c ? c : (a.n > b.n) - (a.n < b.n);
}
