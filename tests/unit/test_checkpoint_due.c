// When a checkpoint is due.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/time.h"
#include "shell/checkpoint_due.h"

static const struct {
  const char *what;
  struct vsm_checkpoint_due due;
  bool is_due;
} cases[] = {
    {"nothing came", {0}, false},
    {"many events", {.events = 5000000}, true},
    {"not quite so many", {.events = 4999999, .us = 14 * VSM_MINUTE_US}, false},
    {"a quarter of an hour", {.events = 1, .us = 15 * VSM_MINUTE_US}, true},
    {"one failed, and it is too early, whatever came",
     {.events = 9000000, .us = 59 * VSM_SECOND_US, .failed = true},
     false},
    {"one failed, and a minute passed", {.us = VSM_MINUTE_US, .failed = true}, true},
    {"crowded, and too early", {.us = 59 * VSM_SECOND_US, .crowded = true}, false},
    {"crowded", {.us = VSM_MINUTE_US, .took_us = 12 * VSM_SECOND_US, .crowded = true}, true},
    {"crowded, and each takes long", {.us = VSM_MINUTE_US, .took_us = 13 * VSM_SECOND_US, .crowded = true}, false},
    {"crowded, a fifth of the time", {.us = 65 * VSM_SECOND_US, .took_us = 13 * VSM_SECOND_US, .crowded = true}, true},
};

static void test_when(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    if (vsm_checkpoint_is_due(&cases[i].due) != cases[i].is_due)
      fail_msg("%s", cases[i].what);
}

static void test_it_is_not_waited_for_without_end(void **state) {
  (void)state;
  assert_false(vsm_checkpoint_may_follow(VSM_MINUTE_US - 1));
  assert_true(vsm_checkpoint_may_follow(VSM_MINUTE_US));
  assert_false(vsm_checkpoint_starves(5 * VSM_MINUTE_US - 1));
  assert_true(vsm_checkpoint_starves(5 * VSM_MINUTE_US));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_when),
                                     cmocka_unit_test(test_it_is_not_waited_for_without_end)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
