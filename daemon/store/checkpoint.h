// Checkpoints: files `checkpoint.POSITION` in the state directory, each all that the journal's records up to that
// position came to. A file has its name only when it is whole and on disk; the last two are kept.
//
// Integers little-endian: "vsmdckpt", format version (4 bytes), records since a rebuild (4), position (8), mark (8:
// which record lies there, vsm_journal_reader_mark()), time of receipt of the last record in microseconds (8), length
// of the configuration (8), the configuration (conf/kept.h), the state (core/save.h), XXH3 (8) of all bytes before it.
#pragma once
#include <stddef.h>

#include "store/journal.h"

enum { VSM_CHECKPOINT_FORMAT = 4, VSM_CHECKPOINT_OLDEST = 1, /* that is read */ VSM_CHECKPOINTS_KEPT = 2 };

struct vsm_checkpoint_head {
  uint64_t position, mark;
  uint64_t rebuilt;             // the last record that had all before it mapped anew; 0: none is known
  struct vsm_time last;         // receipt of the newest record
  struct vsm_str configuration; // in force at the position
};

// Their positions, the newest first. Returns how many there are, of which at most `most` are written; VSM_EIO.
int vsm_checkpoints_list(const char *directory, uint64_t *positions, int most);
// Renames one that cannot be used, so that nobody tries it again. 0 or VSM_EIO.
int vsm_checkpoint_set_aside(const char *directory, uint64_t position);

// Those that were set aside go.
void vsm_checkpoint_remove_bad(const char *directory);

// --- writing

// Takes the right to write checkpoints, for this process alone: a descriptor that holds it until closed; VSM_EINUSE,
// VSM_EIO.
int vsm_checkpoint_lock(const char *directory);

struct vsm_checkpoint_writer;
// What another left half written is overwritten. VSM_EIO, VSM_ENOMEM.
int vsm_checkpoint_create(const char *directory, const struct vsm_checkpoint_head *head,
                          struct vsm_checkpoint_writer **writer, struct vsm_journal_why *why);
// The state, piece by piece; slow enough to leave the disk to others. 0 or VSM_EIO, also as vsm_bytes_fn.
int vsm_checkpoint_write(void *writer, const void *bytes, size_t n);
// The names of checkpoints are on disk, also of one that another process left which ended too soon. 0 or VSM_EIO.
int vsm_checkpoint_sync(const char *directory);
// Makes it a checkpoint, and removes all but the newest VSM_CHECKPOINTS_KEPT. On error it is none. *bytes: its size.
int vsm_checkpoint_finish(struct vsm_checkpoint_writer *w, uint64_t *bytes, struct vsm_journal_why *why);
void vsm_checkpoint_close_writer(struct vsm_checkpoint_writer *w); // NULL-safe; unfinished, nothing is left of it

// --- reading

struct vsm_checkpoint;
// Opens one, of which nothing is known until it was checked. VSM_ENOENT, VSM_EIO, VSM_ENOMEM.
int vsm_checkpoint_open(const char *directory, uint64_t position, struct vsm_checkpoint **checkpoint,
                        struct vsm_journal_why *why);
// Goes on by so many bytes. 1: there is more; 0: it is whole; VSM_EFORMAT: it is damaged, or no checkpoint; VSM_EINVAL:
// of a format that this program does not read.
int vsm_checkpoint_check(struct vsm_checkpoint *c, size_t bytes, struct vsm_journal_why *why);
void vsm_checkpoint_close(struct vsm_checkpoint *c); // NULL-safe
const struct vsm_checkpoint_head *vsm_checkpoint_head(const struct vsm_checkpoint *c);
struct vsm_str vsm_checkpoint_state(const struct vsm_checkpoint *c); // borrowed until closed
struct vsm_str vsm_checkpoint_bytes(const struct vsm_checkpoint *c); // the whole file, also after it was removed
