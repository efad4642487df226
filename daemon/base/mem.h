// Allocation for state that cannot be half-changed: never fails, but ends the process with a message where the
// system has no memory left. What hostile input can drive is bounded before it comes here.
#pragma once
#include <stddef.h>

#include "base/str.h"

void *vsm_mem_alloc(size_t bytes);           // cleared
void *vsm_mem_alloc_lines(size_t bytes);     // cleared, at the start of a line of memory
void *vsm_mem_resize(void *p, size_t bytes); // not cleared beyond the old size
// Makes room for one more of `size` bytes in an array of `n` with `*cap`: doubles. Returns the array.
void *vsm_mem_grow(void *p, size_t n, size_t *cap, size_t size);
// p, or the end of the process where it is NULL: for what another allocator gave.
void *vsm_mem_need(void *p, size_t bytes);
char *vsm_mem_copy(struct vsm_str s); // NUL-terminated
