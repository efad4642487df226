// Strings as numbers: an origin (source, type and rule of a transition), a hold (reason and party). A string is made
// of parts set apart by NUL, which none of them holds, so that the order of bytes is the order of parts.
#pragma once
#include "base/arena.h"
#include "base/str.h"
#include "base/table.h"
#include "core/bytes.h"

struct vsm_intern {
  struct vsm_table table;
  struct vsm_arena bytes;
  struct vsm_str *strs;
  size_t n, cap;
};

enum { VSM_INTERN_PARTS = 3, VSM_INTERN_MAX = 1 << 20, VSM_INTERN_BYTES_MAX = 64 << 20 };

void vsm_intern_init(struct vsm_intern *in);
void vsm_intern_fini(struct vsm_intern *in);
// The number of these parts; 0, which stands for "other", where they are new and there are VSM_INTERN_MAX already, or
// no room for them in VSM_INTERN_BYTES_MAX.
uint32_t vsm_intern(struct vsm_intern *in, const struct vsm_str *parts, unsigned n);
// Borrowed until fini.
void vsm_intern_parts(const struct vsm_intern *in, uint32_t id, struct vsm_str *parts, unsigned n);
// Order of their bytes.
int vsm_intern_cmp(const struct vsm_intern *in, uint32_t a, uint32_t b);

// All strings by their numbers, and back into a table that has "other" alone (core/save.h).
void vsm_intern_save(const struct vsm_intern *in, struct vsm_out *o);
void vsm_intern_load(struct vsm_intern *words, struct vsm_in *in);
