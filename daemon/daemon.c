// Parts are created in the order in which they need each other, and destroyed in the reverse. Each is told of the core
// and its model; a reload makes another model, lets the core fold its items under it, and tells them again.
#include "daemon.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "conf/conf.h"
#include "shell/clock.h"
#include "shell/ingest.h"
#include "shell/log.h"
#include "shell/notify.h"
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
  struct vsm_config *config;
  struct vsm_core *core; // borrows config->model
  struct vsm_wall_clock clock;
  struct vsm_log_gates gates;
  struct vsm_loop *loop;
  struct vsm_zcontext *zcontext;
  struct vsm_ingest *ingest;
  struct vsm_publish *publish;
  struct vsm_query_socket *query;
  struct vsm_timer *step;   // when the core's next time step is due
  struct vsm_time step_due; // for when it is set; VSM_TIME_NEVER: it is not
  struct vsm_timer *look;   // for trouble
  struct vsm_catch *terminate, *interrupt, *hangup;

  uint64_t epoch; // milliseconds since 1970 at the start
  int64_t started_boot_us;
  struct vsm_time configured;
  struct notes notes; // of config
  char trouble[160];
  bool folding; // all held items anew, while nothing is received or answered
};

// --- time

// Sets the timer for the core's deadline. With the event clock no time step waits for the wall.
static void rearm(struct vsm_daemon *d, struct vsm_time now) {
  struct vsm_time due = d->config->model.clock == VSM_CLOCK_WALL ? vsm_core_deadline(d->core) : VSM_TIME_NEVER;
  if (due.us == d->step_due.us)
    return;
  d->step_due = due;
  if (due.us == INT64_MAX)
    vsm_timer_clear(d->step);
  else
    vsm_timer_set(d->step, due.us - now.us);
}

// Before anything is done to the core or read from it. Returns the wall clock.
static struct vsm_time pass_time(void *ctx) {
  struct vsm_daemon *d = ctx;
  struct vsm_time now = vsm_clock_now(&d->clock);
  vsm_core_advance(d->core, now);
  rearm(d, now);
  return now;
}

static void on_step_due(void *ctx) {
  struct vsm_daemon *d = ctx;
  d->step_due = VSM_TIME_NEVER; // the timer ran out, early where the clock was set back
  pass_time(d);
  vsm_publish_soon(d->publish);
}

// --- status

