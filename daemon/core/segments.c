#include "core/segments.h"

#include <stdlib.h>

#include "base/mem.h"

static struct vsm_segment *add(struct vsm_attribute *a, unsigned n_stages, uint32_t word) {
  struct vsm_segment *s = vsm_mem_alloc(sizeof *s);
  s->word = word;
  s->stages = vsm_mem_alloc(n_stages * sizeof *s->stages);
  return a->values[a->n++] = s;
}

struct vsm_segment *vsm_segment_find(const struct vsm_attribute *a, uint32_t word) {
  for (unsigned i = 0; i < a->n; i++)
    if (a->values[i]->word == word)
      return a->values[i];
  return NULL;
}

static struct vsm_segment *find_or_add(struct vsm_attribute *a, unsigned n_stages, uint32_t word) {
  struct vsm_segment *found = vsm_segment_find(a, word);
  if (found)
    return found;
  if (a->n < a->most || word == 0)
    return add(a, n_stages, word);
  return find_or_add(a, n_stages, 0);
}

struct vsm_segment *vsm_segment_at(struct vsm_attribute *a, unsigned n_stages, uint32_t word) {
  uint8_t *last = &a->last[word & 255];
  if (*last < a->n && a->values[*last]->word == word)
    return a->values[*last];
  struct vsm_segment *found = find_or_add(a, n_stages, word);
  for (unsigned i = 0; i < a->n; i++)
    if (a->values[i] == found)
      *last = (uint8_t)i;
  return found;
}

void vsm_attribute_fini(struct vsm_attribute *a, unsigned n_stages) {
  for (unsigned i = 0; i < a->n; i++) {
    vsm_tape_fini(&a->values[i]->tape);
    for (unsigned k = 0; k < n_stages; k++)
      vsm_tape_fini(&a->values[i]->stages[k].tape);
    free(a->values[i]->stages);
    free(a->values[i]);
  }
  a->n = 0;
}
