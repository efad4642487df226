// What a source is asked for, in virtual time.
#include "shell/holes.h"

#include "base/time.h"
#include "tests/lib/test.h"

struct fixture {
  struct vsm_holes holes;
  struct vsm_sequence seen;
  int64_t now_us;
  struct vsm_holes_range range; // last asked for
};

static int setup(void **state) {
  static struct fixture x;
  x = (struct fixture){.now_us = VSM_MINUTE_US};
  *state = &x;
  return 0;
}

static int teardown(void **state) {
  vsm_sequence_fini(&((struct fixture *)*state)->seen);
  return 0;
}

static void see(struct fixture *x, uint64_t epoch, uint64_t first, uint64_t last) {
  for (uint64_t n = first; n <= last; n++)
    vsm_sequence_see(&x->seen, epoch, n);
}

static void assert_asks(struct fixture *x, uint64_t epoch, uint64_t first, uint64_t last) {
  int64_t again_us;
  assert_true(vsm_holes_ask(&x->holes, &x->seen, x->now_us, &x->range, &again_us));
  assert_int_equal(x->range.epoch, epoch);
  assert_int_equal(x->range.first, first);
  assert_int_equal(x->range.last, last);
}

// Nothing is asked for now; time goes on until there is.
static int64_t wait_until_it_asks(struct fixture *x) {
  int64_t again_us, begun_us = x->now_us;
  while (!vsm_holes_ask(&x->holes, &x->seen, x->now_us, &x->range, &again_us)) {
    assert_true(again_us > x->now_us);
    x->now_us = again_us;
  }
  assert_true(x->now_us > begun_us);
  return (x->now_us - begun_us) / VSM_SECOND_US;
}

static void answer(struct fixture *x, uint64_t epoch, uint64_t first, uint64_t last, uint64_t oldest) {
  struct vsm_holes_answer a = {epoch, last ? last - first + 1 : 0, first, last, oldest};
  if (last)
    see(x, epoch, first, last);
  vsm_holes_answered(&x->holes, &x->range, &a, x->now_us);
}

static void nothing_there(struct fixture *x, uint64_t epoch, uint64_t oldest) {
  answer(x, epoch, 0, 0, oldest);
}

static void test_holes_then_the_end(void **state) {
  struct fixture *x = *state;
  see(x, 7, 1, 3);
  see(x, 7, 6, 6);
  see(x, 7, 9, 9);
  assert_asks(x, 7, 4, 5);
  answer(x, 7, 4, 4, 1); // a part
  assert_asks(x, 7, 5, 5);
  answer(x, 7, 5, 5, 1);
  assert_asks(x, 7, 7, 8);
  answer(x, 7, 7, 8, 1);
  assert_asks(x, 7, 10, VSM_HOLES_OPEN); // at a start at once
  answer(x, 7, 10, 19, 1);
  assert_asks(x, 7, 20, VSM_HOLES_OPEN); // there may be more
  answer(x, 7, 20, 29, 1);
  see(x, 7, 30, 33); // which begins to come by itself
  assert_int_equal(wait_until_it_asks(x), 1);
  assert_int_equal(x->range.first, 34);
  nothing_there(x, 7, 1);
  assert_int_equal(x->seen.missing, 0);
}

static void test_the_pace(void **state) {
  struct fixture *x = *state;
  see(x, 7, 1, 3);
  assert_asks(x, 7, 4, VSM_HOLES_OPEN); // at a start at once
  for (int64_t wait = 1; wait < 60; wait *= 2) {
    nothing_there(x, 7, 1);
    assert_int_equal(wait_until_it_asks(x), wait);
  }
  nothing_there(x, 7, 1);
  assert_int_equal(wait_until_it_asks(x), 60);
  nothing_there(x, 7, 1);
  see(x, 7, 4, 4); // news
  assert_int_equal(wait_until_it_asks(x), 1);
  assert_int_equal(x->range.first, 5);
}

static void test_what_lies_below_the_first(void **state) {
  struct fixture *x = *state;
  see(x, 7, 50, 60);
  assert_asks(x, 7, 1, 49);
  answer(x, 7, 11, 20, 11); // of which it has no more than these
  assert_asks(x, 7, 21, 49);
  answer(x, 7, 21, 49, 11);
  assert_asks(x, 7, 61, VSM_HOLES_OPEN);
  nothing_there(x, 7, 11);
  wait_until_it_asks(x);
  assert_int_equal(x->range.first, 61); // and never again
  assert_int_equal(x->seen.missing, 0);
}

static void test_what_is_gone_stays_missing(void **state) {
  struct fixture *x = *state;
  see(x, 7, 1, 1);
  see(x, 7, 10, 10);
  assert_asks(x, 7, 2, 9);
  answer(x, 7, 6, 9, 6);
  assert_int_equal(x->seen.missing, 4);
  assert_asks(x, 7, 11, VSM_HOLES_OPEN);
  for (int i = 0; i < 20; i++) {
    nothing_there(x, 7, 6);
    wait_until_it_asks(x);
    assert_int_equal(x->range.first, 11);
  }
  see(x, 7, 13, 13);
  assert_asks(x, 7, 11, 12);
  nothing_there(x, 7, 13);
  assert_int_equal(wait_until_it_asks(x), 1);
  assert_int_equal(x->range.first, 14);
  assert_int_equal(x->seen.missing, 6);
}

