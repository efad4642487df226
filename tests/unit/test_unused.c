// What pages hold beside their rows goes, and nothing else.
#include "store/unused.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/failpoint.h"
#include "store/file.h"
#include "store/rewrite.h"
#include "tests/lib/failing_vfs.h"
#include "tests/lib/journal_rig.h"
#include "tests/lib/test.h"

static const char MARK[] = "SECRET";
enum { MARK_BYTES = sizeof MARK - 1 };

// What the commit thread did, a letter a step: u, and t for one of trimming.
static char steps[1000];
static size_t n_steps;

void vsm_failpoint(enum vsm_failpoint at) {
  if ((at == VSM_FAIL_unused || at == VSM_FAIL_trim) && n_steps + 1 < sizeof steps) {
    steps[n_steps++] = at == VSM_FAIL_unused ? 'u' : 't';
    steps[n_steps] = '\0';
  }
}

// --- the file

struct image {
  unsigned char *bytes;
  size_t n;
};

static struct image load(const struct journal_rig *f) {
  struct stat st;
  int fd = open(f->file, O_RDONLY);
  assert_int_equal(fstat(fd, &st), 0);
  struct image i = {malloc((size_t)st.st_size), (size_t)st.st_size};
  assert_int_equal(pread(fd, i.bytes, i.n, 0), st.st_size);
  close(fd);
  return i;
}

static void store(const struct journal_rig *f, const struct image *i) {
  int fd = open(f->file, O_WRONLY | O_TRUNC);
  assert_int_equal(pwrite(fd, i->bytes, i->n, 0), i->n);
  close(fd);
}

static unsigned count(const struct image *i, const char *what) {
  unsigned n = 0;
  size_t bytes = strlen(what);
  for (size_t at = 0; at + bytes <= i->n; at++)
    n += i->bytes[at] == (unsigned char)*what && memcmp(i->bytes + at, what, bytes) == 0;
  return n;
}

static unsigned marks(const struct journal_rig *f) {
  struct image i = load(f);
  unsigned n = count(&i, MARK);
  free(i.bytes);
  return n;
}

static unsigned big(const unsigned char *p) {
  return (unsigned)p[0] << 8 | p[1];
}

// --- SQLite's word for it

static int64_t ask(const struct journal_rig *f, const char *text) {
  sqlite3 *db;
  int64_t value = -1;
  assert_int_equal(sqlite3_open(f->file, &db), SQLITE_OK);
  assert_int_equal(vsm_file_ask(db, text, &value), SQLITE_OK);
  sqlite3_close(db);
  return value;
}

static void expect_whole(const struct journal_rig *f) {
  assert_int_equal(ask(f, "SELECT integrity_check = 'ok' FROM pragma_integrity_check"), 1);
}

static size_t fill(unsigned char *from, const unsigned char *to) {
  size_t n = 0;
  for (; from + MARK_BYTES <= to; from += MARK_BYTES, n++)
    memcpy(from, MARK, MARK_BYTES);
  return n;
}

// Marks all that is not in use, of a page of a tree. How many they are.
static size_t plant_in_page(unsigned char *page, unsigned number, size_t page_bytes) {
  unsigned char *head = number == 1 ? page + 100 : page;
  unsigned content = big(head + 5);
  size_t n = fill(head + (head[0] == 5 ? 12 : 8) + 2 * (size_t)big(head + 3), page + (content ? content : page_bytes));
  for (unsigned at = big(head + 1); at; at = big(page + at))
    n += fill(page + at + 4, page + at + big(page + at + 2));
  return n;
}

struct planted {
  size_t pages, inner, free_blocks;
};

// Which pages are of a tree, SQLite says.
static struct planted plant(const struct journal_rig *f, struct image *i) {
  struct planted p = {0};
  sqlite3_stmt *s;
  sqlite3 *db;
  assert_int_equal(sqlite3_open(f->file, &db), SQLITE_OK);
  assert_int_equal(
      sqlite3_prepare_v2(db, "SELECT pageno, pgsize FROM dbstat WHERE pagetype IN ('leaf', 'internal')", -1, &s, NULL),
      SQLITE_OK);
  while (sqlite3_step(s) == SQLITE_ROW) {
    unsigned number = (unsigned)sqlite3_column_int(s, 0);
    size_t bytes = (size_t)sqlite3_column_int(s, 1);
    unsigned char *page = i->bytes + (number - 1) * bytes, *head = number == 1 ? page + 100 : page;
    p.pages += plant_in_page(page, number, bytes) > 0;
    p.inner += head[0] == 5;
    p.free_blocks += big(head + 1) != 0;
  }
  sqlite3_finalize(s);
  sqlite3_close(db);
  return p;
}

// --- what is tried

