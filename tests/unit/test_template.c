// Templates and fields of the mapping.
#include "base/err.h"
#include "core/template.h"
#include "tests/lib/arena.h"
#include "tests/lib/test.h"

static const struct vsm_attr ATTRS[] = {
    {{"order", 5}, {"4711", 4}},
    {{"empty", 5}, {"", 0}},
    {{"a.b", 3}, {"nested", 6}},
    {{"order", 5}, {"the second one", 14}},
};
static const struct vsm_event EVENT = {
    .source = {"crm", 3}, .id = {"e1", 2}, .type = {"t", 1}, .subject = {"S-9", 3}, .attrs = ATTRS, .n_attrs = 4};

static long expand(void **state, const char *text, char *buf, size_t size, const struct vsm_field **missing) {
  struct vsm_template t;
  size_t at;
  const char *what;
  assert_int_equal(vsm_template_parse(*state, text, &t, &at, &what), 0);
  return vsm_template_expand(&t, &EVENT, buf, size, missing);
}

static void fields_are_filled_in(void **state) {
  static const struct {
    const char *text, *result;
  } cases[] = {
      {"", ""},
      {"plain", "plain"},
      {"{subject}", "S-9"},
      {"so:{data.order}", "so:the second one"},
      {"{source}/{type}/{id}", "crm/t/e1"},
      {"{data.a.b}{data.a.b}!", "nestednested!"},
      {"{{{subject}}}", "{S-9}"},
      {"{{{{a}}b}}}}", "{{a}b}}"},
      {"a{{b", "a{b"},
      {"}}", "}"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char buf[64];
    long n = expand(state, cases[i].text, buf, sizeof buf, NULL);
    assert_int_equal(n, (long)strlen(cases[i].result));
    assert_memory_equal(buf, cases[i].result, (size_t)n);
  }
}

static void a_missing_or_empty_field_is_named(void **state) {
  char buf[64];
  const struct vsm_field *missing = NULL;
  assert_int_equal(expand(state, "{subject}{data.nope}{data.empty}", buf, sizeof buf, &missing), -1);
  assert_true(vsm_str_eq(missing->text, VSM_STR("nope")));
  assert_int_equal(expand(state, "{data.empty}", buf, sizeof buf, &missing), -1);
  assert_true(vsm_str_eq(missing->text, VSM_STR("empty")));
  assert_int_equal(expand(state, "{data.empty}", buf, sizeof buf, NULL), -1);
}

static void a_missing_field_is_said_before_what_is_too_long(void **state) {
  char buf[4];
  assert_int_equal(expand(state, "1234", buf, 4, NULL), 4);
  assert_int_equal(expand(state, "1{data.order}", buf, 4, NULL), -2);
  assert_int_equal(expand(state, "{data.nope}1{data.order}", buf, 4, NULL), -1);
  assert_int_equal(expand(state, "1{data.order}{data.nope}", buf, 4, NULL), -1);
}

static void mistakes_have_a_place(void **state) {
  static const struct {
    const char *text, *what;
    size_t at;
  } cases[] = {
      {"a}b", "without {", 1},          {"a{b", "without }", 1},
      {"{a{b}}", "unknown field", 0},   {"{", "without }", 0},
      {"x{}", "unknown field", 1},      {"x{Subject}", "unknown field", 1},
      {"x{data.}", "unknown field", 1}, {"x{data}", "unknown field", 1},
      {"{subject}}", "without {", 9},   {"{ subject}", "unknown field", 0},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct vsm_template t;
    size_t at = 999;
    const char *what = "";
    assert_int_equal(vsm_template_parse(*state, cases[i].text, &t, &at, &what), VSM_EFORMAT);
    assert_int_equal(at, cases[i].at);
    assert_non_null(strstr(what, cases[i].what));
  }
}

static void a_single_field(void **state) {
  (void)state;
  struct vsm_field f;
  const char *what = NULL;
  assert_int_equal(vsm_field_parse("data.x.y", &f, &what), 0);
  assert_int_equal(f.kind, VSM_F_DATA);
  assert_true(vsm_str_eq(f.text, VSM_STR("x.y")));
  assert_int_equal(vsm_field_value(&f, &EVENT).n, 0);
  assert_int_equal(vsm_field_parse("subject", &f, &what), 0);
  assert_true(vsm_str_eq(vsm_field_value(&f, &EVENT), VSM_STR("S-9")));
  assert_int_equal(vsm_field_parse("sbject", &f, &what), VSM_EFORMAT);
  assert_non_null(what);
}

static void no_memory_is_an_error(void **state) {
  (void)state;
  struct vsm_arena none;
  vsm_arena_init(&none, 1);
  struct vsm_template t;
  size_t at;
  const char *what;
  assert_int_equal(vsm_template_parse(&none, "x", &t, &at, &what), VSM_ENOMEM);
  vsm_arena_fini(&none);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(fields_are_filled_in),
      cmocka_unit_test(a_missing_or_empty_field_is_named),
      cmocka_unit_test(a_missing_field_is_said_before_what_is_too_long),
      cmocka_unit_test(mistakes_have_a_place),
      cmocka_unit_test(a_single_field),
      cmocka_unit_test(no_memory_is_an_error),
  };
  return cmocka_run_group_tests(tests, arena_setup, arena_teardown);
}
