#include <stdio.h>

#include "agents/ask/segmented.h"
#include "figures.h"
#include "segments.h"

struct asked {
  const char *query, *stream, *window, *segment;
  bool segments, json;
};

static int show(const struct asked *a, const Vsm__V1__Snapshot *snapshot) {
  if (a->json)
    return vsm_print_json(&snapshot->base);
  if (!vsm_window_known(snapshot, a->window))
    return VSM_FAILED;
  vsm_figures_print(stdout, snapshot,
                    &(struct vsm_figures_as){.window = a->window, .part = a->segment, .segments = a->segments});
  return VSM_DONE;
}

static int run(struct asked *a) {
  struct vsm_segment_wanted wanted;
  struct vsm_segmented f;
  if (!vsm_segment_parse(a->segment, &wanted))
    return VSM_WRONG_USAGE;
  vsm_segmented_init(&f, &(struct vsm_segmented_options){.stream = a->stream ? a->stream : "",
                                                         .segments = a->segments || a->segment,
                                                         .attribute = wanted.attribute,
                                                         .value = wanted.value});
  struct vsm_talk *talk = vsm_talk_begin(a->query);
  int status = talk ? vsm_talk_inquire(talk, &f.inquiry, NULL, NULL) : VSM_FAILED;
  vsm_talk_end(talk);
  if (status == VSM_DONE)
    status = show(a, f.snapshot);
  vsm_inquiry_destroy(&f.inquiry);
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
