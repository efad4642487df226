// The order to map the whole journal anew, and a word on how far it is until that is done.
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "compare.h"
#include "agents/ask/copy.h"
#include "text.h"

enum { LOOK_EVERY_MS = 100 };

struct asked {
  const char *query, *window;
  bool partial, json;
  struct vsm_talk *talk;
  Vsm__V1__Status *status;
  Vsm__V1__Snapshot *before, *after;
};

static int take_snapshot(void *ctx, const Vsm__V1__Reply *reply) {
  *(Vsm__V1__Snapshot **)ctx = vsm_copy(&reply->snapshot->base);
  return VSM_DONE;
}

static int ask_figures(struct asked *a, Vsm__V1__Snapshot **out) {
  Vsm__V1__SnapshotRequest ask_for = VSM__V1__SNAPSHOT_REQUEST__INIT;
  Vsm__V1__Request r = VSM__V1__REQUEST__INIT;
  r.kind_case = VSM__V1__REQUEST__KIND_SNAPSHOT;
  r.snapshot = &ask_for;
  return vsm_talk_ask(a->talk, &r, take_snapshot, out);
}

static int it_began(void *ctx, const Vsm__V1__Reply *reply) {
  (void)ctx, (void)reply;
  return VSM_DONE;
}

static int order(struct asked *a) {
  Vsm__V1__RebuildRequest ask_for = VSM__V1__REBUILD_REQUEST__INIT;
  Vsm__V1__Request r = VSM__V1__REQUEST__INIT;
  r.kind_case = VSM__V1__REQUEST__KIND_REBUILD;
  r.rebuild = &ask_for;
  ask_for.partial = a->partial;
  return vsm_talk_ask(a->talk, &r, it_began, NULL);
}

// --- until it is done

static int take_status(void *ctx, const Vsm__V1__Reply *reply) {
  struct asked *a = ctx;
  vsm_drop(a->status);
  a->status = vsm_copy(&reply->status->base);
  return VSM_DONE;
}

static int look(struct asked *a) {
  Vsm__V1__StatusRequest ask_for = VSM__V1__STATUS_REQUEST__INIT;
  Vsm__V1__Request r = VSM__V1__REQUEST__INIT;
  r.kind_case = VSM__V1__REQUEST__KIND_STATUS;
  r.status = &ask_for;
  return vsm_talk_ask(a->talk, &r, take_status, a);
}

static bool is_over(const Vsm__V1__RebuildStatus *r) {
  return strcmp(r->state, "done") == 0 || strcmp(r->state, "failed") == 0 || !*r->state; // none: another daemon by now
}

static int wait_for_its_end(struct asked *a) {
  struct vsm_progress progress;
  int status;
  vsm_progress_begin(&progress, "percent of the journal mapped anew");
  while ((status = look(a)) == VSM_DONE && !is_over(a->status->rebuild)) {
    vsm_progress_show(&progress, a->status->rebuild->percent, a->status->rebuild->percent / 100.0);
    poll(NULL, 0, LOOK_EVERY_MS);
  }
  vsm_progress_end(&progress);
  if (status != VSM_DONE || strcmp(a->status->rebuild->state, "done") == 0)
    return status;
  fprintf(stderr, "vsm: the rebuild failed: %s; everything is as it was\n",
          *a->status->rebuild->state ? a->status->rebuild->why : "the daemon was started again meanwhile");
  return VSM_FAILED;
}

static int show(const struct asked *a) {
  if (a->json)
    return vsm_print_json(&a->status->rebuild->base);
  vsm_compare_print(stdout, &(struct vsm_compared){a->before, a->after, NULL, {"before", "now"}, a->window});
  printf(
      "\nall that the journal keeps is mapped by the configuration in force; what differs stands below what it was\n");
  return VSM_DONE;
}

static int run(struct asked *a) {
  int status = ask_figures(a, &a->before);
  if (status == VSM_DONE && !vsm_window_known(a->before, a->window))
    status = VSM_FAILED;
  if (status == VSM_DONE)
    status = order(a);
  if (status == VSM_DONE)
    status = wait_for_its_end(a);
  if (status == VSM_DONE)
    status = ask_figures(a, &a->after);
  return status == VSM_DONE ? show(a) : status;
}

int vsm_cmd_rebuild(int argc, char **argv) {
  struct asked a = {.query = VSM_QUERY_DEFAULT, .window = "all"};
  const struct vsm_flag flags[] = {
      {"query", VSM_FLAG_TEXT, &a.query, "ENDPOINT", "the daemon's query socket (" VSM_QUERY_DEFAULT ")"},
      {"partial", VSM_FLAG, &a.partial, NULL,
       "also where the first records are gone, and what they alone told with them"},
      {"window", VSM_FLAG_TEXT, &a.window, "NAME", "of the text: all (default), or a configured one: 24h"},
      {"json", VSM_FLAG, &a.json, NULL, "as JSON: the rebuild's status at its end"},
  };
  int n,
      status = vsm_options(
          argc, argv,
          &(struct vsm_usage){"vsm rebuild [--partial] [--window NAME] [--json]",
                              "Maps everything that the journal keeps anew, by the configuration in force, while the\n"
                              "daemon goes on; then all figures are the new ones at once. So a rule that was wrong is\n"
                              "put right for the past, too. vsm what-if --rebuild says beforehand what changes.",
                              "  vsm rebuild\n  vsm rebuild --window 24h\n", VSM_ARRAY(flags), 0, 0},
          &n);
  if (status >= 0)
    return status;
  a.talk = vsm_talk_begin(a.query);
  status = a.talk ? run(&a) : VSM_FAILED;
  vsm_talk_end(a.talk);
  vsm_drop(a.status);
  vsm_drop(a.before);
  vsm_drop(a.after);
  return status;
}
