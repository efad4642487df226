// The ways to a receiver. Each takes one parcel to it and says later, or at once, how that went.
#pragma once
#include "agents/notify/child.h"
#include "agents/notify/settings.h"
#include "agents/notify/transfer.h"

struct vsm_carrier {
  struct vsm_transfers *transfers;
  struct vsm_child *children;
};

struct vsm_parcel {
  const char *delivery, *recipient, *body; // body: of an Alertmanager what it takes, else a message as JSON
  int64_t made_us, now_us, mono_us;
};

typedef void vsm_channel_fn(struct vsm_carrier *c, const struct vsm_receiver *to, const struct vsm_parcel *p,
                            vsm_tried_fn *fn, void *ctx);
vsm_channel_fn vsm_channel_alertmanager, vsm_channel_webhook, vsm_channel_command, vsm_channel_mail, vsm_channel_log;
void vsm_channel_send(struct vsm_carrier *c, const struct vsm_receiver *to, const struct vsm_parcel *p,
                      vsm_tried_fn *fn, void *ctx); // by the receiver's channel

// "v1=HEX": HMAC-SHA256 of "SECONDS.BODY".
enum { VSM_SIGNATURE_BYTES = 3 + 64 + 1 };
void vsm_webhook_sign(const struct vsm_secret *key, int64_t seconds, const char *body, char out[VSM_SIGNATURE_BYTES]);
// A mail as it goes over the line, for free(). What stands in `title` cannot become a header.
char *vsm_mail_write(const char *from, const char *to, const char *delivery, int64_t made_us, const char *title,
                     const char *text);
