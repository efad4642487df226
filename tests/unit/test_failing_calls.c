// Every call that the store makes to the system and to SQLite fails once, one after the other, each in three ways.
// Whatever was being done is done all the same, or it is said what was wrong; then it can be done again, on what was
// left, and comes to what it should. That nothing is lost on the way the sanitizers see.
#undef NDEBUG
#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "store/backup.h"
#include "store/checkpoint.h"
#include "store/directory.h"
#include "store/file.h"
#include "store/history.h"
#include "store/rewrite.h"

enum { CALLS_MAX = 5000, RECORDS = 12, STATE_BYTES = 300000 };

// ---- calls that fail

static const struct way {
  int system, sqlite; // errno; SQLite's code
} ways[] = {{EIO, SQLITE_IOERR}, {ENOMEM, SQLITE_NOMEM}, {ENOSPC, SQLITE_CORRUPT}};

static struct {
  bool on;
  pthread_t thread; // of others none fails
  unsigned left;    // until one does
  const struct way *way;
} failing;

static bool fails(void) {
  if (!failing.on || !pthread_equal(failing.thread, pthread_self()) || failing.left == 0 || --failing.left > 0)
    return false;
  errno = failing.way->system;
  return true;
}

// In the place of the C library's and SQLite's, by the linker.
#define WRAP(type, bad, name, parameters, arguments)                                                                   \
  type __real_##name parameters;                                                                                       \
  type __wrap_##name parameters;                                                                                       \
  type __wrap_##name parameters {                                                                                      \
    return fails() ? (bad) : __real_##name arguments;                                                                  \
  }
WRAP(void *, NULL, malloc, (size_t n), (n))
WRAP(void *, NULL, calloc, (size_t n, size_t size), (n, size))
WRAP(char *, NULL, strdup, (const char *z), (z))
WRAP(int, -1, fsync, (int fd), (fd))
WRAP(int, -1, fdatasync, (int fd), (fd))
WRAP(ssize_t, -1, write, (int fd, const void *p, size_t n), (fd, p, n))
WRAP(ssize_t, -1, read, (int fd, void *p, size_t n), (fd, p, n))
WRAP(int, -1, rename, (const char *from, const char *to), (from, to))
WRAP(int, -1, mkdir, (const char *path, mode_t mode), (path, mode))
WRAP(int, -1, fstat, (int fd, struct stat *st), (fd, st))
WRAP(int, -1, ftruncate, (int fd, off_t n), (fd, n))
WRAP(void *, MAP_FAILED, mmap, (void *at, size_t n, int how, int flags, int fd, off_t from),
     (at, n, how, flags, fd, from))
WRAP(DIR *, NULL, opendir, (const char *path), (path))
WRAP(FILE *, NULL, fdopen, (int fd, const char *how), (fd, how))
WRAP(int, EOF, fflush, (FILE * f), (f))
WRAP(size_t, 0, fwrite, (const void *p, size_t size, size_t n, FILE *f), (p, size, n, f))
WRAP(size_t, 0, fread, (void *p, size_t size, size_t n, FILE *f), (p, size, n, f))
// What would have been made is none then.
#define WRAP_OUT(out, name, parameters, arguments)                                                                     \
  int __real_##name parameters;                                                                                        \
  int __wrap_##name parameters;                                                                                        \
  int __wrap_##name parameters {                                                                                       \
    *(out) = NULL;                                                                                                     \
    return fails() ? failing.way->sqlite : __real_##name arguments;                                                    \
  }
WRAP_OUT(out, sqlite3_prepare_v2, (sqlite3 * db, const char *sql, int n, sqlite3_stmt **out, const char **tail),
         (db, sql, n, out, tail))
WRAP(int, failing.way->sqlite, sqlite3_step, (sqlite3_stmt * s), (s))
WRAP(int, failing.way->sqlite, sqlite3_exec,
     (sqlite3 * db, const char *sql, int (*fn)(void *, int, char **, char **), void *ctx, char **why),
     (db, sql, fn, ctx, why))
WRAP_OUT(db, sqlite3_open_v2, (const char *path, sqlite3 **db, int flags, const char *vfs), (path, db, flags, vfs))
WRAP_OUT(blob, sqlite3_blob_open,
         (sqlite3 * db, const char *name, const char *table, const char *column, sqlite3_int64 row, int flags,
          sqlite3_blob **blob),
         (db, name, table, column, row, flags, blob))
