// Of an item: its keys; the transitions as differences, with their origins and who said them; then what not every item
// has, of each kind how many and what they are.
#include "core/items_save.h"

#include <stdlib.h>

#include "base/mem.h"
#include "core/hash.h"
#include "core/waits.h"

// --- writing

static void save_keys(const struct vsm_items *s, const struct vsm_item *it, struct vsm_out *o) {
  vsm_out_number(o, it->n_keys);
  for (unsigned i = 0; i < it->n_keys; i++)
    vsm_out_text(o, vsm_items_key_str(s, vsm_item_key_id(it, i)));
}

static void save_log(const struct vsm_item *it, struct vsm_out *o) {
  uint64_t before = 0;
  vsm_out_number(o, it->n);
  for (unsigned i = 0; i < it->n; i++) {
    vsm_out_number(o, it->log[i] - before);
    vsm_out_number(o, vsm_item_origins(it)[i]);
    vsm_out_number(o, vsm_item_who(it)[i]);
    before = it->log[i];
  }
  if (it->n == 0)
    vsm_out_number(o, (uint64_t)it->last);
}

static void save_value(const struct vsm_value *v, struct vsm_out *o) {
  vsm_out_number(o, (uint64_t)v->us);
  vsm_out_number(o, v->word);
  vsm_out_number(o, v->name);
  vsm_out_number(o, v->kind);
  vsm_out_number(o, v->place);
}

// What not every item has.
static void save_rest(const struct vsm_item *it, struct vsm_out *o) {
  const struct vsm_progress *progress = vsm_item_progress(it);
  const struct vsm_hold *holds = vsm_item_holds(it);
  vsm_out_number(o, it->n_progress);
  for (size_t i = 0; i < it->n_progress; i++) {
    vsm_out_number(o, (uint64_t)progress[i].us);
    vsm_out_number(o, progress[i].origin);
    vsm_out_number(o, progress[i].place);
    vsm_out_number(o, progress[i].who);
  }
  vsm_out_number(o, it->n_holds);
  for (size_t i = 0; i < it->n_holds; i++) {
    vsm_out_number(o, holds[i].transition);
    vsm_out_number(o, holds[i].wait);
  }
  vsm_out_number(o, it->n_values);
  for (size_t i = 0; i < it->n_values; i++)
    save_value(&vsm_item_values(it)[i], o);
}

void vsm_items_save(const struct vsm_items *s, struct vsm_out *o) {
  vsm_out_number(o, s->n);
  vsm_out_number(o, s->n_free);
  for (uint32_t i = 0, id = s->first_free; i < s->n_free; i++, id = vsm_items_at(s, id)->keys[0])
    vsm_out_number(o, id);
  for (uint32_t id = 0; id < s->n; id++) {
    const struct vsm_item *it = vsm_items_at(s, id);
    if (it->n_keys == 0)
      continue;
    save_keys(s, it, o);
    save_log(it, o);
    save_rest(it, o);
  }
}

// --- reading

void vsm_items_load_begin(struct vsm_items_load *l, struct vsm_items *items, unsigned n_places, struct vsm_in *in) {
  vsm_items_load_fini(l);
  uint64_t n = vsm_in_count(in); // an item takes more than a byte, a free place at least one
  uint64_t n_free = vsm_in_below(in, n + 1);
  *l = (struct vsm_items_load){.items = items, .n_places = n_places, .n = (uint32_t)n, .n_free = (uint32_t)n_free};
  l->free = vsm_mem_alloc(n_free * sizeof *l->free);
  l->is_free = vsm_mem_alloc(n * sizeof *l->is_free);
  for (uint32_t i = 0; !in->bad && i < n_free; i++) {
    l->free[i] = (uint32_t)vsm_in_below(in, n);
    in->bad = in->bad || l->is_free[l->free[i]];
    l->is_free[l->free[i]] = true;
  }
}

void vsm_items_load_fini(struct vsm_items_load *l) {
  free(l->free);
  free(l->is_free);
  *l = (struct vsm_items_load){0};
}

bool vsm_items_load_is_done(const struct vsm_items_load *l) {
  return l->next == l->n;
}

static uint32_t word(const struct vsm_items_load *l, struct vsm_in *in) {
  return vsm_in_word(in, l->items->words);
}

static bool is_place(const struct vsm_items_load *l, unsigned place) {
  return place < l->n_places || place == VSM_PLACE_ITEM;
}

static uint8_t place(const struct vsm_items_load *l, struct vsm_in *in) {
  unsigned at = (unsigned)vsm_in_below(in, VSM_PLACE_ITEM + 1);
  in->bad = in->bad || !is_place(l, at);
  return (uint8_t)at;
}

