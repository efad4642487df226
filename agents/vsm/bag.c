// SQLite sorts on disk in what memory it is given. An empty name is a file of its own in the folder for temporary files
// (SQLITE_TMPDIR, TMPDIR, /var/tmp), which nobody sees and which goes with the process.
#include "bag.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

static const char TABLES[] =
    "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -65536; PRAGMA temp_store = FILE;"
    "CREATE TABLE groups(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, least INTEGER NOT NULL);"
    "CREATE TABLE texts(id INTEGER NOT NULL, at INTEGER NOT NULL, text TEXT NOT NULL);"
    "BEGIN";
static const char GROUP[] = "INSERT INTO groups(name, least) VALUES(?1, ?2) "
                            "ON CONFLICT(name) DO UPDATE SET least = min(least, ?2) RETURNING id";
static const char NEW_GROUP[] = "INSERT INTO groups(name, least) VALUES(?1, ?2) ON CONFLICT DO NOTHING RETURNING id";
static const char TEXT[] = "INSERT INTO texts(id, at, text) VALUES(?, ?, ?)";
static const char ALL[] = "SELECT t.id, g.name, t.text FROM texts t CROSS JOIN groups g ON g.id = t.id "
                          "ORDER BY g.name = '', g.least, t.id, t.at, t.rowid";

struct vsm_bag {
  sqlite3 *db;
  sqlite3_stmt *group, *new_group, *text;
};

static int fail(const struct vsm_bag *b) {
  fprintf(stderr, "vsm: the temporary file for sorting (TMPDIR says where): %s\n", sqlite3_errmsg(b->db));
  return -1;
}

struct vsm_bag *vsm_bag_create(void) {
  struct vsm_bag *b = vsm_mem_alloc(sizeof *b);
  if (sqlite3_open("", &b->db) == SQLITE_OK && sqlite3_exec(b->db, TABLES, NULL, NULL, NULL) == SQLITE_OK &&
      sqlite3_prepare_v2(b->db, GROUP, -1, &b->group, NULL) == SQLITE_OK &&
      sqlite3_prepare_v2(b->db, NEW_GROUP, -1, &b->new_group, NULL) == SQLITE_OK &&
      sqlite3_prepare_v2(b->db, TEXT, -1, &b->text, NULL) == SQLITE_OK)
    return b;
  fail(b);
  vsm_bag_destroy(b);
  return NULL;
}

void vsm_bag_destroy(struct vsm_bag *b) {
  if (!b)
    return;
  sqlite3_finalize(b->group);
  sqlite3_finalize(b->new_group);
  sqlite3_finalize(b->text);
  sqlite3_close(b->db);
  free(b);
}

static void bind_text(sqlite3_stmt *s, int at, struct vsm_str text) {
  sqlite3_bind_text64(s, at, text.n ? text.p : "", text.n, SQLITE_STATIC, SQLITE_UTF8);
}

// 0: it is there already, where a new one was asked for; -1: it failed.
static int64_t find_group(struct vsm_bag *b, struct vsm_str name, int64_t at, bool once) {
  sqlite3_stmt *s = once ? b->new_group : b->group;
  bind_text(s, 1, name);
  sqlite3_bind_int64(s, 2, at);
  int code = sqlite3_step(s);
  int64_t id = code == SQLITE_ROW ? sqlite3_column_int64(s, 0) : 0;
  if (code == SQLITE_ROW)
    code = sqlite3_step(s);
  sqlite3_reset(s);
  return code == SQLITE_DONE ? id : -1;
}

int vsm_bag_put(struct vsm_bag *b, struct vsm_str group, int64_t at, struct vsm_str text, bool once) {
  int64_t id = find_group(b, group, at, once);
  if (id == 0 && once)
    return 0;
  if (id <= 0)
    return fail(b);
  sqlite3_bind_int64(b->text, 1, id);
  sqlite3_bind_int64(b->text, 2, at);
  bind_text(b->text, 3, text);
  int code = sqlite3_step(b->text);
  sqlite3_reset(b->text);
  return code == SQLITE_DONE ? 0 : fail(b);
}

static struct vsm_str column(sqlite3_stmt *s, int at) {
  const char *p = (const char *)sqlite3_column_text(s, at);
  return (struct vsm_str){p, (size_t)sqlite3_column_bytes(s, at)};
}

int vsm_bag_each(struct vsm_bag *b, vsm_bag_fn *fn, void *ctx) {
  sqlite3_stmt *s;
  int64_t before = 0;
  int code, status = 0;
  if (sqlite3_exec(b->db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK ||
      sqlite3_prepare_v2(b->db, ALL, -1, &s, NULL) != SQLITE_OK)
    return fail(b);
  while ((code = sqlite3_step(s)) == SQLITE_ROW && status == 0) {
    int64_t id = sqlite3_column_int64(s, 0);
    status = fn(ctx, column(s, 1), id != before, column(s, 2));
    before = id;
  }
  if (code != SQLITE_ROW && code != SQLITE_DONE)
    status = fail(b);
  sqlite3_finalize(s);
  return status;
}
