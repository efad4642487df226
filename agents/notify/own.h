// What vsm-notify raises itself, as nobody else can: that the daemon is not heard, and that its acks stand still.
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "agents/notify/settings.h"
#include "vsm/messages.h"

enum vsm_own { VSM_OWN_UNHEARD, VSM_OWN_NOT_DURABLE, VSM_OWNS };
const char *vsm_own_kind(enum vsm_own which); // its id, too
bool vsm_own_is(const char *kind);

struct vsm_own_watch {
  int64_t silent_us;           // unheard_after
  int64_t heard_mono_us;       // by a clock that does not jump
  int64_t heard_us, broken_us; // by the wall clock: heard last (0: never), not durable since (0: it is)
  bool heard;                  // since the start
  char trouble[512];           // of a status that was not durable
};

void vsm_own_watch_begin(struct vsm_own_watch *w, int64_t silent_us, int64_t mono_us, int64_t now_us);
void vsm_own_hear(struct vsm_own_watch *w, const Vsm__V1__Status *status, int64_t mono_us, int64_t now_us);
int64_t vsm_own_due(const struct vsm_own_watch *w); // when it counts as unheard, by the clock that does not jump
// Whether it holds: 1 yes, 0 no, -1 nobody knows (nothing was heard yet).
int vsm_own_holds(const struct vsm_own_watch *w, enum vsm_own which, int64_t mono_us);

// The alert, firing or resolved; fn sees it during the call.
typedef void vsm_own_fn(void *ctx, const Vsm__V1__Alert *a);
void vsm_own_tell(const struct vsm_own_watch *w, const struct vsm_settings *s, enum vsm_own which, bool fires,
                  int64_t now_us, vsm_own_fn *fn, void *ctx);
