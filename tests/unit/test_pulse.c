#include "shell/pulse.h"

#include "base/time.h"
#include "tests/lib/test.h"

static void take(struct vsm_pulse *p, double seconds, uint64_t received, uint64_t free_bytes) {
  vsm_pulse_take(p, &(struct vsm_pulse_sample){(int64_t)(seconds * 1e6), received, free_bytes});
}

static void test_nothing_is_known_at_first(void **state) {
  (void)state;
  struct vsm_pulse p = {0};
  assert_true(vsm_pulse_view(&p).received_per_second == 0);
  take(&p, 100, 1000, 50);
  assert_true(vsm_pulse_view(&p).received_per_second == 0);
  assert_true(vsm_pulse_view(&p).disk_days_left == 0);
}

static void test_events_over_the_last_minute(void **state) {
  (void)state;
  struct vsm_pulse p = {0};
  for (unsigned i = 0; i <= 10; i++) // what there is, as long as it is less than a minute
    take(&p, i * 5, i * 50, 0);
  assert_true(vsm_pulse_view(&p).received_per_second == 10);
  for (unsigned i = 1; i <= 12; i++) // a minute without any
    take(&p, 50 + i * 5, 500, 0);
  assert_true(vsm_pulse_view(&p).received_per_second == 0);
  take(&p, 115, 1100, 0);
  assert_true(vsm_pulse_view(&p).received_per_second == 10);
}

static void test_days_until_the_disk_is_full(void **state) {
  (void)state;
  struct vsm_pulse p = {0};
  const uint64_t free_bytes = 86400 * 30;
  take(&p, 0, 0, free_bytes);
  take(&p, 100, 0, free_bytes - 100);
  assert_true(vsm_pulse_view(&p).disk_days_left == 0); // too early to tell
  take(&p, 3600, 0, free_bytes - 3600);
  assert_float_equal(vsm_pulse_view(&p).disk_days_left, 30 - 1.0 / 24, 1e-9); // a byte a second
  take(&p, 3605, 0, free_bytes);
  assert_true(vsm_pulse_view(&p).disk_days_left == 0);
}

static void test_the_oldest_gives_way(void **state) {
  (void)state;
  struct vsm_pulse p = {0};
  take(&p, 0, 0, 1 << 30); // forgotten below
  for (unsigned i = 1; i <= VSM_PULSE_SAMPLES; i++)
    take(&p, i * 5, i * 5, 1 << 20);
  assert_true(vsm_pulse_view(&p).disk_days_left == 0);
  assert_true(vsm_pulse_view(&p).received_per_second == 1);
}

static void test_what_is_free(void **state) {
  (void)state;
  assert_true(vsm_pulse_free_bytes("/") > 0);
  assert_true(vsm_pulse_free_bytes("/nowhere") == 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_nothing_is_known_at_first),
                                     cmocka_unit_test(test_events_over_the_last_minute),
                                     cmocka_unit_test(test_days_until_the_disk_is_full),
                                     cmocka_unit_test(test_the_oldest_gives_way), cmocka_unit_test(test_what_is_free)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
