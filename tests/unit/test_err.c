#include "base/err.h"

#include "base/str.h"
#include "base/text.h"
#include "tests/lib/test.h"

static void every_error_has_its_text(void **state) {
  (void)state;
  assert_string_equal(vsm_err_text(VSM_ENOMEM), "out of memory");
#define X(name, code, text)                                                                                            \
  assert_int_equal(VSM_E##name, -(code));                                                                              \
  assert_string_equal(vsm_err_text(VSM_E##name), text);
  VSM_ERRORS(X)
#undef X
}

static void what_is_no_error_has_a_text_too(void **state) {
  (void)state;
  static const int others[] = {0, 1, -1000};
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    assert_non_null(vsm_err_text(others[i]));
}

static void texts_are_ordered_by_bytes_a_prefix_first(void **state) {
  (void)state;
  assert_true(vsm_str_cmp(VSM_STR("wo"), VSM_STR("wo:1")) < 0);
  assert_true(vsm_str_cmp(VSM_STR("wp"), VSM_STR("wo:1")) > 0);
  assert_true(vsm_str_cmp(VSM_STR("\xff"), VSM_STR("a")) > 0);
  assert_int_equal(vsm_str_cmp((struct vsm_str){0}, VSM_STR("")), 0);
  assert_true(vsm_str_eq(vsm_str_of(NULL), VSM_STR("")));
}

static void formatted_text_is_cut_to_fit(void **state) {
  (void)state;
  char buf[8];
  assert_int_equal(vsm_text_format(buf, sizeof buf, "%s", "field"), 5);
  assert_string_equal(buf, "field");
  assert_int_equal(vsm_text_format(buf, sizeof buf, "%s", "longer than that"), 7);
  assert_string_equal(buf, "longer ");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_error_has_its_text), cmocka_unit_test(what_is_no_error_has_a_text_too),
      cmocka_unit_test(texts_are_ordered_by_bytes_a_prefix_first), cmocka_unit_test(formatted_text_is_cut_to_fit)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
