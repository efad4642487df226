#include "store/pace.h"

#include <time.h>
#include <unistd.h>

#include "base/err.h"

enum { MIB_PER_SECOND = 64, PIECE_BYTES = 512 << 10 };

static int64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

void vsm_pace_begin(struct vsm_pace *p) {
  *p = (struct vsm_pace){.begun_ns = now_ns()};
}

bool vsm_pace_is_due(struct vsm_pace *p, size_t bytes) {
  p->bytes += bytes;
  p->unsynced += bytes;
  int64_t due = p->begun_ns + (int64_t)(p->bytes * 1000 / (MIB_PER_SECOND * 1024 * 1024 / 1000000)),
          early = due - now_ns();
  if (early > 0)
    nanosleep(&(struct timespec){.tv_sec = early / 1000000000, .tv_nsec = early % 1000000000}, NULL);
  bool is_due = p->unsynced >= PIECE_BYTES;
  if (is_due)
    p->unsynced = 0;
  return is_due;
}

int vsm_pace_wrote(struct vsm_pace *p, int fd, size_t bytes) {
  return vsm_pace_is_due(p, bytes) && fdatasync(fd) != 0 ? VSM_EIO : 0;
}
