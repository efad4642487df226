// The epoch in the state directory.
#include "store/epoch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "tests/lib/test.h"

struct fixture {
  char directory[32], path[64];
};

static int setup(void **state) {
  struct fixture *f = *state = calloc(1, sizeof *f);
  strcpy(f->directory, "/tmp/vsm-epoch-XXXXXX");
  assert_non_null(mkdtemp(f->directory));
  snprintf(f->path, sizeof f->path, "%s/epoch", f->directory);
  return 0;
}

static int teardown(void **state) {
  struct fixture *f = *state;
  unlink(f->path);
  rmdir(f->path);
  assert_int_equal(rmdir(f->directory), 0); // nothing else is left
  free(f);
  return 0;
}

static uint64_t take(struct fixture *f, uint64_t least) {
  uint64_t epoch;
  struct vsm_journal_why why;
  assert_int_equal(vsm_epoch_take(f->directory, least, &epoch, &why), 0);
  return epoch;
}

static void test_it_grows(void **state) {
  struct fixture *f = *state;
  assert_int_equal(take(f, 1000), 1000);
  assert_int_equal(take(f, 2000), 2000);
  assert_int_equal(take(f, 2000), 2001);
  assert_int_equal(take(f, 500), 2002); // the clock was set back
  assert_int_equal(take(f, 2003), 2003);
}

static void test_what_is_no_epoch_counts_nothing(void **state) {
  struct fixture *f = *state;
  static const char *const texts[] = {
      "", "\n", "nonsense\n", "9007199254740991\n", "18446744073709551615\n", "99999999999999999999999\n"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    FILE *file = fopen(f->path, "w");
    fputs(texts[i], file);
    fclose(file);
    assert_int_equal(take(f, 7), 7);
    assert_int_equal(take(f, 7), 8);
  }
}

static void test_what_cannot_be_written_is_said(void **state) {
  struct fixture *f = *state;
  uint64_t epoch = 0;
  struct vsm_journal_why why;
  assert_int_equal(mkdir(f->path, 0700), 0);
  assert_int_equal(vsm_epoch_take(f->directory, 7, &epoch, &why), VSM_EIO);
  assert_int_equal(epoch, 7);
  assert_non_null(strstr(why.text, f->path));
  assert_int_equal(vsm_epoch_take("/dev/null", 8, &epoch, &why), VSM_EIO);
  assert_int_equal(epoch, 8);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
  const struct CMUnitTest tests[] = {TEST(test_it_grows), TEST(test_what_is_no_epoch_counts_nothing),
                                     TEST(test_what_cannot_be_written_is_said)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
