// A page of the daemon's may end before its limit, even empty, where a filter passed over many rows: pages are asked
// for until there are as many rows as wanted, or no more.
#include <stdio.h>
#include <string.h>

#include "copy.h"
#include "segments.h"
#include "text.h"

enum { ROWS_MAX = 1000, ROWS_DEFAULT = 100 };

struct asked {
  const char *query, *stream, *stage, *state, *cursor, *sort, *segment;
  uint64_t limit;
  bool json;
  Vsm__V1__Items *items; // so far
  uint64_t now_ns;
};

static void print_items(FILE *out, const struct asked *a) {
  char in_stage[32], age[32], pace[64], due[64], wait[400];
  const Vsm__V1__Items *items = a->items;
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

static int take_page(void *ctx, const Vsm__V1__Reply *reply) {
  struct asked *a = ctx;
  Vsm__V1__Items *page = vsm_copy(&reply->items->base);
  if (a->items)
    vsm_copy_append(a->items, page);
  else
    a->items = page;
  return VSM_DONE;
}

static int ask_pages(struct vsm_talk *talk, struct asked *a, Vsm__V1__ItemsRequest *ask_for) {
  struct vsm_progress progress;
  Vsm__V1__Request r = VSM__V1__REQUEST__INIT;
  int status;
  r.kind_case = VSM__V1__REQUEST__KIND_ITEMS;
  r.items = ask_for;
  vsm_progress_begin(&progress, "items found");
  do {
    size_t n = a->items ? a->items->n_items : 0;
    ask_for->limit = (uint32_t)(a->limit - n);
    ask_for->cursor = a->items ? a->items->cursor : (char *)a->cursor;
    vsm_progress_show(&progress, n, -1);
    status = vsm_talk_ask(talk, &r, take_page, a);
  } while (status == VSM_DONE && *a->items->cursor && a->items->n_items < a->limit);
  vsm_progress_end(&progress);
  return status;
}

static int show(const struct asked *a) {
  if (a->json)
    return vsm_print_json(&a->items->base);
  print_items(stdout, a);
  if (*a->items->cursor)
    printf("\nmore: --cursor %s\n", a->items->cursor);
  return VSM_DONE;
}

static int ask(struct asked *a, Vsm__V1__ItemsRequest *ask_for) {
  struct vsm_talk *talk = vsm_talk_begin(a->query);
  int status = talk ? ask_pages(talk, a, ask_for) : VSM_FAILED;
  if (status == VSM_DONE && !a->json)
    status = vsm_talk_now(talk, &a->now_ns);
  vsm_talk_end(talk);
  if (status == VSM_DONE)
    status = show(a);
  vsm_drop(a->items);
  return status;
}

static bool is_sort(const char *name) {
  return !*name || strcmp(name, "age") == 0 || strcmp(name, "pace") == 0 || strcmp(name, "last") == 0;
}

// What is wrong in itself, whatever the daemon knows.
static bool check(struct asked *a) {
  if (a->limit > ROWS_MAX)
    fprintf(stderr, "vsm: --limit is at most %d; --cursor goes on where a page ended\n", ROWS_MAX);
  else if (!is_sort(a->sort))
    fprintf(stderr, "vsm: --sort %s; allowed: age, pace, last\n", a->sort);
  else if (*a->stage && !*a->stream)
    fprintf(stderr, "vsm: --stage %s without --stream: a stage is one of a value stream\n", a->stage);
  else if (a->segment && !*a->stream)
    fprintf(stderr, "vsm: --segment %s without --stream: each value stream has segments of its own\n", a->segment);
  else
    return true;
  return false;
}

static int run(struct asked *a) {
  Vsm__V1__ItemsRequest ask_for = VSM__V1__ITEMS_REQUEST__INIT;
  struct vsm_segment_wanted wanted;
  if (!check(a) || !vsm_segment_parse(a->segment, &wanted))
    return VSM_WRONG_USAGE;
  a->limit = a->limit ? a->limit : ROWS_DEFAULT;
  ask_for.stream = (char *)a->stream;
  ask_for.stage = (char *)a->stage;
  ask_for.state = (char *)a->state;
  ask_for.sort = (char *)a->sort;
  ask_for.attribute = wanted.attribute;
  ask_for.value = wanted.value;
  int status = ask(a, &ask_for);
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
