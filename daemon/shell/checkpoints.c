// The process is nobody that has to be trusted: whatever it does, what counts is which checkpoints lie in the directory
// after it ended.
#include "shell/checkpoints.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/time.h"
#include "shell/checkpoint_due.h"
#include "shell/clock.h"
#include "shell/log.h"
#include "shell/process.h"
#include "store/checkpoint.h"

#define RETRY_US VSM_MINUTE_US // after one that failed

struct vsm_checkpoints {
  struct vsm_checkpoints_options o;
  int fd; // of the process; -1: none
  struct vsm_watch *end;
  int64_t begun_boot_us;                    // when the last one was started, or the daemon was
  uint64_t received_then, received;         // when it was started; up to which they are covered
  uint64_t positions[VSM_CHECKPOINTS_KEPT]; // of those that there are, the newest first
  bool begun, failed;
};

struct vsm_checkpoints *vsm_checkpoints_create(const struct vsm_checkpoints_options *o) {
  struct vsm_checkpoints *c = calloc(1, sizeof *c);
  if (!c)
    return NULL;
  c->o = *o;
  c->fd = -1;
  return c;
}

static void list(struct vsm_checkpoints *c) {
  uint64_t positions[VSM_CHECKPOINTS_KEPT] = {0};
  if (vsm_checkpoints_list(c->o.directory, positions, VSM_CHECKPOINTS_KEPT) < 0)
    return;
  for (int i = 0; i < VSM_CHECKPOINTS_KEPT; i++)
    c->positions[i] = positions[i];
}

static void let_go(struct vsm_checkpoints *c) {
  if (c->end)
    vsm_watch_destroy(c->end);
  if (c->fd >= 0)
    close(c->fd);
  c->end = NULL;
  c->fd = -1;
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
  c->failed = !vsm_process_reap(c->fd, false);
  let_go(c);
  list(c);
  if (c->failed)
    vsm_log("checkpoint_failed", "why=\"the process that makes it failed\" directory=%s", c->o.directory);
  else
    c->received = c->received_then;
  c->o.on_end(c->o.ctx);
}

static void start(struct vsm_checkpoints *c, uint64_t received) {
  const char *argv[] = {"vsmd", "--checkpoint", c->o.directory, "--config", c->o.config, NULL};
  c->begun_boot_us = vsm_clock_boot_us();
  c->received_then = received;
  c->fd = vsm_process_start(argv);
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
  list(c);
}

void vsm_checkpoints_look(struct vsm_checkpoints *c, uint64_t received, uint64_t committed) {
  if (!c->begun || c->fd >= 0 || committed <= c->positions[0])
    return;
  int64_t us = vsm_clock_boot_us() - c->begun_boot_us;
  if (c->failed ? us >= RETRY_US : vsm_checkpoint_is_due(received - c->received, us))
    start(c, received);
}

uint64_t vsm_checkpoints_covered(const struct vsm_checkpoints *c) {
  return c->positions[VSM_CHECKPOINTS_KEPT - 1];
}

bool vsm_checkpoints_fail(const struct vsm_checkpoints *c) {
  return c->failed;
}
