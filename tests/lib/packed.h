// A message and its bytes in an arena, for each test: its state.
#pragma once
#include <stdlib.h>

#include "base/arena.h"
#include "tests/lib/test.h"
#include "vsm/v1/query.pb-c.h"
#include "wire/message.h"

struct packed {
  struct vsm_arena arena;
  struct vsm_message message;
  uint8_t *bytes;
};

static inline int packed_setup(void **state) {
  struct packed *x = calloc(1, sizeof *x);
  vsm_arena_init(&x->arena, 0);
  *state = x;
  return 0;
}

static inline int packed_teardown(void **state) {
  struct packed *x = *state;
  vsm_arena_fini(&x->arena);
  free(x);
  return 0;
}

static inline const uint8_t *pack(struct packed *x) {
  x->bytes = vsm_arena_alloc(&x->arena, x->message.bytes + 1);
  vsm_message_pack(&x->message, x->bytes);
  return x->bytes;
}

static inline Vsm__V1__Reply *read_reply(struct packed *x, int err, int kind) {
  assert_int_equal(err, 0);
  Vsm__V1__Reply *r = vsm__v1__reply__unpack(NULL, x->message.bytes, pack(x));
  assert_non_null(r);
  assert_int_equal(r->kind_case, kind);
  return r;
}
