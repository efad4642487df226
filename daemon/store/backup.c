// The journal is copied group by group, each read with a statement of its own, so that nothing keeps the daemon's log
// from being moved into the database, and the groups that it writes meanwhile are copied as well. All is made in
// TO.new, which takes its name in the end.
//
// A copy must hold all that lies behind its checkpoints. These are opened first (they can be read on after they were
// removed), then the journal is copied up to its end. Where the daemon trimmed it past the copy meanwhile, what was
// copied so far is not needed any more, but those checkpoints may be too old: then it is done again, with newer ones.
#include "store/backup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "store/directory.h"
#include "store/failpoint.h"
#include "store/file.h"
#include "store/history.h"
#include "store/pace.h"
#include "store/paced.h"

enum { STEP_BYTES = 4 << 20, PIECE_BYTES = 1 << 20, PIECE_PAGES = 256, TRIES = 8, BUSY_MS = 10000 };

static const char NEXT[] = "SELECT first, n, checksum, body FROM groups WHERE first >= ? ORDER BY first LIMIT 1";

struct backup {
  const struct vsm_backup_options *o;
  struct vsm_backup_counts *counts;
  struct vsm_journal_why *why;
  char *unfinished; // TO.new
  sqlite3 *from, *to;
  sqlite3_stmt *read, *write;
  int fd; // of the journal written: closed after SQLite has closed it, whose locks would go with it
  struct vsm_pace pace;
  uint64_t next, last;       // position to be copied, and with which to end
  size_t step;               // bytes of the transaction under way
  bool made, begun, trimmed; // the directory is ours; something was copied; the beginning went meanwhile
  struct vsm_checkpoint *checkpoints[VSM_CHECKPOINTS_KEPT];
};

static int fail(struct backup *b, int err, const char *directory, const char *file, const char *what) {
  snprintf(b->why->text, sizeof b->why->text, "%s%s%s: %s", directory, *file ? "/" : "", file, what);
  return err;
}

static int fail_system(struct backup *b, const char *directory, const char *file) {
  return fail(b, errno == ENOMEM ? VSM_ENOMEM : VSM_EIO, directory, file, strerror(errno));
}

static int fail_sqlite(struct backup *b, sqlite3 *db, int code, const char *directory, const char *file) {
  char text[160];
  vsm_file_explain(db, code, text, sizeof text);
  return fail(b, (code & 0xff) == SQLITE_CORRUPT ? VSM_EFORMAT : VSM_EIO, directory, file, text);
}

static char *path_in(const struct backup *b, const char *name) {
  char *path = NULL;
  return asprintf(&path, "%s/%s", b->unfinished, name) < 0 ? NULL : path;
}

// --- the journal

static int fail_damaged(struct backup *b, uint64_t first, uint64_t last, const char *what) {
  char text[200];
  snprintf(text, sizeof text, "damaged: %s (positions %llu to %llu)", what, (unsigned long long)first,
           (unsigned long long)last);
  return fail(b, VSM_EFORMAT, b->o->from, "journal.db", text);
}

static int ask_from(struct backup *b, const char *sql, uint64_t *out) {
  int64_t value = 0;
  int code = vsm_file_ask(b->from, sql, &value);
  *out = (uint64_t)value;
  return code == SQLITE_OK ? 0 : fail_sqlite(b, b->from, code, b->o->from, "journal.db");
}

static int exec_to(struct backup *b, const char *sql) {
  int code = sqlite3_exec(b->to, sql, NULL, NULL, NULL);
  return code == SQLITE_OK ? 0 : fail_sqlite(b, b->to, code, b->unfinished, "journal.db");
}

