// How the daemon fares, and what a person must act on.
#include <stdio.h>
#include <string.h>

#include "parts.h"
#include "shell/process.h"
#include "store/journal.h"

static void tell_sockets(const struct vsm_daemon *d, struct vsm_bounds *out) {
  vsm_ingest_tell_bounds(d->ingest, out);
  vsm_publish_tell_bounds(d->publish, out);
  vsm_query_socket_tell_bounds(d->query, out);
}

static void tell_bounds(const struct vsm_daemon *d, struct vsm_bounds *out) {
  static const char *const names[] = {[VSM_BOUNDED_ITEMS] = "items",
                                      [VSM_BOUNDED_SOURCES] = "sources",
                                      [VSM_BOUNDED_UNMAPPED] = "unmapped",
                                      [VSM_BOUNDED_REJECTED] = "rejected",
                                      [VSM_BOUNDED_KEYS] = "keys",
                                      [VSM_BOUNDED_TRANSITIONS] = "transitions",
                                      [VSM_BOUNDED_SEGMENT_VALUES] = "segment_values"};
  for (unsigned i = 0; i < VSM_BOUNDED_KINDS; i++) {
    struct vsm_filling f = vsm_core_filling(d->core, (enum vsm_bounded)i);
    vsm_bounds_add(out, (struct vsm_bound){names[i], "", f.n, f.most, f.beyond});
  }
  vsm_bounds_add(out, (struct vsm_bound){"memory", "", vsm_process_resident_bytes(), vsm_daemon_memory_max(d),
                                         vsm_core_without_memory(d->core)});
  tell_sockets(d, out);
}

// A socket that accepts nobody more.
static void find_full_socket(const struct vsm_daemon *d, char *now, size_t size) {
  struct vsm_bounds bounds = {.n = 0};
  tell_sockets(d, &bounds);
  for (unsigned i = 0; i < bounds.n && !*now; i++) {
    const struct vsm_bound *b = &bounds.at[i];
    if (strcmp(b->name, "connections") == 0 && b->now >= b->most)
      snprintf(now, size, "the socket %s has as many connections as limits.connections, or descriptors, allow: %llu",
               b->socket, (unsigned long long)b->most);
  }
}

static void find_trouble(struct vsm_daemon *d, char *now, size_t size) {
  *now = '\0';
  if (d->keep)
    vsm_keep_trouble(d->keep, now, size);
  if (*now)
    return;
  if (d->folding)
    snprintf(now, size, "items are folded anew under another configuration; acks wait");
  else if (d->clock.astray_us != 0 && d->model->clock == VSM_CLOCK_WALL)
    snprintf(now, size,
             "the wall clock jumped, or began before the journal's end, and is not followed until it agrees again");
  else if (!vsm_process_has_descriptors())
    snprintf(now, size, "no descriptors are left, so no connection is accepted: raise LimitNOFILE");
  else if (vsm_core_room(d->core) > 0)
    snprintf(now, size, "more memory is taken than limits.memory allows (%llu MB): events of new items are refused",
             (unsigned long long)(vsm_daemon_memory_max(d) / 1000000));
  else
    find_full_socket(d, now, size);
}

const char *vsm_daemon_trouble(struct vsm_daemon *d) {
  char now[sizeof d->trouble] = "";
  find_trouble(d, now, sizeof now);
  if (d->recovered && strcmp(now, d->trouble) != 0)
    vsm_log("trouble", "what=\"%s\"", *now ? now : "over");
  memcpy(d->trouble, now, sizeof now);
  return d->trouble;
}

void vsm_daemon_status(void *ctx, struct vsm_status_view *out) {
  struct vsm_daemon *d = ctx;
  struct vsm_ingest_counts counts = vsm_ingest_counts(d->ingest);
  struct vsm_pulse_view pulse = vsm_pulse_view(&d->pulse);
  struct vsm_auth_counts refused = vsm_auth_counts(d->auth);
  *out = (struct vsm_status_view){.version = VSM_VERSION,
                                  .clock = d->model->clock == VSM_CLOCK_WALL ? "wall" : "event",
                                  .time = vsm_core_now(d->core),
                                  .epoch = d->epoch,
                                  .durable = d->keep && vsm_keep_is_durable(d->keep),
                                  .state = d->config->state,
                                  .ingest = vsm_core_ingest(d->core),
                                  .items_open = vsm_core_items_open(d->core),
                                  .items_held = vsm_core_items_held(d->core),
                                  .memory_bytes = vsm_process_resident_bytes(),
                                  .uptime_seconds =
                                      (double)(vsm_clock_boot_us() - d->started_boot_us) / (double)VSM_SECOND_US,
                                  .configuration = d->config->path,
                                  .configured = d->configured,
                                  .trouble = vsm_daemon_trouble(d),
                                  .bad_frames = counts.bad_frames + vsm_query_socket_bad_frames(d->query),
                                  .acks_lost = counts.acks_lost,
                                  .security = vsm_auth_is_on(d->auth)             ? "curve"
                                              : vsm_config_is_insecure(d->config) ? "insecure"
                                                                                  : "local",
                                  .refused_handshakes = refused.handshakes,
                                  .refused_messages = refused.messages,
                                  .alerts = vsm_core_count_alerts(d->core),
                                  .received_per_second = pulse.received_per_second,
                                  .waiting_bytes = vsm_ingest_waiting_bytes(d->ingest),
                                  .disk_days_left = pulse.disk_days_left,
                                  .lags = vsm_core_lags(d->core)};
  tell_bounds(d, &out->bounds);
  if (d->keep) {
    out->commit_worst_seconds = vsm_seconds(vsm_journal_state(vsm_keep_journal(d->keep)).worst_us);
    out->disk_free_bytes = vsm_aside_free_bytes(d->aside);
    struct vsm_rebuild_view r = vsm_rebuild_view(vsm_keep_rebuilding(d->keep));
    out->rebuild.state = r.state;
    out->rebuild.why = r.why;
    out->rebuild.percent = r.percent;
    out->rebuild.position = r.position;
  }
}
