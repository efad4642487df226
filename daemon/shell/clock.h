// The wall clock, held against the time since boot. A wall clock that jumps by more than is allowed is not followed
// until it agrees again.
#pragma once
#include <stdbool.h>

#include "base/time.h"

struct vsm_wall_clock {
  int64_t skew_us;   // how far it may jump
  int64_t offset_us; // wall time less time since boot, as last believed
  int64_t astray_us; // by how much the wall clock is off; 0: believed
};

void vsm_clock_init(struct vsm_wall_clock *c, int64_t skew_us);
// What the two clocks say, in microseconds; returns the time that is believed. vsm_clock_now() reads them.
struct vsm_time vsm_clock_follow(struct vsm_wall_clock *c, int64_t wall_us, int64_t boot_us);
// Time does not begin before then: a wall clock that says less by more than the skew is not followed until it agrees.
void vsm_clock_not_before(struct vsm_wall_clock *c, struct vsm_time then);
void vsm_clock_accept(struct vsm_wall_clock *c); // the wall clock as it stands is believed
void vsm_clock_set_skew(struct vsm_wall_clock *c, int64_t skew_us);
struct vsm_time vsm_clock_now(struct vsm_wall_clock *c);
// The system's clocks, in microseconds: since boot, which never jumps; since 1970, which may.
int64_t vsm_clock_boot_us(void);
int64_t vsm_clock_wall_us(void);
