// What was finished, visit by visit: the single values that cycle times and lead times are made of.
#include <stdio.h>

#include "agents/ask/finished.h"
#include "segments.h"
#include "text.h"

struct asked {
  const char *query, *stream, *stage, *window, *segment;
  uint64_t limit;
  bool json;
  struct vsm_finished found;
};

static void print_visits(const Vsm__V1__Visits *v) {
  char left[40], cycle[32], queue[32], active[32], suspended[32];
  bool stage = *v->stage;
  struct vsm_text_table *t =
      stage ? vsm_text_table_create("llrrrr", "item", "left (UTC)", "cycle time", "queued", "active", "suspended")
            : vsm_text_table_create("llrr", "item", "finished (UTC)", "lead time", "active");
  for (size_t i = 0; i < v->n_visits; i++) {
    const Vsm__V1__FinishedVisit *r = v->visits[i];
    double day = v->working_day_seconds;
    vsm_text_time(r->left_unix_nano, left, sizeof left);
    vsm_text_worked(r->cycle_seconds, day, cycle, sizeof cycle);
    vsm_text_worked(r->active_seconds, day, active, sizeof active);
    if (stage)
      vsm_text_table_row(t, r->item, left, cycle, vsm_text_worked(r->queue_seconds, day, queue, sizeof queue), active,
                         vsm_text_worked(r->suspended_seconds, day, suspended, sizeof suspended));
    else
      vsm_text_table_row(t, r->item, left, cycle, active);
  }
  vsm_text_table_print(t, stdout);
}

static int show(const struct asked *a) {
  const Vsm__V1__Visits *v = a->found.visits;
  if (a->json)
    return vsm_print_json(&v->base);
  if (v->n_visits > 0)
    print_visits(v);
  else
    puts("Nothing was finished here in this window.");
  if (v->more)
    puts("\nThe window has older ones, too.");
  return VSM_DONE;
}

static int run(struct asked *a) {
  Vsm__V1__VisitsRequest request = VSM__V1__VISITS_REQUEST__INIT;
  struct vsm_segment_wanted wanted;
  if (!vsm_segment_parse(a->segment, &wanted))
    return VSM_WRONG_USAGE;
  request.stream = (char *)a->stream;
  request.stage = (char *)a->stage;
  request.window = (char *)a->window;
  request.attribute = wanted.attribute;
  request.value = wanted.value;
  vsm_finished_init(&a->found, &request, a->limit, "--");
  int status = VSM_WRONG_USAGE;
  if (*a->found.inquiry.why) {
    vsm_say_refusal(a->found.inquiry.why);
  } else {
    struct vsm_talk *talk = vsm_talk_begin(a->query);
    status = talk ? vsm_talk_inquire(talk, &a->found.inquiry, NULL, NULL) : VSM_FAILED;
    vsm_talk_end(talk);
  }
  status = status == VSM_DONE ? show(a) : status;
  vsm_inquiry_destroy(&a->found.inquiry);
  vsm_segment_fini(&wanted);
  return status;
}

int vsm_cmd_visits(int argc, char **argv) {
  struct asked a = {.query = VSM_QUERY_DEFAULT, .stage = "", .window = ""};
  const struct vsm_flag flags[] = {
      {"query", VSM_FLAG_TEXT, &a.query, "ENDPOINT", "the daemon's query socket (" VSM_QUERY_DEFAULT ")"},
      {"stage", VSM_FLAG_TEXT, &a.stage, "ID", "visits to this stage; without: items that the stream finished"},
      {"window", VSM_FLAG_TEXT, &a.window, "NAME", "all, or a configured one: 7d; without: the longest of the stream"},
      {"segment", VSM_FLAG_TEXT, &a.segment, "A=VALUE", "of these those in this segment: region=north"},
      {"limit", VSM_FLAG_COUNT, &a.limit, "N", "the newest so many: 100, up to 2000"},
      {"json", VSM_FLAG, &a.json, NULL, "as JSON"},
  };
  int n, status = vsm_options(argc, argv,
                              &(struct vsm_usage){"vsm visits STREAM [--stage ID] [--window NAME] [--segment A=VALUE] "
                                                  "[--limit N] [--json]",
                                                  "What was finished, one by one and the newest first: how long each "
                                                  "visit to a stage took, or each item\nof the stream from beginning "
                                                  "to end.",
                                                  "  vsm visits RCV-01 --window 7d\n"
                                                  "  vsm visits AOV-04 --stage settlement --limit 2000 --json\n",
                                                  VSM_ARRAY(flags), 1, 1},
                              &n);
  a.stream = argv[1];
  return status >= 0 ? status : run(&a);
}
