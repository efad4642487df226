// Sees to it that checkpoints are made: starts the process that makes one when it is due, one at a time, and sees its
// end.
#pragma once
#include <stdbool.h>

#include "shell/checkpoint.h"
#include "shell/loop.h"

struct vsm_checkpoints;

struct vsm_checkpoints_options {
  struct vsm_loop *loop;
  const char *directory, *config; // the state directory, the configuration file; borrowed
  vsm_loop_fn *on_end;            // one was made, or failed
  void *ctx;
};

struct vsm_checkpoints *vsm_checkpoints_create(const struct vsm_checkpoints_options *options); // NULL: no memory
void vsm_checkpoints_destroy(struct vsm_checkpoints *c); // NULL-safe; ends what is under way

// After recovery: of the events received so many are not covered by the newest checkpoint.
void vsm_checkpoints_begin(struct vsm_checkpoints *c, uint64_t received, uint64_t uncovered);
// Starts one where it is due: so many events were received, what is on disk ends at this position, and the journal
// takes more than it may, or not.
void vsm_checkpoints_look(struct vsm_checkpoints *c, uint64_t received, uint64_t committed, bool crowded);
void vsm_checkpoints_want(struct vsm_checkpoints *c); // one more, as soon as it can be, whether it is due or not
// One that is made in idle time stands still, or goes on.
void vsm_checkpoints_give_way(struct vsm_checkpoints *c, bool give_way);
// The position up to which nobody needs the journal any more: that of the older of two. 0: none.
uint64_t vsm_checkpoints_covered(const struct vsm_checkpoints *c);
uint64_t vsm_checkpoints_newest(const struct vsm_checkpoints *c); // position; 0: none
bool vsm_checkpoints_are_made(const struct vsm_checkpoints *c);   // now
bool vsm_checkpoints_may_follow(const struct vsm_checkpoints *c); // one that is wanted, now: else not so soon
bool vsm_checkpoints_fail(const struct vsm_checkpoints *c);       // the last one did
// What the last one that was made left undone.
enum vsm_checkpoint_status vsm_checkpoints_undone(const struct vsm_checkpoints *c);
