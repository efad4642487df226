// How far the members of an alert reach in its sets, and who they are. Shared by core/detect.c and its lists.
#pragma once
#include "core/state.h"
#include "core/guard.h"

// The latest instant up to which no more was worked; INT64_MAX: there is none.
int64_t vsm_reach_latest(const struct vsm_calendar *c, int64_t worked_us);

// What counts now by each rule.
int64_t vsm_reach_stalled(const struct vsm_guard_stall *s, int64_t now_us);
int64_t vsm_reach_overdue(const struct vsm_guard_expected *e, int64_t now_us);
// All that is open at a node, by its entry or start.
const struct vsm_ranks *vsm_reach_open(const struct vsm_stream_state *s, const struct vsm_guard_node *n);
// All that stands and ages under an expectation.
const struct vsm_ranks *vsm_reach_set(const struct vsm_stream_state *s, const struct vsm_guard_expected *e);
// When one of this key comes to hold by it.
int64_t vsm_reach_stalls_at(const struct vsm_guard_stall *s, int64_t key);
int64_t vsm_reach_overdue_at(const struct vsm_guard_expected *e, int64_t key);

// Moves the fronts of a node to now, and notes who joins and leaves by that.
void vsm_reach_move_stalled(struct vsm_stream_state *s, struct vsm_guard_node *n, int64_t now_us);
void vsm_reach_move_overdue(struct vsm_stream_state *s, struct vsm_guard_node *n, unsigned name, int64_t now_us);
// Works out the relative thresholds.
void vsm_reach_work_out(const struct vsm_stream_state *s, struct vsm_guard_node *n);

// A member, and what it is by.
struct vsm_reached {
  uint32_t item;
  unsigned set;    // of which it is a member
  int64_t came_us; // when it came to hold
  int64_t threshold_us, observed_us;
  const struct vsm_calendar *calendar;
  const struct vsm_stall *stall; // NULL: none
  bool by_date;
};
// Called with the members by one rule after another, of each those first that came to hold first, until it returns
// false; then the next rule begins.
typedef bool vsm_reached_fn(void *ctx, const struct vsm_reached *m);
void vsm_reach_stalled_members(const struct vsm_stream_state *s, const struct vsm_guard_node *n, int64_t now_us,
                               vsm_reached_fn *fn, void *ctx);
// The other way round: of each rule those first that came to hold last, none that did at since_us or before. Returns
// how many there are, whether asked for or not.
uint64_t vsm_reach_newly_stalled(const struct vsm_guard_node *n, int64_t since_us, vsm_reached_fn *fn, void *ctx);
void vsm_reach_overdue_members(const struct vsm_stream_state *s, const struct vsm_guard_node *n, unsigned name,
                               int64_t now_us, vsm_reached_fn *fn, void *ctx);
