#include "store/backup_journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "store/failpoint.h"
#include "store/file.h"

enum { STEP_BYTES = 4 << 20 };

static const char NEXT[] = "SELECT first, n, checksum, body FROM groups WHERE first >= ? ORDER BY first LIMIT 1";
static const char WRITE[] = "INSERT OR REPLACE " VSM_FILE_GROUP;
static const char THERE[] = "SELECT first, checksum FROM groups WHERE first < ? ORDER BY first";
static const char COPIED[] = "SELECT checksum FROM groups WHERE first = ?";

int vsm_backup_fail(struct vsm_backup *b, int err, const char *directory, const char *file, const char *what) {
  snprintf(b->why->text, sizeof b->why->text, "%s%s%s: %s", directory, *file ? "/" : "", file, what);
  return err;
}

int vsm_backup_fail_system(struct vsm_backup *b, const char *directory, const char *file) {
  return vsm_backup_fail(b, errno == ENOMEM ? VSM_ENOMEM : VSM_EIO, directory, file, strerror(errno));
}

int vsm_backup_fail_sqlite(struct vsm_backup *b, sqlite3 *db, int code, const char *directory, const char *file) {
  char text[160];
  vsm_file_explain(db, code, text, sizeof text);
  return vsm_backup_fail(b, (code & 0xff) == SQLITE_CORRUPT ? VSM_EFORMAT : VSM_EIO, directory, file, text);
}

char *vsm_backup_path_in(const struct vsm_backup *b, const char *name) {
  char *path = NULL;
  return asprintf(&path, "%s/%s", b->unfinished, name) < 0 ? NULL : path;
}

int vsm_backup_open_in(struct vsm_backup *b, const char *name, int flags) {
  char *path = vsm_backup_path_in(b, name);
  int fd = path ? open(path, flags | O_CLOEXEC, 0600) : -1;
  free(path);
  return fd;
}

static int fail_damaged(struct vsm_backup *b, uint64_t first, uint64_t last, const char *what) {
  char text[200];
  snprintf(text, sizeof text, "damaged: %s (positions %llu to %llu)", what, (unsigned long long)first,
           (unsigned long long)last);
  return vsm_backup_fail(b, VSM_EFORMAT, b->o->from, "journal.db", text);
}

static int ask(struct vsm_backup *b, sqlite3 *db, const char *sql, uint64_t *out) {
  int64_t value = 0;
  int code = vsm_file_ask(db, sql, &value);
  *out = (uint64_t)value;
  return code == SQLITE_OK
             ? 0
             : vsm_backup_fail_sqlite(b, db, code, db == b->from ? b->o->from : b->unfinished, "journal.db");
}

static int exec_to(struct vsm_backup *b, const char *sql) {
  int code = sqlite3_exec(b->to, sql, NULL, NULL, NULL);
  return code == SQLITE_OK ? 0 : vsm_backup_fail_sqlite(b, b->to, code, b->unfinished, "journal.db");
}

// Ends a transaction. Its pages go into the database at once, so that the log stays small.
static int end_step(struct vsm_backup *b) {
  int err = exec_to(b, "COMMIT");
  size_t bytes = b->step;
  b->step = 0;
  if (!err && vsm_file_checkpoint(b->to) != SQLITE_OK)
    err = vsm_backup_fail_sqlite(b, b->to, sqlite3_extended_errcode(b->to), b->unfinished, "journal.db");
  if (!err && vsm_pace_wrote(&b->pace, b->fd, bytes) != 0)
    err = vsm_backup_fail_system(b, b->unfinished, "journal.db");
  vsm_failpoint(VSM_FAIL_backup_step);
  return err;
}

// Positions up to before `first` are not there: given up long ago, trimmed before or meanwhile, or lost.
static int take_hole(struct vsm_backup *b, uint64_t first) {
  uint64_t oldest = 0, given_up;
  char sql[160];
  snprintf(sql, sizeof sql, "SELECT count(*) FROM gone WHERE first <= %llu AND last >= %llu",
           (unsigned long long)b->next, (unsigned long long)first - 1);
  int err = ask(b, b->from, sql, &given_up);
  if (err || given_up > 0)
    return err;
  err = ask(b, b->from, "SELECT first FROM groups ORDER BY first LIMIT 1", &oldest);
  if (!err && oldest < b->next)
    err = fail_damaged(b, b->next, first - 1, "records are missing");
  b->behind = true;
  return err;
}

