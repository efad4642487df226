#include "agents/notify/own.h"

#include <stdio.h>
#include <string.h>

#include "base/time.h"

static const char *const KINDS[VSM_OWNS] = {"daemon_unheard", "not_durable"};

const char *vsm_own_kind(enum vsm_own which) {
  return KINDS[which];
}

bool vsm_own_is(const char *kind) {
  for (int i = 0; i < VSM_OWNS; i++)
    if (strcmp(kind, KINDS[i]) == 0)
      return true;
  return false;
}

void vsm_own_watch_begin(struct vsm_own_watch *w, int64_t silent_us, int64_t mono_us, int64_t now_us) {
  *w = (struct vsm_own_watch){.silent_us = silent_us, .heard_mono_us = mono_us, .heard_us = now_us};
}

void vsm_own_hear(struct vsm_own_watch *w, const Vsm__V1__Status *s, int64_t mono_us, int64_t now_us) {
  bool durable = *s->state == '\0' || s->durable; // without a state directory an ack means received
  w->heard = true;
  w->heard_mono_us = mono_us;
  w->heard_us = now_us;
  if (durable)
    w->broken_us = 0;
  else if (w->broken_us == 0)
    w->broken_us = now_us;
  snprintf(w->trouble, sizeof w->trouble, "%s", s->trouble);
}

int64_t vsm_own_due(const struct vsm_own_watch *w) {
  return w->heard_mono_us + w->silent_us;
}

int vsm_own_holds(const struct vsm_own_watch *w, enum vsm_own which, int64_t mono_us) {
  if (which == VSM_OWN_UNHEARD)
    return mono_us >= vsm_own_due(w) ? 1 : w->heard ? 0 : -1;
  return !w->heard ? -1 : w->broken_us != 0;
}

static int64_t since_us(const struct vsm_own_watch *w, enum vsm_own which, int64_t now_us) {
  int64_t us = which == VSM_OWN_UNHEARD ? w->heard_us : w->broken_us;
  return us ? us : now_us;
}

static void say(const struct vsm_own_watch *w, enum vsm_own which, bool fires, int64_t now_us, char *buf, size_t n) {
  double silent_s = vsm_seconds(w->silent_us), for_s = vsm_seconds(now_us - since_us(w, which, now_us));
  if (which == VSM_OWN_UNHEARD && fires)
    snprintf(buf, n, "Nothing is watched any more: vsmd's status, due every 5 s, %s for %.3g s (unheard_after %.3g s).",
             w->heard ? "was not heard" : "was not heard since vsm-notify began,", for_s, silent_s);
  else if (which == VSM_OWN_UNHEARD)
    snprintf(buf, n, "vsmd is heard again.");
  else if (fires)
    snprintf(buf, n, "vsmd's acks stand still, as what it is told does not reach the disk: %s.",
             *w->trouble ? w->trouble : "its status does not say why");
  else
    snprintf(buf, n, "vsmd writes what it is told to disk again; acks go out.");
}

void vsm_own_tell(const struct vsm_own_watch *w, const struct vsm_settings *s, enum vsm_own which, bool fires,
                  int64_t now_us, vsm_own_fn *fn, void *ctx) {
  static const char *const ends[VSM_OWNS] = {"when a status of vsmd is heard",
                                             "when vsmd's status says that it is durable"};
  static const char *const looks[VSM_OWNS] = {"systemctl status vsmd", "vsm status"};
  char reason[1024];
  Vsm__V1__Alert a = VSM__V1__ALERT__INIT;
  say(w, which, fires, now_us, reason, sizeof reason);
  a.id = a.kind = (char *)KINDS[which];
  a.severity = (char *)"critical";
  a.owner = (char *)(s->notify.owner.z ? s->notify.owner.z : "");
  a.runbook = (char *)(s->notify.runbook.z ? s->notify.runbook.z : "");
  a.state = a.change = (char *)(fires ? "firing" : "resolved");
  a.reason = reason;
  a.ends_when = (char *)ends[which];
  a.look = (char *)looks[which];
  a.number = (uint64_t)now_us;
  a.since_unix_nano = a.fired_unix_nano = (uint64_t)(fires ? since_us(w, which, now_us) : now_us) * 1000;
  a.resolved_unix_nano = fires ? 0 : (uint64_t)now_us * 1000;
  if (which == VSM_OWN_UNHEARD) {
    a.threshold_seconds = vsm_seconds(w->silent_us);
    a.observed_seconds = fires ? vsm_seconds(now_us - w->heard_us) : 0;
  }
  fn(ctx, &a);
}
