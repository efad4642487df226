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
#include "conf/conf.h"
#include "core/view.h"
#include "shell/clock.h"
#include "shell/ingest.h"
#include "shell/keep.h"
#include "shell/log.h"
#include "shell/notify.h"
#include "shell/process.h"
#include "shell/publish.h"
#include "shell/query.h"

#define LOOK_EVERY_US (5 * VSM_SECOND_US)

// Keys of a configuration that have no effect in this version; in its arena.
struct notes {
  const char **keys;
  unsigned n;
};

struct vsm_daemon {
  struct vsm_daemon_options options;
  struct vsm_config *config; // the file's
  struct vsm_config *kept;   // the journal's, where it is the same: then the core's model is its; else NULL
  const struct vsm_model *model;
  struct vsm_core *core;
  struct vsm_wall_clock clock;
  struct vsm_log_gates gates;
  struct vsm_loop *loop;
  struct vsm_zcontext *zcontext;
  struct vsm_ingest *ingest;
  struct vsm_publish *publish;
  struct vsm_query_socket *query;
  struct vsm_keep *keep;    // the state directory; NULL: none
  struct vsm_timer *step;   // when the core's next time step is due
  struct vsm_time step_due; // for when it is set; VSM_TIME_NEVER: it is not
  struct vsm_timer *look;   // for trouble
  struct vsm_catch *terminate, *interrupt, *hangup;

  uint64_t epoch; // milliseconds since 1970 at the start
  int64_t started_boot_us;
  struct vsm_time configured;
  struct notes notes; // of config
  char trouble[512];
  bool folding;   // all held items anew, while nothing is received or answered
  bool recovered; // and everything is open
  bool hung_up;   // before that: a reload waits
  int err;        // why the loop was stopped
};

// --- time

// Sets the timer for the core's deadline. With the event clock no time step waits for the wall.
static void rearm(struct vsm_daemon *d, struct vsm_time now) {
  struct vsm_time due = d->model->clock == VSM_CLOCK_WALL ? vsm_core_deadline(d->core) : VSM_TIME_NEVER;
  if (due.us == d->step_due.us)
    return;
  d->step_due = due;
  if (due.us == INT64_MAX)
    vsm_timer_clear(d->step);
  else
    vsm_timer_set(d->step, due.us - now.us);
}

// Before anything is done to the core or read from it. Returns the time of receipt: of a wall clock that was set back a
// little the core's now, so that a record says all that there is to know of time.
static struct vsm_time pass_time(void *ctx) {
  struct vsm_daemon *d = ctx;
  struct vsm_time now = vsm_clock_now(&d->clock);
  if (!d->recovered)
    return now;
  vsm_core_advance(d->core, now);
  rearm(d, now);
  return d->model->clock == VSM_CLOCK_WALL ? vsm_core_now(d->core) : now;
}

static void on_step_due(void *ctx) {
  struct vsm_daemon *d = ctx;
  d->step_due = VSM_TIME_NEVER; // the timer ran out, early where the clock was set back
  pass_time(d);
  vsm_publish_soon(d->publish);
}

// --- status

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
}

// What a person must act on, also logged when it changes.
static const char *trouble(struct vsm_daemon *d) {
  char now[sizeof d->trouble] = "";
  find_trouble(d, now, sizeof now);
  if (d->recovered && strcmp(now, d->trouble) != 0)
    vsm_log("trouble", "what=\"%s\"", *now ? now : "over");
  memcpy(d->trouble, now, sizeof now);
  return d->trouble;
}

static void look_after_state(struct vsm_daemon *d) {
  if (d->keep && d->recovered)
    vsm_keep_look(d->keep, d->config, vsm_core_ingest(d->core).received);
}

// Every few seconds, whatever else happens or does not.
static void on_look(void *ctx) {
  struct vsm_daemon *d = ctx;
  vsm_timer_set(d->look, LOOK_EVERY_US);
  pass_time(d);
  look_after_state(d);
  trouble(d);
}

static void fill_status(void *ctx, struct vsm_status_view *out) {
  struct vsm_daemon *d = ctx;
  struct vsm_ingest_counts counts = vsm_ingest_counts(d->ingest);
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
                                  .trouble = trouble(d),
                                  .bad_frames = counts.bad_frames + vsm_query_socket_bad_frames(d->query),
                                  .acks_lost = counts.acks_lost,
                                  .without_effect = d->notes.keys,
                                  .n_without_effect = d->notes.n};
}

// --- configuration

static int take_notes(struct vsm_config *c, struct notes *out) {
  *out = (struct notes){vsm_arena_alloc(&c->arena, (c->n_without_effect + 1) * sizeof *out->keys), 0};
  if (!out->keys)
    return VSM_ENOMEM;
  while (out->n < c->n_without_effect) {
    out->keys[out->n] = c->without_effect[out->n].key;
    out->n++;
  }
  return 0;
}

