// What changes something: each is done, and on disk where there is a state directory, when the answer comes.
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "text.h"

struct asked {
  const char *query, *stream, *done; // done: "withdrawn"
  bool json;
};

static int show_done(void *ctx, const Vsm__V1__Reply *reply) {
  const struct asked *a = ctx;
  char plain[1024];
  if (a->json)
    return vsm_print_json(&reply->done->base);
  printf("%s%s%s\n", a->done, *reply->done->item ? ": " : "", vsm_text_plain(reply->done->item, plain, sizeof plain));
  return VSM_DONE;
}

#define QUERY_FLAG(a)                                                                                                  \
  { "query", VSM_FLAG_TEXT, &(a).query, "ENDPOINT", "the daemon's query socket (" VSM_QUERY_DEFAULT ")" }
#define JSON_FLAG(a)                                                                                                   \
  { "json", VSM_FLAG, &(a).json, NULL, "as JSON" }

// An order about one item, which wants its key and its stream there.
struct item_order {
  const char *line, *text, *examples, *done;
  Vsm__V1__Request *request;
  char **key, **stream;
  protobuf_c_boolean *sealed; // NULL: it has no such flag
};

static int order_item(const struct item_order *o, int argc, char **argv) {
  struct asked a = {.query = VSM_QUERY_DEFAULT, .stream = "", .done = o->done};
  bool sealed = false;
  const struct vsm_flag flags[] = {
      QUERY_FLAG(a),
      {"stream", VSM_FLAG_TEXT, &a.stream, "ID", "where several value streams know the key"},
      JSON_FLAG(a),
      {"sealed", VSM_FLAG, &sealed, NULL, "also where the daemon holds it no more"}};
  const size_t n_flags = sizeof flags / sizeof *flags - (o->sealed == NULL);
  const struct vsm_usage usage = {o->line, o->text, o->examples, flags, n_flags, 1, 1};
  int n, status = vsm_options(argc, argv, &usage, &n);
  if (status >= 0)
    return status;
  *o->key = argv[1];
  *o->stream = (char *)a.stream;
  if (o->sealed)
    *o->sealed = sealed;
  return vsm_ask(a.query, o->request, show_done, &a);
}

int vsm_cmd_withdraw(int argc, char **argv) {
  Vsm__V1__WithdrawRequest ask_for = VSM__V1__WITHDRAW_REQUEST__INIT;
  Vsm__V1__Request r = VSM__V1__REQUEST__INIT;
  r.kind_case = VSM__V1__REQUEST__KIND_WITHDRAW;
  r.withdraw = &ask_for;
  return order_item(
      &(struct item_order){"vsm withdraw KEY [--stream ID] [--json]",
                           "Ends an item that was abandoned, by any of its keys, as an event that says withdraw\n"
                           "would: its open visits close as withdrawn, and so does the item. A later start of a\n"
                           "stage opens it again.",
                           "  vsm withdraw so:4711\n  vsm withdraw so:4711 --stream RCV-01\n", "withdrawn", &r,
                           &ask_for.key, &ask_for.stream, NULL},
      argc, argv);
}

int vsm_cmd_forget(int argc, char **argv) {
  Vsm__V1__ForgetRequest ask_for = VSM__V1__FORGET_REQUEST__INIT;
  Vsm__V1__Request r = VSM__V1__REQUEST__INIT;
  r.kind_case = VSM__V1__REQUEST__KIND_FORGET;
  r.forget = &ask_for;
  return order_item(
      &(struct item_order){
          "vsm forget KEY [--stream ID] [--sealed] [--json]",
          "Lets go of all that is held of one item, by any of its keys: its keys, its transitions and\n"
          "what else was said of it. Its counts stay; where it is open it is withdrawn before. The\n"
          "state directory is freed of it in the background; the log says \"forgotten\" when that is\n"
          "done. Of an item that the daemon let go of, as it was closed long ago, only the files know:\n"
          "with --sealed what they have under this very key goes from them.",
          "  vsm forget so:4711\n  vsm forget so:4711 --stream RCV-01\n  vsm forget so:4711 --sealed\n", "forgotten",
          &r, &ask_for.key, &ask_for.stream, &ask_for.sealed},
      argc, argv);
}

int vsm_cmd_clock(int argc, char **argv) {
  struct asked a = {.query = VSM_QUERY_DEFAULT, .done = "the wall clock is followed as it stands"};
  const struct vsm_flag flags[] = {QUERY_FLAG(a), JSON_FLAG(a)};
  const struct vsm_usage usage = {
      "vsm clock accept [--json]",
      "Lets the daemon follow its wall clock as it stands, after it had jumped or begun\n"
      "before the journal's end. Its time never goes back: after a jump backwards it stands\n"
      "still until the clock is there again.",
      "  vsm clock accept\n",
      VSM_ARRAY(flags),
      1,
      1};
  int n, status = vsm_options(argc, argv, &usage, &n);
  if (status >= 0)
    return status;
  if (strcmp(argv[1], "accept") != 0) {
    fprintf(stderr, "vsm: no \"clock %s\"; allowed: clock accept\n", argv[1]);
    return VSM_WRONG_USAGE;
  }
  Vsm__V1__ClockAcceptRequest ask_for = VSM__V1__CLOCK_ACCEPT_REQUEST__INIT;
  Vsm__V1__Request r = VSM__V1__REQUEST__INIT;
  r.kind_case = VSM__V1__REQUEST__KIND_CLOCK_ACCEPT;
  r.clock_accept = &ask_for;
  return vsm_ask(a.query, &r, show_done, &a);
}
