#include "agents/notify/heartbeat.h"

#include <string.h>

#include "shell/log.h"

void vsm_heartbeat_init(struct vsm_heartbeat *h, const struct vsm_heartbeat_settings *s, struct vsm_transfers *t) {
  *h = (struct vsm_heartbeat){.settings = s, .transfers = t, .was_well = true};
}

void vsm_heartbeat_follow(struct vsm_heartbeat *h, const struct vsm_heartbeat_settings *s) {
  h->settings = s;
  h->due_mono_us = 0;
}

static void ended(void *ctx, const struct vsm_tried *r) {
  struct vsm_heartbeat *h = ctx;
  bool failed = r->outcome != VSM_SENT;
  h->under_way = false;
  if (failed != h->failed)
    vsm_log(failed ? "heartbeat_failed" : "heartbeat_heard", "said=\"%s\"", r->said);
  h->failed = failed;
}

void vsm_heartbeat_turn(struct vsm_heartbeat *h, bool well, const char *why, int64_t mono_us) {
  if (!h->settings->http.timeout.text || h->under_way || mono_us < h->due_mono_us)
    return;
  h->due_mono_us = mono_us + h->settings->interval.us;
  if (well != h->was_well)
    vsm_log(well ? "heartbeat_goes_on" : "heartbeat_stops", "why=\"%s\"", why);
  h->was_well = well;
  if (!well)
    return;
  h->under_way = true;
  vsm_transfer_go(
      vsm_http_create(h->transfers, &h->settings->http, "", h->settings->method ? "{\"well\":true}" : NULL, ended, h));
}

int64_t vsm_heartbeat_due(const struct vsm_heartbeat *h) {
  return h->settings->http.timeout.text && !h->under_way ? h->due_mono_us : INT64_MAX;
}
