// Two levels: sorted leaves of up to 128 entries, and a directory of leaves. Most entries come at the new end, where a
// full leaf is left full and an empty one begun; anywhere else a full leaf is halved. A leaf that runs low joins its
// neighbour where both fit.
//
// An entry is mostly taken out of memory that nobody looked at for long. So it is not looked for: a note is left at the
// leaf that must hold it, and when a leaf has no room for more notes, or somebody reads it, all of them are carried out
// in one pass.
#include "core/ranks.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { LEAF = 128, LOW = 32, NOTES = 16 };

struct vsm_ranks_leaf {
  int64_t us[LEAF];
  uint32_t id[LEAF];
  struct vsm_rank gone[NOTES];
};

void vsm_ranks_fini(struct vsm_ranks *r) {
  for (size_t i = 0; i < r->n; i++)
    free(r->leaves[i]);
  free(r->leaves);
  free(r->firsts);
  free(r->fills);
  free(r->gathered);
  *r = (struct vsm_ranks){0};
}

static bool is_before(struct vsm_rank a, struct vsm_rank b) {
  return a.us < b.us || (a.us == b.us && a.id < b.id);
}

static struct vsm_rank entry(const struct vsm_ranks *r, size_t leaf, size_t i) {
  return (struct vsm_rank){r->leaves[leaf]->us[i], r->leaves[leaf]->id[i]};
}

static size_t live(const struct vsm_ranks *r, size_t leaf) {
  return (size_t)(r->fills[leaf].used - r->fills[leaf].gone);
}

// The last of n rising times that is not above `us`; 0 where there is none. Without a branch that depends on what is
// found: a wrong guess would cost more than the search.
static size_t last_up_to(const int64_t *times, size_t n, int64_t us) {
  size_t at = 0;
  while (n > 1) {
    size_t half = n / 2;
    at = times[at + half] <= us ? at + half : at;
    n -= half;
  }
  return at;
}

// Does a leaf begin behind e?
static bool is_behind(const struct vsm_ranks *r, size_t leaf, struct vsm_rank e) {
  return r->firsts[leaf] > e.us || (r->firsts[leaf] == e.us && is_before(e, entry(r, leaf, 0)));
}

// The last leaf that does not begin behind e; 0 where there is none such.
static size_t find_leaf(const struct vsm_ranks *r, struct vsm_rank e) {
  size_t high = last_up_to(r->firsts, r->n, e.us), low = 0;
  if (high == 0 || !is_behind(r, high, e))
    return high;
  while (low + 1 < high) { // leaves that begin at the same time
    size_t mid = (low + high) / 2;
    if (is_behind(r, mid, e))
      high = mid;
    else
      low = mid;
  }
  return low;
}

// The first place whose entry is not before e.
static size_t find_in_leaf(const struct vsm_ranks *r, size_t leaf, struct vsm_rank e) {
  size_t low = 0, high = r->fills[leaf].used;
  if (high > 0 && is_before(entry(r, leaf, high - 1), e)) // most come at the end
    return high;
  while (low < high) {
    size_t mid = (low + high) / 2;
    if (is_before(entry(r, leaf, mid), e))
      low = mid + 1;
    else
      high = mid;
  }
  return low;
}

static void sort_notes(struct vsm_rank *gone, size_t n) {
  for (size_t i = 1; i < n; i++) {
    struct vsm_rank e = gone[i];
    size_t k = i;
    for (; k > 0 && is_before(e, gone[k - 1]); k--)
      gone[k] = gone[k - 1];
    gone[k] = e;
  }
}

