#include "core/item.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

// Values, holds and progress have one size, so that they can stand in one row.
_Static_assert(sizeof(struct vsm_value) == VSM_PART_BYTES && sizeof(struct vsm_hold) == VSM_PART_BYTES &&
                   sizeof(struct vsm_progress) == VSM_PART_BYTES,
               "alike");

size_t vsm_item_block_bytes(const struct vsm_item *it) {
  return it->cap * (sizeof(uint64_t) + sizeof(uint32_t) + sizeof(uint8_t)) + vsm_item_part_room(it) * VSM_PART_BYTES;
}

enum { FIRST_CAP = 4 };

void vsm_item_init(struct vsm_item *it) {
  *it = (struct vsm_item){.cap = FIRST_CAP};
  it->log = vsm_mem_alloc(vsm_item_block_bytes(it));
}

void vsm_item_fini(struct vsm_item *it) {
  free(it->log);
  free(it->more_keys);
  *it = (struct vsm_item){0};
}

void vsm_item_take_said(struct vsm_item *it, struct vsm_item *said) {
  *said = *it;
  said->n_keys = 0;
  said->more_keys = NULL;
  it->n = it->n_values = it->n_holds = it->n_progress = 0;
  it->cap = said->n > FIRST_CAP ? said->n : FIRST_CAP;
  it->log = vsm_mem_alloc(vsm_item_block_bytes(it));
}

// From the block of `old` to a new one with the room that `it` says.
static void move_block(struct vsm_item *it, const struct vsm_item *old) {
  it->log = vsm_mem_resize(NULL, vsm_item_block_bytes(it));
  memcpy(it->log, old->log, old->n * sizeof *it->log);
  memcpy(vsm_item_values(it), vsm_item_values(old), vsm_item_parts(old) * VSM_PART_BYTES);
  memcpy(vsm_item_origins(it), vsm_item_origins(old), old->n * sizeof(uint32_t));
  memcpy(vsm_item_who(it), vsm_item_who(old), old->n);
  free(old->log);
}

// One more of those that *n counts, at a place among all parts.
static void insert_part(struct vsm_item *it, uint16_t *n, size_t at, const void *part) {
  struct vsm_item old = *it;
  ++*n;
  if (vsm_item_part_room(it) != vsm_item_part_room(&old))
    move_block(it, &old);
  char *p = (char *)vsm_item_values(it) + at * VSM_PART_BYTES;
  memmove(p + VSM_PART_BYTES, p, (vsm_item_parts(&old) - at) * VSM_PART_BYTES);
  memcpy(p, part, VSM_PART_BYTES);
}

size_t vsm_item_seek(const struct vsm_item *it, uint64_t transition, bool *known) {
  size_t low = 0, high = it->n;
  if (high > 0 && it->log[high - 1] < transition) // most come in order
    low = high;
  while (low < high) {
    size_t mid = (low + high) / 2;
    if (it->log[mid] < transition)
      low = mid + 1;
    else
      high = mid;
  }
  *known = low < it->n && it->log[low] == transition;
  return low;
}

void vsm_item_reserve(struct vsm_item *it, size_t cap) {
  struct vsm_item old = *it;
  it->cap = (uint16_t)cap;
  move_block(it, &old);
}

void vsm_item_insert(struct vsm_item *it, size_t at, uint64_t transition, uint32_t origin, uint8_t who) {
  if (it->n == it->cap)
    vsm_item_reserve(it, it->cap < 2 * FIRST_CAP ? (size_t)it->cap + FIRST_CAP : (size_t)it->cap + it->cap / 2);
  uint32_t *origins = vsm_item_origins(it);
  uint8_t *whos = vsm_item_who(it);
  size_t tail = it->n++ - at;
  if (tail > 0) { // most come in order
    memmove(it->log + at + 1, it->log + at, tail * sizeof *it->log);
    memmove(origins + at + 1, origins + at, tail * sizeof *origins);
    memmove(whos + at + 1, whos + at, tail);
  }
  it->log[at] = transition;
  origins[at] = origin;
  whos[at] = who;
}

int64_t vsm_item_last_live(const struct vsm_item *it, unsigned n) {
  size_t i = it->n - 1u;
  while (vsm_packed_sleeps(it->log[i], n))
    i--;
  return vsm_packed_us(it->log[i]);
}

struct vsm_log vsm_item_log(const struct vsm_item *it) {
  return (struct vsm_log){it->log, it->n, vsm_item_holds(it), it->n_holds};
}

size_t vsm_item_seek_progress(const struct vsm_item *it, unsigned place) {
  const struct vsm_progress *p = vsm_item_progress(it);
  size_t i = 0;
  while (i < it->n_progress && p[i].place < place)
    i++;
  return i;
}

size_t vsm_item_seek_hold(const struct vsm_item *it, uint64_t transition) {
  const struct vsm_hold *h = vsm_item_holds(it);
  size_t i = 0;
  while (i < it->n_holds && h[i].transition < transition)
    i++;
  return i;
}

void vsm_item_insert_progress(struct vsm_item *it, size_t at, struct vsm_progress p) {
  insert_part(it, &it->n_progress, (size_t)it->n_values + it->n_holds + at, &p);
}

void vsm_item_insert_hold(struct vsm_item *it, size_t at, struct vsm_hold h) {
  insert_part(it, &it->n_holds, it->n_values + at, &h);
}

void vsm_item_append_value(struct vsm_item *it, struct vsm_value v) {
  insert_part(it, &it->n_values, it->n_values, &v);
}

const struct vsm_hold *vsm_item_hold(const struct vsm_item *it, uint64_t transition) {
  size_t i = vsm_item_seek_hold(it, transition);
  return i < it->n_holds && vsm_item_holds(it)[i].transition == transition ? &vsm_item_holds(it)[i] : NULL;
}

struct vsm_value *vsm_item_value(const struct vsm_item *it, enum vsm_value_kind kind, uint32_t name, unsigned place) {
  struct vsm_value *v = vsm_item_values(it);
  for (size_t i = 0; i < it->n_values; i++)
    if (v[i].kind == kind && v[i].name == name && v[i].place == place)
      return &v[i];
  return NULL;
}
