// What a source is asked for, in virtual time.
#include "shell/holes.h"

#include "base/time.h"
#include "tests/lib/test.h"

#define OPEN UINT64_MAX // as many as may be asked for at once

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
  bool as_many = last == OPEN && first < OPEN - VSM_HOLES_AT_ONCE;
  assert_int_equal(x->range.last, as_many ? first + VSM_HOLES_AT_ONCE - 1 : last);
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

static void assert_asks_after(struct fixture *x, int64_t seconds, uint64_t epoch, uint64_t first, uint64_t last) {
  assert_int_equal(wait_until_it_asks(x), seconds);
  assert_asks(x, epoch, first, last);
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
  assert_asks_after(x, 1, 7, 10, OPEN);
  answer(x, 7, 10, 19, 1);
  assert_asks(x, 7, 20, OPEN); // there may be more
  answer(x, 7, 20, 29, 1);
  see(x, 7, 30, 33); // which begins to come by itself
  assert_asks_after(x, 1, 7, 34, OPEN);
  nothing_there(x, 7, 100000); // but further up
  assert_asks(x, 7, 100000, OPEN);
  answer(x, 7, 100000, 100001, 100000);
  assert_asks(x, 7, 100002, OPEN);
  assert_int_equal(x->seen.missing, 99966);
}

static void test_the_pace(void **state) {
  struct fixture *x = *state;
  see(x, 7, 1, 3);
  assert_asks_after(x, 1, 7, 4, OPEN);
  for (int64_t wait = 1; wait < 60; wait *= 2) {
    nothing_there(x, 7, 1);
    assert_asks_after(x, wait, 7, 4, OPEN);
  }
  nothing_there(x, 7, 1);
  assert_asks_after(x, 60, 7, 4, OPEN);
  nothing_there(x, 7, 1);
  see(x, 7, 4, 4); // news
  assert_asks_after(x, 1, 7, 5, OPEN);
}

static void test_what_lies_below_the_first(void **state) {
  struct fixture *x = *state;
  see(x, 7, 50, 60);
  see(x, 7, 63, 63);
  assert_asks(x, 7, 61, 62); // what is missing comes first
  answer(x, 7, 61, 62, 11);
  assert_asks(x, 7, 1, 49);
  answer(x, 7, 11, 20, 11); // of which it has no more than these
  assert_asks(x, 7, 21, 49);
  answer(x, 7, 21, 49, 11);
  assert_asks_after(x, 1, 7, 64, OPEN); // and never again
  assert_int_equal(x->seen.missing, 0);
}

static void test_what_is_gone_stays_missing(void **state) {
  struct fixture *x = *state;
  see(x, 7, 1, 1);
  see(x, 7, 10, 10);
  assert_asks(x, 7, 2, 9);
  answer(x, 7, 6, 9, 6);
  assert_int_equal(x->seen.missing, 4);
  for (int i = 0; i < 20; i++) {
    wait_until_it_asks(x);
    assert_int_equal(x->range.first, 11);
    nothing_there(x, 7, 6);
  }
  see(x, 7, 13, 13);
  assert_asks(x, 7, 11, 12);
  nothing_there(x, 7, 13);
  assert_asks_after(x, 1, 7, 14, OPEN);
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
  assert_asks_after(x, 1, 7, 2, OPEN);
  for (int64_t wait = 1; wait < 60; wait *= 2) {
    vsm_holes_failed(&x->holes, &x->range, x->now_us);
    assert_asks_after(x, wait, 7, 2, OPEN);
  }
  vsm_holes_failed(&x->holes, &x->range, x->now_us);
  see(x, 7, 3, 3);
  assert_asks(x, 7, 2, 2); // what is missing does not wait for that
  vsm_holes_unsent(&x->holes, &x->range, x->now_us);
  assert_asks_after(x, 1, 7, 2, 2);
  vsm_holes_failed(&x->holes, &x->range, x->now_us);
  assert_asks_after(x, 1, 7, 2, 2);
  vsm_holes_failed(&x->holes, &x->range, x->now_us);
  vsm_holes_connected(&x->holes, x->now_us);
  assert_asks_after(x, 0, 7, 2, 2); // well under a second
  answer(x, 7, 2, 2, 1);
  assert_asks_after(x, 0, 7, 4, OPEN); // a second after the connection
}

static void test_one_that_was_never_heard(void **state) {
  struct fixture *x = *state;
  assert_asks_after(x, 1, 0, 1, OPEN);
  nothing_there(x, 5, 3); // it has epoch 5, from 3 on
  assert_asks_after(x, 1, 5, 3, OPEN);
  answer(x, 5, 3, 9, 3);
  assert_asks(x, 5, 10, OPEN);
  nothing_there(x, 8, 1);
  assert_asks_after(x, 1, 8, 1, OPEN);
  answer(x, 8, 1, 2, 1);
  assert_asks(x, 8, 3, OPEN);
  nothing_there(x, 8, 1);
  assert_asks_after(x, 1, 8, 3, OPEN);
}

