// The system's two clocks. A file of its own, so that a test links clocks that jump in its place.
#include "shell/clock.h"

#include <time.h>

static int64_t read_us(clockid_t id) {
  struct timespec t;
  clock_gettime(id, &t);
  return (int64_t)t.tv_sec * VSM_SECOND_US + t.tv_nsec / 1000;
}

int64_t vsm_clock_boot_us(void) {
  return read_us(CLOCK_BOOTTIME);
}

int64_t vsm_clock_wall_us(void) {
  return read_us(CLOCK_REALTIME);
}
