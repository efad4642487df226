// Before each turn of work time passes in the core; after each, what its alerts have to tell goes out, then what was
// recorded goes to the disk, and the timer is set for what is due next.
//
// Time in which the process did not run (it was stopped, the machine slept, or the clock was wrong and is accepted as
// it is now) is like that before a start: nobody listened, and what waits in the sockets was not read yet. So the core
// is told of it as of a start, which stands in the journal like one.
//
// For less than that, what waits in the sockets is read before a time step that is due: an alert would be told that the
// next message takes back. Time stands just before the step meanwhile. For a moment only, since a busy daemon seldom
// finds nothing to read; but one that is behind waits until all is read: where a step comes late, as that of a process
// that was stopped (and a little in any case: what was sent to it is on its way through the kernel and ZeroMQ's
// thread), and where there was more to read at every look, so that what waits may have waited for long.
#include "parts.h"

// Three looks at trouble that did not come, and more than any turn takes.
#define STOOD_STILL_US (15 * VSM_SECOND_US)

#define LATE_US (100 * 1000) // beyond what a turn takes
#define MOMENT_US (5 * 1000)
#define LOOK_AGAIN_US (1000)
#define BACKLOG_LOOK_US (10 * 1000)
#define OVERLOADED_US (2 * VSM_SECOND_US) // at half of what it can take it is behind now and then for a second

#define READING_US (1000)            // more than a batch at half of what it can take
#define BUSY_US (20 * 1000)          // at half of what it can take there is not, as a rule
#define OVERLOAD_US (VSM_SECOND_US)  // at half of what it can take there is not more to read for so long
#define QUIET_US (1 * VSM_SECOND_US) // with the event clock, after which what is there is all

// Is there more to read, and since when at every look? Asked where a turn ends: in the midst of one there is.
// With the event clock no time step waits for it.
static void look_for_backlog(struct vsm_daemon *d) {
  if (d->model->clock != VSM_CLOCK_WALL)
    return;
  int64_t boot_us = vsm_clock_boot_us();
  if (boot_us - d->backlog_looked_us < BACKLOG_LOOK_US)
    return;
  d->backlog_looked_us = boot_us;
  if (!vsm_ingest_waits(d->ingest))
    d->backlog_boot_us = 0;
  else if (d->backlog_boot_us == 0)
    d->backlog_boot_us = boot_us;
}

// While time stands, what is sent meanwhile comes from ahead of it, which is refused from max_future_skew on.
static int64_t longest_wait(const struct vsm_daemon *d) {
  return vsm_earlier_us(STOOD_STILL_US, d->model->max_future_skew_us);
}

// How far time may pass now. reading: a batch is at hand.
static int64_t may_pass_to(struct vsm_daemon *d, int64_t now_us, int64_t boot_us, bool reading) {
  int64_t due_us = d->model->clock == VSM_CLOCK_WALL ? vsm_core_deadline(d->core).us : INT64_MAX;
  int64_t late_us = now_us - due_us;
  d->held_back = false;
  if (late_us < 0)
    return now_us;
  bool late = late_us > LATE_US;
  bool overloaded = d->backlog_boot_us > 0 && boot_us - d->backlog_boot_us > OVERLOADED_US;
  if ((late || overloaded) && d->behind_us != due_us) {
    d->behind_us = due_us;
    d->behind_until_us = late ? boot_us + LATE_US : boot_us;
  }
  bool behind = d->behind_us == due_us;
  if (late_us > (behind ? longest_wait(d) : MOMENT_US))
    return now_us;
  d->held_back = reading || (behind && boot_us < d->behind_until_us) || vsm_ingest_waits(d->ingest);
  return d->held_back ? due_us - 1 : now_us;
}

// Sets the timer for the core's deadline. With the event clock no time step waits for the wall.
static void rearm(struct vsm_daemon *d) {
  struct vsm_time due = d->model->clock == VSM_CLOCK_WALL ? vsm_core_deadline(d->core) : VSM_TIME_NEVER;
  if (due.us == d->step_due.us && !d->held_back)
    return;
  d->step_due = due;
  if (due.us == INT64_MAX)
    vsm_timer_clear(d->step);
  else
    vsm_timer_set(d->step, d->held_back ? LOOK_AGAIN_US : due.us - vsm_clock_now(&d->clock).us);
}

