// Reading the observed map: the drawn arrows and all other ways that items took, with what went along them
// (docs/concepts.md, "The observed map").
#pragma once
#include "core/view.h"

// What an edge is beside the drawing.
enum vsm_edge_kind {
  VSM_EDGE_DRAWN,
  VSM_EDGE_SKIP,        // forwards, over stages
  VSM_EDGE_BACK,        // to an earlier stage
  VSM_EDGE_REPEAT,      // to the stage itself
  VSM_EDGE_ACROSS,      // to a stage that no way leads to, and none comes from
  VSM_EDGE_WITHDRAWING, // out of the stream
  VSM_EDGE_REOPENING,   // from an end
};
const char *vsm_edge_kind_name(enum vsm_edge_kind k); // "drawn", "skip", "back", "repeat", "across", "withdrawn", ...

enum { VSM_MAP_EDGES_MAX = 1000 }; // of an answer: those that are drawn, then those that most went along

struct vsm_map_edge {
  const char *from, *to; // ids of stages; "(start)", "(outcome)", "(withdrawn)", which no id can be
  enum vsm_edge_kind kind;
  uint64_t count, total; // in the window, over all time; both 0 for arrows that nothing went along
  struct vsm_dist_view handover_time;
  double working_day_seconds; // of the handover
};

struct vsm_map_stage {
  const char *id, *name;
  uint64_t wip;                                             // now
  uint64_t arrivals, skipped, bypassed, rework, unobserved; // in the window
};

struct vsm_map_view {
  const char *id, *name, *outcome, *window;
  const struct vsm_map_stage *stages; // in the order of the stream
  unsigned n_stages;
  const struct vsm_map_edge
      *edges; // by `from`, then `to`, in the order of the stream: start, stages, outcome, withdrawn
  unsigned n_edges, left_off;
};

// window: 0 for "all", then as configured. 0 or VSM_ENOMEM.
int vsm_core_map(struct vsm_core *core, unsigned stream, unsigned window, struct vsm_arena *arena,
                 struct vsm_map_view *out);