WRAP(int, failing.way->sqlite, sqlite3_backup_step, (sqlite3_backup * b, int n), (b, n))
WRAP(sqlite3_backup *, NULL, sqlite3_backup_init,
     (sqlite3 * to, const char *to_name, sqlite3 *from, const char *from_name), (to, to_name, from, from_name))

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...) {
  va_list ap;
  va_start(ap, flags);
  int mode = flags & O_CREAT ? va_arg(ap, int) : 0;
  va_end(ap);
  return fails() ? -1 : __real_open(path, flags, mode);
}

int __wrap_asprintf(char **out, const char *fmt, ...);
int __wrap_asprintf(char **out, const char *fmt, ...) {
  *out = NULL;
  if (fails())
    return -1;
  va_list ap;
  va_start(ap, fmt);
  int n = vasprintf(out, fmt, ap);
  va_end(ap);
  return n;
}

// Of these a refusal ends the process: unit/no_memory looks at that.
#define WRAP_MEM(name, parameters, arguments)                                                                          \
  void *__real_##name parameters;                                                                                      \
  void *__wrap_##name parameters;                                                                                      \
  void *__wrap_##name parameters {                                                                                     \
    bool on = failing.on;                                                                                              \
    failing.on = false;                                                                                                \
    void *got = __real_##name arguments;                                                                               \
    failing.on = on;                                                                                                   \
    return got;                                                                                                        \
  }
WRAP_MEM(vsm_mem_alloc, (size_t n), (n))
WRAP_MEM(vsm_mem_grow, (void *p, size_t n, size_t *cap, size_t size), (p, n, cap, size))
WRAP_MEM(vsm_mem_copy, (struct vsm_str s), (s))

// ---- what is done

static char root[] = "/dev/shm/vsmd-failing.XXXXXX";
static char state[64], copy[64];
static char bytes[STATE_BYTES];

static int journal_of(struct vsm_journal **j, struct vsm_journal_why *why) {
  return vsm_journal_open(state, j, why);
}

static void append_all(struct vsm_journal *j) {
  failing.on = false; // its own thread commits: unit/journal looks at that
  assert(vsm_journal_begin(j) == 0);
  for (int i = (int)vsm_journal_state(j).appended; i < RECORDS; i++) {
    struct vsm_record r = {.kind = VSM_RECORD_START, .received = {INT64_C(1000000) * i}, .payload = {bytes, 100}};
    assert(vsm_journal_append(j, &r) > 0);
    vsm_journal_push(j, false);
    while (vsm_journal_committed(j) < vsm_journal_state(j).appended) {
      poll(&(struct pollfd){.fd = vsm_journal_news_fd(j), .events = POLLIN}, 1, -1);
      vsm_journal_take_news(j);
    }
  }
}

static int make_journal(struct vsm_journal_why *why) {
  struct vsm_journal *j;
  int err = journal_of(&j, why);
  if (!err)
    append_all(j);
  vsm_journal_close(j);
  return err;
}

static int on_record(void *ctx, uint64_t position, const struct vsm_record *record) {
  (void)position;
  (*(unsigned *)ctx)++;
  return record->payload.n == 100 ? 0 : VSM_EINVAL;
}

static int read_journal(struct vsm_journal_why *why) {
  struct vsm_journal_reader *r;
  struct vsm_journal_damage damage = {0};
  unsigned n = 0;
  uint64_t mark;
  int err = vsm_journal_reader_open(state, 3, &r, why);
  if (err)
    return err;
  vsm_journal_reader_first(r);
  vsm_journal_reader_mark(r, vsm_journal_reader_last(r), &mark);
  int result;
  while ((result = vsm_journal_read(r, on_record, &n, &damage)) == 1)
    continue;
  if (result == VSM_EFORMAT) // what was said to be damaged
    assert(failing.on && damage.why && damage.first >= 3 && damage.last >= damage.first);
  vsm_journal_reader_close(r);
  snprintf(why->text, sizeof why->text, "read");
  if (result == 0 && !failing.on)
    assert(n >= RECORDS - 2);
  return result;
}

static int give_up(struct vsm_journal_why *why) {
  struct vsm_journal *j;
  int err = journal_of(&j, why);
  if (!err)
    err = vsm_journal_give_up(j, 5000, 5001);
  vsm_journal_close(j);
  return err;
}

