// The flow of a stream over time, as one picture: the daemon is asked once for each node, so that no answer holds it up
// for long, until all answers are of the same panes.
#pragma once
#include <stdint.h>
#include <stdio.h>

#include "agents/ask/inquiry.h"
#include "base/arena.h"
#include "conf/zones.h"
#include "core/calendar.h"

enum { VSM_PANES_MAX = 1000, VSM_PANES_DEFAULT = 30, VSM_PANES_STAGES_MAX = 254 };

struct vsm_panes_node {
  Vsm__V1__SeriesPane *panes; // copies
  size_t n;
  uint64_t end_ns;
  double day_seconds; // 86400, or of a working day where a calendar counts its times
  bool calendar;
  bool more; // earlier ones are still to be asked for
};

// What is asked for; texts are borrowed, and "" for what is not said.
struct vsm_panes_options {
  const char *stream, *stage, *window;
  const char *by, *zone; // periods instead of a window: hour, day, week, month
  uint64_t last;         // so many of them; 0: 30 periods, all panes of a window
};

struct vsm_panes {
  struct vsm_inquiry inquiry; // first
  struct vsm_panes_options o;
  struct vsm_arena arena;
  struct vsm_zone clocks; // of the zone
  Vsm__V1__SnapshotRequest snapshot;
  Vsm__V1__SeriesRequest request;
  int64_t *bounds_s;
  uint64_t *bounds; // of the periods
  size_t n_bounds;
  unsigned tries;
  // What came back.
  uint64_t now_ns, end_ns;
  Vsm__V1__ValueStream *known;
  const Vsm__V1__Stage *stages[VSM_PANES_STAGES_MAX];    // of it, those that are shown
  const char *used_window;                               // NULL: periods
  struct vsm_panes_node nodes[1 + VSM_PANES_STAGES_MAX]; // the stream itself, then its stages
  size_t n_stages, n_panes, first, filled;               // panes from `first` on are shown
};

// Made on the heap, as it is large; for vsm_inquiry_destroy(). Has failed already where something is not allowed
// whatever the daemon knows; `dash` is put before the names of what is wrong.
struct vsm_panes *vsm_panes_create(const struct vsm_panes_options *o, const char *dash);
// The node that the whole is about: the stage that was asked for, or the stream.
const struct vsm_panes_node *vsm_panes_shown(const struct vsm_panes *s);
void vsm_panes_json(FILE *out, const struct vsm_panes *s);

// Little's law, in the time that counts the node's cycle times: where a calendar does, means are over its working time
// and days are its working days, for the law holds in either time, but not across them.
struct vsm_panes_law {
  double days, wip, throughput, lead_days; // means over the panes
  uint64_t arrivals, departures, completed, wip_before, wip_after;
  const char *unstable; // why it need not hold; NULL: it must
};
struct vsm_panes_law vsm_panes_law(const struct vsm_panes *s, const struct vsm_panes_node *node);
