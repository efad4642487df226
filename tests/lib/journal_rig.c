#include "tests/lib/journal_rig.h"

#include <poll.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "tests/lib/failing_vfs.h"
#include "tests/lib/test.h"

enum { DEADLINE_MS = 30000 };

int journal_rig_setup(void **state) {
  struct journal_rig *f = calloc(1, sizeof *f);
  strcpy(f->root, "/tmp/vsm-journal.XXXXXX");
  assert_non_null(mkdtemp(f->root));
  snprintf(f->directory, sizeof f->directory, "%s/state", f->root);
  snprintf(f->file, sizeof f->file, "%s/journal.db", f->directory);
  *state = f;
  return 0;
}

void close_journal(struct journal_rig *f) {
  vsm_journal_close(f->j);
  f->j = NULL;
}

int journal_rig_teardown(void **state) {
  struct journal_rig *f = *state;
  static const char *const names[] = {"journal.db", "journal.db-wal", "journal.db-shm", "lock"};
  char path[128];
  failing_vfs_tell(FAILING_NOT, 0);
  close_journal(f);
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    snprintf(path, sizeof path, "%s/%s", f->directory, names[i]);
    unlink(path);
  }
  rmdir(f->directory);
  assert_int_equal(rmdir(f->root), 0); // nothing else was left
  free(f);
  return 0;
}

void open_journal(struct journal_rig *f) {
  struct vsm_journal_why why;
  int err = vsm_journal_open(f->directory, &f->j, &why);
  if (err)
    fail_msg("%s", why.text);
  assert_int_equal(vsm_journal_begin(f->j), 0);
}

int64_t append(struct journal_rig *f, const char *text) {
  return vsm_journal_append(f->j, &(struct vsm_record){.kind = VSM_RECORD_BATCH,
                                                       .channel = VSM_CHANNEL_SUBMIT,
                                                       .received = {1000000},
                                                       .payload = vsm_str_of(text)});
}

// "POSITION" of a record: so that each says where it must stand.
void append_some(struct journal_rig *f, unsigned n) {
  for (unsigned i = 0; i < n; i++) {
    char text[32];
    snprintf(text, sizeof text, "%llu", (unsigned long long)vsm_journal_state(f->j).appended + 1);
    assert_int_equal(append(f, text), strtoll(text, NULL, 10));
  }
}

int64_t append_large(struct journal_rig *f, size_t bytes) {
  char *p = malloc(bytes + 1);
  memset(p, 'x', bytes);
  p[bytes] = '\0';
  int64_t position = append(f, p);
  free(p);
  return position;
}

static void wait_unpushed(struct journal_rig *f) {
  struct pollfd p = {.fd = vsm_journal_news_fd(f->j), .events = POLLIN};
  assert_int_equal(poll(&p, 1, DEADLINE_MS), 1);
  vsm_journal_take_news(f->j);
}

void wait_for_news(struct journal_rig *f) {
  vsm_journal_push(f->j, false);
  wait_unpushed(f);
}

static bool all_is_committed(struct journal_rig *f) {
  return vsm_journal_committed(f->j) == vsm_journal_state(f->j).appended;
}

void await_committed_unpushed(struct journal_rig *f) {
  while (!all_is_committed(f))
    wait_unpushed(f);
}

void await_committed(struct journal_rig *f) {
  while (!all_is_committed(f))
    wait_for_news(f);
}

struct vsm_journal_state await_health(struct journal_rig *f, enum vsm_journal_health health) {
  while (vsm_journal_state(f->j).health != health)
    wait_for_news(f);
  return vsm_journal_state(f->j);
}

// Commits n groups, as each is waited for.
void commit_groups(struct journal_rig *f, unsigned n) {
  for (unsigned i = 0; i < n; i++) {
    append_some(f, 1);
    await_committed(f);
  }
}

static void end_run(struct journal_story *s) {
  if (!s->first)
    return;
  s->n += (size_t)snprintf(s->text + s->n, sizeof s->text - s->n, s->first == s->last ? "%s%llu" : "%s%llu-%llu",
                           s->n ? " " : "", (unsigned long long)s->first, (unsigned long long)s->last);
  s->first = 0;
}

int note(void *ctx, uint64_t position, const struct vsm_record *r) {
  struct journal_story *s = ctx;
  char number[20] = "";
  if (r->payload.n < sizeof number) {
    memcpy(number, r->payload.p, r->payload.n); // no 0 ends it
    assert_int_equal(strtoull(number, NULL, 10), position);
  }
  if (s->first && position == s->last + 1) {
    s->last = position;
    return 0;
  }
  end_run(s);
  s->first = s->last = position;
  return 0;
}

const char *read_from(struct journal_rig *f, struct journal_story *s, uint64_t from) {
  struct vsm_journal_reader *r;
  struct vsm_journal_why why;
  struct vsm_journal_damage d;
  int err = vsm_journal_reader_open(f->directory, from, &r, &why);
  if (err)
    fail_msg("%s", why.text);
  *s = (struct journal_story){0};
  while ((err = vsm_journal_read(r, note, s, &d)) != 0) {
    if (err == 1)
      continue;
    assert_int_equal(err, VSM_EFORMAT);
    end_run(s);
    s->n += (size_t)snprintf(s->text + s->n, sizeof s->text - s->n, "%s!%llu-%llu", s->n ? " " : "",
                             (unsigned long long)d.first, (unsigned long long)d.last);
  }
  end_run(s);
  vsm_journal_reader_close(r);
  return s->text;
}

const char *read_all(struct journal_rig *f, struct journal_story *s) {
  return read_from(f, s, 1);
}

void sql(struct journal_rig *f, const char *text) {
  sqlite3 *db;
  assert_int_equal(sqlite3_open(f->file, &db), SQLITE_OK);
  assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
  assert_int_equal(sqlite3_close(db), SQLITE_OK);
}
