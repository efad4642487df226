// A journal that is crowded calls for one soon; yet a daemon that receives more than the journal may take in the time
// that a checkpoint takes would make one after the other, and each takes a processor and reads the disk. So it is a
// fifth of the time at most.
#include "shell/checkpoint_due.h"

#include "base/time.h"

enum { EVENTS = 5000000, CROWDED_SHARE = 5 };
#define EVERY_US (15 * VSM_MINUTE_US)
#define PATIENCE_US (5 * VSM_MINUTE_US)
#define SOON_US VSM_MINUTE_US // after one that failed, or where the journal is crowded

bool vsm_checkpoint_may_follow(int64_t us) {
  return us >= SOON_US;
}

bool vsm_checkpoint_is_due(const struct vsm_checkpoint_due *d) {
  if (d->failed)
    return vsm_checkpoint_may_follow(d->us);
  if (d->events >= EVENTS || d->us >= EVERY_US)
    return true;
  return d->crowded && vsm_checkpoint_may_follow(d->us) && d->us >= CROWDED_SHARE * d->took_us;
}

bool vsm_checkpoint_starves(int64_t us) {
  return us >= PATIENCE_US;
}
