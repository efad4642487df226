// Two levels: sorted leaves of up to 128 entries, and a directory of leaves. Most entries come at the new end, where a
// full leaf is left full and an empty one begun; anywhere else a full leaf is halved. A leaf that runs low joins its
// neighbour where both fit.
#include "core/ranks.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { LEAF = 128, LOW = 32, PER_LINE = 64 / sizeof(int64_t) };

struct vsm_ranks_leaf {
  int64_t us[LEAF];
  uint32_t id[LEAF];
};

void vsm_ranks_fini(struct vsm_ranks *r) {
  for (size_t i = 0; i < r->n; i++)
    free(r->leaves[i]);
  free(r->leaves);
  free(r->firsts);
  free(r->sizes);
  *r = (struct vsm_ranks){0};
}

static int after(int64_t us, uint32_t id, const struct vsm_ranks_leaf *l, size_t i) {
  return us > l->us[i] || (us == l->us[i] && id > l->id[i]);
}

// The last leaf that does not begin after (us, id); 0 where there is none such.
static size_t find_leaf(const struct vsm_ranks *r, int64_t us, uint32_t id) {
  size_t low = 0, high = r->n; // the first leaf that begins after
  while (low < high) {
    size_t mid = (low + high) / 2;
    if (r->firsts[mid] > us || (r->firsts[mid] == us && r->leaves[mid]->id[0] > id))
      high = mid;
    else
      low = mid + 1;
  }
  return low ? low - 1 : 0;
}

static size_t find_in_leaf(const struct vsm_ranks *r, size_t leaf, int64_t us, uint32_t id) {
  const struct vsm_ranks_leaf *l = r->leaves[leaf];
  size_t low = 0, high = r->sizes[leaf];
  for (size_t i = 0; i < high; i += PER_LINE) // all at once rather than one after the other
    __builtin_prefetch(&l->us[i]);
  if (high > 0 && after(us, id, l, high - 1))
    return high;
  while (low < high) {
    size_t mid = (low + high) / 2;
    if (after(us, id, l, mid))
      low = mid + 1;
    else
      high = mid;
  }
  return low;
}

static void add_leaf(struct vsm_ranks *r, size_t at) {
  if (r->n == r->cap) {
    r->cap = r->cap ? r->cap * 2 : 4;
    r->leaves = vsm_mem_resize(r->leaves, r->cap * sizeof *r->leaves);
    r->firsts = vsm_mem_resize(r->firsts, r->cap * sizeof *r->firsts);
    r->sizes = vsm_mem_resize(r->sizes, r->cap * sizeof *r->sizes);
  }
  size_t tail = r->n++ - at;
  memmove(r->leaves + at + 1, r->leaves + at, tail * sizeof *r->leaves);
  memmove(r->firsts + at + 1, r->firsts + at, tail * sizeof *r->firsts);
  memmove(r->sizes + at + 1, r->sizes + at, tail * sizeof *r->sizes);
  r->leaves[at] = vsm_mem_alloc(sizeof *r->leaves[at]);
  r->sizes[at] = 0;
}

static void drop_leaf(struct vsm_ranks *r, size_t at) {
  free(r->leaves[at]);
  size_t tail = --r->n - at;
  memmove(r->leaves + at, r->leaves + at + 1, tail * sizeof *r->leaves);
  memmove(r->firsts + at, r->firsts + at + 1, tail * sizeof *r->firsts);
  memmove(r->sizes + at, r->sizes + at + 1, tail * sizeof *r->sizes);
}

// Moves `n` entries from a leaf's place `i` on to the end of another.
static void move(struct vsm_ranks *r, size_t from, size_t i, size_t to) {
  struct vsm_ranks_leaf *a = r->leaves[from], *b = r->leaves[to];
  size_t n = r->sizes[from] - i;
  memcpy(b->us + r->sizes[to], a->us + i, n * sizeof *a->us);
  memcpy(b->id + r->sizes[to], a->id + i, n * sizeof *a->id);
  r->sizes[to] = (uint16_t)(r->sizes[to] + n);
  r->sizes[from] = (uint16_t)i;
  r->firsts[to] = b->us[0];
}

