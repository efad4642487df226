// A hash table of 32-bit ids: open addressing, linear probing. What an id stands for, and whether it is the one asked
// for, the caller knows.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vsm_table_slot {
  uint32_t hash, id;
};

struct vsm_table {
  struct vsm_table_slot *slots;
  size_t cap, n; // cap: a power of two, or 0
};

enum { VSM_TABLE_NONE = -1 }; // as uint32_t; no id may have this value

void vsm_table_fini(struct vsm_table *t);
void vsm_table_put(struct vsm_table *t, uint32_t hash, uint32_t id); // not yet there
void vsm_table_del(struct vsm_table *t, uint32_t hash, uint32_t id); // there
void vsm_table_clear(struct vsm_table *t);

// The id for which `is` says yes, or (uint32_t)VSM_TABLE_NONE. Inline, so that `is` is too.
static inline uint32_t vsm_table_find(const struct vsm_table *t, uint32_t hash,
                                      bool (*is)(const void *ctx, uint32_t id), const void *ctx) {
  if (t->cap == 0)
    return (uint32_t)VSM_TABLE_NONE;
  for (size_t i = hash & (t->cap - 1); t->slots[i].id != (uint32_t)VSM_TABLE_NONE; i = (i + 1) & (t->cap - 1))
    if (t->slots[i].hash == hash && is(ctx, t->slots[i].id))
      return t->slots[i].id;
  return (uint32_t)VSM_TABLE_NONE;
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
  if (t->cap)
    __builtin_prefetch(&t->slots[hash & (t->cap - 1)]);
}
