// Items as bytes, and back, one by one (core/save.h). They keep their places: where times are equal, rows of items
// come in the order of these.
#pragma once
#include "core/bytes.h"
#include "core/items.h"

void vsm_items_save(const struct vsm_items *s, struct vsm_out *o);

struct vsm_items_load {
  struct vsm_items *items;
  unsigned n_places; // of stages; beside them there is VSM_PLACE_ITEM
  uint32_t n, next;  // items: how many places there will be; the next one
  uint32_t *free;    // in the order in which they are taken again
  uint32_t n_free;
  bool *is_free; // by place
  int64_t
      without_last_us; // what is taken for the time of the last event of an item without transitions; -1: it is told
};

// Into empty items.
void vsm_items_load_begin(struct vsm_items_load *l, struct vsm_items *items, unsigned n_places, struct vsm_in *in);
// The next item; VSM_ITEM_NONE: there are no more, or the bytes are bad.
uint32_t vsm_items_load_next(struct vsm_items_load *l, struct vsm_in *in);
bool vsm_items_load_is_done(const struct vsm_items_load *l);
void vsm_items_load_fini(struct vsm_items_load *l);
