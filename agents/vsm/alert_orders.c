// vsm silence and vsm ack: what people say about alerts.
#include <stdio.h>
#include <string.h>

#include "alerts.h"
#include "base/when.h"
#include "cmd.h"
#include "conf/reader.h"
#include "text.h"

struct asked {
  const char *query, *said; // said: what is printed once it is done
  bool json;
};

static int show_done(void *ctx, const Vsm__V1__Reply *reply) {
  const struct asked *a = ctx;
  if (a->json)
    return vsm_print_json(&reply->done->base);
  if (reply->done->id)
    printf("%s; vsm silence --end %llu ends it before\n", a->said, (unsigned long long)reply->done->id);
  else
    puts(a->said);
  return VSM_DONE;
}

// --- silence

static void print_silence(struct vsm_text_table *t, const Vsm__V1__Silence *s) {
  char id[32], fits[900], until[32];
  const char *const parts[][2] = {
      {"kind", s->kind}, {"stream", s->stream}, {"stage", s->stage}, {"source", s->source}, {"item", s->item}};
  size_t n = 0;
  fits[0] = '\0';
  for (size_t i = 0; i < sizeof parts / sizeof *parts && n < sizeof fits; i++)
    if (*parts[i][1])
      n += (size_t)snprintf(fits + n, sizeof fits - n, "%s%s %s", n ? ", " : "", parts[i][0], parts[i][1]);
  snprintf(id, sizeof id, "%llu", (unsigned long long)s->id);
  vsm_text_table_row(t, id, fits, vsm_text_time(s->mark ? s->mark->until_unix_nano : 0, until, sizeof until),
                     s->mark ? s->mark->by : "", s->mark ? s->mark->why : "");
}

static int show_silences(void *ctx, const Vsm__V1__Reply *reply) {
  const struct asked *a = ctx;
  const Vsm__V1__Alerts *alerts = reply->alerts;
  if (a->json)
    return vsm_print_json(&alerts->base);
  if (alerts->n_silences == 0) {
    puts("No silence is in force.");
    return VSM_DONE;
  }
  struct vsm_text_table *t = vsm_text_table_create("rllll", "id", "fits", "until (UTC)", "by", "why");
  for (size_t i = 0; i < alerts->n_silences; i++)
    print_silence(t, alerts->silences[i]);
  vsm_text_table_print(t, stdout);
  return VSM_DONE;
}

static int list_silences(struct asked *a) {
  Vsm__V1__AlertsRequest ask_for = VSM__V1__ALERTS_REQUEST__INIT;
  Vsm__V1__Request r = VSM__V1__REQUEST__INIT;
  r.kind_case = VSM__V1__REQUEST__KIND_ALERTS;
  r.alerts = &ask_for;
  ask_for.limit = 1;
  return vsm_ask(a->query, &r, show_silences, a);
}

struct silencing {
  struct asked a;
  Vsm__V1__SilenceRequest ask_for;
  const char *duration, *until;
  bool list;
};

// When it ends, by the daemon's clock. Returns -1 to go on, or the exit status.
static int find_end(struct silencing *s) {
  uint64_t ns = 0;
  struct vsm_conf_duration lasts;
  const char *wrong;
  if (*s->duration && *s->until) {
    fputs("vsm: --for and --until both say when it ends; allowed: one of them\n", stderr);
    return VSM_WRONG_USAGE;
  }
  if (*s->until) {
    if (vsm_when_parse(s->until, &ns)) {
      s->ask_for.until_unix_nano = ns;
      return -1;
    }
    fprintf(stderr, "vsm: --until %s; allowed: %s\n", s->until, VSM_WHEN_ALLOWED);
    return VSM_WRONG_USAGE;
  }
  if (!*s->duration) {
    fputs("vsm: a silence needs an end: --for 4h or --until 2026-12-01T08:00:00Z\n", stderr);
    return VSM_WRONG_USAGE;
  }
  if (vsm_conf_duration_parse(s->duration, &lasts, &wrong) != 0 || lasts.us <= 0) {
    fprintf(stderr, "vsm: --for %s; allowed: a duration as 90s, 15m, 8h, 3d, 2w\n", s->duration);
    return VSM_WRONG_USAGE;
  }
  struct vsm_talk *talk = vsm_talk_begin(s->a.query);
  int status = talk ? vsm_talk_now(talk, &ns) : VSM_FAILED;
  vsm_talk_end(talk);
  s->ask_for.until_unix_nano = ns + (uint64_t)lasts.us * 1000;
  return status == VSM_DONE ? -1 : status;
}

static int silence(struct silencing *s) {
  Vsm__V1__Request r = VSM__V1__REQUEST__INIT;
  const Vsm__V1__SilenceRequest *f = &s->ask_for;
  char said[100], until[32];
  if (s->list)
    return list_silences(&s->a);
  if (f->end == 0 && !*f->kind && !*f->stream && !*f->source && !*f->item) {
    fputs("vsm: a silence says what it fits: at least one of --kind, --stream, --stage, --source, --item\n", stderr);
    return VSM_WRONG_USAGE;
  }
  if (*f->stage && !*f->stream) {
    fprintf(stderr, "vsm: --stage %s without --stream: a stage is one of a value stream\n", f->stage);
    return VSM_WRONG_USAGE;
  }
  int status = f->end ? -1 : find_end(s);
  if (status >= 0)
    return status;
  r.kind_case = VSM__V1__REQUEST__KIND_SILENCE;
  r.silence = &s->ask_for;
  snprintf(said, sizeof said, "silent until %s UTC", vsm_text_time(f->until_unix_nano, until, sizeof until));
  s->a.said = f->end ? "the silence is over" : said;
  return vsm_ask(s->a.query, &r, show_done, &s->a);
}