struct vsm_time vsm_daemon_begin_run(struct vsm_daemon *d) {
  struct vsm_time now = vsm_clock_now(&d->clock);
  d->passed_boot_us = vsm_clock_boot_us();
  d->runs++;
  vsm_core_started(d->core, now);
  return d->model->clock == VSM_CLOCK_WALL ? vsm_core_now(d->core) : now;
}

// Where the record cannot be written, the status says so already.
struct vsm_time vsm_daemon_begin_again(struct vsm_daemon *d) {
  struct vsm_time now = vsm_daemon_begin_run(d);
  if (d->keep)
    vsm_keep_start(d->keep, now);
  return now;
}

static struct vsm_time pass_time(struct vsm_daemon *d, bool reading) {
  struct vsm_time now = vsm_clock_now(&d->clock);
  if (!d->recovered)
    return now;
  int64_t boot_us = vsm_clock_boot_us();
  bool begun = d->passed_boot_us > 0, stood_still = begun && boot_us - d->passed_boot_us > STOOD_STILL_US;
  if (d->model->clock == VSM_CLOCK_WALL && stood_still)
    return vsm_daemon_begin_again(d);
  d->passed_boot_us = begun ? boot_us : 0;
  vsm_core_advance(d->core, (struct vsm_time){may_pass_to(d, now.us, boot_us, reading)});
  now = d->model->clock == VSM_CLOCK_WALL ? vsm_core_now(d->core) : now;
  if (begun)
    vsm_daemon_look_at_memory(d, boot_us, now);
  return now;
}

struct vsm_time vsm_daemon_pass_time(void *ctx) {
  return pass_time(ctx, false);
}

// What is told is recorded, so that a start knows up to when a daemon ran; where that fails, the status says so
// already. With the event clock no time passes by itself. Recorded behind it: who is told does not wait for the disk,
// and neither does one know of the other after a crash.
static void tell(struct vsm_daemon *d) {
  const struct vsm_alert_view *notices;
  bool told = vsm_core_notices(d->core, &notices) > 0;
  vsm_publish_alerts(d->publish);
  if (told && d->keep && d->model->clock == VSM_CLOCK_WALL)
    vsm_keep_looked(d->keep, vsm_core_now(d->core));
}

// The process that makes a checkpoint gets idle time alone, and yet it is in the way: it shares caches and the disk,
// and the system leaves threads that wait on one processor while it keeps the other from being idle. So it stands still
// while there is always more to read; but not in an overload, as without a checkpoint the journal grows.
static void begin_reading(struct vsm_daemon *d) {
  if (!d->keep)
    return;
  int64_t boot_us = vsm_clock_boot_us(), us = boot_us - d->reading_boot_us;
  if (d->reading_boot_us == 0)
    d->reading_boot_us = boot_us;
  else if (us > READING_US && us < OVERLOAD_US)
    vsm_keep_give_way(d->keep, true);
}

static void end_reading(struct vsm_daemon *d) {
  if (d->reading_boot_us == 0 || vsm_ingest_waits(d->ingest))
    return;
  d->reading_boot_us = 0;
  vsm_keep_give_way(d->keep, false);
}

// A commit takes the disk and the processor as long for one batch as for ten. Where one follows another all the time,
// that counts for more than a millisecond.
static bool reads_all_the_time(const struct vsm_daemon *d) {
  return d->reading_boot_us > 0 && vsm_clock_boot_us() - d->reading_boot_us > BUSY_US;
}

// What fell due meanwhile is told before the batch is taken: the turn may have many more.
struct vsm_time vsm_daemon_pass_time_of_batch(void *ctx) {
  struct vsm_daemon *d = ctx;
  begin_reading(d);
  if (d->model->clock == VSM_CLOCK_EVENT)
    vsm_timer_set(d->step, QUIET_US);
  struct vsm_time now = pass_time(d, true);
  if (d->recovered)
    tell(d);
  return now;
}

struct vsm_time vsm_daemon_look(void *ctx) {
  struct vsm_daemon *d = ctx;
  struct vsm_time now = pass_time(d, false);
  if (d->recovered && vsm_core_look(d->core) && d->keep)
    vsm_keep_looked(d->keep, now);
  return now;
}

void vsm_daemon_after_turn(void *ctx) {
  struct vsm_daemon *d = ctx;
  if (!d->recovered)
    return;
  look_for_backlog(d);
  end_reading(d);
  if (d->held_back)
    pass_time(d, false);
  tell(d);
  if (d->keep)
    vsm_keep_push(d->keep, reads_all_the_time(d));
  rearm(d);
}
