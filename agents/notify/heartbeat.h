// A dead man's switch: a request to a URL now and then, while all is well. Whoever listens there calls somebody when
// none comes.
#pragma once
#include "agents/notify/transfer.h"

struct vsm_heartbeat {
  const struct vsm_heartbeat_settings *settings; // http.timeout.text NULL: there is none
  struct vsm_transfers *transfers;
  int64_t due_mono_us;
  bool under_way, failed, was_well;
};

void vsm_heartbeat_init(struct vsm_heartbeat *h, const struct vsm_heartbeat_settings *s, struct vsm_transfers *t);
void vsm_heartbeat_follow(struct vsm_heartbeat *h,
                          const struct vsm_heartbeat_settings *s); // the next one is due at once
void vsm_heartbeat_turn(struct vsm_heartbeat *h, bool well, const char *why, int64_t mono_us);
int64_t vsm_heartbeat_due(const struct vsm_heartbeat *h); // by the clock that does not jump; INT64_MAX: none
