// The figures of a stream again, for the items that have one value of an attribute. Counts and cycle times alone.
#pragma once
#include "core/tape.h"

struct vsm_segment_stage {
  struct vsm_tape tape;
  uint64_t open;
};

struct vsm_segment {
  uint32_t word; // the value, interned; of `other` 0
  uint64_t open; // items
  struct vsm_tape tape;
  struct vsm_segment_stage *stages; // by place
};

struct vsm_attribute {
  uint32_t name;                    // interned
  const struct vsm_attribute *like; // borrowed: what is `other` there is so here, too; NULL: it goes by its own `most`
  struct vsm_segment *values[VSM_SEGMENT_VALUES_MAX + 1];
  unsigned n, most; // most: beyond so many a value that comes later is `other`, which is none of them
  bool has_other;
  uint8_t last[256]; // by the low bits of a word: where one of these was found last
};

// The value has figures of its own; NULL: it has not, and would have those of `other` where there are `most`.
struct vsm_segment *vsm_segment_find(const struct vsm_attribute *a, uint32_t word);
// Whether it has figures of its own, or would get some.
bool vsm_segment_is_apart(const struct vsm_attribute *a, uint32_t word);
// The value's figures, made where there are none.
struct vsm_segment *vsm_segment_at(struct vsm_attribute *a, unsigned n_stages, uint32_t word);
void vsm_attribute_fini(struct vsm_attribute *a, unsigned n_stages);
