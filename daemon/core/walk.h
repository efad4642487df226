// The walk over an item's transitions in canonical order (docs/concepts.md, "How an item is folded"). For core/fold.c.
#pragma once
#include "core/calendar.h"
#include "core/fold.h"

// What two walks that parted have in common: the first visits, which stand in the story of the one that came from
// before. A visit that either changes is common no more.
struct vsm_common {
  struct vsm_story *has, *lacks;
  size_t n;
};

struct vsm_walk {
  const struct vsm_graph *graph;
  unsigned n_active; // visits
  struct vsm_story *out;
  struct vsm_common *common;
  const struct vsm_log *log;
  size_t next_hold;                  // the first at or behind the transition in hand
  struct vsm_set open, had, visited; // had: any visit; visited: a confirmed one has closed
  struct vsm_set bypassed, reworked;
  int64_t t, worked;                  // now; by the stream's clock
  int64_t active_since, active_total; // time in which some visit was active; since then by the stream's clock
  uint32_t open_at[VSM_STAGES_MAX];   // index of the open visit, where `open` says so
  int64_t since[VSM_STAGES_MAX];      // its last change of state, by the stage's clock
  int64_t bypassed_at[VSM_STAGES_MAX];
};

// Takes the transitions at from .. to of the log.
void vsm_walk_on(struct vsm_walk *w, size_t from, size_t to);

static inline const struct vsm_visit *vsm_walk_visit(const struct vsm_walk *w, size_t i) {
  return &(i < w->common->n ? w->common->has : w->out)->visits[i];
}
struct vsm_mark *vsm_walk_mark(struct vsm_walk *w, enum vsm_mark_kind kind, unsigned place, int64_t at);
