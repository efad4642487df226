#include "core/intern.h"

#include <stdlib.h>

#include "base/mem.h"
#include "core/hash.h"

void vsm_intern_init(struct vsm_intern *in) {
  *in = (struct vsm_intern){0};
  vsm_arena_init(&in->bytes, VSM_INTERN_BYTES_MAX);
  vsm_intern(in, (struct vsm_str[]){VSM_STR("other"), {0}, {0}}, VSM_INTERN_PARTS);
}

void vsm_intern_fini(struct vsm_intern *in) {
  vsm_table_fini(&in->table);
  vsm_arena_fini(&in->bytes);
  free(in->strs);
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

uint32_t vsm_intern(struct vsm_intern *in, const struct vsm_str *parts, unsigned n) {
  uint32_t hash = n;
  size_t bytes = n - 1;
  for (unsigned i = 0; i < n; i++) {
    hash = vsm_hash(parts[i], hash);
    bytes += parts[i].n;
  }
  uint32_t id = vsm_table_find(&in->table, hash, is, &(struct wanted){in, parts, n});
  if (id != (uint32_t)VSM_TABLE_NONE)
    return id;
  char *p = in->n < VSM_INTERN_MAX ? vsm_arena_alloc(&in->bytes, bytes + 1) : NULL;
  if (!p)
    return 0;
  in->strs = vsm_mem_grow(in->strs, in->n, &in->cap, sizeof *in->strs);
  in->strs[in->n] = (struct vsm_str){p, bytes};
  for (unsigned i = 0; i < n; i++) {
    if (parts[i].n)
      memcpy(p, parts[i].p, parts[i].n);
    p += parts[i].n;
    *p++ = '\0';
  }
  vsm_table_put(&in->table, hash, (uint32_t)in->n);
  return (uint32_t)in->n++;
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

void vsm_intern_save(const struct vsm_intern *in, struct vsm_out *o) {
  vsm_out_number(o, in->n - 1);
  for (size_t i = 1; i < in->n; i++)
    vsm_out_text(o, in->strs[i]);
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

void vsm_intern_load(struct vsm_intern *words, struct vsm_in *in) {
  uint64_t n = vsm_in_count(in);
  for (uint64_t i = 1; !in->bad && i <= n; i++) {
    struct vsm_str parts[VSM_INTERN_PARTS];
    unsigned n_parts = split(vsm_in_text(in, VSM_INTERN_BYTES_MAX), parts);
    in->bad = in->bad || n_parts > VSM_INTERN_PARTS || vsm_intern(words, parts, n_parts) != i;
  }
}
