#include "core/sequence.h"

#include <stdbool.h>

#include "tests/lib/test.h"

static void test_holes(void **state) {
  (void)state;
  struct vsm_sequence s = {0};
  vsm_sequence_see(&s, 0, 5); // the first one seen starts the count
  assert_int_equal(s.missing, 0);
  vsm_sequence_see(&s, 0, 9);
  assert_int_equal(s.missing, 3);
  vsm_sequence_see(&s, 0, 7); // late: taken back
  vsm_sequence_see(&s, 0, 7); // a repeat
  assert_int_equal(s.missing, 2);
  vsm_sequence_see(&s, 1, 3); // the source began anew
  assert_int_equal(s.missing, 0);
  vsm_sequence_see(&s, 0, 100); // an older epoch
  assert_int_equal(s.missing, 0);
  assert_int_equal(s.last, 3);
  vsm_sequence_fini(&s);
}

static void test_any_order(void **state) {
  (void)state;
  enum { MOST = 400 };
  for (uint64_t round = 1; round < 200; round++) {
    uint64_t seed = round;
    bool seen[MOST + 1] = {false};
    struct vsm_sequence s = {0};
    for (int i = 0; i < 300; i++) {
      uint64_t number = 1 + test_below(&seed, MOST);
      seen[number] = true;
      vsm_sequence_see(&s, 4, number);
    }
    uint64_t first = 1, last = MOST, missing = 0;
    while (!seen[first])
      first++;
    while (!seen[last])
      last--;
    for (uint64_t k = first; k <= last; k++)
      missing += !seen[k];
    assert_int_equal(s.missing, missing);
    vsm_sequence_fini(&s);
  }
}

static void assert_missing(const struct vsm_sequence *s, uint64_t from, uint64_t first, uint64_t last) {
  struct vsm_gap gap;
  assert_true(vsm_sequence_missing(s, from, &gap));
  assert_int_equal(gap.first, first);
  assert_int_equal(gap.last, last);
}

static void test_what_is_missing(void **state) {
  (void)state;
  struct vsm_sequence s = {0};
  struct vsm_gap gap;
  assert_false(vsm_sequence_missing(&s, 0, &gap));
  vsm_sequence_see(&s, 7, 3);
  assert_false(vsm_sequence_missing(&s, 0, &gap)); // 1 and 2 are none of its
  vsm_sequence_see(&s, 7, 6);
  vsm_sequence_see(&s, 7, 10);
  assert_missing(&s, 0, 4, 5);
  assert_missing(&s, 5, 5, 5);
  assert_missing(&s, 6, 7, 9);
  assert_missing(&s, 9, 9, 9);
  assert_false(vsm_sequence_missing(&s, 10, &gap));
  vsm_sequence_see(&s, 7, 8);
  assert_missing(&s, 6, 7, 7);
  assert_missing(&s, 8, 9, 9);
  vsm_sequence_see(&s, 8, 1);
  assert_false(vsm_sequence_missing(&s, 0, &gap));
  vsm_sequence_fini(&s);
}

// More holes than are told apart.
static void test_many(void **state) {
  (void)state;
  enum { MANY = 3 * VSM_GAPS_MAX };
  struct vsm_sequence s = {0};
  uint64_t middle = UINT64_C(1) << 40;
  for (uint64_t i = 0; i <= MANY; i++) // every other one, up and down
    vsm_sequence_see(&s, 1, middle + 2 * i);
  for (uint64_t i = 1; i <= MANY; i++)
    vsm_sequence_see(&s, 1, middle - 2 * i);
  assert_int_equal(s.missing, 2 * MANY);
  assert_int_equal(s.n, VSM_GAPS_MAX);
  assert_missing(&s, 0, middle - 2 * MANY + 1, middle + 1); // also of those that came
  assert_missing(&s, middle + 2, middle + 3, middle + 3);
  struct vsm_gap gap;
  for (uint64_t next = 0; vsm_sequence_missing(&s, next, &gap); next = gap.last + 1) // as a source is asked
    for (uint64_t n = gap.first; n <= gap.last; n++)
      vsm_sequence_see(&s, 1, n);
  assert_int_equal(s.missing, 0);
  assert_int_equal(s.n, 0);
  assert_int_equal(s.listed, 0);
  vsm_sequence_fini(&s);
}

// Arriving in any order, and some of them twice; then what is still listed is asked for.
static void test_many_in_any_order(void **state) {
  (void)state;
  enum { MANY = VSM_GAPS_MAX + 500 };
  struct vsm_sequence s = {0};
  uint64_t seed = 1;
  for (uint64_t i = 1; i <= MANY; i++)
    vsm_sequence_see(&s, 1, 3 * i);
  assert_int_equal(s.missing, 2 * (MANY - 1));
  for (int i = 0; i < 3 * MANY; i++)
    vsm_sequence_see(&s, 1, 3 + test_below(&seed, 3 * MANY - 3));
  assert_true(s.missing <= s.listed);
  struct vsm_gap gap;
  while (vsm_sequence_missing(&s, 0, &gap))
    for (uint64_t n = gap.first; n <= gap.last; n++)
      vsm_sequence_see(&s, 1, n);
  assert_int_equal(s.missing, 0);
  vsm_sequence_fini(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_holes), cmocka_unit_test(test_any_order),
                                     cmocka_unit_test(test_what_is_missing), cmocka_unit_test(test_many),
                                     cmocka_unit_test(test_many_in_any_order)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
