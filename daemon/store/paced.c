// A VFS that opens files by the one that is the default, and exchanges xWrite in their table of methods. All else goes
// the way it always went.
#include "store/paced.h"

#include <sqlite3.h>
#include <stddef.h>

#include "store/pace.h"

enum { TABLES = 4 }; // SQLite's own VFS has one for databases and one for what it does not lock

struct table {
  sqlite3_io_methods paced; // first: a file leads to it
  const sqlite3_io_methods *own;
};

static struct {
  sqlite3_vfs vfs;
  sqlite3_vfs *own;
  struct table tables[TABLES];
  struct vsm_pace pace;
} paced;

static int write_paced(sqlite3_file *f, const void *bytes, int n, sqlite3_int64 at) {
  const sqlite3_io_methods *own = ((const struct table *)f->pMethods)->own;
  int code = own->xWrite(f, bytes, n, at);
  if (code != SQLITE_OK || !vsm_pace_is_due(&paced.pace, (size_t)n))
    return code;
  return own->xSync(f, SQLITE_SYNC_NORMAL | SQLITE_SYNC_DATAONLY);
}

// NULL: there is no room for one more, and the file is written as ever.
static const struct table *table_of(const sqlite3_io_methods *own) {
  for (struct table *t = paced.tables; t < paced.tables + TABLES; t++) {
    if (!t->own) {
      *t = (struct table){*own, own};
      t->paced.xWrite = write_paced;
    }
    if (t->own == own)
      return t;
  }
  return NULL;
}

static int open_paced(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out) {
  (void)vfs;
  int code = paced.own->xOpen(paced.own, name, f, flags, out);
  const struct table *t = f->pMethods ? table_of(f->pMethods) : NULL;
  if (t)
    f->pMethods = &t->paced;
  return code;
}

const char *vsm_paced(void) {
  static const char name[] = "vsm-paced";
  if (!paced.own) {
    paced.own = sqlite3_vfs_find(NULL);
    paced.vfs = *paced.own;
    paced.vfs.zName = name;
    paced.vfs.pNext = NULL;
    paced.vfs.xOpen = open_paced;
    sqlite3_vfs_register(&paced.vfs, 0);
  }
  vsm_pace_begin(&paced.pace);
  return name;
}