// Ends a transaction. Its pages go into the database at once, so that the log stays small.
static int end_step(struct backup *b) {
  int err = exec_to(b, "COMMIT");
  size_t bytes = b->step;
  b->step = 0;
  if (!err && vsm_file_checkpoint(b->to) != SQLITE_OK)
    err = fail_sqlite(b, b->to, sqlite3_extended_errcode(b->to), b->unfinished, "journal.db");
  if (!err && vsm_pace_wrote(&b->pace, b->fd, bytes) != 0)
    err = fail_system(b, b->unfinished, "journal.db");
  vsm_failpoint(VSM_FAIL_backup_step);
  return err;
}

// Positions up to before `first` are not there: given up long ago, never copied, trimmed meanwhile, or lost.
static int take_hole(struct backup *b, uint64_t first) {
  uint64_t oldest, given_up;
  char sql[160];
  snprintf(sql, sizeof sql, "SELECT count(*) FROM gone WHERE first <= %llu AND last >= %llu",
           (unsigned long long)b->next, (unsigned long long)first - 1);
  int err = ask_from(b, sql, &given_up);
  if (err || given_up > 0 || !b->begun)
    return err;
  err = ask_from(b, "SELECT first FROM groups ORDER BY first LIMIT 1", &oldest);
  if (err)
    return err;
  if (oldest < b->next)
    return fail_damaged(b, b->next, first - 1, "records are missing");
  b->trimmed = true;
  b->begun = false;
  return exec_to(b, "DELETE FROM groups");
}

static int put_group(struct backup *b, const struct vsm_group *g) {
  if (!b->begun)
    b->counts->begins = g->first;
  b->begun = true;
  if (b->step == 0 && exec_to(b, "BEGIN") != 0)
    return VSM_EIO;
  int code = vsm_file_insert(b->write, g);
  if (code != SQLITE_OK)
    return fail_sqlite(b, b->to, code, b->unfinished, "journal.db");
  b->step += g->body.n + 1;
  b->next = g->first + g->n;
  b->counts->position = b->next - 1;
  return 0;
}

static int copy_group(struct backup *b) {
  const struct vsm_group g = {
      (uint64_t)sqlite3_column_int64(b->read, 0),
      (uint64_t)sqlite3_column_int64(b->read, 1),
      {sqlite3_column_blob(b->read, 3), (size_t)sqlite3_column_bytes(b->read, 3)},
  };
  if (g.n == 0 || vsm_group_checksum(g.body, g.first, g.n) != (uint64_t)sqlite3_column_int64(b->read, 2))
    return fail_damaged(b, g.first, g.first + (g.n ? g.n : 1) - 1, "a checksum is wrong");
  if (g.first > b->next && b->step > 0 && end_step(b) != 0)
    return VSM_EIO;
  int err = g.first > b->next ? take_hole(b, g.first) : 0;
  return err ? err : put_group(b, &g);
}

// 1: there is more; 0: that was all.
static int copy_next(struct backup *b) {
  sqlite3_bind_int64(b->read, 1, (sqlite3_int64)b->next);
  int code = sqlite3_step(b->read);
  int result = code == SQLITE_DONE  ? 0
               : code == SQLITE_ROW ? copy_group(b)
                                    : fail_sqlite(b, b->from, code, b->o->from, "journal.db");
  sqlite3_reset(b->read);
  return result < 0 ? result : code == SQLITE_ROW;
}

static int copy_on(struct backup *b) {
  int code = vsm_file_last(b->from, &b->last), result = 1;
  if (code != SQLITE_OK)
    return fail_sqlite(b, b->from, code, b->o->from, "journal.db");
  while (result == 1 && b->next <= b->last) {
    result = copy_next(b);
    if (result == 1 && b->step >= STEP_BYTES && end_step(b) != 0) // while nothing is being read
      result = VSM_EIO;
    if (b->o->on_progress)
      b->o->on_progress(b->o->ctx, b->next, (double)b->next / (double)(b->last + 1));
  }
  return result < 0 ? result : b->step > 0 ? end_step(b) : 0;
}

