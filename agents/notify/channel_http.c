// Alertmanager and webhook; and whichever channel a receiver has.
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agents/notify/channel.h"
#include "base/mem.h"
#include "base/time.h"

void vsm_channel_send(struct vsm_carrier *c, const struct vsm_receiver *to, const struct vsm_parcel *p,
                      vsm_tried_fn *fn, void *ctx) {
  static vsm_channel_fn *const channels[VSM_CHANNELS] = {
      [VSM_ALERTMANAGER] = vsm_channel_alertmanager,
      [VSM_WEBHOOK] = vsm_channel_webhook,
      [VSM_COMMAND] = vsm_channel_command,
      [VSM_MAIL] = vsm_channel_mail,
      [VSM_LOG] = vsm_channel_log,
  };
  channels[to->channel](c, to, p, fn, ctx);
}

void vsm_channel_alertmanager(struct vsm_carrier *c, const struct vsm_receiver *to, const struct vsm_parcel *p,
                              vsm_tried_fn *fn, void *ctx) {
  vsm_transfer_go(vsm_http_create(c->transfers, &to->alertmanager.http, "/api/v2/alerts", p->body, fn, ctx));
}

void vsm_webhook_sign(const struct vsm_secret *key, int64_t seconds, const char *body, char out[VSM_SIGNATURE_BYTES]) {
  unsigned char mac[EVP_MAX_MD_SIZE];
  unsigned n = 0;
  char *text = NULL;
  int bytes = asprintf(&text, "%lld.%s", (long long)seconds, body);
  vsm_mem_need(bytes < 0 ? NULL : text, strlen(body));
  HMAC(EVP_sha256(), key->z, (int)key->n, (unsigned char *)text, (size_t)bytes, mac, &n);
  strcpy(out, "v1=");
  for (unsigned i = 0; i < n && i < 32; i++)
    snprintf(out + 3 + 2 * i, 3, "%02x", mac[i]);
  free(text);
}

void vsm_channel_webhook(struct vsm_carrier *c, const struct vsm_receiver *to, const struct vsm_parcel *p,
                         vsm_tried_fn *fn, void *ctx) {
  struct vsm_transfer *x = vsm_http_create(c->transfers, &to->webhook.http, "", p->body, fn, ctx);
  char signature[VSM_SIGNATURE_BYTES];
  int64_t seconds = p->now_us / VSM_SECOND_US;
  vsm_transfer_header(x, "VSM-Delivery: %s", p->delivery);
  vsm_transfer_header(x, "VSM-Timestamp: %lld", (long long)seconds);
  if (to->webhook.key.z) {
    vsm_webhook_sign(&to->webhook.key, seconds, p->body, signature);
    vsm_transfer_header(x, "VSM-Signature: %s", signature);
    x->has_secrets = true;
  }
  vsm_transfer_go(x);
}
