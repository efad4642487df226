// Days whose outcome can be worked out by hand.
#include "core/montecarlo.h"

#include <stdlib.h>

#include "tests/lib/test.h"

enum { AHEAD = VSM_FORECAST_AHEAD };

struct past {
  uint32_t done[VSM_FORECAST_HISTORY];
  uint8_t kind[VSM_FORECAST_HISTORY], kind_ahead[AHEAD];
  uint64_t room[VSM_FORECAST_TRIALS];
  struct vsm_days days;
};

static int setup(void **state) {
  struct past *p = calloc(1, sizeof *p);
  p->days = (struct vsm_days){.done = p->done, .kind = p->kind, .kind_ahead = p->kind_ahead, .n_ahead = AHEAD};
  *state = p;
  return 0;
}

static int teardown(void **state) {
  free(*state);
  return 0;
}

// n days of `done` items each, all of one kind.
static void fill(struct past *p, unsigned n, uint32_t done) {
  p->days.n = n;
  for (unsigned i = 0; i < n; i++)
    p->done[i] = done;
}

static void assert_all(const struct past *p, uint64_t items, unsigned day) {
  unsigned days[VSM_CHANCES];
  assert_true(vsm_days_until(&p->days, items, 7, days) > 0);
  for (unsigned c = 0; c < VSM_CHANCES; c++)
    assert_int_equal(days[c], day);
}

static void what_is_always_the_same_is_certain(void **state) {
  struct past *p = *state;
  uint64_t items[VSM_CHANCES];
  struct vsm_back_test test;
  fill(p, 60, 4);
  assert_int_equal(vsm_days_trouble(&p->days, 60), VSM_FORECAST_TOLD);
  assert_all(p, 1, 1);
  assert_all(p, 4, 1);
  assert_all(p, 5, 2);
  assert_all(p, 400, 100);
  assert_all(p, 4 * AHEAD, AHEAD);
  assert_all(p, 4 * AHEAD + 1, 0); // not within the days that are looked ahead
  assert_int_equal(vsm_days_count(&p->days, 10, 7, p->room, items), VSM_FORECAST_TRIALS);
  assert_true(items[0] == 40 && items[1] == 40 && items[2] == 40);
  vsm_days_test(&p->days, 10, 7, &test);
  assert_int_equal(test.tests, 31); // after 20 days, and 10 before the end
  assert_true(test.inside[0] == 31 && test.inside[1] == 31 && test.inside[2] == 31);
}

// Six a day on working days, none on the two others of a week: days ahead follow their kind.
static void days_are_drawn_for_their_like(void **state) {
  struct past *p = *state;
  p->days.n = 84;
  for (unsigned i = 0; i < 84; i++) {
    p->kind[i] = i % 7 < 5;
    p->done[i] = p->kind[i] ? 6 : 0;
  }
  for (unsigned i = 0; i < AHEAD; i++)
    p->kind_ahead[i] = i % 7 < 5;
  assert_int_equal(vsm_days_trouble(&p->days, 84), VSM_FORECAST_TOLD);
  assert_all(p, 30, 5); // to Friday
  assert_all(p, 31, 8); // Monday
}

// Nothing on one day, two on the next: a fair coin. 50 % of two days bring two, 25 % four.
static void a_coin(void **state) {
  struct past *p = *state;
  uint64_t items[VSM_CHANCES];
  unsigned days[VSM_CHANCES];
  fill(p, 90, 0);
  for (unsigned i = 1; i < 90; i += 2)
    p->done[i] = 2;
  vsm_days_count(&p->days, 2, 1, p->room, items);
  assert_true(items[0] == 2 && items[1] == 0 && items[2] == 0);
  vsm_days_count(&p->days, 100, 1, p->room, items); // 100, standard deviation 10
  assert_true(items[0] == 100 && items[1] == 90);   // 1.04 of them below
  assert_true(items[2] >= 82 && items[2] <= 84);    // 1.64
  vsm_days_until(&p->days, 1, 1, days);             // days until the first head
  assert_true(days[0] == 1 || days[0] == 2);        // a half within one
  assert_int_equal(days[1], 3);                     // 7 / 8
  assert_int_equal(days[2], 5);                     // 31 / 32
}

static void too_little_is_said(void **state) {
  struct past *p = *state;
  fill(p, 19, 5);
  assert_int_equal(vsm_days_trouble(&p->days, 19), VSM_FORECAST_FEW_DAYS);
  fill(p, 20, 0);
  p->done[3] = 9;
  assert_int_equal(vsm_days_trouble(&p->days, 20), VSM_FORECAST_FEW_DONE);
  p->done[13] = 1;
  assert_int_equal(vsm_days_trouble(&p->days, 20), VSM_FORECAST_TOLD);
  struct vsm_back_test test;
  vsm_days_test(&p->days, 1, 1, &test); // 20 days before and one behind are 21
  assert_int_equal(test.tests, 0);
}

