// vsm simulate: runs the simulated company and sends what its systems say. History first, as fast as it goes, then
// live at the pace asked for.
#include "simulate.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "agents/vsm/cmd.h"
#include "conf/conf.h"
#include "agents/vsm/now.h"
#include "agents/vsm/spooled.h"
#include "agents/vsm/stop.h"
#include "agents/vsm/text.h"
#include "base/when.h"
#include "base/err.h"
#include "vsm/vsm.h"

enum { WORK_EVERY = 256, SILENCE_MS = 10000, WAIT_MS = 250 };
#define START_WITH_ITEMS_US INT64_C(1735689600000000) // 2025-01-01T00:00:00Z
#define SPEED_DEFAULT 1440.0                          // a day a minute

// As given, and what it comes to.
struct arguments {
  const char *config, *submit, *publish;
  const char *start, *history, *speed_text, *rate_text, *faults;
  struct vsm_sim_options sim;
  int64_t history_us;
  double speed, rate; // 0: not given
  struct vsm_spooled spooled;
  bool unpaced, jsonl, json;
};

struct run {
  const struct arguments *a;
  struct vsm_sim_world world;
  struct vsm_sim_engine *engine;
  struct vsm_sim_sink *sink;
  int stop_fd;
  int64_t live_us;            // simulated time from which on the pace counts
  int64_t alive_us;           // when the next signs of life are due
  int64_t begun_ms, paced_ms; // monotonic: of the run; of its paced part, 0 before it
  int64_t heard_ms;           // when acks were last seen to grow
  uint64_t events, paced, heard;
  int64_t now_us; // simulated
  struct vsm_progress progress;
  char counted[96]; // what progress counts: events, of so many items, up to a simulated time
};

static int64_t clock_ms(void) {
  return vsm_now_us() / 1000;
}

// --- Arguments -----------------------------------------------------------------------------------------------------

static bool read_number(const char *text, double most, double *out) {
  char *end;
  *out = strtod(text, &end);
  return end != text && !*end && *out > 0 && *out <= most;
}

static bool read_speed(const char *text, struct arguments *a) {
  char copy[32];
  size_t n = strlen(text);
  a->unpaced = !strcmp(text, "max");
  if (a->unpaced)
    return true;
  if (n >= sizeof copy)
    return false;
  memcpy(copy, text, n + 1);
  if (n && copy[n - 1] == 'x')
    copy[n - 1] = 0;
  return read_number(copy, 1e9, &a->speed);
}

static bool read_rate(const char *text, struct arguments *a) {
  a->unpaced = !strcmp(text, "max");
  return a->unpaced || read_number(text, 1e9, &a->rate);
}

static bool read_start(const char *text, struct arguments *a) {
  uint64_t ns;
  if (!vsm_when_parse(text, &ns))
    return false;
  a->sim.start_us = (int64_t)(ns / 1000);
  return true;
}

static bool read_history(const char *text, struct arguments *a) {
  return vsm_sim_duration_parse(text, NULL, &a->history_us);
}

static bool read_faults(const char *text, struct arguments *a) {
  a->sim.faults = !strcmp(text, "on");
  return a->sim.faults || !strcmp(text, "off");
}

static bool read_values(struct arguments *a) {
  const struct {
    const char *name, *value;
    bool (*read)(const char *, struct arguments *);
    const char *allowed;
  } VALUES[] = {
      {"start", a->start, read_start, "a time, as in 2025-01-01T00:00:00Z"},
      {"history", a->history, read_history, "a duration, as in 365d"},
      {"speed", a->speed_text, read_speed, "simulated seconds in a second, as in 1440x, or max"},
      {"rate", a->rate_text, read_rate, "events in a second, or max"},
      {"faults", a->faults, read_faults, "on or off"},
  };
  for (size_t i = 0; i < sizeof VALUES / sizeof *VALUES; i++)
    if (VALUES[i].value && !VALUES[i].read(VALUES[i].value, a)) {
      fprintf(stderr, "vsm simulate: --%s %s: expected %s\n", VALUES[i].name, VALUES[i].value, VALUES[i].allowed);
      return false;
    }
  return true;
}