static int copy_gone(struct backup *b) {
  sqlite3_stmt *s;
  char sql[100];
  int err = 0, code = sqlite3_prepare_v2(b->from, "SELECT first, last FROM gone", -1, &s, NULL);
  while (!err && code == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW) {
    snprintf(sql, sizeof sql, "INSERT OR REPLACE INTO gone(first, last) VALUES(%lld, %lld)",
             (long long)sqlite3_column_int64(s, 0), (long long)sqlite3_column_int64(s, 1));
    err = exec_to(b, sql);
  }
  sqlite3_finalize(s);
  return code == SQLITE_OK ? err : fail_sqlite(b, b->from, code, b->o->from, "journal.db");
}

static int open_in(struct backup *b, const char *name, int flags) {
  char *path = path_in(b, name);
  int fd = path ? open(path, flags | O_CLOEXEC, 0600) : -1;
  free(path);
  return fd;
}

static int open_journals(struct backup *b) {
  int err = vsm_file_open(b->o->from, false, &b->from, b->why);
  if (!err)
    err = vsm_file_open(b->unfinished, true, &b->to, b->why);
  if (!err && (b->fd = open_in(b, "journal.db", O_RDONLY)) < 0)
    err = fail_system(b, b->unfinished, "journal.db");
  if (err)
    return err;
  int code = sqlite3_prepare_v2(b->from, NEXT, -1, &b->read, NULL);
  if (code != SQLITE_OK)
    return fail_sqlite(b, b->from, code, b->o->from, "journal.db");
  code = sqlite3_prepare_v2(b->to, VSM_FILE_INSERT, -1, &b->write, NULL);
  return code == SQLITE_OK ? exec_to(b, "PRAGMA synchronous = OFF") // synced as a whole, in the end
                           : fail_sqlite(b, b->to, code, b->unfinished, "journal.db");
}

// settle: all was copied, and is to stand in the database alone.
static int close_journals(struct backup *b, bool settle) {
  int code = settle ? vsm_file_settle(b->to) : SQLITE_OK;
  sqlite3_finalize(b->read);
  sqlite3_finalize(b->write);
  sqlite3_close(b->from);
  sqlite3_close(b->to);
  if (b->fd >= 0)
    close(b->fd);
  b->read = b->write = NULL;
  b->from = b->to = NULL;
  return code == SQLITE_OK ? 0 : fail_sqlite(b, NULL, code, b->unfinished, "journal.db");
}

// --- checkpoints and history

static void close_checkpoints(struct backup *b) {
  for (unsigned i = 0; i < b->counts->n_checkpoints; i++)
    vsm_checkpoint_close(b->checkpoints[i]);
  b->counts->n_checkpoints = 0;
}

// One that cannot be used is none.
static int open_checkpoints(struct backup *b) {
  uint64_t positions[VSM_CHECKPOINTS_KEPT];
  struct vsm_checkpoint *c;
  struct vsm_journal_why why;
  close_checkpoints(b);
  int n = vsm_checkpoints_list(b->o->from, positions, VSM_CHECKPOINTS_KEPT);
  if (n < 0)
    return fail_system(b, b->o->from, "");
  for (int i = 0; i < n && i < VSM_CHECKPOINTS_KEPT; i++) {
    if (vsm_checkpoint_open(b->o->from, positions[i], &c, &why) == 0 && vsm_checkpoint_check(c, SIZE_MAX, &why) == 0) {
      b->checkpoints[b->counts->n_checkpoints] = c;
      b->counts->checkpoints[b->counts->n_checkpoints++] = positions[i];
    } else {
      vsm_checkpoint_close(c);
    }
  }
  return 0;
}

