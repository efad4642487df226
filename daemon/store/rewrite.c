#include "store/rewrite.h"

#include <errno.h>
#include <fcntl.h>
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
#include "store/little.h"
#include "store/unused.h"

enum { HEAD_BYTES = 13, STEP_BYTES = 256 << 10 };
static const char NAME[] = "forget.records", NEW[] = "forget.new";

static char *path_of(const char *directory, const char *name) {
  char *path = NULL;
  return asprintf(&path, "%s/%s", directory, name) < 0 ? NULL : path;
}

// --- writing

struct vsm_rewrite_writer {
  char *directory;
  FILE *file;
};

void vsm_rewrite_abandon(struct vsm_rewrite_writer *w) {
  if (w->file)
    fclose(w->file);
  free(w->directory);
  free(w);
}

int vsm_rewrite_create(const char *directory, struct vsm_rewrite_writer **writer) {
  struct vsm_rewrite_writer *w = calloc(1, sizeof *w);
  char *path = path_of(directory, NEW);
  *writer = NULL;
  int fd = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;
  free(path);
  if (w && fd >= 0)
    w->file = fdopen(fd, "w");
  if (!w || !w->file || !(w->directory = strdup(directory))) {
    if (w)
      vsm_rewrite_abandon(w);
    return fd < 0 ? VSM_EIO : VSM_ENOMEM;
  }
  *writer = w;
  return 0;
}

int vsm_rewrite_put(struct vsm_rewrite_writer *w, uint64_t position, bool last, struct vsm_str payload) {
  unsigned char head[HEAD_BYTES];
  vsm_little_put(head, position, 8);
  vsm_little_put(head + 8, last, 1);
  vsm_little_put(head + 9, payload.n, 4);
  bool good = fwrite(head, 1, sizeof head, w->file) == sizeof head &&
              (payload.n == 0 || fwrite(payload.p, 1, payload.n, w->file) == payload.n);
  return good ? 0 : VSM_EIO;
}

int vsm_rewrite_finish(struct vsm_rewrite_writer *w) {
  char *from = path_of(w->directory, NEW), *to = path_of(w->directory, NAME);
  bool good = from && to && fflush(w->file) == 0 && fsync(fileno(w->file)) == 0 && rename(from, to) == 0 &&
              vsm_directory_sync(w->directory) == 0;
  free(from);
  free(to);
  vsm_rewrite_abandon(w);
  return good ? 0 : VSM_EIO;
}

bool vsm_rewrite_exists(const char *directory) {
  char *path = path_of(directory, NAME);
  bool exists = path && access(path, F_OK) == 0;
  free(path);
  return exists;
}

bool vsm_rewrite_is_empty(const char *directory) {
  struct stat st;
  char *path = path_of(directory, NAME);
  bool empty = path && stat(path, &st) == 0 && st.st_size == 0;
  free(path);
  return empty;
}

void vsm_rewrite_remove(const char *directory) {
  char *path = path_of(directory, NAME);
  if (path)
    unlink(path);
  free(path);
}

// --- reading

struct vsm_rewrite {
  FILE *file;
  bool left_out; // something
  bool clears;
  struct vsm_unused unused;
};

struct entry {
  uint64_t position;
  bool last;
  struct vsm_str payload; // for free()
};

struct vsm_rewrite *vsm_rewrite_open(const char *directory) {
  struct vsm_rewrite *r = calloc(1, sizeof *r);
  char *path = path_of(directory, NAME);
  if (r && path)
    r->file = fopen(path, "re");
  free(path);
  if (r && r->file)
    return r;
  vsm_rewrite_close(r);
  return NULL;
}

void vsm_rewrite_close(struct vsm_rewrite *r) {
  if (r && r->file)
    fclose(r->file);
  free(r);
}

static bool read_entry(struct vsm_rewrite *r, struct entry *e) {
  unsigned char head[HEAD_BYTES];
  if (fread(head, 1, sizeof head, r->file) != sizeof head)
    return false;
  size_t n = vsm_little_get(head + 9, 4);
  char *payload = n <= VSM_RECORD_BYTES_MAX ? malloc(n + 1) : NULL;
  if (!payload || fread(payload, 1, n, r->file) != n) {
    free(payload);
    return false;
  }
  *e = (struct entry){vsm_little_get(head, 8), vsm_little_get(head + 8, 1) != 0, {payload, n}};
  return true;
}

// --- a group in other words

