#include "alerts.h"

#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "text.h"

// --- as text

const char *vsm_alerts_user(void) {
  const struct passwd *p = getpwuid(getuid());
  const char *name = p ? p->pw_name : getenv("LOGNAME");
  return name ? name : "";
}

const char *vsm_alerts_counts(const Vsm__V1__AlertCounts *c, char *buf, size_t size) {
  const struct {
    uint64_t n;
    const char *name;
  } parts[] = {{c ? c->critical : 0, "critical"},
               {c ? c->error : 0, "error"},
               {c ? c->warning : 0, "warning"},
               {c ? c->info : 0, "info"},
               {c ? c->silenced : 0, "silenced"}};
  size_t at = 0;
  snprintf(buf, size, "none");
  for (size_t i = 0; i < sizeof parts / sizeof *parts && at < size; i++)
    if (parts[i].n > 0)
      at += (size_t)snprintf(buf + at, size - at, "%s%llu %s", at ? ", " : "", (unsigned long long)parts[i].n,
                             parts[i].name);
  return buf;
}

const char *vsm_alerts_place(const Vsm__V1__Alert *a, char *buf, size_t size) {
  if (*a->source)
    snprintf(buf, size, "source %s", a->source);
  else
    snprintf(buf, size, "%s%s%s", a->value_stream, *a->stage ? "/" : "", a->stage);
  return buf;
}

const char *vsm_alerts_state(const Vsm__V1__Alert *a, char *buf, size_t size) {
  snprintf(buf, size, "%s%s%s", a->state, *a->silenced ? ", silenced" : "", *a->acknowledged ? ", acknowledged" : "");
  return buf;
}

struct teller {
  vsm_alerts_line_fn *say;
  void *ctx;
};

