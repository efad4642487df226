#include "base/table.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"

// So that all are moved before the larger ones are full in their turn, and a put stays short.
enum { MOVED_AT_ONCE = 8 };

void vsm_table_fini(struct vsm_table *t) {
  free(t->slots.at);
  free(t->old.at);
  *t = (struct vsm_table){0};
}

static void drop_old(struct vsm_table *t) {
  free(t->old.at);
  t->old = (struct vsm_table_slots){0};
  t->moved = 0;
}

void vsm_table_clear(struct vsm_table *t) {
  drop_old(t);
  for (size_t i = 0; i < t->slots.cap; i++)
    t->slots.at[i].next = 0;
  t->n = 0;
}

static void put(struct vsm_table_slots *s, uint32_t hash, uint32_t next) {
  size_t i = hash & (s->cap - 1);
  while (s->at[i].next != 0)
    i = (i + 1) & (s->cap - 1);
  s->at[i] = (struct vsm_table_slot){hash, next};
}

static bool is_there(const struct vsm_table_slot *s) {
  return s->next != 0 && s->next != VSM_TABLE_GONE;
}

static void grow(struct vsm_table *t) {
  assert(t->old.cap == 0);
  t->old = t->slots;
  t->slots.cap = t->old.cap ? t->old.cap * 2 : 16;
  t->slots.at = vsm_mem_alloc(t->slots.cap * sizeof *t->slots.at);
}

static void move_some(struct vsm_table *t) {
  for (int i = 0; i < MOVED_AT_ONCE && t->moved < t->old.cap; i++) {
    const struct vsm_table_slot *s = &t->old.at[t->moved++];
    if (is_there(s))
      put(&t->slots, s->hash, s->next);
  }
  if (t->moved == t->old.cap)
    drop_old(t);
}

void vsm_table_put(struct vsm_table *t, uint32_t hash, uint32_t id) {
  if (t->n + 1 > t->slots.cap / 4 * 3)
    grow(t);
  put(&t->slots, hash, id + 1);
  t->n++;
  if (t->old.cap)
    move_some(t);
}

// Where it is, or where it would be found missing.
static size_t place_of(const struct vsm_table_slots *s, uint32_t hash, uint32_t id) {
  size_t i = hash & (s->cap - 1);
  while (s->at[i].next != 0 && s->at[i].next != id + 1)
    i = (i + 1) & (s->cap - 1);
  return i;
}

// An entry may move back to the hole unless its home lies between the hole and it.
static void close_gap(struct vsm_table_slots *s, size_t hole) {
  size_t mask = s->cap - 1;
  for (size_t i = (hole + 1) & mask; s->at[i].next != 0; i = (i + 1) & mask) {
    size_t home = s->at[i].hash & mask;
    if (((i - home) & mask) >= ((i - hole) & mask)) {
      s->at[hole] = s->at[i];
      hole = i;
    }
  }
  s->at[hole].next = 0;
}

void vsm_table_del(struct vsm_table *t, uint32_t hash, uint32_t id) {
  size_t i = place_of(&t->slots, hash, id), k = t->old.cap ? place_of(&t->old, hash, id) : 0;
  bool is_in_old = t->old.cap && t->old.at[k].next != 0;
  assert(t->slots.at[i].next != 0 || is_in_old);
  if (t->slots.at[i].next != 0)
    close_gap(&t->slots, i);
  if (is_in_old)
    t->old.at[k].next = VSM_TABLE_GONE;
  t->n--;
}

static void each_in(const struct vsm_table_slots *s, size_t moved, size_t class, size_t classes, vsm_table_fn *fn,
                    void *ctx) {
  size_t mask = s->cap - 1;
  for (size_t home = class; home < s->cap; home += classes) {
    __builtin_prefetch(&s->at[(home + 16 * classes) & mask]);
    for (size_t i = home; s->at[i].next != 0; i = (i + 1) & mask)
      if (i >= moved && is_there(&s->at[i]) && (s->at[i].hash & mask) == home)
        fn(ctx, s->at[i].hash, s->at[i].next - 1);
  }
}

void vsm_table_each(const struct vsm_table *t, size_t class, size_t classes, vsm_table_fn *fn, void *ctx) {
  each_in(&t->slots, 0, class, classes, fn, ctx);
  each_in(&t->old, t->moved, class, classes, fn, ctx);
}