// Loads and completes a configuration. On error *text holds every mistake, for free().
static int load(const struct vsm_daemon *d, struct vsm_config **config, struct notes *notes, char **text) {
  struct vsm_conf_report report;
  int err = vsm_config_load(d->options.config, config, &report);
  size_t n;
  FILE *f = err ? open_memstream(text, &n) : NULL;
  if (f) {
    vsm_conf_report_print(&report, f);
    fclose(f);
  }
  vsm_conf_report_fini(&report);
  if (err)
    return err;
  if (d->options.clock != VSM_CLOCK_AS_CONFIGURED) {
    (*config)->daemon.clock = d->options.clock;
    (*config)->model.clock = (enum vsm_clock)d->options.clock;
  }
  if ((*config)->state && (err = vsm_keep_check(*config, text)) != 0)
    return err;
  return take_notes(*config, notes);
}

// Tells every part of the core and its model.
static void wire(struct vsm_daemon *d) {
  vsm_ingest_set_core(d->ingest, d->core);
  vsm_publish_set_core(d->publish, d->core, d->model, d->config->daemon.publish_interval.us);
  vsm_query_socket_set_core(d->query, d->core, d->model);
  vsm_clock_set_skew(&d->clock, d->model->max_future_skew_us);
  d->configured = vsm_clock_now(&d->clock);
}

static void log_notes(const struct vsm_daemon *d) {
  for (unsigned i = 0; i < d->config->n_without_effect; i++) {
    const struct vsm_conf_note *n = &d->config->without_effect[i];
    vsm_log("no_effect_yet", "key=%s places=%u first=%s:%u:%u", n->key, n->places, d->config->path, n->line, n->column);
  }
}

// The core takes another model, and the journal the configuration that it is of.
static int fold_under(struct vsm_daemon *d, const struct vsm_config *fresh) {
  struct vsm_time now = pass_time(d);
  d->folding = true;
  vsm_publish_status_now(d->publish);
  int err = vsm_core_configure(d->core, &fresh->model);
  d->folding = false;
  if (err)
    return err;
  d->model = &fresh->model;
  if (d->keep && vsm_keep_configuration(d->keep, fresh, now) != 0) // the journal has failed, and the status says so
    vsm_log("not_recorded", "what=configuration config=%s", fresh->path);
  return 0;
}

static int replace(struct vsm_daemon *d, struct vsm_config *fresh, struct notes notes, char **text) {
  if ((*text = vsm_config_needs_restart(d->config, fresh)) != NULL)
    return VSM_ECONFIG;
  int err = fold_under(d, fresh);
  if (err)
    return err;
  struct vsm_config *old = d->config;
  d->config = fresh;
  d->notes = notes;
  vsm_ingest_follow(d->ingest, fresh);
  wire(d);
  log_notes(d);
  vsm_publish_status_now(d->publish);
  vsm_config_destroy(old);
  vsm_config_destroy(d->kept);
  d->kept = NULL;
  return 0;
}