static void say(const struct teller *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void say(const struct teller *t, const char *fmt, ...) {
  char line[2048], plain[2048];
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(line, sizeof line, fmt, ap);
  va_end(ap);
  t->say(t->ctx, vsm_text_plain(line, plain, sizeof plain));
}

static void tell_life(const struct teller *t, const Vsm__V1__Alert *a) {
  char at[32];
  if (a->since_unix_nano)
    say(t, "since        %s UTC", vsm_text_time(a->since_unix_nano, at, sizeof at));
  if (a->fired_unix_nano)
    say(t, "fired        %s UTC", vsm_text_time(a->fired_unix_nano, at, sizeof at));
  if (a->resolved_unix_nano)
    say(t, "resolved     %s UTC", vsm_text_time(a->resolved_unix_nano, at, sizeof at));
  if (*a->silenced)
    say(t, "silenced     by %s", a->silenced);
  if (*a->acknowledged)
    say(t, "acknowledged by %s", a->acknowledged);
  if (a->unacknowledged)
    say(t, "             %llu joined since", (unsigned long long)a->unacknowledged);
  if (*a->inhibited_by)
    say(t, "blind        source %s is silent", a->inhibited_by);
}

static void tell_items(const struct teller *t, const Vsm__V1__Alert *a) {
  char age[32];
  if (a->n_items > 0)
    say(t, "items        %llu, the worst first:", (unsigned long long)a->count);
  for (size_t i = 0; i < a->n_items; i++)
    say(t, "             %-28s %s", a->items[i]->item,
        vsm_text_worked(a->items[i]->age_seconds, a->age_working_day_seconds, age, sizeof age));
  for (size_t i = 0; i < a->n_blinds; i++)
    say(t, "%s %s", i ? "            " : "it feeds    ", a->blinds[i]);
}

void vsm_alerts_tell(const Vsm__V1__Alert *a, vsm_alerts_line_fn *fn, void *ctx) {
  const struct teller t = {fn, ctx};
  char state[64];
  say(&t, "%s", a->reason);
  say(&t, "%s", "");
  say(&t, "alert        %s", a->id);
  say(&t, "severity     %s, %s", a->severity, vsm_alerts_state(a, state, sizeof state));
  tell_life(&t, a);
  say(&t, "rule         %s", a->rule);
  if (*a->owner)
    say(&t, "owner        %s", a->owner);
  if (*a->runbook)
    say(&t, "runbook      %s", a->runbook);
  tell_items(&t, a);
  say(&t, "%s %s", a->resolved_unix_nano ? "it ended    " : "ends when   ", a->ends_when);
  say(&t, "look further %s", a->look);
}

// --- vsm alerts

struct asked {
  const char *query, *id;
  bool json, history;
};

static void print_line(void *ctx, const char *line) {
  (void)ctx;
  puts(line);
}

static int show_one(const struct asked *a, const Vsm__V1__Alerts *alerts) {
  for (size_t i = 0; i < alerts->n_alerts; i++) {
    if (strcmp(alerts->alerts[i]->id, a->id) != 0)
      continue;
    if (a->json)
      return vsm_print_json(&alerts->alerts[i]->base);
    vsm_alerts_tell(alerts->alerts[i], print_line, NULL);
    return VSM_DONE;
  }
  fprintf(stderr, "vsm: no alert \"%s\" %s\n", a->id,
          a->history ? "in the history" : "is pending or fires; vsm alerts lists them, --history those that are over");
  return VSM_FAILED;
}

static int show(void *ctx, const Vsm__V1__Reply *reply) {
  const struct asked *a = ctx;
  const Vsm__V1__Alerts *alerts = reply->alerts;
  char state[64], place[256], since[32], count[32];
  if (*a->id)
    return show_one(a, alerts);
  if (a->json)
    return vsm_print_json(&alerts->base);
  if (alerts->n_alerts == 0) {
    puts(a->history ? "Nothing is over yet." : "All is well: no alert is pending or fires.");
    return VSM_DONE;
  }
  struct vsm_text_table *t =
      vsm_text_table_create("lllllrl", "severity", "state", "kind", "where", "since (UTC)", "count", "what");
  for (size_t i = 0; i < alerts->n_alerts; i++) {
    const Vsm__V1__Alert *r = alerts->alerts[i];
    vsm_text_table_row(t, r->severity, vsm_alerts_state(r, state, sizeof state), r->kind,
                       vsm_alerts_place(r, place, sizeof place), vsm_text_time(r->since_unix_nano, since, sizeof since),
                       vsm_text_number(r->count, count, sizeof count), r->reason);
  }
  vsm_text_table_print(t, stdout);
  return VSM_DONE;
}

int vsm_cmd_alerts(int argc, char **argv) {
  struct asked a = {.query = VSM_QUERY_DEFAULT, .id = ""};
  const char *stream = "", *stage = "", *source = "", *kind = "";
  uint64_t limit = 0;
  const struct vsm_flag flags[] = {
      {"query", VSM_FLAG_TEXT, &a.query, "ENDPOINT", "the daemon's query socket (" VSM_QUERY_DEFAULT ")"},
      {"stream", VSM_FLAG_TEXT, &stream, "ID", "of this value stream and its stages"},
      {"stage", VSM_FLAG_TEXT, &stage, "ID", "of this stage of it"},
      {"source", VSM_FLAG_TEXT, &source, "ID", "of this source"},
      {"kind", VSM_FLAG_TEXT, &kind, "KIND", "of this kind: item_stalled, stage_stalled, source_silent, ..."},
      {"history", VSM_FLAG, &a.history, NULL, "those that are over, the newest first"},
      {"limit", VSM_FLAG_COUNT, &limit, "N", "so many at most"},
      {"json", VSM_FLAG, &a.json, NULL, "as JSON"},
  };
  int n, status = vsm_options(
             argc, argv,
             &(struct vsm_usage){"vsm alerts [ID] [--stream ID [--stage ID]] [--source ID] [--kind KIND] [--history]\n"
                                 "                  [--limit N] [--json]",
                                 "The alerts that are pending or fire, the most severe first. With an ID one in full:\n"
                                 "why, since when, which items, what would end it, and where to look.",
                                 "  vsm alerts\n  vsm alerts --stream AOV-04 --history --limit 20\n"
                                 "  vsm alerts item_stalled:RCV-01/service-connection-planning\n",
                                 VSM_ARRAY(flags), 0, 1},
             &n);
  if (status >= 0)
    return status;
  if (*stage && !*stream) {
    fprintf(stderr, "vsm: --stage %s without --stream: a stage is one of a value stream\n", stage);
    return VSM_WRONG_USAGE;
  }
  Vsm__V1__AlertsRequest ask_for = VSM__V1__ALERTS_REQUEST__INIT;
  Vsm__V1__Request r = VSM__V1__REQUEST__INIT;
  r.kind_case = VSM__V1__REQUEST__KIND_ALERTS;
  r.alerts = &ask_for;
  ask_for.stream = (char *)stream;
  ask_for.stage = (char *)stage;
  ask_for.source = (char *)source;
  ask_for.kind = (char *)kind;
  ask_for.history = a.history;
  ask_for.limit = n ? 0 : limit > UINT32_MAX ? UINT32_MAX : (uint32_t)limit;
  if (n)
    a.id = argv[1];
  return vsm_ask(a.query, &r, show, &a);
}
