// The journal: everything that changes the state, in the order in which it came, on disk. Four calls are all that the
// daemon asks of it (append, committed up to, read from, trim below), so that another log can take its place. This one
// is an SQLite database of its own in the state directory.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/record.h"

struct vsm_journal;
struct vsm_journal_reader;

// Why something could not be done, for people.
struct vsm_journal_why {
  char text[512];
};

// --- appending

// Makes the directory where it is missing (mode 0700), takes it for this process alone, and opens the journal in it,
// or makes one. VSM_EINUSE: another process has the directory; VSM_EFORMAT: what is there is no journal of ours, or of
// another version; VSM_EIO. On error nothing was changed but the directory made, and *why says what is wrong.
int vsm_journal_open(const char *directory, struct vsm_journal **journal, struct vsm_journal_why *why);
// Commits what was appended, as far as that is possible at the first try; nothing may be appended any more.
void vsm_journal_end(struct vsm_journal *j);
// The same, and closes. NULL-safe.
void vsm_journal_close(struct vsm_journal *j);

// Ends the time in which the journal is only read, and starts committing: from here on records are appended.
int vsm_journal_begin(struct vsm_journal *j); // 0, VSM_ENOMEM

// Takes a copy of the record, to be committed after the next push, or before where much waits. Returns its position,
// above all before: it is durable once vsm_journal_committed() has reached it, and where that never happens, it failed.
// VSM_EIO: the journal has failed and takes nothing before a restart.
int64_t vsm_journal_append(struct vsm_journal *j, const struct vsm_record *record);
// Has committed what was appended; where more comes all the time, with that: from here on records wait for more, for a
// millisecond at most. Apart from the append, because to wake a thread takes longer than a short event, and whoever
// waits for what follows from it comes first.
void vsm_journal_push(struct vsm_journal *j, bool more);
// Every record up to this position is on disk, and will be read after whatever happens.
uint64_t vsm_journal_committed(struct vsm_journal *j);

// Readable when there is news: more was committed, or the journal fares otherwise. Taking the news clears it.
int vsm_journal_news_fd(const struct vsm_journal *j);
void vsm_journal_take_news(struct vsm_journal *j);

enum vsm_journal_health {
  VSM_JOURNAL_WELL,
  VSM_JOURNAL_TRYING, // the last group could not be committed, as on a full disk; it is tried again
  VSM_JOURNAL_FAILED, // what was written may be lost: nothing is committed before a restart
};
struct vsm_journal_state {
  enum vsm_journal_health health;
  char why[160];           // where not well
  uint64_t appended;       // position of the last record
  size_t pending_bytes;    // appended and not committed
  int64_t worst_us;        // from an append until it was committed: the longest of this minute and the one before
  bool crowded;            // by the last trim: it takes too much, and all that is left lies behind its bound
  int64_t waiting_boot_us; // since when the oldest of these waits, by the time since boot; 0: none does
};
struct vsm_journal_state vsm_journal_state(struct vsm_journal *j);

// What need not be kept: records that lie before a position, as far as they were received before a time or the journal
// takes more than so many bytes; the oldest first, the last group never. It is done in small steps, between commits; a
// later call takes the place of one that is not done.
struct vsm_journal_trim {
  uint64_t below;                  // the first position to stay
  struct vsm_time received_before; // INT64_MIN: none for their age
  int64_t max_bytes;
};
void vsm_journal_trim(struct vsm_journal *j, const struct vsm_journal_trim *trim);
// Puts the records of the directory's file forget.records (store/rewrite.h) in the place of those that are there, in
// small steps between commits; `below`: as in trimming. It is read until it is done. The directory is borrowed.
void vsm_journal_rewrite(struct vsm_journal *j, const char *directory, uint64_t below);
enum vsm_journal_rewriting {
  VSM_REWRITE_NONE,
  VSM_REWRITE_UNDER_WAY,
  VSM_REWRITE_DONE, // and nothing of what was there before stands in the log, in a free page or beside the rows of one
  VSM_REWRITE_UNDONE, // not all of it could be done
};
enum vsm_journal_rewriting vsm_journal_rewriting(struct vsm_journal *j); // which there is news of

// Waits, for so long at most, until no step of trimming is under way and no record is to be put in other words: from
// then on what is there changes only by what is asked for next. False: it was not so until the end. Any thread but the
// loop's.
bool vsm_journal_await_settled(struct vsm_journal *j, int64_t us);

// --- reading, also beside a daemon that appends

int vsm_journal_reader_open(const char *directory, uint64_t from, struct vsm_journal_reader **reader,
                            struct vsm_journal_why *why);    // as vsm_journal_open(); VSM_ENOENT: there is no journal
void vsm_journal_reader_close(struct vsm_journal_reader *r); // NULL-safe
// Position of the last record when the reader was opened; 0: none.
uint64_t vsm_journal_reader_last(const struct vsm_journal_reader *r);
// Position of the first record that is kept now; 0: none, or it cannot be told.
uint64_t vsm_journal_reader_first(const struct vsm_journal_reader *r);

// Which record lies at a position that ends a group, so that another journal's can be told from it. 0, VSM_ENOENT: none
// can be found there; VSM_EIO.
int vsm_journal_reader_mark(const struct vsm_journal_reader *r, uint64_t position, uint64_t *mark);

// A record, valid during the call. Anything but 0 ends the reading with that.
typedef int vsm_journal_record_fn(void *ctx, uint64_t position, const struct vsm_record *record);

// Positions that should be there and cannot be read.
struct vsm_journal_damage {
  uint64_t first, last;
  const char *why; // static text
};
// Reads on by some records. 1: there may be more; 0: that was all; what fn returned; VSM_EFORMAT: damaged, and *damage
// says where, and the next call goes on behind it; VSM_EIO, VSM_ENOMEM.
int vsm_journal_read(struct vsm_journal_reader *r, vsm_journal_record_fn *fn, void *ctx,
                     struct vsm_journal_damage *damage);
// Notes that these positions are gone for good: they are passed over from now on. Before vsm_journal_begin().
int vsm_journal_give_up(struct vsm_journal *j, uint64_t first, uint64_t last);
