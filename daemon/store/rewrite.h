// Records of the journal in other words: what is to be forgotten is taken out of them, and they stay where they are.
// One process finds out which (shell/forget.h) and leaves them in a file, `forget.records`, from which the commit
// thread takes them, a few at a time.
//
// Integers little-endian, of each record: position (8 bytes), whether it is one of those that come last (1: only when
// all others are done), length of the payload (4), the payload.
#pragma once
#include <sqlite3.h>
#include <stdbool.h>

#include "store/journal.h"

// --- the file, written by the one

struct vsm_rewrite_writer;
// VSM_EIO, VSM_ENOMEM.
int vsm_rewrite_create(const char *directory, struct vsm_rewrite_writer **writer);
int vsm_rewrite_put(struct vsm_rewrite_writer *w, uint64_t position, bool last, struct vsm_str payload);
void vsm_rewrite_abandon(struct vsm_rewrite_writer *w); // closes
int vsm_rewrite_finish(struct vsm_rewrite_writer *w);   // it is there, and on disk; closes in any case
// Is there one? And it goes.
bool vsm_rewrite_exists(const char *directory);
bool vsm_rewrite_is_empty(const char *directory);
void vsm_rewrite_remove(const char *directory);

// --- and read by the other

struct vsm_rewrite;
// NULL: it cannot be opened.
struct vsm_rewrite *vsm_rewrite_open(const char *directory);
void vsm_rewrite_close(struct vsm_rewrite *r); // NULL-safe
// A step of some 256 KiB, a transaction of its own. A group that does not end below `below` stays as it is, and so do
// the records that come last then. *more: there is something left to do; *all: nothing was left out. Where that is so,
// what pages hold beside their rows goes in the last steps (store/unused.h), beside which nothing is trimmed. 0 or
// SQLite's code.
int vsm_file_rewrite(sqlite3 *db, struct vsm_rewrite *r, uint64_t below, bool *more, bool *all);
bool vsm_rewrite_clears(const struct vsm_rewrite *r); // it has come to those