static uint64_t resident_bytes(void) {
  unsigned long size = 0, resident = 0;
  FILE *f = fopen("/proc/self/statm", "r");
  if (f && fscanf(f, "%lu %lu", &size, &resident) != 2)
    resident = 0;
  if (f)
    fclose(f);
  return (uint64_t)resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

static bool has_descriptors(void) {
  int fd = dup(STDERR_FILENO);
  if (fd >= 0)
    close(fd);
  return fd >= 0 || errno == EBADF;
}

// What a person must act on, also logged when it changes.
static const char *trouble(struct vsm_daemon *d) {
  char now[sizeof d->trouble] = "";
  if (d->clock.astray_us != 0 && d->config->model.clock == VSM_CLOCK_WALL)
    snprintf(now, sizeof now,
             "the wall clock jumped and is not followed until it agrees again with the time since boot");
  else if (!has_descriptors())
    snprintf(now, sizeof now, "no descriptors are left, so no connection is accepted: raise LimitNOFILE");
  if (strcmp(now, d->trouble) != 0)
    vsm_log("trouble", "what=\"%s\"", *now ? now : "over");
  memcpy(d->trouble, now, sizeof now);
  return d->trouble;
}

// Every few seconds, whatever else happens or does not.
static void on_look(void *ctx) {
  struct vsm_daemon *d = ctx;
  vsm_timer_set(d->look, LOOK_EVERY_US);
  pass_time(d);
  trouble(d);
}

static void fill_status(void *ctx, struct vsm_status_view *out) {
  struct vsm_daemon *d = ctx;
  struct vsm_ingest_counts counts = vsm_ingest_counts(d->ingest);
  *out = (struct vsm_status_view){
      .version = VSM_VERSION,
      .clock = d->config->model.clock == VSM_CLOCK_WALL ? "wall" : "event",
      .time = vsm_core_now(d->core),
      .epoch = d->epoch,
      .durable = false,
      .ingest = vsm_core_ingest(d->core),
      .items_open = vsm_core_items_open(d->core),
      .items_held = vsm_core_items_held(d->core),
      .memory_bytes = resident_bytes(),
      .uptime_seconds = (double)(vsm_clock_boot_us() - d->started_boot_us) / (double)VSM_SECOND_US,
      .configuration = d->config->path,
      .configured = d->configured,
      .trouble = d->folding ? "items are folded anew under another configuration; acks wait" : trouble(d),
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
  if (d->options.clock != VSM_CLOCK_AS_CONFIGURED)
    (*config)->model.clock = (enum vsm_clock)d->options.clock;
  return take_notes(*config, notes);
}

static void wire(struct vsm_daemon *d) {
  vsm_ingest_set_core(d->ingest, d->core);
  vsm_publish_set_core(d->publish, d->core, &d->config->model, d->config->daemon.publish_interval.us);
  vsm_query_socket_set_core(d->query, d->core, &d->config->model);
  vsm_clock_set_skew(&d->clock, d->config->model.max_future_skew_us);
  d->configured = vsm_clock_now(&d->clock);
  for (unsigned i = 0; i < d->config->n_without_effect; i++) {
    const struct vsm_conf_note *n = &d->config->without_effect[i];
    vsm_log("no_effect_yet", "key=%s places=%u first=%s:%u:%u", n->key, n->places, d->config->path, n->line, n->column);
  }
}

static bool same_text(const char *a, const char *b) {
  return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_endpoints(const struct vsm_conf_endpoints *a, const struct vsm_conf_endpoints *b) {
  bool same = a->n == b->n;
  for (unsigned i = 0; same && i < a->n; i++)
    same = strcmp(a->at[i], b->at[i]) == 0;
  return same;
}

// What differs and only a restart can change, a line each, for free(); NULL: nothing.
static char *needs_restart(const struct vsm_config *a, const struct vsm_config *b) {
  const struct vsm_conf_daemon *x = &a->daemon, *y = &b->daemon;
  const struct {
    const char *key;
    bool same;
  } keys[] = {{"daemon.clock", a->model.clock == b->model.clock},
              {"daemon.subscribe", same_endpoints(&x->subscribe, &y->subscribe)},
              {"daemon.submit", same_text(x->submit, y->submit)},
              {"daemon.publish", same_text(x->publish, y->publish)},
              {"daemon.query", same_text(x->query, y->query)}};
  char *text = NULL;
  size_t n;
  FILE *f = open_memstream(&text, &n);
  for (size_t i = 0; f && i < sizeof keys / sizeof *keys; i++)
    if (!keys[i].same)
      fprintf(f, "%s: %s differs, and takes a restart; the configuration in force stays\n", b->path, keys[i].key);
  if (f)
    fclose(f);
  if (text && *text)
    return text;
  free(text);
  return NULL;
}

static int replace(struct vsm_daemon *d, struct vsm_config *fresh, struct notes notes, char **text) {
  if ((*text = needs_restart(d->config, fresh)) != NULL)
    return VSM_ECONFIG;
  pass_time(d);
  d->folding = true;
  vsm_publish_status_now(d->publish);
  int err = vsm_core_configure(d->core, &fresh->model);
  d->folding = false;
  if (err)
    return err;
  struct vsm_config *old = d->config;
  d->config = fresh;
  d->notes = notes;
  vsm_ingest_follow(d->ingest, fresh);
  wire(d);
  vsm_publish_status_now(d->publish);
  vsm_config_destroy(old);
  return 0;
}

static void notify_reloading(void) {
  char text[64];
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%lld", (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
  vsm_notify(text);
}

static int reload(void *ctx, char **text) {
  struct vsm_daemon *d = ctx;
  struct vsm_config *fresh = NULL;
  *text = NULL;
  notify_reloading();
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
  char *text;
  reload(ctx, &text);
  free(text);
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
  return err;
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
  d->core = vsm_core_create(&d->config->model);
  err = d->core ? create_parts(d) : VSM_ENOMEM;
  if (err)
    goto fail;
  wire(d);
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
  vsm_zcontext_destroy(d->zcontext);
  vsm_loop_destroy(d->loop);
  vsm_core_destroy(d->core);
  vsm_config_destroy(d->config);
  free(d);
}

// Each connection takes one; the limit that a shell gives is for programs of another kind.
static void raise_descriptor_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
}

int vsm_daemon_run(struct vsm_daemon *d) {
  signal(SIGPIPE, SIG_IGN);
  raise_descriptor_limit();
  on_look(d);
  vsm_log("ready", "version=%s clock=%s config=%s durable=no", VSM_VERSION,
          d->config->model.clock == VSM_CLOCK_WALL ? "wall" : "event", d->config->path);
  vsm_notify("READY=1");
  int err = vsm_loop_run(d->loop);
  vsm_notify("STOPPING=1");
  vsm_log("stopped", "events=%llu", (unsigned long long)vsm_core_ingest(d->core).received);
  return err;
}
