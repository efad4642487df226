#include <stdio.h>
#include <string.h>
#include <time.h>

#include "logs.h"
#include "when.h"

struct emitting {
  const char *submit, *pub, *source, *type, *subject, *id, *time, *jsonl;
  struct vsm_flag_list data;
  struct vsm_sender *sender;
  bool mistakes;
};

static int on_event(void *ctx, const struct vsm_emitter_event *event) {
  return vsm_sender_send(((struct emitting *)ctx)->sender, event);
}

static void on_mistake(void *ctx, unsigned long line, const char *what) {
  struct emitting *e = ctx;
  fprintf(stderr, "%s:%lu: %s\n", e->jsonl, line, what);
  e->mistakes = true;
}

static int emit_lines(struct emitting *e) {
  FILE *in = strcmp(e->jsonl, "-") == 0 ? stdin : fopen(e->jsonl, "r");
  if (!in) {
    perror(e->jsonl);
    return VSM_FAILED;
  }
  int status = vsm_jsonl_read(in, &(struct vsm_log_reader){e->jsonl, on_event, on_mistake, NULL, e});
  if (in != stdin)
    fclose(in);
  return e->mistakes ? VSM_FAILED : status;
}

static int emit_one(struct emitting *e) {
  static char keys[VSM_FLAG_LIST_MAX][256];
  struct vsm_emitter_attribute data[VSM_FLAG_LIST_MAX];
  struct vsm_emitter_event event = {
      .source = e->source, .id = e->id, .type = e->type, .subject = e->subject, .data = data, .n_data = e->data.n};
  if (e->time && !vsm_when_parse(e->time, &event.time_unix_nano)) {
    fprintf(stderr, "vsm: --time %s is not RFC 3339, after 1970 and before 2100\n", e->time);
    return VSM_WRONG_USAGE;
  }
  for (size_t i = 0; i < e->data.n; i++) {
    const char *eq = strchr(e->data.at[i], '=');
    if (!eq || eq == e->data.at[i] || (size_t)(eq - e->data.at[i]) >= sizeof keys[i]) {
      fprintf(stderr, "vsm: --data %s is not KEY=VALUE\n", e->data.at[i]);
      return VSM_WRONG_USAGE;
    }
    snprintf(keys[i], sizeof keys[i], "%.*s", (int)(eq - e->data.at[i]), e->data.at[i]);
    data[i] = (struct vsm_emitter_attribute){keys[i], eq + 1};
  }
  return vsm_sender_send(e->sender, &event);
}

int vsm_cmd_emit(int argc, char **argv) {
  struct emitting e = {.submit = VSM_SUBMIT_DEFAULT};
  const struct vsm_flag flags[] = {
      {"source", VSM_FLAG_TEXT, &e.source, "S", "the emitting system"},
      {"type", VSM_FLAG_TEXT, &e.type, "T", "the native type"},
      {"subject", VSM_FLAG_TEXT, &e.subject, "K", "the business key in that system"},
      {"id", VSM_FLAG_TEXT, &e.id, "I", "unique per source"},
      {"time", VSM_FLAG_TEXT, &e.time, "RFC3339", "when it happened; now"},
      {"data", VSM_FLAG_LIST, &e.data, "K=V", "an attribute; may be given again"},
      {"jsonl", VSM_FLAG_TEXT, &e.jsonl, "FILE", "CloudEvents, a line of JSON each; - is standard input"},
      {"submit", VSM_FLAG_TEXT, &e.submit, "ENDPOINT", "acked (" VSM_SUBMIT_DEFAULT ")"},
      {"pub", VSM_FLAG_TEXT, &e.pub, "ENDPOINT", "fire and forget, to the subscribe socket"},
  };
  int n, status = vsm_options(
             argc, argv,
             &(struct vsm_usage){
                 "vsm emit --source S --type T --subject K [--id I] [--time RFC3339] [--data K=V]... | --jsonl FILE",
                 "Sends one event, or many, and waits until the daemon has them.",
                 "  vsm emit --source crm --type case.opened --subject C1 --data service_order=4711\n"
                 "  vsm emit --jsonl - < events.jsonl\n",
                 VSM_ARRAY(flags), 0, 0},
             &n);
  if (status >= 0)
    return status;
  if (!e.jsonl && (!e.source || !e.type || !e.subject)) {
    fprintf(stderr, "vsm: --source, --type and --subject are needed, or --jsonl; vsm emit --help\n");
    return VSM_WRONG_USAGE;
  }
  e.sender = vsm_sender_open(e.submit, e.pub, e.source ? e.source : "vsm");
  if (!e.sender)
    return VSM_FAILED;
  status = e.jsonl ? emit_lines(&e) : emit_one(&e);
  int closed = vsm_sender_close(e.sender, NULL);
  return status ? status : closed;
}