static void settle(struct arguments *a) {
  bool paced = a->speed > 0 || a->rate > 0 || a->unpaced;
  if (!paced && a->sim.items)
    a->unpaced = true;
  else if (!paced)
    a->speed = SPEED_DEFAULT;
  if (!a->submit && !a->publish && !a->jsonl)
    a->submit = VSM_SUBMIT_DEFAULT;
  if (a->start)
    return;
  if (a->sim.items)
    a->sim.start_us = START_WITH_ITEMS_US;
  else
    a->sim.start_us = (int64_t)time(NULL) * VSM_SECOND_US - a->history_us;
}

// -1 to go on, or the exit status.
static int read_arguments(int argc, char **argv, struct arguments *a) {
  *a = (struct arguments){.sim = {.seed = 1, .faults = true}};
  const struct vsm_flag flags[] = {
      {"config", VSM_FLAG_TEXT, &a->config, "FILE", "the configuration (the shipped one)"},
      {"seed", VSM_FLAG_COUNT, &a->sim.seed, "N", "another course of events (1)"},
      {"items", VSM_FLAG_COUNT, &a->sim.items, "N",
       "so many items, at least a fiftieth in each stream, each to its end"},
      {"start", VSM_FLAG_TEXT, &a->start, "TIME", "default: 2025 with --items, else so that history ends now"},
      {"history", VSM_FLAG_TEXT, &a->history, "365d", "so much past first, as fast as it goes"},
      {"speed", VSM_FLAG_TEXT, &a->speed_text, "1440x", "a day a minute (default; with --items: max)"},
      {"rate", VSM_FLAG_TEXT, &a->rate_text, "N|max", "events a second, instead of --speed"},
      {"faults", VSM_FLAG_TEXT, &a->faults, "on|off", "repeats, late and missing events, outages, storms (on)"},
      {"submit", VSM_FLAG_TEXT, &a->submit, "ENDPOINT", "acked (" VSM_SUBMIT_DEFAULT ")"},
      {"pub", VSM_FLAG_TEXT, &a->publish, "ENDPOINT", "fire and forget, to the daemon's subscribe socket"},
      VSM_SPOOLED_FLAGS(&a->spooled),
      {"jsonl", VSM_FLAG, &a->jsonl, NULL, "CloudEvents JSON lines to standard output, to no daemon"},
      {"json", VSM_FLAG, &a->json, NULL, "the figures at the end as JSON"},
  };
  const struct vsm_usage usage = {
      .line = "vsm simulate [--config FILE] [--items N] [--history 365d] ...",
      .text = "Sends what the operational systems of the configuration would say. What they are and do stands\n"
              "beside it, in NAME.simulation.yaml. The same seed and start give the same events.",
      .examples = "  vsm simulate --history 365d                  a year, then a day a minute, until stopped\n"
                  "  vsm simulate --items 1000 --seed 7           1,000 items from first to last event\n"
                  "  vsm simulate --items 50 --faults off --jsonl what they would say\n",
      .flags = flags,
      .n_flags = sizeof flags / sizeof *flags,
  };
  int n, status = vsm_options(argc, argv, &usage, &n);
  if (status >= 0)
    return status;
  if ((a->submit != NULL) + (a->publish != NULL) + a->jsonl > 1) {
    fprintf(stderr, "vsm simulate: only one of --submit, --pub and --jsonl\n");
    return VSM_WRONG_USAGE;
  }
  if (!vsm_spooled_check(&a->spooled, a->publish) || !read_values(a))
    return VSM_WRONG_USAGE;
  settle(a);
  return -1;
}

// NAME.yaml -> NAME.simulation.yaml
static bool beside(const char *config, char *out, size_t size) {
  const char *dot = strrchr(config, '.'), *slash = strrchr(config, '/');
  size_t n = dot && (!slash || dot > slash) ? (size_t)(dot - config) : strlen(config);
  return (size_t)snprintf(out, size, "%.*s.simulation.yaml", (int)n, config) < size;
}

