// Figures out: the publish socket. Changed figures at most every publish_interval, all of them and the status every 5
// s, transitions at once while somebody subscribes to them.
#pragma once
#include "core/core.h"
#include "shell/zsock.h"
#include "wire/status.h"

struct vsm_publish;

struct vsm_publish_options {
  struct vsm_zcontext *zcontext;
  struct vsm_loop *loop;
  int64_t interval_us;
  uint64_t epoch;
  // Lets time pass in the core, and says how the daemon is.
  void (*status)(void *ctx, struct vsm_status_view *out);
  void *ctx;
};

struct vsm_publish *vsm_publish_create(const struct vsm_publish_options *options); // NULL: no memory
void vsm_publish_destroy(struct vsm_publish *p);
int vsm_publish_open(struct vsm_publish *p, const char *endpoint); // 0 or a negative enum vsm_err, logged
void vsm_publish_set_core(struct vsm_publish *p, struct vsm_core *core, const struct vsm_model *model);
void vsm_publish_set_interval(struct vsm_publish *p, int64_t interval_us);
void vsm_publish_change(struct vsm_publish *p, const struct vsm_change *change, const struct vsm_event *event);
// The number of the last publication of a topic; stage NULL: the stream's own. (vsm_sequence_fn)
uint64_t vsm_publish_sequence(void *p, const char *stream, const char *stage);
