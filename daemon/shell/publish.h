// Figures out: the publish socket. Changed figures at most every publish_interval, all of them and the status every 5
// s, transitions at once; each only while somebody subscribes to its topic.
#pragma once
#include "core/core.h"
#include "shell/auth.h"
#include "shell/log.h"
#include "shell/zsock.h"
#include "wire/status.h"

struct vsm_publish;

struct vsm_publish_options {
  struct vsm_zcontext *zcontext;
  struct vsm_loop *loop;
  struct vsm_log_gates *gates;
  struct vsm_auth *auth;                   // borrowed, as all of these
  const uint64_t *epoch;                   // as it is at each publication
  struct vsm_time (*pass_time)(void *ctx); // before figures are read
  void (*status)(void *ctx, struct vsm_status_view *out);
  // There are more subscriptions than limits.subscriptions: the socket is to be opened anew (vsm_publish_renew()).
  vsm_loop_fn *cut_off;
  void *ctx;
};

struct vsm_publish *vsm_publish_create(const struct vsm_publish_options *options); // NULL: no memory
void vsm_publish_destroy(struct vsm_publish *p);                                   // NULL-safe
int vsm_publish_open(struct vsm_publish *p, const struct vsm_config *config); // 0 or a negative enum vsm_err, logged
// The same anew, with the keys and the clients in force: all subscribers are cut off, and come again.
int vsm_publish_renew(struct vsm_publish *p, const struct vsm_config *config);
// At start and after a reload; both are borrowed.
void vsm_publish_set_core(struct vsm_publish *p, struct vsm_core *core, const struct vsm_model *model,
                          int64_t interval_us);
void vsm_publish_tell_bounds(const struct vsm_publish *p, struct vsm_bounds *out);
// Figures may have changed.
void vsm_publish_soon(struct vsm_publish *p);
// While it is so, no figures go out: there are none yet.
void vsm_publish_status_alone(struct vsm_publish *p, bool alone);
// Does anybody subscribe to transitions?
bool vsm_publish_wants_changes(const struct vsm_publish *p);
void vsm_publish_change(struct vsm_publish *p, const struct vsm_change *change, const struct vsm_event *event);
// What alerts have to tell, at once and in the order in which it happened.
void vsm_publish_alerts(struct vsm_publish *p);
// The status, at once.
void vsm_publish_status_now(struct vsm_publish *p);
// The number of the last publication of a topic; stage NULL: the stream's own. (vsm_sequence_fn)
uint64_t vsm_publish_sequence(void *p, const char *stream, const char *stage);
