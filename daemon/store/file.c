// Commits go to SQLite's write-ahead log with a sync each (synchronous FULL). Its pages are moved into the database by
// our own calls, never by SQLite's automatism, which would keep a failed sync to itself. When the file is opened for
// writing the log is moved whole: so nothing that is committed from then on stands behind pages of an earlier process
// that a failed sync may have left in memory alone.
#include "store/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "store/directory.h"

// How long a reader that is in the way is waited for, when opening and at each commit.
enum { BUSY_OPEN_MS = 5000, BUSY_MS = 200, PAGE_BYTES = 4096 };

static const char SCHEMA[] = "CREATE TABLE groups(first INTEGER PRIMARY KEY, n INTEGER NOT NULL, checksum INTEGER NOT "
                             "NULL, body BLOB NOT NULL);"
                             "CREATE TABLE gone(first INTEGER PRIMARY KEY, last INTEGER NOT NULL);";

int vsm_file_ask(sqlite3 *db, const char *sql, int64_t *value) {
  sqlite3_stmt *s;
  int code = sqlite3_prepare_v2(db, sql, -1, &s, NULL);
  if (code != SQLITE_OK)
    return code;
  code = sqlite3_step(s);
  *value = code == SQLITE_ROW ? sqlite3_column_int64(s, 0) : 0;
  sqlite3_finalize(s);
  return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
}

