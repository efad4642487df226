#include "core/sketch.h"

#include <stdlib.h>

#include "tests/lib/test.h"

enum { VALUES = 2000 };

static int by_value(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return x < y ? -1 : x > y;
}

static void test_bucket_error(void **state) {
  (void)state;
  uint64_t seed = 1;
  for (int i = 0; i < 200000; i++) {
    int64_t v = (int64_t)(test_random(&seed) >> (11 + test_below(&seed, 53)));
    unsigned bucket = vsm_sketch_bucket(v);
    assert_true(bucket < VSM_SKETCH_BUCKETS);
    int64_t off = llabs(vsm_sketch_value(bucket) - v);
    assert_true(off * 128 <= v);
  }
}

static void assert_near(double got, int64_t want_us) {
  double want = (double)want_us / 1e6, off = got > want ? got - want : want - got;
  assert_true(off <= want * 0.01 + 1e-6);
}

static void test_quantiles_and_taking_back(void **state) {
  (void)state;
  uint64_t seed = 3;
  int64_t v[VALUES];
  struct vsm_sketch s = {0};
  vsm_wide sum = 0;
  for (int i = 0; i < VALUES; i++) {
    v[i] = (int64_t)(test_random(&seed) >> (20 + test_below(&seed, 40)));
    vsm_sketch_add(&s, vsm_sketch_bucket(v[i]), 1);
    vsm_sketch_add(&s, vsm_sketch_bucket(v[i] * 3 + 1), 1);
    sum += v[i];
  }
  for (int i = 0; i < VALUES; i++)
    vsm_sketch_add(&s, vsm_sketch_bucket(v[i] * 3 + 1), -1);
  s.sum = sum;
  qsort(v, VALUES, sizeof *v, by_value);
  struct vsm_dist_view d = vsm_sketch_view(&s);
  assert_int_equal(d.count, VALUES);
  assert_near(d.min, v[0]);
  assert_near(d.p50, v[VALUES / 2 - 1]);
  assert_near(d.p85, v[VALUES * 85 / 100 - 1]);
  assert_near(d.p95, v[VALUES * 95 / 100 - 1]);
  assert_near(d.p99, v[VALUES * 99 / 100 - 1]);
  assert_near(d.max, v[VALUES - 1]);
  assert_near(d.mean, (int64_t)(sum / VALUES));
  vsm_sketch_fini(&s);
}

static void test_merge_and_empty(void **state) {
  (void)state;
  struct vsm_sketch a = {0}, b = {0};
  assert_int_equal(vsm_sketch_view(&a).count, 0);
  vsm_sketch_add(&a, vsm_sketch_bucket(5000000), 1);
  vsm_sketch_add(&b, vsm_sketch_bucket(7), 2);
  vsm_sketch_merge(&a, &b);
  vsm_sketch_merge(&b, &a);
  assert_int_equal(vsm_sketch_view(&b).count, 5);
  assert_near(vsm_sketch_view(&b).max, 5000000);
  assert_near(vsm_sketch_view(&b).min, 7);
  vsm_sketch_clear(&a);
  assert_int_equal(vsm_sketch_view(&a).count, 0);
  vsm_sketch_fini(&a);
  vsm_sketch_fini(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_bucket_error),
                                     cmocka_unit_test(test_quantiles_and_taking_back),
                                     cmocka_unit_test(test_merge_and_empty)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