static void test_the_rest_of_an_older_epoch(void **state) {
  struct fixture *x = *state;
  see(x, 5, 1, 3);
  see(x, 5, 6, 9);
  assert_asks(x, 5, 4, 5);
  vsm_holes_failed(&x->holes, &x->range, x->now_us);
  see(x, 9, 2, 4); // it began anew meanwhile
  see(x, 9, 6, 6);
  x->now_us += VSM_SECOND_US;
  assert_asks(x, 9, 5, 5);
  answer(x, 9, 5, 5, 1);
  assert_asks(x, 5, 4, OPEN);
  answer(x, 5, 4, 12, 1);
  assert_asks(x, 5, 13, OPEN);
  nothing_there(x, 7, 2); // and one between, of which nothing was heard
  assert_asks(x, 7, 2, OPEN);
  answer(x, 7, 2, 3, 2);
  assert_asks(x, 7, 4, OPEN);
  nothing_there(x, 9, 1);
  assert_asks(x, 9, 1, 1);
  answer(x, 9, 1, 1, 1);
  assert_asks_after(x, 1, 9, 7, OPEN);
  assert_int_equal(x->seen.missing, 0);
}

static void test_an_older_epoch_of_which_nothing_can_be_had(void **state) {
  struct fixture *x = *state;
  assert_asks_after(x, 1, 0, 1, OPEN);
  vsm_holes_failed(&x->holes, &x->range, x->now_us);
  see(x, 9, 1, 3);
  see(x, 9, 5, 5);
  assert_asks(x, 9, 4, 4);
  answer(x, 9, 4, 4, 1);
  wait_until_it_asks(x);
  assert_int_equal(x->range.epoch, 0);
  int64_t failed_us = x->now_us, wait = 2;
  vsm_holes_failed(&x->holes, &x->range, x->now_us);
  assert_asks(x, 9, 6, OPEN); // does not wait for it
  nothing_there(x, 9, 1);
  for (int failures = 0; failures < 20;) { // and it is not given up
    wait_until_it_asks(x);
    if (x->range.epoch == 9) {
      nothing_there(x, 9, 1);
      continue;
    }
    assert_int_equal(x->range.epoch, 0);
    assert_int_equal((x->now_us - failed_us) / VSM_SECOND_US, wait);
    failed_us = x->now_us;
    failures++;
    wait = wait < 32 ? wait * 2 : 60;
    vsm_holes_failed(&x->holes, &x->range, x->now_us);
  }
  see(x, 9, 7, 7);
  vsm_holes_connected(&x->holes, x->now_us);
  assert_asks_after(x, 0, 9, 6, 6);
  answer(x, 9, 6, 6, 1);
  assert_asks(x, 0, 1, OPEN);
  nothing_there(x, 9, 1); // it has nothing of it
  assert_asks_after(x, 0, 9, 8, OPEN);
}

static void test_one_that_is_passed_over(void **state) {
  struct fixture *x = *state;
  see(x, 7, 3, 3);
  see(x, 7, 5, 5);
  assert_asks(x, 7, 4, 4);
  vsm_holes_passed_over(&x->holes, &x->range);
  assert_asks(x, 7, 1, 2);
  x->range.last = 1;
  vsm_holes_passed_over(&x->holes, &x->range);
  assert_asks(x, 7, 2, 2);
  vsm_holes_passed_over(&x->holes, &x->range);
  assert_asks_after(x, 1, 7, 6, OPEN);
  x->range.last = 6;
  vsm_holes_passed_over(&x->holes, &x->range);
  assert_asks(x, 7, 7, OPEN);
  assert_int_equal(x->seen.missing, 1);
}

static void test_the_greatest_numbers(void **state) {
  struct fixture *x = *state;
  see(x, 7, UINT64_MAX - 5, UINT64_MAX - 5);
  assert_asks(x, 7, 1, UINT64_MAX - 6);
  nothing_there(x, 7, UINT64_MAX - 5);
  assert_asks_after(x, 1, 7, UINT64_MAX - 4, UINT64_MAX);
  nothing_there(x, 7, UINT64_MAX - 5);
  vsm_sequence_see(&x->seen, 7, UINT64_MAX);
  assert_asks(x, 7, UINT64_MAX - 4, UINT64_MAX - 1);
  nothing_there(x, 7, UINT64_MAX);
  assert_asks_after(x, 1, 7, UINT64_MAX, UINT64_MAX);
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
  assert_asks(x, 5, 4, 4);
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
      TEST(test_the_greatest_numbers),
      TEST(test_an_older_epoch_of_which_nothing_can_be_had),
      TEST(test_one_that_is_passed_over),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
