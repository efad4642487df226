// What was said of one item: its set of transitions, and what else events told of it. All of it lies in one block of
// memory, for an event mostly comes to an item that nobody looked at for long, and each further place costs a wait.
#pragma once
#include "core/fold.h"
#include "core/intern.h"

struct vsm_progress {
  int64_t us;
  uint32_t origin;
  uint8_t place, who;
};
// A value that events carry, of which that of the newest holds.
enum vsm_value_kind { VSM_VALUE_SEGMENT, VSM_VALUE_DUE, VSM_VALUE_NOT_BEFORE };
struct vsm_value {
  int64_t us;         // when the event happened
  uint32_t word;      // the value as it was sent, interned
  uint32_t name : 22; // of a segment: the attribute's, interned
  uint32_t kind : 2;  // enum vsm_value_kind
  uint32_t place : 8; // of a date: the stage's, or VSM_PLACE_ITEM; of a segment VSM_PLACE_ITEM
};
_Static_assert(VSM_INTERN_MAX <= 1 << 22, "a word's number has 22 bits here");

enum { VSM_KEYS_INLINE = 7 };
// One line of memory. The block holds, in this order: the log, with room for cap transitions; values, one of each kind,
// name and place; holds, by transition; the newest progress of each stage, by place; the origins of the transitions;
// and who said them.
struct vsm_item {
  uint64_t *log;       // n packed transitions, rising; owns the block
  uint32_t *more_keys; // those beyond the inline ones
  int64_t last;        // time of the last transition; without one, of the newest event
  uint32_t keys[VSM_KEYS_INLINE];
  uint16_t n, cap;
  uint16_t n_values, n_holds, n_progress;
  uint8_t n_keys; // 0: a free place
  bool open;      // by the story as it was counted
} __attribute__((aligned(64)));
_Static_assert(sizeof(struct vsm_item) == 64, "an item is one line of memory");

// Who said a transition: the place of its key among the item's, and whether a creating rule did.
enum { VSM_WHO_KEY = 31, VSM_WHO_CREATES = 128 };

static inline struct vsm_value *vsm_item_values(const struct vsm_item *it) {
  return (struct vsm_value *)(it->log + it->cap);
}
static inline struct vsm_hold *vsm_item_holds(const struct vsm_item *it) {
  return (struct vsm_hold *)(vsm_item_values(it) + it->n_values);
}
static inline struct vsm_progress *vsm_item_progress(const struct vsm_item *it) {
  return (struct vsm_progress *)(vsm_item_holds(it) + it->n_holds);
}
// Values, holds and progress are parts: so many there are, and for so many there is room.
enum { VSM_PART_BYTES = 16, VSM_PARTS_STEP = 2 };
static inline size_t vsm_item_parts(const struct vsm_item *it) {
  return (size_t)it->n_values + it->n_holds + it->n_progress;
}
static inline size_t vsm_item_part_room(const struct vsm_item *it) {
  return (vsm_item_parts(it) + VSM_PARTS_STEP - 1) / VSM_PARTS_STEP * VSM_PARTS_STEP;
}
static inline uint32_t *vsm_item_origins(const struct vsm_item *it) {
  return (uint32_t *)((char *)vsm_item_values(it) + vsm_item_part_room(it) * VSM_PART_BYTES);
}
static inline uint8_t *vsm_item_who(const struct vsm_item *it) {
  return (uint8_t *)(vsm_item_origins(it) + it->cap);
}
size_t vsm_item_block_bytes(const struct vsm_item *it);

// Empty, with room for some transitions.
void vsm_item_init(struct vsm_item *it);
// All of it goes.
void vsm_item_fini(struct vsm_item *it);
// What was said goes from `it` to `said`; the keys stay, and there is room for as much.
void vsm_item_take_said(struct vsm_item *it, struct vsm_item *said);

// Something was said of it by an event of that time.
static inline void vsm_item_touch(struct vsm_item *it, int64_t us) {
  int64_t said = it->n > 0 ? vsm_packed_us(it->log[it->n - 1]) : us;
  it->last = it->n > 0 || said > it->last ? said : it->last;
}

// Place of a transition in the log, or of the first greater one. *known: it is there.
size_t vsm_item_seek(const struct vsm_item *it, uint64_t transition, bool *known);
void vsm_item_reserve(struct vsm_item *it, size_t cap); // room for so many transitions in all; cap >= n
void vsm_item_insert(struct vsm_item *it, size_t at, uint64_t transition, uint32_t origin, uint8_t who);
struct vsm_log vsm_item_log(const struct vsm_item *it);

// The time of the last transition of a stage that a graph of n stages has; there is one.
int64_t vsm_item_last_live(const struct vsm_item *it, unsigned n);

// Each of these lists: the place of one, or where it belongs, in the order that the block keeps. And one more there.
size_t vsm_item_seek_progress(const struct vsm_item *it, unsigned place);
size_t vsm_item_seek_hold(const struct vsm_item *it, uint64_t transition);
void vsm_item_insert_progress(struct vsm_item *it, size_t at, struct vsm_progress p);
void vsm_item_insert_hold(struct vsm_item *it, size_t at, struct vsm_hold h);
void vsm_item_append_value(struct vsm_item *it, struct vsm_value v);

const struct vsm_hold *vsm_item_hold(const struct vsm_item *it, uint64_t transition); // NULL: none
// The value that holds; NULL: none. What is told of it may be changed in place.
struct vsm_value *vsm_item_value(const struct vsm_item *it, enum vsm_value_kind kind, uint32_t name, unsigned place);
