#include "core/segments.h"

#include <stdlib.h>

#include "base/mem.h"

static struct vsm_segment *add(struct vsm_attribute *a, const struct vsm_bands *bands, unsigned n_stages,
                               uint32_t word) {
  struct vsm_segment *s = vsm_mem_alloc(sizeof *s);
  s->word = word;
  s->stages = vsm_mem_alloc(n_stages * sizeof *s->stages);
  vsm_flow_init(&s->flow, bands);
  for (unsigned i = 0; i < n_stages; i++)
    vsm_flow_init(&s->stages[i].flow, bands);
  return a->values[a->n++] = s;
}

struct vsm_segment *vsm_segment_at(struct vsm_attribute *a, const struct vsm_bands *bands, unsigned n_stages,
                                   uint32_t word) {
  for (unsigned i = 0; i < a->n; i++)
    if (a->values[i]->word == word)
      return a->values[i];
  if (a->n < VSM_SEGMENT_VALUES_MAX || word == 0)
    return add(a, bands, n_stages, word);
  return vsm_segment_at(a, bands, n_stages, 0);
}

void vsm_attribute_advance(struct vsm_attribute *a, const struct vsm_bands *bands, unsigned n_stages) {
  for (unsigned i = 0; i < a->n; i++) {
    vsm_flow_advance(&a->values[i]->flow, bands);
    for (unsigned k = 0; k < n_stages; k++)
      vsm_flow_advance(&a->values[i]->stages[k].flow, bands);
  }
}

void vsm_attribute_fini(struct vsm_attribute *a, const struct vsm_bands *bands, unsigned n_stages) {
  for (unsigned i = 0; i < a->n; i++) {
    vsm_flow_fini(&a->values[i]->flow, bands);
    for (unsigned k = 0; k < n_stages; k++)
      vsm_flow_fini(&a->values[i]->stages[k].flow, bands);
    free(a->values[i]->stages);
    free(a->values[i]);
  }
  a->n = 0;
}
