// An entry is right if its item is open and last moved at its time. What is not right may be of an item that moved on,
// that closed, or whose place another item took; so there may be several of one item, of which one is right.
#include "core/moved.h"

enum { TIDY_STEP = 64, LEFT_MIN = 256 };

void vsm_moved_fini(struct vsm_moved *m) {
  vsm_ranks_fini(&m->ranks);
}

void vsm_moved_opened(struct vsm_moved *m, uint32_t item, int64_t last) {
  vsm_ranks_insert(&m->ranks, last, item);
}

static bool has(const struct vsm_moved *m, struct vsm_rank entry) {
  struct vsm_ranks_at at = vsm_ranks_seek(&m->ranks, entry.us, entry.id);
  struct vsm_rank found;
  return vsm_ranks_next(&m->ranks, &at, &found) && found.us == entry.us && found.id == entry.id;
}

static void settle(struct vsm_moved *m) {
  if (m->ranks.queue)
    vsm_ranks_settle(m->ranks.queue);
}

enum vsm_moved_found vsm_moved_look(struct vsm_moved *m, const struct vsm_items *items, const struct vsm_graph *graph,
                                    struct vsm_rank from, struct vsm_rank *at) {
  struct vsm_ranks_at place = vsm_ranks_seek(&m->ranks, from.us, from.id);
  if (!vsm_ranks_next(&m->ranks, &place, at))
    return VSM_MOVED_END;
  const struct vsm_item *it = vsm_items_at(items, at->id);
  struct vsm_rank right = {it->open ? vsm_item_last_live(it, graph->n) : 0, at->id};
  if (it->open && right.us == at->us)
    return VSM_MOVED_RIGHT;
  vsm_ranks_remove(&m->ranks, at->us, at->id);
  settle(m);
  if (it->open && !has(m, right)) {
    vsm_ranks_insert(&m->ranks, right.us, right.id);
    settle(m);
  }
  return VSM_MOVED_PUT_RIGHT;
}

void vsm_moved_tidy(struct vsm_moved *m, const struct vsm_items *items, const struct vsm_graph *graph, size_t n_open) {
  if (m->ranks.count < 2 * n_open + LEFT_MIN)
    return;
  for (int i = 0; i < TIDY_STEP; i++) {
    struct vsm_rank at, first = {0};
    bool end = vsm_moved_look(m, items, graph, m->tidied, &at) == VSM_MOVED_END;
    m->tidied = end ? first : vsm_moved_behind(at);
  }
}
