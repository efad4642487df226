#include "figures.h"

struct asked {
  const char *query, *stream, *window;
  bool json;
};

static int show(void *ctx, const Vsm__V1__Reply *reply) {
  const struct asked *a = ctx;
  if (a->json)
    return vsm_print_json(&reply->snapshot->base);
  if (!vsm_window_known(reply->snapshot, a->window))
    return VSM_FAILED;
  vsm_figures_print(stdout, reply->snapshot, a->window);
  return VSM_DONE;
}

int vsm_cmd_snapshot(int argc, char **argv) {
  struct asked a = {.query = VSM_QUERY_DEFAULT, .stream = "", .window = "all"};
  const struct vsm_flag flags[] = {
      {"query", VSM_FLAG_TEXT, &a.query, "ENDPOINT", "the daemon's query socket (" VSM_QUERY_DEFAULT ")"},
      {"stream", VSM_FLAG_TEXT, &a.stream, "ID", "this value stream alone"},
      {"window", VSM_FLAG_TEXT, &a.window, "NAME", "of the text: all (default), or a configured one: 24h"},
      {"json", VSM_FLAG, &a.json, NULL, "as JSON, every window"},
  };
  int n, status = vsm_options(argc, argv,
                              &(struct vsm_usage){"vsm snapshot [--stream ID] [--window NAME] [--json]",
                                                  "All figures as they are now.",
                                                  "  vsm snapshot\n  vsm snapshot --stream RCV-01 --window 24h\n"
                                                  "  vsm snapshot --json\n",
                                                  VSM_ARRAY(flags), 0, 0},
                              &n);
  if (status >= 0)
    return status;
  Vsm__V1__SnapshotRequest ask_for = VSM__V1__SNAPSHOT_REQUEST__INIT;
  Vsm__V1__Request r = VSM__V1__REQUEST__INIT;
  r.kind_case = VSM__V1__REQUEST__KIND_SNAPSHOT;
  r.snapshot = &ask_for;
  ask_for.stream = (char *)a.stream;
  return vsm_ask(a.query, &r, show, &a);
}
