#include "shell/log.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
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

static void say_at_each_level(void) {
  vsm_log("batch", "n=1"); // debug
  vsm_log("any_other", "n=2");
  vsm_log("ready", "n=3");         // notice
  vsm_log("refused", "n=4");       // warning
  vsm_log("listen_failed", "n=5"); // error
}

static void turn(int signal, int times) {
  while (times-- > 0)
    vsm_log_signal(signal);
}

static void turn_down(void) {
  turn(SIGUSR2, 9);
}

static void turn_up(void) {
  turn(SIGUSR1, 9);
}

static void test_levels(void **state) {
  (void)state;
  assert_int_equal(vsm_log_level_of("any_other"), VSM_LOG_INFO);
  assert_int_equal(listen_to(say_at_each_level), 4);
  assert_int_equal(listen_to(turn_down), 3); // and no further than errors
  assert_string_equal(said,
                      "event=log_level level=notice\nevent=log_level level=warning\nevent=log_level level=error\n");
  assert_int_equal(listen_to(say_at_each_level), 1);
  assert_string_equal(said, "event=listen_failed n=5\n");
  assert_false(vsm_log_wants(VSM_LOG_WARNING));
  assert_int_equal(listen_to(turn_up), 4);
  assert_int_equal(listen_to(say_at_each_level), 5);
  assert_true(vsm_log_wants(VSM_LOG_DEBUG));
  turn(SIGUSR2, 1);
  turn(SIGHUP, 1); // is none of its signals
  assert_int_equal(listen_to(say_at_each_level), 4);
}

static void say_to_the_journal(void) {
  char stream[64];
  struct stat s;
  assert_int_equal(fstat(STDERR_FILENO, &s), 0);
  snprintf(stream, sizeof stream, "%llu:%llu", (unsigned long long)s.st_dev, (unsigned long long)s.st_ino);
  setenv("JOURNAL_STREAM", stream, 1);
  say_at_each_level();
  setenv("JOURNAL_STREAM", "8:1", 1); // of something else than standard error
  vsm_log("refused", "n=6");
  unsetenv("JOURNAL_STREAM");
}

static void test_levels_for_the_journal(void **state) {
  (void)state;
  listen_to(say_to_the_journal);
  assert_string_equal(said, "<6>event=any_other n=2\n<5>event=ready n=3\n<4>event=refused n=4\n"
                            "<3>event=listen_failed n=5\nevent=refused n=6\n");
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_one_line_per_event), cmocka_unit_test(test_gates),
                                     cmocka_unit_test(test_levels), cmocka_unit_test(test_levels_for_the_journal)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