static int write_file(struct backup *b, const char *name, struct vsm_str bytes) {
  int fd = open_in(b, name, O_WRONLY | O_CREAT | O_EXCL);
  size_t at = 0;
  while (fd >= 0 && at < bytes.n) {
    ssize_t n = write(fd, bytes.p + at, bytes.n - at < PIECE_BYTES ? bytes.n - at : PIECE_BYTES);
    if (n < 0 && errno != EINTR)
      break;
    at += n > 0 ? (size_t)n : 0;
    if (vsm_pace_wrote(&b->pace, fd, n > 0 ? (size_t)n : 0) != 0)
      break;
  }
  int err = fd < 0 || at < bytes.n ? fail_system(b, b->unfinished, name) : 0;
  if (fd >= 0)
    close(fd);
  return err;
}

static int write_checkpoints(struct backup *b) {
  char name[48];
  int err = 0;
  for (unsigned i = 0; i < b->counts->n_checkpoints && !err; i++) {
    snprintf(name, sizeof name, "checkpoint.%llu", (unsigned long long)b->counts->checkpoints[i]);
    err = write_file(b, name, vsm_checkpoint_bytes(b->checkpoints[i]));
  }
  return err;
}

// Where they change meanwhile SQLite begins anew.
static int copy_pages(struct backup *b, sqlite3 *from, const char *path) {
  sqlite3 *to = NULL;
  int code = sqlite3_open_v2(path, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, vsm_paced());
  if (code == SQLITE_OK)
    code = sqlite3_exec(to, "PRAGMA synchronous = OFF", NULL, NULL, NULL);
  sqlite3_backup *pages = code == SQLITE_OK ? sqlite3_backup_init(to, "main", from, "main") : NULL;
  if (pages) {
    while ((code = sqlite3_backup_step(pages, PIECE_PAGES)) == SQLITE_OK)
      continue;
    code = sqlite3_backup_finish(pages);
  } else if (code == SQLITE_OK) {
    code = sqlite3_errcode(to);
  }
  int err = code == SQLITE_OK ? 0 : fail_sqlite(b, to, code, b->unfinished, "history.db");
  sqlite3_close(to);
  return err;
}

