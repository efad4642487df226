// Of what alerts go by, this alone does not follow from the items that are held: relative thresholds, which stand from
// one whole minute to the next, and at which minute they and the shares of expectations are looked at next.
#include "core/detect.h"
#include "core/guard.h"
#include "core/state.h"

static struct vsm_guard_node *node_at(struct vsm_guard *g, unsigned i) {
  return i < g->n_stages ? &g->stages[i] : &g->stream;
}

static void save_node(const struct vsm_guard_node *n, struct vsm_out *o) {
  for (unsigned i = 0; i < n->n_stalls; i++)
    if (n->stalls[i].rule->after_us == 0)
      vsm_out_number(o, (uint64_t)n->stalls[i].after_us);
  vsm_out_signed(o, n->minute_us);
  vsm_out_number(o, n->armed);
  for (unsigned i = 0; i < n->n_names; i++) {
    vsm_out_signed(o, n->names[i].minute_us);
    vsm_out_number(o, n->names[i].armed);
    vsm_out_number(o, n->names[i].news);
  }
}

static void load_node(struct vsm_guard_node *n, struct vsm_in *in, uint64_t version) {
  for (unsigned i = 0; i < n->n_stalls; i++)
    if (n->stalls[i].rule->after_us == 0) {
      n->stalls[i].after_us = (int64_t)vsm_in_number(in);
      in->bad = in->bad || n->stalls[i].after_us < 0;
    }
  if (version <= 3) // it is looked at once
    return;
  n->minute_us = vsm_in_signed(in);
  n->armed = vsm_in_below(in, 2);
  for (unsigned i = 0; i < n->n_names; i++) {
    n->names[i].minute_us = vsm_in_signed(in);
    n->names[i].armed = vsm_in_below(in, 2);
    n->names[i].news = vsm_in_number(in);
  }
}

void vsm_detect_save(const struct vsm_core *core, struct vsm_out *o) {
  for (size_t i = 0; i < core->n_streams; i++) {
    struct vsm_guard *g = core->streams[i].guard;
    for (unsigned k = 0; g && k <= g->n_stages; k++)
      save_node(node_at(g, k), o);
  }
}

void vsm_detect_load(struct vsm_core *core, struct vsm_in *in, uint64_t version) {
  for (size_t i = 0; i < core->n_streams; i++) {
    struct vsm_guard *g = core->streams[i].guard;
    for (unsigned k = 0; g && k <= g->n_stages; k++)
      load_node(node_at(g, k), in, version);
  }
}
