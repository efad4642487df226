// Quarter hours by themselves: what is added can be taken back, whatever its order and size.
#include "core/series.h"

#include "core/state.h"
#include "lib/rig.h"

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

// Four hundred days by the day, with more in them than one answer holds: the answers together are all of it.
static void test_answers_are_bounded(void **state) {
  (void)state;
  enum { DAYS = 400, A_QUARTER = 30, QUARTERS = VSM_SERIES_KEPT_US / VSM_QUARTER_US };
  static const struct vsm_stage stage = {.id = "repair", .name = "repair", .to_outcome = true};
  static const struct vsm_stream stream = {.id = "S", .name = "S", .outcome = "done", .stages = &stage, .n_stages = 1};
  const int64_t begin = T0 - T0 % VSM_DAY_US, end = begin + DAYS * VSM_DAY_US;
  struct vsm_arena arena;
  struct vsm_effects fx = {0};
  int64_t bounds[DAYS + 1];
  vsm_arena_init(&arena, 0);
  struct vsm_core *core = vsm_core_create(rig_model(&stream, 1, &arena));
  struct vsm_event last = rig_event(&stream, 0, VSM_START, "i1", end, &arena);
  vsm_core_step(core, &last, &fx);
  struct vsm_series *s = &core->streams[0].stages[0].series;
  for (int64_t q = 0; q < QUARTERS; q++)
    for (int64_t i = 0; i < A_QUARTER; i++)
      vsm_series_duration(s, begin + q * VSM_QUARTER_US, (i + 1) * VSM_HOUR_US, 1);
  for (int i = 0; i <= DAYS; i++)
    bounds[i] = begin + i * VSM_DAY_US;
  struct vsm_series_query query = {.window = -1, .bounds = bounds, .n_bounds = DAYS + 1};
  struct vsm_series_picture got;
  unsigned answers = 0, days = 0;
  do {
    assert_int_equal(vsm_core_view_series(core, &query, &arena, &got), 0);
    assert_true(got.n > 0 && got.panes[0].start.us == bounds[query.n_bounds - 1 - got.n]);
    assert_true(got.end.us == bounds[query.n_bounds - 1]);
    for (unsigned i = 0; i < got.n; i++) {
      assert_int_equal(got.panes[i].cycle_time_count, 96 * A_QUARTER);
      assert_int_equal(got.panes[i].wip, 0); // i1 came after all of them
    }
    answers++;
    days += got.n;
    query.n_bounds -= got.n;
  } while (got.more);
  assert_int_equal(days, DAYS);
  assert_int_equal(answers, 3);
  vsm_effects_fini(&fx);
  vsm_core_destroy(core);
  vsm_arena_fini(&arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_bounds),
      cmocka_unit_test(test_median_and_sum),
      cmocka_unit_test(test_many_of_the_longest),
      cmocka_unit_test(test_forgets),
      cmocka_unit_test(test_answers_are_bounded),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
