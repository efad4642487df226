// Items lie in chunks, so that they never move; a free place is chained through its first key. Keys lie in chunks of
// bytes and are named by their offset in units of 8. Every rule of "which of several holds" is settled here, by bytes,
// so that arrival does not matter.
#include "core/items.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/when.h"

enum { ITEMS_PER_CHUNK = 1024, KEY_CHUNK_BYTES = 1 << 18, KEY_UNIT = 8 };

void vsm_items_init(struct vsm_items *s, const struct vsm_intern *words) {
  *s = (struct vsm_items){.words = words, .first_free = (uint32_t)VSM_ITEM_NONE};
}

void vsm_items_fini(struct vsm_items *s) {
  for (uint32_t i = 0; i < s->n; i++)
    vsm_item_fini(vsm_items_at(s, i));
  for (size_t i = 0; i < s->n_chunks; i++)
    free(s->chunks[i]);
  for (size_t i = 0; i < s->n_key_chunks; i++)
    free(s->key_chunks[i]);
  free(s->chunks);
  free(s->key_chunks);
  vsm_table_fini(&s->keys);
}

struct vsm_item *vsm_items_at(const struct vsm_items *s, uint32_t id) {
  return &s->chunks[id / ITEMS_PER_CHUNK][id % ITEMS_PER_CHUNK];
}

struct vsm_key *vsm_items_key(const struct vsm_items *s, uint32_t key_id) {
  size_t offset = (size_t)key_id * KEY_UNIT;
  return (struct vsm_key *)(s->key_chunks[offset / KEY_CHUNK_BYTES] + offset % KEY_CHUNK_BYTES);
}

struct vsm_str vsm_items_key_str(const struct vsm_items *s, uint32_t key_id) {
  const struct vsm_key *k = vsm_items_key(s, key_id);
  return (struct vsm_str){k->bytes, k->n};
}

uint32_t vsm_item_key_id(const struct vsm_item *it, unsigned i) {
  return i < VSM_KEYS_INLINE ? it->keys[i] : it->more_keys[i - VSM_KEYS_INLINE];
}

static struct vsm_str key_at(const struct vsm_items *s, const struct vsm_item *it, unsigned i) {
  return vsm_items_key_str(s, vsm_item_key_id(it, i));
}

struct vsm_str vsm_items_shown(const struct vsm_items *s, const struct vsm_item *it, const struct vsm_graph *graph) {
  for (unsigned i = 0; i < it->n; i++) {
    if (!vsm_packed_sleeps(it->log[i], graph->n))
      return key_at(s, it, vsm_item_who(it)[i] & VSM_WHO_KEY);
  }
  struct vsm_str least = key_at(s, it, 0);
  for (unsigned i = 1; i < it->n_keys; i++)
    if (vsm_str_cmp(key_at(s, it, i), least) < 0)
      least = key_at(s, it, i);
  return least;
}

struct wanted {
  const struct vsm_items *s;
  struct vsm_str key;
};

static bool is_key(const void *ctx, uint32_t id) {
  const struct wanted *w = ctx;
  return vsm_str_eq(vsm_items_key_str(w->s, id), w->key);
}

uint32_t vsm_items_find_key(const struct vsm_items *s, struct vsm_str key, uint32_t hash) {
  return vsm_table_find(&s->keys, hash, is_key, &(struct wanted){s, key});
}

uint32_t vsm_items_find(const struct vsm_items *s, struct vsm_str key, uint32_t hash) {
  uint32_t id = vsm_items_find_key(s, key, hash);
  return id == (uint32_t)VSM_ITEM_NONE ? id : vsm_items_key(s, id)->item;
}

int64_t vsm_items_date(const struct vsm_items *s, const struct vsm_item *it, enum vsm_value_kind kind, unsigned place) {
  const struct vsm_value *v = vsm_item_value(it, kind, 0, place);
  return v ? vsm_items_date_of(s, v->word) : 0;
}

int64_t vsm_items_date_of(const struct vsm_items *s, uint32_t word) {
  uint64_t nano = 0;
  struct vsm_str text;
  vsm_intern_parts(s->words, word, &text, 1);
  return vsm_when_parse(text.p, &nano) ? (int64_t)(nano / 1000) : 0;
}

