// Quarter hours by themselves: what is added can be taken back, whatever its order and size.
#include "core/series.h"

#include "tests/lib/test.h"

#define T0 (INT64_C(1700000100) * VSM_SECOND_US) // 2023-11-14T22:15:00Z, where a quarter begins

static int32_t buckets[VSM_SKETCH_BUCKETS];

static struct vsm_series_sum between(const struct vsm_series *s, int64_t from, int64_t to) {
  struct vsm_series_sum sum = {.buckets = buckets};
  vsm_series_sum_clear(&sum);
  vsm_series_add(s, from, to, &sum);
  return sum;
}

static void test_bounds(void **state) {
  (void)state;
  struct vsm_series s = {0};
  vsm_series_count(&s, T0 + VSM_QUARTER_US - 1, VSM_SERIES_ARRIVED, 1);
  vsm_series_count(&s, T0 - 1, VSM_SERIES_ARRIVED, 1); // late
  vsm_series_count(&s, T0 + VSM_QUARTER_US, VSM_SERIES_ARRIVED, 1);
  vsm_series_count(&s, T0, VSM_SERIES_DEPARTED, 1);
  struct vsm_series_sum sum = between(&s, T0, T0 + VSM_QUARTER_US);
  assert_int_equal(sum.counts[VSM_SERIES_ARRIVED], 1);
  assert_int_equal(sum.counts[VSM_SERIES_DEPARTED], 1);
  int64_t counts[3] = {0};
  vsm_series_counts(&s, T0, INT64_MAX, counts);
  assert_int_equal(counts[VSM_SERIES_ARRIVED], 2);
  vsm_series_fini(&s);
}

static void test_median_and_sum(void **state) {
  (void)state;
  struct vsm_series s = {0};
  for (int i = 1; i <= 99; i++) // more than lie within
    vsm_series_duration(&s, T0 + i, i, 1);
  struct vsm_series_sum sum = between(&s, T0, INT64_MAX);
  assert_int_equal(vsm_series_sum_median(&sum), 50);
  assert_true(sum.sum == 99 * 50);
  vsm_series_sum_clear(&sum);
  for (int i = 99; i > 9; i--)
    vsm_series_duration(&s, T0 + i, i, -1);
  sum = between(&s, T0, INT64_MAX);
  assert_int_equal(sum.n, 9);
  assert_int_equal(vsm_series_sum_median(&sum), 5);
  assert_true(sum.sum == 45);
  vsm_series_sum_clear(&sum);
  vsm_series_fini(&s);
}

// Beyond what 16 bits count and 64 bits sum up, there and back, through negative figures, too.
static void test_many_of_the_longest(void **state) {
  (void)state;
  enum { MANY = 100000 };
  const int64_t longest = VSM_TIME_MAX - 1;
  for (int sign = 1; sign >= -1; sign -= 2) {
    struct vsm_series s = {0};
    for (int i = 0; i < MANY; i++)
      vsm_series_duration(&s, T0, longest, sign);
    struct vsm_series_sum sum = between(&s, T0, INT64_MAX);
    assert_int_equal(sum.n, sign * MANY);
    assert_true(sum.sum == (vsm_wide)longest * MANY * sign);
    vsm_series_sum_clear(&sum);
    for (int i = 0; i < MANY; i++)
      vsm_series_duration(&s, T0, longest, -sign);
    sum = between(&s, T0, INT64_MAX);
    assert_true(sum.n == 0 && sum.sum == 0 && vsm_series_sum_median(&sum) == 0);
    vsm_series_sum_clear(&sum);
    vsm_series_fini(&s);
  }
}

// What is kept is bounded by the quarters, however long the daemon runs.
static void test_forgets(void **state) {
  (void)state;
  enum { QUARTERS = VSM_SERIES_KEPT_US / VSM_QUARTER_US };
  struct vsm_series s = {0};
  size_t bytes = 0;
  for (int64_t i = 0; i < 5 * QUARTERS; i++) {
    int64_t now = T0 + i * VSM_QUARTER_US;
    vsm_series_count(&s, now, VSM_SERIES_ARRIVED, 1);
    vsm_series_duration(&s, now, 1000 * i, 1);
    vsm_series_forget(&s, now - VSM_SERIES_KEPT_US);
    if (i == 3 * QUARTERS)
      bytes = vsm_series_bytes(&s);
  }
  assert_int_equal(vsm_series_bytes(&s), bytes);
  int64_t counts[3] = {0};
  vsm_series_counts(&s, 0, INT64_MAX, counts);
  assert_int_equal(counts[VSM_SERIES_ARRIVED], QUARTERS + 1);
  vsm_series_fini(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_bounds),
      cmocka_unit_test(test_median_and_sum),
      cmocka_unit_test(test_many_of_the_longest),
      cmocka_unit_test(test_forgets),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
