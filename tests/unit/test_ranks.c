#include "core/ranks.h"

#include <stdbool.h>
#include <string.h>

#include "tests/lib/test.h"

enum { ENTRIES = 3000, STEPS = 20000 };

// The same set as a plain sorted array.
struct plain {
  struct vsm_rank at[ENTRIES];
  size_t n;
};

static size_t place(const struct plain *p, struct vsm_rank r) {
  size_t i = 0;
  while (i < p->n && (p->at[i].us < r.us || (p->at[i].us == r.us && p->at[i].id < r.id)))
    i++;
  return i;
}

static void plain_insert(struct plain *p, struct vsm_rank r) {
  size_t i = place(p, r);
  memmove(p->at + i + 1, p->at + i, (p->n++ - i) * sizeof r);
  p->at[i] = r;
}

static void plain_remove(struct plain *p, size_t i) {
  memmove(p->at + i, p->at + i + 1, (--p->n - i) * sizeof *p->at);
}

static void assert_same(const struct vsm_ranks *r, const struct plain *p) {
  assert_int_equal(r->count, p->n);
  struct vsm_ranks_at at = vsm_ranks_seek(r, INT64_MIN, 0);
  struct vsm_rank got;
  for (size_t i = 0; i < p->n; i++) {
    assert_true(vsm_ranks_next(r, &at, &got));
    assert_true(got.us == p->at[i].us && got.id == p->at[i].id);
    struct vsm_rank k = vsm_ranks_select(r, i);
    assert_true(k.us == got.us && k.id == got.id);
  }
  assert_false(vsm_ranks_next(r, &at, &got));
}

// shape 0: at random places; 1: at the new end, taken from the old end, as work flows; 2: many at one instant.
// `waiting`: changes wait in a queue until somebody reads; `gathered`: and what is put in is gathered.
static void run(uint64_t seed, int shape, bool waiting, bool gathered) {
  static struct plain p;
  static struct vsm_ranks_queue queue;
  struct vsm_ranks r = {.queue = waiting ? &queue : NULL};
  p.n = 0;
  for (int step = 0; step < STEPS; step++) {
    if (gathered)
      vsm_ranks_gather(&queue);
    bool add = p.n == 0 || (p.n < ENTRIES && test_below(&seed, 100) < (step < STEPS / 2 ? 60u : 40u));
    if (add) {
      struct vsm_rank e = {shape == 1 ? step : (int64_t)test_below(&seed, shape == 2 ? 3 : 1000000), (uint32_t)step};
      plain_insert(&p, e);
      vsm_ranks_insert(&r, e.us, e.id);
    } else {
      size_t i = shape == 1 ? 0 : test_below(&seed, p.n);
      vsm_ranks_remove(&r, p.at[i].us, p.at[i].id);
      plain_remove(&p, i);
    }
    if (step % 997 == 0) {
      vsm_ranks_settle(&queue);
      assert_same(&r, &p);
    }
  }
  vsm_ranks_settle(&queue);
  assert_same(&r, &p);
  vsm_ranks_fini(&r);
}

static void test_like_a_sorted_array(void **state) {
  (void)state;
  for (int shape = 0; shape < 3; shape++) {
    run(7 + (uint64_t)shape, shape, false, false);
    run(7 + (uint64_t)shape, shape, true, false);
    run(7 + (uint64_t)shape, shape, true, true);
  }
}

static void test_seek(void **state) {
  (void)state;
  struct vsm_ranks r = {0};
  struct vsm_rank got;
  struct vsm_ranks_at at = vsm_ranks_seek(&r, 5, 5);
  assert_false(vsm_ranks_next(&r, &at, &got));
  for (uint32_t i = 0; i < 1000; i++)
    vsm_ranks_insert(&r, i * 10, i);
  at = vsm_ranks_seek(&r, 4995, 0);
  assert_true(vsm_ranks_next(&r, &at, &got));
  assert_int_equal(got.us, 5000);
  at = vsm_ranks_seek(&r, 5000, 501);
  assert_true(vsm_ranks_next(&r, &at, &got));
  assert_int_equal(got.us, 5010);
  vsm_ranks_fini(&r);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_like_a_sorted_array), cmocka_unit_test(test_seek)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
