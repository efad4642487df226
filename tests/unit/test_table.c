#include "base/table.h"

#include <string.h>

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

static void count(void *seen, uint32_t hash, uint32_t id) {
  assert_int_equal(hash, id * 2654435761U);
  ((unsigned char *)seen)[id]++;
}

// At each size on the way, so that some are half moved: each is met once in its class, and found.
static void test_grows_while_it_is_used(void **state) {
  (void)state;
  static unsigned char seen[4 * IDS];
  struct vsm_table t = {0};
  for (uint32_t id = 0; id < 4 * IDS; id++) {
    vsm_table_put(&t, id * 2654435761U, id);
    if (id >= 2 && id % 3 == 0)
      vsm_table_del(&t, (id - 2) * 2654435761U, id - 2);
    memset(seen, 0, sizeof seen);
    for (size_t class = 0; class < 4 && t.n >= 4; class ++)
      vsm_table_each(&t, class, 4, count, seen);
    for (uint32_t i = 0; i <= id && t.n >= 4; i++) {
      bool there = i % 3 != 1 || i + 2 > id;
      assert_int_equal(seen[i], there);
      assert_int_equal(vsm_table_find(&t, i * 2654435761U, is, &i), there ? i : (uint32_t)VSM_TABLE_NONE);
    }
  }
  vsm_table_fini(&t);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_put_find_del),
                                     cmocka_unit_test(test_grows_while_it_is_used)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
