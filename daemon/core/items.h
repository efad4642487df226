// The items of one stream, and the keys that lead to each. Storage alone: nothing here knows of visits or metrics.
#pragma once
#include "base/arena.h"
#include "base/table.h"
#include "core/item.h"

enum { VSM_ITEM_NONE = -1, VSM_KEY_SIZES = 35 };

struct vsm_key {
  uint32_t item, hash;
  uint16_t n;
  char bytes[];
};

struct vsm_items {
  const struct vsm_intern *words; // borrowed: origins and holds
  struct vsm_table keys;          // ids: places in key_chunks
  char **key_chunks;
  size_t n_key_chunks, cap_key_chunks, key_used; // bytes used of the last chunk
  uint32_t free_keys[VSM_KEY_SIZES];             // by size in units of 8 bytes: 1 + the first free one's id; 0: none
  struct vsm_item **chunks;
  size_t n_chunks, cap_chunks;
  uint32_t n, n_free, first_free; // places in chunks; of these free; VSM_ITEM_NONE: none
};

void vsm_items_init(struct vsm_items *s, const struct vsm_intern *words);
void vsm_items_fini(struct vsm_items *s);

struct vsm_item *vsm_items_at(const struct vsm_items *s, uint32_t id);
struct vsm_key *vsm_items_key(const struct vsm_items *s, uint32_t key_id);
struct vsm_str vsm_items_key_str(const struct vsm_items *s, uint32_t key_id);
uint32_t vsm_item_key_id(const struct vsm_item *it, unsigned i); // i < n_keys
// The key of the canonically first transition, live or sleeping; of its first key where it has none.
struct vsm_str vsm_items_shown(const struct vsm_items *s, const struct vsm_item *it, const struct vsm_graph *graph);

// A key that is known, or VSM_ITEM_NONE. Its item: vsm_items_key()->item.
uint32_t vsm_items_find_key(const struct vsm_items *s, struct vsm_str key, uint32_t hash);
// The item of a key, or VSM_ITEM_NONE.
uint32_t vsm_items_find(const struct vsm_items *s, struct vsm_str key, uint32_t hash);
int64_t vsm_items_date_of(const struct vsm_items *s, uint32_t word); // as it was sent; 0: it is none
// A date that holds, of a stage (its place) or the item; 0: none.
int64_t vsm_items_date(const struct vsm_items *s, const struct vsm_item *it, enum vsm_value_kind kind, unsigned place);
// A key's place among its item's.
unsigned vsm_item_key_place(const struct vsm_item *it, uint32_t key_id);

// Asks from memory what leads to an item and what is read of it, one step further with each call, so that the steps of
// many items go on at once. Hints alone: nothing is promised of what they find.
struct vsm_trail {
  uint32_t key, item; // VSM_ITEM_NONE: it ends here
};
enum { VSM_TRAIL_STEPS = 4 };
void vsm_items_ask(const struct vsm_items *s, uint32_t hash, struct vsm_trail *trail, unsigned step);

// A new item with its first key.
uint32_t vsm_items_add(struct vsm_items *s, struct vsm_str key, uint32_t hash);
// A place for an item that has no key yet, cleared; and a place given back.
uint32_t vsm_items_place(struct vsm_items *s);
void vsm_items_let_go(struct vsm_items *s, uint32_t id);
// An item goes, and its keys with it.
void vsm_items_remove(struct vsm_items *s, uint32_t id);
// A further key for an item; 0, or VSM_ELIMIT at VSM_LINKS_MAX keys.
int vsm_items_add_key(struct vsm_items *s, uint32_t id, struct vsm_str key, uint32_t hash);

// Of each stage the newest progress is kept. True where this one is newer than what was there.
bool vsm_items_note_progress(const struct vsm_items *s, struct vsm_item *it, struct vsm_progress p);
// Of several holds of one suspend the greatest in bytes is kept: would this one be?
bool vsm_items_takes_hold(const struct vsm_items *s, const struct vsm_item *it, struct vsm_hold h);
void vsm_items_note_hold(const struct vsm_items *s, struct vsm_item *it, struct vsm_hold h);

// Would the value held be another with this one? Of several of one time the greatest in bytes holds.
// `have`: the value that holds, vsm_item_value().
bool vsm_items_takes_value(const struct vsm_items *s, const struct vsm_value *have, const struct vsm_value *v);
void vsm_items_put_value(const struct vsm_items *s, struct vsm_item *it, struct vsm_value *have,
                         const struct vsm_value *v);
void vsm_items_note_value(const struct vsm_items *s, struct vsm_item *it, const struct vsm_value *v);

// Says a known transition once more: of several origins and keys the smallest in bytes holds, and it creates if any of
// them does. True where it creates only now.
bool vsm_items_said_again(const struct vsm_items *s, struct vsm_item *it, size_t at, uint32_t origin, uint8_t who);

// Unites b into a; b's place becomes free. False with nothing changed where they have too many *beyond together: keys
// or transitions.
bool vsm_items_unite(struct vsm_items *s, uint32_t a, uint32_t b, const struct vsm_limits *most,
                     enum vsm_bounded *beyond);
