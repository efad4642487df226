#include "core/intern.h"

#include <stdlib.h>

#include "base/mem.h"
#include "core/hash.h"

void vsm_intern_init(struct vsm_intern *in) {
  *in = (struct vsm_intern){0};
  vsm_intern(in, (struct vsm_str[]){VSM_STR("other"), {0}, {0}}, VSM_INTERN_PARTS);
}

void vsm_intern_fini(struct vsm_intern *in) {
  vsm_table_fini(&in->table);
  for (size_t i = 0; i < in->n; i++)
    free((char *)in->strs[i].p);
  free(in->strs);
  free(in->holes);
}

struct wanted {
  const struct vsm_intern *in;
  const struct vsm_str *parts;
  unsigned n;
};

static bool is(const void *ctx, uint32_t id) {
  const struct wanted *w = ctx;
  struct vsm_str have[VSM_INTERN_PARTS];
  vsm_intern_parts(w->in, id, have, w->n);
  for (unsigned i = 0; i < w->n; i++)
    if (!vsm_str_eq(have[i], w->parts[i]))
      return false;
  return true;
}

static uint32_t hash_of(const struct vsm_str *parts, unsigned n) {
  uint32_t hash = n;
  for (unsigned i = 0; i < n; i++)
    hash = vsm_hash(parts[i], hash);
  return hash;
}

static uint32_t find(const struct vsm_intern *in, const struct vsm_str *parts, unsigned n) {
  return vsm_table_find(&in->table, hash_of(parts, n), is, &(struct wanted){in, parts, n});
}

static uint32_t new_number(struct vsm_intern *in) {
  if (in->taken < in->n_holes)
    return in->holes[in->taken++];
  in->strs = vsm_mem_grow(in->strs, in->n, &in->cap, sizeof *in->strs);
  in->strs[in->n] = (struct vsm_str){0};
  return (uint32_t)in->n++;
}

static void put(struct vsm_intern *in, const struct vsm_str *parts, unsigned n, size_t bytes, uint32_t id) {
  char *p = vsm_mem_alloc(bytes + 1);
  in->strs[id] = (struct vsm_str){p, bytes};
  in->bytes += bytes;
  for (unsigned i = 0; i < n; i++) {
    if (parts[i].n)
      memcpy(p, parts[i].p, parts[i].n);
    p += parts[i].n;
    *p++ = '\0';
  }
  vsm_table_put(&in->table, hash_of(parts, n), id);
}

uint32_t vsm_intern(struct vsm_intern *in, const struct vsm_str *parts, unsigned n) {
  size_t bytes = n - 1;
  for (unsigned i = 0; i < n; i++)
    bytes += parts[i].n;
  uint32_t id = find(in, parts, n);
  if (id != (uint32_t)VSM_TABLE_NONE)
    return id;
  if (vsm_intern_used(in) == VSM_INTERN_MAX || in->bytes + bytes > VSM_INTERN_BYTES_MAX)
    return 0;
  id = new_number(in);
  put(in, parts, n, bytes, id);
  return id;
}

void vsm_intern_parts(const struct vsm_intern *in, uint32_t id, struct vsm_str *parts, unsigned n) {
  struct vsm_str rest = in->strs[id];
  for (unsigned i = 0; i < n; i++) {
    const char *nul = rest.n ? memchr(rest.p, '\0', rest.n) : NULL;
    parts[i] = (struct vsm_str){rest.p, nul ? (size_t)(nul - rest.p) : rest.n};
    size_t skip = parts[i].n + (nul ? 1 : 0);
    rest = (struct vsm_str){rest.p + skip, rest.n - skip};
  }
}

int vsm_intern_cmp(const struct vsm_intern *in, uint32_t a, uint32_t b) {
  return a == b ? 0 : vsm_str_cmp(in->strs[a], in->strs[b]);
}

static unsigned split(struct vsm_str s, struct vsm_str *parts) {
  unsigned n = 0;
  for (;; n++) {
    const char *nul = s.n ? memchr(s.p, '\0', s.n) : NULL;
    if (n == VSM_INTERN_PARTS)
      return n + 1; // too many
    parts[n] = (struct vsm_str){s.p, nul ? (size_t)(nul - s.p) : s.n};
    if (!nul)
      return n + 1;
    s = (struct vsm_str){nul + 1, s.n - parts[n].n - 1};
  }
}

static void add_hole(struct vsm_intern *in, uint32_t id) {
  in->holes = vsm_mem_grow(in->holes, in->n_holes, &in->cap_holes, sizeof *in->holes);
  in->holes[in->n_holes++] = id;
}

static void let_go(struct vsm_intern *in, uint32_t id) {
  struct vsm_str parts[VSM_INTERN_PARTS];
  unsigned n = split(in->strs[id], parts);
  vsm_table_del(&in->table, hash_of(parts, n), id);
  in->bytes -= in->strs[id].n;
  free((char *)in->strs[id].p);
  in->strs[id] = (struct vsm_str){0};
}

void vsm_intern_sweep(struct vsm_intern *in, const bool *used) {
  in->n_holes = in->taken = 0;
  for (uint32_t id = 1; id < in->n; id++) {
    if (!used[id] && in->strs[id].p)
      let_go(in, id);
    if (!in->strs[id].p)
      add_hole(in, id);
  }
}

void vsm_intern_save(const struct vsm_intern *in, struct vsm_out *o) {
  vsm_out_number(o, in->n - 1);
  for (size_t i = 1; i < in->n; i++) {
    vsm_out_number(o, in->strs[i].p != NULL);
    if (in->strs[i].p)
      vsm_out_text(o, in->strs[i]);
  }
}

static void load_string(struct vsm_intern *words, struct vsm_in *in, uint32_t id) {
  struct vsm_str parts[VSM_INTERN_PARTS], text = vsm_in_text(in, VSM_INTERN_BYTES_MAX);
  unsigned n = split(text, parts);
  in->bad = in->bad || n > VSM_INTERN_PARTS || words->bytes + text.n > VSM_INTERN_BYTES_MAX ||
            find(words, parts, n) != (uint32_t)VSM_TABLE_NONE;
  if (!in->bad)
    put(words, parts, n, text.n, id);
}

void vsm_intern_load(struct vsm_intern *words, struct vsm_in *in, bool with_holes) {
  uint64_t n = vsm_in_count(in);
  in->bad = in->bad || n > 2 * (uint64_t)VSM_INTERN_MAX;
  for (uint64_t i = 1; !in->bad && i <= n; i++) {
    bool is_hole = with_holes && vsm_in_below(in, 2) == 0;
    uint32_t id = new_number(words);
    if (!is_hole)
      load_string(words, in, id);
  }
  for (uint32_t id = 1; id < words->n; id++)
    if (!words->strs[id].p)
      add_hole(words, id);
}

uint32_t vsm_in_word(struct vsm_in *in, const struct vsm_intern *words) {
  uint32_t id = (uint32_t)vsm_in_below(in, words->n);
  in->bad = in->bad || !words->strs[id].p;
  return in->bad ? 0 : id;
}
