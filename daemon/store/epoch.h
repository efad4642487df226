// The epoch of a daemon's start or rebuild, greater than that of any before, whatever the clock says: the file `epoch`
// of the state directory has the last one.
#pragma once
#include <stdint.h>

#include "store/journal.h"

// At least `least`, below 2^53. 0; VSM_EIO, VSM_ENOMEM: the next start may not know of it, and *why says what is wrong.
int vsm_epoch_take(const char *directory, uint64_t least, uint64_t *epoch, struct vsm_journal_why *why);
