// The metrics of one node, a stage or a stream: counts and durations over all time and in each window.
//
// Windows of a node are nested at their far ends: each reaches from its start to whatever is newest. So time is cut at
// the windows' starts into bands, and each contribution lies in one band alone, whatever the number of windows: a
// window is the sum of the bands from the newest to its own. Within its band a contribution lies in a pane, and whole
// panes move to the next band as the starts move on.
//
// Starts move by steps, so of two windows of nearly one length (within a 59th) the longer one may start later for a
// time. A contribution lies in the band of the shortest window that reaches it; such a window's figures are made
// without the panes of its bands that begin before its start.
#pragma once
#include "core/sketch.h"

enum vsm_flow_slot {
  // of a stage
  VSM_N_ARRIVALS = 0,
  VSM_N_COMPLETED,
  VSM_N_IMPLIED,
  VSM_N_SKIPPED,
  VSM_N_RETURNED,
  VSM_N_LEFT_WITHDRAWN,
  VSM_N_REWORK,
  VSM_N_UNOBSERVED,
  VSM_N_BYPASSED,
  VSM_N_REDUNDANT,
  VSM_N_FIRST_PASSES, // items by their first completed visit
  VSM_N_FIRST_CLEAN,  // of these, without rework
  // of a stream
  VSM_N_STARTED = 0,
  VSM_N_FINISHED,
  VSM_N_WITHDRAWN,
  VSM_N_REOPENED,
  VSM_N_ITEM_REDUNDANT,
  VSM_N_SLOTS = 12,
};

enum vsm_flow_dist {
  VSM_D_CYCLE, // of a stream: lead time
  VSM_D_QUEUE,
  VSM_D_ACTIVE,
  VSM_D_SUSPENDED,
  VSM_D_N,
};

struct vsm_tally {
  int64_t counts[VSM_N_SLOTS];
  vsm_wide effort; // stage: cycle time of visits that were ever active; stream: active time of finishes
  struct vsm_sketch dists[VSM_D_N];
};

// Where an instant lies among the windows.
struct vsm_moment {
  int64_t us;
  unsigned band;    // behind all windows: their number
  int64_t start_us; // of its pane; behind all windows 0
  uint32_t number;  // start_us, in panes of the first band
};

// Where the windows of a stream cut time; shared by its nodes.
struct vsm_bands {
  unsigned n;          // windows, shortest first
  int64_t now_us;      // of the last advance
  int64_t crossing_us; // when a window that may start later than a shorter one moves next; INT64_MAX: there is none
  struct vsm_moment moment; // asked for last: most of what an event changes, at all nodes, is of one instant
  struct {
    int64_t length_us, step_us; // a window's length and its pane's: its start moves by steps
    int64_t pane_us;            // of the band: divides the steps of this and all longer windows
    int64_t start_us;           // at that time
    unsigned configured;        // index as configured
    bool crosses;               // it may start later than a shorter one
  } at[];
};

enum { VSM_WINDOW_STEPS = 60 }; // a window: the one under way is the last

struct vsm_pane;
struct vsm_band {
  struct vsm_tally tally;
  struct vsm_pane **panes; // by time
  size_t n, cap;
};

struct vsm_flow {
  bool changed;
  int64_t due_us;         // when the first of its panes is passed on; INT64_MAX: it has none
  struct vsm_band *bands; // one per window, and the last for all that is older; it has no panes
  struct vsm_pane *spare; // an empty one for the next that begins; NULL: none
};

// NULL: out of memory. Freed with free().
struct vsm_bands *vsm_bands_create(const struct vsm_stream *stream, int64_t now_us);
// Where a window starts when it is now_us.
static inline int64_t vsm_bands_start(const struct vsm_bands *bands, unsigned band, int64_t now_us) {
  int64_t step_us = bands->at[band].step_us;
  return now_us - now_us % step_us - (VSM_WINDOW_STEPS - 1) * step_us;
}
// Moves the starts to where they are at now. Flows must follow with vsm_flow_advance().
void vsm_bands_advance(struct vsm_bands *bands, int64_t now_us);

// The length of the first band's panes.
static inline int64_t vsm_bands_unit(const struct vsm_bands *bands) {
  return bands->n ? bands->at[0].pane_us : VSM_DAY_US;
}
struct vsm_moment vsm_moment_of(const struct vsm_bands *bands, int64_t us);
static inline const struct vsm_moment *vsm_bands_moment(struct vsm_bands *bands, int64_t us) {
  if (bands->moment.us != us)
    bands->moment = vsm_moment_of(bands, us);
  return &bands->moment;
}

void vsm_flow_init(struct vsm_flow *f, const struct vsm_bands *bands);
void vsm_flow_fini(struct vsm_flow *f, const struct vsm_bands *bands);
void vsm_flow_advance(struct vsm_flow *f, const struct vsm_bands *bands);

// A place to write contributions of one instant; valid until the flow is advanced.
struct vsm_flow_at {
  struct vsm_tally *tally;
  struct vsm_pane *pane; // NULL: older than all windows
};
struct vsm_flow_at vsm_flow_at(struct vsm_flow *f, struct vsm_bands *bands, int64_t us);
void vsm_flow_count(struct vsm_flow_at at, unsigned slot, int sign);
void vsm_flow_duration(struct vsm_flow_at at, enum vsm_flow_dist d, int64_t us, int sign);
void vsm_flow_effort(struct vsm_flow_at at, int64_t us, int sign);

// What the panes of a band hold that begin in [from, to): counts by slot, durations by distribution and bucket, and
// their exact sums.
struct vsm_flow_reader {
  void (*count)(void *ctx, int64_t start_us, unsigned slot, int64_t n);
  void (*bucket)(void *ctx, int64_t start_us, unsigned dist, unsigned bucket, int64_t n);
  void (*sum)(void *ctx, int64_t start_us, unsigned dist, vsm_wide sum);
};
void vsm_flow_read(const struct vsm_flow *f, unsigned band, int64_t from, int64_t to, const struct vsm_flow_reader *r,
                   void *ctx);

// Adds up what a window holds: *sum += it. 0 is "all", then as configured.
void vsm_flow_sum(const struct vsm_flow *f, const struct vsm_bands *bands, unsigned window, struct vsm_tally *sum);
int64_t vsm_flow_counted(const struct vsm_flow *f, const struct vsm_bands *bands, unsigned window, unsigned slot);

// What lies in the bands up to a window's, and before its start: n times added to *sum.
void vsm_flow_add_before(const struct vsm_flow *f, const struct vsm_bands *bands, unsigned band, int n,
                         struct vsm_tally *sum);

// Adds up: *into += what the band holds.
void vsm_tally_merge(struct vsm_tally *into, const struct vsm_tally *from);
void vsm_tally_clear(struct vsm_tally *t);
void vsm_tally_fini(struct vsm_tally *t);

// What was only ever added, as bytes by time, and added to a flow, which may have other windows (core/sealed.h). f
// NULL: it is read and left.
void vsm_flow_save(const struct vsm_flow *f, const struct vsm_bands *bands, struct vsm_out *o);
void vsm_flow_load(struct vsm_flow *f, struct vsm_bands *bands, struct vsm_in *in);
