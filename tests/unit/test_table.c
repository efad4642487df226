#include "base/table.h"

#include "tests/lib/test.h"

enum { IDS = 500 };

static bool is(const void *ctx, uint32_t id) {
  return *(const uint32_t *)ctx == id;
}

// Few hashes, so that runs are long and overlap, and closing gaps is tried in earnest.
static uint32_t hash_of(uint32_t id) {
  return id % 37;
}

static void test_put_find_del(void **state) {
  (void)state;
  uint64_t seed = 11;
  struct vsm_table t = {0};
  bool in[IDS] = {false};
  for (int step = 0; step < 50000; step++) {
    uint32_t id = (uint32_t)test_below(&seed, IDS);
    if (in[id])
      vsm_table_del(&t, hash_of(id), id);
    else
      vsm_table_put(&t, hash_of(id), id);
    in[id] = !in[id];
    uint32_t other = (uint32_t)test_below(&seed, IDS);
    assert_int_equal(vsm_table_find(&t, hash_of(other), is, &other), in[other] ? other : (uint32_t)VSM_TABLE_NONE);
  }
  vsm_table_clear(&t);
  uint32_t id = 1;
  assert_int_equal(vsm_table_find(&t, hash_of(id), is, &id), (uint32_t)VSM_TABLE_NONE);
  vsm_table_fini(&t);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_put_find_del)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
