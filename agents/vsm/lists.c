// The tables that the daemon keeps: sources, unmapped, rejected, status; and the order to take its configuration anew.
#include <stdio.h>
#include <string.h>

#include "alerts.h"
#include "cmd.h"
#include "text.h"

enum { RULES_MAX = 10 };

struct asked {
  const char *query;
  bool json;
};

#define COMMON_FLAGS(a)                                                                                                \
  {"query", VSM_FLAG_TEXT, &(a).query, "ENDPOINT", "the daemon's query socket (" VSM_QUERY_DEFAULT ")"}, {             \
    "json", VSM_FLAG, &(a).json, NULL, "as JSON"                                                                       \
  }

// Parses the common flags alone, and asks.
static int ask(int argc, char **argv, const char *line, const char *text, const char *examples,
               const Vsm__V1__Request *request, vsm_show_fn *show) {
  struct asked a = {.query = VSM_QUERY_DEFAULT};
  const struct vsm_flag flags[] = {COMMON_FLAGS(a)};
  int n, status = vsm_options(argc, argv, &(struct vsm_usage){line, text, examples, VSM_ARRAY(flags), 0, 0}, &n);
  return status >= 0 ? status : vsm_ask(a.query, request, show, &a);
}

// In double quotes, as YAML reads them.
static void print_quoted(const char *z) {
  putchar('"');
  for (; *z; z++) {
    if (*z == '"' || *z == '\\')
      putchar('\\');
    if ((unsigned char)*z < 0x20 || *z == 0x7f)
      printf("\\x%02x", (unsigned char)*z);
    else
      putchar(*z);
  }
  putchar('"');
}

static void print_rules(const Vsm__V1__Unmapped *u) {
  puts(
      "\nTo paste under mappings: put the stage and the key of the item right, or write ignore: true instead of them.");
  for (size_t i = 0; i < u->n_unmapped && i < RULES_MAX; i++) {
    fputs("  - { source: ", stdout);
    print_quoted(u->unmapped[i]->source);
    fputs(", type: ", stdout);
    print_quoted(u->unmapped[i]->type);
    puts(", stage: STREAM/STAGE, lifecycle: complete, item: \"{subject}\" }");
  }
}

static int show_unmapped(void *ctx, const Vsm__V1__Reply *reply) {
  const struct asked *a = ctx;
  const Vsm__V1__Unmapped *u = reply->unmapped;
  char count[32], last[32];
  if (a->json)
    return vsm_print_json(&u->base);
  if (u->n_unmapped == 0) {
    puts("Every event has a rule.");
    return VSM_DONE;
  }
  struct vsm_text_table *t = vsm_text_table_create("llrl", "source", "type", "events", "last received (UTC)");
  for (size_t i = 0; i < u->n_unmapped; i++)
    vsm_text_table_row(t, u->unmapped[i]->source, u->unmapped[i]->type,
                       vsm_text_number(u->unmapped[i]->count, count, sizeof count),
                       vsm_text_time(u->unmapped[i]->last_unix_nano, last, sizeof last));
  vsm_text_table_print(t, stdout);
  print_rules(u);
  return VSM_DONE;
}

int vsm_cmd_unmapped(int argc, char **argv) {
  Vsm__V1__UnmappedRequest ask_for = VSM__V1__UNMAPPED_REQUEST__INIT;
  Vsm__V1__Request r = VSM__V1__REQUEST__INIT;
  r.kind_case = VSM__V1__REQUEST__KIND_UNMAPPED;
  r.unmapped = &ask_for;
  return ask(argc, argv, "vsm unmapped [--json]", "Events that no rule matches, by source and type.",
             "  vsm unmapped\n  vsm unmapped --json\n", &r, show_unmapped);
}

static int show_rejected(void *ctx, const Vsm__V1__Reply *reply) {
  const struct asked *a = ctx;
  const Vsm__V1__Rejected *r = reply->rejected;
  char count[32];
  if (a->json)
    return vsm_print_json(&r->base);
  if (r->n_rejected == 0) {
    puts("Nothing was refused.");
    return VSM_DONE;
  }
  struct vsm_text_table *t = vsm_text_table_create("lllrl", "source", "type", "reason", "events", "newest");
  for (size_t i = 0; i < r->n_rejected; i++)
    vsm_text_table_row(t, r->rejected[i]->source, r->rejected[i]->type, r->rejected[i]->reason,
                       vsm_text_number(r->rejected[i]->count, count, sizeof count), r->rejected[i]->detail);
  vsm_text_table_print(t, stdout);
  return VSM_DONE;
}

