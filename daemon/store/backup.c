// The journal is copied group by group, each read with a statement of its own, so that nothing keeps the daemon's log
// from being moved into the database, and the groups that it writes meanwhile are copied as well. All is made in
// TO.new, which takes its name in the end.
//
// A copy must hold all that lies behind its checkpoints. These are opened first (they can be read on after they were
// removed), then history.db and the journal are copied, up to its end. The daemon trims, and puts in other words, only
// what both checkpoints cover that are there: so where one that was opened still is, all that lies behind it was copied
// as it is. Where none is, newer ones are opened, and the copy follows: what was trimmed or put in other words
// meanwhile is so in the copy, too.
#include "store/backup_journal.h"

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
#include "store/forgetting.h"
#include "store/history.h"
#include "store/paced.h"

enum { PIECE_BYTES = 1 << 20, TRIES = 8, BUSY_MS = 10000 };

// --- checkpoints and history

static void close_checkpoints(struct vsm_backup *b) {
  for (unsigned i = 0; i < b->counts->n_checkpoints; i++)
    vsm_checkpoint_close(b->checkpoints[i]);
  b->counts->n_checkpoints = 0;
}

// One that cannot be used is none.
static int open_checkpoints(struct vsm_backup *b) {
  uint64_t positions[VSM_CHECKPOINTS_KEPT];
  struct vsm_checkpoint *c;
  struct vsm_journal_why why;
  close_checkpoints(b);
  int n = vsm_checkpoints_list(b->o->from, positions, VSM_CHECKPOINTS_KEPT);
  if (n < 0)
    return vsm_backup_fail_system(b, b->o->from, "");
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

static int write_file(struct vsm_backup *b, const char *name, struct vsm_str bytes) {
  int fd = vsm_backup_open_in(b, name, O_WRONLY | O_CREAT | O_EXCL);
  size_t at = 0;
  while (fd >= 0 && at < bytes.n) {
    ssize_t n = write(fd, bytes.p + at, bytes.n - at < PIECE_BYTES ? bytes.n - at : PIECE_BYTES);
    if (n < 0 && errno != EINTR)
      break;
    at += n > 0 ? (size_t)n : 0;
    if (vsm_pace_wrote(&b->pace, fd, n > 0 ? (size_t)n : 0) != 0)
      break;
  }
  int err = fd < 0 || at < bytes.n ? vsm_backup_fail_system(b, b->unfinished, name) : 0;
  if (fd >= 0)
    close(fd);
  return err;
}

static int write_checkpoints(struct vsm_backup *b) {
  char name[48];
  int err = 0;
  for (unsigned i = 0; i < b->counts->n_checkpoints && !err; i++) {
    snprintf(name, sizeof name, "checkpoint.%llu", (unsigned long long)b->counts->checkpoints[i]);
    err = write_file(b, name, vsm_checkpoint_bytes(b->checkpoints[i]));
  }
  return err;
}

// All in one reading: between two SQLite would begin anew wherever they changed, and perhaps never end.
static int copy_pages(struct vsm_backup *b, sqlite3 *from, const char *path) {
  sqlite3 *to = NULL;
  int code = sqlite3_open_v2(path, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, vsm_paced());
  if (code == SQLITE_OK)
    code = sqlite3_exec(to, "PRAGMA synchronous = OFF", NULL, NULL, NULL);
  sqlite3_backup *pages = code == SQLITE_OK ? sqlite3_backup_init(to, "main", from, "main") : NULL;
  if (pages) {
    int stepped = sqlite3_backup_step(pages, -1);
    code = sqlite3_backup_finish(pages); // which knows nothing of one that somebody was in the way of
    code = code == SQLITE_OK && stepped != SQLITE_DONE ? stepped : code;
  } else if (code == SQLITE_OK) {
    code = sqlite3_errcode(to);
  }
  int err = code == SQLITE_OK ? 0 : vsm_backup_fail_sqlite(b, to, code, b->unfinished, "history.db");
  sqlite3_close(to);
  return err;
}

// Nobody waits for it, as its one writer writes to a log. What is no history of ours, or none that can
// be read, stays behind: a daemon makes it anew.
static int copy_history(struct vsm_backup *b) {
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
static int copy_text(struct vsm_backup *b, const char *name) {
  char *path = NULL;
  struct stat st;
  if (asprintf(&path, "%s/%s", b->o->from, name) < 0)
    return VSM_ENOMEM;
  int fd = open(path, O_RDONLY | O_CLOEXEC), err = 0;
  free(path);
  if (fd < 0)
    return errno == ENOENT ? 0 : vsm_backup_fail_system(b, b->o->from, name);
  void *p = fstat(fd, &st) != 0 ? MAP_FAILED
            : st.st_size == 0   ? NULL
                                : mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (p == MAP_FAILED)
    err = vsm_backup_fail_system(b, b->o->from, name);
  else if (p) {
    err = write_file(b, name, (struct vsm_str){p, (size_t)st.st_size});
    munmap(p, (size_t)st.st_size);
  }
  close(fd);
  return err;
}

// --- all of it

static bool is_among(const uint64_t *positions, int n, uint64_t position) {
  for (int i = 0; i < n && i < VSM_CHECKPOINTS_KEPT; i++)
    if (positions[i] == position)
      return true;
  return false;
}

// Of those that were opened the ones stay that the daemon still has, and trims by.
static int drop_checkpoints(struct vsm_backup *b) {
  uint64_t there[VSM_CHECKPOINTS_KEPT];
  int n = vsm_checkpoints_list(b->o->from, there, VSM_CHECKPOINTS_KEPT);
  if (n < 0)
    return vsm_backup_fail_system(b, b->o->from, "");
  unsigned opened = b->counts->n_checkpoints, kept = 0;
  for (unsigned i = 0; i < opened; i++) {
    if (!is_among(there, n, b->counts->checkpoints[i])) {
      vsm_checkpoint_close(b->checkpoints[i]);
      continue;
    }
    b->checkpoints[kept] = b->checkpoints[i];
    b->counts->checkpoints[kept++] = b->counts->checkpoints[i];
  }
  b->counts->n_checkpoints = kept;
  b->behind = b->behind || kept < opened;
  return 0;
}

// *usable: a daemon would start on it, from a checkpoint, or as nothing is missing before the first record.
static int copy_once(struct vsm_backup *b, bool *usable) {
  bool whole = false;
  int err = open_checkpoints(b);

  // Asked behind the checkpoints: what is ordered from now on they do not cover.
  b->forgetting = b->forgetting || vsm_forgetting_is_marked(b->o->from);
  b->behind = b->behind || b->forgetting || b->counts->n_checkpoints == 0;
  if (!err)
    err = copy_history(b);
  vsm_failpoint(VSM_FAIL_backup_history);
  if (!err)
    err = vsm_backup_copy_journal(b);
  bool follows = b->behind;
  if (!err && follows)
    err = vsm_backup_follow(b);
  if (!err)
    err = vsm_backup_look_at_journal(b, &whole);
  if (!err)
    err = drop_checkpoints(b);
  *usable = b->counts->n_checkpoints > 0 || (whole && follows);
  return err;
}

static int copy_all(struct vsm_backup *b) {
  bool usable = false;
  int err = 0;
  for (int tries = 0; !err && !usable && tries < TRIES; tries++)
    err = copy_once(b, &usable);
  if (!err && !usable)
    err = vsm_backup_fail(b, VSM_EIO, b->o->from, "",
                          "no checkpoint can be read that stays for as long as the journal is copied, and that begins "
                          "behind record 1");
  if (!err)
    err = write_checkpoints(b);
  if (!err && (b->forgetting || vsm_forgetting_is_marked(b->o->from)))
    err = write_file(b, VSM_FORGETTING, (struct vsm_str){0}); // who starts on it goes on with that
  if (!err)
    err = copy_text(b, "audit.log.1");
  return err ? err : copy_text(b, "audit.log");
}

typedef int each_fn(struct vsm_backup *b, const char *path);

static int each_file(struct vsm_backup *b, each_fn *fn) {
  DIR *dir = opendir(b->unfinished);
  int err = dir ? 0 : vsm_backup_fail_system(b, b->unfinished, "");
  for (const struct dirent *e; dir && !err && (e = readdir(dir)) != NULL;) {
    char *path = e->d_name[0] == '.' ? NULL : vsm_backup_path_in(b, e->d_name);
    err = path ? fn(b, path) : 0;
    free(path);
  }
  if (dir)
    closedir(dir);
  return err;
}

static int sync_file(struct vsm_backup *b, const char *path) {
  struct stat st;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  int err = fd < 0 || fsync(fd) != 0 || fstat(fd, &st) != 0 ? vsm_backup_fail_system(b, path, "") : 0;
  if (!err)
    b->counts->bytes += (uint64_t)st.st_size;
  if (fd >= 0)
    close(fd);
  return err;
}

static int remove_file(struct vsm_backup *b, const char *path) {
  (void)b;
  unlink(path);
  return 0;
}

static int sync_parent(struct vsm_backup *b) {
  char *path = NULL;
  int err = asprintf(&path, "%s/..", b->o->to) < 0 ? VSM_ENOMEM : vsm_directory_sync(path);
  free(path);
  return err ? vsm_backup_fail_system(b, b->o->to, "..") : 0;
}

static int put_in_place(struct vsm_backup *b) {
  int err = each_file(b, sync_file);
  if (!err && vsm_directory_sync(b->unfinished) != 0)
    err = vsm_backup_fail_system(b, b->unfinished, "");
  vsm_failpoint(VSM_FAIL_backup_rename);
  if (!err && rename(b->unfinished, b->o->to) != 0)
    err = vsm_backup_fail_system(b, b->o->to, "");
  b->made = b->made && err;
  return err ? err : sync_parent(b);
}

static int make_directory(struct vsm_backup *b) {
  struct stat st;
  if (lstat(b->o->to, &st) == 0)
    return vsm_backup_fail(b, VSM_EINUSE, b->o->to, "", "it is there already; a backup makes a directory of its own");
  b->made = mkdir(b->unfinished, 0700) == 0;
  if (!b->made && errno == EEXIST)
    return vsm_backup_fail(b, VSM_EINUSE, b->unfinished, "",
                           "an earlier backup was not finished, or runs; remove it when none does");
  return b->made ? 0 : vsm_backup_fail_system(b, b->unfinished, "");
}

int vsm_backup_make(const struct vsm_backup_options *o, struct vsm_backup_counts *counts, struct vsm_journal_why *why) {
  struct vsm_backup b = {.o = o, .counts = counts, .why = why, .fd = -1, .next = 1};
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
    err = vsm_backup_open_journals(&b);
  if (!err)
    err = copy_all(&b);
  int closed = vsm_backup_close_journals(&b, !err);
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
