// Service level expectations of a node: what was completed within the time, and what is open and already older. A
// share needs both, so that a standstill lowers it (docs/concepts.md).
#pragma once
#include "core/fits.h"
#include "core/flow.h"
#include "core/fold.h"
#include "core/ranks.h"

enum { VSM_N_DONE = 0, VSM_N_MET }; // slots of the flow

// Where something open stands among the others.
struct vsm_standing {
  bool open, frozen;
  int64_t key; // as below
};

struct vsm_guard_expected; // core/guard.h

struct vsm_expecting {
  const struct vsm_expectation *e;
  struct vsm_fits fits;
  struct vsm_flow flow;
  struct vsm_bands *own;  // of the window over which it is judged, where the stream has none of that length; else NULL
  struct vsm_flow judged; // in that window
  struct vsm_guard_expected *guard; // borrowed; NULL: no alert goes by it
  bool everybody;                   // nobody is left out
  bool by_spent;                    // of a stage: it counts what the visit's own times do
  bool all;                 // all that is open counts, and ages all the time: by its begin; then these are empty:
  struct vsm_ranks running; // what is open and ages: by the working time at which its age was 0
  struct vsm_ranks frozen;  // what is open and does not age while it waits for others: by age
};

struct vsm_expectings {
  struct vsm_expecting *at;
  unsigned n;
};

// calendar: of the stage, or of the stream itself.
void vsm_expectings_init(struct vsm_expectings *x, const struct vsm_expectation *e, unsigned n,
                         const struct vsm_calendar *calendar, struct vsm_intern *words, struct vsm_ranks_queue *queue,
                         const struct vsm_bands *bands);
void vsm_expectings_fini(struct vsm_expectings *x, const struct vsm_bands *bands);
void vsm_expectings_advance(struct vsm_expectings *x, const struct vsm_bands *bands);

// The first of a name that fits an item of these segments.
bool vsm_expecting_fits(const struct vsm_expectings *x, unsigned i, const uint32_t *segments);
static inline bool vsm_expecting_counts(const struct vsm_expectings *x, unsigned i, const uint32_t *segments) {
  return x->at[i].everybody || vsm_expecting_fits(x, i, segments);
}

// Of a visit in the story `is` (same_visits and same_marks 0), the time that the expectation counts: up to its leaving,
// or up to now.
int64_t vsm_expecting_spent(const struct vsm_expectation *e, const struct vsm_retold *r, const struct vsm_visit *v,
                            int64_t now_us);

// Where the item's open visit at the stage whose expectations these are, or with `visit` NULL the item itself, stands
// by the story `is` (same_visits and same_marks 0) under one of them.
struct vsm_standing vsm_expecting_standing(const struct vsm_expectings *x, unsigned i, const struct vsm_graph *graph,
                                           const struct vsm_retold *r, const struct vsm_visit *visit);

// Both take back what was and add what is. A visit at the stage whose expectations these are; NULL: there was none,
// there is none.
void vsm_expect_visit(struct vsm_expectings *x, struct vsm_bands *bands, const struct vsm_retold *r,
                      const struct vsm_visit *was, const struct vsm_visit *is, uint32_t item);
// The item itself. `stages`: of which a visit differs; `ends`: whether its finishes do.
void vsm_expect_item(struct vsm_expectings *x, struct vsm_bands *bands, const struct vsm_graph *graph,
                     const struct vsm_retold *r, struct vsm_set stages, bool ends, uint32_t item);

// What was completed in the window over which it is judged, and within the time, is known from now on.
void vsm_expecting_judge(struct vsm_expecting *x, const struct vsm_bands *bands);
void vsm_expecting_judged(struct vsm_expecting *x, const struct vsm_bands *bands, int64_t now_us, int64_t *done,
                          int64_t *met);

// How many of those that wait for others are older than `within`, which no time changes.
uint64_t vsm_expecting_frozen_older(const struct vsm_expecting *x);
// How many are open and older than `within` now. `open`: all that is open at the node, by its begin.
uint64_t vsm_expecting_older(const struct vsm_expecting *x, const struct vsm_ranks *open, int64_t now_us);