// Carries out a leaf's notes. What lies before the first and behind the last of them is not gone through.
static void tighten(const struct vsm_ranks *r, size_t leaf) {
  struct vsm_ranks_leaf *l = r->leaves[leaf];
  struct vsm_ranks_fill *fill = &r->fills[leaf];
  size_t n = fill->gone, next = 0;
  if (n == 0)
    return;
  sort_notes(l->gone, n);
  size_t i = find_in_leaf(r, leaf, l->gone[0]), kept = i;
  for (; next < n && i < fill->used; i++) {
    if (l->gone[next].us == l->us[i] && l->gone[next].id == l->id[i]) {
      next++;
      continue;
    }
    l->us[kept] = l->us[i];
    l->id[kept++] = l->id[i];
  }
  assert(next == n); // else something was taken out that was not there
  size_t tail = fill->used - i;
  memmove(l->us + kept, l->us + i, tail * sizeof *l->us);
  memmove(l->id + kept, l->id + i, tail * sizeof *l->id);
  kept += tail;
  *fill = (struct vsm_ranks_fill){(uint16_t)kept, 0};
  if (kept > 0)
    r->firsts[leaf] = l->us[0];
}

static void add_leaf(struct vsm_ranks *r, size_t at) {
  if (r->n == r->cap) {
    r->cap = r->cap ? r->cap * 2 : 4;
    r->leaves = vsm_mem_resize(r->leaves, r->cap * sizeof *r->leaves);
    r->firsts = vsm_mem_resize(r->firsts, r->cap * sizeof *r->firsts);
    r->fills = vsm_mem_resize(r->fills, r->cap * sizeof *r->fills);
  }
  size_t tail = r->n++ - at;
  memmove(r->leaves + at + 1, r->leaves + at, tail * sizeof *r->leaves);
  memmove(r->firsts + at + 1, r->firsts + at, tail * sizeof *r->firsts);
  memmove(r->fills + at + 1, r->fills + at, tail * sizeof *r->fills);
  r->leaves[at] = vsm_mem_alloc(sizeof *r->leaves[at]);
  r->fills[at] = (struct vsm_ranks_fill){0};
}

static void drop_leaf(struct vsm_ranks *r, size_t at) {
  free(r->leaves[at]);
  size_t tail = --r->n - at;
  memmove(r->leaves + at, r->leaves + at + 1, tail * sizeof *r->leaves);
  memmove(r->firsts + at, r->firsts + at + 1, tail * sizeof *r->firsts);
  memmove(r->fills + at, r->fills + at + 1, tail * sizeof *r->fills);
}

// Moves the entries from a leaf's place `i` on to the end of another. Neither has notes.
static void move(struct vsm_ranks *r, size_t from, size_t i, size_t to) {
  struct vsm_ranks_leaf *a = r->leaves[from], *b = r->leaves[to];
  size_t n = r->fills[from].used - i, used = r->fills[to].used;
  memcpy(b->us + used, a->us + i, n * sizeof *a->us);
  memcpy(b->id + used, a->id + i, n * sizeof *a->id);
  r->fills[to].used = (uint16_t)(used + n);
  r->fills[from].used = (uint16_t)i;
  r->firsts[to] = b->us[0];
}

// The leaf in which there is room for e, which belongs into `leaf`.
static size_t make_room(struct vsm_ranks *r, size_t leaf, struct vsm_rank e) {
  if (r->fills[leaf].used == LEAF)
    tighten(r, leaf);
  if (r->fills[leaf].used < LEAF)
    return leaf;
  bool at_end = leaf + 1 == r->n && find_in_leaf(r, leaf, e) == LEAF;
  add_leaf(r, leaf + 1);
  if (at_end)
    return leaf + 1;
  move(r, leaf, LEAF / 2, leaf + 1);
  return is_before(e, entry(r, leaf + 1, 0)) ? leaf : leaf + 1;
}

static void insert(struct vsm_ranks *r, size_t leaf, struct vsm_rank e) {
  if (r->n == 0)
    add_leaf(r, 0);
  leaf = make_room(r, leaf, e);
  size_t i = find_in_leaf(r, leaf, e);
  struct vsm_ranks_leaf *l = r->leaves[leaf];
  size_t tail = r->fills[leaf].used++ - i;
  if (tail > 0) { // mostly it comes at the end
    memmove(l->us + i + 1, l->us + i, tail * sizeof *l->us);
    memmove(l->id + i + 1, l->id + i, tail * sizeof *l->id);
  }
  l->us[i] = e.us;
  l->id[i] = e.id;
  r->firsts[leaf] = l->us[0];
}

