// Parts are created in the order in which they need each other, and destroyed in the reverse. Each is told of the core
// and its model; a reload makes another model, lets the core fold its items under it, and tells them again.
//
// With a state directory the core comes out of the journal first: until then every socket is open and held, and a core
// without items stands in, from which nothing is read but its status.
#include "daemon.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "core/alert.h"
#include "parts.h"
#include "shell/control.h"
#include "shell/epoch.h"
#include "shell/notify.h"
#include "shell/process.h"
#include "store/journal.h"

#define LOOK_EVERY_US (5 * VSM_SECOND_US)

static void on_step_due(void *ctx) {
  struct vsm_daemon *d = ctx;
  d->step_due = VSM_TIME_NEVER; // the timer ran out, early where the clock was set back
  vsm_daemon_look(d);
  vsm_publish_soon(d->publish);
}

static void look_after_state(struct vsm_daemon *d) {
  if (d->keep && d->recovered)
    vsm_keep_look(d->keep, d->config, vsm_core_ingest(d->core).received, vsm_daemon_pass_time(d));
}

// Every few seconds, whatever else happens or does not.
static void on_look(void *ctx) {
  struct vsm_daemon *d = ctx;
  vsm_timer_set(d->look, LOOK_EVERY_US);
  vsm_daemon_pass_time(d);
  look_after_state(d);
  vsm_daemon_trouble(d);
  vsm_pulse_take(&d->pulse, &(struct vsm_pulse_sample){.boot_us = vsm_clock_boot_us(),
                                                       .received = vsm_core_ingest(d->core).received,
                                                       .free_bytes = d->aside ? vsm_aside_free_bytes(d->aside) : 0});
}

static void on_alive(void *ctx) {
  struct vsm_daemon *d = ctx;
  int64_t every_us = vsm_notify_alive_every_us();
  if (every_us == INT64_MAX)
    return;
  vsm_timer_set(d->alive, every_us);
  vsm_notify("WATCHDOG=1");
}

// --- callbacks of the parts

static void on_change(void *ctx, const struct vsm_change *change, const struct vsm_event *event) {
  vsm_publish_change(((struct vsm_daemon *)ctx)->publish, change, event);
}

static bool wants_changes(void *ctx) {
  return vsm_publish_wants_changes(((struct vsm_daemon *)ctx)->publish);
}

static void on_batch(void *ctx) {
  vsm_publish_soon(((struct vsm_daemon *)ctx)->publish);
}

// Else the directory would be looked through for a key that was mistyped.
static bool forgets(const struct vsm_daemon *d, const struct vsm_request *request, int stream) {
  return request->kind == VSM_ASK_FORGET && (request->sealed || vsm_core_knows(d->core, stream, request->key));
}

static int on_order(void *ctx, const struct vsm_request *request, int stream, struct vsm_str frame,
                    struct vsm_arena *arena, struct vsm_ordered *done, const char **why) {
  struct vsm_daemon *d = ctx;
  struct vsm_effects fx = {.quiet = !wants_changes(d)};
  struct vsm_time now = vsm_daemon_pass_time(d); // of the order, and of its record
  struct vsm_str record = frame;
  int err = (*why = vsm_daemon_refuses_orders(d)) ? VSM_EINVAL : 0;
  if (!err && d->keep && forgets(d, request, stream) && (err = vsm_keep_forget(d->keep)) != 0)
    *why = "the state directory cannot be written: nothing was forgotten";
  if (!err)
    err = vsm_control(d->core, d->model, request, stream, &fx, arena, &record, &done->id, why);
  int64_t position = err || !d->keep ? 0 : vsm_keep_order(d->keep, record, now);
  for (unsigned i = 0; i < fx.n_changes; i++)
    on_change(d, &fx.changes[i], &(struct vsm_event){.source = VSM_STR("vsm"), .type = VSM_STR("withdraw")});
  vsm_effects_fini(&fx);
  vsm_publish_soon(d->publish);
  done->recorded = position > 0 ? (uint64_t)position : 0;
  return position < 0 ? (int)position : err;
}

static void on_clock_accept(void *ctx) {
  struct vsm_daemon *d = ctx;
  bool jumps = d->clock.astray_us != 0 && d->model->clock == VSM_CLOCK_WALL;
  vsm_clock_accept(&d->clock);
  if (jumps && d->recovered)
    vsm_daemon_begin_again(d);
  vsm_daemon_pass_time(d);
  vsm_publish_status_now(d->publish);
}

