// What a band of windows holds, added up.
#include "core/flow.h"

#include <string.h>

void vsm_tally_merge(struct vsm_tally *into, const struct vsm_tally *from) {
  for (int i = 0; i < VSM_N_SLOTS; i++)
    into->counts[i] += from->counts[i];
  into->effort += from->effort;
  for (int d = 0; d < VSM_D_N; d++)
    vsm_sketch_merge(&into->dists[d], &from->dists[d]);
}

void vsm_tally_clear(struct vsm_tally *t) {
  memset(t->counts, 0, sizeof t->counts);
  t->effort = 0;
  for (int d = 0; d < VSM_D_N; d++)
    vsm_sketch_clear(&t->dists[d]);
}

void vsm_tally_fini(struct vsm_tally *t) {
  for (int d = 0; d < VSM_D_N; d++)
    vsm_sketch_fini(&t->dists[d]);
}
