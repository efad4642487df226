// Names of enumerations, and globs.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/core.h"
#include "core/view.h"

static void each_value_has_its_name(void **state) {
  (void)state;
  static const char *const lifecycles[] = {"schedule", "start",    "suspend",  "resume", "complete",
                                           "finish",   "withdraw", "progress", ""};
  for (int i = 0; i <= VSM_NO_LIFECYCLE; i++)
    assert_string_equal(vsm_lifecycle_name(i), lifecycles[i]);
  static const char *const parties[] = {"us", "customer", "third-party"};
  for (int i = 0; i <= VSM_THIRD_PARTY; i++)
    assert_string_equal(vsm_party_name(i), parties[i]);
  static const char *const results[] = {"applied", "duplicate", "unmapped", "ignored", "rejected"};
  for (int i = 0; i <= VSM_REJECTED; i++)
    assert_string_equal(vsm_result_name(i), results[i]);
  static const char *const states[] = {"queued", "active", "suspended", "", "between"};
  for (int i = 0; i <= VSM_BETWEEN; i++)
    assert_string_equal(vsm_visit_state_name(i), states[i]);
  static const char *const hows[] = {"", "completed", "skipped", "returned", "withdrawn"};
  for (int i = 0; i <= VSM_WITHDRAWN; i++)
    assert_string_equal(vsm_how_name(i), hows[i]);
  assert_string_equal(vsm_reason_name(VSM_R_NONE), "");
  assert_string_equal(vsm_reason_name(VSM_R_FRAME_TOO_LARGE), "frame_too_large");
  assert_string_equal(vsm_reason_name(VSM_R_LINK_REFUSED), "link_refused");
}

static void globs(void **state) {
  (void)state;
  static const struct {
    const char *glob, *text;
    bool match;
  } cases[] = {
      {"", "", true},           {"", "a", false},
      {"a", "", false},         {"abc", "abc", true},
      {"abc", "abd", false},    {"abc", "abcd", false},
      {"abcd", "abc", false},   {"Abc", "abc", false},
      {"*", "", true},          {"*", "anything", true},
      {"**", "x", true},        {"a*", "a", true},
      {"a*", "ba", false},      {"*a", "bbba", true},
      {"*a", "bab", false},     {"a*b*c", "a1b2b3c", true},
      {"a*b*c", "acb", false},  {"*.s14.*", "market.s14.received", true},
      {"*ab*ab", "abab", true}, {"*ab*ab", "ab", false},
      {"*aab", "aaab", true},   {"a?c", "abc", false},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    assert_int_equal(vsm_glob_match(vsm_str_of(cases[i].glob), vsm_str_of(cases[i].text)), cases[i].match);
}

static void many_stars_take_no_more_than_product_time(void **state) {
  (void)state;
  char glob[2001], text[20001];
  memset(text, 'a', sizeof text);
  for (size_t i = 0; i + 1 < sizeof glob; i += 2)
    memcpy(glob + i, "*a", 2);
  glob[2000] = 'b';
  assert_false(vsm_glob_match((struct vsm_str){glob, sizeof glob}, (struct vsm_str){text, sizeof text}));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_value_has_its_name),
      cmocka_unit_test(globs),
      cmocka_unit_test(many_stars_take_no_more_than_product_time),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
