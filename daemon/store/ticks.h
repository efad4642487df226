// Time as the store measures it.
#pragma once
#include <stdint.h>
#include <time.h>

int64_t vsm_boot_us(void);                // since the system's start, in microseconds
struct timespec vsm_after_us(int64_t us); // from now, by CLOCK_MONOTONIC

// The longest of what took time, of this minute and of the one before.
struct vsm_slowest {
  int64_t minute, worst_us, worst_before_us;
};
void vsm_slowest_note(struct vsm_slowest *s, int64_t took_us);
int64_t vsm_slowest_us(struct vsm_slowest *s);