static sqlite3 *open_file(const struct journal_rig *f) {
  struct vsm_journal_why why;
  sqlite3 *db;
  if (vsm_file_open(f->directory, true, &db, &why) != 0)
    fail_msg("%s", why.text);
  return db;
}

// How many steps it took.
static unsigned overwrite(const struct journal_rig *f) {
  struct vsm_unused u;
  sqlite3 *db = open_file(f);
  unsigned n = 0;
  bool more = true;
  vsm_unused_begin(&u);
  for (; more; n++)
    assert_int_equal(vsm_unused_overwrite(&u, db, &more), SQLITE_OK);
  sqlite3_close(db);
  return n;
}

static void await_rewriting(struct journal_rig *f, enum vsm_journal_rewriting how) {
  enum vsm_journal_rewriting have;
  while ((have = vsm_journal_rewriting(f->j)) == VSM_REWRITE_UNDER_WAY)
    wait_for_news(f);
  assert_int_equal(have, how);
}

static void begin_rewriting(struct journal_rig *f, uint64_t position) {
  struct vsm_rewrite_writer *w;
  assert_int_equal(vsm_rewrite_create(f->directory, &w), 0);
  char text[20];
  snprintf(text, sizeof text, "%llu", (unsigned long long)position);
  if (position)
    assert_int_equal(vsm_rewrite_put(w, position, false, vsm_str_of(text)), 0);
  assert_int_equal(vsm_rewrite_finish(w), 0);
  vsm_journal_rewrite(f->j, f->directory, INT64_MAX);
}

static void end_rewriting(struct journal_rig *f) {
  await_rewriting(f, VSM_REWRITE_DONE);
  vsm_rewrite_remove(f->directory);
}

static void trim_below(struct journal_rig *f, uint64_t below) {
  vsm_journal_trim(f->j, &(struct vsm_journal_trim){below, {INT64_MIN}, 0});
}

static void await_first(struct journal_rig *f, int64_t first) {
  while (ask(f, "SELECT min(first) FROM groups") != first)
    continue;
}

// Groups of sizes so that SQLite, when the oldest go, moves one, and leaves a copy of it.
static void test_what_sqlite_leaves(void **state) {
  struct journal_rig *f = *state;
  struct journal_story s;
  enum { LAST = 17, FIRST = 8, MOVED = 9 };
  open_journal(f);
  for (int i = 1; i <= LAST; i++) {
    char text[2000] = "";
    for (int n = (50 + i * 397 % 1500) / 5; n > 0; n--)
      strcat(text, i == MOVED ? "moved" : "other");
    append(f, text);
    await_committed(f);
  }
  trim_below(f, FIRST);
  await_first(f, FIRST);
  close_journal(f);
  struct image before = load(f);
  assert_true(count(&before, "moved") > (50 + MOVED * 397 % 1500) / 5);
  open_journal(f);
  begin_rewriting(f, MOVED);
  end_rewriting(f);
  struct image after = load(f);
  assert_int_equal(count(&after, "moved"), 0);
  assert_string_equal(read_all(f, &s), "!1-7 8-17");
  close_journal(f);
  expect_whole(f);
  free(before.bytes);
  free(after.bytes);
}

// Small and large groups, some of which went and some of which became shorter.
static void make_journal(struct journal_rig *f, uint64_t seed, unsigned groups) {
  sqlite3_stmt *insert;
  static unsigned char bytes[40000];
  sqlite3 *db = open_file(f);
  assert_int_equal(sqlite3_prepare_v2(db, VSM_FILE_INSERT, -1, &insert, NULL), SQLITE_OK);
  sqlite3_exec(db, "BEGIN", NULL, NULL, NULL);
  for (unsigned i = 1; i <= groups; i++) {
    size_t n = test_below(&seed, test_below(&seed, 8) ? 900 : sizeof bytes), at = 0;
    while (at < n)
      bytes[at++] = (unsigned char)(test_random(&seed) % 255 + 1);
    struct vsm_group g = {i, 1, {(char *)bytes, n}};
    assert_int_equal(vsm_file_insert(insert, &g), SQLITE_OK);
  }
  sqlite3_finalize(insert);
  char text[300];
  snprintf(text, sizeof text,
           "INSERT INTO gone VALUES(7000000, 7000001); DELETE FROM groups WHERE first < %u; "
           "UPDATE groups SET body = substr(body, 1, length(body) / 2) WHERE first %% 7 = %u; COMMIT",
           (unsigned)test_below(&seed, groups / 2), (unsigned)test_below(&seed, 7));
  assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
  sqlite3_close(db);
}

static const char ROWS[] = "SELECT sum(length(body) * first + checksum % 1000003) FROM groups";