unsigned vsm_item_key_place(const struct vsm_item *it, uint32_t key_id) {
  unsigned i = 0;
  while (i + 1 < it->n_keys && vsm_item_key_id(it, i) != key_id)
    i++;
  return i;
}

enum { LINE_BYTES = 64 };

static void ask(const void *p, size_t bytes) {
  const char *end = (const char *)p + bytes;
  for (const char *line = (const char *)((uintptr_t)p & ~(uintptr_t)(LINE_BYTES - 1)); line < end; line += LINE_BYTES)
    __builtin_prefetch(line);
}

static void ask_said(const struct vsm_item *it) {
  size_t most = 8 * LINE_BYTES, bytes = vsm_item_block_bytes(it);
  ask(it->log, bytes < most ? bytes : most);
}

void vsm_items_ask(const struct vsm_items *s, uint32_t hash, struct vsm_trail *t, unsigned step) {
  if (step == 0) {
    *t = (struct vsm_trail){(uint32_t)VSM_ITEM_NONE, (uint32_t)VSM_ITEM_NONE};
    vsm_table_prefetch(&s->keys, hash);
  } else if (step == 1) {
    t->key = vsm_table_guess(&s->keys, hash);
    if (t->key != (uint32_t)VSM_ITEM_NONE)
      ask(vsm_items_key(s, t->key), sizeof(struct vsm_key) + 16);
  } else if (t->key == (uint32_t)VSM_ITEM_NONE) {
    return;
  } else if (step == 2) {
    t->item = vsm_items_key(s, t->key)->item;
    ask(vsm_items_at(s, t->item), 1);
  } else {
    ask_said(vsm_items_at(s, t->item));
  }
}

// The free ones of a size are chained through their hashes; the item stays a place, for those who look ahead.
static uint32_t take_free_key(struct vsm_items *s, size_t units) {
  uint32_t first = s->free_keys[units];
  if (first == 0)
    return (uint32_t)VSM_ITEM_NONE;
  s->free_keys[units] = vsm_items_key(s, first - 1)->hash;
  return first - 1;
}

static uint32_t room_for_key(struct vsm_items *s, size_t units) {
  uint32_t id = take_free_key(s, units);
  if (id != (uint32_t)VSM_ITEM_NONE)
    return id;
  size_t bytes = units * KEY_UNIT;
  if (s->n_key_chunks == 0 || s->key_used + bytes > KEY_CHUNK_BYTES) {
    s->key_chunks = vsm_mem_grow(s->key_chunks, s->n_key_chunks, &s->cap_key_chunks, sizeof *s->key_chunks);
    s->key_chunks[s->n_key_chunks++] = vsm_mem_alloc(KEY_CHUNK_BYTES);
    s->key_used = 0;
  }
  s->key_used += bytes;
  return (uint32_t)(((s->n_key_chunks - 1) * KEY_CHUNK_BYTES + s->key_used - bytes) / KEY_UNIT);
}

static size_t key_units(size_t n) {
  return (sizeof(struct vsm_key) + n + KEY_UNIT - 1) / KEY_UNIT;
}

static uint32_t new_key(struct vsm_items *s, struct vsm_str key, uint32_t hash, uint32_t item) {
  uint32_t id = room_for_key(s, key_units(key.n));
  struct vsm_key *k = vsm_items_key(s, id);
  k->item = item;
  k->hash = hash;
  k->n = (uint16_t)key.n;
  memcpy(k->bytes, key.p, key.n);
  vsm_table_put(&s->keys, hash, id);
  return id;
}

static void free_key(struct vsm_items *s, uint32_t id) {
  struct vsm_key *k = vsm_items_key(s, id);
  size_t units = key_units(k->n);
  vsm_table_del(&s->keys, k->hash, id);
  memset(k->bytes, 0, k->n);
  k->hash = s->free_keys[units];
  s->free_keys[units] = id + 1;
}

