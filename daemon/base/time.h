// Time is a struct, so that nobody mixes clocks or units.
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct vsm_time {
  int64_t us; // since 1970-01-01T00:00:00Z
};

#define VSM_SECOND_US INT64_C(1000000)
#define VSM_MINUTE_US (60 * VSM_SECOND_US)
#define VSM_HOUR_US (60 * VSM_MINUTE_US)
#define VSM_DAY_US (24 * VSM_HOUR_US)
#define VSM_TIME_MAX INT64_C(4102444800000000) // 2100-01-01T00:00:00Z; times lie in [0, VSM_TIME_MAX)
static inline double vsm_seconds(int64_t us) {
  return (double)us / (double)VSM_SECOND_US;
}

// Of two times in microseconds.
static inline int64_t vsm_earlier_us(int64_t a, int64_t b) {
  return a < b ? a : b;
}
static inline int64_t vsm_later_us(int64_t a, int64_t b) {
  return a > b ? a : b;
}

#define VSM_TIME_NEVER ((struct vsm_time){INT64_MAX})
