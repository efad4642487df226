// SQLite on a disk that fails when told to. What is told holds for every file that SQLite writes from then on.
#pragma once

enum failing {
  FAILING_NOT,
  FAILING_FULL,       // writes: no room
  FAILING_SHORT,      // writes: half is written, and then there is no room
  FAILING_WRITE,      // writes: an error of the device
  FAILING_SYNC,       // syncs
  FAILING_SYNC_OF_DB, // syncs of the database alone, not of its log
  FAILING_TO_SYNC,    // syncs: nothing is synced, and nobody is told
};

void failing_vfs_install(void); // once
// `times`: so often, and then not any more; below 0: until told otherwise. Any thread.
void failing_vfs_tell(enum failing what, int times);
