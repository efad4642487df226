#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "cmd.h"
#include "logs.h"
#include "sender.h"
#include "spooled.h"
#include "text.h"
#include "base/when.h"

struct emitting {
  const char *submit, *pub, *source, *type, *subject, *id, *time, *jsonl;
  struct vsm_flag_list data;
  struct vsm_spooled spooled;
  bool json;
  struct vsm_sender *sender;
  struct vsm_progress progress;
};

static int on_event(void *ctx, const struct vsm_emitter_event *event, unsigned long line) {
  struct emitting *e = ctx;
  vsm_progress_show(&e->progress, vsm_sender_sent(e->sender), -1);
  return vsm_sender_send(e->sender, event, line);
}

static void on_mistake(void *ctx, unsigned long line, const char *what) {
  vsm_sender_mistake(((struct emitting *)ctx)->sender, line, what);
}

static int emit_lines(struct emitting *e) {
  FILE *in = strcmp(e->jsonl, "-") == 0 ? vsm_sender_input(e->sender, STDIN_FILENO) : fopen(e->jsonl, "r");
  if (!in) {
    perror(e->jsonl);
    return VSM_FAILED;
  }
  vsm_progress_begin(&e->progress, "events");
  int status = vsm_jsonl_read(in, vsm_cloudevent_read, &(struct vsm_log_reader){on_event, on_mistake, NULL, e});
  vsm_progress_end(&e->progress);
  fclose(in);
  return status;
}

// "region=north" into an attribute; the key is a copy.
static bool cut(const char *text, struct vsm_emitter_attribute *out) {
  const char *eq = strchr(text, '=');
  if (!eq || eq == text) {
    fprintf(stderr, "vsm: --data %s is not KEY=VALUE\n", text);
    return false;
  }
  char *key = vsm_mem_alloc((size_t)(eq - text) + 1);
  memcpy(key, text, (size_t)(eq - text));
  *out = (struct vsm_emitter_attribute){key, eq + 1};
  return true;
}

// The event of the command line; data is of VSM_FLAG_LIST_MAX. VSM_DONE or VSM_WRONG_USAGE, said.
static int read_event(const struct emitting *e, struct vsm_emitter_event *event, struct vsm_emitter_attribute *data) {
  *event = (struct vsm_emitter_event){
      .source = e->source, .id = e->id, .type = e->type, .subject = e->subject, .data = data};
  if (!e->source || !e->type || !e->subject) {
    fprintf(stderr,
            "vsm: %s is missing; an event needs --source, --type and --subject, many of them --jsonl FILE; "
            "vsm emit --help has examples\n",
            !e->source ? "--source"
            : !e->type ? "--type"
                       : "--subject");
    return VSM_WRONG_USAGE;
  }
  if (e->time && !vsm_when_parse(e->time, &event->time_unix_nano)) {
    fprintf(stderr, "vsm: --time %s is not " VSM_WHEN_ALLOWED "\n", e->time);
    return VSM_WRONG_USAGE;
  }
  while (event->n_data < e->data.n)
    if (!cut(e->data.at[event->n_data], &data[event->n_data]))
      return VSM_WRONG_USAGE;
    else
      event->n_data++;
  return VSM_DONE;
}

static int send_all(struct emitting *e, const struct vsm_emitter_event *event) {
  e->sender = vsm_sender_open(e->submit, e->pub, &e->spooled, e->jsonl);
  if (!e->sender)
    return VSM_FAILED;
  int status = e->jsonl ? emit_lines(e) : vsm_sender_send(e->sender, event, 0);
  int closed = vsm_sender_close(e->sender, stdout, e->json);
  return status ? status : closed;
}

int vsm_cmd_emit(int argc, char **argv) {
  struct emitting e = {.submit = VSM_SUBMIT_DEFAULT};
  const struct vsm_flag flags[] = {
      {"source", VSM_FLAG_TEXT, &e.source, "S", "the emitting system"},
      {"type", VSM_FLAG_TEXT, &e.type, "T", "the native type"},
      {"subject", VSM_FLAG_TEXT, &e.subject, "K", "the business key in that system"},
      {"id", VSM_FLAG_TEXT, &e.id, "I", "unique per source"},
      {"time", VSM_FLAG_TEXT, &e.time, "RFC3339", "when it happened (now); no zone: UTC"},
      {"data", VSM_FLAG_LIST, &e.data, "K=V", "an attribute; may be given again"},
      {"jsonl", VSM_FLAG_TEXT, &e.jsonl, "FILE", "CloudEvents, a line of JSON each; - is standard input"},
      {"submit", VSM_FLAG_TEXT, &e.submit, "ENDPOINT", "the daemon's submit socket, acked (" VSM_SUBMIT_DEFAULT ")"},
      {"pub", VSM_FLAG_TEXT, &e.pub, "ENDPOINT", "its subscribe socket instead, fire and forget"},
      VSM_SPOOLED_FLAGS(&e.spooled),
      {"json", VSM_FLAG, &e.json, NULL, "what became of the events as JSON"},
  };
  const struct vsm_usage usage = {
      "vsm emit --source S --type T --subject K [--id I] [--time RFC3339] [--data K=V]... | --jsonl FILE",
      "Sends one event, or many, and waits until the daemon has them. A line that cannot be read is said with its\n"
      "number and counted; the others go on.",
      "  vsm emit --source crm --type case.opened --subject C1 --data service_order=4711\n"
      "  vsm emit --source crm --type case.closed --subject C1 --time 2025-01-31T12:00:00Z\n"
      "  vsm emit --jsonl - < events.jsonl\n",
      VSM_ARRAY(flags),
      0,
      0};
  struct vsm_emitter_attribute data[VSM_FLAG_LIST_MAX];
  struct vsm_emitter_event event = {0};
  int n, status = vsm_options(argc, argv, &usage, &n);
  if (status >= 0)
    return status;
  if (e.jsonl && (e.source || e.type || e.subject || e.id || e.time || e.data.n)) {
    fprintf(stderr, "vsm: --jsonl brings whole events; no other option describes one beside it\n");
    return VSM_WRONG_USAGE;
  }
  if (!vsm_spooled_check(&e.spooled, e.pub))
    return VSM_WRONG_USAGE;
  status = e.jsonl ? VSM_DONE : read_event(&e, &event, data);
  if (status == VSM_DONE)
    status = send_all(&e, &event);
  for (size_t i = 0; i < event.n_data; i++)
    free((char *)data[i].key);
  return status;
}
