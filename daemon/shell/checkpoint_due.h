// When a checkpoint is due. A file of its own, so that a test links another measure in its place.
#pragma once
#include <stdbool.h>
#include <stdint.h>

// So many events came since the last, and so much time passed.
bool vsm_checkpoint_is_due(uint64_t events, int64_t us);
