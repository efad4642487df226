// Before each turn of work time passes in the core; after each, what its alerts have to tell goes out, and the timer is
// set for what is due next.
#include "parts.h"

// Sets the timer for the core's deadline. With the event clock no time step waits for the wall.
static void rearm(struct vsm_daemon *d) {
  struct vsm_time due = d->model->clock == VSM_CLOCK_WALL ? vsm_core_deadline(d->core) : VSM_TIME_NEVER;
  if (due.us == d->step_due.us)
    return;
  d->step_due = due;
  if (due.us == INT64_MAX)
    vsm_timer_clear(d->step);
  else
    vsm_timer_set(d->step, due.us - vsm_clock_now(&d->clock).us);
}

struct vsm_time vsm_daemon_pass_time(void *ctx) {
  struct vsm_daemon *d = ctx;
  struct vsm_time now = vsm_clock_now(&d->clock);
  if (!d->recovered)
    return now;
  vsm_core_advance(d->core, now);
  return d->model->clock == VSM_CLOCK_WALL ? vsm_core_now(d->core) : now;
}

// What is told is recorded, so that a start knows up to when a daemon ran; where that fails, the status says so
// already. With the event clock no time passes by itself.
static void record_notices(struct vsm_daemon *d) {
  const struct vsm_alert_view *notices;
  if (d->keep && d->model->clock == VSM_CLOCK_WALL && vsm_core_notices(d->core, &notices) > 0)
    vsm_keep_looked(d->keep, vsm_core_now(d->core));
}

void vsm_daemon_after_turn(void *ctx) {
  struct vsm_daemon *d = ctx;
  if (!d->recovered)
    return;
  record_notices(d);
  vsm_publish_alerts(d->publish);
  rearm(d);
}
