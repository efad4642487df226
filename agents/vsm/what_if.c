// The figures as they would be under another configuration. The state directory is read as a start reads it, by this
// process, while a daemon may go on writing there; nothing in it is changed.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "compare.h"
#include "conf/conf.h"
#include "conf/kept.h"
#include "core/view.h"
#include "shell/clock.h"
#include "statedir.h"
#include "vsm/json.h"
#include "wire/reply.h"

struct what_if {
  const char *path, *directory, *window;
  bool rebuild, json;
  struct vsm_config *config; // the one that is tried
  struct vsm_time now;
  Vsm__V1__Reply *today, *then;
};

// --- figures

static Vsm__V1__Reply *unpacked(const struct vsm_message *m) {
  uint8_t *bytes = vsm_mem_alloc(m->bytes);
  vsm_message_pack(m, bytes);
  Vsm__V1__Reply *reply = vsm__v1__reply__unpack(NULL, m->bytes, bytes);
  free(bytes);
  return reply;
}

// As a daemon answers a snapshot now.
static Vsm__V1__Reply *figures(const struct what_if *w, struct vsm_core *core, const struct vsm_model *model) {
  struct vsm_arena arena;
  struct vsm_message m;
  Vsm__V1__Reply *reply = NULL;
  vsm_core_advance(core, w->now);
  vsm_arena_init(&arena, 0);
  struct vsm_stream_view *streams = vsm_core_view_streams(core, 0, model->n_streams, &arena);
  if (streams && vsm_reply_snapshot(&(struct vsm_snapshot_view){.time = vsm_core_now(core),
                                                                .ingest = vsm_core_ingest(core),
                                                                .streams = streams,
                                                                .n_streams = model->n_streams},
                                    &arena, &m) == 0)
    reply = unpacked(&m);
  vsm_arena_fini(&arena);
  return reply;
}

static int fail(const char *what, int err) {
  fprintf(stderr, "vsm: %s: %s\n", what, vsm_err_text(err));
  return VSM_FAILED;
}

// --- reading

// Neither a reload nor a rebuild changes the clock.
static void keep_clock(struct what_if *w, const struct vsm_config *today) {
  w->config->daemon.clock = today->daemon.clock;
  w->config->model.clock = today->model.clock;
}

static int as_reloaded(struct what_if *w, struct vsm_recovered *r) {
  int err = vsm_core_configure(r->core, &w->config->model);
  if (err)
    return fail("the items cannot be folded under it", err);
  w->then = figures(w, r->core, &w->config->model);
  return w->then ? VSM_DONE : fail("the figures", VSM_ENOMEM);
}

static int as_rebuilt(struct what_if *w, struct vsm_recovered *r) {
  size_t n;
  uint64_t last = r->position;
  char *kept = vsm_config_keep(w->config, &n);
  if (!kept)
    return fail(w->path, VSM_ENOMEM);
  vsm_recovered_fini(r);
  int status = vsm_kept_recover(w->directory, (struct vsm_str){kept, n}, last, r);
  free(kept);
  if (status != VSM_DONE)
    return status;
  if (r->first > 1)
    fprintf(stderr, "vsm: the journal begins at record %llu; what came before cannot be mapped anew, and is left out\n",
            (unsigned long long)r->first);
  w->then = figures(w, r->core, &r->config->model);
  return w->then ? VSM_DONE : fail("the figures", VSM_ENOMEM);
}

static int compare(struct what_if *w) {
  struct vsm_recovered r = {0};
  int status = vsm_kept_recover(w->directory, (struct vsm_str){0}, 0, &r);
  if (status == VSM_DONE) {
    keep_clock(w, r.config);
    w->now = (struct vsm_time){vsm_clock_wall_us()};
    w->today = figures(w, r.core, &r.config->model);
    status = w->today ? (w->rebuild ? as_rebuilt : as_reloaded)(w, &r) : fail("the figures", VSM_ENOMEM);
  }
  vsm_recovered_fini(&r);
  return status;
}

// --- showing

