// How long a start takes that goes on from what lies on disk.
#pragma once
#include <stdbool.h>

// A million open items, 8 million events: from the journal alone, and from a checkpoint with a million events behind
// it. In a directory of its own, which needs some 1.5 GB.
void bench_restart(bool json);