// Without --config: the shipped one, from here or from where the program was built or installed.
static bool find_world(const struct arguments *a, char *out, size_t size) {
  static const char SHIPPED[] = "config/quantum-energy.yaml";
  static const char *const PLACES[] = {"../../../", "../share/vsm/"};
  char self[PATH_MAX], path[PATH_MAX + 64];
  if (a->config)
    return beside(a->config, out, size);
  if (!beside(SHIPPED, out, size) || access(out, R_OK) == 0)
    return true;
  ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
  char *slash = n > 0 ? memrchr(self, '/', (size_t)n) : NULL;
  for (size_t i = 0; slash && i < sizeof PLACES / sizeof *PLACES; i++) {
    snprintf(path, sizeof path, "%.*s/%s%s", (int)(slash - self), self, PLACES[i], SHIPPED);
    if (beside(path, out, size) && access(out, R_OK) == 0)
      return true;
  }
  return beside(SHIPPED, out, size);
}

// --- The run -------------------------------------------------------------------------------------------------------

static double share_done(const struct run *r) {
  if (r->a->sim.items)
    return (double)vsm_sim_engine_ended(r->engine) / (double)r->a->sim.items;
  if (r->now_us < r->live_us && r->a->history_us)
    return (double)(r->now_us - r->a->sim.start_us) / (double)r->a->history_us;
  return -1; // live: there is no end
}

static void show_progress(struct run *r) {
  char time[32];
  if (!r->progress.on)
    return;
  vsm_sim_time_write(r->now_us / VSM_SECOND_US * VSM_SECOND_US, time);
  snprintf(r->counted, sizeof r->counted, "events of %" PRIu64 " items up to %s", vsm_sim_engine_started(r->engine),
           time);
  vsm_progress_show(&r->progress, r->events, share_done(r));
}

// 0 to go on, 1 to stop, or an error. Acks that never come are one.
static int work(struct run *r, int timeout_ms) {
  int got = vsm_sim_sink_work(r->sink, r->stop_fd, timeout_ms);
  struct vsm_sim_figures f = vsm_sim_sink_figures(r->sink);
  int64_t now = clock_ms();
  show_progress(r);
  if (f.accepted + f.rejected != r->heard || !f.pending) {
    r->heard = f.accepted + f.rejected;
    r->heard_ms = now;
  }
  if (got || r->heard || now - r->heard_ms < SILENCE_MS)
    return got;
  fprintf(stderr, "vsm simulate: nothing takes events at %s; is vsmd running there?\n",
          r->a->submit ? r->a->submit : r->a->publish);
  return VSM_EIO;
}

// Waits until the event's turn.
static int wait_for(struct run *r, const struct vsm_sim_event *event) {
  const struct arguments *a = r->a;
  if (a->unpaced || event->sent_us < r->live_us)
    return 0;
  if (!r->paced_ms) {
    vsm_sim_sink_flush(r->sink);
    r->paced_ms = clock_ms();
  }
  double after_ms =
      a->rate > 0 ? (double)r->paced++ * 1000 / a->rate : (double)(event->sent_us - r->live_us) / 1000 / a->speed;
  for (;;) {
    int64_t left = r->paced_ms + (int64_t)after_ms - clock_ms();
    if (left <= 0)
      return 0;
    int got = work(r, left < WAIT_MS ? (int)left : WAIT_MS);
    if (got)
      return got;
  }
}

static int put(struct run *r, const struct vsm_sim_event *event) {
  int err;
  while ((err = vsm_sim_sink_put(r->sink, event)) == VSM_EAGAIN) {
    vsm_sim_sink_flush(r->sink);
    if ((err = work(r, WAIT_MS)))
      return err;
  }
  return err ? err : ++r->events % WORK_EVERY ? 0 : work(r, 0);
}