// Whatever stands there: it goes, and each other byte is as it was.
static void test_all_that_is_unused(void **state) {
  struct journal_rig *f = *state;
  static const unsigned page_bytes[] = {4096, 512, 1024, 4096, 8192, 65536};
  for (unsigned round = 0; round < sizeof page_bytes / sizeof *page_bytes; round++) {
    unlink(f->file);
    mkdir(f->directory, 0700);
    char text[120];
    make_journal(f, round, 400);
    snprintf(text, sizeof text, "PRAGMA journal_mode = DELETE; PRAGMA page_size = %u; VACUUM", page_bytes[round]);
    if (round > 0)
      sql(f, text);
    sql(f, "PRAGMA secure_delete = ON; DELETE FROM groups WHERE first % 11 = 3");
    int64_t rows = ask(f, ROWS);
    overwrite(f);
    expect_whole(f);
    assert_int_equal(ask(f, ROWS), rows);
    struct image clean = load(f), planted = load(f);
    struct planted p = plant(f, &planted);
    assert_true(p.pages > 3 && p.inner > 0 && p.free_blocks > 0);
    store(f, &planted);
    assert_int_equal(ask(f, ROWS), rows);
    assert_true(marks(f) >= p.pages);
    overwrite(f);
    struct image again = load(f);
    assert_int_equal(again.n, clean.n);
    assert_memory_equal(again.bytes, clean.bytes, clean.n);
    free(clean.bytes);
    free(planted.bytes);
    free(again.bytes);
  }
}

static void plant_in_file(const struct journal_rig *f) {
  struct image i = load(f);
  plant(f, &i);
  store(f, &i);
  free(i.bytes);
  assert_true(marks(f) > 100);
}

// What SQLite had in memory before does not bring it back, and what was to be trimmed meanwhile is trimmed then.
static void test_beside_commits(void **state) {
  struct journal_rig *f = *state;
  struct journal_story s;
  mkdir(f->directory, 0700);
  make_journal(f, 1, 4000);
  plant_in_file(f);
  assert_true(overwrite(f) > 3);
  plant_in_file(f);
  open_journal(f);
  commit_groups(f, 1);
  n_steps = 0;
  begin_rewriting(f, 0);
  trim_below(f, 3990);
  while (vsm_journal_rewriting(f->j) == VSM_REWRITE_UNDER_WAY) {
    append_some(f, 1);
    await_committed(f);
  }
  vsm_rewrite_remove(f->directory);
  await_first(f, 3990);
  commit_groups(f, 1);
  close_journal(f);
  const char *first = strchr(steps, 'u'), *last = strrchr(steps, 'u'), *trimmed = strrchr(steps, 't');
  assert_true(first && last - first > 3 && trimmed > last);
  assert_null(memchr(first, 't', (size_t)(last - first)));
  assert_int_equal(marks(f), 0);
  expect_whole(f);
  assert_non_null(strstr(read_from(f, &s, 7000002), "7000002-"));
}

