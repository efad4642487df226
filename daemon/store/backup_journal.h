// The part of a backup that copies the journal, beside the daemon that writes it; and what both parts share.
#pragma once
#include <sqlite3.h>

#include "store/backup.h"
#include "store/pace.h"

struct vsm_backup {
  const struct vsm_backup_options *o;
  struct vsm_backup_counts *counts;
  struct vsm_journal_why *why;
  char *unfinished; // the directory that is made: TO.new
  struct vsm_pace pace;
  bool made;       // it is ours
  bool behind;     // what was copied may be another now
  bool forgetting; // something is being forgotten, or was while all this was copied
  struct vsm_checkpoint *checkpoints[VSM_CHECKPOINTS_KEPT];
  // Of the journal alone:
  sqlite3 *from, *to;
  sqlite3_stmt *read, *write;
  int fd;              // of the journal written: closed after SQLite has closed it, whose locks would go with it
  uint64_t next, last; // position to be copied, and with which to end
  size_t step;         // bytes of the transaction under way
};

// Each says what failed, in *why, and returns err, or what says so.
int vsm_backup_fail(struct vsm_backup *b, int err, const char *directory, const char *file, const char *what);
int vsm_backup_fail_system(struct vsm_backup *b, const char *directory, const char *file); // by errno
int vsm_backup_fail_sqlite(struct vsm_backup *b, sqlite3 *db, int code, const char *directory, const char *file);

char *vsm_backup_path_in(const struct vsm_backup *b, const char *name); // in the new directory; for free()
int vsm_backup_open_in(struct vsm_backup *b, const char *name, int flags);

// 0, or a negative enum vsm_err with *why.
int vsm_backup_open_journals(struct vsm_backup *b);
// All that is there by now, behind what was copied already.
int vsm_backup_copy_journal(struct vsm_backup *b);
// What was copied becomes what the journal is at one instant: what was trimmed goes, what was put in other words is
// copied again. Meanwhile the daemon's log grows; so this is done only where it must be.
int vsm_backup_follow(struct vsm_backup *b);
// *whole: before the first record that was copied nothing is missing that was not given up. Then or otherwise, where
// the copy begins and ends is in the counts.
int vsm_backup_look_at_journal(struct vsm_backup *b, bool *whole);
// settle: all was copied, and is to stand in the database alone.
int vsm_backup_close_journals(struct vsm_backup *b, bool settle);
