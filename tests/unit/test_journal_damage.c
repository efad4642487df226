// A journal that somebody or something spoilt: what is gone is said, and the rest is read.
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "tests/lib/journal_rig.h"
#include "tests/lib/test.h"

// --- damage

static void test_damaged_rows(void **state) {
  struct journal_rig *f = *state;
  struct journal_story s;
  open_journal(f);
  commit_groups(f, 10);
  close_journal(f);
  sql(f, "UPDATE groups SET body = substr(body, 1, length(body) - 1) || 'x' WHERE first = 3");
  assert_string_equal(read_all(f, &s), "1-2 !3-3 4-10");
  sql(f, "UPDATE groups SET n = 7 WHERE first = 5");
  assert_string_equal(read_all(f, &s), "1-2 !3-3 4 !5-5 6-10");
  sql(f, "DELETE FROM groups WHERE first IN (7, 8)");
  assert_string_equal(read_all(f, &s), "1-2 !3-3 4 !5-5 6 !7-8 9-10");
  sql(f, "UPDATE groups SET checksum = 0 WHERE first IN (1, 10)");
  assert_string_equal(read_all(f, &s), "!1-1 2 !3-3 4 !5-5 6 !7-8 9 !10-10");
}

static void test_what_is_given_up_is_passed_over(void **state) {
  struct journal_rig *f = *state;
  struct vsm_journal_why why;
  struct journal_story s;
  open_journal(f);
  commit_groups(f, 6);
  close_journal(f);
  sql(f, "DELETE FROM groups WHERE first IN (3, 4, 6)");
  assert_int_equal(vsm_journal_open(f->directory, &f->j, &why), 0);
  assert_int_equal(vsm_journal_give_up(f->j, 3, 3), 0);
  assert_string_equal(read_all(f, &s), "1-2 !4-4 5");
  assert_int_equal(vsm_journal_give_up(f->j, 4, 4), 0);
  assert_int_equal(vsm_journal_give_up(f->j, 6, 8), 0);
  assert_int_equal(vsm_journal_begin(f->j), 0);
  append_some(f, 1);
  await_committed(f);
  assert_int_equal(vsm_journal_committed(f->j), 9);
  assert_string_equal(read_all(f, &s), "1-2 5 9");
}

enum { PAGE = 4096 };

static void overwrite(struct journal_rig *f, long page, unsigned char byte) {
  unsigned char bytes[PAGE];
  memset(bytes, byte, sizeof bytes);
  int fd = open(f->file, O_WRONLY);
  assert_int_equal(pwrite(fd, bytes, PAGE, page * PAGE), PAGE);
  close(fd);
}

// Whatever page is spoilt: what is read was written, the rest is reported, and both together are everything.
static void test_damaged_pages(void **state) {
  struct journal_rig *f = *state;
  struct stat st;
  open_journal(f);
  for (int i = 0; i < 300; i++) {
    append_some(f, 1);
    assert_true(append_large(f, i % 10 == 0 ? 20000 : 900) > 0);
    await_committed(f);
  }
  close_journal(f);
  assert_int_equal(stat(f->file, &st), 0);
  long pages = st.st_size / PAGE, reported = 0, unopened = 0;
  char *whole = malloc((size_t)st.st_size);
  int fd = open(f->file, O_RDWR);
  assert_int_equal(pread(fd, whole, (size_t)st.st_size, 0), st.st_size);
  for (long page = 1; page < pages; page += 3) {
    struct vsm_journal_reader *r;
    struct vsm_journal_why why;
    struct vsm_journal_damage d;
    struct journal_story s = {0};
    uint64_t next = 1;
    overwrite(f, page, page % 2 ? 0 : 0xa5);
    int err = vsm_journal_reader_open(f->directory, 1, &r, &why);
    unopened += err != 0;
    while (!err && (err = vsm_journal_read(r, note, &s, &d)) != 0) {
      if (err == VSM_EFORMAT) {
        assert_int_equal(d.first, s.last ? s.last + 1 : next);
        assert_true(d.last >= d.first && d.last <= 600);
        s.last = d.last;
        s.first = 0;
        reported++;
      }
      err = err == VSM_EFORMAT || err == 1 ? 0 : err;
    }
    assert_true(!err || err == VSM_EFORMAT);
    assert_true(err || s.last == 600);
    vsm_journal_reader_close(r);
    assert_int_equal(pwrite(fd, whole + page * PAGE, PAGE, page * PAGE), PAGE);
  }
  close(fd);
  free(whole);
  assert_true(reported > 10);
  assert_true(unopened < pages / 20);
}

int main(void) {
#define T(name) cmocka_unit_test_setup_teardown(name, journal_rig_setup, journal_rig_teardown)
  const struct CMUnitTest tests[] = {
      T(test_damaged_rows),
      T(test_what_is_given_up_is_passed_over),
      T(test_damaged_pages),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
