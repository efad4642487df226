// A member that left and came back has come since, whatever it was before. Of two that a link has made one it is as if
// they had been one all the time.
#include <stdlib.h>

#include "base/mem.h"
#include "core/alerts.h"
#include "core/hash.h"
#include "core/items.h"

static uint32_t hash_of(uint32_t item) {
  return vsm_hash((struct vsm_str){(const char *)&item, sizeof item}, 0);
}

struct wanted {
  const struct vsm_since *s;
  uint32_t item;
};

static bool is_item(const void *ctx, uint32_t place) {
  const struct wanted *w = ctx;
  return w->s->at[place].item == w->item;
}

static struct vsm_member *member(struct vsm_since *s, uint32_t item, bool was) {
  uint32_t hash = hash_of(item);
  uint32_t place = vsm_table_find(&s->table, hash, is_item, &(struct wanted){s, item});
  if (place != (uint32_t)VSM_TABLE_NONE)
    return &s->at[place];
  s->at = vsm_mem_grow(s->at, s->n, &s->cap, sizeof *s->at);
  s->at[s->n] = (struct vsm_member){.item = item, .was = was, .is = was};
  vsm_table_put(&s->table, hash, (uint32_t)s->n);
  return &s->at[s->n++];
}

void vsm_since_flip(struct vsm_since *s, uint32_t item, int sign) {
  struct vsm_member *m = member(s, item, sign < 0);
  s->joined -= m->came;
  s->left -= m->was && !m->is;
  m->is = m->came = sign > 0;
  s->joined += m->came;
  s->left += m->was && !m->is;
}

void vsm_since_restore(struct vsm_since *s, const struct vsm_member *m) {
  if (m->item == (uint32_t)VSM_ITEM_NONE) {
    s->at = vsm_mem_grow(s->at, s->n, &s->cap, sizeof *s->at);
    s->at[s->n++] = *m;
  } else {
    *member(s, m->item, m->was) = *m;
  }
  s->joined += m->came;
  s->left += m->was && !m->is;
}

void vsm_since_let_go(struct vsm_since *s, uint32_t item) {
  uint32_t hash = hash_of(item), place = vsm_table_find(&s->table, hash, is_item, &(struct wanted){s, item});
  if (place == (uint32_t)VSM_TABLE_NONE)
    return;
  vsm_table_del(&s->table, hash, place);
  s->at[place].item = (uint32_t)VSM_ITEM_NONE;
}

struct vsm_member vsm_since_take(struct vsm_since *s, uint32_t item, bool was) {
  struct vsm_member none = {.item = item, .was = was, .is = was}, *m;
  uint32_t place = vsm_table_find(&s->table, hash_of(item), is_item, &(struct wanted){s, item});
  if (place == (uint32_t)VSM_TABLE_NONE)
    return none;
  m = &s->at[place];
  none = *m;
  s->joined -= m->came;
  s->left -= m->was && !m->is;
  vsm_table_del(&s->table, hash_of(item), place);
  *m = (struct vsm_member){.item = (uint32_t)VSM_ITEM_NONE};
  return none;
}

static bool stayed(const struct vsm_member *m) {
  return m->was && m->is && !m->came;
}

void vsm_since_unite(struct vsm_since *s, uint32_t item, bool was, const struct vsm_member *other) {
  struct vsm_member *m = member(s, item, was);
  bool all_the_time = stayed(m) || stayed(other);
  s->joined -= m->came;
  s->left -= m->was && !m->is;
  m->was = m->was || other->was;
  m->is = m->is || other->is;
  m->came = m->is && !all_the_time;
  s->joined += m->came;
  s->left += m->was && !m->is;
}

void vsm_since_clear(struct vsm_since *s) {
  vsm_since_fini(s);
  *s = (struct vsm_since){0};
}

void vsm_since_fini(struct vsm_since *s) {
  vsm_table_fini(&s->table);
  free(s->at);
}