static void print_renamed(const struct vsm_compared *c) {
  const char *sep = "";
  for (size_t i = 0; i < c->then->n_value_streams; i++) {
    const Vsm__V1__ValueStream *s = c->then->value_streams[i];
    const Vsm__V1__ValueStream *before = vsm_compare_stream(c, s->id);
    for (size_t k = 0; k < s->n_stages; k++) {
      const Vsm__V1__Stage *old = vsm_compare_stage(c, before, s->id, s->stages[k]->id);
      if (!old || strcmp(old->id, s->stages[k]->id) == 0)
        continue;
      printf("%s{\"value_stream\": \"%s\", \"stage\": \"%s\", \"was\": \"%s\"}", sep, s->id, s->stages[k]->id, old->id);
      sep = ", ";
    }
  }
}

static int print_json(const struct what_if *w, const struct vsm_compared *c) {
  char *today = vsm_json_message(&c->today->base, NULL), *then = vsm_json_message(&c->then->base, NULL);
  if (today && then) {
    printf("{\"configuration\": ");
    vsm_text_json(stdout, w->path, strlen(w->path));
    printf(", \"rebuild\": %s, \"today\": %s, \"then\": %s, \"renamed\": [", w->rebuild ? "true" : "false", today,
           then);
    print_renamed(c);
    puts("]}");
  }
  int status = today && then ? VSM_DONE : VSM_FAILED;
  free(today);
  free(then);
  return status;
}

static int show(const struct what_if *w) {
  struct vsm_compared c = {w->today->snapshot, w->then->snapshot, &w->config->model, {"today", "then"}, w->window};
  if (w->json)
    return print_json(w, &c);
  if (!vsm_window_known(c.today, w->window) || !vsm_window_known(c.then, w->window))
    return VSM_FAILED;
  vsm_compare_print(stdout, &c);
  printf("\ntoday: as it is; then: what differs under %s, %s\n"
         "p50, p85: cycle time of what left in the window, of the stream lead time\n",
         w->path,
         w->rebuild ? "mapping all that the journal keeps, as vsm rebuild does"
                    : "after a reload: its rules act on events from then on");
  return VSM_DONE;
}

static int load(struct what_if *w) {
  struct vsm_conf_report report;
  int err = vsm_config_load(w->path, &w->config, &report);
  vsm_conf_report_print(&report, stderr);
  vsm_conf_report_fini(&report);
  if (err)
    return VSM_FAILED;
  if (!w->directory)
    w->directory = w->config->state;
  if (w->directory)
    return VSM_DONE;
  fprintf(stderr, "vsm: %s names no state directory; --state DIR does\n", w->path);
  return VSM_WRONG_USAGE;
}

int vsm_cmd_what_if(int argc, char **argv) {
  struct what_if w = {.window = "all"};
  const struct vsm_flag flags[] = {
      {"config", VSM_FLAG_TEXT, &w.path, "FILE", "the configuration that is tried"},
      {"state", VSM_FLAG_TEXT, &w.directory, "DIR", "the daemon's state directory (the one that FILE names)"},
      {"rebuild", VSM_FLAG, &w.rebuild, NULL,
       "its rules map all that the journal keeps, not only what comes from now on"},
      {"window", VSM_FLAG_TEXT, &w.window, "NAME", "of the text: all (default), or one that both have: 24h"},
      {"json", VSM_FLAG, &w.json, NULL, "as JSON: both snapshots, every window"},
  };
  int n, status =
             vsm_options(argc, argv,
                         &(struct vsm_usage){
                             "vsm what-if --config FILE [--state DIR] [--rebuild] [--window NAME] [--json]",
                             "The figures of each stage as they would be under another configuration, beside today's.\n"
                             "Reads the state directory, also of a daemon that runs, and changes nothing.",
                             "  vsm what-if --config new.yaml --state state\n"
                             "  vsm what-if --config new.yaml --state state --rebuild\n",
                             VSM_ARRAY(flags), 0, 0},
                         &n);
  if (status >= 0)
    return status;
  if (!w.path) {
    fprintf(stderr, "vsm: --config FILE is needed\n");
    return VSM_WRONG_USAGE;
  }
  status = load(&w);
  if (status == VSM_DONE)
    status = vsm_kept_is_there(w.directory) ? compare(&w) : VSM_FAILED;
  if (status == VSM_DONE)
    status = show(&w);
  if (w.today)
    vsm__v1__reply__free_unpacked(w.today, NULL);
  if (w.then)
    vsm__v1__reply__free_unpacked(w.then, NULL);
  vsm_config_destroy(w.config);
  return status;
}