int vsm_cmd_rejected(int argc, char **argv) {
  Vsm__V1__RejectedRequest ask_for = VSM__V1__REJECTED_REQUEST__INIT;
  Vsm__V1__Request r = VSM__V1__REQUEST__INIT;
  r.kind_case = VSM__V1__REQUEST__KIND_REJECTED;
  r.rejected = &ask_for;
  return ask(argc, argv, "vsm rejected [--json]", "Events that were refused, by source, type and reason.",
             "  vsm rejected\n", &r, show_rejected);
}

static int show_sources(void *ctx, const Vsm__V1__Reply *reply) {
  const struct asked *a = ctx;
  const Vsm__V1__Sources *s = reply->sources;
  char last[32], n[7][32], rate[2][32];
  if (a->json)
    return vsm_print_json(&s->base);
  if (s->n_sources == 0) {
    puts("No source was heard yet. vsm emit sends an event.");
    return VSM_DONE;
  }
  struct vsm_text_table *t =
      vsm_text_table_create("llrrrrrrrrr", "source", "last heard (UTC)", "a minute", "usually", "received", "applied",
                            "repeated", "unmapped", "ignored", "refused", "missing");
  for (size_t i = 0; i < s->n_sources; i++) {
    const Vsm__V1__SourceRow *r = s->sources[i];
    const uint64_t counts[] = {r->received, r->applied, r->duplicates, r->unmapped, r->ignored, r->rejected, r->gaps};
    for (int k = 0; k < 7; k++)
      vsm_text_number(counts[k], n[k], sizeof n[k]);
    snprintf(rate[0], sizeof rate[0], "%.1f", r->per_minute);
    if (r->usual_per_minute > 0)
      snprintf(rate[1], sizeof rate[1], "%.1f", r->usual_per_minute);
    else
      snprintf(rate[1], sizeof rate[1], "-");
    vsm_text_table_row(t, r->source, vsm_text_time(r->last_unix_nano, last, sizeof last), rate[0], rate[1], n[0], n[1],
                       n[2], n[3], n[4], n[5], n[6]);
  }
  vsm_text_table_print(t, stdout);
  return VSM_DONE;
}

int vsm_cmd_sources(int argc, char **argv) {
  Vsm__V1__SourcesRequest ask_for = VSM__V1__SOURCES_REQUEST__INIT;
  Vsm__V1__Request r = VSM__V1__REQUEST__INIT;
  r.kind_case = VSM__V1__REQUEST__KIND_SOURCES;
  r.sources = &ask_for;
  return ask(argc, argv, "vsm sources [--json]", "The systems that send events, and what became of these.",
             "  vsm sources\n", &r, show_sources);
}

static void print_disk(const Vsm__V1__Status *s) {
  printf("disk: %.1f GB free%s", (double)s->disk_free_bytes / 1e9, s->disk_days_left > 0 ? "" : "\n");
  if (s->disk_days_left > 0)
    printf(", full in %.1f days at the pace of the last hour\n", s->disk_days_left);
  printf("acks: at most %.0f ms behind their batches, in the last minutes; %.1f kB wait\n",
         s->commit_worst_seconds * 1e3, (double)s->waiting_bytes / 1e3);
}

static void print_security(const Vsm__V1__Status *s) {
  if (strcmp(s->security, "insecure") == 0)
    puts("INSECURE: it listens beyond this machine, unencrypted: anybody can speak and hear (insecure: true)");
  if (strcmp(s->security, "curve") == 0)
    printf("encrypted: %llu connections were refused, and %llu messages not allowed\n",
           (unsigned long long)s->refused_handshakes, (unsigned long long)s->refused_messages);
}

// Whose events come latest.
static void print_lags(const Vsm__V1__Status *s) {
  enum { SHOWN = 5 };
  char delay[32];
  for (size_t i = 0; i < s->n_lags && i < SHOWN; i++)
    printf("%s%s %s", i ? ", " : "sources, 95 % of whose events came within: ", s->lags[i]->source,
           vsm_text_duration(s->lags[i]->delay_p95_seconds, delay, sizeof delay));
  if (s->n_lags > 0)
    puts(s->n_lags > SHOWN ? ", ..." : "");
}

