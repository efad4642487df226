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

// Of a stage that a graph of n stages does not have.
static inline bool vsm_packed_sleeps(uint64_t t, unsigned n) {
  unsigned place = vsm_packed_place(t);
  return place >= n && place != VSM_PLACE_ITEM;
}

// Why and for whom a suspension waits: an interned (reason, party), and the party beside it.
static inline uint32_t vsm_wait_pack(uint32_t words, enum vsm_party party) {
  return words << 2 | party;
}
static inline uint32_t vsm_wait_words(uint32_t wait) {
  return wait >> 2;
}
static inline enum vsm_party vsm_wait_party(uint32_t wait) {
  return (enum vsm_party)(wait & 3);
}

struct vsm_hold {
  uint64_t transition; // a suspend of the log
  uint32_t wait;
};

// What is said of an item: transitions in rising order, without equal ones, and holds by transition.
struct vsm_log {
  const uint64_t *at;
  size_t n;
  const struct vsm_hold *holds;
  size_t n_holds;
};

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
  int64_t wait_since;    // of a suspended one: since when it waits for this
  int64_t spent[3];      // microseconds queued, active, suspended, up to `since`; in the stage's working time
  int64_t theirs;        // of the time suspended, elapsed time for which somebody else was waited for
  uint32_t wait;         // of a suspended one
  uint8_t place, state, how, bits;
};

// Of one that was closed: its cycle time.
static inline int64_t vsm_visit_spent(const struct vsm_visit *v) {
  return v->spent[VSM_QUEUED] + v->spent[VSM_ACTIVE] + v->spent[VSM_SUSPENDED];
}

enum vsm_mark_kind {
  VSM_M_STARTED,
  VSM_M_REOPENED,
  VSM_M_FINISHED, // span: lead time; active: time up to then in which some visit was; in the stream's working time
  VSM_M_WITHDRAWN,
  VSM_M_REDUNDANT, // place: of the stage, or VSM_PLACE_ITEM
  VSM_M_BYPASSED,
  VSM_M_WAITED,     // a suspension ended; from, span: in the stage's working time
  VSM_M_FIRST_PASS, // at the first completed visit of a stage; rework: it was visited again at some time
};

struct vsm_mark {
  int64_t at, from, span, active;
  union {
    uint32_t wait;   // of VSM_M_WAITED
    uint32_t visits; // of VSM_M_FINISHED, VSM_M_WITHDRAWN: how many had opened
  };
  uint8_t kind, place, rework, pad;
};

// A fold's result; reused from fold to fold.
struct vsm_story {
  struct vsm_visit *visits; // in the order in which they opened
  size_t n_visits, cap_visits;
  struct vsm_mark *marks;
  size_t n_marks, cap_marks;
  unsigned n_open;                     // visits
  unsigned n_ends;                     // marks of finishing and withdrawing
  bool exists, open, finished;         // finished: closed by finishing rather than withdrawing
  int64_t started, last;               // first and last transition
  uint32_t segments[VSM_SEGMENTS_MAX]; // the item's value of each attribute: interned, or VSM_NO_SEGMENT
};
enum { VSM_NO_SEGMENT = -1 };

// An item's story as it was and as it is. The first `same_visits` and `same_marks` are the same in both and stand in
// `was` alone; of what follows, the marks of stages whose visits are all the same are left out.
struct vsm_retold {
  struct vsm_story was, is;
  size_t same_visits, same_marks;
  size_t added; // the transition of the log that `was` does not know; VSM_FOLD_ALL: none
  bool anew;    // what is equal in both may still count differently
};

enum { VSM_FOLD_ALL = -1 };
static inline const struct vsm_visit *vsm_retold_visit(const struct vsm_retold *r, const struct vsm_story *story,
                                                       size_t i) {
  return &(i < r->same_visits ? &r->was : story)->visits[i];
}
static inline const struct vsm_mark *vsm_retold_mark(const struct vsm_retold *r, const struct vsm_story *story,
                                                     size_t i) {
  return &(i < r->same_marks ? &r->was : story)->marks[i];
}

// The transition at `but` left out (VSM_FOLD_ALL: none). Segments are the caller's.
void vsm_fold(const struct vsm_graph *graph, const struct vsm_log *log, size_t but, struct vsm_story *out);
// Two folds in one: without (was) and with (is) the transition at `at`. The way up to it is walked once.
void vsm_fold_both(const struct vsm_graph *graph, const struct vsm_log *log, size_t at, struct vsm_retold *out);
void vsm_story_clear(struct vsm_story *story); // as of no item
void vsm_story_fini(struct vsm_story *story);
void vsm_retold_fini(struct vsm_retold *r);
