// When a checkpoint is due. A file of its own, so that a test links another measure in its place.
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct vsm_checkpoint_due {
  uint64_t events; // that came since the last one
  int64_t us;      // since that was begun, or the daemon was
  int64_t took_us; // to make it
  bool failed;     // it was not made
  bool crowded;    // the journal takes more than it may, and only a newer checkpoint lets go of more
};
// So long after one was begun that did not do all that it should, may another follow?
bool vsm_checkpoint_may_follow(int64_t us);
bool vsm_checkpoint_is_due(const struct vsm_checkpoint_due *d);
// One that is made with idle time alone: is there so little of it that it must be made otherwise?
bool vsm_checkpoint_starves(int64_t us);