// Which of them it was, and how much it lost, ZeroMQ does not tell.
static void print_subscribers(const Vsm__V1__Status *s) {
  uint64_t there = 0, full = 0;
  for (size_t i = 0; i < s->n_bounds; i++) {
    const Vsm__V1__Bound *b = s->bounds[i];
    there += strcmp(b->name, "connections") == 0 && strcmp(b->socket, "publish") == 0 ? b->now : 0;
    full += strcmp(b->name, "publish_queue") == 0 ? b->beyond : 0;
  }
  printf("subscribers: %llu; %llu times one was too slow, and lost messages\n", (unsigned long long)there,
         (unsigned long long)full);
}

// Those that were met, or soon are.
static void print_bounds(const Vsm__V1__Status *s) {
  for (size_t i = 0; i < s->n_bounds; i++) {
    const Vsm__V1__Bound *b = s->bounds[i];
    if (b->beyond == 0 && b->now * 5 < b->most * 4)
      continue;
    printf("limit %s%s%s: ", b->name, *b->socket ? " of " : "", b->socket);
    if (b->now > 0)
      printf("%llu of ", (unsigned long long)b->now);
    printf("%llu, %llu beyond\n", (unsigned long long)b->most, (unsigned long long)b->beyond);
  }
}

static int show_status(void *ctx, const Vsm__V1__Reply *reply) {
  const struct asked *a = ctx;
  const Vsm__V1__Status *s = reply->status;
  char now[32], since[32], up[32], alerts[128];
  if (a->json)
    return vsm_print_json(&s->base);
  printf("vsmd %s, up %s, clock %s, now %s UTC\n", s->version, vsm_text_duration(s->uptime_seconds, up, sizeof up),
         s->clock, vsm_text_time(s->time_unix_nano, now, sizeof now));
  printf("configuration %s, taken %s UTC\n", s->configuration,
         vsm_text_time(s->configured_unix_nano, since, sizeof since));
  if (*s->state)
    printf("state %s: %s\n", s->state, s->durable ? "acknowledged events are on disk" : "NOT NOW: acks stand still");
  else
    printf("in memory only: an ack means received\n");
  print_security(s);
  printf("items: %llu open, %llu held; %.1f MB\n", (unsigned long long)s->items_open, (unsigned long long)s->items_held,
         (double)s->memory_bytes / 1e6);
  if (*s->state)
    print_disk(s);
  if (s->received_per_second > 0)
    printf("pace: %.1f events a second, over the last minute\n", s->received_per_second);
  print_lags(s);
  print_subscribers(s);
  const Vsm__V1__Ingest *i = s->ingest;
  if (i)
    printf("events: %llu received = %llu applied + %llu repeated + %llu unmapped + %llu ignored + %llu refused; "
           "%llu missing\n",
           (unsigned long long)i->received, (unsigned long long)i->applied, (unsigned long long)i->duplicates,
           (unsigned long long)i->unmapped, (unsigned long long)i->ignored, (unsigned long long)i->rejected,
           (unsigned long long)i->gaps);
  printf("alerts: %s\n", vsm_alerts_counts(s->alerts, alerts, sizeof alerts));
  const Vsm__V1__RebuildStatus *b = s->rebuild;
  if (b && *b->state)
    printf("rebuild: %s%s%s, %u %% of the journal mapped anew\n", b->state, *b->why ? ": " : "", b->why, b->percent);
  print_bounds(s);
  if (*s->trouble)
    printf("TROUBLE: %s\n", s->trouble);
  return VSM_DONE;
}

int vsm_cmd_status(int argc, char **argv) {
  Vsm__V1__StatusRequest ask_for = VSM__V1__STATUS_REQUEST__INIT;
  Vsm__V1__Request r = VSM__V1__REQUEST__INIT;
  r.kind_case = VSM__V1__REQUEST__KIND_STATUS;
  r.status = &ask_for;
  return ask(argc, argv, "vsm status [--json]", "How the daemon is.", "  vsm status\n", &r, show_status);
}

static int show_reloaded(void *ctx, const Vsm__V1__Reply *reply) {
  const struct asked *a = ctx;
  if (a->json)
    return vsm_print_json(&reply->reload->base);
  printf("in force: %s\n", reply->reload->configuration);
  return VSM_DONE;
}

int vsm_cmd_reload(int argc, char **argv) {
  Vsm__V1__ReloadRequest ask_for = VSM__V1__RELOAD_REQUEST__INIT;
  Vsm__V1__Request r = VSM__V1__REQUEST__INIT;
  r.kind_case = VSM__V1__REQUEST__KIND_RELOAD;
  r.reload = &ask_for;
  return ask(argc, argv, "vsm reload [--json]",
             "Lets the daemon take its configuration file anew. A file with mistakes is refused whole.",
             "  vsm reload\n", &r, show_reloaded);
}