static void load_keys(const struct vsm_items_load *l, uint32_t id, struct vsm_in *in) {
  uint64_t n = vsm_in_below(in, VSM_LINKS_MAX + 1);
  in->bad = in->bad || n == 0;
  for (uint64_t i = 0; !in->bad && i < n; i++) {
    struct vsm_str key = vsm_in_text(in, VSM_KEY_MAX);
    uint32_t hash = vsm_hash(key, 0);
    if (key.n == 0 || vsm_items_find(l->items, key, hash) != (uint32_t)VSM_ITEM_NONE)
      in->bad = true;
    else
      vsm_items_add_key(l->items, id, key, hash);
  }
}

static uint8_t who(const struct vsm_item *it, struct vsm_in *in) {
  uint64_t w = vsm_in_below(in, 256);
  in->bad = in->bad || (w & ~(uint64_t)(VSM_WHO_KEY | VSM_WHO_CREATES)) || (w & VSM_WHO_KEY) >= it->n_keys;
  return (uint8_t)w;
}

static int64_t us(struct vsm_in *in) {
  return (int64_t)vsm_in_below(in, VSM_TIME_MAX);
}

static void load_log(const struct vsm_items_load *l, struct vsm_item *it, struct vsm_in *in) {
  uint64_t n = vsm_in_below(in, VSM_TRANSITIONS_MAX + 1), t = 0, end = vsm_pack(VSM_TIME_MAX, 0, VSM_SCHEDULE);
  if (n > 0)
    vsm_item_reserve(it, n);
  for (uint64_t i = 0; !in->bad && i < n; i++) {
    uint64_t step = vsm_in_below(in, end - t);
    uint32_t origin = word(l, in);
    uint8_t by = who(it, in);
    t += step;
    if ((i > 0 && step == 0) || !is_place(l, vsm_packed_place(t)) || vsm_packed_lifecycle(t) > VSM_WITHDRAW)
      in->bad = true;
    else
      vsm_item_insert(it, it->n, t, origin, by);
  }
  vsm_item_touch(it, it->n > 0 ? 0 : l->without_last_us < 0 ? us(in) : l->without_last_us);
}

static void load_progress(const struct vsm_items_load *l, struct vsm_item *it, struct vsm_in *in) {
  uint64_t n = vsm_in_below(in, VSM_PLACE_ITEM + 2);
  for (uint64_t i = 0; !in->bad && i < n; i++) {
    struct vsm_progress p = {.us = us(in)};
    p.origin = word(l, in);
    p.place = place(l, in);
    p.who = who(it, in);
    if (!in->bad)
      vsm_items_note_progress(l->items, it, p);
  }
  in->bad = in->bad || it->n_progress != n;
}

static void load_holds(const struct vsm_items_load *l, struct vsm_item *it, struct vsm_in *in) {
  uint64_t n = vsm_in_below(in, VSM_TRANSITIONS_MAX + 1);
  for (uint64_t i = 0; !in->bad && i < n; i++) {
    struct vsm_hold h = {vsm_in_number(in), 0};
    h.wait = vsm_in_wait(in, l->items->words);
    bool known;
    vsm_item_seek(it, h.transition, &known);
    in->bad = in->bad || !known;
    if (!in->bad)
      vsm_items_note_hold(l->items, it, h);
  }
  in->bad = in->bad || it->n_holds != n;
}

static void load_values(const struct vsm_items_load *l, struct vsm_item *it, struct vsm_in *in) {
  uint64_t n = vsm_in_below(in, UINT16_MAX);
  for (uint64_t i = 0; !in->bad && i < n; i++) {
    struct vsm_value v = {.us = us(in)};
    v.word = word(l, in);
    v.name = word(l, in) & (VSM_INTERN_MAX - 1);
    v.kind = vsm_in_below(in, VSM_VALUE_NOT_BEFORE + 1) & 3;
    v.place = place(l, in);
    if (!in->bad)
      vsm_items_note_value(l->items, it, &v);
  }
  in->bad = in->bad || it->n_values != n;
}

// The free places, each behind those that are taken before it.
static void chain_free(struct vsm_items_load *l) {
  for (uint32_t i = l->n_free; i-- > 0;)
    vsm_items_let_go(l->items, l->free[i]);
}

uint32_t vsm_items_load_next(struct vsm_items_load *l, struct vsm_in *in) {
  while (!in->bad && l->next < l->n) {
    uint32_t id = vsm_items_place(l->items);
    struct vsm_item *it = vsm_items_at(l->items, id);
    bool skip = l->is_free[l->next++];
    if (!skip) {
      load_keys(l, id, in);
      load_log(l, it, in);
      load_progress(l, it, in);
      load_holds(l, it, in);
      load_values(l, it, in);
    }
    if (l->next == l->n)
      chain_free(l);
    if (!skip)
      return in->bad ? (uint32_t)VSM_ITEM_NONE : id;
  }
  return (uint32_t)VSM_ITEM_NONE;
}