void vsm_file_explain(sqlite3 *db, int code, char *out, size_t size) {
  int number = db ? sqlite3_system_errno(db) : 0;
  bool system = (code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_CANTOPEN;
  if ((code & 0xff) == SQLITE_FULL)
    snprintf(out, size, "the disk is full");
  else if (system && number)
    snprintf(out, size, "%s: %s", sqlite3_errstr(code), strerror(number));
  else if (system)
    snprintf(out, size, "%s (%d)", sqlite3_errstr(code), code); // SQLite's extended code says which
  else
    snprintf(out, size, "%s", sqlite3_errstr(code));
}

bool vsm_file_is_fatal(int code) {
  return code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC || (code & 0xff) == SQLITE_CORRUPT ||
         (code & 0xff) == SQLITE_NOTADB || (code & 0xff) == SQLITE_MISUSE || (code & 0xff) == SQLITE_CONSTRAINT;
}

static int fail(sqlite3 *db, const char *path, int code, struct vsm_journal_why *why) {
  char text[160];
  vsm_file_explain(db, code, text, sizeof text);
  snprintf(why->text, sizeof why->text, "%s: %s", path, text);
  return (code & 0xff) == SQLITE_NOMEM                                       ? VSM_ENOMEM
         : (code & 0xff) == SQLITE_NOTADB || (code & 0xff) == SQLITE_CORRUPT ? VSM_EFORMAT
                                                                             : VSM_EIO;
}

static int make_tables(sqlite3 *db) {
  char sql[sizeof SCHEMA + 200];
  snprintf(sql, sizeof sql, "BEGIN IMMEDIATE; %s PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT", SCHEMA,
           VSM_JOURNAL_APPLICATION, VSM_JOURNAL_FORMAT);
  return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

// Before anything is changed: is the file ours, and of a version that we read?
static int check(sqlite3 *db, const char *path, bool *empty, struct vsm_journal_why *why) {
  int64_t application, version, tables;
  int code = vsm_file_ask(db, "PRAGMA application_id", &application);
  if (code == SQLITE_OK)
    code = vsm_file_ask(db, "PRAGMA user_version", &version);
  if (code == SQLITE_OK)
    code = vsm_file_ask(db, "SELECT count(*) FROM sqlite_schema", &tables);
  if (code != SQLITE_OK)
    return fail(db, path, code, why);
  *empty = application == 0 && version == 0 && tables == 0;
  if (*empty || (application == VSM_JOURNAL_APPLICATION && version == VSM_JOURNAL_FORMAT))
    return 0;
  if (application != VSM_JOURNAL_APPLICATION)
    snprintf(why->text, sizeof why->text, "%s: a database, but no journal of vsmd; nothing was changed", path);
  else
    snprintf(why->text, sizeof why->text, "%s: of format version %lld; this vsmd reads version %d; nothing was changed",
             path, (long long)version, VSM_JOURNAL_FORMAT);
  return VSM_EFORMAT;
}

static int prepare_writing(sqlite3 *db, bool empty) {
  char sql[240];
  snprintf(
      sql, sizeof sql,
      "PRAGMA page_size = %d; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; "
      "PRAGMA secure_delete = ON", // what is trimmed or forgotten stands in no free page
      PAGE_BYTES);
  int code = sqlite3_exec(db, sql, NULL, NULL, NULL);
  if (code == SQLITE_OK && empty)
    code = make_tables(db);
  return code == SQLITE_OK ? vsm_file_settle(db) : code;
}

static bool is_missing(const char *path) {
  struct stat st;
  return stat(path, &st) != 0 && errno == ENOENT;
}

static int open_at(const char *path, bool write, sqlite3 **db, struct vsm_journal_why *why) {
  bool empty = false;
  int flags = SQLITE_OPEN_NOMUTEX | (write ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY);
  int code = sqlite3_open_v2(path, db, flags, NULL);
  if (code != SQLITE_OK)
    return fail(*db, path, sqlite3_extended_errcode(*db), why);
  sqlite3_extended_result_codes(*db, 1);
  sqlite3_busy_timeout(*db, BUSY_OPEN_MS);
  int err = check(*db, path, &empty, why);
  if (err || !write)
    return err;
  code = prepare_writing(*db, empty);
  sqlite3_busy_timeout(*db, BUSY_MS);
  return code == SQLITE_OK ? 0 : fail(*db, path, code, why);
}

int vsm_file_open(const char *directory, bool write, sqlite3 **db, struct vsm_journal_why *why) {
  char *path = NULL;
  *db = NULL;
  if (asprintf(&path, "%s/journal.db", directory) < 0)
    return VSM_ENOMEM;
  int err = 0;
  if (!write && is_missing(path)) {
    snprintf(why->text, sizeof why->text, "%s: there is no journal", path);
    err = VSM_ENOENT;
  }
  if (!err)
    err = open_at(path, write, db, why);
  if (!err && write && (err = vsm_directory_sync(directory)) != 0)
    snprintf(why->text, sizeof why->text, "%s: the directory cannot be synced: %s", directory, strerror(errno));
  if (err) {
    sqlite3_close(*db);
    *db = NULL;
  }
  free(path);
  return err;
}

int vsm_file_settle(sqlite3 *db) {
  return sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
}

int vsm_file_checkpoint(sqlite3 *db) {
  return sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
}

int vsm_file_insert(sqlite3_stmt *insert, const struct vsm_group *g) {
  sqlite3_bind_int64(insert, 1, (sqlite3_int64)g->first);
  sqlite3_bind_int64(insert, 2, (sqlite3_int64)g->n);
  sqlite3_bind_int64(insert, 3, (sqlite3_int64)vsm_group_checksum(g->body, g->first, g->n));
  int code = sqlite3_bind_blob64(insert, 4, g->body.p, g->body.n, SQLITE_STATIC);
  if (code != SQLITE_OK) // one that is too long: without it NULL would be inserted
    return code;
  code = sqlite3_step(insert);
  sqlite3_reset(insert);
  return code == SQLITE_DONE ? SQLITE_OK : code;
}

int vsm_file_last(sqlite3 *db, uint64_t *last) {
  int64_t group = 0, gone = 0;
  int code = vsm_file_ask(db, "SELECT first + max(n, 1) - 1 FROM groups ORDER BY first DESC LIMIT 1", &group);
  if (code == SQLITE_OK)
    code = vsm_file_ask(db, "SELECT max(last) FROM gone", &gone);
  *last = (uint64_t)(group > gone ? group : gone);
  return code;
}
