// One array of bytes: entries are put behind, taken from the front, and what is left is moved to the front when the
// free part there is the larger one.
#include "shell/acks.h"

#include <stdlib.h>

#include "base/mem.h"

struct entry {
  uint64_t position;
  uint32_t bytes; // with this head
  uint32_t n_frames;
  uint32_t frame_bytes[VSM_Z_FRAMES_MAX];
};

enum { KEEP_BYTES = 1 << 20 };

void vsm_acks_fini(struct vsm_acks *a) {
  free(a->bytes);
  *a = (struct vsm_acks){0};
}

static unsigned char *room(struct vsm_acks *a, size_t bytes) {
  if (a->from > 0 && a->from >= a->n - a->from) {
    memmove(a->bytes, a->bytes + a->from, a->n - a->from);
    a->n -= a->from;
    a->from = 0;
  }
  while (a->cap - a->n < bytes) {
    a->cap = a->cap ? a->cap * 2 : 4096;
    a->bytes = vsm_mem_resize(a->bytes, a->cap);
  }
  a->n += bytes;
  return a->bytes + a->n - bytes;
}

void vsm_acks_put(struct vsm_acks *a, uint64_t position, const struct vsm_str *frames, size_t n,
                  const struct vsm_zpart *content) {
  struct entry e = {.position = position, .bytes = sizeof e, .n_frames = (uint32_t)n};
  for (size_t i = 0; i < n; i++) {
    e.frame_bytes[i] = (uint32_t)(i + 1 < n ? frames[i].n : content->n);
    e.bytes += e.frame_bytes[i];
  }
  unsigned char *out = room(a, e.bytes);
  memcpy(out, &e, sizeof e);
  out += sizeof e;
  for (size_t i = 0; i + 1 < n; i++) {
    if (frames[i].n)
      memcpy(out, frames[i].p, frames[i].n);
    out += frames[i].n;
  }
  content->pack(content->p, out);
}

static void let_go(struct vsm_acks *a) {
  a->from = a->n = 0;
  if (a->cap > KEEP_BYTES)
    vsm_acks_fini(a);
}

bool vsm_acks_take(struct vsm_acks *a, uint64_t committed, struct vsm_str *frames, size_t *n) {
  struct entry e;
  if (a->from == a->n) {
    let_go(a);
    return false;
  }
  memcpy(&e, a->bytes + a->from, sizeof e);
  if (e.position > committed)
    return false;
  const char *p = (const char *)a->bytes + a->from + sizeof e;
  for (uint32_t i = 0; i < e.n_frames; i++) {
    frames[i] = (struct vsm_str){p, e.frame_bytes[i]};
    p += e.frame_bytes[i];
  }
  *n = e.n_frames;
  a->from += e.bytes;
  return true;
}
