// What differs between an item's two stories, and counting it in the figures of its stream.
#pragma once
#include "core/stream.h"

// Two lists that differ between `from` and their ends.
struct vsm_difference {
  size_t from, a, b;
};

// Of an item's visits, and of its marks.
struct vsm_rewrite {
  const struct vsm_story *was, *is;
  struct vsm_difference visits, marks;
};

struct vsm_rewrite vsm_rewrite_of(const struct vsm_retold *r);
static inline const struct vsm_visit *vsm_rewrite_was(const struct vsm_rewrite *w, size_t i) {
  return i < w->visits.a ? &w->was->visits[i] : NULL;
}
static inline const struct vsm_visit *vsm_rewrite_is(const struct vsm_rewrite *w, size_t i) {
  return i < w->visits.b ? &w->is->visits[i] : NULL;
}

// Takes back what was counted and counts what is: of all items, and of those with the item's values of attributes.
void vsm_count(struct vsm_stream_state *s, const struct vsm_rewrite *w);