static void join(struct vsm_ranks *r, size_t leaf) {
  if (live(r, leaf) == 0) {
    drop_leaf(r, leaf);
  } else if (live(r, leaf) < LOW && leaf > 0 && live(r, leaf - 1) + live(r, leaf) <= LEAF / 2) {
    tighten(r, leaf - 1);
    move(r, leaf, 0, leaf - 1);
    drop_leaf(r, leaf);
  }
}

static void note_gone(struct vsm_ranks *r, size_t leaf, struct vsm_rank e) {
  assert(r->n > 0);
  struct vsm_ranks_fill *fill = &r->fills[leaf];
  r->leaves[leaf]->gone[fill->gone++] = e;
  if (fill->gone == NOTES || fill->gone == fill->used) {
    tighten(r, leaf);
    join(r, leaf);
  }
}

static void change(const struct vsm_ranks_change *c, size_t leaf) {
  if (c->add)
    insert(c->ranks, leaf, c->entry);
  else
    note_gone(c->ranks, leaf, c->entry);
}

// A leaf that was right when it was looked up, and may be so still.
static size_t look_again(const struct vsm_ranks *r, size_t leaf, struct vsm_rank e) {
  bool right = leaf < r->n && r->firsts[leaf] < e.us && (leaf + 1 == r->n || r->firsts[leaf + 1] > e.us);
  return right ? leaf : find_leaf(r, e);
}

// Where each must go is looked up first, so that the memory of all is on its way.
static void settle(struct vsm_ranks_queue *q) {
  size_t leaves[VSM_RANKS_WAITING_MAX];
  for (size_t i = 0; i < q->n; i++) {
    const struct vsm_ranks_change *c = &q->at[i];
    leaves[i] = last_up_to(c->ranks->firsts, c->ranks->n, c->entry.us);
    if (leaves[i] < c->ranks->n)
      __builtin_prefetch(&c->ranks->leaves[leaves[i]]->gone[c->ranks->fills[leaves[i]].gone], 1);
  }
  for (size_t i = 0; i < q->n; i++)
    change(&q->at[i], look_again(q->at[i].ranks, leaves[i], q->at[i].entry));
  q->n = 0;
}

// --- many at once

enum { DIGITS = sizeof(uint32_t) + sizeof(int64_t) }; // of an entry, bytes, the least first

static unsigned digit(struct vsm_rank e, unsigned i) {
  uint64_t us = (uint64_t)e.us ^ UINT64_C(1) << 63; // in the order of unsigned numbers
  return (i < sizeof e.id ? e.id >> 8 * i : us >> 8 * (i - sizeof e.id)) & 255;
}

// From one array to the other, by one digit. False: all have the same, and nothing was moved.
static bool sort_by(const struct vsm_rank *from, struct vsm_rank *to, size_t n, unsigned i) {
  size_t at[256] = {0}, sum = 0;
  for (size_t k = 0; k < n; k++)
    at[digit(from[k], i)]++;
  if (at[digit(from[0], i)] == n)
    return false;
  for (unsigned d = 0; d < 256; d++) {
    size_t count = at[d];
    at[d] = sum;
    sum += count;
  }
  for (size_t k = 0; k < n; k++)
    to[at[digit(from[k], i)]++] = from[k];
  return true;
}

static void gather(struct vsm_ranks *r, struct vsm_rank e) {
  if (r->n_gathered == 0) {
    r->next_gathered = r->queue->gathered;
    r->queue->gathered = r;
  }
  r->gathered = vsm_mem_grow(r->gathered, r->n_gathered, &r->cap_gathered, sizeof e);
  r->gathered[r->n_gathered++] = e;
}