// Nobody waits for it, as its one writer writes to a log. What is no history of ours, or none that can
// be read, stays behind: a daemon makes it anew.
static int copy_history(struct backup *b) {
  sqlite3 *from = NULL;
  int64_t application = 0;
  char *old = NULL, *new = NULL;
  int err = asprintf(&old, "%s/history.db", b->o->from) < 0 || asprintf(&new, "%s/history.db", b->unfinished) < 0
                ? VSM_ENOMEM
                : 0;
  if (!err)
    unlink(new); // of the try before
  if (!err && sqlite3_open_v2(old, &from, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK) {
    sqlite3_busy_timeout(from, BUSY_MS);
    b->counts->history = vsm_file_ask(from, "PRAGMA application_id", &application) == SQLITE_OK &&
                         application == VSM_HISTORY_APPLICATION;
    if (b->counts->history)
      err = copy_pages(b, from, new);
  }
  sqlite3_close(from);
  free(old);
  free(new);
  return err;
}

// --- what was ordered

// Up to the end that it has now.
static int copy_text(struct backup *b, const char *name) {
  char *path = NULL;
  struct stat st;
  if (asprintf(&path, "%s/%s", b->o->from, name) < 0)
    return VSM_ENOMEM;
  int fd = open(path, O_RDONLY | O_CLOEXEC), err = 0;
  free(path);
  if (fd < 0)
    return errno == ENOENT ? 0 : fail_system(b, b->o->from, name);
  void *p = fstat(fd, &st) != 0 ? MAP_FAILED
            : st.st_size == 0   ? NULL
                                : mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (p == MAP_FAILED)
    err = fail_system(b, b->o->from, name);
  else if (p) {
    err = write_file(b, name, (struct vsm_str){p, (size_t)st.st_size});
    munmap(p, (size_t)st.st_size);
  }
  close(fd);
  return err;
}

// --- all of it

static int copy_all(struct backup *b) {
  int err = 0, tries = 0;
  do {
    b->trimmed = false;
    err = open_checkpoints(b);
    if (!err)
      err = copy_history(b);
    if (!err)
      err = copy_on(b);
  } while (!err && b->trimmed && ++tries < TRIES);
  if (!err && b->trimmed)
    err = fail(b, VSM_EIO, b->o->from, "journal.db", "trimmed faster than it can be copied");
  if (!err)
    err = copy_gone(b);
  if (!err)
    err = write_checkpoints(b);
  if (!err)
    err = copy_text(b, "audit.log.1");
  return err ? err : copy_text(b, "audit.log");
}

typedef int each_fn(struct backup *b, const char *path);

static int each_file(struct backup *b, each_fn *fn) {
  DIR *dir = opendir(b->unfinished);
  int err = dir ? 0 : fail_system(b, b->unfinished, "");
  for (const struct dirent *e; dir && !err && (e = readdir(dir)) != NULL;) {
    char *path = e->d_name[0] == '.' ? NULL : path_in(b, e->d_name);
    err = path ? fn(b, path) : 0;
    free(path);
  }
  if (dir)
    closedir(dir);
  return err;
}

static int sync_file(struct backup *b, const char *path) {
  struct stat st;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  int err = fd < 0 || fsync(fd) != 0 || fstat(fd, &st) != 0 ? fail_system(b, path, "") : 0;
  if (!err)
    b->counts->bytes += (uint64_t)st.st_size;
  if (fd >= 0)
    close(fd);
  return err;
}

static int remove_file(struct backup *b, const char *path) {
  (void)b;
  unlink(path);
  return 0;
}

static int sync_parent(struct backup *b) {
  char *path = NULL;
  int err = asprintf(&path, "%s/..", b->o->to) < 0 ? VSM_ENOMEM : vsm_directory_sync(path);
  free(path);
  return err ? fail_system(b, b->o->to, "..") : 0;
}

static int put_in_place(struct backup *b) {
  int err = each_file(b, sync_file);
  if (!err && vsm_directory_sync(b->unfinished) != 0)
    err = fail_system(b, b->unfinished, "");
  vsm_failpoint(VSM_FAIL_backup_rename);
  if (!err && rename(b->unfinished, b->o->to) != 0)
    err = fail_system(b, b->o->to, "");
  b->made = b->made && err;
  return err ? err : sync_parent(b);
}

static int make_directory(struct backup *b) {
  struct stat st;
  if (lstat(b->o->to, &st) == 0)
    return fail(b, VSM_EINUSE, b->o->to, "", "it is there already; a backup makes a directory of its own");
  b->made = mkdir(b->unfinished, 0700) == 0;
  if (!b->made && errno == EEXIST)
    return fail(b, VSM_EINUSE, b->unfinished, "",
                "an earlier backup was not finished, or runs; remove it when none does");
  return b->made ? 0 : fail_system(b, b->unfinished, "");
}

int vsm_backup_make(const struct vsm_backup_options *o, struct vsm_backup_counts *counts, struct vsm_journal_why *why) {
  struct backup b = {.o = o, .counts = counts, .why = why, .fd = -1, .next = 1};
  size_t n = strlen(o->to);
  *counts = (struct vsm_backup_counts){0};
  *why = (struct vsm_journal_why){"out of memory"};
  vsm_pace_begin(&b.pace);
  while (n > 1 && o->to[n - 1] == '/')
    n--;
  if (asprintf(&b.unfinished, "%.*s.new", (int)n, o->to) < 0)
    return VSM_ENOMEM;
  int err = make_directory(&b);
  if (!err)
    err = open_journals(&b);
  if (!err)
    err = copy_all(&b);
  int closed = close_journals(&b, !err);
  err = err ? err : closed;
  unsigned checkpoints = counts->n_checkpoints;
  close_checkpoints(&b);
  counts->n_checkpoints = checkpoints;
  if (!err)
    err = put_in_place(&b);
  if (b.made) {
    each_file(&b, remove_file);
    rmdir(b.unfinished);
  }
  free(b.unfinished);
  return err;
}
