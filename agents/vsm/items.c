#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "text.h"

enum { PAGE_MAX = 1000 }; // items in an answer

struct asked {
  const char *query, *stream, *stage, *state, *cursor;
  uint64_t limit;
  bool json;
};

// What an item waits for: "easement (third-party)".
static void print_wait(char *buf, size_t size, const Vsm__V1__ItemRow *r) {
  buf[0] = '\0';
  if (*r->party)
    snprintf(buf, size, "%s%s%s%s", r->reason, *r->reason ? " (" : "", r->party, *r->reason ? ")" : "");
}

static void print_items(FILE *out, const Vsm__V1__Items *items) {
  char in_stage[32], age[32], wait[256];
  if (items->n_items == 0) {
    fputs("Nothing is in progress here.\n", out);
    return;
  }
  struct vsm_text_table *t =
      vsm_text_table_create("llllrrl", "item", "stream", "stage", "state", "in stage", "age", "waits for");
  for (size_t i = 0; i < items->n_items; i++) {
    const Vsm__V1__ItemRow *r = items->items[i];
    print_wait(wait, sizeof wait, r);
    vsm_text_table_row(t, r->item, r->value_stream, *r->stage ? r->stage : "-", r->state,
                       vsm_text_duration(r->in_stage_seconds, in_stage, sizeof in_stage),
                       vsm_text_duration(r->age_seconds, age, sizeof age), wait);
  }
  vsm_text_table_print(t, out);
}

static int show(void *ctx, const Vsm__V1__Reply *reply) {
  const struct asked *a = ctx;
  if (a->json)
    return vsm_print_json(&reply->items->base);
  print_items(stdout, reply->items);
  if (*reply->items->cursor)
    printf("\nmore: --cursor %s\n", reply->items->cursor);
  return VSM_DONE;
}

int vsm_cmd_items(int argc, char **argv) {
  struct asked a = {.query = VSM_QUERY_DEFAULT, .stream = "", .stage = "", .state = "", .cursor = ""};
  const struct vsm_flag flags[] = {
      {"query", VSM_FLAG_TEXT, &a.query, "ENDPOINT", "the daemon's query socket (" VSM_QUERY_DEFAULT ")"},
      {"stream", VSM_FLAG_TEXT, &a.stream, "ID", "of this value stream"},
      {"stage", VSM_FLAG_TEXT, &a.stage, "ID", "in this stage of it"},
      {"state", VSM_FLAG_TEXT, &a.state, "STATE", "queued, active, suspended or between"},
      {"limit", VSM_FLAG_COUNT, &a.limit, "N", "so many at most: 100, up to 1000"},
      {"cursor", VSM_FLAG_TEXT, &a.cursor, "TEXT", "goes on where an earlier page ended"},
      {"json", VSM_FLAG, &a.json, NULL, "as JSON"},
  };
  int n,
      status =
          vsm_options(argc, argv,
                      &(struct vsm_usage){
                          "vsm items [--stream ID [--stage ID]] [--state STATE] [--limit N] [--cursor TEXT] [--json]",
                          "What is in progress, the oldest first.",
                          "  vsm items --stream RCV-01 --limit 10\n"
                          "  vsm items --stream AOV-04 --state suspended --json\n",
                          VSM_ARRAY(flags), 0, 0},
                      &n);
  if (status >= 0)
    return status;
  if (a.limit > PAGE_MAX) {
    fprintf(stderr, "vsm: --limit is at most %d; --cursor goes on where a page ended\n", PAGE_MAX);
    return VSM_WRONG_USAGE;
  }
  Vsm__V1__ItemsRequest ask_for = VSM__V1__ITEMS_REQUEST__INIT;
  Vsm__V1__Request r = VSM__V1__REQUEST__INIT;
  r.kind_case = VSM__V1__REQUEST__KIND_ITEMS;
  r.items = &ask_for;
  ask_for.stream = (char *)a.stream;
  ask_for.stage = (char *)a.stage;
  ask_for.state = (char *)a.state;
  ask_for.cursor = (char *)a.cursor;
  ask_for.limit = (uint32_t)a.limit;
  return vsm_ask(a.query, &r, show, &a);
}