void vsm_ranks_insert(struct vsm_ranks *r, int64_t us, uint32_t id) {
  if (r->n == 0)
    add_leaf(r, 0);
  size_t leaf = find_leaf(r, us, id), i = find_in_leaf(r, leaf, us, id);
  if (r->sizes[leaf] == LEAF) {
    add_leaf(r, leaf + 1);
    if (i == LEAF && leaf + 2 == r->n) {
      leaf++;
      i = 0;
    } else {
      move(r, leaf, LEAF / 2, leaf + 1);
      if (i > LEAF / 2) {
        leaf++;
        i -= LEAF / 2;
      }
    }
  }
  struct vsm_ranks_leaf *l = r->leaves[leaf];
  size_t tail = r->sizes[leaf]++ - i;
  memmove(l->us + i + 1, l->us + i, tail * sizeof *l->us);
  memmove(l->id + i + 1, l->id + i, tail * sizeof *l->id);
  l->us[i] = us;
  l->id[i] = id;
  r->firsts[leaf] = l->us[0];
  r->count++;
}

static void tidy(struct vsm_ranks *r, size_t leaf) {
  if (r->sizes[leaf] == 0) {
    drop_leaf(r, leaf);
  } else if (r->sizes[leaf] < LOW && leaf > 0 && r->sizes[leaf - 1] + r->sizes[leaf] <= LEAF / 2) {
    move(r, leaf, 0, leaf - 1);
    drop_leaf(r, leaf);
  }
}

void vsm_ranks_remove(struct vsm_ranks *r, int64_t us, uint32_t id) {
  size_t leaf = find_leaf(r, us, id), i = r->n ? find_in_leaf(r, leaf, us, id) : 0;
  assert(r->n && i < r->sizes[leaf] && r->leaves[leaf]->us[i] == us && r->leaves[leaf]->id[i] == id);
  struct vsm_ranks_leaf *l = r->leaves[leaf];
  size_t tail = --r->sizes[leaf] - i;
  memmove(l->us + i, l->us + i + 1, tail * sizeof *l->us);
  memmove(l->id + i, l->id + i + 1, tail * sizeof *l->id);
  r->firsts[leaf] = l->us[0];
  r->count--;
  tidy(r, leaf);
}

struct vsm_rank vsm_ranks_select(const struct vsm_ranks *r, size_t k) {
  size_t leaf = 0;
  while (k >= r->sizes[leaf])
    k -= r->sizes[leaf++];
  return (struct vsm_rank){r->leaves[leaf]->us[k], r->leaves[leaf]->id[k]};
}

size_t vsm_ranks_below(const struct vsm_ranks *r, int64_t us) {
  if (r->n == 0)
    return 0;
  size_t leaf = find_leaf(r, us, 0), n = find_in_leaf(r, leaf, us, 0);
  for (size_t i = 0; i < leaf; i++)
    n += r->sizes[i];
  return n;
}

struct vsm_ranks_at vsm_ranks_seek(const struct vsm_ranks *r, int64_t us, uint32_t id) {
  if (r->n == 0)
    return (struct vsm_ranks_at){0, 0};
  size_t leaf = find_leaf(r, us, id);
  return (struct vsm_ranks_at){leaf, find_in_leaf(r, leaf, us, id)};
}

int vsm_ranks_next(const struct vsm_ranks *r, struct vsm_ranks_at *at, struct vsm_rank *out) {
  while (at->leaf < r->n && at->i >= r->sizes[at->leaf]) {
    at->leaf++;
    at->i = 0;
  }
  if (at->leaf >= r->n)
    return 0;
  *out = (struct vsm_rank){r->leaves[at->leaf]->us[at->i], r->leaves[at->leaf]->id[at->i]};
  at->i++;
  return 1;
}
