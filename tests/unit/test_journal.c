// What is committed is read again, whatever the disk does in between, and what is not is never said to be.
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "tests/lib/failing_vfs.h"
#include "tests/lib/journal_rig.h"
#include "tests/lib/test.h"

static int open_error(struct journal_rig *f, struct vsm_journal_why *why) {
  int err = vsm_journal_open(f->directory, &f->j, why);
  assert_null(f->j);
  return err;
}

// --- the plain way

static void test_what_was_appended_is_read(void **state) {
  struct journal_rig *f = *state;
  struct journal_story s;
  open_journal(f);
  append_some(f, 3);
  await_committed(f);
  assert_string_equal(read_all(f, &s), "1-3"); // beside the writer
  append_some(f, 10000);
  await_committed(f);
  close_journal(f);
  assert_string_equal(read_all(f, &s), "1-10003");
  open_journal(f);
  assert_int_equal(vsm_journal_committed(f->j), 10003);
  append_some(f, 1);
  close_journal(f); // commits what is left
  assert_string_equal(read_all(f, &s), "1-10004");
  assert_string_equal(read_from(f, &s, 10003), "10003-10004");
}

static int same_record(void *ctx, uint64_t position, const struct vsm_record *r) {
  const struct vsm_record *want = ctx;
  assert_int_equal(position, 1);
  assert_int_equal(r->kind, want->kind);
  assert_int_equal(r->channel, want->channel);
  assert_int_equal(r->received.us, want->received.us);
  assert_true(vsm_str_eq(r->sender, want->sender));
  assert_true(vsm_str_eq(r->payload, want->payload));
  return 7;
}

static void test_a_record_is_whole(void **state) {
  struct journal_rig *f = *state;
  struct vsm_record r = {VSM_RECORD_CONTROL, VSM_CHANNEL_QUERY, {-5}, VSM_STR("somebody"), {"\0\xff\n", 3}};
  struct vsm_journal_reader *reader;
  struct vsm_journal_why why;
  open_journal(f);
  assert_int_equal(vsm_journal_append(f->j, &r), 1);
  await_committed(f);
  assert_int_equal(vsm_journal_reader_open(f->directory, 0, &reader, &why), 0);
  assert_int_equal(vsm_journal_reader_last(reader), 1);
  assert_int_equal(vsm_journal_read(reader, same_record, &r, NULL), 7);
  vsm_journal_reader_close(reader);
}

// Nobody says any more that there is no more: each is committed all the same, whether the thread fell asleep before it
// came or was at work.
static void test_what_waits_for_more_does_not_wait_long(void **state) {
  struct journal_rig *f = *state;
  open_journal(f);
  for (unsigned i = 0; i < 200; i++) {
    append_some(f, 1 + i % 3);
    vsm_journal_push(f->j, true);
    if (i % 2 == 0)
      await_committed_unpushed(f);
  }
  await_committed_unpushed(f);
}

static void test_limits(void **state) {
  struct journal_rig *f = *state;
  static char large[VSM_RECORD_BYTES_MAX + 1];
  struct vsm_record r = {.kind = VSM_RECORD_BATCH, .payload = {large, sizeof large}};
  open_journal(f);
  assert_int_equal(vsm_journal_append(f->j, &r), VSM_ELIMIT);
  r.payload.n--;
  r.sender = (struct vsm_str){large, VSM_SENDER_BYTES_MAX + 1};
  assert_int_equal(vsm_journal_append(f->j, &r), VSM_ELIMIT);
  r.sender.n--;
  assert_int_equal(vsm_journal_append(f->j, &r), 1);
  await_committed(f);
}

static void test_the_directory_is_private_and_ours_alone(void **state) {
  struct journal_rig *f = *state;
  struct vsm_journal *second;
  struct vsm_journal_why why;
  struct stat st;
  char pid[32];
  open_journal(f);
  assert_int_equal(stat(f->directory, &st), 0);
  assert_int_equal(st.st_mode & 0777, 0700);
  assert_int_equal(vsm_journal_open(f->directory, &second, &why), VSM_EINUSE);
  snprintf(pid, sizeof pid, "process %ld;", (long)getpid());
  assert_non_null(strstr(why.text, pid));
  close_journal(f);
  open_journal(f);
}

