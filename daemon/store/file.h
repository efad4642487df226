// journal.db: the one place that knows its tables. A row is a group of records that were committed together.
//
//   groups: first     position of its first record, rising
//           n         how many there are, at positions first .. first + n - 1
//           checksum  of body, first and n
//           body      the records (store/record.h)
//   gone:   first, last  positions that were given up
//
// PRAGMA application_id says that the file is ours, PRAGMA user_version the version of its format.
#pragma once
#include <sqlite3.h>

#include "store/journal.h"

enum { VSM_JOURNAL_FORMAT = 1, VSM_JOURNAL_APPLICATION = 0x76736d6a }; // "vsmj"

// Opens it, for reading alone or (made where it is missing) for writing too. 0 with *db; as vsm_journal_open(), and
// VSM_ENOENT: there is none to read.
int vsm_file_open(const char *directory, bool write, sqlite3 **db, struct vsm_journal_why *why);
// The number that a statement gives, 0 where it gives no row. 0 or SQLite's code.
int vsm_file_ask(sqlite3 *db, const char *sql, int64_t *value);
// Writes what stands in the write-ahead log into the database and empties the log. 0 or SQLite's code.
int vsm_file_settle(sqlite3 *db);
// Moves pages from the log into the database, as far as readers allow. 0 or SQLite's code.
int vsm_file_checkpoint(sqlite3 *db);

struct vsm_group {
  uint64_t first, n;
  struct vsm_str body;
};
int vsm_file_insert(sqlite3_stmt *insert, const struct vsm_group *g); // 0 or SQLite's extended code
#define VSM_FILE_GROUP "INTO groups(first, n, checksum, body) VALUES(?, ?, ?, ?)"
#define VSM_FILE_INSERT "INSERT " VSM_FILE_GROUP

struct vsm_file_trimmed {
  bool more;    // there may be more to take
  bool crowded; // it takes too much, and all that is left has to stay
};
// One step of vsm_journal_trim(). 0 or SQLite's extended code.
int vsm_file_trim(sqlite3 *db, const struct vsm_journal_trim *t, struct vsm_file_trimmed *out);

// The last position that was ever taken. 0 or SQLite's code.
int vsm_file_last(sqlite3 *db, uint64_t *last);

// Does this code mean that what was written before may be lost?
bool vsm_file_is_fatal(int code);
// For people.
void vsm_file_explain(sqlite3 *db, int code, char *out, size_t size);
