// What it costs when many items stall at once.
#pragma once
#include <stdbool.h>

// A tenth of the open items stalls within one minute, of 100,000 and of a million; the core in this process.
void bench_stalls(bool json);