static int on_rebuild(void *ctx, bool partial, struct vsm_arena *arena, const char **why) {
  struct vsm_daemon *d = ctx;
  struct vsm_journal_why text;
  if (!d->keep) {
    *why = "nothing is kept that could be mapped anew: the configuration has no daemon.state";
    return VSM_EINVAL;
  }
  if ((*why = vsm_daemon_refuses_orders(d)) != NULL)
    return VSM_EINVAL;
  int err = vsm_keep_rebuild(d->keep, d->config, partial, &text);
  if (err)
    *why = vsm_arena_printf(arena, "%s", text.text);
  return err;
}

static void on_hold(void *ctx, bool held) {
  struct vsm_daemon *d = ctx;
  if (held)
    vsm_ingest_shut(d->ingest);
  else
    vsm_ingest_receive(d->ingest, vsm_keep_journal(d->keep));
}

// The core that a rebuild made takes the live one's place, with the configuration in force, which it has read back.
static int64_t on_level(void *ctx, struct vsm_recovered *built, uint64_t epoch) {
  struct vsm_daemon *d = ctx;
  unsigned runs = d->runs;
  struct vsm_time now = vsm_daemon_pass_time(d), configured = d->configured;
  int64_t position = vsm_keep_rebuilt(d->keep, built->first, now);
  if (position < 0)
    return position;
  if (d->runs == runs)
    vsm_core_advance(built->core, now);
  else // the record of it came behind what was read
    vsm_core_started(built->core, now);
  vsm_core_set_room(built->core, vsm_core_room(d->core)); // likewise
  struct vsm_core *core = d->core;
  struct vsm_config *kept = d->kept;
  d->core = built->core;
  d->kept = built->config;
  d->model = &d->kept->model;
  built->core = core;
  built->config = kept;
  vsm_daemon_wire(d);
  d->configured = configured;
  vsm_daemon_pass_time(d);
  // The numbers of its alerts are its own, and what it does not know any more nobody is told of.
  d->epoch = epoch > d->epoch ? epoch : d->epoch + 1; // less: that of the start could not be written
  vsm_publish_status_now(d->publish);
  vsm_publish_soon(d->publish);
  return position;
}

static void on_terminate(void *ctx) {
  vsm_loop_stop(((struct vsm_daemon *)ctx)->loop);
}

static void on_more(void *ctx) {
  (void)ctx;
  vsm_log_signal(SIGUSR1);
}

static void on_less(void *ctx) {
  (void)ctx;
  vsm_log_signal(SIGUSR2);
}

static void on_hangup(void *ctx) {
  struct vsm_daemon *d = ctx;
  char *text = NULL;
  uint64_t recorded;
  d->hung_up = !d->recovered;
  if (d->recovered) {
    int err = vsm_daemon_reload(d, &text, &recorded);
    vsm_audit_signal(d->aside, "reload", err ? VSM_ORDER_FAILED : VSM_ORDER_DONE);
  }
  free(text);
}

static void on_progress(void *ctx) {
  vsm_publish_status_now(((struct vsm_daemon *)ctx)->publish);
}

static void on_news(void *ctx) {
  struct vsm_daemon *d = ctx;
  char before[sizeof d->trouble];
  memcpy(before, d->trouble, sizeof before);
  vsm_ingest_committed(d->ingest);
  vsm_query_socket_committed(d->query, vsm_journal_committed(vsm_keep_journal(d->keep)));
  look_after_state(d);
  if (strcmp(before, vsm_daemon_trouble(d)) != 0)
    vsm_publish_status_now(d->publish);
}

// --- the beginning

static void open_up(struct vsm_daemon *d) {
  d->recovered = true;
  if (!d->keep)
    vsm_daemon_begin_run(d);
  vsm_publish_status_alone(d->publish, false);
  vsm_query_socket_hold(d->query, false);
  vsm_ingest_receive(d->ingest, d->keep ? vsm_keep_journal(d->keep) : NULL);
  vsm_daemon_pass_time(d);
  on_look(d);
  vsm_log("ready", "version=%s clock=%s config=%s durable=%s", VSM_VERSION,
          d->model->clock == VSM_CLOCK_WALL ? "wall" : "event", d->config->path, d->keep ? "yes" : "no");
  vsm_notify("READY=1");
  if (d->hung_up)
    on_hangup(d);
}

