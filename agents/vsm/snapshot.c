#include <string.h>

#include "copy.h"
#include "figures.h"
#include "segments.h"

struct asked {
  const char *query, *stream, *window, *segment;
  bool segments, json;
  Vsm__V1__Snapshot *snapshot;
};

static int take(void *ctx, const Vsm__V1__Reply *reply) {
  ((struct asked *)ctx)->snapshot = vsm_copy(&reply->snapshot->base);
  return VSM_DONE;
}

static int ask(struct asked *a, const struct vsm_segment_wanted *wanted) {
  Vsm__V1__SnapshotRequest ask_for = VSM__V1__SNAPSHOT_REQUEST__INIT;
  Vsm__V1__Request r = VSM__V1__REQUEST__INIT;
  r.kind_case = VSM__V1__REQUEST__KIND_SNAPSHOT;
  r.snapshot = &ask_for;
  ask_for.stream = (char *)(a->stream ? a->stream : "");
  struct vsm_talk *talk = vsm_talk_begin(a->query);
  int status = talk ? vsm_talk_ask(talk, &r, take, a) : VSM_FAILED;
  if (status == VSM_DONE && (a->segments || a->segment))
    status = vsm_segments_ask(talk, a->snapshot, wanted);
  vsm_talk_end(talk);
  return status;
}

static int show(const struct asked *a) {
  if (a->json)
    return vsm_print_json(&a->snapshot->base);
  if (!vsm_window_known(a->snapshot, a->window))
    return VSM_FAILED;
  vsm_figures_print(stdout, a->snapshot,
                    &(struct vsm_figures_as){.window = a->window, .part = a->segment, .segments = a->segments});
  return VSM_DONE;
}

static int run(struct asked *a) {
  struct vsm_segment_wanted wanted;
  if (!vsm_segment_parse(a->segment, &wanted))
    return VSM_WRONG_USAGE;
  int status = ask(a, &wanted);
  if (status == VSM_DONE)
    status = show(a);
  vsm_drop(a->snapshot);
  vsm_segment_fini(&wanted);
  return status;
}

int vsm_snapshot_print(const char *query, const char *stream, const char *window, const char *segment) {
  return run(&(struct asked){.query = query, .stream = stream, .window = window, .segment = segment});
}

int vsm_cmd_snapshot(int argc, char **argv) {
  struct asked a = {.query = VSM_QUERY_DEFAULT, .stream = "", .window = "all"};
  const struct vsm_flag flags[] = {
      {"query", VSM_FLAG_TEXT, &a.query, "ENDPOINT", "the daemon's query socket (" VSM_QUERY_DEFAULT ")"},
      {"stream", VSM_FLAG_TEXT, &a.stream, "ID", "this value stream alone"},
      {"window", VSM_FLAG_TEXT, &a.window, "NAME", "of the text: all (default), or a configured one: 24h"},
      {"segments", VSM_FLAG, &a.segments, NULL, "by the values of each segment attribute besides"},
      {"segment", VSM_FLAG_TEXT, &a.segment, "A=VALUE", "of the streams that have it, this part alone: region=north"},
      {"json", VSM_FLAG, &a.json, NULL, "as JSON, every window"},
  };
  int n, status = vsm_options(
             argc, argv,
             &(struct vsm_usage){"vsm snapshot [--stream ID] [--window NAME] [--segments | --segment A=VALUE] [--json]",
                                 "All figures as they are now, what work waits for, and which expectations are met.",
                                 "  vsm snapshot\n  vsm snapshot --stream RCV-01 --window 24h\n"
                                 "  vsm snapshot --stream RCV-01 --segments\n  vsm snapshot --segment region=north\n"
                                 "  vsm snapshot --json\n",
                                 VSM_ARRAY(flags), 0, 0},
             &n);
  if (status >= 0)
    return status;
  if (a.segments && a.segment) {
    fprintf(stderr, "vsm: both --segments and --segment; allowed: one of them\n");
    return VSM_WRONG_USAGE;
  }
  return run(&a);
}
