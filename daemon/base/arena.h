// An arena: many small allocations, freed together. One per message, one per configuration.
#pragma once
#include <stddef.h>

#include "base/str.h"

struct vsm_arena_block;

struct vsm_arena {
  struct vsm_arena_block *blocks; // newest first
  char *at, *end;                 // free part of the newest block
  size_t used_bytes;              // asked for since the last reset
  size_t cap_bytes;               // 0: none
};

// cap_bytes bounds what may be allocated between two resets; 0: no bound.
void vsm_arena_init(struct vsm_arena *a, size_t cap_bytes);
void vsm_arena_fini(struct vsm_arena *a);

// Forgets all allocations; keeps one block for the next round.
void vsm_arena_reset(struct vsm_arena *a);

// 16-byte aligned, not cleared; NULL where the cap or the memory is exhausted.
void *vsm_arena_alloc(struct vsm_arena *a, size_t bytes);
// The same, cleared.
void *vsm_arena_zalloc(struct vsm_arena *a, size_t bytes);
// A NUL-terminated copy; NULL as above.
char *vsm_arena_strndup(struct vsm_arena *a, const char *p, size_t n);
char *vsm_arena_strdup(struct vsm_arena *a, const char *z);
char *vsm_arena_printf(struct vsm_arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
