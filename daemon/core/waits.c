#include "core/waits.h"

#include <stdlib.h>

#include "base/mem.h"
#include "core/fold.h"

static bool is(const void *ctx, uint32_t id) {
  (void)ctx, (void)id;
  return true; // the hash is the wait itself
}

static struct vsm_wait *add(struct vsm_waits *w, const struct vsm_bands *bands, uint32_t wait) {
  struct vsm_wait *row = vsm_mem_alloc(sizeof *row);
  row->wait = wait;
  vsm_flow_init(&row->flow, bands);
  w->at = vsm_mem_grow(w->at, w->n, &w->cap, sizeof *w->at);
  vsm_table_put(&w->table, wait, (uint32_t)w->n);
  return w->at[w->n++] = row;
}

struct vsm_wait *vsm_waits_at(struct vsm_waits *w, const struct vsm_bands *bands, uint32_t wait) {
  uint32_t other = vsm_wait_pack(0, vsm_wait_party(wait));
  uint32_t i = vsm_table_find(&w->table, wait, is, NULL);
  if (i == (uint32_t)VSM_TABLE_NONE && w->n >= VSM_WAITS_MAX && wait != other)
    return vsm_waits_at(w, bands, other);
  return i == (uint32_t)VSM_TABLE_NONE ? add(w, bands, wait) : w->at[i];
}

uint32_t vsm_in_wait(struct vsm_in *in, const struct vsm_intern *words) {
  uint32_t wait = (uint32_t)vsm_in_below(in, vsm_wait_pack((uint32_t)words->n, VSM_US));
  in->bad = in->bad || vsm_wait_party(wait) > VSM_THIRD_PARTY || !words->strs[vsm_wait_words(wait)].p;
  return in->bad ? 0 : wait;
}

void vsm_waits_advance(struct vsm_waits *w, const struct vsm_bands *bands) {
  for (size_t i = 0; i < w->n; i++)
    vsm_flow_advance(&w->at[i]->flow, bands);
}

void vsm_waits_fini(struct vsm_waits *w, const struct vsm_bands *bands) {
  for (size_t i = 0; i < w->n; i++) {
    vsm_flow_fini(&w->at[i]->flow, bands);
    free(w->at[i]);
  }
  free(w->at);
  vsm_table_fini(&w->table);
  *w = (struct vsm_waits){0};
}