static const char FIND[] = "SELECT first, n, body FROM groups WHERE first <= ? ORDER BY first DESC LIMIT 1";
static const char UPDATE[] = "UPDATE groups SET checksum = ?, body = ? WHERE first = ?";

// The group's bytes with another payload at one place; *bytes of them, for free(). NULL: there is no such record in it.
static unsigned char *replace(struct vsm_str group, uint64_t place, struct vsm_str payload, size_t *bytes) {
  unsigned char *out = malloc(group.n + payload.n + 1);
  struct vsm_record record;
  bool found = false;
  *bytes = 0;
  for (size_t at = 0; out && at < group.n && vsm_record_read(group, &at, &record); place--) {
    found = found || place == 0;
    if (place == 0)
      record.payload = payload;
    vsm_record_write(&record, out + *bytes);
    *bytes += vsm_record_bytes(&record);
  }
  if (found)
    return out;
  free(out);
  return NULL;
}

static int update(sqlite3 *db, struct vsm_group g) {
  sqlite3_stmt *s;
  int code = sqlite3_prepare_v2(db, UPDATE, -1, &s, NULL);
  if (code != SQLITE_OK)
    return code;
  sqlite3_bind_int64(s, 1, (int64_t)vsm_group_checksum(g.body, g.first, g.n));
  sqlite3_bind_blob64(s, 2, g.body.p, g.body.n, SQLITE_STATIC);
  sqlite3_bind_int64(s, 3, (int64_t)g.first);
  code = sqlite3_step(s);
  sqlite3_finalize(s);
  return code == SQLITE_DONE ? SQLITE_OK : code;
}

// Where the group was trimmed meanwhile nothing is left to do.
static int rewrite_entry(sqlite3 *db, struct vsm_rewrite *r, const struct entry *e, uint64_t below) {
  sqlite3_stmt *s;
  int code = sqlite3_prepare_v2(db, FIND, -1, &s, NULL);
  if (code != SQLITE_OK)
    return code;
  sqlite3_bind_int64(s, 1, (int64_t)e->position);
  code = sqlite3_step(s);
  if (code == SQLITE_ROW) {
    struct vsm_group g = {(uint64_t)sqlite3_column_int64(s, 0), (uint64_t)sqlite3_column_int64(s, 1), {0}};
    struct vsm_str old = {sqlite3_column_blob(s, 2), (size_t)sqlite3_column_bytes(s, 2)};
    size_t bytes = 0;
    bool there = e->position<g.first + g.n, stays = g.first + g.n> below || (e->last && r->left_out);
    unsigned char *body = there && !stays ? replace(old, e->position - g.first, e->payload, &bytes) : NULL;
    r->left_out = r->left_out || (there && !body);
    g.body = (struct vsm_str){(const char *)body, bytes};
    code = body ? update(db, g) : SQLITE_OK;
    free(body);
  }
  sqlite3_finalize(s);
  return code == SQLITE_DONE ? SQLITE_OK : code;
}

static int rewrite_some(sqlite3 *db, struct vsm_rewrite *r, uint64_t below, bool *more) {
  int code = SQLITE_OK;
  for (size_t bytes = 0; bytes < STEP_BYTES && code == SQLITE_OK;) {
    struct entry e;
    *more = read_entry(r, &e);
    if (!*more)
      return SQLITE_OK;
    code = rewrite_entry(db, r, &e, below);
    bytes += HEAD_BYTES + e.payload.n;
    free((char *)e.payload.p);
  }
  return code;
}

bool vsm_rewrite_clears(const struct vsm_rewrite *r) {
  return r->clears;
}

static int replace_step(sqlite3 *db, struct vsm_rewrite *r, uint64_t below, bool *more) {
  int code = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
  *more = false;
  if (code == SQLITE_OK)
    code = rewrite_some(db, r, below, more);
  vsm_failpoint(VSM_FAIL_rewrite);
  if (code == SQLITE_OK)
    code = sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
  if (code != SQLITE_OK && !sqlite3_get_autocommit(db))
    sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
  return code;
}

int vsm_file_rewrite(sqlite3 *db, struct vsm_rewrite *r, uint64_t below, bool *more, bool *all) {
  int code = r->clears ? vsm_unused_overwrite(&r->unused, db, more) : replace_step(db, r, below, more);
  *all = !r->left_out;
  if (code != SQLITE_OK || *more || r->clears || r->left_out)
    return code;
  vsm_unused_begin(&r->unused);
  r->clears = *more = true;
  return code;
}