static int put_group(struct vsm_backup *b, const struct vsm_group *g) {
  if (b->step == 0 && exec_to(b, "BEGIN") != 0)
    return VSM_EIO;
  int code = vsm_file_insert(b->write, g);
  b->step += g->body.n + 1;
  return code == SQLITE_OK ? 0 : vsm_backup_fail_sqlite(b, b->to, code, b->unfinished, "journal.db");
}

// The one that was read. *behind: the position that follows.
static int copy_group(struct vsm_backup *b, uint64_t *behind) {
  const struct vsm_group g = {
      (uint64_t)sqlite3_column_int64(b->read, 0),
      (uint64_t)sqlite3_column_int64(b->read, 1),
      {sqlite3_column_blob(b->read, 3), (size_t)sqlite3_column_bytes(b->read, 3)},
  };
  if (g.n == 0 || vsm_group_checksum(g.body, g.first, g.n) != (uint64_t)sqlite3_column_int64(b->read, 2))
    return fail_damaged(b, g.first, g.first + (g.n ? g.n : 1) - 1, "a checksum is wrong");
  int err = g.first > b->next ? take_hole(b, g.first) : 0;
  *behind = g.first + g.n;
  return err ? err : put_group(b, &g);
}

// From a position on the next group that there is. 1: there was one; 0: there is none.
static int copy_from(struct vsm_backup *b, uint64_t position, uint64_t *behind) {
  sqlite3_bind_int64(b->read, 1, (sqlite3_int64)position);
  int code = sqlite3_step(b->read);
  int err = code == SQLITE_DONE  ? 0
            : code == SQLITE_ROW ? copy_group(b, behind)
                                 : vsm_backup_fail_sqlite(b, b->from, code, b->o->from, "journal.db");
  sqlite3_reset(b->read);
  return err ? err : code == SQLITE_ROW;
}

int vsm_backup_copy_journal(struct vsm_backup *b) {
  int code = vsm_file_last(b->from, &b->last), result = 1;
  if (code != SQLITE_OK)
    return vsm_backup_fail_sqlite(b, b->from, code, b->o->from, "journal.db");
  while (result == 1 && b->next <= b->last) {
    result = copy_from(b, b->next, &b->next);
    if (result == 1 && b->step >= STEP_BYTES && end_step(b) != 0) // while nothing is being read
      result = VSM_EIO;
    if (b->o->on_progress)
      b->o->on_progress(b->o->ctx, b->next, (double)b->next / (double)(b->last + 1));
  }
  return result < 0 ? result : b->step > 0 ? end_step(b) : 0;
}

// 1: it is there in these very words; 0: it is not.
static int is_copied(struct vsm_backup *b, sqlite3_stmt *copied, int64_t first, int64_t checksum) {
  sqlite3_bind_int64(copied, 1, first);
  int code = sqlite3_step(copied);
  bool same = code == SQLITE_ROW && sqlite3_column_int64(copied, 0) == checksum;
  sqlite3_reset(copied);
  return code == SQLITE_ROW || code == SQLITE_DONE
             ? same
             : vsm_backup_fail_sqlite(b, b->to, code, b->unfinished, "journal.db");
}

static int follow_groups(struct vsm_backup *b, sqlite3_stmt *there, sqlite3_stmt *copied, uint64_t *begins) {
  int same = 1, code = SQLITE_ROW;
  uint64_t behind;
  sqlite3_bind_int64(there, 1, (sqlite3_int64)b->next);
  while (same >= 0 && (code = sqlite3_step(there)) == SQLITE_ROW) {
    int64_t first = sqlite3_column_int64(there, 0);
    *begins = (uint64_t)first < *begins ? (uint64_t)first : *begins;
    same = is_copied(b, copied, first, sqlite3_column_int64(there, 1));
    if (same == 0)
      same = copy_from(b, (uint64_t)first, &behind);
  }
  return same < 0 ? same : code == SQLITE_DONE ? 0 : vsm_backup_fail_sqlite(b, b->from, code, b->o->from, "journal.db");
}

