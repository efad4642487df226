// The oldest groups go, one after another, until the first that is to stay. A step is a transaction of its own and
// takes some milliseconds, as every page of what goes is touched; so commits wait for one step at most. The file does
// not become smaller: what was taken is written anew.
#include "store/failpoint.h"
#include "store/file.h"
#include "store/little.h"

enum { STEP_BYTES = 256 << 10, RECEIVED_AT = 8, RECEIVED_BYTES = 8 }; // of a record's head (store/record.h)

static const char OLDEST[] =
    "SELECT first, n, length(body) FROM groups WHERE first < (SELECT max(first) FROM groups) ORDER BY first LIMIT 1";
static const char USED[] = "SELECT (page_count - freelist_count) * page_size FROM pragma_page_count(), "
                           "pragma_freelist_count(), pragma_page_size()";

struct oldest {
  int64_t first, n, bytes;
};

static int find_oldest(sqlite3_stmt *s, struct oldest *out) {
  int code = sqlite3_step(s);
  if (code == SQLITE_ROW)
    *out = (struct oldest){sqlite3_column_int64(s, 0), sqlite3_column_int64(s, 1), sqlite3_column_int64(s, 2)};
  sqlite3_reset(s);
  return code;
}

static bool was_received_before(sqlite3 *db, int64_t first, int64_t us) {
  unsigned char bytes[RECEIVED_BYTES];
  sqlite3_blob *blob;
  if (us == INT64_MIN || sqlite3_blob_open(db, "main", "groups", "body", first, 0, &blob) != SQLITE_OK)
    return false;
  bool read = sqlite3_blob_read(blob, bytes, RECEIVED_BYTES, RECEIVED_AT) == SQLITE_OK;
  sqlite3_blob_close(blob);
  return read && (int64_t)vsm_little_get(bytes, RECEIVED_BYTES) < us;
}

static bool is_too_large(sqlite3 *db, int64_t max_bytes) {
  sqlite3_stmt *s;
  if (sqlite3_prepare_v2(db, USED, -1, &s, NULL) != SQLITE_OK)
    return false;
  bool large = sqlite3_step(s) == SQLITE_ROW && sqlite3_column_int64(s, 0) > max_bytes;
  sqlite3_finalize(s);
  return large;
}

static int remove_group(sqlite3 *db, int64_t first) {
  sqlite3_stmt *s;
  int code = sqlite3_prepare_v2(db, "DELETE FROM groups WHERE first = ?", -1, &s, NULL);
  if (code != SQLITE_OK)
    return code;
  sqlite3_bind_int64(s, 1, first);
  code = sqlite3_step(s);
  sqlite3_finalize(s);
  return code == SQLITE_DONE ? SQLITE_OK : code;
}

static struct vsm_file_trimmed judge(sqlite3 *db, const struct oldest *o, const struct vsm_journal_trim *t) {
  bool may_go = (uint64_t)(o->first + o->n) <= t->below, too_large = is_too_large(db, t->max_bytes);
  return (struct vsm_file_trimmed){.more = may_go &&
                                           (too_large || was_received_before(db, o->first, t->received_before.us)),
                                   .crowded = !may_go && too_large};
}

static int remove_some(sqlite3 *db, sqlite3_stmt *find, const struct vsm_journal_trim *t,
                       struct vsm_file_trimmed *out) {
  struct oldest o = {0};
  int code = SQLITE_OK;
  for (int64_t bytes = 0; out->more && bytes < STEP_BYTES && code == SQLITE_OK; bytes += o.bytes) {
    code = find_oldest(find, &o);
    *out = code == SQLITE_ROW ? judge(db, &o, t) : (struct vsm_file_trimmed){0};
    if (out->more)
      code = remove_group(db, o.first);
    else if (code == SQLITE_ROW || code == SQLITE_DONE)
      return SQLITE_OK;
  }
  return code;
}

int vsm_file_trim(sqlite3 *db, const struct vsm_journal_trim *t, struct vsm_file_trimmed *out) {
  sqlite3_stmt *find;
  int code = sqlite3_prepare_v2(db, OLDEST, -1, &find, NULL);
  if (code != SQLITE_OK)
    return code;
  *out = (struct vsm_file_trimmed){.more = true};
  code = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
  if (code == SQLITE_OK)
    code = remove_some(db, find, t, out);
  sqlite3_finalize(find);
  vsm_failpoint(VSM_FAIL_trim);
  if (code == SQLITE_OK)
    code = sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
  if (code != SQLITE_OK && !sqlite3_get_autocommit(db))
    sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
  vsm_failpoint(VSM_FAIL_trimmed);
  return code;
}
