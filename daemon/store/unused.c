// From the root of each table's tree down to its leaves, in the order of rows, so that only pages of a tree are
// touched, never one that merely looks like it (a long row goes on in pages of its own, which may hold any bytes). A
// step goes on at the row at which the one before ended, whatever page that is in now. Rows that come behind all others
// meanwhile do not move older ones, and take pages in which nothing is (secure_delete); but where rows go SQLite may
// exchange the pages of neighbours, and one that was not looked at could get behind us.
//
// Before each step the log is moved into the database and emptied, and SQLite forgets the pages it has in memory: else
// it would take one from there, write a row to it, and bring back what was overwritten. As we are the only writer, the
// file then is the database. Readers do not look at what is overwritten, and the rest of the page is written as it was:
// wherever a crash or a power cut ends that, the page is good.
//
// A damaged page does not lead astray: its rows must rise, and lie between those of its neighbours in the page above.
// So no page above the leaves is gone through twice, and there is an end.
#include "store/unused.h"

#include <stdio.h>
#include <stdlib.h>

#include "store/failpoint.h"
#include "store/file.h"
#include "store/page.h"
#include "store/ticks.h"

enum { STEP_BYTES = 1 << 20, STEP_US = 4000, REFUSED_MAX = 10, DEPTH_MAX = 20 };

struct step {
  struct vsm_unused *u;
  sqlite3_file *file;
  size_t page_bytes, usable, read_bytes;
  int64_t until_boot_us;
  bool forward, through; // it has come on; to the end of the table
};

static bool is_over(const struct step *s) {
  return s->through || (s->forward && (s->read_bytes >= STEP_BYTES || vsm_boot_us() >= s->until_boot_us));
}

static void come_on(struct step *s, int64_t high) {
  s->forward = true;
  s->through = high == INT64_MAX;
  if (!s->through)
    s->u->from = high + 1;
}

static sqlite3_int64 place(const struct step *s, uint32_t number) {
  return ((sqlite3_int64)number - 1) * (sqlite3_int64)s->page_bytes;
}

// *good: it is what it should be.
static int read_page(struct step *s, uint32_t number, struct vsm_page *p, int64_t low, int64_t high, bool *good) {
  *good = false;
  if (number == 0)
    return SQLITE_OK;
  s->read_bytes += s->page_bytes;
  int code = s->file->pMethods->xRead(s->file, p->bytes, (int)s->page_bytes, place(s, number));
  if (code == SQLITE_IOERR_SHORT_READ) // there is no such page
    return SQLITE_OK;
  *good = code == SQLITE_OK && vsm_page_understand(p, number, low, high);
  return code;
}

static int clear(const struct step *s, uint32_t number, struct vsm_page *p) {
  if (!vsm_page_clear(p))
    return SQLITE_OK;
  return s->file->pMethods->xWrite(s->file, p->bytes, (int)s->page_bytes, place(s, number));
}

// The page, and those below it, from where the step before ended, with rows from low to high.
static int go_through(struct step *s, uint32_t number, unsigned depth, int64_t low, int64_t high) {
  struct vsm_page p = {.bytes = malloc(2 * s->page_bytes), .size = s->page_bytes, .usable = s->usable};
  bool good = false;
  if (!p.bytes)
    return SQLITE_NOMEM;
  p.taken = p.bytes + s->page_bytes;
  int code = read_page(s, number, &p, low, high, &good);
  if (good)
    code = clear(s, number, &p);
  if (code == SQLITE_OK && (!good || p.leaf || depth == DEPTH_MAX))
    come_on(s, high);
  else
    for (size_t i = 0; i <= p.n && code == SQLITE_OK && !is_over(s); i++) {
      int64_t last = high;
      uint32_t child = vsm_page_child(&p, i, &last);
      if (last >= s->u->from)
        code = go_through(s, child, depth + 1, low, last);
      low = last < high ? last + 1 : high;
    }
  free(p.bytes);
  return code;
}

static int begin_step(struct step *s, sqlite3 *db) {
  int64_t page_bytes = 0;
  int reserved = -1, code = vsm_file_ask(db, "PRAGMA page_size", &page_bytes);
  // The very file that SQLite has open: to open and close it once more would take away SQLite's locks.
  if (code == SQLITE_OK)
    code = sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &s->file);
  if (code == SQLITE_OK)
    code = sqlite3_file_control(db, "main", SQLITE_FCNTL_RESERVE_BYTES, &reserved);
  s->page_bytes = (size_t)page_bytes;
  s->usable = (size_t)(page_bytes - reserved);
  return code == SQLITE_OK ? sqlite3_db_release_memory(db) : code;
}

// 0: there is none.
static int next_root(struct vsm_unused *u, sqlite3 *db) {
  char sql[120];
  snprintf(sql, sizeof sql, "SELECT min(rootpage) FROM sqlite_schema WHERE type = 'table' AND rootpage > %lld",
           (long long)u->root);
  u->from = INT64_MIN;
  return vsm_file_ask(db, sql, &u->root);
}

void vsm_unused_begin(struct vsm_unused *u) {
  *u = (struct vsm_unused){.root = 1, .from = INT64_MIN}; // that of the table of tables
}

int vsm_unused_overwrite(struct vsm_unused *u, sqlite3 *db, bool *more) {
  struct step s = {.u = u, .until_boot_us = vsm_boot_us() + STEP_US};
  int code = vsm_file_settle(db);
  *more = true;
  if ((code & 0xff) == SQLITE_BUSY && u->refused++ < REFUSED_MAX)
    return SQLITE_OK;
  u->refused = 0;
  if (code == SQLITE_OK)
    code = begin_step(&s, db);
  if (code == SQLITE_OK)
    code = go_through(&s, (uint32_t)u->root, 0, INT64_MIN, INT64_MAX);
  vsm_failpoint(VSM_FAIL_unused);
  if (code == SQLITE_OK && s.through)
    code = next_root(u, db);
  if (code == SQLITE_OK && u->root == 0) {
    *more = false;
    code = s.file->pMethods->xSync(s.file, SQLITE_SYNC_NORMAL);
  }
  return code;
}
