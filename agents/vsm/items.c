#include <stdio.h>

#include "agents/ask/pages.h"
#include "segments.h"
#include "text.h"

struct asked {
  const char *query, *stream, *stage, *state, *cursor, *sort, *segment;
  uint64_t limit;
  bool json;
  struct vsm_pages items;
  uint64_t now_ns;
};

static void print_items(FILE *out, const struct asked *a) {
  char in_stage[32], age[32], pace[64], due[64], wait[400];
  const Vsm__V1__Items *items = a->items.rows;
  if (items->n_items == 0) {
    fputs("Nothing is in progress here.\n", out);
    return;
  }
  struct vsm_text_table *t = vsm_text_table_create("llllrrlll", "item", "stream", "stage", "state", "in stage", "age",
                                                   "pace", "due (UTC)", "waits for");
  for (size_t i = 0; i < items->n_items; i++) {
    const Vsm__V1__ItemRow *r = items->items[i];
    vsm_text_table_row(t, r->item, r->value_stream, *r->stage ? r->stage : "-", r->state,
                       vsm_text_worked(r->in_stage_seconds, r->working_day_seconds, in_stage, sizeof in_stage),
                       vsm_text_worked(r->age_seconds, r->age_working_day_seconds, age, sizeof age),
                       vsm_text_pace(r->pace, r->pace_percentile, pace, sizeof pace),
                       vsm_text_due(r->due_unix_nano, a->now_ns, due, sizeof due),
                       vsm_text_wait(r->party, r->reason, wait, sizeof wait));
  }
  vsm_text_table_print(t, out);
}

struct progress {
  struct vsm_progress shown;
  const struct vsm_pages *items;
};

static void on_page(void *ctx) {
  struct progress *p = ctx;
  vsm_progress_show(&p->shown, p->items->rows ? p->items->rows->n_items : 0, -1);
}

static int show(const struct asked *a) {
  if (a->json)
    return vsm_print_json(&a->items.rows->base);
  print_items(stdout, a);
  if (*a->items.rows->cursor)
    printf("\nmore: --cursor %s\n", a->items.rows->cursor);
  return VSM_DONE;
}

static int ask(struct asked *a) {
  struct progress progress = {.items = &a->items};
  struct vsm_talk *talk = vsm_talk_begin(a->query);
  vsm_progress_begin(&progress.shown, "items found");
  int status = talk ? vsm_talk_inquire(talk, &a->items.inquiry, on_page, &progress) : VSM_FAILED;
  vsm_progress_end(&progress.shown);
  if (status == VSM_DONE && !a->json)
    status = vsm_talk_now(talk, &a->now_ns);
  vsm_talk_end(talk);
  return status == VSM_DONE ? show(a) : status;
}

static int run(struct asked *a) {
  Vsm__V1__ItemsRequest request = VSM__V1__ITEMS_REQUEST__INIT;
  struct vsm_segment_wanted wanted;
  if (!vsm_segment_parse(a->segment, &wanted))
    return VSM_WRONG_USAGE;
  request.stream = (char *)a->stream;
  request.stage = (char *)a->stage;
  request.state = (char *)a->state;
  request.sort = (char *)a->sort;
  request.cursor = (char *)a->cursor;
  request.attribute = wanted.attribute;
  request.value = wanted.value;
  vsm_pages_init(&a->items, &request, a->limit, "--");
  int status = *a->items.inquiry.why ? VSM_WRONG_USAGE : ask(a);
  if (status == VSM_WRONG_USAGE)
    vsm_say_refusal(a->items.inquiry.why);
  vsm_inquiry_destroy(&a->items.inquiry);
  vsm_segment_fini(&wanted);
  return status;
}

int vsm_cmd_items(int argc, char **argv) {
  struct asked a = {
      .query = VSM_QUERY_DEFAULT, .stream = "", .stage = "", .state = "", .cursor = "", .sort = "", .segment = NULL};
  const struct vsm_flag flags[] = {
      {"query", VSM_FLAG_TEXT, &a.query, "ENDPOINT", "the daemon's query socket (" VSM_QUERY_DEFAULT ")"},
      {"stream", VSM_FLAG_TEXT, &a.stream, "ID", "of this value stream"},
      {"stage", VSM_FLAG_TEXT, &a.stage, "ID", "in this stage of it"},
      {"segment", VSM_FLAG_TEXT, &a.segment, "A=VALUE", "of this segment of it: region=north"},
      {"state", VSM_FLAG_TEXT, &a.state, "STATE", "queued, active, suspended or between"},
      {"sort", VSM_FLAG_TEXT, &a.sort, "ORDER",
       "age: the oldest first (default); pace: the latest; last: unmoved for longest"},
      {"limit", VSM_FLAG_COUNT, &a.limit, "N", "so many at most: 100, up to 1000"},
      {"cursor", VSM_FLAG_TEXT, &a.cursor, "TEXT", "goes on where an earlier page ended, in the same order"},
      {"json", VSM_FLAG, &a.json, NULL, "as JSON"},
  };
  int n, status = vsm_options(argc, argv,
                              &(struct vsm_usage){"vsm items [--stream ID [--stage ID] [--segment A=VALUE]] "
                                                  "[--state STATE] [--sort age|pace|last]\n"
                                                  "                 [--limit N] [--cursor TEXT] [--json]",
                                                  "What is in progress: how long, how that compares, until when, and "
                                                  "what it waits for.",
                                                  "  vsm items --stream RCV-01 --limit 10\n"
                                                  "  vsm items --stream RCV-01 --segment region=north --sort pace\n"
                                                  "  vsm items --stream AOV-04 --state suspended --sort last --json\n",
                                                  VSM_ARRAY(flags), 0, 0},
                              &n);
  return status >= 0 ? status : run(&a);
}
