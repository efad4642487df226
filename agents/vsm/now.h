// The monotonic clock of the command line.
#pragma once
#include <stdint.h>
#include <time.h>

static inline int64_t vsm_now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}