static int reload(void *ctx, char **text) {
  struct vsm_daemon *d = ctx;
  struct vsm_config *fresh = NULL;
  *text = NULL;
  vsm_notify_reloading();
  struct notes notes;
  int err = load(d, &fresh, &notes, text);
  if (!err)
    err = replace(d, fresh, notes, text);
  if (err)
    vsm_config_destroy(fresh);
  if (err)
    vsm_log("reload_refused", "config=%s why=\"%s\"", d->options.config, *text ? "as follows" : vsm_err_text(err));
  else
    vsm_log("reloaded", "config=%s", d->options.config);
  if (err && *text)
    fputs(*text, stderr);
  vsm_notify("READY=1");
  return err;
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

static void on_terminate(void *ctx) {
  vsm_loop_stop(((struct vsm_daemon *)ctx)->loop);
}

static void on_hangup(void *ctx) {
  struct vsm_daemon *d = ctx;
  char *text = NULL;
  if (d->recovered)
    reload(d, &text);
  else
    d->hung_up = true;
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
  look_after_state(d);
  if (strcmp(before, trouble(d)) != 0)
    vsm_publish_status_now(d->publish);
}

// --- the beginning

static void open_up(struct vsm_daemon *d) {
  d->recovered = true;
  vsm_publish_status_alone(d->publish, false);
  vsm_query_socket_hold(d->query, false);
  vsm_ingest_receive(d->ingest, d->keep ? vsm_keep_journal(d->keep) : NULL);
  pass_time(d);
  on_look(d);
  vsm_log("ready", "version=%s clock=%s config=%s durable=%s", VSM_VERSION,
          d->model->clock == VSM_CLOCK_WALL ? "wall" : "event", d->config->path, d->keep ? "yes" : "no");
  vsm_notify("READY=1");
  if (d->hung_up)
    on_hangup(d);
}

// The configuration file against the one that is in force by the journal, and the first records of this run.
static int begin_records(struct vsm_daemon *d) {
  bool differs;
  int err = vsm_keep_begin(d->keep, d->config, &differs);
  d->recovered = true;
  if (!err && !d->kept)
    err = vsm_keep_configuration(d->keep, d->config, pass_time(d));
  else if (!err && differs)
    err = fold_under(d, d->config);
  if (d->model == &d->config->model) {
    vsm_config_destroy(d->kept);
    d->kept = NULL;
  }
  return err ? err : vsm_keep_start(d->keep, pass_time(d));
}

static void on_recovered(void *ctx, int err, struct vsm_core *core, struct vsm_config *config, struct vsm_time last) {
  struct vsm_daemon *d = ctx;
  if (core) {
    vsm_core_destroy(d->core);
    d->core = core;
    d->kept = config;
    d->model = &config->model;
    wire(d);
  }
  vsm_clock_not_before(&d->clock, last);
  if (!err)
    err = begin_records(d);
  if (!err) {
    wire(d);
    open_up(d);
    return;
  }
  vsm_log("start_failed", "config=%s why=\"%s\"", d->options.config, vsm_err_text(err));
  d->err = err;
  vsm_loop_stop(d->loop);
}

// --- life

static int create_parts(struct vsm_daemon *d) {
  d->loop = vsm_loop_create();
  d->zcontext = vsm_zcontext_create();
  if (!d->loop || !d->zcontext)
    return VSM_ENOMEM;
  d->ingest = vsm_ingest_create(&(struct vsm_ingest_options){.zcontext = d->zcontext,
                                                             .loop = d->loop,
                                                             .gates = &d->gates,
                                                             .pass_time = pass_time,
                                                             .wants_changes = wants_changes,
                                                             .on_change = on_change,
                                                             .on_batch = on_batch,
                                                             .ctx = d});
  d->publish = vsm_publish_create(&(struct vsm_publish_options){.zcontext = d->zcontext,
                                                                .loop = d->loop,
                                                                .gates = &d->gates,
                                                                .epoch = d->epoch,
                                                                .pass_time = pass_time,
                                                                .status = fill_status,
                                                                .ctx = d});
  d->query = vsm_query_socket_create(&(struct vsm_query_socket_options){.zcontext = d->zcontext,
                                                                        .loop = d->loop,
                                                                        .gates = &d->gates,
                                                                        .pass_time = pass_time,
                                                                        .epoch = d->epoch,
                                                                        .status = fill_status,
                                                                        .reload = reload,
                                                                        .ctx = d,
                                                                        .sequence = vsm_publish_sequence,
                                                                        .sequence_ctx = d->publish});
  d->step = vsm_timer_create(d->loop, on_step_due, d);
  d->look = vsm_timer_create(d->loop, on_look, d);
  d->terminate = vsm_catch_create(d->loop, SIGTERM, on_terminate, d);
  d->interrupt = vsm_catch_create(d->loop, SIGINT, on_terminate, d);
  d->hangup = vsm_catch_create(d->loop, SIGHUP, on_hangup, d);
  bool all = d->ingest && d->publish && d->query && d->step && d->look && d->terminate && d->interrupt && d->hangup;
  return all ? 0 : VSM_ENOMEM;
}

static int open_sockets(struct vsm_daemon *d) {
  const struct vsm_conf_daemon *c = &d->config->daemon;
  int err = vsm_ingest_open(d->ingest, d->config);
  if (!err && c->publish)
    err = vsm_publish_open(d->publish, c->publish);
  if (!err && c->query)
    err = vsm_query_socket_open(d->query, c->query);
  vsm_publish_status_alone(d->publish, true);
  vsm_query_socket_hold(d->query, true);
  vsm_ingest_shut(d->ingest);
  return err;
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
                                                       .on_news = on_news,
                                                       .ctx = d});
  return d->keep ? 0 : VSM_EIO;
}

struct vsm_daemon *vsm_daemon_create(const struct vsm_daemon_options *options) {
  struct vsm_daemon *d = calloc(1, sizeof *d);
  char *text = NULL;
  if (!d)
    return NULL;
  d->options = *options;
  int err = load(d, &d->config, &d->notes, &text);
  if (err)
    goto fail;
  d->step_due = VSM_TIME_NEVER;
  vsm_clock_init(&d->clock, d->config->model.max_future_skew_us);
  d->started_boot_us = vsm_clock_boot_us();
  d->epoch = (uint64_t)vsm_clock_now(&d->clock).us / 1000;
  d->model = &d->config->model;
  d->core = vsm_core_create(d->model);
  err = d->core ? create_parts(d) : VSM_ENOMEM;
  if (err)
    goto fail;
  wire(d);
  log_notes(d);
  err = open_state(d);
  if (!err)
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
  vsm_catch_destroy(d->hangup);
  vsm_catch_destroy(d->interrupt);
  vsm_catch_destroy(d->terminate);
  vsm_timer_destroy(d->look);
  vsm_timer_destroy(d->step);
  vsm_query_socket_destroy(d->query);
  vsm_publish_destroy(d->publish);
  vsm_ingest_destroy(d->ingest);
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
  vsm_process_raise_descriptor_limit();
  if (!d->keep)
    open_up(d);
  int err = vsm_loop_run(d->loop);
  vsm_notify("STOPPING=1");
  if (d->keep && d->recovered) {
    vsm_keep_finish(d->keep);
    vsm_ingest_committed(d->ingest);
  }
  vsm_log("stopped", "events=%llu", (unsigned long long)vsm_core_ingest(d->core).received);
  return err ? err : d->err;
}