static int trim(struct vsm_journal_why *why) {
  sqlite3 *db;
  struct vsm_file_trimmed out = {0};
  int err = vsm_file_open(state, true, &db, why);
  struct vsm_journal_trim t = {.below = 4, .received_before = {INT64_C(2000000)}, .max_bytes = 1000};
  if (!err) {
    int code = vsm_file_trim(db, &t, &out);
    vsm_file_explain(db, code, why->text, sizeof why->text);
    err = code ? VSM_EIO : 0;
  }
  sqlite3_close(db);
  return err;
}

static int rewrite(struct vsm_journal_why *why) {
  struct vsm_rewrite_writer *w;
  snprintf(why->text, sizeof why->text, "rewrite");
  int err = vsm_rewrite_create(state, &w);
  if (err)
    return err;
  err = vsm_rewrite_put(w, 6, false, VSM_STR("other"));
  if (!err)
    err = vsm_rewrite_put(w, 7, true, VSM_STR(""));
  if (err)
    vsm_rewrite_abandon(w);
  else
    err = vsm_rewrite_finish(w);
  struct vsm_rewrite *r = err ? NULL : vsm_rewrite_open(state);
  sqlite3 *db = NULL;
  bool more = true, all = true;
  int code = r && vsm_file_open(state, true, &db, why) == 0 ? SQLITE_OK : SQLITE_CANTOPEN;
  while (code == SQLITE_OK && more)
    code = vsm_file_rewrite(db, r, 1000, &more, &all);
  sqlite3_close(db);
  vsm_rewrite_close(r);
  bool there = vsm_rewrite_exists(state);
  assert(failing.on || (code == SQLITE_OK && all && there && !vsm_rewrite_is_empty(state)));
  vsm_rewrite_remove(state);
  return code ? VSM_EIO : err;
}

static int write_checkpoint(struct vsm_journal_why *why) {
  struct vsm_checkpoint_writer *w;
  struct vsm_checkpoint_head head = {.position = RECORDS, .configuration = VSM_STR("configuration")};
  uint64_t size;
  int lock = vsm_checkpoint_lock(state);
  snprintf(why->text, sizeof why->text, "lock");
  if (lock < 0)
    return lock;
  int err = vsm_checkpoint_create(state, &head, &w, why);
  if (!err && (err = vsm_checkpoint_write(w, bytes, sizeof bytes)) == 0)
    err = vsm_checkpoint_finish(w, &size, why);
  if (w)
    vsm_checkpoint_close_writer(w);
  close(lock);
  return err;
}

static int read_checkpoint(struct vsm_journal_why *why) {
  struct vsm_checkpoint *c;
  uint64_t positions[4];
  int n = vsm_checkpoints_list(state, positions, 4);
  snprintf(why->text, sizeof why->text, "list");
  if (n < 0)
    return n;
  assert(n > 0 && n <= 4);
  int err = vsm_checkpoint_open(state, positions[0], &c, why), result = 1;
  while (!err && (result = vsm_checkpoint_check(c, 1000, why)) == 1)
    continue;
  if (!err && result == 0)
    assert(vsm_checkpoint_head(c)->position == positions[0] && vsm_checkpoint_state(c).n == sizeof bytes);
  vsm_checkpoint_close(c);
  return err ? err : result;
}

static int set_aside(struct vsm_journal_why *why) {
  struct vsm_checkpoint_head head = {.position = 99, .configuration = VSM_STR("x")};
  struct vsm_checkpoint_writer *w;
  uint64_t size;
  snprintf(why->text, sizeof why->text, "aside");
  int err = vsm_checkpoint_create(state, &head, &w, why);
  if (!err)
    err = vsm_checkpoint_finish(w, &size, why);
  if (w)
    vsm_checkpoint_close_writer(w);
  if (!err)
    err = vsm_checkpoint_set_aside(state, 99);
  vsm_checkpoint_remove_bad(state);
  if (err)
    unlink(strcat(strcpy(copy, state), "/checkpoint.99"));
  return err;
}

