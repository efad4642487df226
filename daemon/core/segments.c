#include "core/segments.h"

#include <stdlib.h>

#include "base/mem.h"

static void add(struct vsm_attribute *a, unsigned n_stages, uint32_t word) {
  struct vsm_segment *s = vsm_mem_alloc(sizeof *s);
  s->word = word;
  s->stages = vsm_mem_alloc(n_stages * sizeof *s->stages);
  a->values[a->n++] = s;
  a->has_other = a->has_other || word == 0;
}

// a->n: it has none.
static unsigned place_of(const struct vsm_attribute *a, uint32_t word) {
  unsigned i = 0;
  while (i < a->n && a->values[i]->word != word)
    i++;
  return i;
}

struct vsm_segment *vsm_segment_find(const struct vsm_attribute *a, uint32_t word) {
  unsigned i = place_of(a, word);
  return i < a->n ? a->values[i] : NULL;
}

static bool has_room(const struct vsm_attribute *a, uint32_t word) {
  return a->like ? vsm_segment_find(a->like, word) != NULL : a->n - a->has_other < a->most;
}

bool vsm_segment_is_apart(const struct vsm_attribute *a, uint32_t word) {
  return vsm_segment_find(a, word) || has_room(a, word);
}

struct vsm_segment *vsm_segment_at(struct vsm_attribute *a, unsigned n_stages, uint32_t word) {
  uint8_t *last = &a->last[word & 255];
  if (*last < a->n && a->values[*last]->word == word)
    return a->values[*last];
  unsigned i = place_of(a, word);
  if (i == a->n && word != 0 && !has_room(a, word)) {
    word = 0;
    i = place_of(a, word);
  }
  if (i == a->n)
    add(a, n_stages, word);
  *last = (uint8_t)i;
  return a->values[i];
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
