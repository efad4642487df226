// The client's two clocks.
#pragma once
#include <stdint.h>

int64_t vsm_clock_ms(void);     // monotonic: how long to wait
uint64_t vsm_clock_nanos(void); // since 1970 UTC: when something happened

// From `now` until `then`, as poll() wants it; never negative.
int vsm_clock_until(int64_t now_ms, int64_t then_ms);
// The sooner of two waits; -1: for ever.
int vsm_clock_sooner(int a_ms, int b_ms);