void vsm_items_remove(struct vsm_items *s, uint32_t id) {
  const struct vsm_item *it = vsm_items_at(s, id);
  for (unsigned i = 0; i < it->n_keys; i++)
    free_key(s, vsm_item_key_id(it, i));
  vsm_items_let_go(s, id);
}

static uint32_t new_place(struct vsm_items *s) {
  if (s->n_free > 0) {
    uint32_t id = s->first_free;
    s->first_free = vsm_items_at(s, id)->keys[0];
    s->n_free--;
    return id;
  }
  if (s->n % ITEMS_PER_CHUNK == 0) {
    s->chunks = vsm_mem_grow(s->chunks, s->n_chunks, &s->cap_chunks, sizeof *s->chunks);
    s->chunks[s->n_chunks++] = vsm_mem_alloc_lines(ITEMS_PER_CHUNK * sizeof(struct vsm_item));
  }
  return s->n++;
}

uint32_t vsm_items_place(struct vsm_items *s) {
  uint32_t id = new_place(s);
  vsm_item_init(vsm_items_at(s, id));
  return id;
}

void vsm_items_let_go(struct vsm_items *s, uint32_t id) {
  struct vsm_item *it = vsm_items_at(s, id);
  vsm_item_fini(it);
  it->keys[0] = s->first_free;
  s->first_free = id;
  s->n_free++;
}

uint32_t vsm_items_add(struct vsm_items *s, struct vsm_str key, uint32_t hash) {
  uint32_t id = vsm_items_place(s);
  struct vsm_item *it = vsm_items_at(s, id);
  it->n_keys = 1;
  it->keys[0] = new_key(s, key, hash, id);
  return id;
}

static void append_key(struct vsm_item *it, uint32_t key_id) {
  unsigned i = it->n_keys++;
  if (i >= VSM_KEYS_INLINE)
    it->more_keys = vsm_mem_resize(it->more_keys, (i + 1 - VSM_KEYS_INLINE) * sizeof *it->more_keys);
  *(i < VSM_KEYS_INLINE ? &it->keys[i] : &it->more_keys[i - VSM_KEYS_INLINE]) = key_id;
}

int vsm_items_add_key(struct vsm_items *s, uint32_t id, struct vsm_str key, uint32_t hash) {
  struct vsm_item *it = vsm_items_at(s, id);
  if (it->n_keys >= VSM_LINKS_MAX)
    return VSM_ELIMIT;
  append_key(it, new_key(s, key, hash, id));
  return 0;
}

static uint8_t lesser_key(const struct vsm_items *s, const struct vsm_item *it, uint8_t a, uint8_t b) {
  return a == b || vsm_str_cmp(key_at(s, it, a), key_at(s, it, b)) <= 0 ? a : b;
}

bool vsm_items_said_again(const struct vsm_items *s, struct vsm_item *it, size_t at, uint32_t origin, uint8_t who) {
  uint32_t *o = &vsm_item_origins(it)[at];
  uint8_t *w = &vsm_item_who(it)[at];
  bool creates_now = (who & VSM_WHO_CREATES) && !(*w & VSM_WHO_CREATES);
  if (vsm_intern_cmp(s->words, origin, *o) < 0)
    *o = origin;
  *w = (uint8_t)(lesser_key(s, it, *w & VSM_WHO_KEY, who & VSM_WHO_KEY) | ((*w | who) & VSM_WHO_CREATES));
  return creates_now;
}

bool vsm_items_note_progress(const struct vsm_items *s, struct vsm_item *it, struct vsm_progress p) {
  size_t i = vsm_item_seek_progress(it, p.place);
  struct vsm_progress *have = &vsm_item_progress(it)[i];
  if (i == it->n_progress || have->place != p.place) {
    vsm_item_insert_progress(it, i, p);
    return true;
  }
  bool newer = p.us > have->us;
  if (newer) {
    *have = p;
  } else if (p.us == have->us) {
    if (vsm_intern_cmp(s->words, p.origin, have->origin) < 0)
      have->origin = p.origin;
    have->who = lesser_key(s, it, have->who, p.who);
  }
  return newer;
}

static int hold_cmp(const struct vsm_items *s, uint32_t a, uint32_t b) {
  return vsm_intern_cmp(s->words, vsm_wait_words(a), vsm_wait_words(b));
}

