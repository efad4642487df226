// What the daemon says: alerts as they change, all of them at the start and whenever something may have been missed,
// and its status as a sign of life.
#pragma once
#include "vsm/messages.h"
#include "vsm/vsm.h"

struct vsm_inbox;

struct vsm_inbox_options {
  const char *publish, *query;
  const struct vsm_keys *keys; // NULL: unencrypted; borrowed during _create
  // Messages are valid during the call.
  void (*on_alert)(void *ctx, const Vsm__V1__Alert *a);
  void (*on_list)(void *ctx, const Vsm__V1__Alerts *live, const Vsm__V1__Alerts *history);
  void (*on_status)(void *ctx, const Vsm__V1__Status *s);
  void (*on_trouble)(void *ctx, const char *what, const char *why); // no list was had; it is asked for again
  void *ctx;
};

int vsm_inbox_create(const struct vsm_inbox_options *o, struct vsm_inbox **out); // 0 or an enum vsm_client_err
void vsm_inbox_destroy(struct vsm_inbox *in);                                    // NULL-safe
int vsm_inbox_fd(const struct vsm_inbox *in, int which);                         // 0 and 1
int vsm_inbox_timeout_ms(struct vsm_inbox *in, int64_t mono_us);
void vsm_inbox_process(struct vsm_inbox *in, int64_t mono_us);
void vsm_inbox_list_again(struct vsm_inbox *in, int64_t at_mono_us); // what was said is not known any more