// One statement goes through it, and what is read meanwhile is of the same instant.
int vsm_backup_follow(struct vsm_backup *b) {
  sqlite3_stmt *there = NULL, *copied = NULL;
  uint64_t begins = b->next;
  char sql[80];
  int code = sqlite3_prepare_v2(b->from, THERE, -1, &there, NULL);
  int err = code == SQLITE_OK ? 0 : vsm_backup_fail_sqlite(b, b->from, code, b->o->from, "journal.db");
  if (!err && (code = sqlite3_prepare_v2(b->to, COPIED, -1, &copied, NULL)) != SQLITE_OK)
    err = vsm_backup_fail_sqlite(b, b->to, code, b->unfinished, "journal.db");
  if (!err)
    err = exec_to(b, "BEGIN");
  b->step = 1;
  if (!err)
    err = follow_groups(b, there, copied, &begins);
  sqlite3_finalize(there);
  sqlite3_finalize(copied);
  snprintf(sql, sizeof sql, "DELETE FROM groups WHERE first < %llu", (unsigned long long)begins);
  if (!err)
    err = exec_to(b, sql); // what was trimmed
  return err ? err : end_step(b);
}

static int copy_gone(struct vsm_backup *b) {
  sqlite3_stmt *s;
  char sql[100];
  int err = 0, code = sqlite3_prepare_v2(b->from, "SELECT first, last FROM gone", -1, &s, NULL);
  while (!err && code == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW) {
    snprintf(sql, sizeof sql, "INSERT OR REPLACE INTO gone(first, last) VALUES(%lld, %lld)",
             (long long)sqlite3_column_int64(s, 0), (long long)sqlite3_column_int64(s, 1));
    err = exec_to(b, sql);
  }
  sqlite3_finalize(s);
  return code == SQLITE_OK ? err : vsm_backup_fail_sqlite(b, b->from, code, b->o->from, "journal.db");
}

int vsm_backup_look_at_journal(struct vsm_backup *b, bool *whole) {
  char sql[100];
  uint64_t given_up = 0;
  int err = copy_gone(b);
  snprintf(sql, sizeof sql, "SELECT coalesce(min(first), %llu) FROM groups", (unsigned long long)b->next);
  if (!err)
    err = ask(b, b->to, sql, &b->counts->begins);
  snprintf(sql, sizeof sql, "SELECT sum(last - first + 1) FROM gone WHERE last < %llu",
           (unsigned long long)b->counts->begins);
  if (!err)
    err = ask(b, b->to, sql, &given_up);
  b->counts->position = b->next - 1;
  *whole = b->counts->begins <= 1 + given_up;
  return err;
}

int vsm_backup_open_journals(struct vsm_backup *b) {
  int err = vsm_file_open(b->o->from, false, &b->from, b->why);
  if (!err)
    err = vsm_file_open(b->unfinished, true, &b->to, b->why);
  if (!err && (b->fd = vsm_backup_open_in(b, "journal.db", O_RDONLY)) < 0)
    err = vsm_backup_fail_system(b, b->unfinished, "journal.db");
  if (err)
    return err;
  int code = sqlite3_prepare_v2(b->from, NEXT, -1, &b->read, NULL);
  if (code != SQLITE_OK)
    return vsm_backup_fail_sqlite(b, b->from, code, b->o->from, "journal.db");
  code = sqlite3_prepare_v2(b->to, WRITE, -1, &b->write, NULL);
  return code == SQLITE_OK ? exec_to(b, "PRAGMA synchronous = OFF") // synced as a whole, in the end
                           : vsm_backup_fail_sqlite(b, b->to, code, b->unfinished, "journal.db");
}

int vsm_backup_close_journals(struct vsm_backup *b, bool settle) {
  int code = settle ? vsm_file_settle(b->to) : SQLITE_OK;
  sqlite3_finalize(b->read);
  sqlite3_finalize(b->write);
  sqlite3_close(b->from);
  sqlite3_close(b->to);
  if (b->fd >= 0)
    close(b->fd);
  b->read = b->write = NULL;
  b->from = b->to = NULL;
  return code == SQLITE_OK ? 0 : vsm_backup_fail_sqlite(b, NULL, code, b->unfinished, "journal.db");
}
