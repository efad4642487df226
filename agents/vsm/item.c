#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "text.h"

struct asked {
  const char *query, *stream;
  bool json;
};

static void print_transitions(FILE *out, const Vsm__V1__Item *item) {
  char at[32], wait[300];
  struct vsm_text_table *t =
      vsm_text_table_create("lllllll", "time (UTC)", "stage", "lifecycle", "source", "event", "rule", "");
  for (size_t i = 0; i < item->n_transitions; i++) {
    const Vsm__V1__ItemTransition *r = item->transitions[i];
    snprintf(wait, sizeof wait, *r->party ? "waits for %s: %s" : "%s%s", r->party, r->reason);
    vsm_text_table_row(t, vsm_text_time(r->time_unix_nano, at, sizeof at), *r->stage ? r->stage : "(item)",
                       r->lifecycle, r->source, r->type, r->rule, wait);
  }
  vsm_text_table_print(t, out);
}

// An open visit has no time of leaving: its times queued, active and suspended lead up to now.
static double left_at(const Vsm__V1__Visit *v) {
  return v->left_unix_nano
             ? (double)v->left_unix_nano
             : (double)v->entered_unix_nano + 1e9 * (v->queue_seconds + v->active_seconds + v->suspended_seconds);
}

void vsm_item_timeline(const Vsm__V1__Item *item, const Vsm__V1__Visit *visit, char out[VSM_TIMELINE_BYTES]) {
  enum { CELLS = VSM_TIMELINE_BYTES - 3 };
  double begin = (double)visit->entered_unix_nano, end = left_at(visit), first = begin, last = end;
  for (size_t i = 0; i < item->n_visits; i++) {
    const Vsm__V1__Visit *v = item->visits[i];
    first = (double)v->entered_unix_nano < first ? (double)v->entered_unix_nano : first;
    last = left_at(v) > last ? left_at(v) : last;
  }
  double cell = last > first ? (last - first) / CELLS : 1;
  int from = (int)((begin - first) / cell), to = (int)((end - first) / cell);
  from = from < CELLS ? from : CELLS - 1;
  to = to > from ? to : from + 1; // a moment shows, too
  out[0] = '[';
  for (int i = 0; i < CELLS; i++)
    out[1 + i] = i >= from && i < to ? '#' : '.';
  memcpy(out + 1 + CELLS, "]", 2);
}

static void print_visits(FILE *out, const Vsm__V1__Item *item) {
  char entered[32], left[32], queued[32], active[32], held[32], how[64], bar[VSM_TIMELINE_BYTES];
  struct vsm_text_table *t =
      vsm_text_table_create("lllrrrll", "stage", "entered (UTC)", "left", "queued", "active", "held", "", "");
  for (size_t i = 0; i < item->n_visits; i++) {
    const Vsm__V1__Visit *v = item->visits[i];
    snprintf(how, sizeof how, "%s%s%s%s", *v->how ? v->how : v->state, v->rework ? ", rework" : "",
             v->unobserved ? ", entry not observed" : "", v->implied ? ", implied" : "");
    vsm_item_timeline(item, v, bar);
    vsm_text_table_row(t, v->stage, vsm_text_time(v->entered_unix_nano, entered, sizeof entered),
                       vsm_text_time(v->left_unix_nano, left, sizeof left),
                       vsm_text_duration(v->queue_seconds, queued, sizeof queued),
                       vsm_text_duration(v->active_seconds, active, sizeof active),
                       vsm_text_duration(v->suspended_seconds, held, sizeof held), bar, how);
  }
  vsm_text_table_print(t, out);
}

static void print_item(FILE *out, const Vsm__V1__Item *item) {
  char plain[512];
  fprintf(out, "%s in %s: %s\nkeys:", vsm_text_plain(item->item, plain, sizeof plain), item->value_stream, item->state);
  for (size_t i = 0; i < item->n_keys; i++)
    fprintf(out, " %s", vsm_text_plain(item->keys[i], plain, sizeof plain));
  fprintf(out, "\n\nwhat was said of it:\n");
  print_transitions(out, item);
  fprintf(out, "\nwhere it was:\n");
  print_visits(out, item);
}

static int show(void *ctx, const Vsm__V1__Reply *reply) {
  const struct asked *a = ctx;
  if (a->json)
    return vsm_print_json(&reply->item->base);
  print_item(stdout, reply->item);
  return VSM_DONE;
}

int vsm_cmd_item(int argc, char **argv) {
  struct asked a = {.query = VSM_QUERY_DEFAULT, .stream = ""};
  const struct vsm_flag flags[] = {
      {"query", VSM_FLAG_TEXT, &a.query, "ENDPOINT", "the daemon's query socket (" VSM_QUERY_DEFAULT ")"},
      {"stream", VSM_FLAG_TEXT, &a.stream, "ID", "where several value streams know the key"},
      {"json", VSM_FLAG, &a.json, NULL, "as JSON"},
  };
  int n, status =
             vsm_options(argc, argv,
                         &(struct vsm_usage){
                             "vsm item KEY [--stream ID] [--json]",
                             "The story of one item, by any of its keys: each transition with the event and the\n"
                             "mapping rule behind it, and each visit that follows from them.",
                             "  vsm item so:4711\n  vsm item so:4711 --stream RCV-01 --json\n", VSM_ARRAY(flags), 1, 1},
                         &n);
  if (status >= 0)
    return status;
  Vsm__V1__ItemRequest ask_for = VSM__V1__ITEM_REQUEST__INIT;
  Vsm__V1__Request r = VSM__V1__REQUEST__INIT;
  r.kind_case = VSM__V1__REQUEST__KIND_ITEM;
  r.item = &ask_for;
  ask_for.key = argv[1];
  ask_for.stream = (char *)a.stream;
  return vsm_ask(a.query, &r, show, &a);
}
