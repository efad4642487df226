// Recovery: the newest good checkpoint is loaded, and the journal's records behind it, or from the first on, go through
// the same steps of the core as they did when they came. In slices, so that the loop can tell of its progress
// meanwhile.
#pragma once
#include "conf/conf.h"
#include "core/core.h"
#include "store/journal.h"

struct vsm_recovery;

// An item that the core is about to let go of: it is at this place (vsm_core_next_item()).
struct vsm_recovery_sealed {
  uint64_t position; // of the record that is being read
  struct vsm_core *core;
  const struct vsm_model *model;
  unsigned stream;
  uint32_t place;
};

struct vsm_recovery_options {
  const char *directory;       // borrowed, as all else
  struct vsm_journal *journal; // not begun; NULL where nothing is to be salvaged
  // The configuration file as it is kept, for a journal whose first configuration is gone.
  struct vsm_str fallback;
  bool salvage; // go on behind what is damaged, and give it up
  // Not as they came: all records that are kept are mapped by this configuration as it is kept, from the first on and
  // without a checkpoint. Empty: as they came.
  struct vsm_str under;
  uint64_t last;  // not behind the group that this position ends; 0: to the journal's end
  bool only_read; // a checkpoint that cannot be used is passed over, and stays where it is
  // Told of items that are let go of; and that all is read anew, under another configuration. NULL: nobody is.
  void (*on_sealed)(void *ctx, const struct vsm_recovery_sealed *sealed);
  void (*on_anew)(void *ctx);
  void *ctx;
};

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

struct vsm_recovery *vsm_recovery_create(const struct vsm_recovery_options *options); // NULL: it failed, and was logged
void vsm_recovery_destroy(struct vsm_recovery *r);                                    // NULL-safe

// Reads on for so long. 1: there is more; 0: done; VSM_EFORMAT: the journal is damaged, which was logged position by
// position; another negative enum vsm_err, logged.
int vsm_recovery_go_on(struct vsm_recovery *r, int64_t us);
unsigned vsm_recovery_percent(const struct vsm_recovery *r);
uint64_t vsm_recovery_position(const struct vsm_recovery *r); // of the last record that was taken
uint64_t vsm_recovery_first(const struct vsm_recovery *r);    // of what is mapped anew: as vsm_recovered.first
// When it is done: 1: more was appended, to be gone on with; 0: nothing; or a negative enum vsm_err, logged.
int vsm_recovery_follow(struct vsm_recovery *r);
// Until it is done, with a word of its progress now and then (NULL: nobody wants to know). 0 with *out; else as
// vsm_recovery_go_on(), or VSM_EIO where it could not begin.
typedef void vsm_recovery_progress_fn(void *ctx, const struct vsm_recovery *r);
int vsm_recovery_run(const struct vsm_recovery_options *options, vsm_recovery_progress_fn *progress, void *ctx,
                     struct vsm_recovered *out);
struct vsm_recovered vsm_recovery_take(struct vsm_recovery *r); // when it is done, once
