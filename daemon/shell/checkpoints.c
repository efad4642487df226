// What a process left counts once its end was well: until then a checkpoint may have its name in the system's memory
// alone, and to trim the journal by it would leave nothing after a power cut. So after one that failed only those count
// that did before, as far as they are still there.
//
// It gets idle time: whoever wakes takes the processor from it at once. With a low priority alone each of the daemon's
// threads waited for some milliseconds whenever it woke. And it stands still while the daemon has more to read. Where
// there is next to no idle time it is begun anew with a low priority, as the journal grows for as long as there is no
// checkpoint; so it is where somebody waits for one.
#include "shell/checkpoints.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shell/checkpoint.h"
#include "shell/checkpoint_due.h"
#include "shell/clock.h"
#include "shell/log.h"
#include "shell/process.h"
#include "store/checkpoint.h"
#include "store/pause.h"

enum { LISTED = 8 };
#define TELL_AGAIN_US (5 * 1000)

struct vsm_checkpoints {
  struct vsm_checkpoints_options o;
  int fd; // of the process; -1: none
  struct vsm_watch *end;
  int64_t begun_boot_us, took_us;           // when the last one was started, or the daemon was; how long it took
  int64_t told_boot_us;                     // to stand still, or to go on
  uint64_t received_then, received;         // when it was started; up to which they are covered
  uint64_t positions[VSM_CHECKPOINTS_KEPT]; // of those that there are, the newest first
  enum vsm_checkpoint_status undone;        // by the last that was made
  bool begun, failed, wanted, idle, gives_way;
};

struct vsm_checkpoints *vsm_checkpoints_create(const struct vsm_checkpoints_options *o) {
  struct vsm_checkpoints *c = calloc(1, sizeof *c);
  if (!c)
    return NULL;
  c->o = *o;
  c->fd = -1;
  return c;
}

// Up to a position; newer ones do not count.
static void list(struct vsm_checkpoints *c, uint64_t up_to) {
  uint64_t found[LISTED];
  int n = vsm_checkpoints_list(c->o.directory, found, LISTED), kept = 0;
  if (n < 0)
    return;
  memset(c->positions, 0, sizeof c->positions);
  for (int i = 0; i < n && i < LISTED && kept < VSM_CHECKPOINTS_KEPT; i++)
    if (found[i] <= up_to)
      c->positions[kept++] = found[i];
}

static void let_go(struct vsm_checkpoints *c) {
  if (c->end)
    vsm_watch_destroy(c->end);
  if (c->fd >= 0)
    close(c->fd);
  c->end = NULL;
  c->fd = -1;
  c->gives_way = false;
}

void vsm_checkpoints_destroy(struct vsm_checkpoints *c) {
  if (!c)
    return;
  if (c->fd >= 0)
    vsm_process_reap(c->fd, true);
  let_go(c);
  free(c);
}

static void on_end(void *ctx) {
  struct vsm_checkpoints *c = ctx;
  int status = vsm_process_reap(c->fd, false);
  c->failed =
      status != VSM_CHECKPOINT_MADE && status != VSM_CHECKPOINT_NO_HISTORY && status != VSM_CHECKPOINT_NOT_FORGOTTEN;
  c->undone = c->failed ? c->undone : (enum vsm_checkpoint_status)status;
  let_go(c);
  list(c, c->failed ? c->positions[0] : UINT64_MAX);
  c->took_us = vsm_clock_boot_us() - c->begun_boot_us;
  if (c->failed)
    vsm_log("checkpoint_failed", "why=\"the process that makes it failed\" directory=%s", c->o.directory);
  else
    c->received = c->received_then;
  c->o.on_end(c->o.ctx);
}

static void start(struct vsm_checkpoints *c, uint64_t received, bool idle) {
  const char *argv[] = {"vsmd", "--checkpoint", c->o.directory, "--config", c->o.config, NULL};
  c->begun_boot_us = vsm_clock_boot_us();
  c->received_then = received;
  c->wanted = false;
  c->idle = idle;
  c->fd = vsm_process_start(argv, idle);
  c->end = c->fd >= 0 ? vsm_watch_create(c->o.loop, c->fd, on_end, c) : NULL;
  c->failed = c->end == NULL;
  if (!c->failed)
    return;
  vsm_log("checkpoint_failed", "why=\"no process could be started for it\" directory=%s", c->o.directory);
  if (c->fd >= 0)
    vsm_process_reap(c->fd, true);
  let_go(c);
}

void vsm_checkpoints_begin(struct vsm_checkpoints *c, uint64_t received, uint64_t uncovered) {
  c->begun = true;
  c->begun_boot_us = vsm_clock_boot_us();
  c->received = received > uncovered ? received - uncovered : 0;
  list(c, UINT64_MAX); // the directory was synced when the journal was opened
}

void vsm_checkpoints_look(struct vsm_checkpoints *c, uint64_t received, uint64_t committed, bool crowded) {
  if (c->fd >= 0 && c->idle && vsm_checkpoint_starves(vsm_clock_boot_us() - c->begun_boot_us)) {
    vsm_log("checkpoint_starves", "directory=%s", c->o.directory);
    vsm_process_reap(c->fd, true);
    let_go(c);
    start(c, received, false);
  }
  if (!c->begun || c->fd >= 0 || committed <= c->positions[0])
    return;
  if (c->wanted || vsm_checkpoint_is_due(&(struct vsm_checkpoint_due){.events = received - c->received,
                                                                      .us = vsm_clock_boot_us() - c->begun_boot_us,
                                                                      .took_us = c->took_us,
                                                                      .failed = c->failed,
                                                                      .crowded = crowded}))
    // Where the last one starved, so would this one.
    start(c, received, !c->wanted && !vsm_checkpoint_starves(c->took_us));
}

void vsm_checkpoints_give_way(struct vsm_checkpoints *c, bool give_way) {
  if (c->fd < 0 || !c->idle)
    return;
  int64_t now = vsm_clock_boot_us();
  if (c->gives_way == give_way && (!give_way || now - c->told_boot_us < TELL_AGAIN_US))
    return;
  vsm_pause_tell(c->fd, give_way);
  c->gives_way = give_way;
  c->told_boot_us = now;
}

void vsm_checkpoints_want(struct vsm_checkpoints *c) {
  c->wanted = true;
}

uint64_t vsm_checkpoints_covered(const struct vsm_checkpoints *c) {
  return c->positions[VSM_CHECKPOINTS_KEPT - 1];
}

// One that failed is tried again when it is due.
bool vsm_checkpoints_may_follow(const struct vsm_checkpoints *c) {
  return !c->failed &&
         (c->undone == VSM_CHECKPOINT_MADE || vsm_checkpoint_may_follow(vsm_clock_boot_us() - c->begun_boot_us));
}

bool vsm_checkpoints_fail(const struct vsm_checkpoints *c) {
  return c->failed;
}

enum vsm_checkpoint_status vsm_checkpoints_undone(const struct vsm_checkpoints *c) {
  return c->undone;
}

uint64_t vsm_checkpoints_newest(const struct vsm_checkpoints *c) {
  return c->positions[0];
}

bool vsm_checkpoints_are_made(const struct vsm_checkpoints *c) {
  return c->fd >= 0;
}