// Of each system that is not out of order, whether or not it had something to tell. So many items and no more are no
// business that goes on: there nobody waits for a system that has nothing more to tell.
static int send_signs_of_life(struct run *r) {
  static const struct vsm_sim_faults none = {0};
  const struct vsm_sim_faults *faults = r->a->sim.faults ? &r->world.faults : &none;
  int err = 0;
  if (!r->world.signs_of_life_us || !r->world.config || r->a->sim.items)
    return 0;
  const struct vsm_model *model = &r->world.config->model;
  for (; !err && r->alive_us <= r->now_us; r->alive_us += r->world.signs_of_life_us)
    for (unsigned i = 0; !err && i < model->n_sources; i++)
      if (!vsm_sim_fault_down(faults, model->sources[i].id, r->a->sim.start_us, r->alive_us))
        err = vsm_sim_sink_alive(r->sink, model->sources[i].id);
  return err;
}

static int run(struct run *r) {
  static struct vsm_sim_event event; // large
  int got, err = 0;
  while ((got = vsm_sim_engine_next(r->engine, &event)) > 0 && event.sent_us < VSM_TIME_MAX) {
    r->now_us = event.sent_us;
    if ((err = wait_for(r, &event)) || (err = send_signs_of_life(r)) || (err = put(r, &event)))
      return err;
  }
  if (got < 0)
    return got;
  vsm_sim_sink_flush(r->sink);
  while (!err && vsm_sim_sink_figures(r->sink).pending)
    err = work(r, WAIT_MS);
  while (!err && r->a->spooled.recover) // for what was lost, until stopped
    err = work(r, WAIT_MS);
  return err;
}

static void report(const struct run *r) {
  struct vsm_sim_figures f = vsm_sim_sink_figures(r->sink);
  uint64_t started = vsm_sim_engine_started(r->engine), ended = vsm_sim_engine_ended(r->engine);
  double seconds = (double)(clock_ms() - r->begun_ms) / 1000;
  FILE *out = r->a->jsonl ? stderr : stdout;
  if (r->a->json) {
    fprintf(out,
            "{\"events\": %" PRIu64 ", \"accepted\": %" PRIu64 ", \"rejected\": %" PRIu64 ", \"items\": %" PRIu64
            ", \"ended\": %" PRIu64 ", \"seconds\": %.3f}\n",
            r->events, f.accepted, f.rejected, started, ended, seconds);
    return;
  }
  fprintf(out,
          "%" PRIu64 " events of %" PRIu64 " items (%" PRIu64 " ended) in %.1f s: %" PRIu64 " accepted, %" PRIu64
          " rejected\n",
          r->events, started, ended, seconds, f.accepted, f.rejected);
  if (f.rejected && *f.refused)
    fprintf(stderr, "vsm simulate: first refused: %s\n", f.refused);
}

static int open_run(struct run *r) {
  char path[PATH_MAX];
  if (!find_world(r->a, path, sizeof path)) {
    fprintf(stderr, "vsm simulate: the path of the configuration is too long\n");
    return VSM_EINVAL;
  }
  int err = vsm_sim_world_read(&r->world, path, stderr);
  if (err)
    return err;
  r->stop_fd = vsm_stop_open(); // so that a signal ends the run between two events
  r->sink = vsm_sim_sink_create(r->a->submit, r->a->publish, &r->a->spooled, stdout, stderr);
  r->engine = vsm_sim_engine_create(&r->world, &r->a->sim);
  return r->stop_fd >= 0 && r->sink && r->engine ? 0 : VSM_ENOMEM;
}

int vsm_cmd_simulate(int argc, char **argv) {
  struct arguments a;
  int status = read_arguments(argc, argv, &a);
  if (status >= 0)
    return status;
  struct run r = {.a = &a, .stop_fd = -1, .begun_ms = clock_ms(), .live_us = a.sim.start_us + a.history_us};
  r.alive_us = a.sim.start_us;
  r.heard_ms = r.begun_ms;
  int err = open_run(&r);
  bool refused = false;
  if (!err) {
    vsm_progress_begin(&r.progress, r.counted);
    err = run(&r);
    vsm_progress_end(&r.progress);
    refused = vsm_sim_sink_figures(r.sink).rejected > 0;
    report(&r);
  }
  vsm_sim_engine_destroy(r.engine);
  vsm_sim_sink_destroy(r.sink);
  vsm_sim_world_fini(&r.world);
  if (r.stop_fd >= 0)
    close(r.stop_fd);
  return err < 0 || refused ? VSM_FAILED : VSM_DONE;
}