static void test_a_reader_in_the_way(void **state) {
  struct journal_rig *f = *state;
  struct vsm_unused u;
  sqlite3 *reader;
  bool more;
  mkdir(f->directory, 0700);
  make_journal(f, 2, 400);
  plant_in_file(f);
  sqlite3 *db = open_file(f);
  sqlite3_busy_timeout(db, 0);
  assert_int_equal(sqlite3_open(f->file, &reader), SQLITE_OK);
  assert_int_equal(sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM groups", NULL, NULL, NULL), SQLITE_OK);
  assert_int_equal(sqlite3_exec(db, "DELETE FROM groups WHERE first = 399", NULL, NULL, NULL), SQLITE_OK);
  unsigned before = marks(f);
  vsm_unused_begin(&u);
  int code, tries = 0;
  while ((code = vsm_unused_overwrite(&u, db, &more)) == SQLITE_OK && tries++ < 100)
    assert_true(more);
  assert_int_equal(code, SQLITE_BUSY); // after some patience
  assert_true(tries > 5);
  assert_int_equal(marks(f), before);
  assert_int_equal(sqlite3_exec(reader, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
  do
    assert_int_equal(vsm_unused_overwrite(&u, db, &more), SQLITE_OK);
  while (more);
  assert_int_equal(sqlite3_exec(reader, "SELECT body FROM groups", NULL, NULL, NULL), SQLITE_OK);
  sqlite3_close(reader);
  sqlite3_close(db);
  assert_int_equal(marks(f), 0);
}

static void test_a_disk_that_fails(void **state) {
  struct journal_rig *f = *state;
  mkdir(f->directory, 0700);
  make_journal(f, 3, 100);
  plant_in_file(f);
  open_journal(f);
  failing_vfs_tell(FAILING_WRITE, -1);
  begin_rewriting(f, 0);
  await_rewriting(f, VSM_REWRITE_UNDONE);
  failing_vfs_tell(FAILING_NOT, 0);
  assert_int_equal(vsm_journal_state(f->j).health, VSM_JOURNAL_WELL);
  assert_true(marks(f) > 0);
  begin_rewriting(f, 0);
  end_rewriting(f);
  assert_int_equal(marks(f), 0);
  failing_vfs_tell(FAILING_SYNC, -1);
  begin_rewriting(f, 0);
  await_health(f, VSM_JOURNAL_FAILED);
  vsm_rewrite_remove(f->directory);
}

// The list of free blocks leads into a row.
static void free_block_in_row(unsigned char *page) {
  unsigned at = big(page + 8) + 20;
  if (page[0] != 13 || big(page + 3) == 0 || at > 4000)
    return;
  page[1] = (unsigned char)(at >> 8);
  page[2] = (unsigned char)at;
  memcpy(page + at, "\0\0\0\x20", 4);
}

// Some bytes of a page's head, of its pointers, or anywhere.
static void damage(struct image *i, uint64_t *seed) {
  enum { PAGE = 4096 };
  unsigned char *page = i->bytes + test_below(seed, i->n / PAGE) * PAGE;
  size_t most = test_below(seed, 3) ? 24 : PAGE;
  for (uint64_t n = 1 + test_below(seed, 4); n > 0; n--)
    page[test_below(seed, most)] = (unsigned char)test_random(seed);
  if (test_below(seed, 4) == 0)
    free_block_in_row(page);
  if (test_below(seed, 6) == 0) // another page's bytes
    memcpy(page, i->bytes + test_below(seed, i->n / PAGE) * PAGE, PAGE);
}

enum { GROUPS = 150 };

// What is read of each group.
static void read_groups(const struct journal_rig *f, uint64_t what[GROUPS]) {
  sqlite3_stmt *s;
  sqlite3 *db;
  memset(what, 0, GROUPS * sizeof *what);
  assert_int_equal(sqlite3_open(f->file, &db), SQLITE_OK);
  if (sqlite3_prepare_v2(db, "SELECT body, n, checksum FROM groups WHERE first = ?", -1, &s, NULL) == SQLITE_OK)
    for (int i = 0; i < GROUPS; i++) {
      sqlite3_bind_int(s, 1, i + 1);
      int code = sqlite3_step(s);
      what[i] = (uint64_t)code;
      if (code == SQLITE_ROW) {
        struct vsm_str body = {sqlite3_column_blob(s, 0), (size_t)sqlite3_column_bytes(s, 0)};
        what[i] = vsm_group_checksum(body, (uint64_t)sqlite3_column_int64(s, 1), (uint64_t)sqlite3_column_int64(s, 2));
      }
      sqlite3_reset(s);
    }
  sqlite3_finalize(s);
  sqlite3_close(db);
}

// Whatever is damaged: it comes to an end, and what could be read before can be read.
static void test_damaged_pages(void **state) {
  struct journal_rig *f = *state;
  unsigned through = 0;
  mkdir(f->directory, 0700);
  make_journal(f, 4, GROUPS);
  plant_in_file(f);
  struct image good = load(f);
  for (uint64_t seed = 1, round = 0; round < 400; round++) {
    struct vsm_unused u;
    struct vsm_journal_reader *r;
    struct vsm_journal_why why;
    uint64_t before[GROUPS], after[GROUPS];
    sqlite3 *db;
    struct image bad = {malloc(good.n), good.n};
    memcpy(bad.bytes, good.bytes, good.n);
    for (uint64_t n = test_below(&seed, 3); n < 3; n++)
      damage(&bad, &seed);
    store(f, &bad);
    bool readable = vsm_journal_reader_open(f->directory, 1, &r, &why) == 0;
    vsm_journal_reader_close(r);
    if (readable && vsm_file_open(f->directory, true, &db, &why) == 0) {
      bool more = true;
      read_groups(f, before);
      vsm_unused_begin(&u);
      for (unsigned n = 0; more && vsm_unused_overwrite(&u, db, &more) == SQLITE_OK; n++)
        assert_true(n < 1000);
      through += !more;
      read_groups(f, after);
      assert_memory_equal(after, before, sizeof after);
      sqlite3_close(db);
      struct image now = load(f);
      assert_int_equal(now.n, good.n);
      free(now.bytes);
    }
    free(bad.bytes);
  }
  free(good.bytes);
  assert_true(through > 200);
}

int main(void) {
#define T(name) cmocka_unit_test_setup_teardown(name, journal_rig_setup, journal_rig_teardown)
  const struct CMUnitTest tests[] = {
      T(test_what_sqlite_leaves),  T(test_all_that_is_unused), T(test_beside_commits),
      T(test_a_reader_in_the_way), T(test_a_disk_that_fails),  T(test_damaged_pages),
  };
  failing_vfs_install();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
