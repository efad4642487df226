// An item has rows of its own, which are written when it is new and never changed: one that changed is written anew,
// and the rows that it had go. Whether it changed is told from a fingerprint of all that is written of it; those that
// are there are read at the beginning, eight bytes and a number each. So a change costs a look at every item, and
// writes for those alone that changed.
//
// A change is one transaction of SQLite's write-ahead log, so that readers see what was before until all is there. The
// first one fills a file of another name, which then takes its own, as the log would be as large as the database.
#include "store/history.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "store/directory.h"
#include "store/failpoint.h"
#include "store/file.h"
#include "store/fingerprint.h"
#include "store/history_tables.h"
#include "store/paced.h"

enum { BUSY_MS = 10000, CACHE_KIB = 32768 };

struct known {
  uint64_t fingerprint;
  int64_t id;
  bool sealed, was_sealed, closed, told, let_go;
};

struct vsm_history {
  char *directory;
  sqlite3 *db;
  sqlite3_stmt *at[STATEMENTS];
  struct known *known; // by fingerprint until the end; those of this change are not among them
  size_t n_known, cap_known;
  uint64_t position;         // before this change
  int64_t first_id, next_id; // of rows of this change
  struct vsm_history_counts counts;
  int failed; // SQLite's code, of the first that did
  bool is_new, finished, keeps_sealed, keeps_closed;
};

static char *path_of(const struct vsm_history *h, const char *name) {
  char *path = NULL;
  return asprintf(&path, "%s/%s", h->directory, name) < 0 ? NULL : path;
}

static int explain(struct vsm_history *h, const char *name, int code, struct vsm_journal_why *why) {
  char text[160];
  vsm_file_explain(h->db, code, text, sizeof text);
  snprintf(why->text, sizeof why->text, "%s/%s: %s", h->directory, name, text);
  return (code & 0xff) == SQLITE_BUSY ? VSM_EINUSE : (code & 0xff) == SQLITE_NOMEM ? VSM_ENOMEM : VSM_EIO;
}

