// Reading group by group, each with a statement of its own that ends before the records are given away: a transaction
// that went on meanwhile would be there nearly all the time, and keep the log of a daemon that writes from beginning
// anew. It would grow, and so would the time that a commit takes. What should be there and is not, or is not what was
// written, is reported with its positions, and reading can go on behind it:
//
//   - a row whose bytes changed (checksum), or whose pages are no more what they were: its own positions
//   - rows that are missing, since positions have no holes but those that were given up
//   - pages of the tree itself: then the next position that can be found again is searched for, in growing steps and
//     then by halving
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "store/file.h"
#include "store/pause.h"

struct range {
  uint64_t first, last;
};

struct group {
  uint64_t first, n, checksum;
  char *body;
  size_t bytes, cap;
};

struct vsm_journal_reader {
  sqlite3 *db;
  sqlite3_stmt *row, *key;
  struct range *gone; // ascending
  size_t n_gone, cap_gone;
  uint64_t from; // what lies before in the first group is not wanted
  uint64_t next; // position to be read
  uint64_t last;
  struct group group; // as the last statement found it
};

static const char ROW[] = "SELECT first, n, checksum, body FROM groups WHERE first >= ? ORDER BY first LIMIT 1";
static const char KEY[] = "SELECT first, n FROM groups WHERE first >= ? ORDER BY first LIMIT 1";

static const char MARK[] =
    "SELECT checksum, first + max(n, 1) - 1 FROM groups WHERE first <= ? ORDER BY first DESC LIMIT 1";

// --- opening

static int load_gone(struct vsm_journal_reader *r) {
  sqlite3_stmt *s;
  int code = sqlite3_prepare_v2(r->db, "SELECT first, last FROM gone ORDER BY first", -1, &s, NULL);
  if (code != SQLITE_OK)
    return code;
  while ((code = sqlite3_step(s)) == SQLITE_ROW) {
    r->gone = vsm_mem_grow(r->gone, r->n_gone, &r->cap_gone, sizeof *r->gone);
    r->gone[r->n_gone++] = (struct range){(uint64_t)sqlite3_column_int64(s, 0), (uint64_t)sqlite3_column_int64(s, 1)};
  }
  sqlite3_finalize(s);
  return code == SQLITE_DONE ? SQLITE_OK : code;
}

// Begins at the group that holds the position, if one does.
static int align(struct vsm_journal_reader *r, uint64_t from) {
  sqlite3_stmt *s;
  int code = sqlite3_prepare_v2(r->db, "SELECT first, n FROM groups WHERE first <= ? ORDER BY first DESC LIMIT 1", -1,
                                &s, NULL);
  if (code != SQLITE_OK)
    return code;
  sqlite3_bind_int64(s, 1, (sqlite3_int64)from);
  code = sqlite3_step(s);
  if (code == SQLITE_ROW && from - (uint64_t)sqlite3_column_int64(s, 0) < (uint64_t)sqlite3_column_int64(s, 1))
    r->next = (uint64_t)sqlite3_column_int64(s, 0);
  sqlite3_finalize(s);
  return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
}

static int prepare(struct vsm_journal_reader *r) {
  int code = sqlite3_prepare_v2(r->db, ROW, -1, &r->row, NULL);
  if (code == SQLITE_OK)
    code = sqlite3_prepare_v2(r->db, KEY, -1, &r->key, NULL);
  if (code == SQLITE_OK)
    code = load_gone(r);
  if (code == SQLITE_OK)
    code = vsm_file_last(r->db, &r->last);
  return code == SQLITE_OK && r->from > 1 ? align(r, r->from) : code;
}

