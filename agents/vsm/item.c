#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "agents/ask/copy.h"
#include "text.h"
#include "timeline.h"

struct asked {
  const char *query, *stream;
  bool json;
  Vsm__V1__Item *item;
  uint64_t now_ns;
};

static void print_transitions(FILE *out, const Vsm__V1__Item *item) {
  char at[32], what[300], wait[320];
  struct vsm_text_table *t =
      vsm_text_table_create("lllllll", "time (UTC)", "stage", "lifecycle", "source", "event", "rule", "");
  for (size_t i = 0; i < item->n_transitions; i++) {
    const Vsm__V1__ItemTransition *r = item->transitions[i];
    wait[0] = '\0';
    if (*r->party)
      snprintf(wait, sizeof wait, "waits for %s", vsm_text_wait(r->party, r->reason, what, sizeof what));
    vsm_text_table_row(t, vsm_text_time(r->time_unix_nano, at, sizeof at), *r->stage ? r->stage : "(item)",
                       r->lifecycle, r->source, r->type, r->rule, wait);
  }
  vsm_text_table_print(t, out);
}

static bool has_not_before(const Vsm__V1__Item *item) {
  for (size_t i = 0; i < item->n_visits; i++)
    if (item->visits[i]->not_before_unix_nano)
      return true;
  return false;
}

static void print_visits(FILE *out, const Vsm__V1__Item *item, uint64_t now_ns) {
  char entered[32], left[32], queued[32], active[32], held[32], how[64], bar[VSM_TIMELINE_BYTES], expected[96], due[64];
  char from[64];
  struct vsm_text_table *t =
      vsm_text_table_create("lllrrrlllll", "stage", "entered (UTC)", "left", "queued", "active", "held", "", "",
                            "expected", "due (UTC)", has_not_before(item) ? "not before (UTC)" : "");
  for (size_t i = 0; i < item->n_visits; i++) {
    const Vsm__V1__Visit *v = item->visits[i];
    vsm_timeline(item, v, now_ns, bar);
    vsm_text_expected(v, expected, sizeof expected);
    vsm_text_table_row(t, v->stage, vsm_text_time(v->entered_unix_nano, entered, sizeof entered),
                       vsm_text_time(v->left_unix_nano, left, sizeof left),
                       vsm_text_worked(v->queue_seconds, v->working_day_seconds, queued, sizeof queued),
                       vsm_text_worked(v->active_seconds, v->working_day_seconds, active, sizeof active),
                       vsm_text_worked(v->suspended_seconds, v->working_day_seconds, held, sizeof held), bar,
                       vsm_text_how(v, how, sizeof how), *expected ? expected + strlen("expected ") : "",
                       vsm_text_due(v->due_unix_nano, v->left_unix_nano ? v->left_unix_nano : now_ns, due, sizeof due),
                       v->not_before_unix_nano ? vsm_text_time(v->not_before_unix_nano, from, sizeof from) : "");
  }
  vsm_text_table_print(t, out);
  fputs("\n" VSM_TIMELINE_LEGEND "\n", out);
}

static void print_head(FILE *out, const Vsm__V1__Item *item, uint64_t now_ns) {
  char plain[600], due[64], wait[600];
  fprintf(out, "%s in %s: %s\nkeys:", vsm_text_plain(item->item, plain, sizeof plain), item->value_stream, item->state);
  for (size_t i = 0; i < item->n_keys; i++)
    fprintf(out, " %s", vsm_text_plain(item->keys[i], plain, sizeof plain));
  fputc('\n', out);
  if (item->n_segments > 0)
    fputs("segments:", out);
  for (size_t i = 0; i < item->n_segments; i++)
    fprintf(out, " %s=%s", item->segments[i]->attribute, vsm_text_plain(item->segments[i]->value, plain, sizeof plain));
  if (item->n_segments > 0)
    fputc('\n', out);
  if (item->due_unix_nano)
    fprintf(out, "due: %s UTC\n", vsm_text_due(item->due_unix_nano, now_ns, due, sizeof due));
  if (item->not_before_unix_nano)
    fprintf(out, "not before: %s UTC\n", vsm_text_time(item->not_before_unix_nano, due, sizeof due));
  for (size_t i = 0; i < item->n_visits; i++) {
    const Vsm__V1__Visit *v = item->visits[i];
    if (*v->party)
      fprintf(out, "waits for: %s, at %s\n",
              vsm_text_plain(vsm_text_wait(v->party, v->reason, wait, sizeof wait), plain, sizeof plain), v->stage);
  }
}

static void print_item(FILE *out, const struct asked *a) {
  uint64_t now_ns = vsm_item_end(a->item, a->now_ns);
  print_head(out, a->item, now_ns);
  fprintf(out, "\nwhat was said of it:\n");
  print_transitions(out, a->item);
  fprintf(out, "\nwhere it was:\n");
  print_visits(out, a->item, now_ns);
}

static int take(void *ctx, const Vsm__V1__Reply *reply) {
  ((struct asked *)ctx)->item = vsm_copy(&reply->item->base);
  return VSM_DONE;
}

static int run(struct asked *a, const char *key) {
  Vsm__V1__ItemRequest ask_for = VSM__V1__ITEM_REQUEST__INIT;
  Vsm__V1__Request r = VSM__V1__REQUEST__INIT;
  r.kind_case = VSM__V1__REQUEST__KIND_ITEM;
  r.item = &ask_for;
  ask_for.key = (char *)key;
  ask_for.stream = (char *)a->stream;
  struct vsm_talk *talk = vsm_talk_begin(a->query);
  int status = talk ? vsm_talk_ask(talk, &r, take, a) : VSM_FAILED;
  if (status == VSM_DONE && !a->json)
    status = vsm_talk_now(talk, &a->now_ns);
  vsm_talk_end(talk);
  if (status == VSM_DONE && a->json)
    status = vsm_print_json(&a->item->base);
  else if (status == VSM_DONE)
    print_item(stdout, a);
  vsm_drop(a->item);
  return status;
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
                             "mapping rule behind it, and each visit that follows from them, with its times and\n"
                             "what was expected.",
                             "  vsm item so:4711\n  vsm item so:4711 --stream RCV-01 --json\n", VSM_ARRAY(flags), 1, 1},
                         &n);
  return status >= 0 ? status : run(&a, argv[1]);
}
