// Writing much without being in anybody's way: what was written leaves for the disk at once, rather than all of it in
// the last sync, and so many bytes a second at most.
#pragma once
#include <stddef.h>
#include <stdint.h>

struct vsm_pace {
  int64_t begun_ns;
  uint64_t bytes;
};

void vsm_pace_begin(struct vsm_pace *p);
// So many bytes more were written, to this file; waits as long as that takes.
void vsm_pace_wrote(struct vsm_pace *p, int fd, size_t bytes);