int vsm_journal_reader_open(const char *directory, uint64_t from, struct vsm_journal_reader **reader,
                            struct vsm_journal_why *why) {
  struct vsm_journal_reader *r = calloc(1, sizeof *r);
  *reader = NULL;
  snprintf(why->text, sizeof why->text, "out of memory");
  if (!r)
    return VSM_ENOMEM;
  r->from = r->next = from ? from : 1;
  int err = vsm_file_open(directory, false, &r->db, why);
  int code = err ? SQLITE_OK : prepare(r);
  if (code != SQLITE_OK) {
    snprintf(why->text, sizeof why->text, "%s/journal.db: %s", directory, sqlite3_errmsg(r->db));
    err = (code & 0xff) == SQLITE_CORRUPT ? VSM_EFORMAT : VSM_EIO;
  }
  if (err)
    vsm_journal_reader_close(r);
  else
    *reader = r;
  return err;
}

void vsm_journal_reader_close(struct vsm_journal_reader *r) {
  if (!r)
    return;
  sqlite3_finalize(r->row);
  sqlite3_finalize(r->key);
  sqlite3_close(r->db);
  free(r->gone);
  free(r->group.body);
  free(r);
}

// Where a key in an inner page of the tree changed, SQLite goes astray and gives rows from before what was asked for.
static int or_astray(int code, uint64_t first, uint64_t from) {
  return code == SQLITE_ROW && first < from ? SQLITE_CORRUPT : code;
}

// The group at or behind a position by its key alone. SQLITE_ROW, SQLITE_DONE, or what is wrong.
static int find(const struct vsm_journal_reader *r, uint64_t from, struct range *out) {
  sqlite3_bind_int64(r->key, 1, (sqlite3_int64)from);
  int code = sqlite3_step(r->key);
  if (code == SQLITE_ROW) {
    uint64_t first = (uint64_t)sqlite3_column_int64(r->key, 0), n = (uint64_t)sqlite3_column_int64(r->key, 1);
    *out = (struct range){first, first + (n ? n : 1) - 1};
    code = or_astray(code, first, from);
  }
  sqlite3_reset(r->key);
  return code;
}

uint64_t vsm_journal_reader_last(const struct vsm_journal_reader *r) {
  return r->last;
}

uint64_t vsm_journal_reader_first(const struct vsm_journal_reader *r) {
  struct range group = {0};
  int code = find(r, 0, &group);
  return code == SQLITE_ROW ? group.first : 0;
}

int vsm_journal_reader_mark(const struct vsm_journal_reader *r, uint64_t position, uint64_t *mark) {
  sqlite3_stmt *s;
  if (sqlite3_prepare_v2(r->db, MARK, -1, &s, NULL) != SQLITE_OK)
    return VSM_EIO;
  sqlite3_bind_int64(s, 1, (sqlite3_int64)position);
  bool found = sqlite3_step(s) == SQLITE_ROW && (uint64_t)sqlite3_column_int64(s, 1) == position;
  *mark = found ? (uint64_t)sqlite3_column_int64(s, 0) : 0;
  sqlite3_finalize(s);
  return found ? 0 : VSM_ENOENT;
}

// --- damage

// What was given up at or behind the position; NULL: nothing.
static const struct range *next_gone(const struct vsm_journal_reader *r, uint64_t position) {
  for (size_t i = 0; i < r->n_gone; i++)
    if (r->gone[i].last >= position)
      return &r->gone[i];
  return NULL;
}

static int damaged(struct vsm_journal_reader *r, uint64_t last, const char *why, struct vsm_journal_damage *out) {
  const struct range *gone = next_gone(r, r->next);
  if (gone && gone->first <= last)
    last = gone->first - 1;
  *out = (struct vsm_journal_damage){r->next, last, why};
  r->next = last + 1;
  return VSM_EFORMAT;
}

// The first position behind `bad` at which a group is found.
static uint64_t find_again(struct vsm_journal_reader *r, uint64_t bad) {
  struct range found = {0};
  uint64_t good = bad, step = 1;
  do {
    bad = good;
    good = r->last - bad > step ? bad + step : r->last + 1;
    step *= 2;
  } while (good <= r->last && find(r, good, &found) != SQLITE_ROW);
  if (good > r->last)
    return good;
  while (good - bad > 1) {
    uint64_t mid = bad + (good - bad) / 2;
    if (find(r, mid, &found) == SQLITE_ROW)
      good = mid;
    else
      bad = mid;
  }
  return find(r, good, &found) == SQLITE_ROW ? found.first : r->last + 1;
}

