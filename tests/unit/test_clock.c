#include "shell/clock.h"

#include "tests/lib/test.h"

enum { SKEW = 300 * 1000000 }; // 5 minutes
static const int64_t wall = INT64_C(1700000000000000), boot = INT64_C(1000000000);

static struct vsm_wall_clock a_clock(void) {
  struct vsm_wall_clock c = {.skew_us = SKEW, .offset_us = wall - boot};
  return c;
}

static void test_small_corrections_are_followed(void **state) {
  (void)state;
  struct vsm_wall_clock c = a_clock();
  assert_int_equal(vsm_clock_follow(&c, wall, boot).us, wall);
  assert_int_equal(vsm_clock_follow(&c, wall + SKEW + 7, boot + 7).us, wall + SKEW + 7);
  assert_int_equal(vsm_clock_follow(&c, wall + 8, boot + 8).us, wall + 8);
  assert_int_equal(c.astray_us, 0);
}

static void test_a_jump_is_not_followed_until_the_clocks_agree_again(void **state) {
  (void)state;
  for (int sign = -1; sign <= 1; sign += 2) {
    struct vsm_wall_clock c = a_clock();
    int64_t jump = sign * (SKEW + INT64_C(1));
    assert_int_equal(vsm_clock_follow(&c, wall + jump, boot).us, wall);
    assert_int_equal(c.astray_us, jump);
    // Time goes on by the other clock meanwhile.
    assert_int_equal(vsm_clock_follow(&c, wall + jump + 60, boot + 60).us, wall + 60);
    assert_int_equal(vsm_clock_follow(&c, wall + 90, boot + 90).us, wall + 90);
    assert_int_equal(c.astray_us, 0);
  }
}

static void test_a_wider_bound_accepts_what_was_a_jump(void **state) {
  (void)state;
  struct vsm_wall_clock c = a_clock();
  vsm_clock_follow(&c, wall + 2 * SKEW, boot);
  assert_int_not_equal(c.astray_us, 0);
  vsm_clock_set_skew(&c, INT64_C(3) * SKEW);
  assert_int_equal(vsm_clock_follow(&c, wall + 2 * SKEW, boot).us, wall + 2 * SKEW);
  assert_int_equal(c.astray_us, 0);
}

static void test_the_system_s_clocks(void **state) {
  (void)state;
  struct vsm_wall_clock c;
  vsm_clock_init(&c, SKEW);
  struct vsm_time a = vsm_clock_now(&c), b = vsm_clock_now(&c);
  assert_true(a.us > wall && a.us <= b.us);
  assert_int_equal(c.astray_us, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_small_corrections_are_followed),
      cmocka_unit_test(test_a_jump_is_not_followed_until_the_clocks_agree_again),
      cmocka_unit_test(test_a_wider_bound_accepts_what_was_a_jump),
      cmocka_unit_test(test_the_system_s_clocks),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