// The first records of this run: its start, and the configuration file where it differs from what is in force by the
// journal. That of a new journal comes before all else.
static int begin_records(struct vsm_daemon *d) {
  bool differs;
  int err = vsm_keep_begin(d->keep, d->config, &differs);
  d->recovered = true;
  if (!err && !d->kept)
    err = vsm_keep_configuration(d->keep, d->config, vsm_daemon_pass_time(d));
  if (!err)
    err = vsm_keep_start(d->keep, vsm_daemon_begin_run(d));
  if (!err && d->kept && differs)
    err = vsm_daemon_fold_under(d, d->config);
  if (d->model == &d->config->model) {
    vsm_config_destroy(d->kept);
    d->kept = NULL;
  }
  return err;
}

static void on_recovered(void *ctx, int err, struct vsm_core *core, struct vsm_config *config, struct vsm_time last) {
  struct vsm_daemon *d = ctx;
  if (core) {
    vsm_core_destroy(d->core);
    d->core = core;
    d->kept = config;
    d->model = &config->model;
    vsm_daemon_wire(d);
  }
  vsm_clock_not_before(&d->clock, last);
  if (!err)
    err = begin_records(d);
  if (!err) {
    vsm_daemon_wire(d);
    open_up(d);
    return;
  }
  vsm_log("start_failed", "config=%s why=\"%s\"", d->options.config, vsm_err_text(err));
  d->err = err;
  vsm_loop_stop(d->loop);
}

// --- life

static int create_ground(struct vsm_daemon *d) {
  d->loop = vsm_loop_create();
  d->zcontext = vsm_zcontext_create();
  if (!d->loop || !d->zcontext)
    return VSM_ENOMEM;
  bool encrypted = d->config->daemon.curve.key != NULL;
  d->auth = vsm_auth_create(
      &(struct vsm_auth_options){.zcontext = d->zcontext, .loop = d->loop, .gates = &d->gates, .on = encrypted});
  d->aside = d->config->state ? vsm_aside_create(d->config->state) : NULL;
  return d->auth && (d->aside || !d->config->state) ? 0 : VSM_ENOMEM;
}

static int open_state(struct vsm_daemon *d) {
  if (!d->config->state)
    return 0;
  d->keep = vsm_keep_create(&(struct vsm_keep_options){.loop = d->loop,
                                                       .config = d->config,
                                                       .config_path = d->options.config,
                                                       .salvage = d->options.salvage,
                                                       .on_progress = on_progress,
                                                       .on_recovered = on_recovered,
                                                       .hold = on_hold,
                                                       .on_level = on_level,
                                                       .on_news = on_news,
                                                       .ctx = d});
  if (!d->keep)
    return VSM_EIO;
  d->epoch = vsm_epoch_begin(d->config->state, d->epoch);
  vsm_aside_begin(d->aside);
  return 0;
}

static int create_parts(struct vsm_daemon *d) {
  d->ingest = vsm_ingest_create(&(struct vsm_ingest_options){.zcontext = d->zcontext,
                                                             .loop = d->loop,
                                                             .gates = &d->gates,
                                                             .auth = d->auth,
                                                             .pass_time = vsm_daemon_pass_time_of_batch,
                                                             .wants_changes = wants_changes,
                                                             .on_change = on_change,
                                                             .on_batch = on_batch,
                                                             .ctx = d});
  d->publish = vsm_publish_create(&(struct vsm_publish_options){.zcontext = d->zcontext,
                                                                .loop = d->loop,
                                                                .gates = &d->gates,
                                                                .auth = d->auth,
                                                                .epoch = &d->epoch,
                                                                .pass_time = vsm_daemon_pass_time,
                                                                .status = vsm_daemon_status,
                                                                .cut_off = vsm_daemon_renew_publish,
                                                                .ctx = d});
  d->query = vsm_query_socket_create(&(struct vsm_query_socket_options){.zcontext = d->zcontext,
                                                                        .loop = d->loop,
                                                                        .gates = &d->gates,
                                                                        .auth = d->auth,
                                                                        .aside = d->aside,
                                                                        .pass_time = vsm_daemon_look,
                                                                        .epoch = &d->epoch,
                                                                        .status = vsm_daemon_status,
                                                                        .reload = vsm_daemon_reload,
                                                                        .order = on_order,
                                                                        .clock_accept = on_clock_accept,
                                                                        .rebuild = on_rebuild,
                                                                        .ctx = d,
                                                                        .sequence = vsm_publish_sequence,
                                                                        .sequence_ctx = d->publish});
  vsm_loop_after_each(d->loop, vsm_daemon_after_turn, d);
  d->step = vsm_timer_create(d->loop, on_step_due, d);
  d->look = vsm_timer_create(d->loop, on_look, d);
  d->alive = vsm_timer_create(d->loop, on_alive, d);
  d->renew = vsm_timer_create(d->loop, vsm_daemon_renew_query, d);
  d->terminate = vsm_catch_create(d->loop, SIGTERM, on_terminate, d);
  d->interrupt = vsm_catch_create(d->loop, SIGINT, on_terminate, d);
  d->hangup = vsm_catch_create(d->loop, SIGHUP, on_hangup, d);
  d->more = vsm_catch_create(d->loop, SIGUSR1, on_more, d);
  d->less = vsm_catch_create(d->loop, SIGUSR2, on_less, d);
  bool timers = d->step && d->look && d->alive && d->renew;
  bool signals = d->terminate && d->interrupt && d->hangup && d->more && d->less;
  return d->ingest && d->publish && d->query && timers && signals ? 0 : VSM_ENOMEM;
}

