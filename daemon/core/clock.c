// Now, which never goes back, and what is due when it passes: windows move their starts, and at midnight the horizon.
#include "core/horizon.h"
#include "core/sealed.h"
#include "core/state.h"

struct vsm_time vsm_core_now(const struct vsm_core *core) {
  return core->has_now ? core->now : (struct vsm_time){0};
}

struct vsm_time vsm_core_deadline(const struct vsm_core *core) {
  return core->deadline;
}

void vsm_core_rearm(struct vsm_core *core) {
  int64_t due = vsm_horizon_due(core);
  for (size_t i = 0; i < core->n_streams; i++) {
    int64_t at = vsm_stream_deadline(&core->streams[i], core->now.us);
    due = at < due ? at : due;
  }
  core->deadline.us = due;
}

// What the windows let go of does not depend on how many steps they take, so one step is enough.
static void step_to(struct vsm_core *core, int64_t now_us) {
  core->now.us = now_us;
  core->has_now = true;
  if (now_us < core->deadline.us && core->deadline.us != INT64_MAX)
    return;
  for (size_t i = 0; i < core->n_streams; i++) {
    vsm_stream_advance(&core->streams[i], now_us);
    vsm_sealed_advance(&core->streams[i], now_us);
  }
  vsm_core_rearm(core);
}

// Of midnights between which nothing came the last one does what all of them would.
static void pass_midnights(struct vsm_core *core, int64_t now_us) {
  for (int64_t due = vsm_horizon_due(core); due <= now_us;) {
    step_to(core, due);
    vsm_horizon_step(core);
    due = vsm_horizon_due(core);
    if (due < now_us - now_us % VSM_DAY_US)
      due = now_us - now_us % VSM_DAY_US;
  }
}

void vsm_core_pass_time(struct vsm_core *core, int64_t now_us) {
  if (core->has_now && now_us <= core->now.us)
    return;
  if (core->has_now)
    pass_midnights(core, now_us);
  step_to(core, now_us);
}

void vsm_core_advance(struct vsm_core *core, struct vsm_time wall) {
  if (core->model->clock == VSM_CLOCK_WALL)
    vsm_core_pass_time(core, wall.us);
}
