#include "agents/notify/store.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/mem.h"

enum { FORMAT = 1, DIRECTORY_MODE = 0700 };

struct vsm_store {
  sqlite3 *db;
  sqlite3_stmt *at[VSM_SQL_COUNT];
  bool failed;
  char why[256];
};

static const char *const SQL[VSM_SQL_COUNT] = {
#define X(name, text) [VSM_SQL_##name] = text,
    VSM_STORE_STATEMENTS(X)
#undef X
};

// times: _us since 1970; an alert's body is its message as the daemon packs it. A notice without at_us is withheld.
static const char TABLES[] =
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;"
    "CREATE TABLE alert(id TEXT PRIMARY KEY, number INTEGER, state TEXT, body BLOB, seen_us INTEGER) WITHOUT ROWID;"
    "CREATE TABLE grp(id INTEGER PRIMARY KEY AUTOINCREMENT, receiver TEXT, route TEXT, owner TEXT, stream TEXT, "
    "wait_us INTEGER, interval_us INTEGER, quiet TEXT, digest TEXT, sent_us INTEGER, due_us INTEGER, "
    "UNIQUE(receiver, route, owner, stream));"
    "CREATE TABLE notice(grp INTEGER, alert TEXT, change TEXT, body BLOB, at_us INTEGER, PRIMARY KEY(grp, alert)) "
    "WITHOUT ROWID;"
    "CREATE INDEX notice_alert ON notice(alert);"
    "CREATE TABLE told(grp INTEGER, alert TEXT, fired_ns INTEGER, PRIMARY KEY(grp, alert)) WITHOUT ROWID;"
    "CREATE INDEX told_alert ON told(alert);"
    "CREATE TABLE message(id INTEGER PRIMARY KEY AUTOINCREMENT, delivery TEXT, receiver TEXT, recipient TEXT, "
    "grp INTEGER, body TEXT, made_us INTEGER, tries INTEGER, due_us INTEGER);"
    "CREATE INDEX message_order ON message(receiver, recipient, grp, id);"
    "CREATE TABLE standing(receiver TEXT, alert TEXT, body BLOB, starts_us INTEGER, ends_us INTEGER, due_us INTEGER, "
    "PRIMARY KEY(receiver, alert)) WITHOUT ROWID;"
    "PRAGMA user_version = 1;";

// --- opening

static int explain(struct vsm_store *s, const char *path, int code, char *why, size_t size) {
  bool in_use = (code & 0xff) == SQLITE_BUSY;
  snprintf(why, size, "%s: %s", path, in_use ? "in use by another vsm-notify" : sqlite3_errmsg(s->db));
  return in_use ? VSM_EINUSE : VSM_EIO;
}

static int run(struct vsm_store *s, const char *sql) {
  return sqlite3_exec(s->db, sql, NULL, NULL, NULL);
}

static int format_of(struct vsm_store *s, int *format) {
  sqlite3_stmt *st = NULL;
  int code = sqlite3_prepare_v2(s->db, "PRAGMA user_version", -1, &st, NULL);
  if (code == SQLITE_OK && (code = sqlite3_step(st)) == SQLITE_ROW)
    *format = sqlite3_column_int(st, 0);
  sqlite3_finalize(st);
  return code == SQLITE_ROW ? SQLITE_OK : code;
}

