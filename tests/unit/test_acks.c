// Acks that wait: each comes out whole, in order, and not before its record is on disk.
#include "shell/acks.h"

#include <stdio.h>

#include "tests/lib/test.h"

static void pack(const void *text, void *out) {
  memcpy(out, text, strlen(text));
}

// For the n-th request, a third of them from REQ sockets.
static void put(struct vsm_acks *a, unsigned n, uint64_t position) {
  char id[16], text[300];
  snprintf(id, sizeof id, "id%u", n);
  snprintf(text, sizeof text, "ack of %u%*s", n, (int)(n % 250), "");
  struct vsm_str frames[] = {VSM_STR("peer"), vsm_str_of(id), VSM_STR("a batch"), {0}};
  bool req = n % 3 == 0;
  if (req) {
    frames[3] = frames[2];
    frames[2] = frames[1];
    frames[1] = (struct vsm_str){0};
  }
  vsm_acks_put(a, position, frames, req ? 4 : 3, &(struct vsm_zpart){.p = text, .n = strlen(text), .pack = pack});
}

static bool take(struct vsm_acks *a, unsigned n, uint64_t committed) {
  struct vsm_str frames[VSM_Z_FRAMES_MAX];
  size_t n_frames;
  char id[16], text[300];
  if (!vsm_acks_take(a, committed, frames, &n_frames))
    return false;
  snprintf(id, sizeof id, "id%u", n);
  snprintf(text, sizeof text, "ack of %u%*s", n, (int)(n % 250), "");
  assert_int_equal(n_frames, n % 3 == 0 ? 4 : 3);
  assert_true(vsm_str_eq(frames[0], VSM_STR("peer")));
  assert_int_equal(frames[1].n == 0, n % 3 == 0);
  assert_true(vsm_str_eq(frames[n_frames - 2], vsm_str_of(id)));
  assert_true(vsm_str_eq(frames[n_frames - 1], vsm_str_of(text)));
  return true;
}

static void test_in_order_and_when_committed(void **state) {
  (void)state;
  struct vsm_acks a = {0};
  assert_false(take(&a, 1, UINT64_MAX));
  put(&a, 1, 10);
  put(&a, 2, 10);
  put(&a, 3, 11);
  assert_false(take(&a, 1, 9));
  assert_true(take(&a, 1, 10));
  assert_true(take(&a, 2, 10));
  assert_false(take(&a, 3, 10));
  assert_true(vsm_acks_bytes(&a) > 0);
  assert_true(take(&a, 3, 12));
  assert_false(take(&a, 4, UINT64_MAX));
  assert_int_equal(vsm_acks_bytes(&a), 0);
  vsm_acks_fini(&a);
}

static void test_many_come_and_go(void **state) {
  (void)state;
  struct vsm_acks a = {0};
  uint64_t seed = 1;
  unsigned in = 0, out = 0;
  while (out < 100000) {
    for (uint64_t n = test_below(&seed, 50); n > 0; n--, in++)
      put(&a, in, in);
    for (uint64_t n = test_below(&seed, 50); n > 0 && out < in; n--, out++)
      assert_true(take(&a, out, out));
    assert_false(take(&a, out, out - 1 + (out == 0)) && out > 0);
  }
  assert_true(a.cap < 4 << 20); // what came out is forgotten
  while (out < in)
    assert_true(take(&a, out++, UINT64_MAX));
  vsm_acks_fini(&a);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_in_order_and_when_committed),
      cmocka_unit_test(test_many_come_and_go),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
