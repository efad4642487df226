// Moves pages of journal.db's write-ahead log into the database, by a thread and a connection of its own: SQLite lets
// commits go on meanwhile, so none waits for it.
#pragma once
#include <sqlite3.h>
#include <stdbool.h>

#include "store/journal.h"

struct vsm_mover;

// A sync failed, or what is on disk is damaged: the mover has stopped for good. Called by its thread.
typedef void vsm_mover_failed_fn(void *ctx, sqlite3 *db, int code);

// commits: the connection that commits, open until the mover is closed. 0, VSM_ENOMEM, or VSM_EIO with *why.
// vsm_mover_close() also after an error.
int vsm_mover_open(const char *directory, sqlite3 *commits, vsm_mover_failed_fn *failed, void *ctx,
                   struct vsm_mover **mover, struct vsm_journal_why *why);
int vsm_mover_begin(struct vsm_mover *m); // 0 or VSM_ENOMEM
// After each commit, by the thread that commits: has moved what is worth it. Where the log has grown long it waits
// until it can begin anew. 0 or SQLite's code.
int vsm_mover_tidy(struct vsm_mover *m);
// Until nothing is moved. False: it has stopped for good, and nobody may move anything any more.
bool vsm_mover_await(struct vsm_mover *m);
void vsm_mover_close(struct vsm_mover *m); // NULL-safe