// The lock is taken by the first change and kept until the end.
static int set_up(struct vsm_store *s, int *format) {
  int code = run(s, "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                    "BEGIN EXCLUSIVE");
  if (code == SQLITE_OK)
    code = format_of(s, format);
  if (code == SQLITE_OK && *format == 0) {
    code = run(s, TABLES);
    *format = FORMAT;
  }
  return code == SQLITE_OK ? run(s, "COMMIT") : code;
}

static int prepare(struct vsm_store *s) {
  for (int i = 0; i < VSM_SQL_COUNT; i++) {
    int code = sqlite3_prepare_v3(s->db, SQL[i], -1, SQLITE_PREPARE_PERSISTENT, &s->at[i], NULL);
    if (code != SQLITE_OK)
      return code;
  }
  return SQLITE_OK;
}

static int open_file(struct vsm_store *s, const char *path, char *why, size_t size) {
  int format = 0;
  int code = sqlite3_open_v2(path, &s->db, SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
  if (code == SQLITE_OK)
    code = set_up(s, &format);
  if (code == SQLITE_OK && format != FORMAT) {
    snprintf(why, size, "%s: of format %d; this version reads %d", path, format, FORMAT);
    return VSM_EFORMAT;
  }
  if (code == SQLITE_OK)
    code = prepare(s);
  return code == SQLITE_OK ? 0 : explain(s, path, code, why, size);
}

int vsm_store_open(const char *directory, struct vsm_store **out, char *why, size_t size) {
  struct vsm_store *s = vsm_mem_alloc(sizeof *s);
  char *path = NULL;
  int err = asprintf(&path, directory ? "%s/notify.db" : ":memory:", directory) < 0 ? VSM_ENOMEM : 0;
  *out = NULL;
  if (err == 0 && directory && mkdir(directory, DIRECTORY_MODE) != 0 && errno != EEXIST) {
    snprintf(why, size, "%s: %s", directory, strerror(errno));
    err = VSM_EIO;
  }
  if (err == 0)
    err = open_file(s, path, why, size);
  free(path);
  if (err)
    vsm_store_close(s);
  else
    *out = s;
  return err;
}

void vsm_store_close(struct vsm_store *s) {
  if (!s)
    return;
  for (int i = 0; i < VSM_SQL_COUNT; i++)
    sqlite3_finalize(s->at[i]);
  sqlite3_close(s->db);
  free(s);
}

// --- statements

static bool fail(struct vsm_store *s, int code) {
  if (!s->failed)
    snprintf(s->why, sizeof s->why, "%s (%d)", sqlite3_errmsg(s->db), code);
  s->failed = true;
  return false;
}

static void bind(struct sqlite3_stmt *st, const char *types, va_list ap) {
  sqlite3_reset(st);
  sqlite3_clear_bindings(st);
  for (int i = 1; *types; types++, i++)
    if (*types == 't') {
      sqlite3_bind_text(st, i, va_arg(ap, const char *), -1, SQLITE_TRANSIENT);
    } else if (*types == 'i') {
      sqlite3_bind_int64(st, i, va_arg(ap, int64_t));
    } else {
      const void *p = va_arg(ap, const void *);
      size_t n = va_arg(ap, size_t);
      sqlite3_bind_blob64(st, i, n ? p : "", n, SQLITE_TRANSIENT);
    }
}

// Once something failed nothing more is done until the next _begin(): it would be no part of a change any more.
bool vsm_store_do(struct vsm_store *s, enum vsm_sql q, const char *types, ...) {
  va_list ap;
  if (s->failed)
    return false;
  va_start(ap, types);
  bind(s->at[q], types, ap);
  va_end(ap);
  int code = sqlite3_step(s->at[q]);
  sqlite3_reset(s->at[q]);
  return code == SQLITE_DONE || fail(s, code);
}

struct sqlite3_stmt *vsm_store_ask(struct vsm_store *s, enum vsm_sql q, const char *types, ...) {
  va_list ap;
  va_start(ap, types);
  bind(s->at[q], types, ap);
  va_end(ap);
  return s->at[q];
}

bool vsm_store_row(struct vsm_store *s, struct sqlite3_stmt *st) {
  int code = s->failed ? SQLITE_DONE : sqlite3_step(st);
  if (code == SQLITE_ROW)
    return true;
  sqlite3_reset(st);
  return code != SQLITE_DONE && fail(s, code);
}

void vsm_store_begin(struct vsm_store *s) {
  s->failed = false;
  vsm_store_do(s, VSM_SQL_BEGIN, "");
}

bool vsm_store_commit(struct vsm_store *s) {
  if (!s->failed)
    vsm_store_do(s, VSM_SQL_COMMIT, "");
  if (s->failed && sqlite3_get_autocommit(s->db) == 0)
    run(s, "ROLLBACK");
  return !s->failed;
}

bool vsm_store_failed(const struct vsm_store *s) {
  return s->failed;
}

const char *vsm_store_why(const struct vsm_store *s) {
  return s->why;
}

int64_t vsm_store_last_id(const struct vsm_store *s) {
  return sqlite3_last_insert_rowid(s->db);
}

const char *vsm_store_text(struct sqlite3_stmt *st, int column) {
  const unsigned char *z = sqlite3_column_text(st, column);
  return z ? (const char *)z : "";
}

int64_t vsm_store_int(struct sqlite3_stmt *st, int column, int64_t otherwise) {
  return sqlite3_column_type(st, column) == SQLITE_NULL ? otherwise : sqlite3_column_int64(st, column);
}

const void *vsm_store_blob(struct sqlite3_stmt *st, int column, size_t *n) {
  *n = (size_t)sqlite3_column_bytes(st, column);
  return sqlite3_column_blob(st, column);
}