bool vsm_items_takes_hold(const struct vsm_items *s, const struct vsm_item *it, struct vsm_hold h) {
  const struct vsm_hold *have = vsm_item_hold(it, h.transition);
  return !have || hold_cmp(s, h.wait, have->wait) > 0;
}

void vsm_items_note_hold(const struct vsm_items *s, struct vsm_item *it, struct vsm_hold h) {
  size_t i = vsm_item_seek_hold(it, h.transition);
  struct vsm_hold *have = &vsm_item_holds(it)[i];
  if (i == it->n_holds || have->transition != h.transition)
    vsm_item_insert_hold(it, i, h);
  else if (hold_cmp(s, h.wait, have->wait) > 0)
    have->wait = h.wait;
}

// Above 0: b holds rather than a.
static int value_cmp(const struct vsm_items *s, const struct vsm_value *a, const struct vsm_value *b) {
  return b->us != a->us ? (b->us > a->us) - (b->us < a->us) : vsm_intern_cmp(s->words, b->word, a->word);
}

bool vsm_items_takes_value(const struct vsm_items *s, const struct vsm_value *have, const struct vsm_value *v) {
  return !have || (have->word != v->word && value_cmp(s, have, v) > 0);
}

void vsm_items_put_value(const struct vsm_items *s, struct vsm_item *it, struct vsm_value *have,
                         const struct vsm_value *v) {
  if (!have)
    vsm_item_append_value(it, *v);
  else if (value_cmp(s, have, v) > 0)
    *have = *v;
}

void vsm_items_note_value(const struct vsm_items *s, struct vsm_item *it, const struct vsm_value *v) {
  vsm_items_put_value(s, it, vsm_item_value(it, v->kind, v->name, v->place), v);
}

static size_t united_size(const struct vsm_item *a, const struct vsm_item *b) {
  size_t i = 0, k = 0, n = 0;
  while (i < a->n && k < b->n) {
    uint64_t x = a->log[i], y = b->log[k];
    i += x <= y;
    k += y <= x;
    n++;
  }
  return n + (a->n - i) + (b->n - k);
}

bool vsm_items_unite(struct vsm_items *s, uint32_t a_id, uint32_t b_id, const struct vsm_limits *most,
                     enum vsm_bounded *beyond) {
  struct vsm_item *a = vsm_items_at(s, a_id), *b = vsm_items_at(s, b_id);
  size_t size = united_size(a, b);
  *beyond = (unsigned)a->n_keys + b->n_keys > most->keys ? VSM_BOUNDED_KEYS : VSM_BOUNDED_TRANSITIONS;
  if (*beyond == VSM_BOUNDED_KEYS || size > most->transitions)
    return false;
  uint8_t shift = a->n_keys; // b's keys come behind a's
  for (unsigned i = 0; i < b->n_keys; i++) {
    vsm_items_key(s, vsm_item_key_id(b, i))->item = a_id;
    append_key(a, vsm_item_key_id(b, i));
  }
  if (b->last > a->last)
    a->last = b->last;
  if (size > a->cap)
    vsm_item_reserve(a, size);
  for (size_t i = 0; i < b->n; i++) {
    uint8_t who = (uint8_t)(vsm_item_who(b)[i] + shift);
    bool known;
    size_t at = vsm_item_seek(a, b->log[i], &known);
    if (known)
      vsm_items_said_again(s, a, at, vsm_item_origins(b)[i], who);
    else
      vsm_item_insert(a, at, b->log[i], vsm_item_origins(b)[i], who);
  }
  for (size_t i = 0; i < b->n_progress; i++) {
    struct vsm_progress p = vsm_item_progress(b)[i];
    p.who = (uint8_t)(p.who + shift);
    vsm_items_note_progress(s, a, p);
  }
  for (size_t i = 0; i < b->n_holds; i++)
    vsm_items_note_hold(s, a, vsm_item_holds(b)[i]);
  for (size_t i = 0; i < b->n_values; i++)
    vsm_items_note_value(s, a, &vsm_item_values(b)[i]);
  vsm_items_let_go(s, b_id);
  return true;
}
