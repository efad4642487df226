// Events in: the subscribe sockets (fire and forget) and the submit socket (acked).
#pragma once
#include "core/core.h"
#include "shell/clock.h"
#include "shell/zsock.h"

struct vsm_ingest;
struct vsm_config;

// A transition that an event brought.
typedef void vsm_ingest_change_fn(void *ctx, const struct vsm_change *change, const struct vsm_event *event);

struct vsm_ingest_options {
  struct vsm_zcontext *zcontext;
  struct vsm_loop *loop;
  struct vsm_wall_clock *clock;    // borrowed
  vsm_ingest_change_fn *on_change; // while it is NULL changes are not told
  vsm_loop_fn *on_batch;           // after each batch
  void *ctx;
};

struct vsm_ingest *vsm_ingest_create(const struct vsm_ingest_options *options); // NULL: no memory
void vsm_ingest_destroy(struct vsm_ingest *in);
// Binds and connects as configured; a mistake is logged. 0 or a negative enum vsm_err.
int vsm_ingest_open(struct vsm_ingest *in, const struct vsm_config *config);
// After a reload: connects to the sources of the new configuration, lets go of the others.
int vsm_ingest_follow(struct vsm_ingest *in, const struct vsm_config *config);
void vsm_ingest_set_core(struct vsm_ingest *in, struct vsm_core *core);
uint64_t vsm_ingest_bad_frames(const struct vsm_ingest *in);
