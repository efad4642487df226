// Writing much without being in anybody's way: each half MiB is synced by itself, and so many bytes a second at most.
// A sync of the daemon's journal waits for all that the disk's cache holds by then, whoever wrote it: so there must
// never be much.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vsm_pace {
  int64_t begun_ns;
  uint64_t bytes;
  size_t unsynced;
};

void vsm_pace_begin(struct vsm_pace *p);
// So many bytes more were written; waits as long as that takes. True: what was written is to be synced now.
bool vsm_pace_is_due(struct vsm_pace *p, size_t bytes);
// The same, and syncs the file. 0 or VSM_EIO: that failed, and no later one would tell.
int vsm_pace_wrote(struct vsm_pace *p, int fd, size_t bytes);
