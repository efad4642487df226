// Pages of a database's write-ahead log are moved into the database, by who writes it.
#pragma once
#include <sqlite3.h>
#include <stdbool.h>

struct vsm_tidy {
  int pages, moved; // of the log: that there are, and that were there when they were last moved
};
// Counts pages from here on. *t is borrowed until the end.
void vsm_tidy_begin(struct vsm_tidy *t, sqlite3 *db);
void vsm_tidy_end(sqlite3 *db);
// busy: somebody waits for the database.
bool vsm_tidy_is_due(struct vsm_tidy *t, bool busy);
int vsm_tidy_move(struct vsm_tidy *t, sqlite3 *db); // 0 or SQLite's code
