// Holes in what came by fire and forget are filled: asks each source that has a recover socket for what is missing.
#pragma once
#include "core/core.h"
#include "shell/auth.h"
#include "shell/log.h"
#include "shell/zsock.h"

struct vsm_recover;
struct vsm_config;

struct vsm_recover_options {
  struct vsm_zcontext *zcontext;
  struct vsm_loop *loop;
  struct vsm_log_gates *gates;
  struct vsm_auth *auth;
  // Takes a batch of a source, which is well-formed and what was asked for: 0, or it was not taken.
  int (*take)(void *ctx, const char *source, struct vsm_str batch);
  bool (*is_ready)(void *ctx); // more can be taken
  void *ctx;
};

struct vsm_recover *vsm_recover_create(const struct vsm_recover_options *options); // NULL: no memory
void vsm_recover_destroy(struct vsm_recover *r);                                   // NULL-safe
void vsm_recover_set_core(struct vsm_recover *r, const struct vsm_core *core);     // borrowed
// Connects to the recover sockets of a configuration, and lets go of others; our_key: it is another than before. What
// fails is logged, and VSM_EIO.
int vsm_recover_follow(struct vsm_recover *r, const struct vsm_config *config, bool our_key);
// Nothing is asked until vsm_recover_begin(), nor after vsm_recover_end().
void vsm_recover_begin(struct vsm_recover *r);
void vsm_recover_end(struct vsm_recover *r);
// Something was heard: looks for holes soon. Cheap.
void vsm_recover_soon(struct vsm_recover *r);
