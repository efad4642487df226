#include "agents/lib/clock.h"

#include <limits.h>
#include <time.h>

int64_t vsm_clock_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

uint64_t vsm_clock_nanos(void) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

int vsm_clock_until(int64_t now_ms, int64_t then_ms) {
  int64_t ms = then_ms - now_ms;
  return ms < 0 ? 0 : ms > INT_MAX ? INT_MAX : (int)ms;
}

int vsm_clock_sooner(int a_ms, int b_ms) {
  return a_ms < 0 ? b_ms : b_ms < 0 || a_ms < b_ms ? a_ms : b_ms;
}