static bool is_damage(int code) {
  return (code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB;
}

// --- opening

static int open_file(struct vsm_history *h, const char *name, bool create) {
  char *path = path_of(h, name);
  int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_READWRITE | (create ? SQLITE_OPEN_CREATE : 0);
  int code = path ? sqlite3_open_v2(path, &h->db, flags, vsm_paced()) : SQLITE_NOMEM;
  free(path);
  if (code != SQLITE_OK)
    return code;
  sqlite3_extended_result_codes(h->db, 1);
  sqlite3_busy_timeout(h->db, BUSY_MS);
  return SQLITE_OK;
}

static void close_file(struct vsm_history *h) {
  for (int i = 0; i < STATEMENTS; i++) {
    sqlite3_finalize(h->at[i]);
    h->at[i] = NULL;
  }
  sqlite3_close(h->db);
  h->db = NULL;
}

static void remove_file(const struct vsm_history *h, const char *name) {
  char *path = path_of(h, name);
  if (path)
    unlink(path);
  free(path);
}

static int set_aside(const struct vsm_history *h) {
  char *from = path_of(h, "history.db"), *to = path_of(h, "history.db.bad");
  int err = !from || !to ? VSM_ENOMEM : rename(from, to) != 0 ? VSM_EIO : 0;
  free(from);
  free(to);
  remove_file(h, "history.db-wal");
  remove_file(h, "history.db-shm");
  return err;
}

static int by_fingerprint(const void *a, const void *b) {
  const struct known *s = a, *t = b;
  return (s->fingerprint > t->fingerprint) - (s->fingerprint < t->fingerprint);
}

static int by_id(const void *a, const void *b) {
  const struct known *s = a, *t = b;
  return (s->id > t->id) - (s->id < t->id);
}

static int load_known(struct vsm_history *h) {
  sqlite3_stmt *s;
  int code = sqlite3_prepare_v2(h->db, "SELECT fingerprint, id, sealed, ended_us IS NOT NULL FROM item", -1, &s, NULL);
  while (code == SQLITE_OK && (code = sqlite3_step(s)) == SQLITE_ROW) {
    h->known = vsm_mem_grow(h->known, h->n_known, &h->cap_known, sizeof *h->known);
    h->known[h->n_known++] = (struct known){.fingerprint = (uint64_t)sqlite3_column_int64(s, 0),
                                            .id = sqlite3_column_int64(s, 1),
                                            .sealed = sqlite3_column_int(s, 2) != 0,
                                            .was_sealed = sqlite3_column_int(s, 2) != 0,
                                            .closed = sqlite3_column_int(s, 3) != 0};
    code = SQLITE_OK;
  }
  sqlite3_finalize(s);
  if (h->n_known > 0)
    qsort(h->known, h->n_known, sizeof *h->known, by_fingerprint);
  return code == SQLITE_DONE ? SQLITE_OK : code;
}

static int prepare(struct vsm_history *h) {
  int64_t position = 0, id = 0;
  int code = vsm_file_ask(h->db, "SELECT position FROM history", &position);
  if (code == SQLITE_OK)
    code = vsm_file_ask(h->db, "SELECT max(id) FROM item", &id);
  if (code == SQLITE_OK)
    code = load_known(h);
  for (int i = 0; i < STATEMENTS && code == SQLITE_OK; i++)
    code = sqlite3_prepare_v2(h->db, SQL[i], -1, &h->at[i], NULL);
  h->position = (uint64_t)position;
  h->first_id = h->next_id = id + 1;
  h->counts.items = h->n_known;
  return code;
}

// secure_delete: what goes is overwritten.
static int configure(struct vsm_history *h) {
  char sql[160];
  snprintf(sql, sizeof sql, "PRAGMA cache_size = -%d; PRAGMA secure_delete = ON; PRAGMA synchronous = FULL", CACHE_KIB);
  return sqlite3_exec(h->db, sql, NULL, NULL, NULL);
}

static int begin_new(struct vsm_history *h, struct vsm_journal_why *why) {
  char sql[160];
  remove_file(h, "history.new");
  h->is_new = true;
  snprintf(sql, sizeof sql, "PRAGMA journal_mode = OFF; PRAGMA application_id = %d; PRAGMA user_version = %d; BEGIN",
           VSM_HISTORY_APPLICATION, VSM_HISTORY_FORMAT);
  int code = open_file(h, "history.new", true);
  if (code == SQLITE_OK)
    code = configure(h);
  if (code == SQLITE_OK)
    code = sqlite3_exec(h->db, sql, NULL, NULL, NULL);
  if (code == SQLITE_OK)
    code = sqlite3_exec(h->db, VSM_HISTORY_TABLES, NULL, NULL, NULL);
  if (code == SQLITE_OK)
    code = prepare(h);
  return code == SQLITE_OK ? 0 : explain(h, "history.new", code, why);
}

static int check(struct vsm_history *h, struct vsm_journal_why *why, int *code) {
  int64_t application = 0, version = 0;
  *code = vsm_file_ask(h->db, "PRAGMA application_id", &application);
  if (*code == SQLITE_OK)
    *code = vsm_file_ask(h->db, "PRAGMA user_version", &version);
  if (*code != SQLITE_OK || (application == VSM_HISTORY_APPLICATION && version == VSM_HISTORY_FORMAT))
    return 0;
  if (application != VSM_HISTORY_APPLICATION)
    snprintf(why->text, sizeof why->text, "%s/history.db: no history of vsmd; it was not changed", h->directory);
  else
    snprintf(why->text, sizeof why->text,
             "%s/history.db: of format version %lld; this vsmd writes version %d; it was not changed", h->directory,
             (long long)version, VSM_HISTORY_FORMAT);
  return VSM_EFORMAT;
}

static int begin_change(struct vsm_history *h, struct vsm_journal_why *why) {
  int code = open_file(h, "history.db", false);
  int err = code == SQLITE_OK ? check(h, why, &code) : 0;
  if (err)
    return err;
  if (code == SQLITE_OK)
    code = configure(h);
  if (code == SQLITE_OK)
    code = sqlite3_exec(h->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
  if (code == SQLITE_OK)
    code = prepare(h);
  if (!is_damage(code))
    return code == SQLITE_OK ? 0 : explain(h, "history.db", code, why);
  close_file(h);
  h->n_known = 0;
  if (set_aside(h) != 0)
    return explain(h, "history.db", code, why);
  err = begin_new(h, why);
  if (!err)
    snprintf(why->text, sizeof why->text, "damaged, and set aside as history.db.bad");
  return err;
}

int vsm_history_open(const char *directory, struct vsm_history **history, struct vsm_journal_why *why) {
  struct vsm_history *h = calloc(1, sizeof *h);
  struct stat st;
  *history = NULL;
  *why = (struct vsm_journal_why){"out of memory"};
  if (!h || !(h->directory = strdup(directory))) {
    vsm_history_close(h);
    return VSM_ENOMEM;
  }
  *why = (struct vsm_journal_why){""};
  char *path = path_of(h, "history.db");
  int err = !path ? VSM_ENOMEM : stat(path, &st) == 0 ? begin_change(h, why) : begin_new(h, why);
  free(path);
  if (err)
    vsm_history_close(h);
  else
    *history = h;
  return err;
}

uint64_t vsm_history_position(const struct vsm_history *h) {
  return h->position;
}

// --- rows

static int note(struct vsm_history *h, int code) {
  if (code != SQLITE_OK && code != SQLITE_DONE && !h->failed)
    h->failed = code;
  return h->failed ? VSM_EIO : 0;
}

static int step(struct vsm_history *h, enum statement which) {
  int code = sqlite3_step(h->at[which]);
  sqlite3_reset(h->at[which]);
  return note(h, code);
}

static void bind_text(sqlite3_stmt *s, int at, struct vsm_str text) {
  sqlite3_bind_text64(s, at, text.n ? text.p : "", text.n, SQLITE_STATIC, SQLITE_UTF8);
}

static void bind_z(sqlite3_stmt *s, int at, const char *text) {
  sqlite3_bind_text(s, at, text, -1, SQLITE_STATIC);
}

// Nothing where it is 0.
static void bind_us(sqlite3_stmt *s, int at, int64_t us) {
  if (us)
    sqlite3_bind_int64(s, at, us);
  else
    sqlite3_bind_null(s, at);
}

int vsm_history_put_stage(struct vsm_history *h, const struct vsm_history_stage *stage) {
  const char *const texts[] = {stage->stream, stage->stage, stage->stream_name, stage->name};
  for (int i = 0; i < 4; i++)
    bind_z(h->at[STAGE], i + 1, texts[i]);
  sqlite3_bind_int64(h->at[STAGE], 5, stage->place);
  return step(h, STAGE);
}

static int write_parts(struct vsm_history *h, int64_t id, const struct vsm_history_item *item) {
  for (unsigned i = 0; i < item->n_keys; i++) {
    sqlite3_bind_int64(h->at[KEY], 1, id);
    bind_text(h->at[KEY], 2, item->keys[i]);
    step(h, KEY);
  }
  for (unsigned i = 0; i < item->n_segments; i++) {
    sqlite3_bind_int64(h->at[SEGMENT], 1, id);
    bind_z(h->at[SEGMENT], 2, item->segments[i].attribute);
    bind_text(h->at[SEGMENT], 3, item->segments[i].value);
    step(h, SEGMENT);
  }
  for (unsigned i = 0; i < item->n_visits; i++) {
    const struct vsm_history_visit *v = &item->visits[i];
    const int64_t numbers[] = {v->entered_us, v->left_us,   v->rework,      v->unobserved,
                               v->queue_us,   v->active_us, v->suspended_us};
    static const int places[] = {4, 5, 7, 8, 9, 10, 11};
    sqlite3_bind_int64(h->at[VISIT], 1, id);
    sqlite3_bind_int64(h->at[VISIT], 2, v->number);
    bind_z(h->at[VISIT], 3, v->stage);
    bind_z(h->at[VISIT], 6, v->how);
    for (size_t k = 0; k < sizeof places / sizeof *places; k++)
      sqlite3_bind_int64(h->at[VISIT], places[k], numbers[k]);
    step(h, VISIT);
  }
  return h->failed ? VSM_EIO : 0;
}

static int write_item(struct vsm_history *h, const struct vsm_history_item *item, uint64_t fingerprint, bool sealed) {
  sqlite3_stmt *s = h->at[ITEM];
  int64_t id = h->next_id++;
  sqlite3_bind_int64(s, 1, id);
  bind_z(s, 2, item->stream);
  bind_text(s, 3, item->item);
  bind_z(s, 4, item->state);
  sqlite3_bind_int64(s, 5, item->started_us);
  bind_us(s, 6, item->ended_us);
  bind_us(s, 7, item->lead_us);
  sqlite3_bind_int64(s, 8, sealed);
  sqlite3_bind_int64(s, 9, (int64_t)fingerprint);
  h->counts.items++;
  h->counts.written++;
  return step(h, ITEM) == 0 ? write_parts(h, id, item) : VSM_EIO;
}

// --- telling

static struct known *find(const struct vsm_history *h, uint64_t fingerprint) {
  const struct known key = {.fingerprint = fingerprint};
  return h->n_known ? bsearch(&key, h->known, h->n_known, sizeof key, by_fingerprint) : NULL;
}

int vsm_history_put(struct vsm_history *h, const struct vsm_history_item *item) {
  uint64_t fingerprint = vsm_history_fingerprint(item);
  struct known *k = find(h, fingerprint);
  if (!k)
    return write_item(h, item, fingerprint, false);
  k->told = true;
  return 0;
}

static int mark_sealed(struct vsm_history *h, struct known *k) {
  k->sealed = true;
  sqlite3_bind_int64(h->at[SEAL], 1, k->id);
  return step(h, SEAL);
}

int vsm_history_seal(struct vsm_history *h, const struct vsm_history_item *item) {
  uint64_t fingerprint = vsm_history_fingerprint(item);
  struct known *k = find(h, fingerprint);
  return k ? mark_sealed(h, k) : write_item(h, item, fingerprint, true);
}

void vsm_history_keep_sealed(struct vsm_history *h) {
  h->keeps_sealed = true;
}

void vsm_history_keep_closed(struct vsm_history *h) {
  h->keeps_closed = true;
}

static int remove_item(struct vsm_history *h, int64_t id) {
  sqlite3_bind_int64(h->at[REMOVE], 1, id);
  h->counts.items--;
  h->counts.removed++;
  return step(h, REMOVE); // its parts go with it
}

// Rows that a statement gives go, unless they are told.
static int let_go(struct vsm_history *h, enum statement which) {
  sqlite3_stmt *s = h->at[which];
  int code;
  while ((code = sqlite3_step(s)) == SQLITE_ROW) {
    struct known *k = find(h, (uint64_t)sqlite3_column_int64(s, 0));
    if (k)
      k->let_go = true;
    else
      remove_item(h, sqlite3_column_int64(s, 1));
  }
  sqlite3_reset(s);
  return note(h, code);
}

int vsm_history_forget(struct vsm_history *h, struct vsm_str stream, struct vsm_str key) {
  bind_text(h->at[OF_KEY], 1, stream);
  bind_text(h->at[OF_KEY], 2, key);
  return let_go(h, OF_KEY);
}

int vsm_history_renew(struct vsm_history *h) {
  char sql[120];
  snprintf(sql, sizeof sql, "DELETE FROM item WHERE id >= %lld; UPDATE item SET sealed = 0 WHERE sealed",
           (long long)h->first_id);
  for (size_t i = 0; i < h->n_known; i++)
    h->known[i].sealed = h->known[i].told = false;
  h->counts = (struct vsm_history_counts){.items = h->n_known};
  return note(h, sqlite3_exec(h->db, sql, NULL, NULL, NULL));
}

// --- the end

static int put_in_place(struct vsm_history *h) {
  char *from = path_of(h, "history.new"), *to = path_of(h, "history.db");
  int fd = from ? open(from, O_RDONLY | O_CLOEXEC) : -1;
  remove_file(h, "history.db-wal"); // of one that is gone
  remove_file(h, "history.db-shm");
  int err = !to || fd < 0 || fsync(fd) != 0 || rename(from, to) != 0 ? VSM_EIO : vsm_directory_sync(h->directory);
  if (fd >= 0)
    close(fd);
  free(from);
  free(to);
  return err;
}

static int commit(struct vsm_history *h, struct vsm_journal_why *why) {
  vsm_failpoint(VSM_FAIL_history_commit);
  int code = sqlite3_exec(h->db, h->is_new ? "COMMIT; PRAGMA journal_mode = WAL" : "COMMIT", NULL, NULL, NULL);
  if (code != SQLITE_OK)
    return explain(h, h->is_new ? "history.new" : "history.db", code, why);
  vsm_failpoint(VSM_FAIL_history_committed);
  sqlite3_busy_timeout(h->db, 0); // a reader may be in the way for ever
  if (!h->is_new)
    sqlite3_wal_checkpoint_v2(h->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
  close_file(h);
  if (!h->is_new || put_in_place(h) == 0)
    return 0;
  snprintf(why->text, sizeof why->text, "%s/history.db: %s", h->directory, strerror(errno));
  return VSM_EIO;
}

static bool is_kept(const struct vsm_history *h, const struct known *k) {
  return !k->let_go && ((h->keeps_sealed && k->was_sealed) || (h->keeps_closed && k->closed));
}

// In the order in which their rows lie: by fingerprint each would take pages from all over the file, which SQLite reads
// and writes again and again.
static void remove_untold(struct vsm_history *h) {
  if (h->keeps_sealed || h->keeps_closed) {
    sqlite3_bind_int64(h->at[CHANGED], 1, h->first_id);
    let_go(h, CHANGED);
  }
  if (h->n_known > 0)
    qsort(h->known, h->n_known, sizeof *h->known, by_id);
  for (struct known *k = h->known; k < h->known + h->n_known && !h->failed; k++) {
    if (k->told || (k->sealed && !k->let_go))
      continue;
    if (is_kept(h, k))
      mark_sealed(h, k);
    else
      remove_item(h, k->id);
  }
}

int vsm_history_finish(struct vsm_history *h, uint64_t position, int64_t received_us, struct vsm_history_counts *counts,
                       struct vsm_journal_why *why) {
  remove_untold(h);
  sqlite3_bind_int64(h->at[POSITION], 1, (int64_t)position);
  sqlite3_bind_int64(h->at[POSITION], 2, received_us);
  if (h->failed || step(h, POSITION) != 0) {
    explain(h, h->is_new ? "history.new" : "history.db", h->failed, why);
    close_file(h);
    if (is_damage(h->failed) && !h->is_new)
      set_aside(h);
    return VSM_EIO;
  }
  int err = commit(h, why);
  h->finished = !err;
  *counts = h->counts;
  return err;
}

void vsm_history_close(struct vsm_history *h) {
  if (!h)
    return;
  close_file(h);
  if (h->is_new && !h->finished && h->directory)
    remove_file(h, "history.new");
  free(h->known);
  free(h->directory);
  free(h);
}

void vsm_history_remove_bad(const char *directory) {
  remove_file(&(struct vsm_history){.directory = (char *)directory}, "history.db.bad");
}

int vsm_history_scrub(const char *directory, struct vsm_journal_why *why) {
  struct vsm_history h = {.directory = (char *)directory};
  int code = open_file(&h, "history.db", false), err = 0;
  if (code == SQLITE_OK)
    code = sqlite3_exec(h.db, "VACUUM", NULL, NULL, NULL);
  if (code == SQLITE_OK)
    code = sqlite3_wal_checkpoint_v2(h.db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
  if (code != SQLITE_OK && code != SQLITE_CANTOPEN)
    err = explain(&h, "history.db", code, why);
  close_file(&h);
  return err;
}
