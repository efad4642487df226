// Who reads all of a journal waits until each record is in its other words.
#include "store/rewrite.h"

#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "store/failpoint.h"
#include "store/file.h"
#include "tests/lib/failing_vfs.h"
#include "tests/lib/journal_rig.h"
#include "tests/lib/test.h"

enum { RECORDS = 40, BYTES = 100000, LONG_US = 1000000 };

// The commit thread waits before each step until it may take it.
static sem_t replaces, clears;
static atomic_uint replaced;

void vsm_failpoint(enum vsm_failpoint at) {
  if (at == VSM_FAIL_rewrite) {
    sem_wait(&replaces);
    replaced++;
  } else if (at == VSM_FAIL_unused) {
    sem_wait(&clears);
  }
}

static void let(sem_t *steps) {
  for (int i = 0; i < 1000; i++) // more than there are
    sem_post(steps);
}

static int setup(void **state) {
  sem_init(&replaces, 0, 0);
  sem_init(&clears, 0, 0);
  replaced = 0;
  return journal_rig_setup(state);
}

static int teardown(void **state) {
  struct journal_rig *f = *state;
  let(&replaces);
  let(&clears);
  vsm_rewrite_remove(f->directory);
  return journal_rig_teardown(state);
}

// In steps of some 256 KiB.
static void begin_rewriting(struct journal_rig *f) {
  struct vsm_rewrite_writer *w;
  char *text = calloc(1, BYTES);
  open_journal(f);
  commit_groups(f, RECORDS);
  assert_int_equal(vsm_rewrite_create(f->directory, &w), 0);
  for (uint64_t i = 1; i <= RECORDS; i++)
    assert_int_equal(vsm_rewrite_put(w, i, i == RECORDS, (struct vsm_str){text, BYTES}), 0);
  assert_int_equal(vsm_rewrite_finish(w), 0);
  vsm_journal_rewrite(f->j, f->directory, INT64_MAX);
  free(text);
}

static void await_settled(struct journal_rig *f) {
  while (!vsm_journal_await_settled(f->j, LONG_US))
    continue;
}

static unsigned put_in_other_words(const struct journal_rig *f) {
  sqlite3 *db;
  int64_t n = -1;
  assert_int_equal(sqlite3_open(f->file, &db), SQLITE_OK);
  assert_int_equal(vsm_file_ask(db, "SELECT count(*) FROM groups WHERE length(body) > 100000", &n), SQLITE_OK);
  sqlite3_close(db);
  return (unsigned)n;
}

static void test_it_is_settled_when_all_are_replaced(void **state) {
  struct journal_rig *f = *state;
  begin_rewriting(f);
  assert_false(vsm_journal_await_settled(f->j, 1));
  let(&replaces);
  await_settled(f); // and not for what comes then
  assert_int_equal(put_in_other_words(f), RECORDS);
  assert_true(replaced > 2);
  assert_int_equal(vsm_journal_rewriting(f->j), VSM_REWRITE_UNDER_WAY);
}

static void test_it_is_settled_when_it_fails(void **state) {
  struct journal_rig *f = *state;
  begin_rewriting(f);
  failing_vfs_tell(FAILING_WRITE, -1);
  let(&replaces);
  await_settled(f);
  assert_true(put_in_other_words(f) < RECORDS);
  failing_vfs_tell(FAILING_NOT, 0);
}

static void test_it_is_settled_when_the_journal_ends(void **state) {
  struct journal_rig *f = *state;
  begin_rewriting(f);
  let(&replaces);
  let(&clears);
  vsm_journal_end(f->j);
  await_settled(f);
}

int main(void) {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
  const struct CMUnitTest tests[] = {
      T(test_it_is_settled_when_all_are_replaced),
      T(test_it_is_settled_when_it_fails),
      T(test_it_is_settled_when_the_journal_ends),
  };
  failing_vfs_install();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