static int write_history(struct vsm_journal_why *why) {
  static const struct vsm_str keys[] = {{"a", 1}, {"b", 1}};
  static const struct vsm_history_visit visits[] = {{.number = 1, .stage = "s", .how = "left", .entered_us = 1},
                                                    {.number = 2, .stage = "t", .how = "open", .entered_us = 2}};
  static const struct vsm_history_segment segments[] = {{"region", {"north", 5}}};
  static unsigned round;
  struct vsm_history *h;
  struct vsm_history_counts counts;
  struct vsm_history_item item = {.stream = "S",
                                  .state = "open",
                                  .item = {"a", 1},
                                  .keys = keys,
                                  .n_keys = 2,
                                  .started_us = ++round % 2 + 1,
                                  .visits = visits,
                                  .n_visits = 2,
                                  .segments = segments,
                                  .n_segments = 1};
  int err = vsm_history_open(state, &h, why);
  if (err)
    return err;
  err = vsm_history_put_stage(h, &(struct vsm_history_stage){"S", "S", "s", "s", 0});
  if (!err && round % 2)
    err = vsm_history_renew(h);
  if (!err)
    err = vsm_history_put(h, &item);
  item.item = (struct vsm_str){"c", 1};
  item.state = "finished";
  item.ended_us = 5;
  if (!err)
    err = vsm_history_seal(h, &item);
  if (!err && round % 3 == 0)
    vsm_history_keep_closed(h);
  if (!err)
    err = vsm_history_finish(h, vsm_history_position(h) + 1, 7, &counts, why);
  else
    snprintf(why->text, sizeof why->text, "put");
  if (!err)
    assert(counts.items >= 1);
  vsm_history_close(h);
  return err;
}

static int scrub(struct vsm_journal_why *why) {
  return vsm_history_scrub(state, why);
}

static void on_progress(void *ctx, uint64_t n, double share) {
  (void)ctx, (void)n;
  assert(share >= 0 && share <= 1);
}

static void remove_all(const char *directory) {
  char path[400];
  DIR *d = opendir(directory);
  for (const struct dirent *e; d && (e = readdir(d)) != NULL;) {
    snprintf(path, sizeof path, "%s/%s", directory, e->d_name);
    unlink(path);
  }
  if (d)
    closedir(d);
  rmdir(directory);
}

static int back_up(struct vsm_journal_why *why) {
  struct vsm_backup_options o = {.from = state, .to = copy, .on_progress = on_progress};
  struct vsm_backup_counts counts;
  struct stat st;
  snprintf(copy, sizeof copy, "%s/copy", root);
  int err = vsm_backup_make(&o, &counts, why);
  bool on = failing.on;
  failing.on = false;
  if (err)
    assert(err == VSM_EINUSE || stat(copy, &st) != 0 || *why->text);
  else
    assert(counts.position >= RECORDS && stat(copy, &st) == 0);
  remove_all(copy);
  strcat(copy, ".new");
  assert(stat(copy, &st) != 0 || err); // nothing unfinished stays, unless its directory could not be read
  remove_all(copy);
  failing.on = on;
  return err;
}

static int take_directory(struct vsm_journal_why *why) {
  snprintf(copy, sizeof copy, "%s/made", root);
  int fd = vsm_directory_take(copy, why);
  if (fd >= 0)
    close(fd);
  remove_all(copy);
  return fd < 0 ? fd : 0;
}

// ---- each call of it

static const struct {
  const char *name;
  int (*run)(struct vsm_journal_why *why);
} all[] = {{"take a directory", take_directory},
           {"make a journal", make_journal},
           {"read it", read_journal},
           {"give up positions", give_up},
           {"write a checkpoint", write_checkpoint},
           {"read it", read_checkpoint},
           {"set one aside", set_aside},
           {"write a history", write_history},
           {"scrub it", scrub},
           {"back up", back_up},
           {"rewrite records", rewrite},
           {"trim", trim}};

static void try_each(size_t i, const struct way *way) {
  struct vsm_journal_why why = {0};
  unsigned n = 1, refused = 0;
  for (; n < CALLS_MAX; n++) {
    failing.left = n;
    failing.way = way;
    failing.thread = pthread_self();
    why.text[0] = '\0';
    failing.on = true;
    int err = all[i].run(&why);
    failing.on = false;
    bool reached = failing.left == 0;
    if (err) {
      assert(reached && *vsm_err_text(err));
      refused++;
    }
    err = all[i].run(&why);
    if (err) {
      fprintf(stderr, "%s: again after call %u failed (errno %d): %d %s\n", all[i].name, n, way->system, err, why.text);
      abort();
    }
    if (!reached)
      break;
  }
  assert(n < CALLS_MAX);
  printf("%s: %u calls failed, %u times it was said\n", all[i].name, n - 1, refused);
}

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  assert(mkdtemp(root));
  snprintf(state, sizeof state, "%s/state", root);
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    for (size_t k = 0; k < sizeof ways / sizeof *ways; k++)
      try_each(i, &ways[k]);
  remove_all(state);
  return rmdir(root);
}
