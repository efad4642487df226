// history.db: what items did, as tables for people and their tools, who read it with SQL whenever they like. One
// process writes it, all of a change at once. docs/history.md has the tables and what they are good for.
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "store/journal.h"

enum { VSM_HISTORY_FORMAT = 1, VSM_HISTORY_APPLICATION = 0x76736d68 }; // "vsmh"

// Times in microseconds since 1970; spans in microseconds.
struct vsm_history_visit {
  unsigned number; // among the item's visits, from 1
  const char *stage, *how;
  int64_t entered_us, left_us, queue_us, active_us, suspended_us;
  bool rework, unobserved;
};
struct vsm_history_segment {
  const char *attribute;
  struct vsm_str value;
};
struct vsm_history_item {
  const char *stream, *state;
  struct vsm_str item;
  const struct vsm_str *keys;
  unsigned n_keys;
  int64_t started_us, ended_us, lead_us; // ended 0: open; lead 0: not finished
  const struct vsm_history_visit *visits;
  unsigned n_visits;
  const struct vsm_history_segment *segments;
  unsigned n_segments;
};
struct vsm_history_stage {
  const char *stream, *stream_name, *stage, *name;
  unsigned place;
};

struct vsm_history;

// Begins a change of the one in the directory, or of a new one where there is none. 0, *why empty or that a damaged one
// was set aside;
// VSM_EFORMAT: what is there is another program's, or of another version, and is not touched; VSM_EINUSE: another
// process writes it; VSM_EIO, VSM_ENOMEM.
int vsm_history_open(const char *directory, struct vsm_history **history, struct vsm_journal_why *why);
// The position that it stood for before this change; 0: it is new.
uint64_t vsm_history_position(const struct vsm_history *h);
// Each is 0 or VSM_EIO; then nothing is changed in the end.
int vsm_history_put_stage(struct vsm_history *h, const struct vsm_history_stage *stage);
// An item as it is now. One that is there already in these very words stays as it is.
int vsm_history_put(struct vsm_history *h, const struct vsm_history_item *item);
// An item that nobody will tell of again: it stays.
int vsm_history_seal(struct vsm_history *h, const struct vsm_history_item *item);
// What was sealed, also in this change, is to be told again, as all else.
int vsm_history_renew(struct vsm_history *h);
// What had been sealed before this change cannot be told again, but in part: it stays where nobody tells of it.
void vsm_history_keep_sealed(struct vsm_history *h);
// What was sealed before this change was perhaps not told: closed items that nobody tells of are taken for sealed.
void vsm_history_keep_closed(struct vsm_history *h);
// Those of a stream (empty: any) that were there before, or were sealed in this change, and have this key go, unless
// they are told. Before any is put.
int vsm_history_forget(struct vsm_history *h, struct vsm_str stream, struct vsm_str key);
// What was not put in this change, and is not sealed, goes; the rest is for all to see. 0 or VSM_EIO, with *why.
struct vsm_history_counts {
  uint64_t items, written, removed; // that are there now; in this change
};
int vsm_history_finish(struct vsm_history *h, uint64_t position, int64_t received_us, struct vsm_history_counts *counts,
                       struct vsm_journal_why *why);
// Unfinished, nothing was changed. NULL-safe.
void vsm_history_close(struct vsm_history *h);

// One that was set aside goes.
void vsm_history_remove_bad(const char *directory);
// Writes all of it anew, since deleting alone leaves copies of a row behind where it had lain before. 0, also where
// there is none; VSM_EINUSE, VSM_ENOMEM, VSM_EIO.
int vsm_history_scrub(const char *directory, struct vsm_journal_why *why);
