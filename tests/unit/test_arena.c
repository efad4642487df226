#include "base/arena.h"

#include <stdint.h>

#include "tests/lib/test.h"

static void allocations_are_aligned_and_apart(void **state) {
  (void)state;
  struct vsm_arena a;
  char *got[200];
  vsm_arena_init(&a, 0);
  for (size_t i = 0; i < 200; i++) {
    got[i] = vsm_arena_alloc(&a, i);
    assert_non_null(got[i]);
    assert_int_equal((uintptr_t)got[i] % 16, 0);
    memset(got[i], (int)i, i);
  }
  for (size_t i = 0; i < 200; i++)
    for (size_t k = 0; k < i; k++)
      assert_int_equal((unsigned char)got[i][k], i);
  vsm_arena_fini(&a);
}

static void more_than_a_block_is_had(void **state) {
  (void)state;
  struct vsm_arena a;
  vsm_arena_init(&a, 0);
  char *large = vsm_arena_zalloc(&a, 5 << 20);
  assert_non_null(large);
  assert_int_equal(large[0], 0);
  assert_int_equal(large[(5 << 20) - 1], 0);
  vsm_arena_fini(&a);
}

static void the_cap_holds_between_two_resets(void **state) {
  (void)state;
  struct vsm_arena a;
  vsm_arena_init(&a, 1000);
  for (int round = 0; round < 3; round++) {
    assert_non_null(vsm_arena_alloc(&a, 600));
    assert_null(vsm_arena_alloc(&a, 600));
    assert_null(vsm_arena_zalloc(&a, SIZE_MAX)); // and nothing wraps around
    assert_null(vsm_arena_alloc(&a, SIZE_MAX - 8));
    assert_non_null(vsm_arena_alloc(&a, 100));
    vsm_arena_reset(&a);
  }
  vsm_arena_fini(&a);
}

static void what_was_written_does_not_survive_in_cleared_memory(void **state) {
  (void)state;
  struct vsm_arena a;
  vsm_arena_init(&a, 0);
  memset(vsm_arena_alloc(&a, 64), 0xff, 64);
  vsm_arena_reset(&a);
  const char *p = vsm_arena_zalloc(&a, 64);
  for (int i = 0; i < 64; i++)
    assert_int_equal(p[i], 0);
  vsm_arena_fini(&a);
}

static void texts_end_in_nul(void **state) {
  (void)state;
  struct vsm_arena a;
  vsm_arena_init(&a, 4096);
  assert_string_equal(vsm_arena_strndup(&a, "permit and more", 6), "permit");
  assert_string_equal(vsm_arena_strdup(&a, ""), "");
  assert_string_equal(vsm_arena_printf(&a, "%s:%d", "wo", 4711), "wo:4711");
  assert_null(vsm_arena_printf(&a, "%5000d", 1)); // beyond the cap
  assert_null(vsm_arena_strndup(&a, "x", 5000));
  vsm_arena_fini(&a);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(allocations_are_aligned_and_apart), cmocka_unit_test(more_than_a_block_is_had),
      cmocka_unit_test(the_cap_holds_between_two_resets),
      cmocka_unit_test(what_was_written_does_not_survive_in_cleared_memory), cmocka_unit_test(texts_end_in_nul)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
