// A hash table of 32-bit ids: open addressing, linear probing. What an id stands for, and whether it is the one asked
// for, the caller knows.
//
// Nobody waits for it to grow: the larger slots are there at once, and each put moves a few of the smaller ones. Until
// all are moved both are asked, the larger ones first. What was moved stays in the smaller ones, too, so that nothing
// moves there.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { VSM_TABLE_NONE = -1 }; // as uint32_t; neither it nor the number below may be an id

struct vsm_table_slot {
  uint32_t hash, next; // the id and one; 0: empty
};

struct vsm_table_slots {
  struct vsm_table_slot *at;
  size_t cap; // a power of two, or 0
};

struct vsm_table {
  struct vsm_table_slots slots, old;
  size_t n, moved; // of old, in slots
};

void vsm_table_fini(struct vsm_table *t);
void vsm_table_put(struct vsm_table *t, uint32_t hash, uint32_t id); // not yet there
void vsm_table_del(struct vsm_table *t, uint32_t hash, uint32_t id); // there
void vsm_table_clear(struct vsm_table *t);

// Each whose hash ends like `class` in the bits of `classes`, a power of two that is no larger than n; in no order.
typedef void vsm_table_fn(void *ctx, uint32_t hash, uint32_t id);
void vsm_table_each(const struct vsm_table *t, size_t class, size_t classes, vsm_table_fn *fn, void *ctx);

// What is gone from the smaller ones keeps its slot, as what comes behind it must be found.
#define VSM_TABLE_GONE UINT32_MAX

static inline uint32_t vsm_table_find_in(const struct vsm_table_slots *s, uint32_t hash,
                                         bool (*is)(const void *ctx, uint32_t id), const void *ctx) {
  for (size_t i = hash & (s->cap - 1); s->at[i].next != 0; i = (i + 1) & (s->cap - 1))
    if (s->at[i].hash == hash && s->at[i].next != VSM_TABLE_GONE && is(ctx, s->at[i].next - 1))
      return s->at[i].next - 1;
  return (uint32_t)VSM_TABLE_NONE;
}

// The id for which `is` says yes, or (uint32_t)VSM_TABLE_NONE. Inline, so that `is` is too.
static inline uint32_t vsm_table_find(const struct vsm_table *t, uint32_t hash,
                                      bool (*is)(const void *ctx, uint32_t id), const void *ctx) {
  uint32_t id = t->slots.cap ? vsm_table_find_in(&t->slots, hash, is, ctx) : (uint32_t)VSM_TABLE_NONE;
  return id == (uint32_t)VSM_TABLE_NONE && t->old.cap ? vsm_table_find_in(&t->old, hash, is, ctx) : id;
}

static inline bool vsm_table_any(const void *ctx, uint32_t id) {
  (void)ctx;
  return id != (uint32_t)VSM_TABLE_NONE;
}

// The first id of this hash, without asking whether it is the one; or VSM_TABLE_NONE.
static inline uint32_t vsm_table_guess(const struct vsm_table *t, uint32_t hash) {
  return vsm_table_find(t, hash, vsm_table_any, NULL);
}

static inline void vsm_table_prefetch(const struct vsm_table *t, uint32_t hash) {
  if (t->slots.cap)
    __builtin_prefetch(&t->slots.at[hash & (t->slots.cap - 1)]);
}