static void test_a_directory_that_cannot_be(void **state) {
  struct journal_rig *f = *state;
  struct vsm_journal_why why;
  strcpy(f->directory, "/nonexistent/vsmd/state");
  assert_int_equal(open_error(f, &why), VSM_EIO);
  assert_non_null(strstr(why.text, "/nonexistent/vsmd/state"));
}

static void test_no_journal_to_read(void **state) {
  struct journal_rig *f = *state;
  struct vsm_journal_reader *r;
  struct vsm_journal_why why;
  assert_int_equal(vsm_journal_reader_open(f->directory, 1, &r, &why), VSM_ENOENT);
  assert_null(r);
}

// --- files that are not ours

static void write_file(const char *path, const char *text) {
  FILE *out = fopen(path, "w");
  assert_non_null(out);
  fputs(text, out);
  fclose(out);
}

static void test_foreign_files_are_left_alone(void **state) {
  struct journal_rig *f = *state;
  static const char text[] = "This is not a database, but a letter, longer than the head of one: it must be left as it "
                             "is, whatever happens.";
  struct vsm_journal_why why;
  char have[sizeof text] = "";
  assert_int_equal(mkdir(f->directory, 0700), 0);
  write_file(f->file, text);
  assert_int_equal(open_error(f, &why), VSM_EFORMAT);
  assert_non_null(strstr(why.text, f->file));
  FILE *in = fopen(f->file, "r");
  assert_int_equal(fread(have, 1, sizeof text - 1, in), sizeof text - 1);
  fclose(in);
  assert_string_equal(have, text);
  unlink(f->file);
  sql(f, "CREATE TABLE theirs(x)");
  assert_int_equal(open_error(f, &why), VSM_EFORMAT);
  assert_non_null(strstr(why.text, "no journal of vsmd"));
}

static void test_another_version_is_refused(void **state) {
  struct journal_rig *f = *state;
  struct vsm_journal_reader *r;
  struct vsm_journal_why why;
  open_journal(f);
  commit_groups(f, 2);
  close_journal(f);
  sql(f, "PRAGMA user_version = 2");
  assert_int_equal(open_error(f, &why), VSM_EFORMAT);
  assert_non_null(strstr(why.text, "format version 2; this vsmd reads version 1"));
  assert_int_equal(vsm_journal_reader_open(f->directory, 1, &r, &why), VSM_EFORMAT);
}

// --- a disk that fails

static void test_a_full_disk(void **state, enum failing how, const char *why) {
  struct journal_rig *f = *state;
  struct journal_story s;
  open_journal(f);
  commit_groups(f, 2);
  failing_vfs_tell(how, -1);
  append_some(f, 5);
  struct vsm_journal_state st = await_health(f, VSM_JOURNAL_TRYING);
  assert_non_null(strstr(st.why, why));
  append_some(f, 5);
  st = vsm_journal_state(f->j);
  assert_int_equal(vsm_journal_committed(f->j), 2);
  assert_int_equal(st.appended, 12);
  assert_int_equal(st.pending_bytes, 10 * VSM_RECORD_HEAD_BYTES + 7 * 1 + 3 * 2);
  assert_true(st.waiting_boot_us > 0);
  assert_string_equal(read_all(f, &s), "1-2");
  failing_vfs_tell(FAILING_NOT, 0);
  await_committed(f);
  st = vsm_journal_state(f->j);
  assert_int_equal(st.health, VSM_JOURNAL_WELL);
  assert_int_equal(st.pending_bytes, 0);
  assert_int_equal(st.waiting_boot_us, 0);
  close_journal(f);
  assert_string_equal(read_all(f, &s), "1-12");
}

static void test_no_room(void **state) {
  test_a_full_disk(state, FAILING_FULL, "the disk is full");
}
static void test_short_writes(void **state) {
  test_a_full_disk(state, FAILING_SHORT, "the disk is full");
}
static void test_failed_writes(void **state) {
  test_a_full_disk(state, FAILING_WRITE, "disk I/O error");
}

