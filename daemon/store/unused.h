// What pages of a database hold beside its rows. Where SQLite balances its tree and moves rows within a page, or from
// one to another, what stood there before stays in the part of the page that no row takes any more, also with
// secure_delete. Here that is overwritten, in the database's own file.
#pragma once
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

// How far it is: tables in the order of their roots, each in that of its rows.
struct vsm_unused {
  int64_t root;     // the page
  int64_t from;     // the first row that may lie in a page not looked at
  unsigned refused; // how often, one after another, as a reader was in the way
};
void vsm_unused_begin(struct vsm_unused *u);
// A step of 1 MiB or some milliseconds, also of a damaged database, for the one connection that writes to it (in WAL
// mode), between two transactions. Until there is no *more nothing may happen to the database but that rows behind all
// others come. What cannot be a page of the tree is left alone. 0 or SQLite's code; it ends with a sync.
int vsm_unused_overwrite(struct vsm_unused *u, sqlite3 *db, bool *more);
