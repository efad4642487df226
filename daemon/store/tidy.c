// Often and little, as commits wait meanwhile, some 2 ms for 1 MB; and best while there is none to do. What a reader
// keeps in the log, or want of room, stays there until as much again has come. The log begins anew once all of it was
// moved and nobody reads it.
#include "store/tidy.h"

#include "store/file.h"

enum { PAGES_BUSY = 256, PAGES_IDLE = 64 }; // at which they are moved

static int on_log(void *tidy, sqlite3 *db, const char *name, int n) {
  (void)db, (void)name;
  ((struct vsm_tidy *)tidy)->pages = n;
  return SQLITE_OK;
}

void vsm_tidy_begin(struct vsm_tidy *t, sqlite3 *db) {
  *t = (struct vsm_tidy){0};
  sqlite3_wal_hook(db, on_log, t);
}

void vsm_tidy_end(sqlite3 *db) {
  sqlite3_wal_hook(db, NULL, NULL);
}

bool vsm_tidy_is_due(struct vsm_tidy *t, bool busy) {
  if (t->pages < t->moved)
    t->moved = 0;
  return t->pages - t->moved >= (busy ? PAGES_BUSY : PAGES_IDLE);
}

int vsm_tidy_move(struct vsm_tidy *t, sqlite3 *db) {
  t->moved = t->pages;
  return vsm_file_checkpoint(db);
}
