// What tells an item of history.db from another, and from what it was.
#pragma once
#include "store/history.h"

// XXH3 (64 bits) of all that is written of it.
uint64_t vsm_history_fingerprint(const struct vsm_history_item *item);
