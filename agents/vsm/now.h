// The monotonic clock of the command line, and waits by it.
#pragma once
#include <stdint.h>
#include <time.h>

static inline int64_t vsm_now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

// The sooner of two waits as poll() wants them; -1: for ever.
static inline int vsm_now_sooner(int a_ms, int b_ms) {
  return a_ms < 0 ? b_ms : b_ms < 0 || a_ms < b_ms ? a_ms : b_ms;
}

// Without a word for so long a daemon is taken for gone: its status comes every 5 s.
enum { VSM_NOW_SILENT_US = 12000000 };
