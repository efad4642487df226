// The map as it was observed: how often items went from one stage to another, when, and how long the work waited
// between them. What an edge is, as a function of an item's visits: docs/concepts.md, "The observed map".
#pragma once
#include "base/table.h"
#include "core/flow.h"
#include "core/fold.h"

// Where an edge begins and ends: the place of a stage, or one of these.
enum { VSM_EDGE_START = 256, VSM_EDGE_OUTCOME, VSM_EDGE_WITHDRAWN, VSM_EDGE_POINTS };

enum { VSM_N_PASSED = 0, VSM_D_HANDOVER = 0 }; // a slot, and a distribution, of the flow

struct vsm_edge {
  uint16_t from, to;
  struct vsm_flow flow;
};

// One item went along one edge.
struct vsm_passage {
  int64_t at;
  int64_t handover; // -1: not told
  uint32_t from, to;
};

struct vsm_passages {
  struct vsm_passage *at;
  size_t n, cap;
};

struct vsm_edges {
  struct vsm_table table;
  struct vsm_edge **at; // in the order in which they came; at most one for each pair
  size_t n, cap;
  struct vsm_passages was, is; // scratch
};

// NULL: nothing ever went along it.
const struct vsm_edge *vsm_edges_find(const struct vsm_edges *e, unsigned from, unsigned to);

// Made where there is none.
struct vsm_edge *vsm_edges_at(struct vsm_edges *e, const struct vsm_bands *bands, unsigned from, unsigned to);

// Takes back the edges of an item's story as it was, and adds those of its story as it is.
void vsm_edges_replace(struct vsm_edges *e, struct vsm_bands *bands, const struct vsm_graph *graph,
                       const struct vsm_retold *r);
void vsm_edges_advance(struct vsm_edges *e, const struct vsm_bands *bands);
void vsm_edges_fini(struct vsm_edges *e, const struct vsm_bands *bands);