int vsm_cmd_silence(int argc, char **argv) {
  struct silencing s = {.a = {.query = VSM_QUERY_DEFAULT}, .duration = "", .until = ""};
  Vsm__V1__SilenceRequest *f = &s.ask_for;
  vsm__v1__silence_request__init(f);
  f->by = (char *)vsm_alerts_user();
  const struct vsm_flag flags[] = {
      {"query", VSM_FLAG_TEXT, &s.a.query, "ENDPOINT", "the daemon's query socket (" VSM_QUERY_DEFAULT ")"},
      {"kind", VSM_FLAG_TEXT, &f->kind, "KIND", "alerts of this kind"},
      {"stream", VSM_FLAG_TEXT, &f->stream, "ID", "of this value stream"},
      {"stage", VSM_FLAG_TEXT, &f->stage, "ID", "of this stage of it"},
      {"source", VSM_FLAG_TEXT, &f->source, "ID", "of this source"},
      {"item", VSM_FLAG_TEXT, &f->item, "KEY", "this item: it is not counted meanwhile"},
      {"for", VSM_FLAG_TEXT, &s.duration, "DURATION", "for so long: 90s, 15m, 8h, 3d, 2w"},
      {"until", VSM_FLAG_TEXT, &s.until, "TIME", "until then: " VSM_WHEN_ALLOWED},
      {"why", VSM_FLAG_TEXT, &f->why, "TEXT", "why; shown with the alerts"},
      {"by", VSM_FLAG_TEXT, &f->by, "NAME", "who says so (you)"},
      {"list", VSM_FLAG, &s.list, NULL, "the silences in force"},
      {"end", VSM_FLAG_COUNT, &f->end, "ID", "ends this one"},
      {"json", VSM_FLAG, &s.a.json, NULL, "as JSON"},
  };
  int n, status = vsm_options(
             argc, argv,
             &(struct vsm_usage){"vsm silence [--kind KIND] [--stream ID [--stage ID]] [--source ID] [--item KEY]\n"
                                 "                   --for DURATION|--until TIME [--why TEXT] [--by NAME]\n"
                                 "       vsm silence --list | --end ID",
                                 "Marks the alerts that fit as silenced, for a time: nobody is called for them.",
                                 "  vsm silence --stream AOV-04 --for 4h --why \"storm\"\n"
                                 "  vsm silence --kind item_stalled --stream RCV-01 --item so:4711 --for 3d\n"
                                 "  vsm silence --list\n  vsm silence --end 7\n",
                                 VSM_ARRAY(flags), 0, 0},
             &n);
  return status >= 0 ? status : silence(&s);
}

// --- acknowledgement

int vsm_cmd_ack(int argc, char **argv) {
  struct asked a = {.query = VSM_QUERY_DEFAULT, .said = "acknowledged"};
  const char *lost = "";
  char id[256];
  Vsm__V1__AcknowledgeRequest ask_for = VSM__V1__ACKNOWLEDGE_REQUEST__INIT;
  ask_for.by = (char *)vsm_alerts_user();
  const struct vsm_flag flags[] = {
      {"query", VSM_FLAG_TEXT, &a.query, "ENDPOINT", "the daemon's query socket (" VSM_QUERY_DEFAULT ")"},
      {"why", VSM_FLAG_TEXT, &ask_for.why, "TEXT", "why; shown with the alert"},
      {"by", VSM_FLAG_TEXT, &ask_for.by, "NAME", "who says so (you)"},
      {"lost", VSM_FLAG_TEXT, &lost, "SOURCE", "gives up what is missing of this source: it will not come"},
      {"json", VSM_FLAG, &a.json, NULL, "as JSON"},
  };
  int n,
      status =
          vsm_options(argc, argv,
                      &(struct vsm_usage){"vsm ack ID [--why TEXT] [--by NAME]\n       vsm ack --lost SOURCE",
                                          "Says that somebody sees to an alert. It covers the items listed now; what "
                                          "joins later is\nannounced. It ends with the alert.",
                                          "  vsm ack stage_stalled:AOV-04/dispatch-balancing --why \"on it\"\n"
                                          "  vsm ack --lost crm\n",
                                          VSM_ARRAY(flags), 0, 1},
                      &n);
  if (status >= 0)
    return status;
  if ((n == 1) == (*lost != '\0')) {
    fputs("vsm: either the ID of an alert, as vsm alerts shows it, or --lost SOURCE\n", stderr);
    return VSM_WRONG_USAGE;
  }
  snprintf(id, sizeof id, "source_gap:%s", lost);
  ask_for.id = n ? argv[1] : id;
  ask_for.lost = n == 0;
  if (ask_for.lost)
    a.said = "given up: what is missing will not come";
  Vsm__V1__Request r = VSM__V1__REQUEST__INIT;
  r.kind_case = VSM__V1__REQUEST__KIND_ACKNOWLEDGE;
  r.acknowledge = &ask_for;
  return vsm_ask(a.query, &r, show_done, &a);
}
