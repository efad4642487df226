// Strings as numbers: an origin (source, type and rule of a transition), a hold (reason and party). A string is made
// of parts set apart by NUL, which none of them holds, so that the order of bytes is the order of parts.
#pragma once
#include "base/str.h"
#include "base/table.h"
#include "core/bytes.h"

struct vsm_intern {
  struct vsm_table table;
  struct vsm_str *strs; // by number; p NULL: a hole
  size_t n, cap;
  size_t bytes;    // of all strings
  uint32_t *holes; // rising; they are taken from `taken` on
  size_t n_holes, taken, cap_holes;
};

enum { VSM_INTERN_PARTS = 3, VSM_INTERN_MAX = 1 << 20, VSM_INTERN_BYTES_MAX = 64 << 20 };

void vsm_intern_init(struct vsm_intern *in);
void vsm_intern_fini(struct vsm_intern *in);
// The number of these parts; 0, which stands for "other", where they are new and there are VSM_INTERN_MAX already, or
// no room for them in VSM_INTERN_BYTES_MAX.
uint32_t vsm_intern(struct vsm_intern *in, const struct vsm_str *parts, unsigned n);
static inline size_t vsm_intern_used(const struct vsm_intern *in) {
  return in->n - (in->n_holes - in->taken);
}
// Lets go of all but those in use, by number (in->n of them); their numbers are taken again, the smallest first.
void vsm_intern_sweep(struct vsm_intern *in, const bool *used);
// Borrowed until fini, or until it is swept.
void vsm_intern_parts(const struct vsm_intern *in, uint32_t id, struct vsm_str *parts, unsigned n);
// Is it this string, of one part? "Other" is none.
static inline bool vsm_intern_is(const struct vsm_intern *in, uint32_t id, struct vsm_str text) {
  return id != 0 && vsm_str_eq(in->strs[id], text);
}
// Order of their bytes.
int vsm_intern_cmp(const struct vsm_intern *in, uint32_t a, uint32_t b);

// All strings by their numbers, and back into a table that has "other" alone (core/save.h).
void vsm_intern_save(const struct vsm_intern *in, struct vsm_out *o);
void vsm_intern_load(struct vsm_intern *words, struct vsm_in *in, bool with_holes);
// The number of a string that there is; bad where there is none.
uint32_t vsm_in_word(struct vsm_in *in, const struct vsm_intern *words);