static int open_sockets(struct vsm_daemon *d) {
  const struct vsm_conf_daemon *c = &d->config->daemon;
  int err = vsm_ingest_open(d->ingest, d->config);
  if (!err && c->publish)
    err = vsm_publish_open(d->publish, d->config);
  if (!err && c->query)
    err = vsm_query_socket_open(d->query, d->config);
  vsm_publish_status_alone(d->publish, true);
  vsm_query_socket_hold(d->query, true);
  vsm_ingest_shut(d->ingest);
  return err;
}

struct vsm_daemon *vsm_daemon_create(const struct vsm_daemon_options *options) {
  struct vsm_daemon *d = calloc(1, sizeof *d);
  char *text = NULL;
  if (!d)
    return NULL;
  d->options = *options;
  d->memory_there = vsm_process_memory_max();
  vsm_process_raise_descriptor_limit();
  struct vsm_loaded loaded;
  int err = vsm_daemon_load(d, &loaded, &text);
  if (err)
    goto fail;
  d->config = loaded.config;
  d->step_due = VSM_TIME_NEVER;
  vsm_clock_init(&d->clock, d->config->model.max_future_skew_us);
  d->started_boot_us = vsm_clock_boot_us();
  d->epoch = (uint64_t)vsm_clock_now(&d->clock).us / 1000;
  d->model = &d->config->model;
  d->core = vsm_core_create(d->model);
  err = d->core ? create_ground(d) : VSM_ENOMEM;
  if (!err)
    err = open_state(d); // which knows the epoch
  if (!err)
    err = create_parts(d);
  if (err) {
    vsm_auth_drop_keys(&loaded.keys);
    vsm_clients_destroy(loaded.clients);
    goto fail;
  }
  vsm_auth_follow(d->auth, &loaded.keys, loaded.clients);
  vsm_daemon_wire(d);
  vsm_daemon_log_security(d);
  err = open_sockets(d);
  if (err)
    goto fail;
  return d;
fail:
  vsm_log("start_failed", "config=%s why=\"%s\"", options->config, vsm_err_text(err));
  if (text)
    fputs(text, stderr);
  free(text);
  vsm_daemon_destroy(d);
  return NULL;
}

void vsm_daemon_destroy(struct vsm_daemon *d) {
  if (!d)
    return;
  vsm_catch_destroy(d->less);
  vsm_catch_destroy(d->more);
  vsm_catch_destroy(d->hangup);
  vsm_catch_destroy(d->interrupt);
  vsm_catch_destroy(d->terminate);
  vsm_timer_destroy(d->renew);
  vsm_timer_destroy(d->alive);
  vsm_timer_destroy(d->look);
  vsm_timer_destroy(d->step);
  vsm_query_socket_destroy(d->query);
  vsm_publish_destroy(d->publish);
  vsm_ingest_destroy(d->ingest);
  vsm_aside_destroy(d->aside);
  vsm_auth_destroy(d->auth);
  vsm_keep_destroy(d->keep);
  vsm_zcontext_destroy(d->zcontext);
  vsm_loop_destroy(d->loop);
  vsm_core_destroy(d->core);
  vsm_config_destroy(d->kept);
  vsm_config_destroy(d->config);
  free(d);
}

int vsm_daemon_run(struct vsm_daemon *d) {
  signal(SIGPIPE, SIG_IGN);
  if (!d->keep)
    open_up(d);
  on_alive(d);
  int err = vsm_loop_run(d->loop);
  vsm_notify("STOPPING=1");
  if (d->keep && d->recovered) {
    vsm_keep_finish(d->keep);
    vsm_ingest_committed(d->ingest);
    vsm_query_socket_committed(d->query, vsm_journal_committed(vsm_keep_journal(d->keep)));
  }
  vsm_log("stopped", "events=%llu", (unsigned long long)vsm_core_ingest(d->core).received);
  return err ? err : d->err;
}
