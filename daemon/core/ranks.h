// An ordered set of (time, id) with ranks: the open visits of a stage by entry, the open items of a stream by start.
// Answers the oldest, any rank (so the quantiles of ages are exact), and pages in order. Reading tidies up what taking
// out has left, so readers, too, need the set for themselves.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vsm_rank {
  int64_t us;
  uint32_t id;
};

struct vsm_ranks_leaf;
struct vsm_ranks_queue;

struct vsm_ranks {
  struct vsm_ranks_queue *queue; // borrowed; NULL: changes are made at once
  size_t count;
  // Leaves in order; beside each a bound that no entry in it lies below, and how full it is, so that a search reads
  // little memory.
  struct vsm_ranks_leaf **leaves;
  int64_t *firsts;
  struct vsm_ranks_fill {
    uint16_t used, gone; // places taken; of these to be taken out
  } * fills;
  size_t n, cap;
  // What was gathered for it (vsm_ranks_gather()), in the order in which it came.
  struct vsm_rank *gathered;
  size_t n_gathered, cap_gathered;
  struct vsm_ranks *next_gathered; // of the queue's list
};

// Changes of many sets that wait to be made together, so that the processor waits for the memory of all of them at
// once.
enum { VSM_RANKS_WAITING_MAX = 64 };
struct vsm_ranks_queue {
  struct vsm_ranks_change {
    struct vsm_ranks *ranks;
    struct vsm_rank entry;
    bool add;
  } at[VSM_RANKS_WAITING_MAX];
  size_t n;
  bool gathers;
  struct vsm_ranks *gathered; // sets for which anything was
};
// Makes all changes that wait; until then no set may be read, or lie elsewhere.
void vsm_ranks_settle(struct vsm_ranks_queue *q);
// For sets that are made anew: until the queue is settled, what is put in is only gathered, and then sorted and put in
// whole.
void vsm_ranks_gather(struct vsm_ranks_queue *q);

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
// How many lie before a place to which vsm_ranks_seek() has led.
size_t vsm_ranks_before(const struct vsm_ranks *r, struct vsm_ranks_at at);
int vsm_ranks_next(const struct vsm_ranks *r, struct vsm_ranks_at *at, struct vsm_rank *out);
