#include "tests/lib/failing_vfs.h"

#include <sqlite3.h>
#include <stdatomic.h>
#include <string.h>

struct file {
  sqlite3_file base;
  int flags;
  sqlite3_file *real; // behind this struct
};

static atomic_int what, left;
static sqlite3_vfs *real_vfs;
static sqlite3_vfs vfs;
static sqlite3_io_methods methods;

static int fails(enum failing which) {
  if (atomic_load(&what) != (int)which)
    return 0;
  int n = atomic_load(&left);
  while (n > 0 && !atomic_compare_exchange_weak(&left, &n, n - 1))
    continue;
  return n != 0;
}

void failing_vfs_tell(enum failing which, int times) {
  atomic_store(&left, times);
  atomic_store(&what, (int)which);
}

static sqlite3_file *real(sqlite3_file *f) {
  return ((struct file *)f)->real;
}

static int vfs_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at) {
  if (fails(FAILING_FULL))
    return SQLITE_FULL;
  if (fails(FAILING_WRITE))
    return SQLITE_IOERR_WRITE;
  if (fails(FAILING_SHORT)) {
    real(f)->pMethods->xWrite(real(f), p, n / 2, at);
    return SQLITE_FULL; // as SQLite's own says of a short write
  }
  return real(f)->pMethods->xWrite(real(f), p, n, at);
}

static int vfs_sync(sqlite3_file *f, int flags) {
  if (fails(FAILING_SYNC) || ((((struct file *)f)->flags & SQLITE_OPEN_MAIN_DB) && fails(FAILING_SYNC_OF_DB)))
    return SQLITE_IOERR_FSYNC;
  if (fails(FAILING_TO_SYNC))
    return SQLITE_OK;
  return real(f)->pMethods->xSync(real(f), flags);
}

// Everything else is passed on.
static int vfs_close(sqlite3_file *f) {
  return real(f)->pMethods->xClose(real(f));
}
static int vfs_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at) {
  return real(f)->pMethods->xRead(real(f), p, n, at);
}
static int vfs_truncate(sqlite3_file *f, sqlite3_int64 n) {
  return real(f)->pMethods->xTruncate(real(f), n);
}
static int vfs_size(sqlite3_file *f, sqlite3_int64 *n) {
  return real(f)->pMethods->xFileSize(real(f), n);
}
static int vfs_lock(sqlite3_file *f, int how) {
  return real(f)->pMethods->xLock(real(f), how);
}
static int vfs_unlock(sqlite3_file *f, int how) {
  return real(f)->pMethods->xUnlock(real(f), how);
}
static int vfs_reserved(sqlite3_file *f, int *out) {
  return real(f)->pMethods->xCheckReservedLock(real(f), out);
}
static int vfs_control(sqlite3_file *f, int op, void *p) {
  return real(f)->pMethods->xFileControl(real(f), op, p);
}
static int vfs_sector(sqlite3_file *f) {
  return real(f)->pMethods->xSectorSize(real(f));
}
static int vfs_characteristics(sqlite3_file *f) {
  return real(f)->pMethods->xDeviceCharacteristics(real(f));
}
static int vfs_shm_map(sqlite3_file *f, int page, int bytes, int extend, void volatile **p) {
  return real(f)->pMethods->xShmMap(real(f), page, bytes, extend, p);
}
static int vfs_shm_lock(sqlite3_file *f, int at, int n, int flags) {
  return real(f)->pMethods->xShmLock(real(f), at, n, flags);
}
static void vfs_shm_barrier(sqlite3_file *f) {
  real(f)->pMethods->xShmBarrier(real(f));
}
static int vfs_shm_unmap(sqlite3_file *f, int drop) {
  return real(f)->pMethods->xShmUnmap(real(f), drop);
}

static int vfs_open(sqlite3_vfs *v, const char *name, sqlite3_file *f, int flags, int *out) {
  struct file *file = (struct file *)f;
  (void)v;
  file->real = (sqlite3_file *)(file + 1);
  file->flags = flags;
  int code = real_vfs->xOpen(real_vfs, name, file->real, flags, out);
  f->pMethods = file->real->pMethods ? &methods : NULL;
  return code;
}

void failing_vfs_install(void) {
  real_vfs = sqlite3_vfs_find(NULL);
  vfs = *real_vfs;
  vfs.szOsFile = (int)sizeof(struct file) + real_vfs->szOsFile;
  vfs.zName = "failing";
  vfs.pNext = NULL;
  vfs.xOpen = vfs_open;
  methods = (sqlite3_io_methods){.iVersion = 2,
                                 .xClose = vfs_close,
                                 .xRead = vfs_read,
                                 .xWrite = vfs_write,
                                 .xTruncate = vfs_truncate,
                                 .xSync = vfs_sync,
                                 .xFileSize = vfs_size,
                                 .xLock = vfs_lock,
                                 .xUnlock = vfs_unlock,
                                 .xCheckReservedLock = vfs_reserved,
                                 .xFileControl = vfs_control,
                                 .xSectorSize = vfs_sector,
                                 .xDeviceCharacteristics = vfs_characteristics,
                                 .xShmMap = vfs_shm_map,
                                 .xShmLock = vfs_shm_lock,
                                 .xShmBarrier = vfs_shm_barrier,
                                 .xShmUnmap = vfs_shm_unmap};
  sqlite3_vfs_register(&vfs, 1);
}