static void test_what_it_should_have_is_asked_for_a_few_times(void **state) {
  struct fixture *x = *state;
  unsigned asked = 0;
  see(x, 7, 1, 1);
  see(x, 7, 3, 3);
  int64_t again_us, until_us = x->now_us + VSM_HOUR_US;
  while (x->now_us < until_us) {
    if (!vsm_holes_ask(&x->holes, &x->seen, x->now_us, &x->range, &again_us)) {
      assert_true(again_us > x->now_us);
      x->now_us = again_us;
      continue;
    }
    asked += x->range.first == 2;
    nothing_there(x, 7, 1);
  }
  assert_int_equal(asked, 5);
}

static void test_failures(void **state) {
  struct fixture *x = *state;
  see(x, 7, 1, 1);
  see(x, 7, 3, 3);
  assert_asks(x, 7, 2, 2);
  for (int64_t wait = 1; wait < 60; wait *= 2) {
    vsm_holes_failed(&x->holes, x->now_us);
    assert_int_equal(wait_until_it_asks(x), wait);
    assert_int_equal(x->range.first, 2);
  }
  vsm_holes_failed(&x->holes, x->now_us);
  vsm_holes_connected(&x->holes, x->now_us);
  assert_int_equal(wait_until_it_asks(x), 0); // well under a second
  answer(x, 7, 2, 2, 1);
  assert_asks(x, 7, 4, VSM_HOLES_OPEN);
}

static void test_one_that_was_never_heard(void **state) {
  struct fixture *x = *state;
  assert_asks(x, 0, 1, VSM_HOLES_OPEN);
  nothing_there(x, 5, 3); // it has epoch 5, from 3 on
  assert_int_equal(wait_until_it_asks(x), 1);
  assert_int_equal(x->range.epoch, 5);
  assert_int_equal(x->range.first, 3);
  answer(x, 5, 3, 9, 3);
  assert_asks(x, 5, 10, VSM_HOLES_OPEN);
  nothing_there(x, 8, 1);
  assert_int_equal(wait_until_it_asks(x), 1);
  assert_int_equal(x->range.epoch, 8);
  answer(x, 8, 1, 2, 1);
  assert_asks(x, 8, 3, VSM_HOLES_OPEN);
  nothing_there(x, 8, 1);
  wait_until_it_asks(x);
  assert_int_equal(x->range.first, 3);
}

static void test_the_rest_of_an_older_epoch(void **state) {
  struct fixture *x = *state;
  see(x, 5, 1, 3);
  see(x, 5, 6, 9);
  assert_asks(x, 5, 4, 5);
  vsm_holes_failed(&x->holes, x->now_us);
  see(x, 6, 2, 4); // it began anew meanwhile
  wait_until_it_asks(x);
  assert_int_equal(x->range.epoch, 5);
  assert_int_equal(x->range.first, 4);
  assert_int_equal(x->range.last, VSM_HOLES_OPEN);
  answer(x, 5, 4, 12, 1);
  assert_asks(x, 5, 13, VSM_HOLES_OPEN);
  nothing_there(x, 8, 1); // the core knows of 6 between
  assert_asks(x, 6, 1, 1);
  answer(x, 6, 1, 1, 1);
  wait_until_it_asks(x);
  assert_int_equal(x->range.first, 5);
  nothing_there(x, 8, 1);
  wait_until_it_asks(x);
  assert_int_equal(x->range.epoch, 8);
}

static void test_epochs_that_lead_nowhere(void **state) {
  struct fixture *x = *state;
  unsigned asked = 0;
  see(x, 5, 1, 3);
  int64_t again_us, until_us = x->now_us + VSM_HOUR_US;
  while (x->now_us < until_us) {
    if (!vsm_holes_ask(&x->holes, &x->seen, x->now_us, &x->range, &again_us)) {
      assert_true(again_us > x->now_us);
      x->now_us = again_us;
      continue;
    }
    asked++;
    nothing_there(x, asked % 3 ? x->range.epoch + 1 : x->range.epoch, 1);
  }
  assert_in_range(asked, 10, 1000);
  see(x, 5, 5, 5); // and holes are asked for nevertheless
  for (int i = 0; i < 100 && !(x->range.epoch == 5 && x->range.first == 4); i++) {
    if (!vsm_holes_ask(&x->holes, &x->seen, x->now_us, &x->range, &again_us))
      x->now_us = again_us;
    else if (x->range.epoch != 5)
      nothing_there(x, x->range.epoch, 0);
    else if (x->range.last == VSM_HOLES_OPEN)
      nothing_there(x, 5, 0);
  }
  assert_int_equal(x->range.first, 4);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
  const struct CMUnitTest tests[] = {
      TEST(test_holes_then_the_end),
      TEST(test_the_pace),
      TEST(test_what_lies_below_the_first),
      TEST(test_what_is_gone_stays_missing),
      TEST(test_failures),
      TEST(test_what_it_should_have_is_asked_for_a_few_times),
      TEST(test_one_that_was_never_heard),
      TEST(test_the_rest_of_an_older_epoch),
      TEST(test_epochs_that_lead_nowhere),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
