#include "base/name.h"

#include "tests/lib/test.h"

static void test_sources(void **state) {
  (void)state;
  char longest[VSM_SOURCE_BYTES_MAX + 2];
  memset(longest, 'a', sizeof longest - 1);
  longest[sizeof longest - 1] = '\0';
  assert_true(vsm_name_is_source(VSM_STR("Az09._:/~%@+#-")));
  assert_false(vsm_name_is_source(VSM_STR("")));
  assert_false(vsm_name_is_source(VSM_STR("two words")));
  assert_false(vsm_name_is_source(VSM_STR("a\0b")));
  assert_false(vsm_name_is_source(VSM_STR("caf\xc3\xa9")));
  assert_true(vsm_name_is_source((struct vsm_str){longest, VSM_SOURCE_BYTES_MAX}));
  assert_false(vsm_name_is_source((struct vsm_str){longest, VSM_SOURCE_BYTES_MAX + 1}));
  assert_int_equal(vsm_name_source_span("crm*x"), 3);
  assert_int_equal(vsm_name_source_span("crm"), 3);
  assert_int_equal(vsm_name_source_span("\xff"), 0);
}

static const char *name_at(const void *of, size_t i) {
  return ((const char *const *)of)[i];
}

static void test_nearest(void **state) {
  (void)state;
  static const char *const names[] = {"wall", "id", "stall_after", "stage_stall_after", "", NULL};
  const struct {
    const char *given, *near;
  } all[] = {{"wal", "wall"},
             {"awll", "wall"},
             {"walled", "wall"},
             {"ie", "id"},
             {"stal_aftr", "stall_after"},
             {"stag_stall_after", "stage_stall_after"},
             {"frobnicate", NULL},
             {"", NULL},
             {"xy", NULL}};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    const char *near = vsm_name_nearest(all[i].given, name_at, names);
    if (all[i].near)
      assert_string_equal(near ? near : all[i].given, all[i].near);
    else
      assert_null(near);
  }
}

static void test_index(void **state) {
  (void)state;
  static const char *const names[] = {"wall", "id", "", "id", NULL};
  assert_int_equal(vsm_name_index("wall", name_at, names), 0);
  assert_int_equal(vsm_name_index("id", name_at, names), 1);
  assert_int_equal(vsm_name_index("", name_at, names), 2);
  assert_int_equal(vsm_name_index("ID", name_at, names), -1);
}

static void test_a_name_that_is_very_long_is_near_to_none(void **state) {
  (void)state;
  char given[4096];
  memset(given, 'w', sizeof given - 1);
  given[sizeof given - 1] = '\0';
  assert_null(vsm_name_nearest(given, name_at, (const char *const[]){given, NULL}));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_sources),
      cmocka_unit_test(test_index),
      cmocka_unit_test(test_nearest),
      cmocka_unit_test(test_a_name_that_is_very_long_is_near_to_none),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
