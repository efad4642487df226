// Open items of a stream by their last transition. An item moves with nearly every event, and is seldom asked for in
// this order. So its entry stays where it was when the item was opened, which is never behind where it belongs, and is
// put right by whoever comes by. The entry of an item that has closed stays, too, until then.
#pragma once
#include "core/items.h"
#include "core/ranks.h"

struct vsm_moved {
  struct vsm_ranks ranks;
  struct vsm_rank tidied; // up to here vsm_moved_tidy() has come
};

void vsm_moved_fini(struct vsm_moved *m);
// The item is open now, and was not.
void vsm_moved_opened(struct vsm_moved *m, uint32_t item, int64_t last);

enum vsm_moved_found { VSM_MOVED_END, VSM_MOVED_RIGHT, VSM_MOVED_PUT_RIGHT };
// Looks at the first entry at or behind `from`. Where it is right, *at is an open item and its last transition; else it
// was taken from this place, or put where it belongs.
enum vsm_moved_found vsm_moved_look(struct vsm_moved *m, const struct vsm_items *items, const struct vsm_graph *graph,
                                    struct vsm_rank from, struct vsm_rank *at);
// The place behind one that was looked at.
static inline struct vsm_rank vsm_moved_behind(struct vsm_rank at) {
  return (struct vsm_rank){at.us, at.id + 1};
}

// Where closed items have left as many entries as there are open ones: looks at some. To be called so often that it
// keeps up with items that close.
void vsm_moved_tidy(struct vsm_moved *m, const struct vsm_items *items, const struct vsm_graph *graph, size_t n_open);
