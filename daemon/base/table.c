#include "base/table.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void vsm_table_fini(struct vsm_table *t) {
  free(t->slots);
  *t = (struct vsm_table){0};
}

void vsm_table_clear(struct vsm_table *t) {
  if (t->cap)
    memset(t->slots, 0xff, t->cap * sizeof *t->slots);
  t->n = 0;
}

static void put(struct vsm_table *t, uint32_t hash, uint32_t id) {
  size_t i = hash & (t->cap - 1);
  while (t->slots[i].id != (uint32_t)VSM_TABLE_NONE)
    i = (i + 1) & (t->cap - 1);
  t->slots[i] = (struct vsm_table_slot){hash, id};
}

static void grow(struct vsm_table *t) {
  struct vsm_table old = *t;
  t->cap = old.cap ? old.cap * 2 : 16;
  t->slots = vsm_mem_alloc(t->cap * sizeof *t->slots);
  memset(t->slots, 0xff, t->cap * sizeof *t->slots);
  for (size_t i = 0; i < old.cap; i++)
    if (old.slots[i].id != (uint32_t)VSM_TABLE_NONE)
      put(t, old.slots[i].hash, old.slots[i].id);
  free(old.slots);
}

void vsm_table_put(struct vsm_table *t, uint32_t hash, uint32_t id) {
  if (t->n + 1 > t->cap / 4 * 3)
    grow(t);
  put(t, hash, id);
  t->n++;
}

void vsm_table_del(struct vsm_table *t, uint32_t hash, uint32_t id) {
  size_t mask = t->cap - 1, hole = hash & mask;
  while (t->slots[hole].id != id) {
    assert(t->slots[hole].id != (uint32_t)VSM_TABLE_NONE);
    hole = (hole + 1) & mask;
  }
  // Close the gap: an entry may move back to the hole unless its home lies between the hole and it.
  for (size_t i = (hole + 1) & mask; t->slots[i].id != (uint32_t)VSM_TABLE_NONE; i = (i + 1) & mask) {
    size_t home = t->slots[i].hash & mask;
    if (((i - home) & mask) >= ((i - hole) & mask)) {
      t->slots[hole] = t->slots[i];
      hole = i;
    }
  }
  t->slots[hole].id = (uint32_t)VSM_TABLE_NONE;
  t->n--;
}
