// The epoch of all that is published and answered from now on.
#pragma once
#include <stdint.h>

// Greater than that of any start or rebuild before on this state directory, and at least `least`; noted there, on disk.
// What keeps it from that is logged.
uint64_t vsm_epoch_begin(const char *directory, uint64_t least);
