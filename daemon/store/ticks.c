#include "store/ticks.h"

#include "base/time.h"

enum { NS_PER_US = 1000, NS_PER_SECOND = 1000000000 };

int64_t vsm_boot_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_BOOTTIME, &t);
  return (int64_t)t.tv_sec * VSM_SECOND_US + t.tv_nsec / NS_PER_US;
}

struct timespec vsm_after_us(int64_t us) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  int64_t ns = t.tv_nsec + us % VSM_SECOND_US * NS_PER_US;
  return (struct timespec){t.tv_sec + us / VSM_SECOND_US + ns / NS_PER_SECOND, ns % NS_PER_SECOND};
}

// Turns to the minute that it is.
static void follow_minute(struct vsm_slowest *s) {
  int64_t minute = vsm_boot_us() / VSM_MINUTE_US;
  if (minute == s->minute)
    return;
  s->worst_before_us = minute == s->minute + 1 ? s->worst_us : 0;
  s->worst_us = 0;
  s->minute = minute;
}

void vsm_slowest_note(struct vsm_slowest *s, int64_t took_us) {
  follow_minute(s);
  if (took_us > s->worst_us)
    s->worst_us = took_us;
}

int64_t vsm_slowest_us(struct vsm_slowest *s) {
  follow_minute(s);
  return s->worst_us > s->worst_before_us ? s->worst_us : s->worst_before_us;
}
