// Recovery: the newest good checkpoint is loaded, and the journal's records behind it, or from the first on, go through
// the same steps of the core as they did when they came. In slices, so that the loop can tell of its progress
// meanwhile.
#pragma once
#include "shell/recovered.h"
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
  // Not as they came: all records that are kept are mapped by this configuration as it is kept, from the first on,
  // without a checkpoint, and for as many items as it says, whatever memory there was. Empty: as they came.
  struct vsm_str under;
  uint64_t last;  // not behind the group that this position ends; 0: to the journal's end
  bool only_read; // a checkpoint that cannot be used is passed over, and stays where it is
  // Told of items that are let go of; and that all is read anew, under another configuration. NULL: nobody is.
  void (*on_sealed)(void *ctx, const struct vsm_recovery_sealed *sealed);
  void (*on_anew)(void *ctx);
  void *ctx;
};

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