static void put_gathered(struct vsm_ranks *r) {
  struct vsm_rank *from = r->gathered, *to = vsm_mem_resize(NULL, r->n_gathered * sizeof *to);
  for (unsigned i = 0; i < DIGITS; i++)
    if (sort_by(from, to, r->n_gathered, i)) {
      struct vsm_rank *sorted = to;
      to = from;
      from = sorted;
    }
  free(to);
  for (size_t i = 0; i < r->n_gathered; i++) // into an empty set each comes to the end of the last leaf
    insert(r, r->n > 0 ? find_leaf(r, from[i]) : 0, from[i]);
  free(from);
  r->gathered = NULL;
  r->n_gathered = r->cap_gathered = 0;
}

void vsm_ranks_gather(struct vsm_ranks_queue *q) {
  q->gathers = true;
}

void vsm_ranks_settle(struct vsm_ranks_queue *q) {
  for (; q->gathered; q->gathered = q->gathered->next_gathered)
    put_gathered(q->gathered);
  q->gathers = false;
  settle(q);
}

static inline void take(struct vsm_ranks *r, int64_t us, uint32_t id, bool add) {
  struct vsm_ranks_queue *q = r->queue;
  if (!q) {
    change(&(struct vsm_ranks_change){r, {us, id}, add}, find_leaf(r, (struct vsm_rank){us, id}));
    return;
  }
  if (add && q->gathers) {
    gather(r, (struct vsm_rank){us, id});
    return;
  }
  if (q->n == VSM_RANKS_WAITING_MAX)
    vsm_ranks_settle(q);
  struct vsm_ranks_change *c = &q->at[q->n++];
  c->ranks = r;
  c->entry.us = us;
  c->entry.id = id;
  c->add = add;
}

void vsm_ranks_insert(struct vsm_ranks *r, int64_t us, uint32_t id) {
  r->count++;
  take(r, us, id, true);
}

void vsm_ranks_remove(struct vsm_ranks *r, int64_t us, uint32_t id) {
  assert(r->count > 0);
  r->count--;
  take(r, us, id, false);
}

// What every reader begins with.
static void tighten_settled(const struct vsm_ranks *r, size_t leaf) {
  assert(!r->queue || r->queue->n == 0);
  if (r->fills[leaf].gone > 0)
    tighten(r, leaf);
}

struct vsm_rank vsm_ranks_select(const struct vsm_ranks *r, size_t k) {
  size_t leaf = 0;
  while (k >= live(r, leaf))
    k -= live(r, leaf++);
  tighten_settled(r, leaf);
  return entry(r, leaf, k);
}

size_t vsm_ranks_before(const struct vsm_ranks *r, struct vsm_ranks_at at) {
  size_t n = at.i;
  for (size_t i = 0; i < at.leaf; i++)
    n += live(r, i);
  return n;
}

size_t vsm_ranks_below(const struct vsm_ranks *r, int64_t us) {
  return vsm_ranks_before(r, vsm_ranks_seek(r, us, 0));
}

struct vsm_ranks_at vsm_ranks_seek(const struct vsm_ranks *r, int64_t us, uint32_t id) {
  struct vsm_rank e = {us, id};
  if (r->n == 0)
    return (struct vsm_ranks_at){0, 0};
  size_t leaf = find_leaf(r, e);
  tighten_settled(r, leaf);
  return (struct vsm_ranks_at){leaf, find_in_leaf(r, leaf, e)};
}

int vsm_ranks_next(const struct vsm_ranks *r, struct vsm_ranks_at *at, struct vsm_rank *out) {
  if (at->leaf < r->n)
    tighten_settled(r, at->leaf);
  while (at->leaf < r->n && at->i >= r->fills[at->leaf].used) {
    at->i = 0;
    if (++at->leaf < r->n)
      tighten_settled(r, at->leaf);
  }
  if (at->leaf >= r->n)
    return 0;
  *out = entry(r, at->leaf, at->i++);
  return 1;
}
