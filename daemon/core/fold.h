// The fold: from the set of an item's transitions to its visits and to all that it adds to the metrics.
#pragma once
#include "core/graph.h"
#include "core/view.h"

// A transition in one integer, so that the order of integers is the canonical order: 52 bits of microseconds, 8 of
// the stage's place, 3 of lifecycle. Transitions of a stage that the model does not have (any more) sleep: their
// places lie at or above the graph's n and below VSM_PLACE_ITEM.
enum { VSM_PLACE_ITEM = 255 };

static inline uint64_t vsm_pack(int64_t us, unsigned place, enum vsm_lifecycle lifecycle) {
  return (uint64_t)us << 11 | (uint64_t)place << 3 | lifecycle;
}
static inline int64_t vsm_packed_us(uint64_t t) {
  return (int64_t)(t >> 11);
}
static inline unsigned vsm_packed_place(uint64_t t) {
  return t >> 3 & 255;
}
static inline enum vsm_lifecycle vsm_packed_lifecycle(uint64_t t) {
  return (enum vsm_lifecycle)(t & 7);
}

enum vsm_visit_bits {
  VSM_V_CONFIRMED = 1,
  VSM_V_REWORK = 2,
  VSM_V_UNOBSERVED = 4,
  VSM_V_OWN_COMPLETE = 8,
  VSM_V_LATE_NEWS = 16,
  VSM_V_WAS_ACTIVE = 32,
  VSM_V_MADE_WAY = 64, // closed because the item went elsewhere
};

// No padding: visits are compared as memory.
struct vsm_visit {
  int64_t entered, left; // left is 0 while open
  int64_t since;         // last change of state
  int64_t spent[3];      // microseconds queued, active, suspended, up to `since`
  uint8_t place, state, how, bits, pad[4];
};

enum vsm_mark_kind {
  VSM_M_STARTED,
  VSM_M_REOPENED,
  VSM_M_FINISHED, // lead, active: microseconds up to then
  VSM_M_WITHDRAWN,
  VSM_M_REDUNDANT, // place: of the stage, or VSM_PLACE_ITEM
  VSM_M_BYPASSED,
  VSM_M_FIRST_PASS, // at the first completed visit of a stage; rework: it was visited again at some time
};

struct vsm_mark {
  int64_t at, lead, active;
  uint8_t kind, place, rework, pad[5];
};

// A fold's result; reused from fold to fold.
struct vsm_story {
  struct vsm_visit *visits; // in the order in which they opened
  size_t n_visits, cap_visits;
  struct vsm_mark *marks;
  size_t n_marks, cap_marks;
  unsigned n_open;             // visits
  bool exists, open, finished; // finished: closed by finishing rather than withdrawing
  int64_t started;
};

// An item's story as it was and as it is. The first `same_visits` and `same_marks` are the same in both and stand in
// `was` alone; of what follows, the marks of stages whose visits are all the same are left out.
struct vsm_retold {
  struct vsm_story was, is;
  size_t same_visits, same_marks;
};

enum { VSM_FOLD_ALL = -1 };
// n transitions, in rising order, without equal ones; that at `but` left out (VSM_FOLD_ALL: none).
void vsm_fold(const struct vsm_graph *graph, const uint64_t *transitions, size_t n, size_t but, struct vsm_story *out);
// Two folds in one: without (was) and with (is) the transition at `at`. The way up to it is walked once.
void vsm_fold_both(const struct vsm_graph *graph, const uint64_t *transitions, size_t n, size_t at,
                   struct vsm_retold *out);
void vsm_story_clear(struct vsm_story *story); // as of no item
void vsm_story_fini(struct vsm_story *story);
void vsm_retold_fini(struct vsm_retold *r);