static void test_a_full_disk_does_not_keep_us_from_ending(void **state) {
  struct journal_rig *f = *state;
  struct journal_story s;
  open_journal(f);
  commit_groups(f, 1);
  failing_vfs_tell(FAILING_FULL, -1);
  append_some(f, 1);
  await_health(f, VSM_JOURNAL_TRYING);
  close_journal(f);
  failing_vfs_tell(FAILING_NOT, 0);
  assert_string_equal(read_all(f, &s), "1");
  open_journal(f);
  append_some(f, 1); // at the position that was never taken
  await_committed(f);
}

static void test_a_failed_sync_is_final(void **state) {
  struct journal_rig *f = *state;
  struct journal_story s;
  open_journal(f);
  commit_groups(f, 3);
  failing_vfs_tell(FAILING_SYNC, 1); // the next one would succeed
  append_some(f, 1);
  struct vsm_journal_state st = await_health(f, VSM_JOURNAL_FAILED);
  assert_non_null(strstr(st.why, "disk I/O error"));
  assert_int_equal(append(f, "later"), VSM_EIO);
  assert_int_equal(vsm_journal_committed(f->j), 3);
  close_journal(f);
  open_journal(f);
  append_some(f, 1);
  await_committed(f);
  assert_int_equal(strncmp(read_all(f, &s), "1-", 2), 0);
  assert_int_equal(s.n, 3); // 1-4, or 1-5 where the group that was not acked came through
}

// The log is moved into the database after each MB.
static void test_a_failed_sync_of_the_database_is_final(void **state) {
  struct journal_rig *f = *state;
  struct journal_story s;
  struct stat st;
  char path[128];
  open_journal(f);
  commit_groups(f, 3);
  failing_vfs_tell(FAILING_SYNC_OF_DB, 1);
  for (int i = 0; i < 9 && append_large(f, 4 << 20) > 0; i++)
    while (vsm_journal_committed(f->j) < vsm_journal_state(f->j).appended &&
           vsm_journal_state(f->j).health != VSM_JOURNAL_FAILED)
      wait_for_news(f);
  await_health(f, VSM_JOURNAL_FAILED);
  uint64_t committed = vsm_journal_committed(f->j);
  assert_true(committed >= 3);
  close_journal(f);
  snprintf(path, sizeof path, "%s-wal", f->file);
  assert_int_equal(stat(path, &st), 0); // and not moved by who closes, either
  assert_true(st.st_size > 0);
  open_journal(f);
  assert_true(vsm_journal_committed(f->j) >= committed);
  assert_int_equal(strncmp(read_all(f, &s), "1-", 2), 0);
  assert_null(strchr(s.text, '!'));
}

static void test_the_log_does_not_grow_without_end(void **state) {
  struct journal_rig *f = *state;
  char path[128];
  struct stat st;
  open_journal(f);
  for (int i = 0; i < 40; i++) {
    assert_true(append_large(f, 4 << 20) > 0);
    await_committed(f);
  }
  snprintf(path, sizeof path, "%s-wal", f->file);
  assert_int_equal(stat(path, &st), 0);
  assert_true(st.st_size < 16 << 20);
}

// In the middle of a record the log begins anew: whoever reads, and takes long, is in nobody's way.
static int commits_meanwhile(void *ctx, uint64_t position, const struct vsm_record *r) {
  static char payload[100000];
  struct journal_rig *f = ctx;
  struct stat st;
  char path[sizeof f->file + 8];
  (void)position, (void)r;
  for (int i = 0; i < 200; i++) {
    vsm_journal_append(f->j, &(struct vsm_record){.kind = VSM_RECORD_BATCH, .payload = {payload, sizeof payload}});
    await_committed(f);
  }
  snprintf(path, sizeof path, "%s-wal", f->file);
  assert_int_equal(stat(path, &st), 0);
  assert_in_range(st.st_size, 1, 4 << 20);
  return 7;
}

static void test_a_reader_does_not_make_the_log_grow(void **state) {
  struct journal_rig *f = *state;
  struct vsm_journal_reader *reader;
  struct vsm_journal_why why;
  open_journal(f);
  append_some(f, 3);
  await_committed(f);
  assert_int_equal(vsm_journal_reader_open(f->directory, 0, &reader, &why), 0);
  assert_int_equal(vsm_journal_read(reader, commits_meanwhile, f, NULL), 7);
  vsm_journal_reader_close(reader);
}

// --- trimming

