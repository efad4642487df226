#include "shell/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/lib/test.h"

static char said[65536];

// What `speak` writes on standard error, in `said`. Returns the number of lines.
static int listen_to(void (*speak)(void)) {
  FILE *f = tmpfile();
  int standard_error = dup(STDERR_FILENO);
  assert_true(f && standard_error >= 0 && dup2(fileno(f), STDERR_FILENO) >= 0);
  speak();
  dup2(standard_error, STDERR_FILENO);
  close(standard_error);
  rewind(f);
  said[fread(said, 1, sizeof said - 1, f)] = '\0';
  fclose(f);
  int lines = 0;
  for (const char *c = said; *c; c++)
    lines += *c == '\n';
  return lines;
}

static void say_odd_things(void) {
  vsm_log("plain", "a=%d", 1);
  vsm_log("odd", "text=\"%s\"", "two\nlines\r\033[31mred");
  vsm_log("long", "text=%5000d", 7);
}

static void test_one_line_per_event(void **state) {
  (void)state;
  assert_int_equal(listen_to(say_odd_things), 3);
  assert_non_null(strstr(said, "event=plain a=1\n"));
  assert_non_null(strstr(said, "event=odd text=\"two lines  [31mred\"\n"));
  assert_non_null(strstr(said, "\nevent=long text="));
}

static void say_much(void) {
  static struct vsm_log_gates gates;
  for (int i = 0; i < 1000; i++) {
    vsm_log_gated(&gates, VSM_STR("noisy"), "refused", "n=%d", i);
    if (i % 500 == 0)
      vsm_log_gated(&gates, VSM_STR("other"), "refused", "other=%d", i);
    if (i % 500 == 1)
      vsm_log_gated(&gates, VSM_STR("noisy"), "lost", "kind=%d", i);
  }
}

static void test_gates(void **state) {
  (void)state;
  // The minute may change under way, and then as many pass again, with one line about those held back.
  int lines = listen_to(say_much);
  assert_true(lines == VSM_LOG_BURST + 4 || lines == 2 * VSM_LOG_BURST + 5);
  assert_non_null(strstr(said, "other=500"));
  assert_non_null(strstr(said, "kind=501"));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_one_line_per_event), cmocka_unit_test(test_gates)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
