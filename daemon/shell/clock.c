// The wall clock is the time since boot, which never jumps, plus an offset. The offset follows the system's wall clock
// as long as that moves by little (as a time daemon slews it); a jump is not followed, and the offset stays until the
// two agree again.
#include "shell/clock.h"

void vsm_clock_init(struct vsm_wall_clock *c, int64_t skew_us) {
  *c = (struct vsm_wall_clock){.skew_us = skew_us, .offset_us = vsm_clock_wall_us() - vsm_clock_boot_us()};
}

void vsm_clock_not_before(struct vsm_wall_clock *c, struct vsm_time then) {
  int64_t boot = vsm_clock_boot_us();
  if (boot + c->offset_us < then.us)
    c->offset_us = then.us - boot;
}

void vsm_clock_accept(struct vsm_wall_clock *c) {
  c->offset_us = vsm_clock_wall_us() - vsm_clock_boot_us();
}

void vsm_clock_set_skew(struct vsm_wall_clock *c, int64_t skew_us) {
  c->skew_us = skew_us;
}

struct vsm_time vsm_clock_follow(struct vsm_wall_clock *c, int64_t wall_us, int64_t boot_us) {
  int64_t jump = wall_us - boot_us - c->offset_us;
  c->astray_us = jump > c->skew_us || jump < -c->skew_us ? jump : 0;
  if (c->astray_us == 0)
    c->offset_us += jump;
  return (struct vsm_time){boot_us + c->offset_us};
}

struct vsm_time vsm_clock_now(struct vsm_wall_clock *c) {
  int64_t boot = vsm_clock_boot_us();
  return vsm_clock_follow(c, vsm_clock_wall_us(), boot);
}
