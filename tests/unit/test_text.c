#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "agents/vsm/text.h"

static void test_durations(void **state) {
  (void)state;
  static const struct {
    double seconds;
    const char *text;
  } cases[] = {
      {-1, "-"},          {0, "0 s"},         {0.3, "0.3 s"},        {9.94, "9.9 s"},     {9.96, "10 s"},
      {41, "41 s"},       {59.4, "59 s"},     {59.6, "1 m 00 s"},    {61, "1 m 01 s"},    {599, "9 m 59 s"},
      {599.7, "10 m"},    {3569, "59 m"},     {3570, "1 h 00 m"},    {11100, "3 h 05 m"}, {86369, "23 h 59 m"},
      {86370, "1 d 0 h"}, {90000, "1 d 1 h"}, {1051200, "12 d 4 h"}, {8640000, "100 d"},  {1e12, "11574074 d"},
  };
  char buf[32];
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    assert_string_equal(vsm_text_duration(cases[i].seconds, buf, sizeof buf), cases[i].text);
}

static void test_working_days(void **state) {
  (void)state;
  static const struct {
    double hours, day;
    const char *text;
  } cases[] = {{-1, 9, "-"},          {0, 9, "0 s"},       {5.5, 9, "5 h 30 m"}, {8.94, 9, "8 h 56 m"},
               {8.96, 9, "1 wd"},     {9, 9, "1 wd"},      {9.9, 9, "1.1 wd"},   {18, 9, "2 wd"},
               {111.6, 9, "12.4 wd"}, {899, 9, "99.9 wd"}, {899.9, 9, "100 wd"}, {1129.5, 9, "126 wd"},
               {36, 24, "1.5 wd"},    {36, 0, "1 d 12 h"}, {-90, 9, "-"}};
  char buf[32];
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    assert_string_equal(vsm_text_worked(cases[i].hours * 3600, cases[i].day * 3600, buf, sizeof buf), cases[i].text);
}

static void test_numbers_and_times(void **state) {
  (void)state;
  char buf[32];
  assert_string_equal(vsm_text_number(0, buf, sizeof buf), "0");
  assert_string_equal(vsm_text_number(999, buf, sizeof buf), "999");
  assert_string_equal(vsm_text_number(65533, buf, sizeof buf), "65,533");
  assert_string_equal(vsm_text_number(18446744073709551615u, buf, sizeof buf), "18,446,744,073,709,551,615");
  assert_string_equal(vsm_text_time(0, buf, sizeof buf), "-");
  assert_string_equal(vsm_text_time(1738324800999999999u, buf, sizeof buf), "2025-01-31 12:00:00");
}

static void test_what_comes_from_outside_cannot_move_the_cursor(void **state) {
  (void)state;
  char buf[32], small[4];
  assert_string_equal(vsm_text_plain("a\033[2Jb\n\xc2\x9b"
                                     "c\xc3\xa4",
                                     buf, sizeof buf),
                      "a?[2Jb??c\xc3\xa4");
  assert_string_equal(vsm_text_plain("ab\xc3\xa4", small, sizeof small), "ab"); // no half character
  assert_int_equal(vsm_text_width("\xc3\xa4\xe2\x82\xac!"), 3);
}

static void test_table(void **state) {
  (void)state;
  char *text;
  size_t n;
  FILE *out = open_memstream(&text, &n);
  struct vsm_text_table *t = vsm_text_table_create("lrl", "name", "count", "note");
  vsm_text_table_row(t, "\xc3\xa4", "7", "");
  vsm_text_table_row(t, "longer name", "1,000", "x\ty");
  vsm_text_table_print(t, out);
  fclose(out);
  assert_string_equal(text, "name         count  note\n"
                            "\xc3\xa4                7\n"
                            "longer name  1,000  x?y\n");
  free(text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_durations),
      cmocka_unit_test(test_working_days),
      cmocka_unit_test(test_numbers_and_times),
      cmocka_unit_test(test_what_comes_from_outside_cannot_move_the_cursor),
      cmocka_unit_test(test_table),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
