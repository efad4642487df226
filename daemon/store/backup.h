// A state directory copied beside the daemon that has it: journal, checkpoints and history, as a directory that a
// daemon can be started on.
#pragma once
#include "store/checkpoint.h"

struct vsm_backup_options {
  const char *from, *to; // directories; `to` must not be there yet
  // Now and then: the share that was copied, 0 to 1. NULL: nobody.
  void (*on_progress)(void *ctx, uint64_t bytes, double share);
  void *ctx;
};

struct vsm_backup_counts {
  uint64_t begins, position;                  // of the journal copied: its first record, its last
  uint64_t bytes;                             // of all files
  uint64_t checkpoints[VSM_CHECKPOINTS_KEPT]; // positions, the newest first
  unsigned n_checkpoints;
  bool history;
};

// It is there whole, on disk and under its name, or not at all. 0; VSM_ENOENT: there is no journal; VSM_EINUSE: `to`,
// or what an earlier backup to there left unfinished, is there already; VSM_EFORMAT: what is there is no journal of
// ours, or it is damaged; VSM_EIO, VSM_ENOMEM. Always with *why.
int vsm_backup_make(const struct vsm_backup_options *o, struct vsm_backup_counts *counts, struct vsm_journal_why *why);
