#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "agents/vsm/cmd.h"

static struct {
  bool json;
  const char *query;
  uint64_t limit;
  struct vsm_flag_list data;
} got;

// Moves the plain arguments in argv, as vsm_options() does.
static int parse(int argc, const char **argv, int *n) {
  const struct vsm_flag flags[] = {
      {"json", VSM_FLAG, &got.json, NULL, ""},
      {"query", VSM_FLAG_TEXT, &got.query, "ENDPOINT", ""},
      {"limit", VSM_FLAG_COUNT, &got.limit, "N", ""},
      {"data", VSM_FLAG_LIST, &got.data, "K=V", ""},
  };
  memset(&got, 0, sizeof got);
  return vsm_options(argc, (char **)argv, &(struct vsm_usage){"vsm x KEY", "", "", VSM_ARRAY(flags), 1, 2}, n);
}

#define PARSE(n, ...)                                                                                                  \
  parse((int)(sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *)), (const char *[]){__VA_ARGS__}, n)

static void test_taken(void **state) {
  (void)state;
  int n;
  const char *argv[] = {"x", "--json", "--limit=7", "key", "--data", "a=1", "--query", "tcp://h:1", "--data=b=2"};
  assert_int_equal(parse(9, argv, &n), -1);
  assert_int_equal(n, 1);
  assert_string_equal(argv[1], "key");
  assert_true(got.json);
  assert_int_equal(got.limit, 7);
  assert_string_equal(got.query, "tcp://h:1");
  assert_int_equal(got.data.n, 2);
  assert_string_equal(got.data.at[1], "b=2");
}

static void test_behind_two_dashes_all_is_plain(void **state) {
  (void)state;
  int n;
  const char *argv[] = {"x", "--", "--json", "-k"};
  assert_int_equal(parse(4, argv, &n), -1);
  assert_int_equal(n, 2);
  assert_string_equal(argv[1], "--json");
  assert_string_equal(argv[2], "-k");
}

static void test_a_single_dash_is_an_argument(void **state) {
  (void)state;
  int n;
  assert_int_equal(PARSE(&n, "x", "-"), -1);
}

static void test_refused(void **state) {
  (void)state;
  int n;
  assert_int_equal(PARSE(&n, "x"), VSM_WRONG_USAGE);
  assert_int_equal(PARSE(&n, "x", "a", "b", "c"), VSM_WRONG_USAGE);
  assert_int_equal(PARSE(&n, "x", "a", "--jsn"), VSM_WRONG_USAGE);
  assert_int_equal(PARSE(&n, "x", "a", "-json"), VSM_WRONG_USAGE);
  assert_int_equal(PARSE(&n, "x", "a", "--json=yes"), VSM_WRONG_USAGE);
  assert_int_equal(PARSE(&n, "x", "a", "--limit"), VSM_WRONG_USAGE);
  assert_int_equal(PARSE(&n, "x", "a", "--limit", "many"), VSM_WRONG_USAGE);
  assert_int_equal(PARSE(&n, "x", "a", "--limit", "-1"), VSM_WRONG_USAGE);
  assert_int_equal(PARSE(&n, "x", "a", "--limit", "99999999999999999999"), VSM_WRONG_USAGE);
}

static void test_help_comes_first(void **state) {
  (void)state;
  int n;
  assert_int_equal(PARSE(&n, "x", "--help"), VSM_DONE);
  assert_int_equal(PARSE(&n, "x", "--nonsense", "--help"), VSM_DONE);
  assert_int_equal(PARSE(&n, "x", "-h"), VSM_DONE);
}

static void test_nearest(void **state) {
  (void)state;
  static const char *const names[] = {"emit", "replay", "status", "items", "item"};
  assert_string_equal(vsm_nearest("statsu", names, 5), "status");
  assert_string_equal(vsm_nearest("itms", names, 5), "items");
  assert_string_equal(vsm_nearest("relpay", names, 5), "replay");
  assert_null(vsm_nearest("frobnicate", names, 5));
  assert_null(vsm_nearest("", names, 0));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_taken),
      cmocka_unit_test(test_behind_two_dashes_all_is_plain),
      cmocka_unit_test(test_a_single_dash_is_an_argument),
      cmocka_unit_test(test_refused),
      cmocka_unit_test(test_help_comes_first),
      cmocka_unit_test(test_nearest),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
