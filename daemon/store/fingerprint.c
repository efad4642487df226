#define XXH_INLINE_ALL
#include "store/fingerprint.h"

#include <xxhash.h>

static void add_text(XXH3_state_t *sum, struct vsm_str text) {
  uint64_t n = text.n;
  XXH3_64bits_update(sum, &n, sizeof n);
  XXH3_64bits_update(sum, text.n ? text.p : "", text.n);
}

static void add_visit(XXH3_state_t *sum, const struct vsm_history_visit *v) {
  const int64_t numbers[] = {v->number,    v->entered_us,   v->left_us, v->queue_us,
                             v->active_us, v->suspended_us, v->rework,  v->unobserved};
  add_text(sum, vsm_str_of(v->stage));
  add_text(sum, vsm_str_of(v->how));
  XXH3_64bits_update(sum, numbers, sizeof numbers);
}

uint64_t vsm_history_fingerprint(const struct vsm_history_item *item) {
  const int64_t numbers[] = {item->started_us, item->ended_us, item->lead_us,
                             item->n_keys,     item->n_visits, item->n_segments};
  XXH3_state_t state, *sum = &state;
  XXH3_64bits_reset(sum);
  add_text(sum, vsm_str_of(item->stream));
  add_text(sum, vsm_str_of(item->state));
  add_text(sum, item->item);
  XXH3_64bits_update(sum, numbers, sizeof numbers);
  for (unsigned i = 0; i < item->n_keys; i++)
    add_text(sum, item->keys[i]);
  for (unsigned i = 0; i < item->n_visits; i++)
    add_visit(sum, &item->visits[i]);
  for (unsigned i = 0; i < item->n_segments; i++) {
    add_text(sum, vsm_str_of(item->segments[i].attribute));
    add_text(sum, item->segments[i].value);
  }
  return XXH3_64bits_digest(sum);
}
