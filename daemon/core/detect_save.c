// Of what alerts go by, relative thresholds alone do not follow from the items that are held: they stand from one whole
// minute to the next.
#include "core/detect.h"
#include "core/guard.h"
#include "core/state.h"

static struct vsm_guard_node *node_at(struct vsm_guard *g, unsigned i) {
  return i < g->n_stages ? &g->stages[i] : &g->stream;
}

void vsm_detect_save(const struct vsm_core *core, struct vsm_out *o) {
  for (size_t i = 0; i < core->n_streams; i++) {
    struct vsm_guard *g = core->streams[i].guard;
    for (unsigned k = 0; g && k <= g->n_stages; k++)
      for (unsigned m = 0; m < node_at(g, k)->n_stalls; m++)
        if (node_at(g, k)->stalls[m].rule->after_us == 0)
          vsm_out_number(o, (uint64_t)node_at(g, k)->stalls[m].after_us);
  }
}

void vsm_detect_load(struct vsm_core *core, struct vsm_in *in) {
  for (size_t i = 0; i < core->n_streams; i++) {
    struct vsm_guard *g = core->streams[i].guard;
    for (unsigned k = 0; g && k <= g->n_stages; k++)
      for (unsigned m = 0; m < node_at(g, k)->n_stalls; m++)
        if (node_at(g, k)->stalls[m].rule->after_us == 0) {
          node_at(g, k)->stalls[m].after_us = (int64_t)vsm_in_number(in);
          in->bad = in->bad || node_at(g, k)->stalls[m].after_us < 0;
        }
  }
}
