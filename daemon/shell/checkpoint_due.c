#include "shell/checkpoint_due.h"

#include "base/time.h"

enum { EVENTS = 5000000 };
#define EVERY_US (15 * VSM_MINUTE_US)

bool vsm_checkpoint_is_due(uint64_t events, int64_t us) {
  return events >= EVENTS || us >= EVERY_US;
}
