// Now, which never goes back, and what is due when it passes: windows move their starts, at midnight the horizon moves,
// and alerts are looked at, each at the instant at which it is due.
#include "core/horizon.h"
#include "core/sealed.h"
#include "core/state.h"

struct vsm_time vsm_core_now(const struct vsm_core *core) {
  return core->has_now ? core->now : (struct vsm_time){0};
}

struct vsm_time vsm_core_deadline(const struct vsm_core *core) {
  if (!core->has_now)
    return VSM_TIME_NEVER;
  return (struct vsm_time){
      vsm_earlier_us(core->windows_due_us, vsm_earlier_us(vsm_horizon_due(core), vsm_alerts_due(core)))};
}

void vsm_core_rearm(struct vsm_core *core) {
  core->windows_due_us = INT64_MAX;
  for (size_t i = 0; i < core->n_streams; i++)
    core->windows_due_us = vsm_earlier_us(core->windows_due_us, vsm_stream_deadline(&core->streams[i], core->now.us));
}

// What the windows let go of does not depend on how many steps they take, so one step is enough.
static void step_to(struct vsm_core *core, int64_t now_us) {
  bool first = !core->has_now;
  core->now.us = now_us;
  core->has_now = true;
  if (!first && now_us < core->windows_due_us)
    return;
  for (size_t i = 0; i < core->n_streams; i++) {
    vsm_stream_advance(&core->streams[i], now_us);
    vsm_sealed_advance(&core->streams[i], now_us);
  }
  vsm_core_rearm(core);
}

// The next midnight at which there is something to do up to now_us. Of midnights between which nothing came the last
// one does what all of them would.
static int64_t next_midnight(const struct vsm_core *core, bool passed_one, int64_t now_us) {
  int64_t due = vsm_horizon_due(core), last = now_us - now_us % VSM_DAY_US;
  return passed_one && due < last ? last : due;
}

static void pass_what_is_due(struct vsm_core *core, int64_t now_us) {
  bool passed_one = false;
  for (;;) {
    int64_t midnight = next_midnight(core, passed_one, now_us), alerts = vsm_alerts_due(core);
    int64_t due = vsm_earlier_us(midnight, alerts);
    if (due > now_us)
      return;
    step_to(core, due);
    if (due == midnight)
      vsm_horizon_step(core);
    if (due == alerts)
      vsm_alerts_step(core);
    passed_one = passed_one || due == midnight;
  }
}

void vsm_core_pass_time(struct vsm_core *core, int64_t now_us) {
  if (core->has_now && now_us <= core->now.us)
    return;
  if (core->has_now && core->model->clock == VSM_CLOCK_EVENT)
    vsm_alerts_settle(core, VSM_BY_EVENTS); // of what came until now, in whichever batches
  if (core->has_now)
    pass_what_is_due(core, now_us);
  bool first = !core->has_now;
  step_to(core, now_us);
  if (first)
    vsm_hearing_begin(core);
}

bool vsm_core_look(struct vsm_core *core) {
  if (core->model->clock != VSM_CLOCK_EVENT || !core->has_now)
    return false;
  bool first = core->looked_us != core->now.us;
  core->looked_us = core->now.us;
  if (!vsm_detect_hasten(core, first))
    return false;
  vsm_alerts_settle(core, VSM_BY_EVENTS);
  return true;
}

void vsm_core_advance(struct vsm_core *core, struct vsm_time wall) {
  if (core->model->clock != VSM_CLOCK_WALL)
    return;
  vsm_core_pass_time(core, wall.us);
  vsm_alerts_settle(core, VSM_BY_TIME); // of the first now
}
