// An arena that the tests of a group share: their state.
#pragma once
#include "base/arena.h"

static inline int arena_setup(void **state) {
  static struct vsm_arena arena;
  vsm_arena_init(&arena, 0);
  *state = &arena;
  return 0;
}

static inline int arena_teardown(void **state) {
  vsm_arena_fini(*state);
  return 0;
}