static int unreadable(struct vsm_journal_reader *r, int code, struct vsm_journal_damage *out) {
  struct range group;
  if ((code & 0xff) != SQLITE_CORRUPT && (code & 0xff) != SQLITE_IOERR)
    return (code & 0xff) == SQLITE_NOMEM ? VSM_ENOMEM : VSM_EIO;
  if (find(r, r->next, &group) == SQLITE_ROW)
    return damaged(r, group.last, "a row that cannot be read", out);
  return damaged(r, find_again(r, r->next) - 1, "rows that cannot be found", out);
}

// --- reading

static bool is_whole(struct vsm_str body, uint64_t n) {
  struct vsm_record record;
  size_t at = 0;
  uint64_t found = 0;
  while (found < n && vsm_record_read(body, &at, &record))
    found++;
  return found == n && at == body.n;
}

static int give(const struct vsm_journal_reader *r, struct vsm_str body, uint64_t first, vsm_journal_record_fn *fn,
                void *ctx) {
  struct vsm_record record;
  int err = 0;
  for (size_t at = 0; !err && vsm_record_read(body, &at, &record); first++)
    if (first >= r->from)
      err = fn(ctx, first, &record);
  return err ? err : 1;
}

static int read_group(struct vsm_journal_reader *r, vsm_journal_record_fn *fn, void *ctx,
                      struct vsm_journal_damage *damage) {
  const struct group *g = &r->group;
  struct vsm_str body = {g->body, g->bytes};
  if (g->first > r->next)
    return damaged(r, g->first - 1, "rows that are missing", damage);
  if (g->n == 0 || vsm_group_checksum(body, g->first, g->n) != g->checksum || !is_whole(body, g->n)) {
    struct range next;
    bool more = find(r, g->first + 1, &next) == SQLITE_ROW; // n may be what is damaged
    return damaged(r, more ? next.first - 1 : g->first + (g->n ? g->n : 1) - 1, "a row whose checksum is wrong",
                   damage);
  }
  r->next = g->first + g->n;
  return give(r, body, g->first, fn, ctx);
}

static void keep_group(sqlite3_stmt *row, struct group *g) {
  const void *body = sqlite3_column_blob(row, 3);
  g->first = (uint64_t)sqlite3_column_int64(row, 0);
  g->n = (uint64_t)sqlite3_column_int64(row, 1);
  g->checksum = (uint64_t)sqlite3_column_int64(row, 2);
  g->bytes = (size_t)sqlite3_column_bytes(row, 3);
  if (g->cap < g->bytes) {
    g->cap = g->bytes;
    g->body = vsm_mem_resize(g->body, g->cap);
  }
  if (g->bytes > 0)
    memcpy(g->body, body, g->bytes);
}

// SQLITE_ROW, SQLITE_DONE, or what is wrong.
static int load_group(struct vsm_journal_reader *r) {
  sigset_t before;
  vsm_pause_put_off(&before);
  sqlite3_bind_int64(r->row, 1, (sqlite3_int64)r->next);
  int code = sqlite3_step(r->row);
  if (code == SQLITE_ROW)
    keep_group(r->row, &r->group);
  sqlite3_reset(r->row);
  vsm_pause_resume(&before);
  return or_astray(code, r->group.first, r->next);
}

int vsm_journal_read(struct vsm_journal_reader *r, vsm_journal_record_fn *fn, void *ctx,
                     struct vsm_journal_damage *damage) {
  for (const struct range *g; (g = next_gone(r, r->next)) != NULL && g->first <= r->next;)
    r->next = g->last + 1;
  int code = load_group(r);
  return code == SQLITE_DONE ? 0 : code == SQLITE_ROW ? read_group(r, fn, ctx, damage) : unreadable(r, code, damage);
}
