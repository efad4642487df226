#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *vsm_mem_need(void *p, size_t bytes) {
  if (!p) {
    fprintf(stderr, "event=out_of_memory bytes=%zu\n", bytes);
    abort();
  }
  return p;
}

void *vsm_mem_alloc(size_t bytes) {
  return vsm_mem_need(calloc(1, bytes ? bytes : 1), bytes);
}

void *vsm_mem_alloc_lines(size_t bytes) {
  enum { LINE_BYTES = 64 };
  size_t whole = (bytes + LINE_BYTES - 1) / LINE_BYTES * LINE_BYTES;
  return memset(vsm_mem_need(aligned_alloc(LINE_BYTES, whole), whole), 0, whole);
}

void *vsm_mem_resize(void *p, size_t bytes) {
  return vsm_mem_need(realloc(p, bytes ? bytes : 1), bytes);
}

void *vsm_mem_grow(void *p, size_t n, size_t *cap, size_t size) {
  if (n < *cap)
    return p;
  *cap = *cap ? *cap * 2 : 8;
  return vsm_mem_resize(p, *cap * size);
}

char *vsm_mem_copy(struct vsm_str s) {
  return vsm_mem_need(strndup(s.n ? s.p : "", s.n), s.n + 1);
}
