// How long an ack takes that means: on disk.
#pragma once
#include <stdbool.h>

// With a million open items and half of what the daemon can take: at rest, while a checkpoint of them is made, and
// while the journal is trimmed; beside a plain append and fdatasync of the same bytes. Needs some 3 GB of disk, 2 of
// memory.
void bench_acks(bool json);
