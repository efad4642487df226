// How often wrong tokens may be tried, as a story in virtual time.
#include "agents/web/attempts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

enum { SECOND = 1000, T0 = 5000000 };

static void test_of_one(void **state) {
  (void)state;
  struct vsm_attempts a = {0};
  for (int i = 0; i < VSM_ATTEMPTS_OF_ONE; i++) {
    assert_int_equal(vsm_attempts_wait_s(&a, "10.0.0.1", T0 + i * SECOND), 0);
    vsm_attempts_failed(&a, "10.0.0.1", T0 + i * SECOND);
  }
  assert_int_equal(vsm_attempts_wait_s(&a, "10.0.0.1", T0 + 10 * SECOND), 50);
  assert_int_equal(vsm_attempts_wait_s(&a, "10.0.0.1", T0 + 60 * SECOND - 1), 1);
  assert_int_equal(vsm_attempts_wait_s(&a, "10.0.0.2", T0 + 10 * SECOND), 0);
  assert_int_equal(vsm_attempts_wait_s(&a, "10.0.0.1", T0 + 60 * SECOND), 0);
  vsm_attempts_failed(&a, "10.0.0.1", T0 + 60 * SECOND);
  assert_int_equal(vsm_attempts_wait_s(&a, "10.0.0.1", T0 + 60 * SECOND), 0);
  assert_int_equal(a.failed, 11);
  assert_int_equal(a.put_off, 2);
}

// From an address each: nobody has tried twice, and then everybody waits, who never tried among them.
static void test_of_all(void **state) {
  (void)state;
  struct vsm_attempts a = {0};
  char address[32];
  for (int i = 0; i < VSM_ATTEMPTS_OF_ALL; i++) {
    snprintf(address, sizeof address, "10.0.%d.1", i);
    assert_int_equal(vsm_attempts_wait_s(&a, address, T0 + i), 0);
    vsm_attempts_failed(&a, address, T0 + i);
  }
  assert_int_equal(vsm_attempts_wait_s(&a, "10.9.9.9", T0 + 30 * SECOND), 30);
  assert_int_equal(vsm_attempts_wait_s(&a, "10.9.9.9", T0 + 60 * SECOND), 0);
}

// There are places for as many as may try within a minute; the one whose time ends first makes room for another.
static void test_places(void **state) {
  (void)state;
  struct vsm_attempts a = {0};
  char address[32];
  for (int minute = 0; minute < 3; minute++)
    for (int i = 0; i < VSM_ATTEMPTS_OF_ALL; i++) {
      snprintf(address, sizeof address, "10.%d.%d.1", minute, i);
      vsm_attempts_failed(&a, address, T0 + minute * VSM_ATTEMPTS_MS + i);
    }
  for (int i = 1; i < VSM_ATTEMPTS_OF_ONE; i++)
    vsm_attempts_failed(&a, "10.2.99.1", T0 + 2 * VSM_ATTEMPTS_MS + 99);
  assert_int_equal(vsm_attempts_wait_s(&a, "10.2.99.1", T0 + 3 * VSM_ATTEMPTS_MS), 1);
  assert_int_equal(vsm_attempts_wait_s(&a, "10.2.0.1", T0 + 3 * VSM_ATTEMPTS_MS), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_of_one), cmocka_unit_test(test_of_all),
                                     cmocka_unit_test(test_places)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