static void trim(struct journal_rig *f, uint64_t below, int64_t received_before, int64_t max_bytes) {
  vsm_journal_trim(f->j, &(struct vsm_journal_trim){below, {received_before}, max_bytes});
}

// Until the journal holds what it should; the test's own time limit is the end of it.
static void await_story(struct journal_rig *f, const char *story) {
  struct journal_story s;
  while (strcmp(read_all(f, &s), story) != 0)
    continue;
}

static void test_what_lies_below_goes(void **state) {
  struct journal_rig *f = *state;
  open_journal(f);
  commit_groups(f, 10);
  append_large(f, 300000); // 11: a step of its own
  await_committed(f);
  commit_groups(f, 9);
  trim(f, 16, INT64_MIN, 0);
  await_story(f, "!1-15 16-20");
  trim(f, 12, INT64_MIN, 0); // nothing is there
  commit_groups(f, 2);
  await_story(f, "!1-15 16-22");
}

static void test_the_last_group_stays(void **state) {
  struct journal_rig *f = *state;
  open_journal(f);
  commit_groups(f, 5);
  trim(f, INT64_MAX, INT64_MIN, 0);
  await_story(f, "!1-4 5");
  close_journal(f);
  open_journal(f);
  commit_groups(f, 1); // at the next position
  await_story(f, "!1-4 5-6");
}

static void test_only_what_is_old_or_too_much_goes(void **state) {
  struct journal_rig *f = *state;
  struct journal_story s;
  open_journal(f);
  commit_groups(f, 5);
  trim(f, 4, 1000000, INT64_MAX); // all were received then, not before
  commit_groups(f, 2);            // behind the first of them it was looked at
  assert_string_equal(read_all(f, &s), "1-7");
  trim(f, 4, 1000001, INT64_MAX);
  await_story(f, "!1-3 4-7");
  append_large(f, 1 << 20);
  append_large(f, 1 << 20);
  await_committed(f);
  trim(f, INT64_MAX, INT64_MIN, 3 << 20); // it fits
  commit_groups(f, 2);
  assert_string_equal(read_all(f, &s), "!1-3 4-11");
}

static void test_trimming_on_a_full_disk(void **state) {
  struct journal_rig *f = *state;
  struct journal_story s;
  open_journal(f);
  commit_groups(f, 5);
  failing_vfs_tell(FAILING_FULL, -1);
  trim(f, 4, INT64_MIN, 0);
  append_some(f, 1);
  await_health(f, VSM_JOURNAL_TRYING);
  assert_string_equal(read_all(f, &s), "1-5");
  failing_vfs_tell(FAILING_NOT, 0);
  await_committed(f);
  trim(f, 4, INT64_MIN, 0);
  await_story(f, "!1-3 4-6");
}

static void test_a_failed_sync_while_trimming(void **state) {
  struct journal_rig *f = *state;
  open_journal(f);
  commit_groups(f, 5);
  failing_vfs_tell(FAILING_SYNC, 1);
  trim(f, 4, INT64_MIN, 0);
  await_health(f, VSM_JOURNAL_FAILED);
  assert_int_equal(append(f, "6"), VSM_EIO);
}

int main(void) {
#define T(name) cmocka_unit_test_setup_teardown(name, journal_rig_setup, journal_rig_teardown)
  const struct CMUnitTest tests[] = {
      T(test_what_was_appended_is_read),
      T(test_a_record_is_whole),
      T(test_what_waits_for_more_does_not_wait_long),
      T(test_limits),
      T(test_the_directory_is_private_and_ours_alone),
      T(test_a_directory_that_cannot_be),
      T(test_no_journal_to_read),
      T(test_foreign_files_are_left_alone),
      T(test_another_version_is_refused),
      T(test_no_room),
      T(test_short_writes),
      T(test_failed_writes),
      T(test_a_full_disk_does_not_keep_us_from_ending),
      T(test_a_failed_sync_is_final),
      T(test_a_failed_sync_of_the_database_is_final),
      T(test_the_log_does_not_grow_without_end),
      T(test_a_reader_does_not_make_the_log_grow),
      T(test_what_lies_below_goes),
      T(test_the_last_group_stays),
      T(test_only_what_is_old_or_too_much_goes),
      T(test_trimming_on_a_full_disk),
      T(test_a_failed_sync_while_trimming),
  };
  failing_vfs_install();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
