// An ordered set of (time, id) with ranks: the open visits of a stage by entry, the open items of a stream by start.
// Answers the oldest, any rank (so the quantiles of ages are exact), and pages in order.
#pragma once
#include <stddef.h>
#include <stdint.h>

struct vsm_rank {
  int64_t us;
  uint32_t id;
};

struct vsm_ranks_leaf;

struct vsm_ranks {
  size_t count;
  // Leaves in order; beside each its first time and its size, so that a search reads little memory.
  struct vsm_ranks_leaf **leaves;
  int64_t *firsts;
  uint16_t *sizes;
  size_t n, cap;
};

void vsm_ranks_fini(struct vsm_ranks *r);
void vsm_ranks_insert(struct vsm_ranks *r, int64_t us, uint32_t id); // not yet there
void vsm_ranks_remove(struct vsm_ranks *r, int64_t us, uint32_t id); // there
// The k-th in order from 0; k < count.
struct vsm_rank vsm_ranks_select(const struct vsm_ranks *r, size_t k);

// How many lie before `us`.
size_t vsm_ranks_below(const struct vsm_ranks *r, int64_t us);

// A place in the order. Begin at the first one at or after (us, id); then next until it returns 0.
struct vsm_ranks_at {
  size_t leaf, i;
};
struct vsm_ranks_at vsm_ranks_seek(const struct vsm_ranks *r, int64_t us, uint32_t id);
int vsm_ranks_next(const struct vsm_ranks *r, struct vsm_ranks_at *at, struct vsm_rank *out);
