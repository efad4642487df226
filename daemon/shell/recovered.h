// What a recovery comes to.
#pragma once
#include "conf/conf.h"
#include "core/core.h"

// What came of it; the taker owns core and configuration, from which the core borrows its model. NULL: the journal has
// nothing to recover.
struct vsm_recovered {
  struct vsm_core *core;
  struct vsm_config *config;
  char *kept; // the configuration as it was recorded, for free()
  size_t kept_bytes;
  struct vsm_time last;     // receipt of the last record
  uint64_t checkpoint;      // position of the one that was loaded; 0: none
  uint64_t position, mark;  // of the last record; vsm_journal_reader_mark()
  uint64_t records, events; // that were read behind it
  uint64_t first;           // of what was mapped anew: the first position that is kept
  uint64_t rebuilt;         // the last record that had all before it mapped anew; 0: none
};

void vsm_recovered_fini(struct vsm_recovered *r);
// The configuration as it was recorded is copied, in place of the one before. 0 or VSM_ENOMEM.
int vsm_recovered_keep(struct vsm_recovered *r, struct vsm_str kept);