static void a_stream_that_has_changed_is_said(void **state) {
  struct past *p = *state;
  fill(p, 60, 4);
  for (unsigned i = 30; i < 60; i++)
    p->done[i] = 8;
  assert_int_equal(vsm_days_trouble(&p->days, 60), VSM_FORECAST_UNSTABLE);
  assert_int_equal(vsm_days_trouble(&p->days, 30), VSM_FORECAST_TOLD);
  for (unsigned i = 30; i < 60; i++)
    p->done[i] = 0; // standing still
  assert_int_equal(vsm_days_trouble(&p->days, 60), VSM_FORECAST_UNSTABLE);
  for (unsigned i = 30; i < 60; i++)
    p->done[i] = 5; // a quarter more, however certain
  assert_int_equal(vsm_days_trouble(&p->days, 60), VSM_FORECAST_TOLD);
  // More weekends in the newer half are no change.
  for (unsigned i = 0; i < 60; i++) {
    p->kind[i] = i < 30 ? i % 10 != 0 : i % 2;
    p->done[i] = p->kind[i] ? 4 : 0;
  }
  assert_int_equal(vsm_days_trouble(&p->days, 60), VSM_FORECAST_TOLD);
}

static void the_same_seed_gives_the_same_answer(void **state) {
  struct past *p = *state;
  uint64_t a[VSM_CHANCES], b[VSM_CHANCES], seed = 11;
  struct vsm_back_test test, again;
  unsigned others = 0;
  p->days.n = 300;
  for (unsigned i = 0; i < 300; i++)
    p->done[i] = (uint32_t)test_below(&seed, 50);
  vsm_days_count(&p->days, 30, 5, p->room, a);
  vsm_days_count(&p->days, 30, 5, p->room, b);
  assert_memory_equal(a, b, sizeof a);
  for (uint64_t s = 6; s < 12; s++) {
    vsm_days_count(&p->days, 30, s, p->room, b);
    others += a[0] != b[0] || a[1] != b[1] || a[2] != b[2];
    for (unsigned c = 0; c < VSM_CHANCES; c++)
      assert_true(labs((long)a[c] - (long)b[c]) * 33 <= (long)a[c]); // another seed, nearly the same answer
  }
  assert_true(others > 0);
  vsm_days_test(&p->days, 30, 5, &test);
  vsm_days_test(&p->days, 30, 5, &again);
  assert_memory_equal(&test, &again, sizeof test);
}

// Days that are what they are by chance alone: statements of 85 % come true in about 85 of a hundred.
static void back_tests_find_what_was_said(void **state) {
  struct past *p = *state;
  unsigned tests = 0, inside[VSM_CHANCES] = {0};
  p->days.n = VSM_FORECAST_HISTORY;
  for (uint64_t seed = 0; seed < 30; seed++) {
    uint64_t dice = seed;
    struct vsm_back_test test;
    for (unsigned i = 0; i < p->days.n; i++)
      p->done[i] = (uint32_t)(test_below(&dice, 40) + test_below(&dice, 40));
    vsm_days_test(&p->days, 5, seed, &test);
    tests += test.tests;
    for (unsigned c = 0; c < VSM_CHANCES; c++)
      inside[c] += test.inside[c];
  }
  assert_true(tests >= 30 * 50);
  for (unsigned c = 0; c < VSM_CHANCES; c++) {
    long percent = (long)inside[c] * 100 / tests;
    assert_true(labs(percent - (long)vsm_chance_percent[c]) <= 5);
  }
}

// The most that can be asked is bounded in days drawn.
static void numbers_at_their_largest(void **state) {
  struct past *p = *state;
  uint64_t items[VSM_CHANCES];
  unsigned days[VSM_CHANCES];
  fill(p, VSM_FORECAST_HISTORY, UINT32_MAX);
  assert_int_equal(vsm_days_trouble(&p->days, p->days.n), VSM_FORECAST_TOLD);
  uint32_t trials = vsm_days_count(&p->days, AHEAD, 1, p->room, items);
  assert_true((uint64_t)trials * AHEAD <= VSM_FORECAST_DRAWS);
  assert_true(items[2] == (uint64_t)UINT32_MAX * AHEAD);
  trials = vsm_days_until(&p->days, UINT64_MAX, 1, days);
  assert_true((uint64_t)trials * AHEAD < VSM_FORECAST_DRAWS + AHEAD && days[0] == 0);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
  const struct CMUnitTest tests[] = {
      TEST(what_is_always_the_same_is_certain),
      TEST(days_are_drawn_for_their_like),
      TEST(a_coin),
      TEST(too_little_is_said),
      TEST(a_stream_that_has_changed_is_said),
      TEST(the_same_seed_gives_the_same_answer),
      TEST(back_tests_find_what_was_said),
      TEST(numbers_at_their_largest),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
