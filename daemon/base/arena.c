#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct vsm_arena_block {
  struct vsm_arena_block *next;
  size_t bytes; // of data
  _Alignas(16) char data[];
};

enum { FIRST_BYTES = 16 * 1024, LARGEST_STEP_BYTES = 1024 * 1024 };

void vsm_arena_init(struct vsm_arena *a, size_t cap_bytes) {
  *a = (struct vsm_arena){.cap_bytes = cap_bytes};
}

void vsm_arena_fini(struct vsm_arena *a) {
  for (struct vsm_arena_block *b = a->blocks, *next; b; b = next) {
    next = b->next;
    free(b);
  }
  *a = (struct vsm_arena){.cap_bytes = a->cap_bytes};
}

void vsm_arena_reset(struct vsm_arena *a) {
  struct vsm_arena_block *keep = a->blocks;
  if (keep && keep->bytes <= LARGEST_STEP_BYTES)
    a->blocks = keep->next;
  else
    keep = NULL;
  vsm_arena_fini(a);
  if (keep) {
    keep->next = NULL;
    a->blocks = keep;
    a->at = keep->data;
    a->end = keep->data + keep->bytes;
  }
}

static int grow(struct vsm_arena *a, size_t bytes) {
  size_t size = a->blocks ? a->blocks->bytes * 2 : FIRST_BYTES;
  if (size > LARGEST_STEP_BYTES)
    size = LARGEST_STEP_BYTES;
  if (size < bytes)
    size = bytes;
  struct vsm_arena_block *b = malloc(sizeof *b + size);
  if (!b)
    return -1;
  b->bytes = size;
  b->next = a->blocks;
  a->blocks = b;
  a->at = b->data;
  a->end = b->data + size;
  return 0;
}

void *vsm_arena_alloc(struct vsm_arena *a, size_t bytes) {
  if (bytes > SIZE_MAX / 2)
    return NULL;
  bytes = (bytes + 15) & ~(size_t)15;
  if (a->cap_bytes && bytes > a->cap_bytes - a->used_bytes)
    return NULL;
  if ((!a->at || bytes > (size_t)(a->end - a->at)) && grow(a, bytes) != 0)
    return NULL; // NULL says that there is no memory, so nothing at all is not NULL
  void *p = a->at;
  a->at += bytes;
  a->used_bytes += bytes;
  return p;
}

void *vsm_arena_zalloc(struct vsm_arena *a, size_t bytes) {
  void *p = vsm_arena_alloc(a, bytes);
  if (p)
    memset(p, 0, bytes);
  return p;
}

char *vsm_arena_strndup(struct vsm_arena *a, const char *p, size_t n) {
  char *z = vsm_arena_alloc(a, n + 1);
  if (!z)
    return NULL;
  if (n)
    memcpy(z, p, n);
  z[n] = '\0';
  return z;
}

char *vsm_arena_strdup(struct vsm_arena *a, const char *z) {
  return vsm_arena_strndup(a, z, strlen(z));
}

char *vsm_arena_printf(struct vsm_arena *a, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  int n = vsnprintf(NULL, 0, fmt, ap);
  va_end(ap);
  char *z = n < 0 ? NULL : vsm_arena_alloc(a, (size_t)n + 1);
  if (!z)
    return NULL;
  va_start(ap, fmt);
  vsnprintf(z, (size_t)n + 1, fmt, ap);
  va_end(ap);
  return z;
}
